// Values in Parquet's PLAIN encoding. Each function leaves nulls out, and returns the address behind
// the last byte.
// @ts-nocheck: another language, which its own compiler checks.
import { bitAt, isValid } from "./bits.ts";
import { copyOver } from "./bytes.ts";

/** Values of a width. */
export function writeFixed(
  values: usize,
  widthBytes: i32,
  validity: usize,
  from: i32,
  to: i32,
  into: usize,
): usize {
  const width = usize(widthBytes);
  if (validity == 0) {
    const length = usize(to - from) * width;
    memory.copy(into, values + usize(from) * width, length);
    return into + length;
  }
  if (width == 8) {
    // Each is written, and the next one over it when it was none.
    for (let row = from; row < to; row++) {
      store<u64>(into, load<u64>(values + (usize(row) << 3)));
      into += usize(bitAt(validity, row)) << 3;
    }
    return into;
  }
  if (width == 4) {
    for (let row = from; row < to; row++) {
      store<u32>(into, load<u32>(values + (usize(row) << 2)));
      into += usize(bitAt(validity, row)) << 2;
    }
    return into;
  }
  for (let row = from; row < to; row++) {
    if (bitAt(validity, row) == 0) continue;
    copyOver(into, values + usize(row) * width, width);
    into += width;
  }
  return into;
}

/** Bytes behind their length. */
export function writeVariable(
  values: usize,
  offsets: usize,
  validity: usize,
  from: i32,
  to: i32,
  into: usize,
): usize {
  let start = load<u32>(offsets + (usize(from) << 2));
  for (let row = from; row < to; row++) {
    const end = load<u32>(offsets + (usize(row) << 2) + 4);
    if (isValid(validity, row)) {
      const length = end - start;
      store<u32>(into, length);
      copyOver(into + 4, values + start, length);
      into += 4 + usize(length);
    }
    start = end;
  }
  return into;
}

/** One bit a value. */
export function writeBits(
  bits: usize,
  validity: usize,
  from: i32,
  to: i32,
  into: usize,
): usize {
  if (validity == 0 && (from & 7) == 0) {
    const length = usize((to - from + 7) >> 3);
    memory.copy(into, bits + (from >> 3), length);
    return into + length;
  }
  let byte = 0;
  let filled = 0;
  for (let row = from; row < to; row++) {
    if (!isValid(validity, row)) continue;
    byte |= bitAt(bits, row) << filled;
    if (++filled == 8) {
      store<u8>(into++, u8(byte));
      byte = filled = 0;
    }
  }
  if (filled > 0) store<u8>(into++, u8(byte));
  return into;
}

/**
 * Decimals of 16 little-endian bytes in the fewest that their precision needs: 4 or 8, or, more
 * than that, the highest byte first.
 */
export function narrowDecimals(values: usize, rows: i32, widthBytes: i32, into: usize): void {
  const width = usize(widthBytes);
  for (let row = 0; row < rows; row++, values += 16, into += width) {
    if (width == 4) store<u32>(into, load<u32>(values));
    else if (width == 8) store<u64>(into, load<u64>(values));
    else {
      for (let byte: usize = 0; byte < width; byte++) {
        store<u8>(into + byte, load<u8>(values + width - 1 - byte));
      }
    }
  }
}
