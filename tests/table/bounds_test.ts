import assert from "node:assert/strict";
import fc from "fast-check";
import {
  binaryLowerBound,
  binaryUpperBound,
  booleanBound,
  BOUND_LENGTH_DEFAULT,
  decimalBound,
  doubleBound,
  floatBound,
  intBound,
  longBound,
  stringLowerBound,
  stringUpperBound,
} from "../../lib/table/bounds.ts";
import { hex } from "../input/csv_support.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Any text of Unicode, and often such code points as are hard to raise. */
const TEXT = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.array(
    fc.constantFrom("a", "\u{7f}", "\u{7ff}", "\u{d7ff}", "\u{e000}", "\u{ffff}", "\u{10ffff}"),
    {
      maxLength: 24,
    },
  ).map((characters) => characters.join("")),
);
const BYTES = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.array(fc.constantFrom(0, 0x7f, 0x80, 0xfe, 0xff), { maxLength: 24 }).map((bytes) =>
    Uint8Array.from(bytes)
  ),
);

function codePoints(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0)!);
}

/** Order of sequences, item by item; a beginning comes before the whole. */
function compare(one: ArrayLike<number>, other: ArrayLike<number>): number {
  for (let at = 0; at < Math.min(one.length, other.length); at++) {
    if (one[at] !== other[at]) return one[at]! - other[at]!;
  }
  return one.length - other.length;
}

Deno.test("stringLowerBound() is a beginning of the text, at most 16 code points long", () => {
  fc.assert(fc.property(TEXT, (text) => {
    const bound = decoder.decode(stringLowerBound(encoder.encode(text)));
    assert.equal(codePoints(bound).length, Math.min(codePoints(text).length, 16));
    assert.ok(text.startsWith(bound));
  }));
});

Deno.test("stringUpperBound() is not below the text in the order of code points and of bytes", () => {
  fc.assert(fc.property(TEXT, fc.integer({ min: 1, max: 20 }), (text, length) => {
    const bound = stringUpperBound(encoder.encode(text), length);
    const beginning = codePoints(text).slice(0, length);
    if (bound === undefined) {
      assert.ok(codePoints(text).length > length);
      assert.ok(beginning.every((codePoint) => codePoint === 0x10ffff));
      return;
    }
    const boundText = decoder.decode(bound);
    assert.ok(codePoints(boundText).length <= length);
    assert.ok(compare(codePoints(boundText), codePoints(text)) >= 0);
    assert.ok(compare(bound, encoder.encode(text)) >= 0);
  }));
});

Deno.test("stringUpperBound() keeps text of 16 code points, however many bytes they take", () => {
  for (const text of ["", "a", "𝔘".repeat(16), "\u{10ffff}".repeat(16)]) {
    assert.equal(decoder.decode(stringUpperBound(encoder.encode(text))), text);
  }
});

Deno.test("stringUpperBound() raises the last code point that it keeps", () => {
  const upper = (text: string) => stringUpperBound(encoder.encode(text), 3);
  assert.equal(decoder.decode(upper("abcd")), "abd");
  assert.equal(decoder.decode(upper("a\u{7f}\u{7f}z")), "a\u{7f}\u{80}");
  assert.equal(decoder.decode(upper("ab\u{10ffff}z")), "ac");
  assert.equal(decoder.decode(upper("a\u{10ffff}\u{10ffff}z")), "b");
});

Deno.test("stringUpperBound() steps over the surrogates", () => {
  assert.equal(decoder.decode(stringUpperBound(encoder.encode("a\u{d7ff}b"), 2)), "a\u{e000}");
});

Deno.test("stringUpperBound() keeps a byte order mark at the beginning of text", () => {
  const text = "\u{feff}abc";
  assert.equal(decoder.decode(stringUpperBound(encoder.encode(text), 2)), "\u{feff}b");
  assert.equal(decoder.decode(stringLowerBound(encoder.encode(text), 2)), "\u{feff}a");
});

Deno.test("stringUpperBound() gives none when every code point is the last one", () => {
  assert.equal(stringUpperBound(encoder.encode("\u{10ffff}".repeat(17))), undefined);
});

Deno.test("binaryLowerBound() is a beginning of the bytes, at most 16 long", () => {
  fc.assert(fc.property(BYTES, (bytes) => {
    assert.deepEqual(binaryLowerBound(bytes), bytes.slice(0, BOUND_LENGTH_DEFAULT));
  }));
});

Deno.test("binaryUpperBound() is not below the bytes, and none only when all kept are 0xFF", () => {
  fc.assert(fc.property(BYTES, fc.integer({ min: 1, max: 20 }), (bytes, length) => {
    const bound = binaryUpperBound(bytes, length);
    if (bound === undefined) {
      assert.ok(bytes.length > length);
      assert.ok(bytes.subarray(0, length).every((byte) => byte === 0xff));
      return;
    }
    assert.ok(bound.length <= length);
    assert.ok(compare(bound, bytes) >= 0);
  }));
});

Deno.test("binaryUpperBound() leaves out the 0xFF behind the byte that it raises", () => {
  assert.equal(hex(binaryUpperBound(Uint8Array.of(1, 0xff, 0xff, 0), 3)!), "02");
  assert.equal(binaryUpperBound(Uint8Array.of(0xff, 0xff, 0), 2), undefined);
  assert.equal(hex(binaryUpperBound(Uint8Array.of(0xff, 0xff), 2)!), "ffff");
});

Deno.test("the bounds are copies, not views of the values", () => {
  const bytes = Uint8Array.of(1, 2);
  const bounds = [stringLowerBound, stringUpperBound, binaryLowerBound, binaryUpperBound]
    .map((bound) => bound(bytes)!);
  bytes.fill(9);
  for (const bound of bounds) assert.equal(hex(bound), "0102");
});

const DECIMAL = fc.oneof(
  fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }),
  // Beside the powers of two the count of bytes changes.
  fc.tuple(fc.integer({ min: 0, max: 126 }), fc.integer({ min: -2, max: 2 }), fc.boolean())
    .map(([power, offset, negative]) => {
      const value = (1n << BigInt(power)) + BigInt(offset);
      return negative ? -value : value;
    }),
);

Deno.test("decimalBound() is the big-endian two's complement of the fewest bytes", () => {
  fc.assert(fc.property(DECIMAL, (unscaled) => {
    const bytes = decimalBound(unscaled);
    const read = (from: number) => {
      const text = hex(bytes.subarray(from));
      return BigInt.asIntN((bytes.length - from) * 8, BigInt(`0x${text}`));
    };
    assert.equal(read(0), unscaled);
    if (bytes.length > 1) assert.notEqual(read(1), unscaled);
  }));
});

Deno.test("decimalBound() knows the borders of one and two bytes", () => {
  const expected: Array<[bigint, string]> = [
    [0n, "00"],
    [-1n, "ff"],
    [127n, "7f"],
    [128n, "0080"],
    [-128n, "80"],
    [-129n, "ff7f"],
    [32767n, "7fff"],
    [32768n, "008000"],
  ];
  for (const [unscaled, bytes] of expected) assert.equal(hex(decimalBound(unscaled)), bytes);
});

Deno.test("the bounds of fixed width are little-endian", () => {
  assert.equal(hex(booleanBound(true)), "01");
  assert.equal(hex(booleanBound(false)), "00");
  assert.equal(hex(intBound(-2)), "feffffff");
  assert.equal(hex(intBound(0x01020304)), "04030201");
  assert.equal(hex(longBound(0x0102030405060708n)), "0807060504030201");
  assert.equal(hex(longBound(-(2n ** 63n))), "0000000000000080");
  assert.equal(hex(floatBound(1.5)), "0000c03f");
  assert.equal(hex(floatBound(-0)), "00000080");
  assert.equal(hex(doubleBound(-2.25)), "00000000000002c0");
  assert.equal(hex(doubleBound(0)), "0000000000000000");
});
