// Where the least and the greatest value of some rows stand.
// @ts-nocheck: another language, which its own compiler checks.
import { bitAt, isValid } from "./bits.ts";
import { compareBytes, prefixOf } from "./bytes.ts";

// How values are ordered; the numbers are those of `EXTREMES_ORDER` in `parquet/cells.ts`.
const ORDER_BIT: i32 = 0;
const ORDER_I32: i32 = 1;
const ORDER_I64: i32 = 2;
const ORDER_F32: i32 = 3;
const ORDER_F64: i32 = 4;
const ORDER_I128: i32 = 5;

/**
 * Stores the rows with the least and the greatest value that is neither null nor NaN as two words,
 * -1 when there is none. Bytes are ordered without a sign.
 */
export function findExtremes(
  order: i32,
  values: usize,
  widthBytes: i32,
  offsets: usize,
  validity: usize,
  from: i32,
  to: i32,
  result: usize,
): void {
  if (order == ORDER_I64) {
    if (validity == 0) return ofNumbers<i64>(values, 0, from, to, result);
    return ofNumbers<i64>(values, validity, from, to, result);
  }
  if (order == ORDER_F64) return ofNumbers<f64>(values, validity, from, to, result);
  if (order == ORDER_I32) return ofNumbers<i32>(values, validity, from, to, result);
  if (order == ORDER_F32) return ofNumbers<f32>(values, validity, from, to, result);
  if (order == ORDER_BIT) return ofBits(values, validity, from, to, result);
  if (order == ORDER_I128) return ofDecimals(values, validity, from, to, result);
  ofBytes(values, widthBytes, offsets, validity, from, to, result);
}

/** As {@link findExtremes}, of some rows that are named, none of which is null. */
export function findExtremesOf(
  order: i32,
  values: usize,
  widthBytes: i32,
  offsets: usize,
  rows: usize,
  count: i32,
  result: usize,
): void {
  let minRow = -1;
  let maxRow = -1;
  for (let index = 0; index < count; index++) {
    const row = load<i32>(rows + (usize(index) << 2));
    // One row alone: none when it is NaN.
    findExtremes(order, values, widthBytes, offsets, 0, row, row + 1, result);
    if (load<i32>(result) == -1) continue;
    if (minRow == -1 || compareRows(order, values, widthBytes, offsets, row, minRow) < 0) {
      minRow = row;
    }
    if (maxRow == -1 || compareRows(order, values, widthBytes, offsets, row, maxRow) > 0) {
      maxRow = row;
    }
  }
  keep(result, minRow, maxRow);
}

function compareRows(
  order: i32,
  values: usize,
  widthBytes: i32,
  offsets: usize,
  one: i32,
  other: i32,
): i32 {
  if (order == ORDER_I32) return compared<i32>(values, one, other);
  if (order == ORDER_I64) return compared<i64>(values, one, other);
  if (order == ORDER_F32) return compared<f32>(values, one, other);
  if (order == ORDER_F64) return compared<f64>(values, one, other);
  if (order == ORDER_I128) {
    const high = compared<i64>(values + 8, one << 1, other << 1);
    return high == 0 ? compared<u64>(values, one << 1, other << 1) : high;
  }
  let start = values + usize(one) * usize(widthBytes);
  let otherStart = values + usize(other) * usize(widthBytes);
  let length = usize(widthBytes);
  let otherLength = length;
  if (offsets != 0) {
    start = values + load<u32>(offsets + (usize(one) << 2));
    length = values + load<u32>(offsets + (usize(one) << 2) + 4) - start;
    otherStart = values + load<u32>(offsets + (usize(other) << 2));
    otherLength = values + load<u32>(offsets + (usize(other) << 2) + 4) - otherStart;
  }
  return compareBytes(start, length, otherStart, otherLength);
}

// @inline
function compared<T>(values: usize, one: i32, other: i32): i32 {
  const left = load<T>(values + usize(one) * sizeof<T>());
  const right = load<T>(values + usize(other) * sizeof<T>());
  return left < right ? -1 : left > right ? 1 : 0;
}

// @inline
function keep(result: usize, min: i32, max: i32): void {
  store<i32>(result, min);
  store<i32>(result + 4, max);
}

// @inline
function ofNumbers<T>(values: usize, validity: usize, from: i32, to: i32, result: usize): void {
  let minRow = -1;
  let maxRow = -1;
  let row = from;
  for (; row < to; row++) {
    const value = load<T>(values + usize(row) * sizeof<T>());
    if (value == value && isValid(validity, row)) break;
  }
  if (row < to) {
    minRow = maxRow = row;
    let least = load<T>(values + usize(row) * sizeof<T>());
    let greatest = least;
    for (row++; row < to; row++) {
      const value = load<T>(values + usize(row) * sizeof<T>());
      // No comparison with NaN is true.
      if (value < least) {
        if (isValid(validity, row)) {
          least = value;
          minRow = row;
        }
      } else if (value > greatest) {
        if (isValid(validity, row)) {
          greatest = value;
          maxRow = row;
        }
      }
    }
  }
  keep(result, minRow, maxRow);
}

function ofBits(bits: usize, validity: usize, from: i32, to: i32, result: usize): void {
  let off = -1;
  let on = -1;
  for (let row = from; row < to && (off == -1 || on == -1); row++) {
    if (!isValid(validity, row)) continue;
    if (bitAt(bits, row) == 0) {
      if (off == -1) off = row;
    } else if (on == -1) on = row;
  }
  keep(result, off == -1 ? on : off, on == -1 ? off : on);
}

/** Two words of 64 bits, the lower one first; the upper one has the sign. */
function ofDecimals(values: usize, validity: usize, from: i32, to: i32, result: usize): void {
  let minRow = -1;
  let maxRow = -1;
  let leastHigh: i64 = 0;
  let leastLow: u64 = 0;
  let greatestHigh: i64 = 0;
  let greatestLow: u64 = 0;
  for (let row = from; row < to; row++) {
    if (!isValid(validity, row)) continue;
    const low = load<u64>(values + (usize(row) << 4));
    const high = load<i64>(values + (usize(row) << 4) + 8);
    if (minRow == -1 || high < leastHigh || (high == leastHigh && low < leastLow)) {
      minRow = row;
      leastHigh = high;
      leastLow = low;
    }
    if (maxRow == -1 || high > greatestHigh || (high == greatestHigh && low > greatestLow)) {
      maxRow = row;
      greatestHigh = high;
      greatestLow = low;
    }
  }
  keep(result, minRow, maxRow);
}

/** The first eight bytes settle most comparisons. */
function ofBytes(
  values: usize,
  widthBytes: i32,
  offsets: usize,
  validity: usize,
  from: i32,
  to: i32,
  result: usize,
): void {
  let minRow = -1;
  let maxRow = -1;
  let least: u64 = 0;
  let greatest: u64 = 0;
  let leastAt: usize = 0;
  let leastLength: usize = 0;
  let greatestAt: usize = 0;
  let greatestLength: usize = 0;
  for (let row = from; row < to; row++) {
    if (!isValid(validity, row)) continue;
    let start = values + usize(row) * usize(widthBytes);
    let length = usize(widthBytes);
    if (offsets != 0) {
      const cut = load<u32>(offsets + (usize(row) << 2));
      length = load<u32>(offsets + (usize(row) << 2) + 4) - cut;
      start = values + cut;
    }
    const prefix = prefixOf(start, length);
    if (
      minRow == -1 || prefix < least ||
      (prefix == least && compareBytes(start, length, leastAt, leastLength) < 0)
    ) {
      minRow = row;
      least = prefix;
      leastAt = start;
      leastLength = length;
    }
    if (
      maxRow == -1 || prefix > greatest ||
      (prefix == greatest && compareBytes(start, length, greatestAt, greatestLength) > 0)
    ) {
      maxRow = row;
      greatest = prefix;
      greatestAt = start;
      greatestLength = length;
    }
  }
  keep(result, minRow, maxRow);
}
