// Columns of dates and times, in their usual forms.
// @ts-nocheck: another language, which its own compiler checks.
import { areDigits, NO_NUMBER, wholeNumber } from "./digits.ts";
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
import { POWERS_OF_TEN } from "./point.ts";

const QUOTE: u8 = 0x22;
const PLUS: u8 = 0x2b;
const DASH: u8 = 0x2d;
const POINT: u8 = 0x2e;
const COLON: u8 = 0x3a;
const SPACE: u8 = 0x20;
const LETTER_T: u8 = 0x74;
const LETTER_Z: u8 = 0x7a;
const SMALL_LETTER: u8 = 0x20;

/** Bytes of `YYYY-MM-DD`. */
export const DATE_CHARS = 10;
/** Bytes of `HH:MM:SS`. */
export const CLOCK_CHARS = 8;
const ZONE_CHARS = 6;
const MICROS_DIGITS = 6;

/** `YYYY-MM-` and `HH:MM:SS` with zeros for the digits, first byte lowest. */
const DATE_FORM: u64 = 0x2d30302d30303030;
const CLOCK_FORM: u64 = 0x30303a30303a3030;
/** Where the forms have other than digits. */
const DATE_DASHES: u64 = 0xff0000ff00000000;
const CLOCK_COLONS: u64 = 0x0000ff0000ff0000;

const SECONDS_PER_DAY: i64 = 86_400;
/** Days since 1970-01-01 of 0001-01-01 and of 9999-12-31. */
const DAYS_MIN: i64 = -719_162;
const DAYS_MAX: i64 = 2_932_896;
/** Days that surely fit 64 bits of nanoseconds, whatever the clock. */
const NANOS_DAYS_MAX: i32 = 106_750;

/** What stands for a date or a time that needs a closer look. */
export const NO_DAY: i32 = i32.MIN_VALUE;
const NO_TIME: i64 = i64.MIN_VALUE;

const MONTH_DAYS: usize = memory.data<u8>([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]);

/** Days since 1970-01-01 of ten bytes that should be `YYYY-MM-DD`. */
// @inline
export function dayAt(start: usize): i32 {
  const front = load<u64>(start) ^ DATE_FORM;
  const back = <u32> load<u16>(start, 8) ^ 0x3030;
  if (!areDigits(front) || !areDigits(back) || (front & DATE_DASHES) != 0) return NO_DAY;
  const pairs = front * 10 + (front >> 8);
  const year = <i32> (pairs & 0xff) * 100 + <i32> ((pairs >> 16) & 0xff);
  const month = <i32> ((pairs >> 40) & 0xff);
  const day = <i32> ((back & 0xff) * 10 + (back >> 8));
  if (year == 0 || <u32> (month - 1) > 11 || day == 0) return NO_DAY;
  if (day > <i32> load<u8>(MONTH_DAYS + month)) {
    const isLeap = (year & 3) == 0 && (year % 100 != 0 || year % 400 == 0);
    if (month != 2 || day != 29 || !isLeap) return NO_DAY;
  }
  // Years that begin in March have the leap day at their end.
  const early = <i32> (month <= 2);
  const marchYear = <u32> (year - early);
  const marchMonth = <u32> (month - 3 + 12 * early);
  const days = marchYear * 365 + (marchYear >> 2) - marchYear / 100 + marchYear / 400 +
    (153 * marchMonth + 2) / 5 + <u32> day;
  return <i32> days - 719_469;
}

/** Seconds since midnight of eight bytes that should be `HH:MM:SS`; -1 for anything else. */
// @inline
export function secondsAt(start: usize): i32 {
  const word = load<u64>(start) ^ CLOCK_FORM;
  const pairs = word * 10 + (word >> 8);
  const hour = <i32> (pairs & 0xff);
  const minute = <i32> ((pairs >> 24) & 0xff);
  const second = <i32> ((pairs >> 48) & 0xff);
  const isClock = areDigits(word) && (word & CLOCK_COLONS) == 0 && hour < 24 && minute < 60 &&
    second < 60;
  return isClock ? hour * 3600 + minute * 60 + second : -1;
}

/** Units since midnight of `HH:MM:SS[.f]`, a unit being the last of so many digits of a second. */
// @inline
function clockAt(start: usize, end: usize, unitDigits: i32): i64 {
  const seconds = secondsAt(start);
  if (seconds < 0) return NO_TIME;
  const units = <i64> seconds * load<i64>(POWERS_OF_TEN + (unitDigits << 3));
  const clockEnd = start + CLOCK_CHARS;
  if (clockEnd == end) return units;
  const digits = <i32> (end - clockEnd) - 1;
  if (load<u8>(clockEnd) != POINT || digits < 1 || digits > unitDigits) return NO_TIME;
  const fraction = wholeNumber(clockEnd + 1, end);
  if (fraction == NO_NUMBER) return NO_TIME;
  return units + fraction * load<i64>(POWERS_OF_TEN + ((unitDigits - digits) << 3));
}

/** Parses the fields of a batch to days since 1970-01-01, as `parseLongs` does to integers. */
export function parseDates(column: usize, batch: usize, from: i32): i32 {
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
    const days = end - start == DATE_CHARS ? dayAt(start) : NO_DAY;
    if (days == NO_DAY) return row;
    store<i32>(to, days);
  }
  return rows;
}

/** Parses the fields of a batch to micro- or nanoseconds, as `parseLongs` does to integers. */
export function parseTimestamps(column: usize, batch: usize, from: i32): i32 {
  const rows = load<i32>(batch, BATCH_ROWS);
  const stride = load<usize>(batch, BATCH_STRIDE);
  const texts = load<usize>(column, COLUMN_NULL_TEXTS);
  const base = load<i32>(column, COLUMN_ROWS);
  const isZoned = load<i32>(column, COLUMN_PARAMETER) != 0;
  const unitDigits = load<i32>(column, COLUMN_PARAMETER_2);
  const second = load<i64>(POWERS_OF_TEN + (unitDigits << 3));
  const day = SECONDS_PER_DAY * second;
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
    const length = <i32> (end - start);
    if (length < DATE_CHARS) return row;
    const days = dayAt(start);
    if (days == NO_DAY) return row;
    if (unitDigits > MICROS_DIGITS && (days > NANOS_DAYS_MAX || days < -NANOS_DAYS_MAX)) return row;
    if (length == DATE_CHARS && !isZoned) {
      store<i64>(to, <i64> days * day);
      continue;
    }
    const between = load<u8>(start, DATE_CHARS);
    if (between != SPACE && (between | SMALL_LETTER) != LETTER_T) return row;
    let offset = 0;
    if (isZoned) {
      if (length < DATE_CHARS + 1 + CLOCK_CHARS + 1) return row;
      if ((load<u8>(end - 1) | SMALL_LETTER) == LETTER_Z) end--;
      else {
        end -= ZONE_CHARS;
        offset = zoneMinutes(end);
        if (offset == NO_DAY) return row;
      }
    }
    if (<i32> (end - start) < DATE_CHARS + 1 + CLOCK_CHARS) return row;
    const clock = clockAt(start + DATE_CHARS + 1, end, unitDigits);
    if (clock == NO_TIME) return row;
    const units = <i64> days * day + clock - <i64> offset * 60 * second;
    // A zone may lead out of the years that count.
    const leavesYears = unitDigits == MICROS_DIGITS &&
      (units < DAYS_MIN * day || units >= (DAYS_MAX + 1) * day);
    if (leavesYears) return row;
    store<i64>(to, units);
  }
  return rows;
}

/** Minutes of `+HH:MM` or `-HH:MM`; `NO_DAY` for anything else. */
function zoneMinutes(at: usize): i32 {
  const sign = load<u8>(at);
  if ((sign != PLUS && sign != DASH) || load<u8>(at, 3) != COLON) return NO_DAY;
  const hours = wholeNumber(at + 1, at + 3);
  const minutes = wholeNumber(at + 4, at + 6);
  // What is no number is large without its sign.
  if (<u64> hours > 23 || <u64> minutes > 59) return NO_DAY;
  const offset = <i32> hours * 60 + <i32> minutes;
  return sign == DASH ? -offset : offset;
}

/** Parses the fields of a batch to microseconds since midnight, as `parseLongs` does to integers. */
export function parseTimes(column: usize, batch: usize, from: i32): i32 {
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
    if (<i32> (end - start) < CLOCK_CHARS) return row;
    const clock = clockAt(start, end, MICROS_DIGITS);
    if (clock == NO_TIME) return row;
    store<i64>(to, clock);
  }
  return rows;
}
