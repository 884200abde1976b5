import assert from "node:assert/strict";
import fc from "fast-check";
import { LineCounter, PIECE_BYTES } from "../../lib/input/count_lines.ts";

const RUNS = { numRuns: 3000 };

const counter = new LineCounter();

function linesOf(bytes: Uint8Array, isAtStart: boolean): { ends: number[]; mayHaveBlank: boolean } {
  const ends: number[] = [];
  let mayHaveBlank = false;
  let begins = isAtStart;
  for (const [at, byte] of bytes.entries()) {
    if (begins && (byte === 0x0a || byte === 0x0d)) mayHaveBlank = true;
    begins = byte === 0x0a;
    if (begins) ends.push(at + 1);
  }
  return { ends, mayHaveBlank };
}

const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 3000 }),
  fc.array(fc.constantFrom(0x0a, 0x0d, 0x0b, 0x8a, 0x00, 0xff, 0x61), { maxLength: 60 })
    .map((bytes) => Uint8Array.from(bytes)),
);

Deno.test("LineCounter.count() counts the line feeds of any bytes, unless there is a quote", () => {
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      const counted = counter.count(bytes, { skipsBlank: false, isAtStart: true });
      assert.equal(counted, bytes.includes(0x22) ? -1 : linesOf(bytes, true).ends.length);
    }),
    RUNS,
  );
});

Deno.test("LineCounter.count() gives up exactly at a quote and where a line begins with a line end", () => {
  fc.assert(
    fc.property(anyBytes, fc.boolean(), (bytes, isAtStart) => {
      const { ends, mayHaveBlank } = linesOf(bytes, isAtStart);
      const counted = counter.count(bytes, { skipsBlank: true, isAtStart });
      assert.equal(counted, mayHaveBlank || bytes.includes(0x22) ? -1 : ends.length);
    }),
    RUNS,
  );
});

Deno.test("LineCounter.endOfLine() tells where each line of the piece ends", () => {
  fc.assert(
    fc.property(anyBytes.map((bytes) => bytes.filter((byte) => byte !== 0x22)), (bytes) => {
      counter.count(bytes, { skipsBlank: false, isAtStart: true });
      for (const [index, end] of linesOf(bytes, true).ends.entries()) {
        assert.equal(counter.endOfLine(index + 1), end);
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("LineCounter.count() takes a whole piece of line feeds, and forgets the piece before", () => {
  const options = { skipsBlank: false, isAtStart: false };
  assert.equal(counter.count(new Uint8Array(PIECE_BYTES).fill(0x0a), options), PIECE_BYTES);
  assert.equal(counter.count(new Uint8Array(3).fill(0x0a), options), 3);
});
