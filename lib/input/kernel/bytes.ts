// Columns of bytes: string, binary, uuid and fixed.
// @ts-nocheck: another language, which its own compiler checks.
import { fieldOf, valueOf } from "./fields.ts";
import {
  BATCH_ROWS,
  BATCH_STRIDE,
  COLUMN_EMPTY_IS_NULL,
  COLUMN_NEEDS_ROOM,
  COLUMN_NULL_TEXTS,
  COLUMN_OFFSETS,
  COLUMN_PARAMETER,
  COLUMN_ROOM,
  COLUMN_ROWS,
  COLUMN_USED,
  COLUMN_VALUES,
} from "./layout.ts";
import { isNullText, setNull } from "./nulls.ts";
import { isUtf8 } from "./utf8.ts";

const QUOTE: u8 = 0x22;
const DASH: u8 = 0x2d;
const ZERO: u8 = 0x30;
const LETTER_A: u8 = 0x61;
const SMALL_LETTER: u8 = 0x20;

const UUID_CHARS = 36;
const UUID_BYTES = 16;

/** Bytes that the fields of a column have in a batch, quotes counted in. */
export function fieldBytes(column: usize, batch: usize): u32 {
  const rows = load<i32>(batch, BATCH_ROWS);
  const stride = load<usize>(batch, BATCH_STRIDE);
  let field = fieldOf(column, batch, 0);
  let bytes: u32 = 0;
  for (let row = 0; row < rows; row++, field += stride) {
    bytes += load<u32>(field, 4) - load<u32>(field);
  }
  return bytes;
}

/**
 * Copies the fields of a batch, quotes taken off, as `parseLongs` parses integers. It stops at what
 * is not UTF-8, and where there is no more room.
 */
export function parseStrings(column: usize, batch: usize, from: i32): i32 {
  const rows = load<i32>(batch, BATCH_ROWS);
  const stride = load<usize>(batch, BATCH_STRIDE);
  const texts = load<usize>(column, COLUMN_NULL_TEXTS);
  const emptyIsNull = load<i32>(column, COLUMN_EMPTY_IS_NULL) != 0;
  const base = load<i32>(column, COLUMN_ROWS);
  const values = load<usize>(column, COLUMN_VALUES);
  const room = values + load<usize>(column, COLUMN_ROOM);
  const quotes = i8x16.splat(QUOTE);
  let field = fieldOf(column, batch, from);
  let offset = load<usize>(column, COLUMN_OFFSETS) + <usize> (base + from) * 4 + 4;
  let to = values + load<usize>(column, COLUMN_USED);
  let row = from;
  for (; row < rows; row++, field += stride, offset += 4) {
    let start = load<usize>(field);
    let end = load<usize>(field, 4);
    const isNull = start == end ? emptyIsNull : isNullText(texts, start, end);
    if (isNull) {
      if (!setNull(column, base + row)) break;
    } else {
      if (to + (end - start) > room) {
        store<i32>(column, 1, COLUMN_NEEDS_ROOM);
        break;
      }
      if (start < end && load<u8>(start) == QUOTE) {
        start++;
        end--;
        const toStart = to;
        while (start < end) {
          const bytes = v128.load(start);
          v128.store(to, bytes);
          const length = <usize> ctz(i8x16.bitmask(i8x16.eq(bytes, quotes)) | 0x10000);
          const left = end - start;
          if (length >= left) {
            to += min<usize>(left, 16);
            start += min<usize>(left, 16);
          } else if (length == 16) {
            start += 16;
            to += 16;
          } else {
            // A quote stands for itself and the one behind it.
            start += length + 2;
            to += length + 1;
          }
        }
        if (!isUtf8(toStart, to)) {
          to = toStart;
          break;
        }
      } else {
        const toStart = to;
        const length = end - start;
        let at: usize = 0;
        let highBits = 0;
        while (at + 16 < length) {
          const bytes = v128.load(start + at);
          highBits |= i8x16.bitmask(bytes);
          v128.store(to + at, bytes);
          at += 16;
        }
        const bytes = v128.load(start + at);
        highBits |= i8x16.bitmask(bytes) & ((1 << <i32> (length - at)) - 1);
        v128.store(to + at, bytes);
        if (highBits != 0 && !isUtf8(start, end)) {
          to = toStart;
          break;
        }
        to += length;
      }
    }
    store<i32>(offset, <i32> (to - values));
  }
  store<usize>(column, to - values, COLUMN_USED);
  return row;
}

/** Value of a hex digit; more than 15 for any other byte. */
// @inline
function hexDigit(byte: u32): u32 {
  const digit = byte - ZERO;
  const letter = (byte | SMALL_LETTER) - LETTER_A;
  return digit < 10 ? digit : letter < 6 ? letter + 10 : 0x100;
}

/** Writes so many bytes from hex digits; false when one is no hex digit. */
// @inline
function storeHex(start: usize, to: usize, length: usize): bool {
  let seen: u32 = 0;
  for (let at: usize = 0; at < length; at++) {
    const value = (hexDigit(load<u8>(start + 2 * at)) << 4) |
      hexDigit(load<u8>(start + 2 * at, 1));
    seen |= value;
    store<u8>(to + at, value);
  }
  return seen < 0x100;
}

/** Parses the fields of a batch from hex to bytes of any number, as {@link parseStrings} does. */
export function parseBinaries(column: usize, batch: usize, from: i32): i32 {
  const rows = load<i32>(batch, BATCH_ROWS);
  const stride = load<usize>(batch, BATCH_STRIDE);
  const texts = load<usize>(column, COLUMN_NULL_TEXTS);
  const base = load<i32>(column, COLUMN_ROWS);
  const values = load<usize>(column, COLUMN_VALUES);
  const room = values + load<usize>(column, COLUMN_ROOM);
  let field = fieldOf(column, batch, from);
  let offset = load<usize>(column, COLUMN_OFFSETS) + <usize> (base + from) * 4 + 4;
  let to = values + load<usize>(column, COLUMN_USED);
  let row = from;
  for (; row < rows; row++, field += stride, offset += 4) {
    let start = load<usize>(field);
    let end = load<usize>(field, 4);
    if (start == end || isNullText(texts, start, end)) {
      if (!setNull(column, base + row)) break;
    } else {
      if (to + (end - start) > room) {
        store<i32>(column, 1, COLUMN_NEEDS_ROOM);
        break;
      }
      if (load<u8>(start) == QUOTE) {
        start++;
        end--;
      }
      const length = (end - start) >> 1;
      if (((end - start) & 1) != 0 || !storeHex(start, to, length)) break;
      to += length;
    }
    store<i32>(offset, <i32> (to - values));
  }
  store<usize>(column, to - values, COLUMN_USED);
  return row;
}

/** Parses the fields of a batch from hex to bytes of one number, as `parseLongs` does to integers. */
export function parseFixed(column: usize, batch: usize, from: i32): i32 {
  const rows = load<i32>(batch, BATCH_ROWS);
  const stride = load<usize>(batch, BATCH_STRIDE);
  const texts = load<usize>(column, COLUMN_NULL_TEXTS);
  const base = load<i32>(column, COLUMN_ROWS);
  const length = load<usize>(column, COLUMN_PARAMETER);
  let field = fieldOf(column, batch, from);
  let to = valueOf(column, from, length);
  for (let row = from; row < rows; row++, field += stride, to += length) {
    let start = load<usize>(field);
    let end = load<usize>(field, 4);
    if (start == end || isNullText(texts, start, end)) {
      if (!setNull(column, base + row)) return row;
      memory.fill(to, 0, length);
      continue;
    }
    if (load<u8>(start) == QUOTE) {
      start++;
      end--;
    }
    if (end - start != 2 * length || !storeHex(start, to, length)) return row;
  }
  return rows;
}

/** Parses the fields of a batch from uuids in their usual form, as `parseLongs` does to integers. */
export function parseUuids(column: usize, batch: usize, from: i32): i32 {
  const rows = load<i32>(batch, BATCH_ROWS);
  const stride = load<usize>(batch, BATCH_STRIDE);
  const texts = load<usize>(column, COLUMN_NULL_TEXTS);
  const base = load<i32>(column, COLUMN_ROWS);
  let field = fieldOf(column, batch, from);
  let to = valueOf(column, from, UUID_BYTES);
  for (let row = from; row < rows; row++, field += stride, to += UUID_BYTES) {
    let start = load<usize>(field);
    let end = load<usize>(field, 4);
    if (start == end || isNullText(texts, start, end)) {
      if (!setNull(column, base + row)) return row;
      v128.store(to, i64x2.splat(0));
      continue;
    }
    if (load<u8>(start) == QUOTE) {
      start++;
      end--;
    }
    const isUuid = end - start == UUID_CHARS &&
      load<u8>(start, 8) == DASH && load<u8>(start, 13) == DASH &&
      load<u8>(start, 18) == DASH && load<u8>(start, 23) == DASH &&
      storeHex(start, to, 4) && storeHex(start + 9, to + 4, 2) &&
      storeHex(start + 14, to + 6, 2) && storeHex(start + 19, to + 8, 2) &&
      storeHex(start + 24, to + 10, 6);
    if (!isUuid) return row;
  }
  return rows;
}
