/**
 * Hashes rows of typed columns, so that two rows have the same hash when, and as good as only when,
 * their values are the same. Null is no value; -0 and 0 differ, as Iceberg orders one below the
 * other; all NaN are the same.
 *
 * The 64 bits of a hash are kept as two lanes of 32 bits, since arithmetic on 64-bit integers is
 * many times slower. A row is hashed as a sequence of words that could be read back: a text stands
 * behind its length, and null as a pair of words of its own, one a lane.
 */
import type { ParsedColumn } from "../input/columns.ts";

/** Random numbers that a comparison begins with, so that no two rows share a hash in every run. */
export interface HashSeed {
  /** What every row's hash begins with: as it is in the high lane, inverted in the low one. */
  readonly start: number;
  /** Word that stands for null in the high lane. */
  readonly nullHigh: number;
  /** Word that stands for null in the low lane; never that of the high one. */
  readonly nullLow: number;
}

/** Hashes of rows in their order: `high[i]` and `low[i]` are the two lanes of row `i`. */
export interface RowHashes {
  /** Upper 32 bits of each row's hash. */
  readonly high: Int32Array;
  /** Lower 32 bits; they say which bucket the row is in. */
  readonly low: Int32Array;
}

/** Draws a seed. */
export function randomSeed(): HashSeed {
  const [start, nullHigh, other] = crypto.getRandomValues(new Int32Array(3));
  return seedFrom([start!, nullHigh!, other!]);
}

/** Makes a seed of three numbers. */
export function seedFrom(numbers: readonly [number, number, number]): HashSeed {
  const [start, nullHigh, other] = numbers;
  // No value gives both lanes different words, so none can be taken for null.
  const nullLow = (other | 0) === (nullHigh | 0) ? ~other : other | 0;
  return { start: start | 0, nullHigh: nullHigh | 0, nullLow };
}

/**
 * Hashes the rows of columns.
 *
 * @param columns all of the same length and in the same order of fields on both sides
 */
export function hashRows(
  columns: readonly ParsedColumn[],
  options: { readonly rows: number; readonly seed: HashSeed },
): RowHashes {
  const { rows, seed } = options;
  const hashes = { high: new Int32Array(rows), low: new Int32Array(rows) };
  hashes.high.fill(seed.start);
  hashes.low.fill(~seed.start);
  for (const column of columns) addColumn(hashes, column, seed);
  finish(hashes);
  return hashes;
}

function addColumn(hashes: RowHashes, column: ParsedColumn, seed: HashSeed): void {
  switch (column.type.kind) {
    case "boolean":
      addBits(hashes, column, seed);
      return;
    case "string":
    case "binary":
      addTexts(hashes, column, seed);
      return;
    case "fixed":
      addFixed(hashes, column, seed);
      return;
    case "float":
      addWords(hashes, { ...column, values: withOneNan(column.values as Float32Array) }, seed);
      return;
    case "double":
      addWords(hashes, { ...column, values: withOneNan(column.values as Float64Array) }, seed);
      return;
    default:
      addWords(hashes, column, seed);
  }
}

/** Whether a row of a column is null, by the column's validity bitmap. */
export function isNull(validity: Uint8Array | undefined, row: number): boolean {
  return validity !== undefined && ((validity[row >> 3]! >> (row & 7)) & 1) === 0;
}

function addBits({ high, low }: RowHashes, column: ParsedColumn, seed: HashSeed): void {
  const { validity } = column;
  const bits = column.values as Uint8Array;
  for (let row = 0; row < high.length; row++) {
    if (isNull(validity, row)) addNull(high, low, { row, seed });
    else {
      const word = (bits[row >> 3]! >> (row & 7)) & 1;
      high[row] = mixHigh(high[row]!, word);
      low[row] = mixLow(low[row]!, word);
    }
  }
}

/** Values of one or more whole words each. */
function addWords({ high, low }: RowHashes, column: ParsedColumn, seed: HashSeed): void {
  const { validity } = column;
  const words = wordsOf(column.values);
  const width = column.length === 0 ? 0 : words.length / column.length;
  for (let row = 0, at = 0; row < high.length; row++, at += width) {
    if (isNull(validity, row)) {
      addNull(high, low, { row, seed });
      continue;
    }
    let one = high[row]!;
    let other = low[row]!;
    for (let index = at; index < at + width; index++) {
      const word = words[index]!;
      one = mixHigh(one, word);
      other = mixLow(other, word);
    }
    high[row] = one;
    low[row] = other;
  }
}

function addTexts({ high, low }: RowHashes, column: ParsedColumn, seed: HashSeed): void {
  const { validity } = column;
  const bytes = column.values as Uint8Array;
  const offsets = column.offsets!;
  for (let row = 0; row < high.length; row++) {
    if (isNull(validity, row)) {
      addNull(high, low, { row, seed });
      continue;
    }
    const start = offsets[row]!;
    const end = offsets[row + 1]!;
    let one = mixHigh(high[row]!, end - start);
    let other = mixLow(low[row]!, end - start);
    let at = start;
    for (; at + 4 <= end; at += 4) {
      const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) |
        (bytes[at + 3]! << 24);
      one = mixHigh(one, word);
      other = mixLow(other, word);
    }
    if (at < end) {
      let word = bytes[at]!;
      if (at + 1 < end) word |= bytes[at + 1]! << 8;
      if (at + 2 < end) word |= bytes[at + 2]! << 16;
      one = mixHigh(one, word);
      other = mixLow(other, word);
    }
    high[row] = one;
    low[row] = other;
  }
}

/** The same number of bytes a value, which need not be whole words. */
function addFixed({ high, low }: RowHashes, column: ParsedColumn, seed: HashSeed): void {
  const { validity } = column;
  const bytes = column.values as Uint8Array;
  const width = column.type.kind === "fixed" ? column.type.lengthBytes : 0;
  for (let row = 0; row < high.length; row++) {
    if (isNull(validity, row)) {
      addNull(high, low, { row, seed });
      continue;
    }
    for (let at = row * width; at < (row + 1) * width; at++) {
      high[row] = mixHigh(high[row]!, bytes[at]!);
      low[row] = mixLow(low[row]!, bytes[at]!);
    }
  }
}

function addNull(
  high: Int32Array,
  low: Int32Array,
  of: { readonly row: number; readonly seed: HashSeed },
): void {
  high[of.row] = mixHigh(high[of.row]!, of.seed.nullHigh);
  low[of.row] = mixLow(low[of.row]!, of.seed.nullLow);
}

/** Bytes as words; a copy only where they do not lie at a word's border. */
function wordsOf(values: ParsedColumn["values"]): Int32Array {
  const aligned = values.byteOffset % 4 === 0 ? values : values.slice();
  return new Int32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength >> 2);
}

/** The values, each NaN with the same bits; a copy only when there is one. */
function withOneNan<T extends Float32Array | Float64Array>(values: T): T {
  let copy: T | undefined;
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    if (value === value) continue;
    copy ??= values.slice() as T;
    copy[at] = NaN;
  }
  return copy ?? values;
}

// Each lane goes the way of MurmurHash3, with constants of its own.

function mixHigh(hash: number, word: number): number {
  let scrambled = Math.imul(word, 0xcc9e2d51);
  scrambled = Math.imul((scrambled << 15) | (scrambled >>> 17), 0x1b873593);
  const mixed = hash ^ scrambled;
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

function mixLow(hash: number, word: number): number {
  let scrambled = Math.imul(word, 0x239b961b);
  scrambled = Math.imul((scrambled << 16) | (scrambled >>> 16), 0xab0e9789);
  const mixed = hash ^ scrambled;
  return (Math.imul((mixed << 11) | (mixed >>> 21), 9) + 0x561ccd1b) | 0;
}

/** Spreads every bit over both lanes; different hashes stay different. */
function finish({ high, low }: RowHashes): void {
  for (let row = 0; row < high.length; row++) {
    const one = avalanche((high[row]! + low[row]!) | 0);
    high[row] = one;
    low[row] = avalanche((low[row]! + one) | 0);
  }
}

function avalanche(hash: number): number {
  let mixed = hash;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
