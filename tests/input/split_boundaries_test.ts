/** Chunks that must end where chunks of an earlier run ended. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { InputError } from "../../lib/errors.ts";
import { type RawChunk, splitChunks } from "../../lib/input/split.ts";

const DIALECT = { delimiter: ",", nullValues: [], hasHeader: true };
const HEADER = "a,b\n";

async function split(
  text: string,
  options: {
    readonly boundaries: readonly number[];
    readonly rowsPerChunk: number;
    readonly blockBytes?: number;
  },
): Promise<RawChunk[]> {
  const { blockBytes = 1 << 16, ...rest } = options;
  const bytes = new TextEncoder().encode(text);
  async function* blocks() {
    for (let at = 0; at < bytes.length; at += blockBytes) {
      yield await Promise.resolve(bytes.slice(at, at + blockBytes));
    }
  }
  return await Array.fromAsync(splitChunks(blocks(), { dialect: DIALECT, file: "f.csv", ...rest }));
}

function textOf(chunks: readonly RawChunk[]): string {
  return chunks.map(({ bytes }) => new TextDecoder().decode(bytes)).join("");
}

/** Records of every kind: quoted, with line feeds inside, short and long, with CR LF. */
const record = fc.oneof(
  fc.tuple(fc.nat(999), fc.string({ unit: fc.constantFrom("x", "é", " "), maxLength: 6 }))
    .map(([id, name]) => `${id},${name}\n`),
  fc.nat(99).map((id) => `${id},"a\nb ""c"" ${id}"\r\n`),
  fc.constant('"",\n'),
);

const input = fc.record({
  records: fc.array(record, { minLength: 1, maxLength: 40 }),
  picks: fc.array(fc.nat(40), { maxLength: 12 }),
  rowsPerChunk: fc.integer({ min: 1, max: 15 }),
  blockBytes: fc.integer({ min: 1, max: 60 }),
});

Deno.test("splitChunks() with any boundaries at record ends gives the same rows, and ends a chunk at each", async () => {
  await fc.assert(
    fc.asyncProperty(input, async ({ records, picks, rowsPerChunk, blockBytes }) => {
      const text = HEADER + records.join("");
      const bytesOf = (part: string) => new TextEncoder().encode(part).length;
      const ends = records.map((_, at) =>
        bytesOf(HEADER) + bytesOf(records.slice(0, at + 1).join(""))
      );
      // The start of the data may stand among them, too.
      const offsets = [bytesOf(HEADER), ...ends];
      const boundaries = [...new Set(picks.map((pick) => offsets[pick % offsets.length]!))]
        .sort((one, other) => one - other);
      const chunks = await split(text, { boundaries, rowsPerChunk, blockBytes });
      assert.equal(textOf(chunks), records.join(""));
      assert.equal(chunks.reduce((sum, { rows }) => sum + rows, 0), records.length);
      let row = 0;
      let at = bytesOf(HEADER);
      for (const chunk of chunks) {
        assert.ok(chunk.rows >= 1 && chunk.rows <= rowsPerChunk);
        assert.equal(chunk.byteStart, at);
        assert.equal(chunk.firstRow, row);
        assert.equal(chunk.byteEnd - chunk.byteStart, chunk.bytes.length);
        const lines = new TextDecoder().decode(new TextEncoder().encode(text).slice(0, at));
        assert.equal(chunk.firstLine, lines.split("\n").length);
        at = chunk.byteEnd;
        row += chunk.rows;
      }
      const chunkEnds = new Set(chunks.map(({ byteEnd }) => byteEnd));
      for (const boundary of boundaries) {
        assert.ok(boundary === bytesOf(HEADER) || chunkEnds.has(boundary), `${boundary}`);
      }
    }),
  );
});

Deno.test("splitChunks() with the boundaries of its own chunks cuts the same again, whatever the size asked for", async () => {
  await fc.assert(
    fc.asyncProperty(input, async ({ records, rowsPerChunk, blockBytes }) => {
      const text = HEADER + records.join("");
      const chunks = await split(text, { boundaries: [], rowsPerChunk });
      const boundaries = chunks.flatMap(({ byteStart, byteEnd }) => [byteStart, byteEnd]);
      const unique = [...new Set(boundaries)].sort((one, other) => one - other);
      const again = await split(text, { boundaries: unique, rowsPerChunk: 1000, blockBytes });
      assert.deepEqual(again, chunks);
    }),
  );
});

Deno.test("splitChunks() refuses a boundary within a record, and names its line", async () => {
  const records = ["1,a\n", '2,"x\ny"\n', "3,c\n", "4,d"];
  const text = HEADER + records.join("");
  const ends = new Set([HEADER.length, text.length]);
  let at = HEADER.length;
  for (const one of records) ends.add(at += one.length);
  for (let boundary = HEADER.length + 1; boundary < text.length; boundary++) {
    for (const rowsPerChunk of [1, 2, 100]) {
      const splitting = split(text, { boundaries: [boundary], rowsPerChunk, blockBytes: 3 });
      if (ends.has(boundary)) {
        assert.equal(textOf(await splitting), records.join(""));
        continue;
      }
      await assert.rejects(splitting, (error) => {
        assert.ok(error instanceof InputError);
        assert.match(error.message, new RegExp(`no record ends at byte ${boundary}`));
        const line = boundary < 8 ? 2 : boundary < 16 ? 3 : boundary < 20 ? 5 : 6;
        assert.equal(error.place.line, line, `boundary ${boundary}`);
        return true;
      });
    }
  }
});

Deno.test("splitChunks() does not mind boundaries before the data or behind the end", async () => {
  const chunks = await split(`${HEADER}1,a\n2,b\n`, {
    boundaries: [0, 2, 4, 999],
    rowsPerChunk: 9,
  });
  assert.equal(chunks.length, 1);
  assert.equal(chunks[0]?.rows, 2);
});
