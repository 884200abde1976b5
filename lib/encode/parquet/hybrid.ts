/** Parquet's hybrid of runs and packed bits: definition levels and dictionary indexes. */
import type { Cells, RowRange, Workshop } from "./cells.ts";
import type { Dictionary } from "./dictionary.ts";

/** Bytes of a definition level's length, and of the longest head of a run. */
const HEAD_BYTES = 4 + 5;

/** Bytes that {@linkcode writeLevels} may need for so many rows. */
export function levelBytesMax(rows: number): number {
  return HEAD_BYTES + ((rows + 7) >> 3) + 1;
}

/**
 * Writes the definition levels of rows of an optional column, behind their length (data page V1).
 * A validity bitmap is just what a packed run of levels is made of.
 *
 * @param options.rows `from` is a multiple of 8 when there is a bitmap.
 * @returns the address behind the last byte.
 */
export function writeLevels(
  { validity }: Cells,
  options: { readonly rows: RowRange; readonly into: number; readonly bytes: Uint8Array },
): number {
  const { rows: { from, to }, into, bytes } = options;
  const start = into + 4;
  let end: number;
  if (validity === 0) {
    end = writeVarInt((to - from) << 1, { bytes, at: start });
    bytes[end++] = 1;
  } else {
    const groups = (to - from + 7) >> 3;
    end = writeVarInt((groups << 1) | 1, { bytes, at: start });
    const first = validity + (from >> 3);
    bytes.copyWithin(end, first, first + groups);
    end += groups;
  }
  const length = end - start;
  for (let byte = 0; byte < 4; byte++) bytes[into + byte] = length >> (byte * 8);
  return end;
}

/** Bytes that {@linkcode writeIndexes} may need. */
export function indexBytesMax(count: number, bitWidth: number): number {
  return 1 + HEAD_BYTES + ((count + 7) >> 3) * bitWidth;
}

/** Bits of the largest index of a dictionary. */
export function bitWidthOf(entries: number): number {
  return entries <= 1 ? 0 : 32 - Math.clz32(entries - 1);
}

/**
 * Writes a dictionary's indexes for some rows behind their bit width, nulls left out. Afterwards the
 * indexes of these rows are in disorder.
 *
 * @param options.firstRow the row of the dictionary's first index.
 * @returns the address behind the last byte.
 */
export function writeIndexes(
  dictionary: Dictionary,
  options: {
    readonly cells: Cells;
    readonly rows: RowRange;
    readonly firstRow: number;
    readonly into: number;
    readonly kernel: Workshop["kernel"];
  },
): number {
  const { cells: { validity }, rows: { from, to }, firstRow, into, kernel } = options;
  const indexes = dictionary.indexes + (from - firstRow) * 2;
  const bitWidth = bitWidthOf(dictionary.entries);
  return kernel.writeIndexes(indexes, validity, from, to, bitWidth, into) >>> 0;
}

function writeVarInt(
  value: number,
  { bytes, at }: { readonly bytes: Uint8Array; readonly at: number },
): number {
  let rest = value >>> 0;
  while (rest > 0x7f) {
    bytes[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[at++] = rest;
  return at;
}
