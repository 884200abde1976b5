// The judge of the chaos run, given tables that are damaged on purpose: a judge that sees nothing
// would find every load sound.

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { startServer } from "../../lib/server/serve.ts";
import { accessBy, runHere } from "./attempt.ts";
import { Draw } from "./draw.ts";
import { drawLoad } from "./load_plan.ts";
import { type CsvFile, drawCsv } from "./rows.ts";
import { type ChaosSite, embeddedSite } from "./site.ts";
import { readTable } from "./table_reading.ts";
import { isSound, judge, type Verdict } from "./verdict.ts";

const TABLE = "judged.t";

/** A table of a drawn file, loaded without faults. */
interface Judged {
  readonly csv: CsvFile;
  /** Path of the table's folder. */
  readonly directory: string;
  readonly load: (loadId: string, csv: CsvFile) => Promise<void>;
  readonly verdict: () => Promise<Verdict>;
}

async function withTable(test: (table: Judged) => Promise<void>): Promise<void> {
  const warehouse = await Deno.makeTempDir({ prefix: "ingest-judging-" });
  const server = await startServer({ warehouses: [{ name: "demo", root: warehouse }] });
  try {
    const site: ChaosSite = { ...embeddedSite(server.uri), stop: () => Promise.resolve() };
    const csv = drawCsv(new Draw(1, "judged"), { rows: 60, firstId: 1 });
    const load = async (loadId: string, { bytes }: CsvFile) => {
      const access = accessBy(site, { catalog: new URL(server.uri).origin, store: undefined });
      const result = await runHere({
        csv: bytes,
        table: TABLE,
        loadId,
        mode: "per-chunk",
        workers: 1,
        chunkSize: 20,
        commitTimeoutMs: 10_000,
      }, access);
      assert.equal(result.exitCode, 0, result.complaints.join("\n"));
    };
    await load("first", csv);
    const { location } = await readTable(site, TABLE);
    await test({
      csv,
      directory: fileURLToPath(location!),
      load,
      verdict: async () => judge(await readTable(site, TABLE), csv.rows),
    });
  } finally {
    await server.close();
    await Deno.remove(warehouse, { recursive: true });
  }
}

/** The first file of the table whose name fits. */
async function findFile(directory: string, pattern: RegExp): Promise<string> {
  for (const part of ["data", "metadata"]) {
    for await (const { name } of Deno.readDir(`${directory}/${part}`)) {
      if (pattern.test(name)) return `${directory}/${part}/${name}`;
    }
  }
  throw new Error(`Cannot find ${pattern} in "${directory}"`);
}

Deno.test("judge() finds a table sound that holds each row of its input once", async () => {
  await withTable(async ({ verdict }) => {
    const found = await verdict();
    assert.ok(isSound(found), found.findings.join("\n"));
  });
});

Deno.test("judge() counts the rows that were loaded twice as doubled", async () => {
  await withTable(async ({ csv, load, verdict }) => {
    await load("second", csv);
    const { lost, doubled, corrupted } = await verdict();
    assert.deepEqual({ lost, doubled, corrupted }, { lost: 0, doubled: 60, corrupted: false });
  });
});

Deno.test("judge() takes rows of no input for damage", async () => {
  await withTable(async ({ load, verdict }) => {
    await load("second", drawCsv(new Draw(2, "judged"), { rows: 10, firstId: 1000 }));
    assert.equal((await verdict()).corrupted, true);
  });
});

Deno.test("judge() counts the rows of a data file that is gone as lost, and the file as deleted", async () => {
  await withTable(async ({ directory, verdict }) => {
    await Deno.remove(await findFile(directory, /\.parquet$/));
    const { lost, doubled, liveFilesDeleted } = await verdict();
    assert.deepEqual({ lost, doubled, liveFilesDeleted }, {
      lost: 20,
      doubled: 0,
      liveFilesDeleted: 1,
    });
  });
});

for (const [what, pattern] of [["manifest", /-m0\.avro$/], ["manifest list", /^snap-/]] as const) {
  Deno.test(`judge() finds a ${what} that is gone, of an earlier snapshot too`, async () => {
    await withTable(async ({ directory, verdict }) => {
      await Deno.remove(await findFile(directory, pattern));
      assert.equal((await verdict()).liveFilesDeleted, 1);
    });
  });
}

for (const [what, pattern] of [["data file", /\.parquet$/], ["manifest", /-m0\.avro$/]] as const) {
  Deno.test(`judge() finds a ${what} that was cut off`, async () => {
    await withTable(async ({ directory, verdict }) => {
      const path = await findFile(directory, pattern);
      await Deno.truncate(path, (await Deno.stat(path)).size - 10);
      assert.equal((await verdict()).corrupted, true);
    });
  });
}

Deno.test("drawLoad() draws the same load for the same seed", () => {
  const wishes = { processShare: 0.02, readersShare: 0 };
  assert.deepEqual(drawLoad(42, wishes), drawLoad(42, wishes));
  assert.notDeepEqual(drawLoad(42, wishes).inputs, drawLoad(43, wishes).inputs);
});
