// CSV as RFC 4180 and real life have it: what goes in comes back from the table's files.

import assert from "node:assert/strict";
import { join } from "node:path";
import { load, loadText, readRows, tableState, testInDir } from "./support.ts";

type Row = Record<string, unknown>;

/** Good inputs and the rows that they must give. */
const CASES: ReadonlyArray<{
  readonly what: string;
  readonly content: string | Uint8Array;
  readonly args?: readonly string[];
  readonly rows: readonly Row[];
}> = [
  {
    what: "CRLF line ends",
    content: "a,b\r\n1,x\r\n2,y\r\n",
    rows: [{ a: 1n, b: "x" }, { a: 2n, b: "y" }],
  },
  { what: "a byte order mark", content: "\ufeffa,b\n1,x\n", rows: [{ a: 1n, b: "x" }] },
  {
    what: "line breaks and commas in quotes",
    content: 'a,b\n1,"x\ny, z"\n2,"\r\n"\n',
    rows: [{ a: 1n, b: "x\ny, z" }, { a: 2n, b: "\r\n" }],
  },
  {
    what: "doubled quotes",
    content: 'a,b\n1,"say ""hi"""\n2,""""\n',
    rows: [{ a: 1n, b: 'say "hi"' }, { a: 2n, b: '"' }],
  },
  { what: "quoted column names", content: '"a, b","c"\n1,2\n', rows: [{ "a, b": 1n, c: 2n }] },
  {
    what: "no line end after the last row",
    content: "a,b\n1,x\n2,y",
    rows: [{ a: 1n, b: "x" }, { a: 2n, b: "y" }],
  },
  {
    what: "text beyond ASCII",
    content: "größe,město\n1,Žďár 🚲\n2,東京\n",
    rows: [{ größe: 1n, město: "Žďár 🚲" }, { größe: 2n, město: "東京" }],
  },
  {
    what: "empty fields",
    content: 'n,s\n1,\n,""\n2,x\n',
    rows: [{ n: 1n, s: "" }, { n: null, s: "" }, { n: 2n, s: "x" }],
  },
  {
    what: "semicolons between the fields",
    content: 'a;b\n1;"x;y"\n2;1,5\n',
    args: ["--delimiter", ";"],
    rows: [{ a: 1n, b: "x;y" }, { a: 2n, b: "1,5" }],
  },
  {
    what: "tabs between the fields",
    content: "a\tb\n1\tx,y\n",
    args: ["--delimiter", "tab"],
    rows: [{ a: 1n, b: "x,y" }],
  },
  {
    what: "texts that stand for null",
    content: 'a,b\n1,NA\nNA,"NA"\n-,x\n',
    args: ["--null-value", "NA", "--null-value", "-"],
    rows: [{ a: 1n, b: null }, { a: null, b: "NA" }, { a: null, b: "x" }],
  },
  {
    what: "no header",
    content: "1,x\n2,y\n",
    args: ["--no-header"],
    rows: [{ column_1: 1n, column_2: "x" }, { column_1: 2n, column_2: "y" }],
  },
  {
    what: "values of every inferred type",
    content: "b,l,d,s,z\nTRUE,9223372036854775807,1e3,007,9223372036854775808\n" +
      "false,-1,0.5,8,1\n",
    rows: [
      { b: true, l: 9223372036854775807n, d: 1000, s: "007", z: "9223372036854775808" },
      { b: false, l: -1n, d: 0.5, s: "8", z: "1" },
    ],
  },
  {
    what: "a type given by --column",
    content: "zip,n\n123,1\n",
    args: ["--column", "zip:string", "--column", "n:int"],
    rows: [{ zip: "123", n: 1 }],
  },
];

for (const { what, content, args = [], rows } of CASES) {
  testInDir(`ingest reads ${what}`, async (directory) => {
    const { code, stderr } = await loadText(directory, content, args);
    assert.equal(code, 0, stderr);
    assert.equal((await tableState(directory))?.records, rows.length);
    assert.deepEqual(await readRows(directory), rows);
  });
}

testInDir("ingest infers dates and timestamps, and keeps microseconds", async (directory) => {
  const { code, stderr } = await loadText(
    directory,
    "d,t,z\n2024-02-29,2024-02-29T12:34:56.123456,2024-02-29T12:34:56.123456+02:00\n",
  );
  assert.equal(code, 0, stderr);
  const schema = (await tableState(directory))!.metadata.schemas[0]!;
  assert.deepEqual(schema.fields.map((field) => field.type), ["date", "timestamp", "timestamptz"]);
  const [row] = await readRows(directory);
  assert.equal(Number(row!.d), Date.parse("2024-02-29"));
  // Arrow gives milliseconds, with the microseconds behind the point.
  assert.equal(Number(row!.t).toFixed(3), `${Date.parse("2024-02-29T12:34:56.123Z")}.456`);
  assert.equal(Number(row!.z).toFixed(3), `${Date.parse("2024-02-29T10:34:56.123Z")}.456`);
});

testInDir("ingest cuts no record apart whose quotes hold line breaks", async (directory) => {
  const rows = Array.from(
    { length: 5000 },
    (_, index) => `${index},"line ${index}\n""more"", ${index}"`,
  );
  const { code, stderr } = await loadText(directory, `id,text\n${rows.join("\n")}\n`, [
    ...["--chunk-size", "300", "--workers", "4"],
  ]);
  assert.equal(code, 0, stderr);
  const found = (await readRows(directory)).sort((a, b) => Number(a.id) - Number(b.id));
  assert.equal(found.length, 5000);
  assert.deepEqual(
    found,
    rows.map((_, index) => ({ id: BigInt(index), text: `line ${index}\n"more", ${index}` })),
  );
});

testInDir("ingest loads 10,000 columns", async (directory) => {
  const names = Array.from({ length: 10_000 }, (_, index) => `c${index}`);
  const row = (from: number) => names.map((_, index) => from + index).join(",");
  const { code, stderr } = await loadText(
    directory,
    `${names.join(",")}\n${row(0)}\n${row(1)}\n`,
    ["--quiet"],
  );
  assert.equal(code, 0, stderr);
  const found = await readRows(directory);
  assert.equal(found.length, 2);
  assert.deepEqual(Object.keys(found[0]!), names);
  assert.equal(found[0]?.c9999, 9999n);
  assert.equal(found[1]?.c5000, 5001n);
});

testInDir("ingest loads a field of 1 MB", async (directory) => {
  const large = "0123456789abcdef\n".repeat(61_681);
  const { code, stderr } = await loadText(directory, `id,text\n1,small\n2,"${large}"\n`);
  assert.equal(code, 0, stderr);
  const rows = await readRows(directory);
  assert.equal(rows[1]?.text, large);
});

testInDir("ingest --infer-rows all sees a late value", async (directory) => {
  const text = `a\n${"1\n".repeat(30_000)}x\n`;
  await Deno.writeTextFile(join(directory, "late.csv"), text);
  const short = await load(directory, ["late.csv", "--table", "t.short", "--chunk-size", "50k"]);
  assert.equal(short.code, 3, "the default sample must not reach the last row");
  const whole = await load(directory, [
    "late.csv",
    ...["--table", "t.whole", "--infer-rows", "all", "--chunk-size", "50k"],
  ]);
  assert.equal(whole.code, 0, whole.stderr);
  const state = await tableState(directory, "/v1/namespaces/t/tables/whole");
  assert.equal(state?.records, 30_001);
  assert.equal(state?.metadata.schemas[0]?.fields[0]?.type, "string");
});
