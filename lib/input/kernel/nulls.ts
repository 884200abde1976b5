// Which fields are null, and how a row is marked so.
// @ts-nocheck: another language, which its own compiler checks.
import {
  COLUMN_NULL_COUNT,
  COLUMN_REQUIRED,
  COLUMN_VALIDITY,
  NULL_TEXTS_FIRST_BYTES,
} from "./layout.ts";

/**
 * Whether a field that is not empty stands for null.
 *
 * @param texts 0 when no text does
 */
// @inline
export function isNullText(texts: usize, start: usize, end: usize): bool {
  return texts != 0 && load<u8>(texts + load<u8>(start)) != 0 && isAmong(texts, start, end);
}

function isAmong(texts: usize, start: usize, end: usize): bool {
  const length = end - start;
  let text = texts + NULL_TEXTS_FIRST_BYTES;
  let textLength = load<usize>(text);
  while (textLength != 0) {
    if (textLength == length && memory.compare(text + 4, start, length) == 0) return true;
    text += 4 + ((textLength + 3) & ~3);
    textLength = load<usize>(text);
  }
  return false;
}

/**
 * Marks a row as null.
 *
 * @returns false when the column is required
 */
export function setNull(column: usize, row: i32): bool {
  if (load<i32>(column, COLUMN_REQUIRED) != 0) return false;
  const at = load<usize>(column, COLUMN_VALIDITY) + (row >> 3);
  store<u8>(at, <u8> (<i32> load<u8>(at) & ~(1 << (row & 7))));
  store<i32>(column, load<i32>(column, COLUMN_NULL_COUNT) + 1, COLUMN_NULL_COUNT);
  return true;
}
