// The point of a number, and powers of ten as integers.
// @ts-nocheck: another language, which its own compiler checks.
import { NO_NUMBER } from "./digits.ts";

/** 10^0 to 10^19. */
export const POWERS_OF_TEN: usize = memory.data<u64>([
  1,
  10,
  100,
  1_000,
  10_000,
  100_000,
  1_000_000,
  10_000_000,
  100_000_000,
  1_000_000_000,
  10_000_000_000,
  100_000_000_000,
  1_000_000_000_000,
  10_000_000_000_000,
  100_000_000_000_000,
  1_000_000_000_000_000,
  10_000_000_000_000_000,
  100_000_000_000_000_000,
  1_000_000_000_000_000_000,
  10_000_000_000_000_000_000,
]);

const POINT: u8 = 0x2e;
const ZERO: u8 = 0x30;
const OVER_NINE: u8 = 0x76;

/** From digit `n` on: 16 bytes the last `n` of which have all bits set. */
const LAST_LANES: usize = memory.data<u64>([0, 0, -1, -1]);

/**
 * The place of a point among the 16 bytes that end where a number ends; -1 for none. The first of
 * several counts, and the others are found to be no digits.
 *
 * @param count bytes of the number, which may be more
 */
// @inline
export function pointLane(bytes: v128, count: i32): i32 {
  const before = max(16 - count, 0);
  const mask = i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(POINT))) & (-1 << before);
  return mask == 0 ? -1 : ctz(mask);
}

/**
 * The number that the last of 16 bytes write, a point among them left out.
 *
 * @param point its place, or -1
 * @param digits how many digits count, 16 at most
 * @returns `NO_NUMBER` when one of them is no digit
 */
// @inline
export function lastDigits(bytes: v128, point: i32, digits: i32): i64 {
  const lanes = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  // What stands before the point moves over it: a lane that compares as less or equal is -1.
  const joined = i8x16.relaxed_swizzle(
    bytes,
    i8x16.add(lanes, i8x16.le_s(lanes, i8x16.splat(<i8> point))),
  );
  const ones = v128.and(i8x16.sub(joined, i8x16.splat(ZERO)), v128.load(LAST_LANES + digits));
  // Every lane above 9 comes to have its highest bit set.
  if (i8x16.bitmask(i8x16.add_sat_u(ones, i8x16.splat(OVER_NINE))) != 0) return NO_NUMBER;
  // The relaxed instructions differ from machine to machine for numbers that do not occur here.
  const pairs = i16x8.relaxed_dot_i8x16_i7x16_s(
    i8x16(10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 10, 1),
    ones,
  );
  const fours = i32x4.dot_i16x8_s(pairs, i16x8(100, 1, 100, 1, 100, 1, 100, 1));
  const eights = i32x4.dot_i16x8_s(
    i16x8.narrow_i32x4_u(fours, fours),
    i16x8(10_000, 1, 10_000, 1, 10_000, 1, 10_000, 1),
  );
  const both = i64x2.extract_lane(eights, 0);
  return (both & 0xffffffff) * 100_000_000 + (both >> 32);
}
