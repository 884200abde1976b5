// The double nearest to a decimal number of up to 19 digits. Small ones need one exact division or
// multiplication (Clinger 1990); others are multiplied with 128 bits of a power of ten, which nearly
// always is enough to round (Lemire 2021, "Number Parsing at a Gigabyte per Second").
// @ts-nocheck: another language, which its own compiler checks.
import { POWER_BYTES, POWER_MAX, POWER_NEGATIVE_MAX, POWERS_AT } from "./layout.ts";

/** Whole numbers up to this are exact in a double, and so are powers of ten up to 10^22. */
const EXACT_MAX: u64 = <u64> 1 << 53;
const EXACT_POWER_MAX = 22;

const EXACT_POWERS: usize = memory.data<f64>([
  1e0,
  1e1,
  1e2,
  1e3,
  1e4,
  1e5,
  1e6,
  1e7,
  1e8,
  1e9,
  1e10,
  1e11,
  1e12,
  1e13,
  1e14,
  1e15,
  1e16,
  1e17,
  1e18,
  1e19,
  1e20,
  1e21,
  1e22,
]);

let arePowersMissing = false;

/** Whether the table of powers is there; what was not decided for its lack is remembered. */
// @inline
export function findPowers(): bool {
  // Every power has its highest bit set.
  if (load<u64>(POWERS_AT, 8) != 0) return true;
  arePowersMissing = true;
  return false;
}

/** Whether a number was not decided because the table of powers had not been written. */
export function missedPowers(): bool {
  return arePowersMissing;
}

/** Tells that the table is there now. */
export function tellOfPowers(): void {
  arePowersMissing = false;
}

// Bits of a double: sign, 11 of the exponent, 52 of the mantissa whose first bit is not stored.
const MANTISSA_BITS = 52;
const EXPONENT_BIAS = 1023;
/** Bits of the product's upper half below those that are looked at for rounding. */
const BITS_BELOW: u64 = 0x1ff;

/** The double nearest to `mantissa`, of at most 15 digits, without its last `digits` ones. */
// @inline
export function exactQuotient(mantissa: i64, digits: i32): f64 {
  return <f64> mantissa / load<f64>(EXACT_POWERS + (digits << 3));
}

/** The double nearest to `mantissa` times ten to the `power`, or NaN when that is not clear. */
export function nearestDouble(mantissa: u64, power: i32): f64 {
  if (mantissa <= EXACT_MAX && <u32> (power + EXACT_POWER_MAX) <= 2 * EXACT_POWER_MAX) {
    const exact = <f64> <i64> mantissa;
    return power > 0
      ? exact * load<f64>(EXACT_POWERS + (power << 3))
      : exact / load<f64>(EXACT_POWERS - (power << 3));
  }
  if (mantissa == 0) return 0;
  if (power < -POWER_NEGATIVE_MAX || power > POWER_MAX || !findPowers()) return NaN;
  return roundedDouble(mantissa, power);
}

/** Upper half of the product of `left` and the 64 bits at an address, both without a sign. */
// @inline
function multiplyHigh(left: u64, rightAt: usize): u64 {
  const leftLow = left & 0xffffffff;
  const leftHigh = left >> 32;
  const rightLow = <u64> load<u32>(rightAt);
  const rightHigh = <u64> load<u32>(rightAt, 4);
  const middle = leftHigh * rightLow + ((leftLow * rightLow) >> 32);
  const carried = leftLow * rightHigh + (middle & 0xffffffff);
  return leftHigh * rightHigh + (middle >> 32) + (carried >> 32);
}

/** {@link nearestDouble} by the table of powers alone, which is there and has the power. */
// @inline
export function roundedDouble(mantissa: u64, power: i32): f64 {
  if (mantissa == 0) return 0;
  const powerAt = POWERS_AT + (power + POWER_NEGATIVE_MAX) * POWER_BYTES;
  const upperPower = load<u64>(powerAt, 8);
  const zeros = <i32> clz(mantissa);
  const left = mantissa << zeros;
  let low = left * upperPower;
  let high = multiplyHigh(left, powerAt + 8);
  if ((high & BITS_BELOW) == BITS_BELOW) {
    // The bits left out may carry into those that are looked at.
    const more = multiplyHigh(left, powerAt);
    low += more;
    if (low < more) high++;
  }
  const upper = <i32> (high >> 63);
  const shift = upper + 64 - MANTISSA_BITS - 3;
  let bits = high >> shift;
  // The exponent of two of 10^power, from log2(10) in 16 binary places.
  const exponent = ((217706 * power) >> 16) + 63 + upper - zeros + EXPONENT_BIAS;
  // Exactly between two doubles, which only small powers allow: to the even one.
  if (low <= 1 && power >= -4 && power <= 23 && (bits & 3) == 1 && bits << shift == high) {
    bits &= ~1;
  }
  bits = (bits + (bits & 1)) >> 1;
  // The first bit, which is not stored, adds one to the exponent; and so does rounding up to it.
  return reinterpret<f64>(bits + (<u64> (exponent - 1) << MANTISSA_BITS));
}
