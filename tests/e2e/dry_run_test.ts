// `ingest --dry-run`: what it shows, and that it writes nothing.

import assert from "node:assert/strict";
import { join } from "node:path";
import { startFaultProxy } from "../fault_proxy.ts";
import {
  createTable,
  EMBEDDED,
  exists,
  filesBelow,
  jsonLines,
  load,
  SAMPLE_DATA,
  tableState,
  testInDir,
  withCatalog,
} from "./support.ts";
import { runTool, type ToolResult } from "./tool.ts";

const CSV = "id,name,price\n1,Ann,1.5\n2,,\n3,-,2\n";

function planOf(result: ToolResult) {
  assert.equal(result.code, 0, result.stderr);
  return jsonLines(result.stdout).at(-1)!;
}

/** Writes `data.csv` and shows its plan. */
async function plan(
  directory: string,
  args: readonly string[] = [],
  text = CSV,
): Promise<ToolResult> {
  await Deno.writeTextFile(join(directory, "data.csv"), text);
  return await load(directory, ["data.csv", "--dry-run", ...args]);
}

testInDir(
  "--dry-run makes no embedded catalog, and shows what would be made",
  async (directory) => {
    const { code, stdout } = await plan(directory, ["--null-value", "-", "--table", "a.b.t"]);
    assert.equal(code, 0);
    assert.equal(await exists(join(directory, "warehouse")), false);
    assert.equal(
      stdout,
      `Dry run: nothing is written.

Column  Type    Required  Nulls
id      long    no        0
name    string  no        1
price   double  no        1
Types are those of all rows.

Input:     data.csv, 3 rows, ${CSV.length} bytes
Catalog:   embedded:warehouse, warehouse demo
Table:     a.b.t, would be made, and namespace a, a.b with it (format version 2)
Load id:   a new one each time
Plan:      1 chunk of 1,000 rows, by 2 workers
Commits:   1 snapshot (--commit per-chunk)

Would be sent, lost races apart:
  POST embedded:warehouse/v1/namespaces: make namespace a
  POST embedded:warehouse/v1/namespaces: make namespace a.b
  POST embedded:warehouse/v1/namespaces/a%1Fb/tables: make table a.b.t
  WRITE below the location that the catalog gives the table: data files (Parquet)
  WRITE below the location that the catalog gives the table: manifests and manifest lists (Avro) ×2
  POST embedded:warehouse/v1/namespaces/a%1Fb/tables/t: commits
`,
    );
  },
);

testInDir(
  "--dry-run sends nothing but GET and HEAD, whether or not the table is there",
  async (directory) => {
    await load(directory, [SAMPLE_DATA, "--load-id", "one", "--commit", "once"]);
    const before = await tableState(directory);
    const filesBefore = await filesBelow(join(directory, "warehouse"), "");
    await withCatalog(directory, async (catalog) => {
      const proxy = startFaultProxy(catalog.uri, () => undefined);
      try {
        for (
          const args of [
            ["--table", "sample_table"],
            ["--table", "sample_table", "--load-id", "one"],
            ["--table", "ns.absent"],
          ]
        ) {
          const result = await runTool([SAMPLE_DATA, "-n", "--uri", proxy.uri, ...args], {
            cwd: directory,
          });
          assert.equal(result.code, 0, result.stderr);
        }
        assert.ok(proxy.requests.length >= 7);
        const methods = new Set(proxy.requests.map(({ method }) => method));
        assert.deepEqual([...methods].filter((method) => !["GET", "HEAD"].includes(method)), []);
      } finally {
        await proxy.close();
      }
    });
    const filesOf = (all: readonly string[]) => all.filter((path) => !/catalog\.db/.test(path));
    assert.deepEqual(await tableState(directory), before);
    assert.deepEqual(
      filesOf(await filesBelow(join(directory, "warehouse"), "")),
      filesOf(filesBefore),
    );
  },
);

testInDir("--dry-run tells what the table holds under the load id", async (directory) => {
  const half = CSV.split("\n").slice(0, 2).join("\n") + "\n";
  await Deno.writeTextFile(join(directory, "data.csv"), half);
  assert.equal((await load(directory, ["data.csv", "--load-id", "x"])).code, 0);
  const whole = planOf(await load(directory, ["data.csv", "-n", "--json", "--load-id", "x"]));
  assert.equal(whole.rows_loaded, 1);
  assert.equal(whole.chunks, 0);
  assert.deepEqual(whole.steps, []);
  const more = planOf(await plan(directory, ["--json", "--load-id", "x"]));
  assert.equal(more.rows_loaded, 1);
  assert.equal(more.rows, 3);
  assert.equal(more.chunks, 1);
  const other = planOf(await plan(directory, ["--json", "--load-id", "y"]));
  assert.equal(other.rows_loaded, 0);
  const changed = await plan(directory, ["--load-id", "x"], CSV.replace("Ann", "Eve"));
  assert.equal(changed.code, 3);
  assert.match(changed.stderr, /Cannot go on loading "data.csv" under this load id/);
});

testInDir("--dry-run says how the table differs from the input", async (directory) => {
  await createTable(directory, {
    fields: [
      { id: 1, name: "extra", type: "date", required: false },
      { id: 2, name: "price", type: "decimal(9, 2)", required: false },
      { id: 3, name: "id", type: "int", required: true },
      { id: 4, name: "name", type: "string", required: false },
    ],
  });
  const result = planOf(await plan(directory, ["--json"]));
  assert.equal(result.table_exists, true);
  assert.deepEqual(result.columns, [
    { name: "extra", type: "date", required: false, nulls: null },
    { name: "price", type: "decimal(9,2)", required: false, nulls: 1 },
    { name: "id", type: "int", required: true, nulls: 0 },
    { name: "name", type: "string", required: false, nulls: 0 },
  ]);
  assert.deepEqual(result.differences, [
    'column "extra" is not in the input: it becomes null',
    'column "price" is decimal(9,2) in the table and looks like double: it is read as decimal(9,2)',
    'column "id" is int in the table and looks like long: it is read as int',
  ]);
});

testInDir(
  "--dry-run plans one snapshot for --commit once, and estimates a long input",
  async (directory) => {
    const args = [SAMPLE_DATA, "-n", "--json"];
    const once = planOf(await load(directory, [...args, "--commit", "once"]));
    assert.deepEqual([once.snapshots, once.chunks, once.commit_mode], [1, 1, "once"]);
    const perChunk = planOf(await load(directory, [...args, "--chunk-size", "500"]));
    assert.equal(perChunk.rows_are_exact, false);
    assert.ok(Math.abs(perChunk.rows - 50_000) < 2500, `${perChunk.rows} rows`);
    assert.equal(perChunk.chunks, Math.ceil(perChunk.rows / 500));
    assert.equal(perChunk.snapshots, perChunk.chunks);
    const exact = planOf(await load(directory, [...args, "--infer-rows", "all"]));
    assert.deepEqual([exact.rows, exact.rows_are_exact, exact.chunks], [50_000, true, 50]);
  },
);

for (
  const [name, text, args, code, message] of [
    ["a bad record", 'a,b\n1,"2\n', [], 3, /data\.csv:2:/],
    ["a type that does not fit", CSV, ["--column", "name:long"], 3, /column "name"/],
    ["a column that is not there", CSV, ["--column", "x:long"], 2, /Cannot use --column "x"/],
    ["a table that may not be made", CSV, ["--no-create"], 1, /there is no such table/],
    ["a wrong flag", CSV, ["--commit", "twice"], 2, /Cannot use --commit "twice"/],
  ] as const
) {
  testInDir(`--dry-run ends as the load would with ${name}: exit ${code}`, async (directory) => {
    const dry = await plan(directory, args, text);
    assert.equal(dry.code, code, dry.stdout + dry.stderr);
    assert.match(dry.stderr, message);
    assert.equal(await exists(join(directory, "warehouse")), false);
    const real = await load(directory, ["data.csv", ...args]);
    assert.equal(real.code, code);
  });
}

testInDir("--dry-run of an input without rows sends nothing", async (directory) => {
  const { steps, rows, chunks } = planOf(await plan(directory, ["--json"], "a,b\n"));
  assert.deepEqual({ steps, rows, chunks }, { steps: [], rows: 0, chunks: 0 });
});

testInDir("--dry-run of a file that is missing is exit 1", async (directory) => {
  const { code } = await runTool(["nowhere.csv", "-n", ...EMBEDDED], { cwd: directory });
  assert.equal(code, 1);
});
