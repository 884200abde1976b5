// How the base runtime is cut out of an executable that `deno compile` has made.

import assert from "node:assert/strict";
import { elfLength } from "../../tools/fallback_runtime.ts";

function elfHeader(
  fields: { readonly shoff: bigint; readonly shentsize: number; readonly shnum: number },
): Uint8Array {
  const bytes = new Uint8Array(64);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
  view.setBigUint64(0x28, fields.shoff, true);
  view.setUint16(0x3a, fields.shentsize, true);
  view.setUint16(0x3c, fields.shnum, true);
  return bytes;
}

Deno.test("elfLength() is the end of the section header table", () => {
  assert.equal(elfLength(elfHeader({ shoff: 91_000_000n, shentsize: 64, shnum: 30 })), 91_001_920);
});

Deno.test("elfLength() reads a header that starts inside a larger buffer", () => {
  const whole = new Uint8Array(100);
  whole.set(elfHeader({ shoff: 1000n, shentsize: 64, shnum: 2 }), 36);
  assert.equal(elfLength(whole.subarray(36)), 1128);
});

Deno.test("elfLength() refuses what is no little-endian 64-bit ELF file", () => {
  assert.throws(() => elfLength(new Uint8Array(64)), /not a little-endian 64-bit ELF file/);
  assert.throws(() => elfLength(new Uint8Array(10)), /not a little-endian 64-bit ELF file/);
  const bits32 = elfHeader({ shoff: 0n, shentsize: 0, shnum: 0 });
  bits32[4] = 1;
  assert.throws(() => elfLength(bits32), /not a little-endian 64-bit ELF file/);
});
