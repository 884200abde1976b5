// Whether bytes are well-formed UTF-8 (RFC 3629).
// @ts-nocheck: another language, which its own compiler checks.
/** Checks `[start, end)`: no overlong forms, no surrogates, nothing above U+10FFFF. */
export function isUtf8(start: usize, end: usize): bool {
  let at = start;
  while (at < end) {
    const mask = i8x16.bitmask(v128.load(at));
    if (mask == 0) {
      at += 16;
      continue;
    }
    at += <usize> ctz(mask);
    if (at >= end) return true;
    // From here on byte by byte, as long as they are not ASCII.
    do {
      const lead = load<u8>(at);
      let following: usize = 1;
      // The second byte's range is narrower behind four of the lead bytes.
      let low: u8 = 0x80;
      let high: u8 = 0xbf;
      if (lead < 0xc2 || lead > 0xf4) return false;
      if (lead >= 0xf0) {
        following = 3;
        if (lead == 0xf0) low = 0x90;
        else if (lead == 0xf4) high = 0x8f;
      } else if (lead >= 0xe0) {
        following = 2;
        if (lead == 0xe0) low = 0xa0;
        else if (lead == 0xed) high = 0x9f;
      }
      if (at + following >= end) return false;
      const second = load<u8>(at, 1);
      if (second < low || second > high) return false;
      if (following > 1 && (load<u8>(at, 2) & 0xc0) != 0x80) return false;
      if (following > 2 && (load<u8>(at, 3) & 0xc0) != 0x80) return false;
      at += following + 1;
    } while (at < end && load<u8>(at) > 0x7f);
  }
  return true;
}
