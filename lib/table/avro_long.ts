/** Avro's longs (Avro 1.11 "Binary Encoding"): zigzag, then seven bits a byte, the lowest first. */
import { Buffer } from "node:buffer";

const LONG_BYTES_MAX = 10;
const BITS = 7;
const CONTINUES = 0x80;
/** Bits that are written by arithmetic on doubles, a whole number of bytes: bigints are slow. */
const LOW_BITS = 49;
const LOW_BYTES = LOW_BITS / BITS;

/** What is encoded is copied at once, so that one place serves all. */
const scratch = Buffer.alloc(LONG_BYTES_MAX);

/**
 * Encodes a long.
 *
 * @returns a view that stands until the next call.
 * @throws {RangeError} when it has more than 64 bits.
 */
export function encodeLong(value: bigint): Buffer {
  if (BigInt.asIntN(64, value) !== value) throw new RangeError(`${value} is no 64-bit integer`);
  const zigzag = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  let rest = Number(BigInt.asUintN(LOW_BITS, zigzag));
  let high = zigzag >= 1n << BigInt(LOW_BITS) ? Number(zigzag >> BigInt(LOW_BITS)) : 0;
  let at = 0;
  for (; rest >= CONTINUES || high > 0; rest = Math.floor(rest / CONTINUES)) {
    if (at === LOW_BYTES) {
      [rest, high] = [high, 0];
      if (rest < CONTINUES) break;
    }
    scratch[at++] = (rest % CONTINUES) | CONTINUES;
  }
  scratch[at++] = rest;
  return scratch.subarray(0, at);
}

/** Decodes a long from the bytes that it takes. */
export function decodeLong(bytes: Uint8Array): bigint {
  let [low, high] = [0, 0];
  let place = 1;
  const lowEnd = Math.min(bytes.length, LOW_BYTES);
  for (let at = 0; at < lowEnd; at++, place *= CONTINUES) {
    low += (bytes[at]! & (CONTINUES - 1)) * place;
  }
  place = 1;
  for (let at = lowEnd; at < bytes.length; at++, place *= CONTINUES) {
    high += (bytes[at]! & (CONTINUES - 1)) * place;
  }
  const zigzag = BigInt.asUintN(64, (BigInt(high) << BigInt(LOW_BITS)) | BigInt(low));
  return (zigzag >> 1n) ^ -(zigzag & 1n);
}
