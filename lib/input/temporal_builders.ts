/** Columns of dates and times. */
import type { ParsedColumn } from "./columns.ts";
import { ColumnBuilder, cutTo, FieldwiseBuilder } from "./column_builder.ts";
import { storeInt64 } from "./integer_builders.ts";
import { daysFromCivil } from "./temporal.ts";
import type { FieldBatch } from "./tokenizer.ts";

const ZERO = 0x30;
const DASH = 0x2d;
const COLON = 0x3a;
const POINT = 0x2e;
const SPACE = 0x20;
const LETTER_T = 0x54;
const LETTER_Z = 0x5a;

const MICROS_PER_SECOND = 1_000_000;
const SECONDS_PER_DAY = 86_400;
const FRACTION_SCALE = [0, 100_000, 10_000, 1_000, 100, 10, 1] as const;

const DATE_CHARS = 10;
const CLOCK_CHARS = 8;

/** Builds a date column: `Int32Array` of days since 1970-01-01. */
export class DateBuilder extends ColumnBuilder {
  #values = new Int32Array(0);

  protected override appendFields(batch: FieldBatch): number {
    const { bytes, starts, ends, columnCount, rows } = batch;
    const { hasTexts } = this.nulls;
    const base = this.length;
    for (let row = 0, at = this.target.index; row < rows; row++, at += columnCount) {
      const start = starts[at] as number;
      const end = ends[at] as number;
      if (start === end || (hasTexts && this.nulls.matches(bytes, start, end))) {
        if (!this.setNull(base + row)) return row;
        continue;
      }
      let days = end - start === DATE_CHARS ? plainDays(bytes, start) : NaN;
      if (days !== days) {
        const value = this.careful(bytes, start, end);
        if (value === undefined) return row;
        days = value as number;
      }
      this.#values[base + row] = days;
    }
    return -1;
  }

  protected override resize(capacity: number): void {
    const grown = new Int32Array(capacity);
    grown.set(this.#values);
    this.#values = grown;
  }

  protected override take(): Pick<ParsedColumn, "values"> {
    return { values: cutTo(this.#values, this.length) };
  }
}

/** Builds a timestamp or timestamptz column: `BigInt64Array` of microseconds since 1970-01-01. */
export class TimestampBuilder extends ColumnBuilder {
  #values = new BigInt64Array(0);
  #words = new Int32Array(0);

  protected override appendFields(batch: FieldBatch): number {
    const { bytes, starts, ends, columnCount, rows } = batch;
    const { hasTexts } = this.nulls;
    const isZoned = this.target.type.kind === "timestamptz";
    const base = this.length;
    for (let row = 0, at = this.target.index; row < rows; row++, at += columnCount) {
      const start = starts[at] as number;
      const end = ends[at] as number;
      if (start === end || (hasTexts && this.nulls.matches(bytes, start, end))) {
        if (!this.setNull(base + row)) return row;
        continue;
      }
      let clockEnd = end;
      if (isZoned) clockEnd = bytes[end - 1] === LETTER_Z ? end - 1 : start;
      const micros = plainMicros(bytes, start, clockEnd);
      if (Number.isSafeInteger(micros)) {
        storeInt64(this.#words, base + row, micros);
        continue;
      }
      const value = this.careful(bytes, start, end);
      if (value === undefined) return row;
      this.#values[base + row] = value as bigint;
    }
    return -1;
  }

  protected override resize(capacity: number): void {
    const grown = new BigInt64Array(capacity);
    grown.set(this.#values);
    this.#values = grown;
    this.#words = new Int32Array(grown.buffer);
  }

  protected override take(): Pick<ParsedColumn, "values"> {
    return { values: cutTo(this.#values, this.length) };
  }
}

/**
 * Builds a time column (microseconds) or one of the `_ns` pair (nanoseconds): `BigInt64Array`.
 */
export class TimeBuilder extends FieldwiseBuilder {
  #values = new BigInt64Array(0);
  #words = new Int32Array(0);

  protected override appendField(
    bytes: Uint8Array,
    start: number,
    end: number,
    row: number,
  ): boolean {
    if (this.target.type.kind === "time" && end - start >= CLOCK_CHARS) {
      const micros = plainClockMicros(bytes, start, end);
      if (micros === micros) {
        storeInt64(this.#words, row, micros);
        return true;
      }
    }
    const value = this.careful(bytes, start, end);
    if (value === undefined) return false;
    this.#values[row] = value as bigint;
    return true;
  }

  protected override resize(capacity: number): void {
    const grown = new BigInt64Array(capacity);
    grown.set(this.#values);
    this.#values = grown;
    this.#words = new Int32Array(grown.buffer);
  }

  protected override take(): Pick<ParsedColumn, "values"> {
    return { values: cutTo(this.#values, this.length) };
  }
}

/** Two digits, or a negative number when a byte is no digit. */
function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = (bytes[at] as number) - ZERO;
  const ones = (bytes[at + 1] as number) - ZERO;
  return tens >>> 0 > 9 || ones >>> 0 > 9 ? -1 : tens * 10 + ones;
}

/** Days of `YYYY-MM-DD`; NaN for anything else. */
function plainDays(bytes: Uint8Array, start: number): number {
  const century = twoDigits(bytes, start);
  const year = twoDigits(bytes, start + 2);
  const month = twoDigits(bytes, start + 5);
  const day = twoDigits(bytes, start + 8);
  if ((century | year | month | day) < 0) return NaN;
  if (bytes[start + 4] !== DASH || bytes[start + 7] !== DASH) return NaN;
  return daysFromCivil(century * 100 + year, month, day);
}

/** Microseconds of `HH:MM:SS[.f]` with one to six digits of `f`; NaN for anything else. */
function plainClockMicros(bytes: Uint8Array, start: number, end: number): number {
  const hour = twoDigits(bytes, start);
  const minute = twoDigits(bytes, start + 3);
  const second = twoDigits(bytes, start + 6);
  if ((hour | minute | second) < 0 || hour > 23 || minute > 59 || second > 59) return NaN;
  if (bytes[start + 2] !== COLON || bytes[start + 5] !== COLON) return NaN;
  const micros = (hour * 3600 + minute * 60 + second) * MICROS_PER_SECOND;
  const clockEnd = start + CLOCK_CHARS;
  if (end === clockEnd) return micros;
  const digits = end - clockEnd - 1;
  if (bytes[clockEnd] !== POINT || digits < 1 || digits > 6) return NaN;
  let fraction = 0;
  for (let at = clockEnd + 1; at < end; at++) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit >>> 0 > 9) return NaN;
    fraction = fraction * 10 + digit;
  }
  return micros + fraction * (FRACTION_SCALE[digits] as number);
}

/** Microseconds of a date, `T` or a space, and a clock with seconds; NaN for anything else. */
function plainMicros(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < DATE_CHARS + 1 + CLOCK_CHARS) return NaN;
  const between = bytes[start + DATE_CHARS];
  if (between !== LETTER_T && between !== SPACE) return NaN;
  return plainDays(bytes, start) * SECONDS_PER_DAY * MICROS_PER_SECOND +
    plainClockMicros(bytes, start + DATE_CHARS + 1, end);
}
