/**
 * `deno task bench:growth`: what becomes of speed and memory as a load grows, and of a commit as a
 * table's history grows.
 *
 * Rows: a load of 10,000 to 10,000,000 rows with `--commit once` and two workers, each into a new
 * catalog. Commits: one table that one worker appends to, a row a commit, by loads that end at 1,
 * 10, 100, 1,000 and 10,000 commits; the time of a commit is the middle of the last twenty, from one
 * acknowledgement to the next, and beside it stand the bytes of table metadata that the catalog
 * writes for each commit. Old metadata files are removed by the catalog
 * (`write.metadata.delete-after-commit.enabled`): 10,000 of them would fill the disk.
 *
 * Options: `--runs 3` (of each load), `--rows 10000,100000,1000000,10000000`,
 * `--commits 1,10,100,1000,10000`, `--json FILE`.
 */
import { parseArgs } from "node:util";
import {
  BENCH_NAMESPACE,
  catalogBase,
  type CatalogRun,
  locateTable,
  withCatalog,
} from "./catalog_run.ts";
import { spreadOf } from "./comparison.ts";
import { provideGenerated } from "./data.ts";
import { provideExecutable } from "./executables.ts";
import { GENERATED_TYPES } from "./generated_types.ts";
import { withoutLeftovers } from "./leftovers.ts";
import { describeMachine } from "./machine.ts";
import { mustRunMeasured } from "./measured.ts";
import { median } from "./statistics.ts";
import { FORMAT, groupThousands } from "./table_text.ts";
import { acknowledgedCommits, readEvents, type ToolEvent } from "./tool_events.ts";

const { values: args } = parseArgs({
  options: {
    runs: { type: "string", default: "3" },
    rows: { type: "string", default: "10000,100000,1000000,10000000" },
    commits: { type: "string", default: "1,10,100,1000,10000" },
    json: { type: "string" },
  },
});

const TABLE = "grown";
/** Commits whose middle counts, at the end of each part of the history. */
const WINDOW = 20;

interface RowPoint {
  readonly rows: number;
  readonly elapsedS: readonly number[];
  /** From when the table is there to the end of the load: without the start. */
  readonly loadS: readonly number[];
  readonly peakBytes: readonly number[];
}

interface CommitPoint {
  readonly commits: number;
  /** From one acknowledgement to the next. */
  readonly commitMs: number;
  /** What of it is the wait for the catalog's answer. */
  readonly postMs: number;
  readonly metadataBytes: number;
}

async function growRows(executable: string, rowCounts: readonly number[]): Promise<RowPoint[]> {
  const points: RowPoint[] = [];
  for (const count of rowCounts) {
    const { file } = await provideGenerated(count, { executable });
    const runs = [];
    for (let run = 0; run < Number(args.runs); run++) {
      runs.push(
        await withCatalog((catalog) =>
          load(executable, { catalog, flags: [file, "--workers", "2", "--commit", "once"] })
        ),
      );
    }
    points.push({
      rows: count,
      elapsedS: runs.map(({ elapsedS }) => elapsedS),
      loadS: runs.map(({ stdout }) => secondsOfLoad(readEvents(stdout))),
      peakBytes: runs.map(({ peakBytes }) => peakBytes),
    });
    console.error(`${groupThousands(count)} rows: ${runs.map((run) => run.elapsedS.toFixed(2))} s`);
  }
  return points;
}

function secondsOfLoad(events: readonly ToolEvent[]): number {
  const timeOf = (type: string) =>
    Date.parse(events.find((event) => event.type === type)?.time ?? "");
  return (timeOf("summary") - timeOf("table")) / 1000;
}

async function load(
  executable: string,
  of: { readonly catalog: CatalogRun; readonly flags: readonly string[] },
) {
  const { uri, warehouse, directory } = of.catalog;
  const table = ["--table", `${BENCH_NAMESPACE}.${TABLE}`, "--json"];
  const words = [executable, ...of.flags, "--uri", uri, "--warehouse", warehouse, ...table];
  return await mustRunMeasured(words, { cwd: directory });
}

async function growCommits(executable: string, counts: readonly number[]): Promise<CommitPoint[]> {
  return await withCatalog(async (catalog) => {
    await createTable(catalog);
    const points: CommitPoint[] = [];
    let done = 0;
    for (const commits of counts) {
      const rows = ["--rows", String(commits - done), "--chunk-size", "1", "--workers", "1"];
      // Other rows each time: they count for nothing, but the load is one that has not been made.
      const { stdout } = await load(executable, {
        catalog,
        flags: [...rows, "--seed", String(commits)],
      });
      done = commits;
      const times = acknowledgedCommits(readEvents(stdout)).slice(-WINDOW);
      const gapsMs = times.slice(1).map(({ atMs }, index) => atMs - times[index]!.atMs);
      const { metadata } = await locateTable(catalog, TABLE);
      const point = {
        commits,
        // A first commit has none before it.
        commitMs: gapsMs.length === 0 ? times[0]!.postMs : median(gapsMs),
        postMs: median(times.map(({ postMs }) => postMs)),
        metadataBytes: (await Deno.stat(metadata.replace(/^file:(\/\/)?/, ""))).size,
      };
      points.push(point);
      console.error(`${groupThousands(commits)} commits: ${point.commitMs} ms`);
    }
    return points;
  });
}

async function createTable(catalog: CatalogRun): Promise<void> {
  const base = await catalogBase(catalog);
  const headers = { "content-type": "application/json" };
  const post = async (path: string, body: unknown) => {
    const response = await fetch(`${base}${path}`, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`Cannot post to "${path}": HTTP ${response.status}: ${text}`);
  };
  await post("/namespaces", { namespace: [BENCH_NAMESPACE] });
  await post(`/namespaces/${BENCH_NAMESPACE}/tables`, {
    name: TABLE,
    schema: {
      type: "struct",
      fields: Object.entries(GENERATED_TYPES).map(([name, type], index) => ({
        id: index + 1,
        name,
        type,
        required: false,
      })),
    },
    properties: { "write.metadata.delete-after-commit.enabled": "true" },
  });
}

function printRows(points: readonly RowPoint[]): void {
  console.log(
    "| rows | rows/s (min–max) | without the start | peak memory (min–max) |\n" +
      "| ---: | ---: | ---: | ---: |",
  );
  const rate = (rows: number, seconds: readonly number[]) => {
    const { median, min, max } = spreadOf(seconds.map((each) => rows / each));
    return `${groupThousands(median)} (${groupThousands(min)}–${groupThousands(max)})`;
  };
  for (const { rows, elapsedS, loadS, peakBytes } of points) {
    const { median, min, max } = spreadOf(peakBytes);
    const peak = `${FORMAT.mebibytes(median)} (${FORMAT.mebibytes(min)}–${FORMAT.mebibytes(max)})`;
    console.log(
      `| ${groupThousands(rows)} | ${rate(rows, elapsedS)} | ${rate(rows, loadS)} | ${peak} |`,
    );
  }
}

function printCommits(points: readonly CommitPoint[]): void {
  console.log(
    "| commits on the table | time of a commit | of it the catalog's answer | metadata the catalog " +
      "writes | time grows | metadata grows |\n| ---: | ---: | ---: | ---: | ---: | ---: |",
  );
  const first = points.find(({ commits }) => commits >= WINDOW) ?? points[0];
  for (const point of points) {
    const { commits, commitMs, postMs, metadataBytes } = point;
    const grows = (value: number, from: number) => `${(value / from).toFixed(2)} ×`;
    const time = first === undefined || commits < first.commits
      ? ""
      : grows(commitMs, first.commitMs);
    const size = time === "" ? "" : grows(metadataBytes, first!.metadataBytes);
    console.log(
      `| ${groupThousands(commits)} | ${FORMAT.milliseconds(commitMs)} | ` +
        `${FORMAT.milliseconds(postMs)} | ${
          (metadataBytes / 1024).toFixed(0)
        } KiB | ${time} | ${size} |`,
    );
  }
}

const numbersOf = (text: string) => text.split(",").filter((word) => word !== "").map(Number);
const executable = await provideExecutable();
const { rows, commits } = await withoutLeftovers(async () => ({
  rows: await growRows(executable, numbersOf(args.rows)),
  commits: await growCommits(executable, numbersOf(args.commits)),
}));
console.log(`${await describeMachine(executable)}\n`);
printRows(rows);
console.log("");
printCommits(commits);
if (args.json !== undefined) {
  await Deno.writeTextFile(args.json, `${JSON.stringify({ rows, commits }, null, 2)}\n`);
}
