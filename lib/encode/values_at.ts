/** Single values of a parsed column, for bounds and statistics. None is to be read where null is. */
import type { ParsedColumn } from "../input/columns.ts";

/** Of a boolean column. */
export function booleanAt(parsed: ParsedColumn, row: number): boolean {
  return ((parsed.values as Uint8Array)[row >> 3]! & (1 << (row & 7))) !== 0;
}

/** Of an int, date, float or double column. */
export function numberAt(parsed: ParsedColumn, row: number): number {
  return (parsed.values as Int32Array | Float32Array | Float64Array)[row]!;
}

/** Of a decimal column, unscaled: four little-endian words are its two's complement. */
export function decimalAt(parsed: ParsedColumn, row: number): bigint {
  const words = parsed.values as Uint32Array;
  let value = 0n;
  for (let word = 3; word >= 0; word--) value = (value << 32n) | BigInt(words[row * 4 + word]!);
  return BigInt.asIntN(128, value);
}

/** Of a string, binary, uuid or fixed column; a view. */
export function bytesAt(parsed: ParsedColumn, row: number): Uint8Array {
  const values = parsed.values as Uint8Array;
  const { offsets, length } = parsed;
  if (offsets !== undefined) return values.subarray(offsets[row], offsets[row + 1]);
  const width = values.length / length;
  return values.subarray(row * width, (row + 1) * width);
}
