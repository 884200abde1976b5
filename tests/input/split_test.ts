import assert from "node:assert/strict";
import fc from "fast-check";
import { InputError, UsageError } from "../../lib/errors.ts";
import { SharedBuffers } from "../../lib/input/chunk_buffers.ts";
import { splitChunks } from "../../lib/input/split.ts";
import { blocksOf, bytesOf, DIALECT, NO_HEADER, split } from "./csv_support.ts";

const decoder = new TextDecoder();

async function texts(...args: Parameters<typeof split>): Promise<string[]> {
  return (await split(...args)).map((chunk) => decoder.decode(chunk.bytes));
}

async function failure(...args: Parameters<typeof split>): Promise<InputError> {
  try {
    await split(...args);
  } catch (error) {
    assert.ok(error instanceof InputError);
    return error;
  }
  throw new assert.AssertionError({ message: "nothing was thrown" });
}

Deno.test("splitChunks() cuts after the asked number of records and skips the header", async () => {
  const chunks = await split("a,b\n1,2\n3,4\n5,6", { rowsPerChunk: 2 });
  assert.deepEqual(chunks.map(({ bytes, ...rest }) => ({ ...rest, text: decoder.decode(bytes) })), [
    {
      index: 0,
      rows: 2,
      firstLine: 2,
      firstRow: 0,
      byteStart: 4,
      byteEnd: 12,
      text: "1,2\n3,4\n",
    },
    { index: 1, rows: 1, firstLine: 4, firstRow: 2, byteStart: 12, byteEnd: 15, text: "5,6" },
  ]);
});

Deno.test("splitChunks() keeps a newline inside quotes in one record", async () => {
  const text = 'a,b\n"1\n\n1",2\r\n3,"x ""\n"" y"\n';
  for (let blockBytes = 1; blockBytes <= text.length; blockBytes++) {
    const chunks = await split(text, { rowsPerChunk: 1, blockBytes });
    assert.deepEqual(chunks.map(({ bytes }) => decoder.decode(bytes)), [
      '"1\n\n1",2\r\n',
      '3,"x ""\n"" y"\n',
    ]);
    assert.deepEqual(chunks.map(({ firstLine }) => firstLine), [2, 5]);
  }
});

Deno.test("splitChunks() takes a quote in the middle of a field as a character", async () => {
  assert.deepEqual(await texts('a,b\n5" disk,x\n6",y\n', { rowsPerChunk: 1 }), [
    '5" disk,x\n',
    '6",y\n',
  ]);
});

Deno.test("splitChunks() skips a byte order mark at any block size", async () => {
  for (const blockBytes of [1, 2, 3, 4, 100]) {
    const [chunk] = await split("\ufeffa,b\n1,2\n", { blockBytes });
    assert.equal(decoder.decode(chunk?.bytes), "1,2\n");
    assert.equal(chunk?.byteStart, 7);
    const [bare] = await split("\ufeff1,2\n", { blockBytes, dialect: NO_HEADER });
    assert.equal(decoder.decode(bare?.bytes), "1,2\n");
    assert.equal(bare?.byteStart, 3);
  }
});

Deno.test("splitChunks() skips a header that has newlines in quotes", async () => {
  const [chunk] = await split('"a\nb",c\r\n1,2', { blockBytes: 3 });
  assert.equal(chunk?.firstLine, 3);
  assert.equal(decoder.decode(chunk?.bytes), "1,2");
});

Deno.test("splitChunks() counts no blank line as a record of several columns", async () => {
  for (const blockBytes of [1, 5, 100]) {
    const chunks = await split("\n\r\na,b\n\n1,2\n\r\n3,4\n\n\r\n", {
      rowsPerChunk: 1,
      blockBytes,
    });
    assert.deepEqual(chunks.map(({ rows, firstLine }) => [rows, firstLine]), [[1, 4], [1, 6]]);
  }
});

Deno.test("splitChunks() counts a blank line as a record of a single column", async () => {
  const chunks = await split("a\n\n1\n\r\n", { rowsPerChunk: 1 });
  assert.deepEqual(chunks.map(({ bytes }) => decoder.decode(bytes)), ["\n", "1\n", "\r\n"]);
  assert.deepEqual(await texts("\n1\n", { dialect: NO_HEADER, rowsPerChunk: 1 }), ["\n", "1\n"]);
});

Deno.test("splitChunks() gives no chunk for a header alone, or for nothing", async () => {
  for (const text of ["", "a,b", "a,b\n", "a,b\r\n\r\n", "\ufeff", "\n\n"]) {
    assert.deepEqual(await split(text), []);
  }
});

Deno.test("splitChunks() gives each chunk a buffer of its own", async () => {
  const source = bytesOf("a,b\n1,2\n3,4\n");
  async function* whole() {
    await Promise.resolve();
    yield source;
  }
  const options = { dialect: DIALECT, rowsPerChunk: 1 };
  for await (const chunk of splitChunks(whole(), options)) {
    structuredClone(chunk.bytes, { transfer: [chunk.bytes.buffer] });
  }
  assert.equal(decoder.decode(source), "a,b\n1,2\n3,4\n");
});

Deno.test("splitChunks() uses the memory of chunks again that are given back, and of no others", async () => {
  const buffers = new SharedBuffers();
  const text = Array.from({ length: 100 }, (_, row) => `${row},${"x".repeat(row % 7)}\n`);
  const options = { dialect: { ...DIALECT, hasHeader: false }, rowsPerChunk: 10, buffers };
  async function* blocks() {
    await Promise.resolve();
    yield bytesOf(text.join(""));
  }
  const kept: string[] = [];
  const seen = new Set<SharedArrayBuffer>();
  let number = 0;
  let held: Uint8Array | undefined;
  for await (const { bytes } of splitChunks(blocks(), options)) {
    assert.notEqual(bytes.buffer, held?.buffer);
    kept.push(decoder.decode(bytes.slice()));
    seen.add(bytes.buffer);
    if (number++ % 2 === 0) held = bytes;
    else buffers.give(bytes.buffer);
  }
  assert.equal(kept.join(""), text.join(""));
  assert.ok(seen.size < 10, `${seen.size} buffers`);
});

Deno.test("splitChunks() ends a chunk before chunkBytesMax, and lets a longer record alone", async () => {
  const rows = ["1,2\n", "3,4\n", `5,${"x".repeat(20)}\n`, "6,7\n", "8,9"];
  for (const blockBytes of [1, 7, 1000]) {
    assert.deepEqual(
      await texts(`a,b\n${rows.join("")}`, { chunkBytesMax: 8, blockBytes }),
      ["1,2\n3,4\n", rows[2], "6,7\n8,9"],
    );
    assert.deepEqual(
      await texts(`a,b\n${rows.join("")}`, { chunkBytesMax: 6, blockBytes }),
      rows,
    );
  }
});

Deno.test("splitChunks() keeps the line numbers right where chunkBytesMax cuts", async () => {
  const chunks = await split('a,b\n1,"\n"\n\n2,"\n"\n3,4\n', { chunkBytesMax: 7 });
  assert.deepEqual(chunks.map(({ firstLine, rows, firstRow }) => [firstLine, rows, firstRow]), [
    [2, 1, 0],
    [5, 1, 1],
    [7, 1, 2],
  ]);
});

Deno.test("splitChunks() says where a quote was opened that is never closed", async () => {
  const error = await failure('a,b\n1,2\n"x\ny",2\n3,"open\n4,5\n', { blockBytes: 4 });
  assert.equal(error.message, "sample.csv:5: a quote is opened and never closed");
  assert.deepEqual(error.place, { file: "sample.csv", line: 5 });
});

Deno.test("splitChunks() says where a quote was opened that is never closed in the header", async () => {
  const error = await failure('a,"b\n1,2\n');
  assert.equal(error.message, "sample.csv:1: a quote is opened and never closed");
});

Deno.test("splitChunks() stops at a record longer than recordBytesMax", async () => {
  const options = { recordBytesMax: 2 ** 20, blockBytes: 2 ** 18 };
  const quoted = await failure(`a,b\n1,2\n"${"x,\n".repeat(2 ** 19)}`, options);
  assert.equal(quoted.message, "sample.csv:3: a quote is opened and not closed within 1 MiB");
  const plain = await failure(`a,b\n1,2\n${"x".repeat(2 ** 21)}`, options);
  assert.equal(plain.message, "sample.csv:3: the record is longer than 1 MiB");
});

Deno.test("splitChunks() refuses carriage returns as line ends and says what to do", async () => {
  const error = await failure("a,b\r1,2\r3,4\r", { blockBytes: 4 });
  assert.equal(
    error.message,
    'Cannot read "sample.csv": line 1 has a carriage return that no line feed follows',
  );
  assert.match(error.hint ?? "", /tr '\\r' '\\n'/);
});

Deno.test("splitChunks() refuses a delimiter that is no single ASCII character, or is taken", async () => {
  for (const delimiter of ["", ";;", "é", '"', "\n", "\r"]) {
    await assert.rejects(split("a", { dialect: { ...DIALECT, delimiter } }), UsageError);
  }
});

Deno.test("splitChunks() works with other delimiters", async () => {
  for (const delimiter of ["\t", ";", "|", "~", " "]) {
    const dialect = { ...DIALECT, delimiter };
    const text = `a${delimiter}b\n"1\n"${delimiter}"\n2"\n3${delimiter}4\n`;
    const rows = (await split(text, { dialect, rowsPerChunk: 1, blockBytes: 3 })).length;
    assert.equal(rows, 2, JSON.stringify(delimiter));
  }
});

Deno.test("splitChunks() copes with a field of 1 MB and with 10,000 columns", async () => {
  const names = Array.from({ length: 10_000 }, (_, index) => `c${index}`).join(",");
  const record = Array.from({ length: 10_000 }, (_, index) => String(index)).join(",");
  const wide = await split(`${names}\n${record}\n${record}\n`, {
    rowsPerChunk: 1,
    blockBytes: 999,
  });
  assert.deepEqual(wide.map(({ bytes }) => decoder.decode(bytes)), [`${record}\n`, `${record}\n`]);
  const long = `"${"x,\n".repeat(350_000)}",1\n`;
  const [chunk] = await split(`a,b\n${long}2,3\n`, { rowsPerChunk: 1, blockBytes: 65_536 });
  assert.equal(decoder.decode(chunk?.bytes), long);
});

Deno.test("splitChunks() makes the same chunks of any blocks", async () => {
  const piece = fc.constantFrom(",", "\n", "\r\n", '"', '""', "a", "bc", "é", "\r", "1");
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 40 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 3 }),
      async (pieces, blockBytes, rowsPerChunk) => {
        const text = `a,b\n${pieces.join("")}`;
        const run = async (blockBytes: number) => {
          try {
            return (await split(text, { blockBytes, rowsPerChunk })).map((chunk) => ({
              ...chunk,
              bytes: decoder.decode(chunk.bytes),
            }));
          } catch (error) {
            return (error as Error).message;
          }
        };
        assert.deepEqual(await run(blockBytes), await run(1000));
      },
    ),
    { numRuns: 1000 },
  );
});

Deno.test("splitChunks() loses no byte between its chunks", async () => {
  const line = fc.constantFrom("1,2\n", '"x\ny",z\r\n', "\n", '"""",\n', ",\n");
  await fc.assert(fc.asyncProperty(
    fc.array(line, { minLength: 1, maxLength: 30 }),
    fc.integer({ min: 1, max: 4 }),
    fc.integer({ min: 4, max: 30 }),
    async (lines, rowsPerChunk, chunkBytesMax) => {
      const text = `a,b\n${lines.join("")}`;
      const chunks = await split(text, { rowsPerChunk, chunkBytesMax, blockBytes: 5 });
      let byteEnd = 4;
      let rows = 0;
      for (const [index, chunk] of chunks.entries()) {
        assert.equal(chunk.index, index);
        assert.equal(chunk.byteStart, byteEnd);
        assert.equal(chunk.firstRow, rows);
        assert.equal(decoder.decode(chunk.bytes), text.slice(chunk.byteStart, chunk.byteEnd));
        const before = text.slice(0, chunk.byteStart);
        assert.equal(chunk.firstLine, before.split("\n").length);
        byteEnd = chunk.byteEnd;
        rows += chunk.rows;
      }
      assert.equal(rows, lines.filter((text) => text !== "\n").length);
      assert.match(text.slice(byteEnd), /^\n*$/);
    },
  ));
});

Deno.test("splitChunks() closes its source when it is left early", async () => {
  let isClosed = false;
  async function* source() {
    try {
      yield* blocksOf("a,b\n1,2\n3,4\n", 4);
    } finally {
      isClosed = true;
    }
  }
  for await (const _ of splitChunks(source(), { dialect: DIALECT, rowsPerChunk: 1 })) break;
  assert.ok(isClosed);
});
