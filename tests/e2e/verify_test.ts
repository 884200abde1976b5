// `verify` as a user runs it, on the embedded catalog.

import assert from "node:assert/strict";
import { join } from "node:path";
import { generateCsv } from "../../lib/input/generate.ts";
import {
  createTable,
  EMBEDDED,
  exists,
  filesBelow,
  type JsonLine,
  jsonLines,
  load,
  loadText,
  SAMPLE_DATA,
  summaryOf,
  testInDir,
} from "./support.ts";
import { runTool, type ToolResult } from "./tool.ts";

/** Writes `other.csv` and compares the table with it. */
async function verifyText(
  directory: string,
  text: string,
  args: readonly string[] = [],
): Promise<ToolResult> {
  await Deno.writeTextFile(join(directory, "other.csv"), text);
  return await load(directory, ["verify", "other.csv", ...args]);
}

const HEADER = "id,name,price\n";
const ROWS = ["1,Ann,1.5", "2,Bob,2.5", "3,Bob,2.5", '4,"a, ""b""\nc",', "5,,0.25"];
const TEXT = `${HEADER}${ROWS.join("\n")}\n`;

testInDir(
  "verify finds the sample data in its table, whatever the order of rows",
  async (directory) => {
    assert.equal((await load(directory, [SAMPLE_DATA])).code, 0);
    const same = await load(directory, ["verify", SAMPLE_DATA]);
    assert.equal(same.code, 0, same.stderr);
    assert.match(
      same.stdout,
      /^Rows: {6}50,000 in .*sample_data\.csv, 50,000 in default\.sample_table\n.*\n✓ Equal\n$/,
    );
    assert.match(same.stderr, /^Found the table: 50,000 rows in 50 data files, snapshot \d+$/m);
    const [header, ...rows] = (await Deno.readTextFile(SAMPLE_DATA)).trimEnd().split("\n");
    const turned = await verifyText(directory, `${[header, ...rows.toReversed()].join("\n")}\n`);
    assert.equal(turned.code, 0, turned.stdout);
  },
);

testInDir("verify takes columns in another order for the same", async (directory) => {
  await loadText(directory, "a,b\n1,x\n2,y\n");
  const { code, stdout } = await verifyText(directory, "b,a\ny,2\nx,1\n");
  assert.equal(code, 0, stdout);
});

testInDir(
  "verify names a row that is missing, one that is doubled and one that has changed",
  async (directory) => {
    await loadText(directory, TEXT);
    const cases: ReadonlyArray<readonly [rows: readonly string[], lines: readonly string[]]> = [
      [ROWS, []],
      [ROWS.slice(1), ['Only in the table: id=1, name="Ann", price=1.5']],
      [[...ROWS, "9,New,"], ['Only in the source (line 8): id=9, name="New", price=null']],
      [
        [...ROWS, ROWS[3]!],
        ['In the source 2 times (lines 5, 8), in the table 1 time: id=4, name="a, \\"b\\"\\nc", price=null'],
      ],
      [
        [...ROWS.slice(0, 4), "5,,0.26"],
        [
          'Only in the source (line 7): id=5, name="", price=0.26',
          'Only in the table: id=5, name="", price=0.25',
        ],
      ],
    ];
    for (const [rows, lines] of cases) {
      const { code, stdout } = await verifyText(directory, `${HEADER}${rows.join("\n")}\n`);
      assert.equal(code, lines.length === 0 ? 0 : 1, stdout);
      assert.deepEqual(stdout.split("\n").filter((line) => /^(Only in|In) the/.test(line)), lines);
      assert.match(stdout, lines.length === 0 ? /\n✓ Equal\n$/ : /\n✗ Different\n$/);
    }
  },
);

testInDir(
  "verify tells an empty text from null, and -0 from 0, but no NaN from another",
  async (directory) => {
    await loadText(directory, "s,d\n,0.5\nx,NaN\nx,-0\n", ["--column", "d:double"]);
    assert.equal((await verifyText(directory, "s,d\nx,-0\nx,nan\n,0.5\n")).code, 0);
    const zero = await verifyText(directory, "s,d\nx,0\nx,NaN\n,0.5\n");
    assert.equal(zero.code, 1);
    assert.match(zero.stdout, /^Only in the source \(line 2\): s="x", d=0$/m);
    assert.match(zero.stdout, /^Only in the table: s="x", d=-0$/m);
    const empty = await verifyText(directory, "s,d\nx,-0\nx,NaN\n,0.5\n", ["--null-value", ""]);
    assert.equal(empty.code, 1);
    assert.match(empty.stdout, /^Only in the source \(line 4\): s=null, d=0\.5$/m);
    assert.match(empty.stdout, /^Only in the table: s="", d=0\.5$/m);
  },
);

testInDir("verify --show bounds the rows that are printed, and says so", async (directory) => {
  await loadText(directory, "a\n1\n2\n3\n");
  const other = "a\n4\n5\n6\n";
  const some = await verifyText(directory, other, ["--show", "2"]);
  assert.equal(some.stdout.match(/^Only in the source/gm)?.length, 2);
  assert.match(some.stdout, /^Missing: {3}3 rows of the source not in the table$/m);
  assert.match(some.stdout, /^Surplus: {3}3 rows of the table not in the source$/m);
  assert.match(some.stdout, /^Shown: {5}2 differing rows, not all of them$/m);
  const none = await verifyText(directory, other, ["--show", "0"]);
  assert.equal(none.code, 1);
  assert.doesNotMatch(none.stdout, /Only in|Missing/);
  const quiet = await verifyText(directory, other, ["-q"]);
  assert.equal(quiet.stderr, "");
});

testInDir("verify --json gives one object a line, with the differing rows", async (directory) => {
  await loadText(directory, "userName,1\nx,7\n");
  const result = await verifyText(directory, "userName,1\nx,8\n", ["--json", "--trace"]);
  assert.equal(result.code, 1);
  assert.equal(result.stderr, "");
  const lines = jsonLines(result.stdout);
  const [start] = lines;
  assert.equal(start!.type, "start");
  assert.equal(start!.table, "default.sample_table");
  assert.ok(lines.some(({ type, method }) => type === "http" && method === "GET"));
  const differences = lines.filter(({ type }) => type === "difference");
  assert.deepEqual(differences.map(({ time: _, ...rest }) => rest), [
    {
      type: "difference",
      source: 1,
      table: 0,
      lines: [2],
      values: [{ column: "userName", value: '"x"' }, { column: "1", value: "8" }],
    },
    {
      type: "difference",
      source: 0,
      table: 1,
      lines: [],
      values: [{ column: "userName", value: '"x"' }, { column: "1", value: "7" }],
    },
  ]);
  const summary = summaryOf(result);
  assert.deepEqual(
    [summary.type, summary.equal, summary.source_rows, summary.table_rows, summary.exit_code],
    ["summary", false, 1, 1, 1],
  );
  assert.deepEqual(
    [summary.missing_rows, summary.surplus_rows, summary.is_count_whole],
    [1, 1, true],
  );
});

function loadIdOf(result: ToolResult): string {
  const start = jsonLines(result.stdout).find(({ type }: JsonLine) => type === "start");
  return start!.load_id;
}

testInDir(
  "verify --load-id compares the files of one load of two in a table",
  async (directory) => {
    const [one, two] = ["a\n1\n2\n3\n", "a\n3\n4\n"];
    const first = await loadText(directory, one, ["--json", "--chunk-size", "2"]);
    const second = await loadText(directory, two, ["--json"]);
    assert.equal((await verifyText(directory, one)).code, 1);
    assert.equal((await verifyText(directory, "a\n1\n2\n3\n3\n4\n")).code, 0);
    for (const [text, result] of [[one, first], [two, second]] as const) {
      const { code, stdout } = await verifyText(directory, text, ["--load-id", loadIdOf(result)]);
      assert.equal(code, 0, stdout);
    }
    const crossed = await verifyText(directory, one, ["--load-id", loadIdOf(second)]);
    assert.equal(crossed.code, 1);
    assert.match(crossed.stdout, /^Only in the table: a=4$/m);
    const unknown = await verifyText(directory, one, ["--load-id", "nobody"]);
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /^Found the table: 0 rows in 0 data files, snapshot \d+$/m);
  },
);

testInDir(
  "verify finds a table without a snapshot equal to a file without rows, and no other",
  async (directory) => {
    await createTable(directory, {
      fields: [{ id: 1, name: "a", type: "long", required: false }],
    });
    const empty = await verifyText(directory, "a\n");
    assert.equal(empty.code, 0, empty.stderr);
    assert.match(empty.stderr, /^Found the table: 0 rows in 0 data files, no snapshot$/m);
    const one = await verifyText(directory, "a\n1\n");
    assert.equal(one.code, 1);
    assert.match(one.stdout, /^Only in the source \(line 2\): a=1$/m);
  },
);

testInDir("verify wants columns that the file lacks to be null in the table", async (directory) => {
  await loadText(directory, "a,b\n1,\n2,\n", ["--column", "b:long"]);
  assert.equal((await verifyText(directory, "a\n1\n2\n")).code, 0);
  await loadText(directory, "a,b\n3,7\n");
  const { code, stdout } = await verifyText(directory, "a\n1\n2\n3\n");
  assert.equal(code, 1);
  assert.match(
    stdout,
    /^Only in the source \(line 4\): a=3, b=null\nOnly in the table: a=3, b=7$/m,
  );
});

testInDir("verify reads a file without a header, and with another delimiter", async (directory) => {
  const flags = ["--no-header", "--delimiter", "tab"];
  await loadText(directory, "1\tx\n2\ty\n", flags);
  assert.equal((await verifyText(directory, "2\ty\n1\tx\n", flags)).code, 0);
});

testInDir(
  "verify of a pipe tells whether rows differ, and that it cannot name them",
  async (directory) => {
    await loadText(directory, "a\n1\n2\n");
    const pipe = join(directory, "pipe");
    const made = await new Deno.Command("mkfifo", { args: [pipe] }).output();
    assert.ok(made.success);
    for (const [text, expected] of [["a\n2\n1\n", 0], ["a\n2\n3\n", 1]] as const) {
      const [{ code, stderr }] = await Promise.all([
        load(directory, ["verify", "pipe"]),
        Deno.writeTextFile(pipe, text),
      ]);
      assert.equal(code, expected, stderr);
      assert.equal(/"pipe" is a pipe, which can be read only once/.test(stderr), expected === 1);
    }
  },
);

testInDir(
  "verify exits 1 and makes nothing when there is no such table, or no such file",
  async (directory) => {
    const noTable = await verifyText(directory, "a\n1\n", ["--table", "x.nobody"]);
    assert.equal(noTable.code, 1);
    assert.match(noTable.stderr, /^Error: Cannot verify "x\.nobody": there is no such table$/m);
    const noFile = await load(directory, ["verify", "none.csv"]);
    assert.equal(noFile.code, 1);
    assert.match(noFile.stderr, /Cannot open "none\.csv": no such file/);
  },
);

testInDir("verify exits 2 for a wrong command line", async (directory) => {
  for (
    const args of [
      ["verify"],
      ["verify", "a.csv", "b.csv"],
      ["verify", "-"],
      ["verify", SAMPLE_DATA, "--show", "-1"],
      ["verify", SAMPLE_DATA, "--load-id", "a/b"],
      ["verify", SAMPLE_DATA, "--load-id", "auto"],
      ["verify", SAMPLE_DATA, "--nonsense"],
    ]
  ) {
    assert.equal(
      (await runTool([...args, ...EMBEDDED], { cwd: directory })).code,
      2,
      args.join(" "),
    );
  }
  assert.ok(!(await exists(join(directory, "warehouse"))));
});

testInDir(
  "verify exits 3 for a file that does not fit the table, and names the place",
  async (directory) => {
    await loadText(directory, "a,b\n1,x\n");
    const value = await verifyText(directory, "a,b\n1,x\nzwei,x\n");
    assert.equal(value.code, 3);
    assert.match(value.stderr, /other\.csv:3: column "a": "zwei" is not a long/);
    const column = await verifyText(directory, "a,c\n1,x\n");
    assert.equal(column.code, 3);
    assert.match(column.stderr, /column "c" is not in the table/);
    const empty = await verifyText(directory, "");
    assert.equal(empty.code, 3);
  },
);

testInDir("verify does not call a table equal whose data file is gone", async (directory) => {
  await loadText(directory, "a\n1\n");
  const [file] = await filesBelow(join(directory, "warehouse"), ".parquet");
  await Deno.remove(file!);
  const { code, stderr } = await verifyText(directory, "a\n1\n");
  assert.equal(code, 7);
  assert.match(stderr, /Cannot read ".*\.parquet"/);
});

testInDir("verify exits 7 when nothing answers at the catalog's address", async (directory) => {
  await Deno.writeTextFile(join(directory, "other.csv"), "a\n1\n");
  const { code } = await runTool(["verify", "other.csv", "--uri", "http://127.0.0.1:9"], {
    cwd: directory,
  });
  assert.equal(code, 7);
});

testInDir(
  "verify finds one changed row among 300,000 in files of many batches",
  async (directory) => {
    const blocks = await Array.fromAsync(generateCsv({ rows: 300_000, seed: 5 }));
    const text = await new Blob(blocks as BlobPart[]).text();
    await loadText(directory, text, ["--chunk-size", "150000"]);
    const equal = await load(directory, ["verify", "data.csv"]);
    assert.equal(equal.code, 0, equal.stderr);
    const { code, stdout } = await verifyText(directory, text.replace("\n222222,", "\n999999,"));
    assert.equal(code, 1);
    assert.match(stdout, /^Only in the source \(line 222223\): id=999999, .*$/m);
    assert.match(stdout, /^Only in the table: id=222222, .*$/m);
    assert.match(stdout, /^Missing: {3}1 row of the source not in the table$/m);
  },
);

Deno.test("verify --help lists its flags and exit status", async () => {
  for (const args of [["verify", "--help"], ["help", "verify"]]) {
    const { code, stdout } = await runTool(args);
    assert.equal(code, 0);
    for (const flag of ["--load-id", "--show", "--delimiter", "--table", "--uri", "--json"]) {
      assert.ok(stdout.includes(flag), flag);
    }
    assert.match(stdout, /^Exit status:$/m);
  }
});
