// Decimal digits, eight at a time in a 64-bit word: the first digit is in the lowest byte.
// @ts-nocheck: another language, which its own compiler checks.

/** What {@link wholeNumber} gives for what is no number, or one of more than 63 bits. */
export const NO_NUMBER: i64 = -1;

const ZEROS: u64 = 0x3030303030303030;
const ALL_BITS: u64 = 0xffffffffffffffff;
const FEW_ZEROS: u64 = 0x30303030;
/** What points become when `0` is taken off them. */
const POINTS: u64 = 0x1e1e1e1e1e1e1e1e;
const LOWEST_BITS: u64 = 0x0101010101010101;
const HIGHEST_BITS: u64 = 0x8080808080808080;
/** Brings every byte above 9 to have its highest bit set. */
const OVER_NINE: u64 = 0x7676767676767676;

/** Whether every byte of a word is at most 9. */
// @inline
export function areDigits(word: u64): bool {
  return (((word + OVER_NINE) | word) & HIGHEST_BITS) == 0;
}

/** The number whose eight digits are the bytes of a word: pairs, then fours, then all. */
// @inline
export function joinDigits(word: u64): u64 {
  const pairs = word * 10 + (word >> 8);
  const outer = (pairs & 0x000000ff000000ff) * 0x000f424000000064;
  const inner = ((pairs >> 16) & 0x000000ff000000ff) * 0x0000271000000001;
  return (outer + inner) >> 32;
}

/** The last `count` of the eight bytes before `end` as digits, zeros in the place of the others. */
// @inline
export function digitsBefore(end: usize, count: i32): u64 {
  const otherBits = (8 - count) * 8;
  return (load<u64>(end - 8) ^ ZEROS) & (ALL_BITS << otherBits);
}

/** The last `count` of the four bytes before `end` as digits; there may be 0 to 4 of them. */
// @inline
export function fewDigitsBefore(end: usize, count: i32): u64 {
  const otherBits = (4 - count) * 8;
  return (<u64> load<u32>(end - 4) ^ FEW_ZEROS) & (ALL_BITS << otherBits);
}

/** The number whose four digits are the lower bytes of a word. */
// @inline
export function joinFewDigits(word: u64): u64 {
  const pairs = word * 10 + (word >> 8);
  return (pairs & 0xff) * 100 + ((pairs >> 16) & 0xff);
}

/** Which byte of a word of digits is a point, counted from the lowest; 8 when none is. */
// @inline
export function pointByte(word: u64): i32 {
  const others = word ^ POINTS;
  return <i32> (ctz((others - LOWEST_BITS) & ~others & HIGHEST_BITS) >> 3);
}

/** A word of four bytes without its byte `place`: those below move up, and the lowest becomes 0. */
// @inline
export function withoutByte(word: u64, place: i32): u64 {
  const bits = place * 8;
  const below = word & ~(ALL_BITS << bits);
  const above = word & (ALL_BITS << (bits + 8));
  return above | (below << 8);
}

/** The number that the digits from `first` to `end` write, if it has 63 bits. */
// @inline
export function wholeNumber(first: usize, end: usize): i64 {
  const count = <i32> (end - first);
  if (<u32> (count - 1) < 8) {
    const word = digitsBefore(end, count);
    return areDigits(word) ? <i64> joinDigits(word) : NO_NUMBER;
  }
  return longNumber(first, end);
}

/** {@link wholeNumber} of more than eight digits. */
export function longNumber(first: usize, end: usize): i64 {
  const count = <i32> (end - first);
  if (count < 9 || count > 19) return NO_NUMBER;
  const last = digitsBefore(end, 8);
  if (!areDigits(last)) return NO_NUMBER;
  if (count <= 16) {
    const word = digitsBefore(end - 8, count - 8);
    if (!areDigits(word)) return NO_NUMBER;
    return <i64> (joinDigits(word) * 100_000_000 + joinDigits(last));
  }
  const middle = digitsBefore(end - 8, 8);
  const word = digitsBefore(end - 16, count - 16);
  if (!areDigits(middle) || !areDigits(word)) return NO_NUMBER;
  const low = joinDigits(middle) * 100_000_000 + joinDigits(last);
  // Three digits at most times 10^16, so no bit is lost; what has the 64th is refused.
  const value = joinDigits(word) * 10_000_000_000_000_000 + low;
  return <i64> value < 0 ? NO_NUMBER : <i64> value;
}
