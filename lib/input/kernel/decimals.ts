// Columns of decimals: 128-bit unscaled integers.
// @ts-nocheck: another language, which its own compiler checks.
import { NO_NUMBER, wholeNumber } from "./digits.ts";
import { fieldOf, valueOf } from "./fields.ts";
import {
  BATCH_ROWS,
  BATCH_STRIDE,
  COLUMN_NULL_TEXTS,
  COLUMN_PARAMETER,
  COLUMN_PARAMETER_2,
  COLUMN_ROWS,
} from "./layout.ts";
import { isNullText, setNull } from "./nulls.ts";
import { lastDigits, pointLane, POWERS_OF_TEN } from "./point.ts";

const QUOTE: u8 = 0x22;
const MINUS: u8 = 0x2d;
/** Digits that any 63-bit number may have. */
const DIGITS_MAX = 18;

/** Parses the fields of a batch to decimals, as `parseLongs` does to integers. */
export function parseDecimals(column: usize, batch: usize, from: i32): i32 {
  const rows = load<i32>(batch, BATCH_ROWS);
  const stride = load<usize>(batch, BATCH_STRIDE);
  const texts = load<usize>(column, COLUMN_NULL_TEXTS);
  const base = load<i32>(column, COLUMN_ROWS);
  const scale = load<i32>(column, COLUMN_PARAMETER);
  const precision = load<i32>(column, COLUMN_PARAMETER_2);
  const digitsMax = min(DIGITS_MAX, precision);
  let field = fieldOf(column, batch, from);
  let to = valueOf(column, from, 16);
  for (let row = from; row < rows; row++, field += stride, to += 16) {
    let start = load<usize>(field);
    let end = load<usize>(field, 4);
    if (start == end || isNullText(texts, start, end)) {
      if (!setNull(column, base + row)) return row;
      store<i64>(to, 0);
      store<i64>(to, 0, 8);
      continue;
    }
    if (load<u8>(start) == QUOTE) {
      start++;
      end--;
    }
    const negative = <i64> (load<u8>(start) == MINUS);
    const first = start + <usize> negative;
    const count = <i32> (end - first);
    const bytes = v128.load(end - 16);
    const point = pointLane(bytes, count);
    const isThere = <i32> (point >= 0);
    const digits = count - isThere;
    const shift = scale - ((15 - point) & -isThere);
    // Zeros in front count, too: who writes more than fit is looked at closely.
    if (shift < 0 || digits + shift > digitsMax || digits == 0) return row;
    let value: i64;
    if (count <= 16) {
      value = lastDigits(bytes, point, digits);
      if (value == NO_NUMBER) return row;
    } else {
      const low = lastDigits(bytes, point, 16 - isThere);
      const high = wholeNumber(first, end - 16);
      if (low == NO_NUMBER || high == NO_NUMBER) return row;
      value = high * load<i64>(POWERS_OF_TEN + ((16 - isThere) << 3)) + low;
    }
    value *= load<i64>(POWERS_OF_TEN + (shift << 3));
    value = (value ^ -negative) + negative;
    store<i64>(to, value);
    store<i64>(to, value >> 63, 8);
  }
  return rows;
}
