/**
 * `deno task bench:catalog`: how many commits a second the embedded catalog takes, beside Iceberg's
 * REST fixture (JdbcCatalog on SQLite and on PostgreSQL) and Nessie, on the same machine in one run.
 *
 * The commits are empty snapshots sent by raw writers: nothing is encoded or uploaded, and no answer
 * is parsed, so that the catalogs are measured and not their client. Each round gives every catalog
 * in turn a new table; the table shows the medians over the rounds, with the least and the most.
 *
 * Not alike, and not to be made alike: `serve` syncs each metadata file to the disk, and so do SQLite
 * and PostgreSQL their pointers; Hadoop's local file system does not sync metadata files; Nessie
 * keeps its pointers in memory and writes its metadata files to MinIO.
 *
 * Options: `--rounds 5`, `--commits 300` (of one writer, each round), `--seconds 4` (of several
 * writers, each on a table of its own), `--snapshots 0,1000,10000` (histories before the commits),
 * `--only NAME` (may be repeated), `--json FILE`.
 */
import { parseArgs } from "node:util";
import { startLocalFixture } from "../tests/real/parts/fixture.ts";
import type { RestCatalog } from "../tests/real/parts/fixture.ts";
import { startMinio } from "../tests/real/parts/minio.ts";
import { startNessie } from "../tests/real/parts/nessie.ts";
import { startPostgres } from "../tests/real/parts/postgres.ts";
import { startServe } from "../tests/real/tool.ts";
import { percentile } from "../lib/statistics.ts";
import { median } from "./statistics.ts";
import { RawTable, warmUp } from "./raw_table.ts";

interface Contender {
  readonly name: string;
  readonly uri: string;
  readonly warehouse: string;
}

interface Result {
  readonly contender: string;
  readonly snapshots: number;
  readonly writers: number;
  readonly commitsPerS: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const WRITERS = 8;

const { values: args } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    commits: { type: "string", default: "300" },
    seconds: { type: "string", default: "4" },
    snapshots: { type: "string", default: "0,1000,10000" },
    only: { type: "string", multiple: true, default: [] },
    json: { type: "string" },
  },
});

const stops: Array<() => Promise<void>> = [];

/** Starts a part, and remembers to stop it. */
async function started<T extends { readonly stop: () => Promise<void> }>(part: Promise<T>) {
  const running = await part;
  stops.push(running.stop);
  return running;
}

async function startContenders(directory: string): Promise<Contender[]> {
  const starts: ReadonlyArray<readonly [string, () => Promise<RestCatalog>]> = [
    ["lakekeeper-ingest serve", () => started(startServe())],
    ["fixture, SQLite", async () => await started(startLocalFixture("sqlite", directory))],
    ["fixture, PostgreSQL", async () => {
      const postgres = await started(startPostgres({ durable: true }));
      await Deno.mkdir(`${directory}/pg`);
      return await started(startLocalFixture(postgres, `${directory}/pg`));
    }],
    ["Nessie, in memory", async () => await started(startNessie(await started(startMinio())))],
  ];
  const chosen: Contender[] = [];
  for (const [name, start] of starts) {
    if (args.only.length > 0 && !args.only.some((word) => name.includes(word))) continue;
    console.error(`starting ${name}`);
    const { uri, warehouse } = await start();
    chosen.push({ name, uri, warehouse });
  }
  return chosen;
}

/** Commits one after the other on one table with a history of `snapshots`. */
async function measureOne(contender: Contender, snapshots: number): Promise<Result> {
  const table = await RawTable.create(contender);
  await table.fill(snapshots);
  const timesMs: number[] = [];
  const startMs = performance.now();
  for (let i = 0; i < Number(args.commits); i += 1) timesMs.push(await table.commit());
  const elapsedMs = performance.now() - startMs;
  await table.drop();
  return resultOf(contender, { snapshots, writers: 1, timesMs, elapsedMs });
}

/** Commits of several writers at once, none in another's way. */
async function measureMany(contender: Contender): Promise<Result> {
  const tables: RawTable[] = [];
  for (let i = 0; i < WRITERS; i += 1) tables.push(await RawTable.create(contender));
  const timesMs: number[] = [];
  const startMs = performance.now();
  const endMs = startMs + Number(args.seconds) * 1000;
  await Promise.all(tables.map(async (table) => {
    while (performance.now() < endMs) timesMs.push(await table.commit());
  }));
  const elapsedMs = performance.now() - startMs;
  for (const table of tables) await table.drop();
  return resultOf(contender, { snapshots: 0, writers: WRITERS, timesMs, elapsedMs });
}

function resultOf(
  contender: Contender,
  of: {
    readonly snapshots: number;
    readonly writers: number;
    readonly timesMs: number[];
    readonly elapsedMs: number;
  },
): Result {
  const { snapshots, writers, elapsedMs } = of;
  const timesMs = of.timesMs.toSorted((a, b) => a - b);
  return {
    contender: contender.name,
    snapshots,
    writers,
    commitsPerS: timesMs.length / elapsedMs * 1000,
    p50Ms: percentile(timesMs, 50),
    p99Ms: percentile(timesMs, 99),
  };
}

function printTable(results: readonly Result[], contenders: readonly Contender[]): void {
  const cases = [...new Set(results.map(({ snapshots, writers }) => `${snapshots}/${writers}`))];
  console.log("| history | writers | catalog | commits/s | p50 ms | p99 ms | against serve |");
  console.log("| ---: | ---: | --- | --- | ---: | ---: | ---: |");
  for (const one of cases) {
    const [snapshots, writers] = one.split("/").map(Number);
    const of = (name: string) =>
      results.filter((result) =>
        result.contender === name && result.snapshots === snapshots && result.writers === writers
      );
    const rate = (name: string) => median(of(name).map((result) => result.commitsPerS));
    const first = contenders[0]!.name;
    for (const { name } of contenders) {
      const rounds = of(name);
      const rates = rounds.map((result) => result.commitsPerS);
      const range = `${rate(name).toFixed(0)} (${Math.min(...rates).toFixed(0)}–${
        Math.max(...rates).toFixed(0)
      })`;
      const p50 = median(rounds.map((result) => result.p50Ms)).toFixed(1);
      const p99 = median(rounds.map((result) => result.p99Ms)).toFixed(1);
      const ratio = name === first ? "" : `${(rate(first) / rate(name)).toFixed(2)} ×`;
      console.log(
        `| ${snapshots} | ${writers} | ${name} | ${range} | ${p50} | ${p99} | ${ratio} |`,
      );
    }
  }
}

const directory = await Deno.makeTempDir({ prefix: "lakekeeper-ingest-bench-" });
try {
  const contenders = await startContenders(directory);
  for (const contender of contenders) await warmUp(contender);
  const results: Result[] = [];
  const histories = args.snapshots.split(",").map(Number);
  for (let round = 0; round < Number(args.rounds); round += 1) {
    // Another one begins in each round.
    const order = contenders.map((_, index) => contenders[(index + round) % contenders.length]!);
    for (const snapshots of histories) {
      for (const contender of order) results.push(await measureOne(contender, snapshots));
    }
    for (const contender of order) results.push(await measureMany(contender));
    console.error(`round ${round + 1} of ${args.rounds} done`);
  }
  printTable(results, contenders);
  if (args.json !== undefined) await Deno.writeTextFile(args.json, JSON.stringify(results));
} finally {
  for (const stop of stops.reverse()) await stop();
  await Deno.remove(directory, { recursive: true });
}
