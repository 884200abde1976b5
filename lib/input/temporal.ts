/**
 * Dates and times as text to the integers that Iceberg stores. This is the careful path: every
 * accepted form, one value at a time.
 */

/** Days from 0001-01-01 to 1970-01-01. */
const EPOCH_DAYS = 719162;
/** Days before each month of a common year; index 1 is January. */
const DAYS_BEFORE_MONTH = [0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334] as const;
const DAYS_OF_MONTH = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/** Days since 1970-01-01 of the first day that counts, 0001-01-01. */
export const DAYS_MIN: number = -EPOCH_DAYS;
/** Days since 1970-01-01 of the last day that counts, 9999-12-31. */
export const DAYS_MAX = 2932896;

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

const CLOCK = "(\\d{2}):(\\d{2})(?::(\\d{2})(?:\\.(\\d+))?)?";
const DATE_FORM = /^(\d{4})-(\d{2})-(\d{2})$/;
const TIME_FORM = new RegExp(`^${CLOCK}$`);
const TIMESTAMP_FORM = new RegExp(
  `^(\\d{4})-(\\d{2})-(\\d{2})(?:[Tt ]${CLOCK}([Zz]|[+-]\\d{2}(?::?\\d{2})?)?)?$`,
);

/**
 * Days from 1970-01-01 to a day of the proleptic Gregorian calendar.
 *
 * @returns NaN when there is no such day; years run from 1 to 9999
 */
export function daysFromCivil(year: number, month: number, day: number): number {
  if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1) return NaN;
  const isLeap = (year & 3) === 0 && (year % 100 !== 0 || year % 400 === 0);
  const monthDays = month === 2 && isLeap ? 29 : DAYS_OF_MONTH[month] as number;
  if (day > monthDays) return NaN;
  const before = year - 1;
  const leapDays = ((before / 4) | 0) - ((before / 100) | 0) + ((before / 400) | 0);
  const ofYear = (DAYS_BEFORE_MONTH[month] as number) + (month > 2 && isLeap ? 1 : 0) + day - 1;
  return before * 365 + leapDays + ofYear - EPOCH_DAYS;
}

/** Days since 1970-01-01 of an ISO date `YYYY-MM-DD`; undefined for anything else. */
export function parseDateText(text: string): number | undefined {
  const match = DATE_FORM.exec(text);
  if (match === null) return undefined;
  const days = daysFromCivil(Number(match[1]), Number(match[2]), Number(match[3]));
  return Number.isNaN(days) ? undefined : days;
}

/** Microseconds since midnight of `HH:MM[:SS[.ffffff]]`; undefined for anything else. */
export function parseTimeText(text: string): bigint | undefined {
  const match = TIME_FORM.exec(text);
  if (match === null) return undefined;
  return clockUnits([match[1], match[2], match[3], match[4]], 6);
}

/** What {@link parseTimestampText} is to read. */
export interface TimestampForm {
  /** Whether a zone must stand at the end (it is converted to UTC) or must not. */
  readonly zoned: boolean;
  /** Digits of a second that the type holds: 6 for microseconds, 9 for nanoseconds. */
  readonly digits: 6 | 9;
}

/**
 * Units since 1970-01-01T00:00 of an ISO timestamp: `T` or a space before the clock; a bare date
 * is its midnight, unless a zone is demanded.
 *
 * @returns undefined when the text does not fit, when its fraction has more digits than the type
 * and they are not zeros, or when the time in UTC leaves the years 1 to 9999 or an int64
 */
export function parseTimestampText(text: string, form: TimestampForm): bigint | undefined {
  const match = TIMESTAMP_FORM.exec(text);
  if (match === null) return undefined;
  const zone = match[8];
  if ((zone !== undefined) !== form.zoned) return undefined;
  const days = daysFromCivil(Number(match[1]), Number(match[2]), Number(match[3]));
  if (Number.isNaN(days)) return undefined;
  const clock = clockUnits([match[4] ?? "00", match[5] ?? "00", match[6], match[7]], form.digits);
  if (clock === undefined) return undefined;
  const offset = zone === undefined ? 0 : zoneMinutes(zone);
  if (offset === undefined) return undefined;
  const unitsPerSecond = form.digits === 6 ? 1_000_000n : 1_000_000_000n;
  const unitsPerDay = 86_400n * unitsPerSecond;
  const units = BigInt(days) * unitsPerDay + clock - BigInt(offset) * 60n * unitsPerSecond;
  if (units < BigInt(DAYS_MIN) * unitsPerDay || units >= BigInt(DAYS_MAX + 1) * unitsPerDay) {
    return undefined;
  }
  return units < INT64_MIN || units > INT64_MAX ? undefined : units;
}

function clockUnits(
  parts: readonly (string | undefined)[],
  digits: 6 | 9,
): bigint | undefined {
  const [hour, minute, second, fraction = ""] = parts;
  const seconds = Number(second ?? 0);
  if (Number(hour) > 23 || Number(minute) > 59 || seconds > 59) return undefined;
  if (/[^0]/.test(fraction.slice(digits))) return undefined;
  const whole = Number(hour) * 3600 + Number(minute) * 60 + seconds;
  return BigInt(whole) * 10n ** BigInt(digits) +
    BigInt(fraction.slice(0, digits).padEnd(digits, "0"));
}

function zoneMinutes(zone: string): number | undefined {
  if (zone === "Z" || zone === "z") return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(3).replace(":", ""));
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes);
}
