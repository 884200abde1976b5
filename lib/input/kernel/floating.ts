// Columns of doubles, floats and booleans.
// @ts-nocheck: another language, which its own compiler checks.
import {
  areDigits,
  fewDigitsBefore,
  joinFewDigits,
  NO_NUMBER,
  pointByte,
  wholeNumber,
  withoutByte,
} from "./digits.ts";
import { fieldOf, valueOf } from "./fields.ts";
import {
  BATCH_ROWS,
  BATCH_STRIDE,
  COLUMN_NULL_TEXTS,
  COLUMN_ROWS,
  COLUMN_VALUES,
  NOTES_AT,
} from "./layout.ts";
import { exactQuotient, findPowers, nearestDouble, roundedDouble } from "./nearest_double.ts";
import { isNullText, setNull } from "./nulls.ts";
import { lastDigits, pointLane, POWERS_OF_TEN } from "./point.ts";

const QUOTE: u8 = 0x22;
const MINUS: u8 = 0x2d;
const PLUS: u8 = 0x2b;
const POINT: u8 = 0x2e;
const LETTER_E: u8 = 0x65;
const ZERO: u8 = 0x30;
const LETTER_CASE: u32 = 0x20202020;
const TRUE: u32 = 0x65757274;
const FALS: u32 = 0x736c6166;

/** Digits that any unsigned 64-bit number may have. */
const DIGITS_MAX = 19;
/** Numbers of up to so many bytes, a point among them, are exact in a double without the point. */
const SHORT_CHARS_MAX = 15;
/** An exponent of more digits is nobody's. */
const EXPONENT_DIGITS_MAX = 4;

const FLOAT_MAX: f64 = 3.4028234663852886e38;
const FLOAT_NORMAL_MIN: f64 = 1.1754943508222875e-38;
/** Bits of a double that a float has not; with only the highest set it is between two floats. */
const BITS_LOST: u64 = 0x1fffffff;
const BITS_OF_TIE: u64 = 0x10000000;

/** What is noted of a value that is there; else its digits behind the point, and 128 for a minus. */
const IS_DONE = 255;

/**
 * Parses the fields of a batch to doubles, as `parseLongs` does to integers. Long numbers are read
 * first and rounded then, since a processor looks some values ahead in two short loops, and in a
 * long one does not.
 */
export function parseDoubles(column: usize, batch: usize, from: i32): i32 {
  const rows = load<i32>(batch, BATCH_ROWS);
  const stride = load<usize>(batch, BATCH_STRIDE);
  const texts = load<usize>(column, COLUMN_NULL_TEXTS);
  const base = load<i32>(column, COLUMN_ROWS);
  const values = valueOf(column, 0, 8);
  let field = fieldOf(column, batch, from);
  let long = 0;
  let row = from;
  for (; row < rows; row++, field += stride) {
    let start = load<usize>(field);
    let end = load<usize>(field, 4);
    const to = values + (row << 3);
    let note = IS_DONE;
    if (start == end || isNullText(texts, start, end)) {
      if (!setNull(column, base + row)) break;
      store<f64>(to, 0);
    } else {
      if (load<u8>(start) == QUOTE) {
        start++;
        end--;
      }
      const negative = <i32> (load<u8>(start) == MINUS);
      const first = start + negative;
      const count = <i32> (end - first);
      const bytes = v128.load(end - 16);
      const point = pointLane(bytes, count);
      const isThere = <i32> (point >= 0);
      let isUnusual = false;
      if (count <= SHORT_CHARS_MAX) {
        const digits = count - isThere;
        const mantissa = lastDigits(bytes, point, digits);
        isUnusual = mantissa == NO_NUMBER || digits == 0;
        const value = exactQuotient(mantissa, (15 - point) & -isThere);
        store<u64>(to, reinterpret<u64>(value) | (<u64> negative << 63));
      } else {
        if (long == 0 && !findPowers()) break;
        // Not to guess whether there are more than 16, the bytes before them are read in any case.
        let front = fewDigitsBefore(end - 16, min(max(count - 16, 0), 4));
        let digits = count - isThere;
        note = (15 - point) & -isThere;
        if (!areDigits(front) && point < 0) {
          const pointInFront = pointByte(front);
          front = pointInFront > 3 ? front : withoutByte(front, pointInFront);
          note = 19 - pointInFront;
          digits--;
        }
        const low = lastDigits(bytes, point, min(count, 16) - isThere);
        isUnusual = digits > DIGITS_MAX || low == NO_NUMBER || !areDigits(front);
        const high = joinFewDigits(front) * load<u64>(POWERS_OF_TEN + ((16 - isThere) << 3));
        store<u64>(to, high + <u64> low);
        note |= negative << 7;
        long = 1;
      }
      if (isUnusual) {
        const value = unusualDouble(start, end);
        if (value != value) break;
        store<f64>(to, value);
        note = IS_DONE;
      }
    }
    store<u8>(NOTES_AT + row, <u8> note);
  }
  if (long == 0) return row;
  for (let done = from; done < row; done++) {
    const note = <i32> load<u8>(NOTES_AT + done);
    if (note == IS_DONE) continue;
    const at = values + (done << 3);
    const value = roundedDouble(load<u64>(at), -(note & 0x7f));
    store<u64>(at, reinterpret<u64>(value) | (<u64> (note >> 7) << 63));
  }
  return row;
}

/** Parses the fields of a batch to floats, as `parseLongs` does to integers. */
export function parseFloats(column: usize, batch: usize, from: i32): i32 {
  const rows = load<i32>(batch, BATCH_ROWS);
  const stride = load<usize>(batch, BATCH_STRIDE);
  const texts = load<usize>(column, COLUMN_NULL_TEXTS);
  const base = load<i32>(column, COLUMN_ROWS);
  let field = fieldOf(column, batch, from);
  let to = valueOf(column, from, 4);
  for (let row = from; row < rows; row++, field += stride, to += 4) {
    const start = load<usize>(field);
    const end = load<usize>(field, 4);
    if (start == end || isNullText(texts, start, end)) {
      if (!setNull(column, base + row)) return row;
      store<f32>(to, 0);
      continue;
    }
    const value = doubleOf(start, end);
    // Rounding twice is wrong where the first one ended between two floats; tiny floats have fewer
    // bits; and not a number is for the careful path in any case.
    const size = abs(value);
    const isSure = (reinterpret<u64>(value) & BITS_LOST) != BITS_OF_TIE &&
      size <= FLOAT_MAX && (size >= FLOAT_NORMAL_MIN || size == 0);
    if (!isSure) return row;
    store<f32>(to, <f32> value);
  }
  return rows;
}

/** The double nearest to a number, or NaN when it needs a closer look. */
// @inline
function doubleOf(fieldStart: usize, fieldEnd: usize): f64 {
  let start = fieldStart;
  let end = fieldEnd;
  if (load<u8>(start) == QUOTE) {
    start++;
    end--;
  }
  const negative = <u64> (load<u8>(start) == MINUS);
  const count = <i32> (end - start) - <i32> negative;
  const bytes = v128.load(end - 16);
  const point = pointLane(bytes, count);
  const isThere = <i32> (point >= 0);
  const digits = count - isThere;
  if (count > SHORT_CHARS_MAX || digits == 0) return unusualDouble(start, end);
  const mantissa = lastDigits(bytes, point, digits);
  if (mantissa == NO_NUMBER) return unusualDouble(start, end);
  const value = exactQuotient(mantissa, (15 - point) & -isThere);
  return reinterpret<f64>(reinterpret<u64>(value) | (negative << 63));
}

/** A number with an exponent, a sign of plus, or many zeros in front; NaN for anything else. */
function unusualDouble(start: usize, end: usize): f64 {
  let at = start;
  let sign: u64 = 0;
  if (at < end && (load<u8>(at) == MINUS || load<u8>(at) == PLUS)) {
    sign = <u64> (load<u8>(at) == MINUS);
    at++;
  }
  let mantissa: u64 = 0;
  let significant = 0;
  let exponent = 0;
  let digits = 0;
  let afterPoint = 0;
  for (; at < end; at++) {
    const byte = load<u8>(at);
    if (byte == POINT && afterPoint == 0) {
      afterPoint = 1;
      continue;
    }
    const digit = <u32> byte - ZERO;
    if (digit > 9) break;
    digits++;
    exponent -= afterPoint;
    if (digit == 0 && significant == 0) continue;
    if (++significant > DIGITS_MAX) return NaN;
    mantissa = mantissa * 10 + digit;
  }
  if (digits == 0) return NaN;
  if (at < end) {
    if ((load<u8>(at) | 0x20) != LETTER_E) return NaN;
    at++;
    let isBelow = false;
    if (at < end && (load<u8>(at) == MINUS || load<u8>(at) == PLUS)) {
      isBelow = load<u8>(at) == MINUS;
      at++;
    }
    const exponentDigits = <i32> (end - at);
    if (exponentDigits < 1 || exponentDigits > EXPONENT_DIGITS_MAX) return NaN;
    const written = wholeNumber(at, end);
    if (written == NO_NUMBER) return NaN;
    exponent += isBelow ? -<i32> written : <i32> written;
  }
  const value = nearestDouble(mantissa, exponent);
  return reinterpret<f64>(reinterpret<u64>(value) | (sign << 63));
}

/** Parses the fields of a batch to a bitmap of booleans, as `parseLongs` does to integers. */
export function parseBooleans(column: usize, batch: usize, from: i32): i32 {
  const rows = load<i32>(batch, BATCH_ROWS);
  const stride = load<usize>(batch, BATCH_STRIDE);
  const texts = load<usize>(column, COLUMN_NULL_TEXTS);
  const base = load<i32>(column, COLUMN_ROWS);
  const bits = load<usize>(column, COLUMN_VALUES);
  let field = fieldOf(column, batch, from);
  for (let row = from; row < rows; row++, field += stride) {
    let start = load<usize>(field);
    let end = load<usize>(field, 4);
    if (start == end || isNullText(texts, start, end)) {
      if (!setNull(column, base + row)) return row;
      continue;
    }
    if (load<u8>(start) == QUOTE) {
      start++;
      end--;
    }
    // Setting this bit makes an ASCII letter a small one, and no other byte a letter.
    const letters = load<u32>(start) | LETTER_CASE;
    const isTrue = <i32> (letters == TRUE) & <i32> (end - start == 4);
    const isFalse = <i32> (letters == FALS) & <i32> (end - start == 5) &
      <i32> ((load<u8>(start, 4) | 0x20) == LETTER_E);
    if ((isTrue | isFalse) == 0) return row;
    const index = base + row;
    const at = bits + (index >> 3);
    store<u8>(at, load<u8>(at) | (isTrue << (index & 7)));
  }
  return rows;
}
