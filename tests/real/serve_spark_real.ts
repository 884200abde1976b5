/** Spark with Iceberg's runtime walks through `serve`; pyiceberg and DuckDB read what it left. */
import assert from "node:assert/strict";
import { installSpark } from "./parts/spark.ts";
import { type ServeRun, startServe } from "./tool.ts";
import { type AreaResult, assertLeft, assertWalked, runWalk } from "./walks.ts";

const AREAS: Readonly<Record<string, string>> = {
  rows: "makes a table from a query, inserts, updates, deletes, merges and overwrites",
  deletes: "does so by delete files and deletion vectors, and rows keep their ids",
  replace: "replaces a table by another schema and spec, and its history stays",
  shape: "changes columns, identifier fields, properties and the format version",
  parts: "changes partition fields and the write order, and reads the files of every spec",
  travel: "reads by version, by time and between snapshots, and reads the metadata tables",
  refs: "makes branches and tags, writes to a branch, publishes what was audited",
  procedures: "rolls back, picks a snapshot, registers a table and adds files",
  upkeep: "expires snapshots and rewrites manifests, data files and delete files",
  names: "makes, renames, purges and drops namespaces and tables",
  views: "makes, replaces, changes, renames and drops views",
};

let serve: ServeRun | undefined;
let results: Readonly<Record<string, AreaResult>> = {};

Deno.test.beforeAll(async () => {
  const { python, jar } = await installSpark();
  serve = await startServe(["--trace"]);
  const walk = { prefix: "spark", script: "spark_walk.py", areas: AREAS, python, request: { jar } };
  results = await runWalk(walk, serve);
});
Deno.test.afterAll(async () => {
  await serve?.stop();
});

for (const [area, what] of Object.entries(AREAS)) {
  Deno.test(`serve_spark: Spark ${what}`, () => assertWalked(results[area]));
}

Deno.test("serve_spark: each area of the walk is a test", () => {
  assert.deepEqual(Object.keys(results).sort(), Object.keys(AREAS).sort());
});

Deno.test("serve_spark: pyiceberg finds the rows of every table that Spark left", async () => {
  await assertLeft("pyiceberg", results, serve!);
});

Deno.test("serve_spark: DuckDB finds the rows of every table that Spark left", async () => {
  await assertLeft("duckdb", results, serve!);
});

Deno.test("serve_spark: the reports that Spark makes of its scans and commits are taken", () => {
  assert.match(serve!.log(10_000), /POST \S+\/metrics 204/);
});

Deno.test("serve_spark: serve met no fault of its own", () => {
  assert.doesNotMatch(serve!.log(10_000), /Fault while|^[A-Z]+ \S+ 5\d\d /m);
});
