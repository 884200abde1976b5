// Counts of nulls and of NaN.
// @ts-nocheck: another language, which its own compiler checks.
import { isValid } from "./bits.ts";

/** Rows of a bitmap whose bit is not set. */
export function countNulls(validity: usize, from: i32, to: i32): i32 {
  let set = 0;
  let row = from;
  while (row < to && (row & 7) != 0) set += i32(isValid(validity, row++));
  for (; row + 64 <= to; row += 64) set += i32(popcnt<u64>(load<u64>(validity + (row >> 3))));
  while (row < to) set += i32(isValid(validity, row++));
  return to - from - set;
}

/** Values that are NaN; a null's slot is zero, so it is never counted. */
export function countNans(values: usize, widthBytes: i32, rows: i32): i32 {
  return widthBytes == 8 ? nansOf<f64>(values, rows) : nansOf<f32>(values, rows);
}

// @inline
function nansOf<T>(values: usize, rows: i32): i32 {
  let count = 0;
  for (let row = 0; row < rows; row++) {
    const value = load<T>(values + usize(row) * sizeof<T>());
    count += i32(value != value);
  }
  return count;
}
