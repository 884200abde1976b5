/** `lakekeeper-ingest serve` as other programs see it: pyiceberg writes and reads, DuckDB too. */
import assert from "node:assert/strict";
import { appendByPyiceberg, createTable } from "./foreign_table.ts";
import { runReader } from "./parts/python.ts";
import {
  assertReadBack,
  assertSameRows,
  readByDuckdb,
  readByPyiceberg,
  type ReaderAccess,
} from "./read_back.ts";
import { type ServeRun, startServe } from "./tool.ts";
import { TYPED_FIELDS, typedCsv } from "./awkward_csv.ts";

let serve: ServeRun | undefined;
let access: ReaderAccess;
let folder = "";

Deno.test.beforeAll(async () => {
  folder = await Deno.makeTempDir({ prefix: "lakekeeper-ingest-clients-" });
  serve = await startServe();
  const { uri, warehouse } = serve;
  access = { pyiceberg: { type: "rest", uri, warehouse }, duckdb: "scan" };
});
Deno.test.afterAll(async () => {
  await serve?.stop();
  await Deno.remove(folder, { recursive: true });
});

function define(name: string, body: () => Promise<void>): void {
  Deno.test(`serve: ${name}`, async () => {
    try {
      await body();
    } catch (error) {
      console.error(`--- serve\n${serve?.log()}`);
      throw error;
    }
  });
}

async function writeCsv(name: string, text: string): Promise<string> {
  const path = `${folder}/${name}.csv`;
  await Deno.writeTextFile(path, text);
  return path;
}

define("pyiceberg creates a namespace and a table, appends twice and scans by filter", async () => {
  const place = { catalog: access.pyiceberg, table: "clients.typed" };
  const created = await createTable(place, { fields: TYPED_FIELDS });
  assert.equal(created.formatVersion, 2);
  assert.equal(created.snapshotId, null);
  const files = [await writeCsv("one", typedCsv(1)), await writeCsv("two", typedCsv(100))];
  for (const file of files) await appendByPyiceberg(place, [file]);
  const read = await assertReadBack(access, {
    table: place.table,
    csv: files,
    key: "c_long",
    filter: { column: "c_long", above: 50 },
    unchecked: "all",
  });
  assert.equal(read.snapshots, 2);
  assert.equal(read.filter?.files, 1);
  assert.equal(read.filter?.rows, read.filter?.rowsExpected);
});

define("DuckDB attaches the catalog and reads the table that pyiceberg wrote", async () => {
  const place = { catalog: access.pyiceberg, table: "clients.attached" };
  await createTable(place, { fields: TYPED_FIELDS });
  const csv = [await writeCsv("attached", typedCsv(1))];
  await appendByPyiceberg(place, csv);
  const request = { table: place.table, csv, key: "c_long", unchecked: "all" as const };
  const read = await readByPyiceberg(access, request);
  const byDuckdb = await readByDuckdb({ ...access, duckdb: "attach" }, request, { read });
  assertSameRows(byDuckdb, "DuckDB");
});

define("four pyiceberg writers at once all get their rows in, each once", async () => {
  const place = { catalog: access.pyiceberg, table: "clients.raced" };
  await createTable(place, { fields: TYPED_FIELDS });
  const files = await Promise.all(
    [1, 2, 3, 4].map((part) => writeCsv(`raced_${part}`, typedCsv(part * 100))),
  );
  await Promise.all(files.map((file) => appendByPyiceberg(place, [file])));
  const read = await assertReadBack(access, {
    table: place.table,
    csv: files,
    key: "c_long",
    unchecked: "all",
  });
  assert.equal(read.snapshots, 4);
});

define("pyiceberg lists, renames, changes and drops what it made", async () => {
  const { uri, warehouse } = serve!;
  const result = await runReader("pyiceberg_catalog.py", {
    catalog: { type: "rest", uri, warehouse },
    namespace: "errands",
  });
  assert.deepEqual(result, {
    namespaces: ["errands"],
    tables: ["errands.one"],
    columns: ["id", "note"],
    properties: { owner: "someone" },
    rows: 2,
    afterRename: ["errands.two"],
    afterDrop: [],
    namespaceLeft: false,
    errors: ["NamespaceAlreadyExistsError", "TableAlreadyExistsError", "NoSuchTableError"],
  });
});
