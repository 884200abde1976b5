/** The readers themselves: pyiceberg writes, and both readers see each kind of wrong row. */
import assert from "node:assert/strict";
import { appendByPyiceberg, createTable } from "./foreign_table.ts";
import type { Server } from "./parts/child.ts";
import { startFixture } from "./parts/fixture.ts";
import { startPostgres } from "./parts/postgres.ts";
import { pyicebergS3Properties } from "./parts/s3_server.ts";
import { startVersitygw } from "./parts/versitygw.ts";
import {
  assertReadBack,
  assertSameRows,
  readByDuckdb,
  readByPyiceberg,
  type ReaderAccess,
} from "./read_back.ts";

const HEADER = "id,name,seen_at";
const ROWS = ["1,Ann,2024-01-01T00:00:00.000001", "2,,", `3,"Bob, Jr.",1969-12-31T23:59:59.999999`];
const FIELDS = [
  { name: "id", type: "long", required: true },
  { name: "name", type: "string", required: false },
  { name: "seen_at", type: "timestamp", required: false },
];

let servers: Server[] = [];
let access: ReaderAccess;
let folder = "";

Deno.test.beforeAll(async () => {
  folder = await Deno.makeTempDir({ prefix: "lakekeeper-ingest-readers-" });
  const [postgres, s3] = await Promise.all([startPostgres(), startVersitygw()]);
  servers = [postgres, s3];
  const fixture = await startFixture(postgres, s3);
  servers.push(fixture);
  const { uri, warehouse } = fixture;
  access = {
    pyiceberg: { type: "rest", uri, warehouse, ...pyicebergS3Properties(s3) },
    s3,
    duckdb: "scan",
  };
  const place = { catalog: access.pyiceberg, table: "readers.t" };
  await createTable(place, { fields: FIELDS });
  for (const part of [0, 1]) {
    await appendByPyiceberg(place, [await writeCsv(`part_${part}`, part === 0 ? ROWS : LATER)]);
  }
});
Deno.test.afterAll(async () => {
  for (const server of servers.reverse()) await server.stop();
  await Deno.remove(folder, { recursive: true });
});

const LATER = ["100,Eve,2024-06-01T12:00:00"];

async function writeCsv(name: string, rows: readonly string[]): Promise<string> {
  const path = `${folder}/${name}.csv`;
  await Deno.writeTextFile(path, `${HEADER}\n${rows.join("\n")}\n`);
  return path;
}

Deno.test("readers: assertReadBack() accepts equal rows and a filter that prunes", async () => {
  const read = await assertReadBack(access, {
    table: "readers.t",
    csv: [await writeCsv("all", [...LATER, ...ROWS])],
    key: "id",
    filter: { column: "id", above: 50 },
  });
  assert.equal(read.snapshots, 2);
  assert.deepEqual(read.filter, { files: 1, rows: 1, rowsExpected: 1 });
});

const WRONG: Readonly<Record<string, readonly string[]>> = {
  "a missing row": [...ROWS, ...LATER, "4,Zoë,"],
  "a row too many": ROWS,
  "a doubled row": [...ROWS, ...LATER, ROWS[0]!],
  "a changed text": [ROWS[0]!.replace("Ann", "ann"), ...ROWS.slice(1), ...LATER],
  "a timestamp one microsecond off": [ROWS[0]!.replace("001", "002"), ...ROWS.slice(1), ...LATER],
  "a null for a value": [ROWS[0]!, ROWS[1]!, `3,"Bob, Jr.",`, ...LATER],
};

for (const [kind, rows] of Object.entries(WRONG)) {
  Deno.test(`readers: pyiceberg and DuckDB see ${kind}`, async () => {
    const request = { table: "readers.t", csv: [await writeCsv("wrong", rows)], key: "id" };
    const read = await readByPyiceberg(access, request);
    const byDuckdb = await readByDuckdb(access, request, { read });
    assert.throws(() => assertSameRows(read.values, "pyiceberg"));
    assert.throws(() => assertSameRows(byDuckdb, "DuckDB"));
  });
}
