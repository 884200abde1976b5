// Loading into tables that others have made: what fits, and what is refused with all its reasons.

import assert from "node:assert/strict";
import {
  createTable,
  loadText,
  readRows,
  TABLE_PATH,
  tableState,
  testInDir,
  withCatalog,
} from "./support.ts";
import { runTool } from "./tool.ts";

const FIELDS = [
  { id: 11, name: "id", type: "long", required: true },
  { id: 12, name: "name", type: "string", required: false },
  { id: 13, name: "price", type: "decimal(9,2)", required: false },
];

testInDir("ingest matches columns by name in any order", async (directory) => {
  await createTable(directory, { fields: FIELDS });
  const { code, stderr } = await loadText(directory, "price,id,name\n1.50,7,x\n,8,y\n");
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^Found the table: id long, name string, price decimal\(9,\s*2\)$/m);
  const rows = await readRows(directory);
  assert.deepEqual(rows.map((row) => [row.id, row.name, row.price === null]), [
    [7n, "x", false],
    [8n, "y", true],
  ]);
});

testInDir("ingest fills an optional column that the CSV lacks with null", async (directory) => {
  await createTable(directory, { fields: FIELDS });
  const { code, stderr } = await loadText(directory, "id\n7\n");
  assert.equal(code, 0, stderr);
  assert.deepEqual(await readRows(directory), [{ id: 7n, name: null, price: null }]);
});

testInDir("ingest names every schema error in one message", async (directory) => {
  await createTable(directory, {
    fields: [...FIELDS, { id: 14, name: "born", type: "date", required: true }],
  });
  const { code, stderr } = await loadText(directory, "NAME,price,extra,id\nx,cheap,1,7\n");
  assert.equal(code, 3);
  const errors = stderr.split("\n").filter((line) => line.startsWith("Error: "));
  assert.equal(errors.length, 1);
  const [error] = errors;
  for (
    const part of [
      'Error: Cannot load "data.csv" into "default.sample_table": ',
      'column "born" is required by the table, date, and not in the CSV',
      'column "NAME" is not in the table (it has "name": names are case-sensitive)',
      'column "extra" is not in the table',
      'line 2: "cheap" is not a decimal(9,',
    ]
  ) {
    assert.ok(error?.includes(part), `${error}\nlacks: ${part}`);
  }
  const state = await tableState(directory);
  assert.equal(state?.snapshots, 0);
});

testInDir("ingest refuses null in a required column", async (directory) => {
  await createTable(directory, { fields: FIELDS });
  const { code, stderr } = await loadText(directory, "id,name\n1,x\n,y\n");
  assert.equal(code, 3);
  assert.match(stderr, /column "id".*line 3: "" is null, and the column is required/);
  assert.equal((await tableState(directory))?.snapshots, 0);
});

testInDir("ingest refuses a second load whose types do not fit the first", async (directory) => {
  assert.equal((await loadText(directory, "a,b\n1,2024-01-01\n")).code, 0);
  const { code, stderr } = await loadText(directory, "a,b\none,1\n");
  assert.equal(code, 3);
  assert.match(stderr, /column "a" is long in the table and looks like string in the CSV/);
  assert.match(stderr, /column "b" is date in the table and looks like long in the CSV/);
  assert.equal((await tableState(directory))?.records, 1);
});

testInDir("ingest refuses a table of format version 1", async (directory) => {
  await createTable(directory, { fields: FIELDS, properties: { "format-version": "1" } });
  const { code, stderr } = await loadText(directory, "id\n7\n");
  assert.equal(code, 3);
  assert.match(
    stderr,
    /^Error: Cannot load into "default\.sample_table": the table has format version 1; versions 2 and 3 are written$/m,
  );
  assert.equal((await tableState(directory))?.snapshots, 0);
});

testInDir("ingest refuses a partitioned table", async (directory) => {
  await createTable(directory, {
    fields: FIELDS,
    partitionSpec: {
      "spec-id": 0,
      fields: [{ "source-id": 11, "field-id": 1000, name: "id_bucket", transform: "bucket[4]" }],
    },
  });
  const { code, stderr } = await loadText(directory, "id\n7\n");
  assert.equal(code, 3);
  assert.match(
    stderr,
    /^Error: Cannot load into "default\.sample_table": the table is partitioned by bucket\[4\]\(id_bucket\); only unpartitioned tables are written$/m,
  );
  assert.equal((await tableState(directory))?.snapshots, 0);
});

/** A catalog like the embedded one whose tables say that they are of format version 4. */
async function withVersion4(
  directory: string,
  use: (catalog: { uri: string; posts: string[] }) => Promise<void>,
): Promise<void> {
  await withCatalog(directory, async (catalog) => {
    const posts: string[] = [];
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      async (request) => {
        const { pathname, search } = new URL(request.url);
        if (request.method !== "GET") posts.push(`${request.method} ${pathname}`);
        const answer = await fetch(`${catalog.uri}${pathname}${search}`);
        const text = (await answer.text()).replace('"format-version":2', '"format-version":4');
        return new Response(text, { status: answer.status, headers: answer.headers });
      },
    );
    try {
      await use({ uri: `http://127.0.0.1:${server.addr.port}`, posts });
    } finally {
      await server.shutdown();
    }
  });
}

testInDir("ingest refuses a table above format version 3", async (directory) => {
  await createTable(directory, { fields: FIELDS });
  await Deno.writeTextFile(`${directory}/data.csv`, "id\n7\n");
  await withVersion4(directory, async ({ uri, posts }) => {
    const { code, stderr } = await runTool(["data.csv", "--uri", uri], { cwd: directory });
    assert.equal(code, 3, stderr);
    assert.match(
      stderr,
      /^Error: Cannot load into "default\.sample_table": the table has format version 4; versions 2 and 3 are written$/m,
    );
    assert.deepEqual(posts, []);
  });
});

testInDir("ingest appends to a table of format version 3 with row lineage", async (directory) => {
  await createTable(directory, { fields: FIELDS, properties: { "format-version": "3" } });
  const { code, stderr } = await loadText(directory, "id,name\n1,x\n2,y\n3,z\n", [
    ...["--chunk-size", "1"],
  ]);
  assert.equal(code, 0, stderr);
  const { metadata, records } = (await tableState(directory))!;
  assert.equal(records, 3);
  assert.equal(metadata["format-version"], 3);
  assert.equal(Number(metadata["next-row-id"]), 3);
  const firstRowIds = metadata.snapshots?.map((snapshot) => Number(snapshot["first-row-id"]));
  assert.deepEqual(firstRowIds?.sort(), [0, 1, 2]);
});

testInDir("ingest writes no table of format version 1 anew", async (directory) => {
  assert.equal((await loadText(directory, "a\n1\n")).code, 0);
  await withCatalog(directory, async ({ request }) => {
    const { json } = await request("GET", TABLE_PATH);
    assert.equal(
      (json as unknown as { metadata: { "format-version": number } })
        .metadata["format-version"],
      2,
    );
  });
});
