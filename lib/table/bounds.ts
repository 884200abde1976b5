/**
 * Column bounds in single-value binary form (table spec, Appendix D, "Binary single-value
 * serialization"), truncated as metrics mode `truncate(n)` asks.
 */

/** Default length of truncated bounds: `write.metadata.metrics.default` = `truncate(16)`. */
export const BOUND_LENGTH_DEFAULT = 16;

/** A boolean: one byte. */
export function booleanBound(value: boolean): Uint8Array {
  return Uint8Array.of(value ? 1 : 0);
}

/** An int or date: four bytes, little-endian. */
export function intBound(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value, true);
  return bytes;
}

/** A long, time or timestamp: eight bytes, little-endian. */
export function longBound(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, value, true);
  return bytes;
}

/** A float: four bytes, little-endian. `value` must not be NaN. */
export function floatBound(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return bytes;
}

/** A double: eight bytes, little-endian. `value` must not be NaN. */
export function doubleBound(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return bytes;
}

/** A decimal's unscaled value: two's complement, big-endian, as few bytes as can be. */
export function decimalBound(unscaled: bigint): Uint8Array {
  let length = 1;
  while (BigInt.asIntN(length * 8, unscaled) !== unscaled) length++;
  const bytes = new Uint8Array(length);
  let rest = unscaled;
  for (let index = length - 1; index >= 0; index--) {
    bytes[index] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

/** The first `length` code points of UTF-8 text: not above the text itself. */
export function stringLowerBound(utf8: Uint8Array, length = BOUND_LENGTH_DEFAULT): Uint8Array {
  return utf8.slice(0, endOfCodePoints(utf8, length));
}

/**
 * Text of at most `length` code points that is not below the UTF-8 text given: the text itself
 * when it is short enough, else its beginning with the last code point raised.
 *
 * @returns undefined when no code point of the beginning can be raised.
 */
export function stringUpperBound(
  utf8: Uint8Array,
  length = BOUND_LENGTH_DEFAULT,
): Uint8Array | undefined {
  const end = endOfCodePoints(utf8, length);
  if (end === utf8.length) return utf8.slice();
  const codePoints = Array.from(
    new TextDecoder("utf-8", { ignoreBOM: true }).decode(utf8.subarray(0, end)),
    (character) => character.codePointAt(0)!,
  );
  for (let last = codePoints.length - 1; last >= 0; last--) {
    const raised = nextCodePoint(codePoints[last]!);
    if (raised === undefined) continue;
    const text = String.fromCodePoint(...codePoints.slice(0, last), raised);
    return new TextEncoder().encode(text);
  }
  return undefined;
}

/** The first `length` bytes: not above the value itself. */
export function binaryLowerBound(bytes: Uint8Array, length = BOUND_LENGTH_DEFAULT): Uint8Array {
  return bytes.slice(0, length);
}

/**
 * At most `length` bytes that are not below the value given.
 *
 * @returns undefined when the value is longer and its beginning is all 0xFF.
 */
export function binaryUpperBound(
  bytes: Uint8Array,
  length = BOUND_LENGTH_DEFAULT,
): Uint8Array | undefined {
  if (bytes.length <= length) return bytes.slice();
  for (let last = length - 1; last >= 0; last--) {
    if (bytes[last]! === 0xff) continue;
    const bound = bytes.slice(0, last + 1);
    bound[last] = bound[last]! + 1;
    return bound;
  }
  return undefined;
}

/** Byte position after the first `count` code points, or the length of shorter text. */
function endOfCodePoints(utf8: Uint8Array, count: number): number {
  let seen = 0;
  for (let index = 0; index < utf8.length; index++) {
    const startsCodePoint = (utf8[index]! & 0xc0) !== 0x80;
    if (startsCodePoint && seen++ === count) return index;
  }
  return utf8.length;
}

const SURROGATE_FIRST = 0xd800;
const SURROGATE_LAST = 0xdfff;
const CODE_POINT_LAST = 0x10ffff;

/** Surrogates are no characters of their own, so the one before them is followed by U+E000. */
function nextCodePoint(codePoint: number): number | undefined {
  if (codePoint === CODE_POINT_LAST) return undefined;
  return codePoint + 1 === SURROGATE_FIRST ? SURROGATE_LAST + 1 : codePoint + 1;
}
