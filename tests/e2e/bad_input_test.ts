// What is wrong with an input, said exactly, with the exit code that scripts rely on.

import assert from "node:assert/strict";
import { join } from "node:path";
import { exists, jsonLines, load, loadText, summaryOf, tableState, testInDir } from "./support.ts";

/** Bytes of a text in Latin-1, which is not UTF-8 where it goes beyond ASCII. */
function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Inputs of which nothing is written, and what is said of them. */
const REFUSED: ReadonlyArray<{
  readonly what: string;
  readonly content: string | Uint8Array;
  readonly args?: readonly string[];
  readonly message: string;
  readonly hint?: string;
}> = [
  {
    what: "a value that does not fit the type given by --column",
    content: "a,b\n1,x\nq,y\n",
    args: ["--column", "a:long"],
    message: 'data.csv:3: column "a": "q" is not a long',
  },
  {
    what: "a value of which a line break in quotes stands before it",
    content: 'a,b\n1,"x\ny\nz"\nq,y\n',
    args: ["--column", "a:int"],
    message: 'data.csv:5: column "a": "q" is not an int',
  },
  {
    what: "a row with too few fields",
    content: "a,b\n1\n",
    message: "data.csv:2: found 1 field, expected 2",
  },
  {
    what: "a row with too many fields",
    content: "a,b\n1,2,3\n",
    message: "data.csv:2: found 3 fields, expected 2",
  },
  {
    what: "an unterminated quote",
    content: 'a,b\n1,"x\n2,y\n',
    message: "data.csv:2: a quote is opened and never closed",
  },
  {
    what: "an unterminated quote in the header",
    content: 'a,"b\n1,x\n',
    message: "data.csv:1: a quote is opened and never closed",
  },
  {
    what: "text behind a closing quote",
    content: 'a,b\n1,"x"y\n',
    message: "data.csv:2: text after a closing quote",
    hint: 'A quote in a quoted field is written twice: ""',
  },
  {
    what: "an empty file",
    content: "",
    message: 'Cannot read "data.csv": it is empty',
    hint: "A CSV file has a header record, or rows and --no-header",
  },
  {
    what: "a file of a byte order mark alone",
    content: "\ufeff",
    message: 'Cannot read "data.csv": it is empty',
  },
  {
    what: "a duplicate column name",
    content: "a,b,a\n1,2,3\n",
    message: 'Cannot read "data.csv": columns 1 and 3 are both named "a"',
    hint: "Rename one of them in the header",
  },
  {
    what: "an empty column name",
    content: "a,,c\n1,2,3\n",
    message: 'Cannot read "data.csv": column 2 has no name',
    hint: "Name it in the header, or give --no-header if the first record is data",
  },
  {
    what: "invalid UTF-8 in a value",
    content: latin1("a,b\n1,caf\xe9\n"),
    message: 'data.csv:2: column "b": "caf\ufffd" is not valid UTF-8',
  },
  {
    what: "invalid UTF-8 in the header",
    content: latin1("caf\xe9,b\n1,x\n"),
    message: 'Cannot read "data.csv": the name of column 1 is not valid UTF-8',
    hint: "Convert the file to UTF-8, for example with: iconv -f WINDOWS-1252 -t UTF-8",
  },
  {
    what: "carriage returns as line ends",
    content: "a,b\r1,x\r2,y\r",
    message: 'Cannot read "data.csv": line 1 has a carriage return that no line feed follows',
    hint: "Convert its line ends to LF, for example with: tr '\\r' '\\n'",
  },
];

for (const { what, content, args = [], message, hint } of REFUSED) {
  testInDir(`ingest refuses ${what} and writes nothing`, async (directory) => {
    const { code, stdout, stderr } = await loadText(directory, content, args);
    assert.equal(code, 3, stderr);
    const lines = stderr.trimEnd().split("\n");
    const at = lines.indexOf(`Error: ${message}`);
    assert.notEqual(at, -1, stderr);
    if (hint !== undefined) assert.equal(lines[at + 1], `Hint: ${hint}`);
    assert.match(stdout, /^Rows: {6}0 of 0 read/m);
    assert.equal(await tableState(directory), undefined);
  });
}

testInDir("ingest --json gives the place of a bad value on both streams", async (directory) => {
  const result = await loadText(directory, "a,b\n1,x\nq,y\n", ["--column", "a:long", "--json"]);
  assert.equal(result.code, 3);
  const expected = {
    type: "error",
    message: 'data.csv:3: column "a": "q" is not a long',
    "exit_code": 3,
    file: "data.csv",
    line: 3,
    column: "a",
    value: "q",
    expected: "long",
  };
  for (const text of [result.stdout, result.stderr]) {
    const { time, ...error } = jsonLines(text).find((line) => line.type === "error")!;
    assert.equal(typeof time, "string");
    assert.deepEqual(error, expected);
  }
  assert.equal(summaryOf(result).exit_code, 3);
});

/** A CSV of 10,000 rows of which one, beyond the sample and the first chunks, is bad. */
function withBadRow(bad: string): { readonly text: string; readonly line: number } {
  const rows = Array.from({ length: 10_000 }, (_, index) => `${index},name ${index}`);
  rows[6500] = bad;
  return { text: `a,b\n${rows.join("\n")}\n`, line: 6502 };
}

const LATE: ReadonlyArray<{ what: string; bad: string; message: string }> = [
  { what: "value", bad: "1.5,x", message: 'column "a": "1.5" is not a long' },
  { what: "row with too few fields", bad: "7", message: "found 1 field, expected 2" },
  { what: "row with too many fields", bad: "7,x,y", message: "found 3 fields, expected 2" },
];

for (const { what, bad, message } of LATE) {
  testInDir(`ingest keeps the chunks before a bad ${what} in a late chunk`, async (directory) => {
    const { text, line } = withBadRow(bad);
    const result = await loadText(directory, text, ["--infer-rows", "1000", "--json"]);
    assert.equal(result.code, 3);
    const lines = jsonLines(result.stdout);
    const summary = lines.at(-1)!;
    const error = lines.find((event) => event.type === "error")!;
    assert.equal(error.message, `data.csv:${line}: ${message}`);
    const failed = lines.filter((event) => event.type === "chunk" && event.state === "failed");
    assert.deepEqual(failed.map((event) => event.chunk), [6]);
    assert.equal(failed[0]?.failure, "input");
    assert.equal(failed[0]?.attempts, 0);
    // Every chunk before the bad one is in; at most those in flight beside it are, too.
    const committed = lines.filter((event) => event.type === "chunk" && event.state === "committed")
      .map((event) => event.chunk);
    for (let chunk = 0; chunk < 6; chunk++) assert.ok(committed.includes(chunk), `no ${chunk}`);
    assert.ok(summary.rows_read < 10_000, "further chunks were taken");
    assert.equal(summary.chunks_failed, 1);
    assert.equal(summary.rows_committed, committed.length * 1000);
    assert.equal((await tableState(directory))?.records, summary.rows_committed);
  });
}

testInDir("ingest says in its summary what is in when a late chunk is bad", async (directory) => {
  const { text } = withBadRow("oops,x");
  const { code, stdout, stderr } = await loadText(directory, text, ["--infer-rows", "1000"]);
  assert.equal(code, 3);
  assert.match(stdout, /^✗ Chunk 6: 1,000 rows, not posted: bad input, not committed$/m);
  const state = await tableState(directory);
  const rows = state!.records.toLocaleString("en-US");
  assert.match(stdout, new RegExp(`^Rows: {6}${rows} of [\\d,]+ read are in`, "m"));
  assert.match(stderr, /^Error: data\.csv:6502: column "a": "oops" is not a long$/m);
});

testInDir("ingest keeps the chunks before a quote that is never closed", async (directory) => {
  const { text, line } = withBadRow('7,"x');
  const result = await loadText(directory, text, ["--infer-rows", "1000", "--json"]);
  assert.equal(result.code, 3);
  const error = jsonLines(result.stdout).find((event) => event.type === "error")!;
  assert.equal(error.message, `data.csv:${line}: a quote is opened and never closed`);
  assert.equal(summaryOf(result).rows_committed, 6000);
  assert.equal((await tableState(directory))?.records, 6000);
});

testInDir("ingest takes a header without rows for nothing to load", async (directory) => {
  const { code, stdout, stderr } = await loadText(directory, "a,b\n");
  assert.equal(code, 0);
  assert.match(stderr, /^"data\.csv" has a header and no rows: nothing to load$/m);
  assert.match(stdout, /^Rows: {6}0 of 0 read/m);
  assert.equal(await tableState(directory), undefined);
});

testInDir("ingest ends with 1 when the file is missing", async (directory) => {
  const { code, stdout, stderr } = await load(directory, ["nowhere.csv"]);
  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.equal(stderr, 'Error: Cannot open "nowhere.csv": no such file\n');
  assert.equal(await exists(join(directory, "warehouse")), false);
});

testInDir("ingest --json tells of a missing file as JSON on stderr", async (directory) => {
  const byFlag = await load(directory, ["nowhere.csv", "--json"]);
  const byVariable = await load(directory, ["nowhere.csv"], {
    env: { LAKEKEEPER_INGEST_JSON: "1" },
  });
  for (const { code, stdout, stderr } of [byFlag, byVariable]) {
    assert.equal(code, 1);
    assert.equal(stdout, "");
    const [error, ...more] = jsonLines(stderr);
    assert.equal(more.length, 0);
    assert.equal(error?.type, "error");
    assert.equal(error?.exit_code, 1);
    assert.equal(error?.message, 'Cannot open "nowhere.csv": no such file');
  }
});

testInDir("ingest ends with 1 for a directory", async (directory) => {
  await Deno.mkdir(join(directory, "folder"));
  const { code, stderr } = await load(directory, ["folder"]);
  assert.equal(code, 1);
  assert.equal(stderr, 'Error: Cannot read "folder": it is a directory\nHint: Name one CSV file\n');
});

testInDir("ingest refuses --column for a column that is not there", async (directory) => {
  const { code, stderr } = await loadText(directory, "a,b\n1,x\n", ["--column", "c:long"]);
  assert.equal(code, 2);
  assert.match(stderr, /^Error: Cannot use --column "c": "data\.csv" has no such column$/m);
  assert.match(stderr, /^Hint: Its columns: a, b$/m);
  assert.equal(await tableState(directory), undefined);
});

/** Values of --column that are wrong by themselves. */
const BAD_COLUMNS: ReadonlyArray<readonly [string, string]> = [
  ["a", 'Cannot read --column "a": it must be name:type'],
  [":long", 'Cannot read --column ":long": it must be name:type'],
  ["a:number", 'Cannot read --column "a:number": "number" is no type'],
  ["a:decimal(39,2)", 'Cannot read --column "a:decimal(39,2)": "decimal(39,2)" is no type'],
  [
    "a:timestamp_ns",
    'Cannot make column "a" of type timestamp_ns: tables are made with format version 2',
  ],
];

for (const [option, message] of BAD_COLUMNS) {
  testInDir(`ingest refuses --column ${option}`, async (directory) => {
    const { code, stdout, stderr } = await loadText(directory, "a\n1\n", ["--column", option]);
    assert.equal(code, 2);
    assert.equal(stdout, "");
    assert.ok(stderr.startsWith(`Error: ${message}\n`), stderr);
  });
}
