// The functions of `lines_kernel.wasm`: line feeds in a run of bytes, sixteen at a time. Behind the run
// stand sixteen bytes that are zero.
// @ts-nocheck: another language, which its own compiler checks.

const LF: u8 = 0x0a;
const CR: u8 = 0x0d;
const QUOTE: u8 = 0x22;

/**
 * Line feeds in a run of bytes. The byte in front of it says whether its first begins a line.
 *
 * @param skipsBlank whether a blank line (of nothing, or of a carriage return) must be found
 * @returns -1 when there is a quote, or a blank line that must be found
 */
export function countLines(from: usize, length: usize, skipsBlank: bool): i32 {
  const feed = i8x16.splat(LF);
  const lookedFor = i8x16.splat(i8(skipsBlank ? -1 : 0));
  const carriage = i8x16.splat(CR);
  const quote = i8x16.splat(QUOTE);
  let special = i8x16.splat(0);
  let count = 0;
  const end = from + length;
  for (let at = from; at < end; at += 16) {
    const bytes = v128.load(at);
    const feeds = i8x16.eq(bytes, feed);
    const begins = v128.and(lookedFor, i8x16.eq(v128.load(at - 1), feed));
    const ends = v128.or(feeds, i8x16.eq(bytes, carriage));
    special = v128.or(special, v128.or(i8x16.eq(bytes, quote), v128.and(begins, ends)));
    count += popcnt<i32>(i8x16.bitmask(feeds));
  }
  return v128.any_true(special) ? -1 : count;
}

/**
 * Bytes up to the end of a line.
 *
 * @param lines counted from the first, as many as there are at most
 */
export function endOfLine(from: usize, lines: i32): usize {
  const feed = i8x16.splat(LF);
  let at = from;
  for (;; at += 16) {
    let feeds = i8x16.bitmask(i8x16.eq(v128.load(at), feed));
    const count = popcnt<i32>(feeds);
    if (count < lines) {
      lines -= count;
      continue;
    }
    for (; lines > 1; lines--) feeds &= feeds - 1;
    return at + ctz<i32>(feeds) + 1 - from;
  }
}
