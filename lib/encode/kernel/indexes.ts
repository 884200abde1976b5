// Indexes into a dictionary as Parquet's hybrid of runs and packed bits.
// @ts-nocheck: another language, which its own compiler checks.
import { isValid } from "./bits.ts";

/**
 * Writes the indexes of some rows that are not null behind their bit width: one run when all are the
 * same, else packed bits. Long runs among others are left to the codec, which takes them for little.
 *
 * @param indexes of 16 bits, for the rows from `from` on; they are moved together
 * @returns the address behind the last byte
 */
export function writeIndexes(
  indexes: usize,
  validity: usize,
  from: i32,
  to: i32,
  bitWidth: i32,
  into: usize,
): usize {
  let count = to - from;
  if (validity != 0) {
    let kept = indexes;
    for (let row = from, at = indexes; row < to; row++, at += 2) {
      if (!isValid(validity, row)) continue;
      store<u16>(kept, load<u16>(at));
      kept += 2;
    }
    count = i32((kept - indexes) >> 1);
  }
  store<u8>(into++, u8(bitWidth));
  const first = count == 0 ? 0 : load<u16>(indexes);
  let same = 0;
  while (same < count && load<u16>(indexes + (usize(same) << 1)) == first) same++;
  if (same == count) {
    into = writeVarInt(u32(count) << 1, into);
    for (let bits = 0; bits < bitWidth; bits += 8) store<u8>(into++, u8(first >> u16(bits)));
    return into;
  }
  const groups = (count + 7) >> 3;
  into = writeVarInt((u32(groups) << 1) | 1, into);
  const end = into + usize(groups) * usize(bitWidth);
  const whole = indexes + (usize(count) << 1);
  let pending: u64 = 0;
  let bits = 0;
  for (; indexes < whole; indexes += 2) {
    pending |= u64(load<u16>(indexes)) << bits;
    bits += bitWidth;
    if (bits >= 32) {
      store<u32>(into, u32(pending));
      into += 4;
      pending >>= 32;
      bits -= 32;
    }
  }
  // Indexes behind the last are zero: a group is always whole.
  for (; into < end; into++) {
    store<u8>(into, u8(pending));
    pending >>= 8;
  }
  return end;
}

function writeVarInt(value: u32, into: usize): usize {
  while (value > 0x7f) {
    store<u8>(into++, u8((value & 0x7f) | 0x80));
    value >>= 7;
  }
  store<u8>(into++, u8(value));
  return into;
}
