// Dictionaries of columns whose values recur. Whether one pays is found while it is made.
// @ts-nocheck: another language, which its own compiler checks.
import { isValid } from "./bits.ts";
import { copyOver, equalBytes, hashBytes, mixed, wordOf } from "./bytes.ts";

/** Indexes have 16 bits: with more entries a dictionary would save little. */
const ENTRIES_MAX: i32 = 65536;

/** After so many values it is decided whether they recur often enough. */
const LOOK_AFTER_VALUES: i32 = 4096;

/** Values of up to so many bytes are compared by two words, which stand with the entry. */
const SHORT_BYTES: usize = 16;
/** Of an entry's key: two words, and the length. */
const KEY_BYTES: usize = 24;

/**
 * Finds the distinct values of some rows.
 *
 * @param offsets 0 when all values have `widthBytes`
 * @param slots of the hash table, at least twice as many as there may be entries, a power of two:
 * `1 << slotBits` words, all zero
 * @param keys room for 24 bytes an entry
 * @param entryRows gets a row for each entry
 * @param indexes gets an index for each row, 16 bits, 0 for null
 * @returns the number of entries; -1 when more than half of the values differ, when there are more
 * than 65,536, or when they take more than `bytesMax`
 */
export function buildDictionary(
  values: usize,
  widthBytes: i32,
  offsets: usize,
  validity: usize,
  from: i32,
  to: i32,
  bytesMax: i32,
  slots: usize,
  slotBits: i32,
  keys: usize,
  entryRows: usize,
  indexes: usize,
): i32 {
  const shift = u64(64 - slotBits);
  const mask = (1 << slotBits) - 1;
  let entries = 0;
  let bytes = 0;
  let seen = 0;
  for (let row = from; row < to; row++, indexes += 2) {
    if (!isValid(validity, row)) {
      store<u16>(indexes, 0);
      continue;
    }
    seen++;
    let start = values + usize(row) * usize(widthBytes);
    let length = usize(widthBytes);
    if (offsets != 0) {
      const cut = load<u32>(offsets + (usize(row) << 2));
      length = load<u32>(offsets + (usize(row) << 2) + 4) - cut;
      start = values + cut;
    }
    const low = wordOf(start, length);
    const high = select<u64>(wordOf(start + 8, length - 8), 0, length > 8);
    const isShort = length <= SHORT_BYTES;
    const hash = isShort ? mixed(low ^ mixed(high + u64(length))) : hashBytes(start, length);
    let slot = i32(hash >> shift);
    let entry = -1;
    for (;;) {
      entry = load<i32>(slots + (usize(slot) << 2)) - 1;
      if (entry == -1) break;
      const key = keys + usize(entry) * KEY_BYTES;
      const isEqual = i32(load<u64>(key) == low) & i32(load<u64>(key, 8) == high) &
        i32(load<u64>(key, 16) == u64(length));
      if (isEqual != 0) {
        if (isShort) break;
        const other = load<i32>(entryRows + (usize(entry) << 2));
        const otherStart = offsets == 0
          ? values + usize(other) * length
          : values + load<u32>(offsets + (usize(other) << 2));
        if (equalBytes(otherStart, start, length)) break;
      }
      slot = (slot + 1) & mask;
    }
    if (entry == -1) {
      bytes += i32(length) + (offsets != 0 ? 4 : 0);
      if (entries == ENTRIES_MAX || bytes > bytesMax) return -1;
      entry = entries++;
      store<i32>(entryRows + (usize(entry) << 2), row);
      store<i32>(slots + (usize(slot) << 2), entry + 1);
      const key = keys + usize(entry) * KEY_BYTES;
      store<u64>(key, low);
      store<u64>(key, high, 8);
      store<u64>(key, u64(length), 16);
    }
    store<u16>(indexes, u16(entry));
    if (seen == LOOK_AFTER_VALUES && looksUseless(seen, entries, to - from)) return -1;
  }
  return seen == 0 || entries * 2 > seen ? -1 : entries;
}

/**
 * Of `n` values drawn from `d`, about `n² / 2d` have been seen before: fewer than would be with the
 * most entries that there may be, and the rest is not worth a look.
 */
// @inline
function looksUseless(seen: i32, entries: i32, rows: i32): bool {
  const entriesMax = min(f64(ENTRIES_MAX), f64(rows) / 2);
  return f64(seen - entries) < f64(seen) * f64(seen) / (2 * entriesMax);
}

/**
 * Writes a dictionary's entries in Parquet's PLAIN encoding.
 *
 * @returns the address behind the last byte
 */
export function writeEntries(
  values: usize,
  widthBytes: i32,
  offsets: usize,
  entryRows: usize,
  entries: i32,
  to: usize,
): usize {
  for (let entry = 0; entry < entries; entry++) {
    const row = load<i32>(entryRows + (usize(entry) << 2));
    let start = values + usize(row) * usize(widthBytes);
    let length = usize(widthBytes);
    if (offsets != 0) {
      const cut = load<u32>(offsets + (usize(row) << 2));
      length = load<u32>(offsets + (usize(row) << 2) + 4) - cut;
      start = values + cut;
      store<u32>(to, u32(length));
      to += 4;
    }
    copyOver(to, start, length);
    to += length;
  }
  return to;
}

/**
 * Rows that hold the entries that some rows have, one for each.
 *
 * @param isSeen room for a byte for each entry
 * @param found gets the rows
 * @returns their number
 */
export function entriesSeen(
  indexes: usize,
  validity: usize,
  from: i32,
  to: i32,
  entries: i32,
  entryRows: usize,
  isSeen: usize,
  found: usize,
): i32 {
  memory.fill(isSeen, 0, entries);
  if (validity == 0) {
    for (let row = from; row < to; row++, indexes += 2) {
      store<u8>(isSeen + load<u16>(indexes), 1);
    }
  } else {
    for (let row = from; row < to; row++, indexes += 2) {
      if (isValid(validity, row)) store<u8>(isSeen + load<u16>(indexes), 1);
    }
  }
  let count = 0;
  for (let entry = 0; entry < entries; entry++) {
    if (load<u8>(isSeen + entry) == 0) continue;
    store<i32>(found + (usize(count++) << 2), load<i32>(entryRows + (usize(entry) << 2)));
  }
  return count;
}
