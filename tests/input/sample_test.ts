import assert from "node:assert/strict";
import { InputError, UsageError } from "../../lib/errors.ts";
import { readSample, type Sample } from "../../lib/input/sample.ts";
import type { Source } from "../../lib/input/source.ts";
import { blocksOf, DIALECT, NO_HEADER, textSource } from "./csv_support.ts";

function sampleOf(text: string | Uint8Array, rows = 10_000, dialect = DIALECT): Promise<Sample> {
  return readSample(textSource(text), { dialect, rows });
}

async function failure(text: string | Uint8Array, dialect = DIALECT): Promise<InputError> {
  try {
    await sampleOf(text, 10_000, dialect);
  } catch (error) {
    assert.ok(error instanceof InputError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: "nothing was thrown" });
}

Deno.test("readSample() reads the header as it is, without the byte order mark", async () => {
  const sample = await sampleOf('\ufeffid, name ,"x,""y"""\r\n1,a,b\r\n');
  assert.deepEqual(sample.columns, [
    { name: "id", index: 0, type: { kind: "long" } },
    { name: " name ", index: 1, type: { kind: "string" } },
    { name: 'x,"y"', index: 2, type: { kind: "string" } },
  ]);
  assert.equal(sample.rows, 1);
  assert.equal(sample.isWhole, true);
  assert.equal(sample.problem, undefined);
});

Deno.test("readSample() names the columns of a file without header", async () => {
  const sample = await sampleOf("1,a\n2,b\n", 10, NO_HEADER);
  assert.deepEqual(sample.columns.map(({ name, type }) => [name, type.kind]), [
    ["column_1", "long"],
    ["column_2", "string"],
  ]);
  assert.equal(sample.rows, 2);
});

Deno.test("readSample() infers from the asked number of rows only", async () => {
  const text = `a\n${"1\n".repeat(1500)}x\n`;
  for (const [rows, kind] of [[1, "long"], [1500, "long"], [1501, "string"]] as const) {
    const sample = await sampleOf(text, rows);
    assert.equal(sample.columns[0]?.type.kind, kind, String(rows));
    assert.equal(sample.rows, rows);
  }
  assert.equal((await sampleOf(text, 0)).columns[0]?.type.kind, "string");
});

Deno.test("readSample() infers from all rows for Infinity, and keeps only the first ones", async () => {
  const sample = await sampleOf(`a\n${"1\n".repeat(25_000)}x\n`, Infinity);
  assert.equal(sample.columns[0]?.type.kind, "string");
  assert.equal(sample.rows, 25_001);
  assert.equal(sample.isWhole, true);
  assert.equal(sample.kept.length, 10);
});

Deno.test("readSample() stops reading when it has enough rows", async () => {
  let blocks = 0;
  let isClosed = false;
  const source: Source = {
    name: "endless",
    async *open() {
      try {
        yield* blocksOf("a,b\n");
        for (;; blocks++) yield* blocksOf("1,2\n".repeat(1000));
      } finally {
        isClosed = true;
      }
    },
  };
  const sample = await readSample(source, { dialect: DIALECT, rows: 10_000 });
  assert.equal(sample.rows, 10_000);
  assert.equal(sample.isWhole, false);
  assert.ok(blocks < 12);
  assert.ok(isClosed);
});

Deno.test("readSample() says that a header has no rows", async () => {
  for (const text of ["a,b", "a,b\n", "a,b\r\n\r\n"]) {
    const sample = await sampleOf(text);
    assert.equal(sample.rows, 0);
    assert.equal(sample.isWhole, true);
    assert.deepEqual(sample.columns.map(({ type }) => type.kind), ["string", "string"]);
  }
});

Deno.test("readSample() refuses an empty file", async () => {
  for (const text of ["", "\ufeff", "\n\n", "\r\n"]) {
    assert.equal((await failure(text)).message, 'Cannot read "sample.csv": it is empty');
    assert.equal((await failure(text, NO_HEADER)).message, 'Cannot read "sample.csv": it is empty');
  }
});

Deno.test("readSample() refuses an empty column name and says which", async () => {
  for (const text of ["a,,c\n1,2,3\n", 'a,"",c\n', "a,\n"]) {
    const error = await failure(text);
    assert.equal(error.message, 'Cannot read "sample.csv": column 2 has no name');
    assert.match(error.hint ?? "", /--no-header/);
  }
});

Deno.test("readSample() refuses a column name that comes twice and says where", async () => {
  const error = await failure("a,b,a\n1,2,3\n");
  assert.equal(error.message, 'Cannot read "sample.csv": columns 1 and 3 are both named "a"');
  assert.equal(error.exitCode, 3);
});

Deno.test("readSample() refuses a header that is not UTF-8 and says what to do", async () => {
  const latin1 = Uint8Array.from("id,gr\xf6sse\n1,2\n", (char) => char.charCodeAt(0));
  const error = await failure(latin1);
  assert.equal(error.message, 'Cannot read "sample.csv": the name of column 2 is not valid UTF-8');
  assert.match(error.hint ?? "", /iconv/);
  const utf16 = Uint8Array.of(0xff, 0xfe, 0x61, 0, 0x0a, 0);
  assert.match((await failure(utf16)).message, /column 1 is not valid UTF-8/);
});

Deno.test("readSample() refuses line ends of carriage returns alone", async () => {
  const error = await failure("a,b\r1,2\r");
  assert.equal(
    error.message,
    'Cannot read "sample.csv": line 1 has a carriage return that no line feed follows',
  );
});

Deno.test("readSample() infers from the rows before a malformed one and hands on its error", async () => {
  const short = await sampleOf("a,b\n1,2\n3\n4,x\n");
  assert.equal(short.problem?.message, "sample.csv:3: found 1 field, expected 2");
  assert.equal(short.rows, 1);
  assert.deepEqual(short.columns.map(({ type }) => type.kind), ["long", "long"]);
  const open = await sampleOf(`a,b\n${"1,2\n".repeat(1000)}3,"x\n`);
  assert.equal(open.problem?.message, "sample.csv:1002: a quote is opened and never closed");
  assert.equal(open.rows, 1000);
});

Deno.test("readSample() fails when the very first row is malformed", async () => {
  assert.equal((await failure("a,b\n1\n")).message, "sample.csv:2: found 1 field, expected 2");
});

Deno.test("readSample() looks at no malformed row behind the asked ones", async () => {
  const sample = await sampleOf("a,b\n1,2\n3\n", 1);
  assert.equal(sample.problem, undefined);
});

Deno.test("readSample() refuses to read all of a pipe", async () => {
  const source: Source = { ...textSource("a\n1\n", "/dev/fd/63"), once: true };
  await assert.rejects(readSample(source, { dialect: DIALECT, rows: Infinity }), (error) => {
    assert.ok(error instanceof UsageError);
    assert.equal(
      error.message,
      'Cannot infer types from all rows of "/dev/fd/63": a pipe can be read only once',
    );
    return true;
  });
});
