/** Whether bytes are well-formed UTF-8 (RFC 3629), without making a string of them. */

/** Checks `bytes[start, end)`: no overlong forms, no surrogates, nothing above U+10FFFF. */
export function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end) {
    const lead = bytes[at++] as number;
    if (lead < 0x80) continue;
    let following: number;
    // The second byte's range is narrower behind four of the lead bytes.
    let low = 0x80;
    let high = 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf) following = 1;
    else if (lead >= 0xe0 && lead <= 0xef) {
      following = 2;
      if (lead === 0xe0) low = 0xa0;
      else if (lead === 0xed) high = 0x9f;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
      following = 3;
      if (lead === 0xf0) low = 0x90;
      else if (lead === 0xf4) high = 0x8f;
    } else return false;
    if (at + following > end) return false;
    const second = bytes[at++] as number;
    if (second < low || second > high) return false;
    for (; following > 1; following--) {
      const next = bytes[at++] as number;
      if (next < 0x80 || next > 0xbf) return false;
    }
  }
  return true;
}
