// What values look like, in their most usual forms: for the inference of types.
// @ts-nocheck: another language, which its own compiler checks.
import {
  BATCH_FIELDS_AT,
  BATCH_STRIDE,
  KINDS_SHIFT,
  SAW_BOOLEAN,
  SAW_DATE,
  SAW_DOUBLE,
  SAW_LONG,
  SAW_TIMESTAMP,
} from "./layout.ts";
import { isNullText } from "./nulls.ts";
import { CLOCK_CHARS, DATE_CHARS, dayAt, NO_DAY, secondsAt } from "./temporal.ts";

const QUOTE: u8 = 0x22;
const MINUS: u8 = 0x2d;
const POINT: u8 = 0x2e;
const ZERO: u8 = 0x30;
const SPACE: u8 = 0x20;
const LETTER_T: u8 = 0x54;

/** `true` and the beginning of `false`, first byte lowest. */
const TRUE: u32 = 0x65757274;
const FALS: u32 = 0x736c6166;
const LETTER_E: u8 = 0x65;

/** Every decimal number of so many significant digits, of usual size, survives a double. */
const SAFE_DIGITS_MAX = 15;

/**
 * Looks at a column's fields of a batch, without making anything of them. Those that are null say
 * nothing.
 *
 * @param field where the column stands in a record, times eight
 * @param texts address of the texts that stand for null, 0 for none
 * @param from row of the batch to start at
 * @param rows where to end
 * @returns the first row whose field needs a closer look, or `rows`; and, `KINDS_SHIFT` bits higher,
 * the kinds of the fields before it
 */
export function plainKinds(batch: usize, field: usize, texts: usize, from: i32, rows: i32): i32 {
  const stride = load<usize>(batch, BATCH_STRIDE);
  let at = load<usize>(batch, BATCH_FIELDS_AT) + field + <usize> from * stride;
  let kinds = 0;
  let row = from;
  for (; row < rows; row++, at += stride) {
    let start = load<usize>(at);
    let end = load<usize>(at, 4);
    if (start == end || isNullText(texts, start, end)) continue;
    if (load<u8>(start) == QUOTE) {
      start++;
      end--;
    }
    const kind = kindOf(start, end);
    if (kind == 0) break;
    kinds |= kind;
  }
  return (kinds << KINDS_SHIFT) | row;
}

/** The kind of a value; 0 where it takes a closer look. */
// @inline
function kindOf(start: usize, end: usize): i32 {
  const number = kindOfNumber(start, end);
  if (number != 0) return number;
  switch (<i32> (end - start)) {
    case 4:
      return load<u32>(start) == TRUE ? SAW_BOOLEAN : 0;
    case 5:
      return load<u32>(start) == FALS && load<u8>(start, 4) == LETTER_E ? SAW_BOOLEAN : 0;
    case DATE_CHARS:
      return dayAt(start) != NO_DAY ? SAW_DATE : 0;
    case DATE_CHARS + 1 + CLOCK_CHARS:
      return isTimestamp(start) ? SAW_TIMESTAMP : 0;
    default:
      return 0;
  }
}

/** Whether a date and a time of day stand there, in 19 bytes. */
function isTimestamp(start: usize): bool {
  const between = load<u8>(start, DATE_CHARS);
  return (between == LETTER_T || between == SPACE) && dayAt(start) != NO_DAY &&
    secondsAt(start + DATE_CHARS + 1) >= 0;
}

/** The kind of a number of so few digits that any type of numbers keeps them all. */
// @inline
function kindOfNumber(start: usize, end: usize): i32 {
  const first = start + <usize> (load<u8>(start) == MINUS);
  let point: usize = 0;
  for (let at = first; at < end; at++) {
    const byte = load<u8>(at);
    if (byte == POINT && point == 0) point = at;
    else if (<u32> byte - ZERO > 9) return 0;
  }
  const digits = <i32> (end - first) - <i32> (point != 0);
  if (digits < 1 || digits > SAFE_DIGITS_MAX) return 0;
  if (point == first || point == end - 1) return 0;
  const wholeDigits = (point == 0 ? end : point) - first;
  if (wholeDigits > 1 && load<u8>(first) == ZERO) return 0;
  return point == 0 ? SAW_LONG : SAW_DOUBLE;
}
