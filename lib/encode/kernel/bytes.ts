// Runs of bytes. What is read or written by whole words may go up to 15 bytes over the end, where
// callers have memory that does not matter.
// @ts-nocheck: another language, which its own compiler checks.

/** Copies, and overwrites up to 15 bytes behind the target. */
// @inline
export function copyOver(to: usize, from: usize, length: usize): void {
  for (let at: usize = 0; at < length; at += 16) v128.store(to + at, v128.load(from + at));
}

/** The first eight bytes as a number that orders as they do, zeros in the place of what is missing. */
// @inline
export function prefixOf(from: usize, length: usize): u64 {
  const prefix = bswap<u64>(load<u64>(from));
  return length >= 8 ? prefix : length == 0 ? 0 : prefix & (u64.MAX_VALUE << (64 - 8 * length));
}

/** As `memcmp`, a run that is the beginning of another before it. */
export function compareBytes(one: usize, oneLength: usize, other: usize, otherLength: usize): i32 {
  const shared = min(oneLength, otherLength);
  for (let at: usize = 0; at < shared; at += 8) {
    const left = prefixOf(one + at, shared - at);
    const right = prefixOf(other + at, shared - at);
    if (left != right) return left < right ? -1 : 1;
  }
  return oneLength < otherLength ? -1 : oneLength > otherLength ? 1 : 0;
}

/** Whether two runs of `length` bytes are the same; up to 7 bytes behind each are read. */
// @inline
export function equalBytes(one: usize, other: usize, length: usize): bool {
  let at: usize = 0;
  for (; at + 8 <= length; at += 8) {
    if (load<u64>(one + at) != load<u64>(other + at)) return false;
  }
  return at == length ||
    ((load<u64>(one + at) ^ load<u64>(other + at)) << (64 - 8 * (length - at))) == 0;
}

/** Up to eight bytes as a number, zeros in the place of what is missing; without a branch. */
// @inline
export function wordOf(from: usize, length: usize): u64 {
  const word = load<u64>(from);
  return select<u64>(word, word & ((u64(1) << (8 * length)) - 1), length >= 8);
}

/** A hash whose upper bits are good ones. */
// @inline
export function hashBytes(from: usize, length: usize): u64 {
  let hash = u64(length) * 0x9e3779b97f4a7c15;
  let at: usize = 0;
  for (; at + 8 <= length; at += 8) hash = mixed(hash ^ load<u64>(from + at));
  if (at < length) hash = mixed(hash ^ (load<u64>(from + at) << (64 - 8 * (length - at))));
  return hash;
}

/** Spreads every bit of a hash over all others. */
// @inline
export function mixed(hash: u64): u64 {
  const product = hash * 0x9e3779b97f4a7c15;
  return (product ^ (product >> 32)) * 0xd6e8feb86659fd93;
}
