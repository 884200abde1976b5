import assert from "node:assert/strict";
import fc from "fast-check";
import { sharedWorkspace } from "../../lib/input/parse_kernel.ts";

/** Checks `bytes[start, end)` in the kernels' memory, where the bytes behind them are no zeros. */
function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  const { memory, kernel } = sharedWorkspace();
  memory.reset();
  const at = memory.allocate(bytes.length + 16);
  memory.bytes.fill(0x80, at, at + bytes.length + 16).set(bytes, at);
  return kernel.isUtf8(at + start, at + end) !== 0;
}

function decodes(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

Deno.test("isUtf8() agrees with the platform's decoder on random bytes", () => {
  // Bytes at the borders of the table of well-formed sequences, so that both answers come often.
  const border = fc.constantFrom(
    ...[0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf],
    ...[0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff],
  );
  fc.assert(
    fc.property(fc.array(border, { maxLength: 6 }), (list) => {
      const bytes = Uint8Array.from(list);
      assert.equal(isUtf8(bytes, 0, bytes.length), decodes(bytes));
    }),
    { numRuns: 20_000 },
  );
});

Deno.test("isUtf8() takes every well-formed text", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    const bytes = new TextEncoder().encode(text);
    assert.ok(isUtf8(bytes, 0, bytes.length));
  }));
});

Deno.test("isUtf8() looks at no byte behind the end", () => {
  const bytes = new TextEncoder().encode("aé");
  assert.equal(isUtf8(bytes, 0, 1), true);
  assert.equal(isUtf8(bytes, 0, 2), false);
});
