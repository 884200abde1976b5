// Bitmaps: least significant bit first.
// @ts-nocheck: another language, which its own compiler checks.

/** Whether a row is not null; a column without nulls has no bitmap (0). */
// @inline
export function isValid(validity: usize, row: i32): bool {
  return validity == 0 || bitAt(validity, row) != 0;
}

/** The bit of a row, 0 or 1, in a bitmap that is there. */
// @inline
export function bitAt(bits: usize, row: i32): i32 {
  return (i32(load<u8>(bits + (row >> 3))) >> (row & 7)) & 1;
}
