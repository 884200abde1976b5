// Columns of whole numbers.
// @ts-nocheck: another language, which its own compiler checks.
import { NO_NUMBER, wholeNumber } from "./digits.ts";
import { fieldOf, valueOf } from "./fields.ts";
import { BATCH_ROWS, BATCH_STRIDE, COLUMN_NULL_TEXTS, COLUMN_ROWS } from "./layout.ts";
import { isNullText, setNull } from "./nulls.ts";

const QUOTE: u8 = 0x22;
const MINUS: u8 = 0x2d;
const INT_MAX: i64 = 0x7fffffff;

/**
 * Parses the fields of a batch to 64-bit integers.
 *
 * @param from row of the batch to start at
 * @returns the first row whose field needs a closer look, or the number of rows
 */
export function parseLongs(column: usize, batch: usize, from: i32): i32 {
  const rows = load<i32>(batch, BATCH_ROWS);
  const stride = load<usize>(batch, BATCH_STRIDE);
  const texts = load<usize>(column, COLUMN_NULL_TEXTS);
  const base = load<i32>(column, COLUMN_ROWS);
  let field = fieldOf(column, batch, from);
  let to = valueOf(column, from, 8);
  for (let row = from; row < rows; row++, field += stride, to += 8) {
    let start = load<usize>(field);
    let end = load<usize>(field, 4);
    if (start == end || isNullText(texts, start, end)) {
      if (!setNull(column, base + row)) return row;
      store<i64>(to, 0);
      continue;
    }
    if (load<u8>(start) == QUOTE) {
      start++;
      end--;
    }
    const negative = <i64> (load<u8>(start) == MINUS);
    const value = wholeNumber(start + <usize> negative, end);
    if (value == NO_NUMBER) return row;
    // The complement and one more, where it is negative.
    store<i64>(to, (value ^ -negative) + negative);
  }
  return rows;
}

/** Parses the fields of a batch to 32-bit integers, as {@link parseLongs} does. */
export function parseInts(column: usize, batch: usize, from: i32): i32 {
  const rows = load<i32>(batch, BATCH_ROWS);
  const stride = load<usize>(batch, BATCH_STRIDE);
  const texts = load<usize>(column, COLUMN_NULL_TEXTS);
  const base = load<i32>(column, COLUMN_ROWS);
  let field = fieldOf(column, batch, from);
  let to = valueOf(column, from, 4);
  for (let row = from; row < rows; row++, field += stride, to += 4) {
    let start = load<usize>(field);
    let end = load<usize>(field, 4);
    if (start == end || isNullText(texts, start, end)) {
      if (!setNull(column, base + row)) return row;
      store<i32>(to, 0);
      continue;
    }
    if (load<u8>(start) == QUOTE) {
      start++;
      end--;
    }
    const negative = <i32> (load<u8>(start) == MINUS);
    const value = wholeNumber(start + negative, end);
    if (value == NO_NUMBER || value > INT_MAX) return row;
    store<i32>(to, (<i32> value ^ -negative) + negative);
  }
  return rows;
}
