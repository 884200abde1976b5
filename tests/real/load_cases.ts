/**
 * What every catalog has to pass: loads of sample_data.csv by 1 to 8 workers, awkward input, raw
 * conflicts, tables that others made. Each `load_*_real.ts` module runs these cases on one catalog.
 */
import assert from "node:assert/strict";
import { AWKWARD_ROW_COUNT, awkwardCsv } from "./awkward_csv.ts";
import { TYPED_FIELDS, TYPED_ROW_COUNT, typedCsv } from "./awkward_csv.ts";
import { appendByPyiceberg, createTable, describeTable } from "./foreign_table.ts";
import { SeededRandom } from "../../lib/random.ts";
import { PROJECT_ROOT } from "./parts/cache.ts";
import type { Server } from "./parts/child.ts";
import {
  assertReadBack,
  readByDuckdb,
  readByPyiceberg,
  type ReaderAccess,
  type ReadRequest,
} from "./read_back.ts";
import { runTool, type Summary, summaryOf, type ToolRun } from "./tool.ts";

/** A catalog with its store, running. */
export interface Site extends ReaderAccess {
  readonly uri: string;
  readonly warehouse: string;
  /** Variables that the tool needs to reach the store. */
  readonly env: Readonly<Record<string, string>>;
  /** In the order in which they were started. */
  readonly servers: readonly Server[];
}

/** What a catalog can do. */
export interface SitePlan {
  readonly name: string;
  readonly start: () => Promise<Site>;
  /** Whether metadata list all snapshots, not the current one only. */
  readonly keepsHistory: boolean;
  /** Format versions of tables that clients can make. */
  readonly formatVersions: readonly (1 | 2 | 3)[];
}

const SAMPLE = `${PROJECT_ROOT}sample_data.csv`;
const SAMPLE_ROWS = 50_000;
const NAMESPACE = "real";

/** Registers the tests of a catalog. */
export function defineLoadCases(plan: SitePlan): void {
  let site: Site | undefined;
  let folder = "";

  Deno.test.beforeAll(async () => {
    folder = await Deno.makeTempDir({ prefix: "lakekeeper-ingest-real-" });
    site = await plan.start();
    console.log(site.servers.map((s) => `${s.name} answered after ${s.startMs} ms`).join(", "));
  });
  Deno.test.afterAll(async () => {
    for (const server of [...site?.servers ?? []].reverse()) await server.stop();
    await Deno.remove(folder, { recursive: true });
  });

  const define = (name: string, body: (cases: Cases) => Promise<void>) =>
    Deno.test(`${plan.name}: ${name}`, async () => {
      assert.ok(site !== undefined);
      try {
        await body(new Cases(plan, site, folder));
      } catch (error) {
        for (const server of site.servers) console.error(`--- ${server.name}\n${server.log(20)}`);
        throw error;
      }
    });

  for (const workers of [1, 2, 4, 8]) {
    define(
      `ingest loads every row of sample_data.csv once with ${workers} workers`,
      (cases) => cases.loadSample(workers),
    );
  }
  define(
    "ingest of 125 commits merges manifests, and every reader finds every row",
    (cases) => cases.mergeManifests(),
  );
  define(
    "ingest --commit-retries 0 loses races with 409, and the table holds the acknowledged rows",
    (cases) => cases.loseRaces(),
  );
  define(
    "ingest of files of several row groups, encoded one by one, is read by every reader",
    (cases) => cases.joinRowGroups(),
  );
  define("ingest keeps nulls, quotes, newlines and microseconds", (cases) => cases.loadAwkward());
  for (const version of plan.formatVersions) {
    if (version === 1) {
      define(
        "ingest refuses a table of format v1 and writes nothing",
        (cases) => cases.refuse({ formatVersion: 1 }),
      );
    } else {
      define(
        `ingest appends every primitive type to a v${version} table that pyiceberg made`,
        (cases) => cases.appendTyped(version),
      );
    }
  }
  define(
    "ingest refuses a partitioned table and writes nothing",
    (cases) => cases.refuse({ partitionBy: "c_date" }),
  );
}

/** The bodies of the tests. */
class Cases {
  readonly #plan: SitePlan;
  readonly #site: Site;
  readonly #folder: string;

  constructor(plan: SitePlan, site: Site, folder: string) {
    this.#plan = plan;
    this.#site = site;
    this.#folder = folder;
  }

  async loadSample(workers: number): Promise<void> {
    const { run, table } = await this.#load(SAMPLE, `sample_${workers}`, [
      "--workers",
      String(workers),
    ]);
    const summary = assertAllCommitted(run, { rows: SAMPLE_ROWS, chunks: 50 });
    const read = await assertReadBack(this.#site, {
      table,
      csv: [SAMPLE],
      key: "id",
      filter: { column: "id", above: 49_000 },
    });
    assert.equal(read.values.distinctKeys, SAMPLE_ROWS);
    assert.equal(read.types["created_at"], "timestamp");
    assert.equal(read.files.count, 50);
    assert.equal(read.snapshots, this.#plan.keepsHistory ? 50 : 1);
    if (this.#plan.keepsHistory) assert.equal(read.firstParent, null);
    assert.equal(summary.snapshotId, read.snapshotId);
    assert.ok(read.filter !== undefined);
    assert.equal(read.filter.rows, 1_000);
    assert.equal(read.filter.rowsExpected, 1_000);
    assert.ok(
      read.filter.files >= 1 && read.filter.files < 50,
      `the filter planned ${read.filter.files} of 50 files`,
    );
    report(`${this.#plan.name}, ${workers} workers`, summary);
  }

  /** Iceberg's tables merge manifests when 100 of them stand side by side. */
  async mergeManifests(): Promise<void> {
    const { run, table } = await this.#load(SAMPLE, "merged", [
      "--workers",
      "2",
      "--chunk-size",
      "400",
    ]);
    const summary = assertAllCommitted(run, { rows: SAMPLE_ROWS, chunks: 125 });
    const read = await assertReadBack(this.#site, {
      table,
      csv: [SAMPLE],
      key: "id",
      filter: { column: "id", above: 49_000 },
    });
    assert.equal(read.values.distinctKeys, SAMPLE_ROWS);
    assert.equal(read.files.count, 125);
    const kept = Number(read.summary["manifests-kept"]);
    assert.ok(kept < 100, `${kept} manifests kept by the last commit`);
    report(`${this.#plan.name}, 125 commits`, summary);
  }

  async joinRowGroups(): Promise<void> {
    const csv = `${this.#folder}/joined.csv`;
    const rows = 45_000;
    const random = new SeededRandom(1);
    const note = () =>
      Array.from({ length: 110 }, () => random.below(2 ** 32).toString(16).padStart(8, "0")).join(
        "",
      );
    const lines = Array.from({ length: rows }, (_, at) => {
      const id = at * 7 % rows + 1;
      const share = id % 11 === 0 ? "" : String(id / 8);
      const seconds = String(id % 60).padStart(2, "0");
      return `${id},${note()},${share},${id % 3 === 0},2026-01-01T00:00:${seconds}\n`;
    });
    await Deno.writeTextFile(csv, `id,note,share,is_third,at\n${lines.join("")}`);
    const { run, table } = await this.#load(csv, "joined", [
      ...["--commit", "once", "--target-file-size", "16MiB"],
    ]);
    assert.equal(run.code, 0, run.stderr.slice(-3_000));
    const summary = summaryOf(run);
    assert.equal(summary.rowsCommitted, rows);
    const read = await assertReadBack(this.#site, { table, csv: [csv], key: "id" });
    assert.equal(read.values.distinctKeys, rows);
    // Random digits take half of their room in a file.
    assert.ok(read.files.count < 4, `${read.files.count} files`);
    report(`${this.#plan.name}, files of several row groups`, summary);
  }

  async loseRaces(): Promise<void> {
    const { run, table } = await this.#load(SAMPLE, "raw", [
      "--workers",
      "8",
      "--commit-retries",
      "0",
    ]);
    const summary = summaryOf(run);
    const { commitStatus, chunksCommitted, chunksFailed } = summary;
    assert.equal(run.code, 1, run.stderr);
    assert.equal(summary.chunksUnknown, 0);
    assert.deepEqual(commitStatus, { 200: chunksCommitted, 409: chunksFailed });
    assert.ok(chunksFailed > 0 && chunksCommitted > 0);
    assert.equal(chunksCommitted + chunksFailed, 50);
    assert.equal(summary.rowsCommitted, chunksCommitted * 1_000);
    assert.equal(summary.retries, 0);
    const request: ReadRequest = { table, csv: [SAMPLE], key: "id" };
    const read = await readByPyiceberg(this.#site, request);
    const byDuckdb = await readByDuckdb(this.#site, request, { read });
    for (const values of [read.values, byDuckdb]) {
      assert.equal(values.rows, summary.rowsCommitted);
      assert.equal(values.distinctKeys, summary.rowsCommitted);
      assert.equal(values.rowsExtra, 0, values.examples.join("\n"));
    }
    assert.deepEqual(read.files.problems, []);
    assert.deepEqual(read.chainProblems, []);
    assert.equal(read.summary["total-records"], String(summary.rowsCommitted));
    report(`${this.#plan.name}, 8 workers, no retries`, summary);
  }

  async loadAwkward(): Promise<void> {
    const csv = `${this.#folder}/awkward.csv`;
    await Deno.writeTextFile(csv, awkwardCsv());
    const { run, table } = await this.#load(csv, "awkward", [
      "--workers",
      "4",
      "--chunk-size",
      "250",
    ]);
    assertAllCommitted(run, { rows: AWKWARD_ROW_COUNT, chunks: AWKWARD_ROW_COUNT / 250 });
    const read = await assertReadBack(this.#site, { table, csv: [csv], key: "id" });
    assert.deepEqual(read.types, {
      id: "long",
      name: "string",
      age: "long",
      salary: "double",
      is_active: "boolean",
      created_at: "timestamp",
      born: "date",
      seen_at: "timestamptz",
    });
  }

  async appendTyped(formatVersion: 2 | 3): Promise<void> {
    const table = `${NAMESPACE}.typed_${formatVersion}`;
    const place = { catalog: this.#site.pyiceberg, table };
    const created = await createTable(place, { fields: TYPED_FIELDS, formatVersion });
    assert.equal(created.formatVersion, formatVersion);
    const files: string[] = [];
    const write = async (part: number) => {
      const path = `${this.#folder}/typed_${formatVersion}_${part}.csv`;
      await Deno.writeTextFile(path, typedCsv(1 + part * 100));
      files.push(path);
      return path;
    };
    // pyiceberg 0.12 writes v2 only. Its snapshot first: the tool has to keep what is there.
    const before = formatVersion === 2 ? await appendByPyiceberg(place, [await write(0)]) : created;
    for (const part of [1, 2]) {
      const { run } = await this.#load(await write(part), `typed_${formatVersion}`, []);
      assertAllCommitted(run, { rows: TYPED_ROW_COUNT, chunks: 1 });
    }
    const read = await assertReadBack(this.#site, {
      table,
      csv: files,
      key: "c_long",
      unchecked: before.files,
    });
    assert.equal(read.formatVersion, formatVersion);
    assert.equal(read.values.rows, files.length * TYPED_ROW_COUNT);
    if (formatVersion === 3) await this.#assertRowLineage(read.values.rows);
  }

  async refuse(kind: { readonly formatVersion?: 1; readonly partitionBy?: string }): Promise<void> {
    const name = kind.partitionBy === undefined ? "old" : "partitioned";
    const place = { catalog: this.#site.pyiceberg, table: `${NAMESPACE}.${name}` };
    const before = await createTable(place, { fields: TYPED_FIELDS, ...kind });
    const csv = `${this.#folder}/${name}.csv`;
    await Deno.writeTextFile(csv, typedCsv(1));
    const { run } = await this.#load(csv, name, []);
    assert.equal(run.code, 3, `${run.stdout}${run.stderr}`);
    const after = await describeTable(place);
    assert.equal(after.metadataLocation, before.metadataLocation);
    assert.equal(after.snapshotId, null);
    assert.deepEqual(after.files, []);
  }

  /** Row ids of a v3 table start at 0, leave no gap, and the metadata count them. */
  async #assertRowLineage(rows: number): Promise<void> {
    const config = await getJson(`${this.#site.uri}/v1/config?warehouse=${this.#site.warehouse}`);
    const { defaults, overrides } = config as Record<string, Record<string, string>>;
    const prefix = overrides?.["prefix"] ?? defaults?.["prefix"];
    const path = `${
      prefix === undefined ? "" : `${prefix}/`
    }namespaces/${NAMESPACE}/tables/typed_3`;
    const { metadata } = await getJson(`${this.#site.uri}/v1/${path}`) as {
      metadata: {
        "next-row-id": number;
        snapshots: { "sequence-number": number; "first-row-id": number; "added-rows": number }[];
      };
    };
    assert.equal(metadata["next-row-id"], rows);
    let next = 0;
    const order = (s: { "sequence-number": number }) => s["sequence-number"];
    for (const snapshot of metadata.snapshots.sort((a, b) => order(a) - order(b))) {
      assert.equal(snapshot["first-row-id"], next);
      next += snapshot["added-rows"];
    }
    assert.equal(next, rows);
  }

  async #load(
    csv: string,
    name: string,
    more: readonly string[],
  ): Promise<{ run: ToolRun; table: string }> {
    const table = `${NAMESPACE}.${name}`;
    const { uri, warehouse, env } = this.#site;
    const args = [csv, "--uri", uri, "--warehouse", warehouse, "--table", table, "--json", ...more];
    return { run: await runTool(args, { cwd: this.#folder, env }), table };
  }
}

function assertAllCommitted(
  run: ToolRun,
  wanted: { readonly rows: number; readonly chunks: number },
): Summary {
  assert.equal(run.code, 0, `${run.stdout.slice(-3_000)}\n${run.stderr.slice(-3_000)}`);
  const summary = summaryOf(run);
  assert.equal(summary.rowsRead, wanted.rows);
  assert.equal(summary.rowsCommitted, wanted.rows);
  assert.equal(summary.chunksCommitted, wanted.chunks);
  assert.equal(summary.chunksFailed, 0);
  assert.equal(summary.chunksUnknown, 0);
  const { 200: done, 409: lost = 0, ...others } = summary.commitStatus as Record<string, number>;
  assert.equal(done, wanted.chunks);
  assert.equal(lost, summary.retries);
  assert.deepEqual(others, {});
  assert.ok(summary.elapsedMs > 0 && summary.peakRssBytes > 0);
  return summary;
}

async function getJson(url: string): Promise<unknown> {
  const response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  assert.equal(response.status, 200, url);
  return await response.json();
}

/** A line for the person who reads the log. */
function report(title: string, summary: Summary): void {
  const answers = Object.entries(summary.commitStatus).map(([s, n]) => `${s} ×${n}`).join(", ");
  const memory = `${Math.round(summary.peakRssBytes / 2 ** 20)} MiB`;
  console.log(`${title}: ${answers}, ${summary.elapsedMs} ms, ${memory}`);
}
