/**
 * Tells the usual forms of booleans, dates and timestamps by their bytes, with no text made of them.
 * What is refused here may be one all the same: the careful path decides.
 */

const TRUE = [0x74, 0x72, 0x75, 0x65] as const;
const FALSE = [0x66, 0x61, 0x6c, 0x73, 0x65] as const;
const ZERO = 0x30;
const MINUS = 0x2d;
const COLON = 0x3a;
const SPACE = 0x20;
const LETTER_T = 0x54;

const DATE_BYTES = 10;
const TIMESTAMP_BYTES = 19;
/** Every month has these days. */
const DAY_MAX = 28;

/** Whether the bytes from `start` to `end` are `true` or `false`. */
export function isPlainBoolean(bytes: Uint8Array, start: number, end: number): boolean {
  const word = end - start === TRUE.length ? TRUE : FALSE;
  if (end - start !== word.length) return false;
  for (let at = 0; at < word.length; at++) {
    if (bytes[start + at] !== word[at]) return false;
  }
  return true;
}

/** Whether they are `YYYY-MM-DD`, of a year from 1000 on and a day that every month has. */
export function isPlainDate(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start === DATE_BYTES && isDateAt(bytes, start);
}

/** Whether they are such a date, `T` or a space, and `HH:MM:SS`. */
export function isPlainTimestamp(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== TIMESTAMP_BYTES || !isDateAt(bytes, start)) return false;
  const between = bytes[start + 10];
  return (between === LETTER_T || between === SPACE) &&
    bytes[start + 13] === COLON && bytes[start + 16] === COLON &&
    twoDigits(bytes, start + 11) < 24 && twoDigits(bytes, start + 14) < 60 &&
    twoDigits(bytes, start + 17) < 60;
}

function isDateAt(bytes: Uint8Array, start: number): boolean {
  const century = twoDigits(bytes, start);
  const month = twoDigits(bytes, start + 5);
  const day = twoDigits(bytes, start + 8);
  return bytes[start + 4] === MINUS && bytes[start + 7] === MINUS &&
    century >= 10 && century < 100 && twoDigits(bytes, start + 2) < 100 &&
    month >= 1 && month <= 12 && day >= 1 && day <= DAY_MAX;
}

/** The number that two digits make; more than any when they are none. */
function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = (bytes[at] as number) - ZERO;
  const ones = (bytes[at + 1] as number) - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Infinity;
}
