/** The table by which the kernels round doubles of many digits, made of exact integers. */
import { POWER_BYTES, POWER_MAX, POWER_NEGATIVE_MAX } from "./kernel/layout.ts";

const POWER_BITS = 128;
const WORD_BITS = 64n;
/** From this power on, what is cut off a reciprocal is rounded up, so that exact products are seen. */
const ROUNDED_UP_MIN = -27;

/**
 * Makes the first 128 bits of 10^-290 to 10^280, as two little-endian 64-bit words each, the lower
 * first. Of a power of ten these are the bits of the power of five, for the rest is a power of two.
 */
export function powersOfTen(): BigUint64Array<ArrayBuffer> {
  const words = new BigUint64Array((POWER_MAX + POWER_NEGATIVE_MAX + 1) * POWER_BYTES / 8);
  const store = (power: number, bits: bigint) => {
    const at = (power + POWER_NEGATIVE_MAX) * 2;
    words[at] = BigInt.asUintN(64, bits);
    words[at + 1] = bits >> WORD_BITS;
  };
  let five = 1n;
  for (let power = 0; power <= POWER_NEGATIVE_MAX; power++, five *= 5n) {
    const length = bitLength(five);
    if (power <= POWER_MAX) store(power, shift(five, POWER_BITS - length));
    if (power === 0) continue;
    // A number of `length` bits divides a power of two with as many more to 128 bits.
    const quotient = (1n << BigInt(length - 1 + POWER_BITS)) / five;
    store(-power, -power >= ROUNDED_UP_MIN ? quotient + 1n : quotient);
  }
  return words;
}

function shift(value: bigint, bits: number): bigint {
  return bits >= 0 ? value << BigInt(bits) : value >> BigInt(-bits);
}

function bitLength(value: bigint): number {
  const hex = value.toString(16);
  return hex.length * 4 - (Math.clz32(parseInt(hex[0]!, 16)) - 28);
}
