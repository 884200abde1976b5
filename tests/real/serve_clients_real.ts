/** pyiceberg and DuckDB walk through all of `serve` that they know how to use. */
import assert from "node:assert/strict";
import { type ServeRun, startServe } from "./tool.ts";
import { type AreaResult, assertLeft, assertWalked, runWalk, type Walk } from "./walks.ts";

const PYICEBERG: Walk = {
  prefix: "py",
  script: "pyiceberg_walk.py",
  areas: {
    create: "makes tables of each format version, partitioned, sorted and nested",
    change: "appends, overwrites, deletes, upserts and overwrites partitions",
    writers: "writes from six clients at once, and every row is there once",
    schema: "adds, renames, promotes, reorders and drops columns, and joins schemas by name",
    nested: "changes columns below structs, lists and maps",
    spec: "adds, renames and removes partition fields, and reads the files of every spec",
    order: "changes the sort order and goes back to an earlier one",
    version: "upgrades a table from version 1 to 2",
    refs: "makes branches and tags, writes to a branch and removes them",
    rollback: "rolls back by id and by time, and forward again",
    partial: "commits with only the snapshots that refs name, and no other one is lost",
    expiry: "expires snapshots, and the heads of branches and tags stay",
    files: "adds files that others wrote",
    statistics: "sets, replaces and removes statistics files",
    properties: "changes properties, and old metadata files are deleted",
    compressed: "reads metadata in gzip, and in another folder",
    namespaces: "makes namespaces of several levels with names that need care",
    pages: "lists page by page",
    tables: "renames, drops, purges and registers tables",
    staged: "makes tables in transactions with their first rows, or not at all",
    views: "makes, lists, loads and drops views beside tables",
  },
};

const DUCKDB: Walk = {
  prefix: "duck",
  script: "duckdb_walk.py",
  areas: {
    types: "writes a value of each type",
    rows: "inserts, deletes, updates and merges rows on tables of version 2 and 3",
    shape: "changes columns, properties and the name of a table",
    transactions: "commits to two tables at once or to none",
    names: "makes, lists and drops schemas and tables",
  },
};

let serve: ServeRun | undefined;
const results = new Map<Walk, Readonly<Record<string, AreaResult>>>();

Deno.test.beforeAll(async () => {
  serve = await startServe(["--trace"]);
  for (const walk of [PYICEBERG, DUCKDB]) results.set(walk, await runWalk(walk, serve));
});
Deno.test.afterAll(async () => {
  await serve?.stop();
});

for (const [client, walk] of [["pyiceberg", PYICEBERG], ["DuckDB", DUCKDB]] as const) {
  for (const [area, what] of Object.entries(walk.areas)) {
    Deno.test(`serve_clients: ${client} ${what}`, () => assertWalked(results.get(walk)?.[area]));
  }
  Deno.test(`serve_clients: each area of the walk of ${client} is a test`, () => {
    assert.deepEqual(
      Object.keys(results.get(walk) ?? {}).sort(),
      Object.keys(walk.areas).sort(),
    );
  });
}

Deno.test("serve_clients: DuckDB finds the rows of every table that pyiceberg left", async () => {
  await assertLeft("duckdb", results.get(PYICEBERG)!, serve!);
});

Deno.test("serve_clients: ClickHouse finds the rows of every table that pyiceberg left", async () => {
  await assertLeft("clickhouse", results.get(PYICEBERG)!, serve!);
});

Deno.test("serve_clients: pyiceberg finds the rows of every table that DuckDB left", async () => {
  await assertLeft("pyiceberg", results.get(DUCKDB)!, serve!);
});

Deno.test("serve_clients: serve met no fault of its own", () => {
  assert.doesNotMatch(serve!.log(10_000), /Fault while|^[A-Z]+ \S+ 5\d\d /m);
});
