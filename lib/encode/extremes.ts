/** Where the least and the greatest value of a column stand: what bounds and statistics are made of. */
import type { ParsedColumn } from "../input/columns.ts";
import type { WorkMemory } from "../input/work_memory.ts";
import type { Cells, RowRange, Workshop } from "./parquet/cells.ts";
import { bytesAt } from "./values_at.ts";

/** Rows that hold the least and the greatest value. */
export interface Extremes {
  /** Row of the least value, from 0; one of them when several have it. */
  readonly min: number;
  /** Row of the greatest value. */
  readonly max: number;
}

/** The rows with the least and the greatest value that is neither null nor NaN; undefined when there is none. */
export function findExtremes(
  { compared, widthBytes, offsets, validity }: Cells,
  { from, to }: RowRange,
  { work, kernel }: Workshop,
): Extremes | undefined {
  const mark = work.top;
  const result = work.allocate(8);
  const { order, values } = compared;
  kernel.findExtremes(order, values, widthBytes, offsets, validity, from, to, result);
  work.release(mark);
  return extremesAt(result, work);
}

/** The two rows that a kernel has left at an address. */
export function extremesAt(address: number, { words }: WorkMemory): Extremes | undefined {
  const min = words[address >> 2] as number;
  return min === -1 ? undefined : { min, max: words[(address >> 2) + 1] as number };
}

/** The extremes of all rows from those of their parts. */
export function mergeExtremes(
  parsed: ParsedColumn,
  parts: readonly (Extremes | undefined)[],
): Extremes | undefined {
  let min = -1;
  let max = -1;
  for (const part of parts) {
    if (part === undefined) continue;
    if (min === -1 || compareRows(parsed, part.min, min) < 0) min = part.min;
    if (max === -1 || compareRows(parsed, part.max, max) > 0) max = part.max;
  }
  return min === -1 ? undefined : { min, max };
}

/** Orders the values of two rows, neither of which is null or NaN. */
export function compareRows(parsed: ParsedColumn, one: number, other: number): number {
  const { values, type } = parsed;
  if (type.kind === "boolean") return bitOf(values, one) - bitOf(values, other);
  if (type.kind === "decimal") return compareDecimals(values as Uint32Array, one, other);
  if (values instanceof BigInt64Array) {
    return values[one]! < values[other]! ? -1 : values[one]! > values[other]! ? 1 : 0;
  }
  if (!(values instanceof Uint8Array)) return values[one]! - values[other]!;
  return compareBytes(bytesAt(parsed, one), bytesAt(parsed, other));
}

function bitOf(values: ParsedColumn["values"], row: number): number {
  return (((values as Uint8Array)[row >> 3] as number) >> (row & 7)) & 1;
}

/** Four little-endian words a value; the highest has the sign. */
function compareDecimals(words: Uint32Array, one: number, other: number): number {
  const high = ((words[one * 4 + 3] as number) | 0) - ((words[other * 4 + 3] as number) | 0);
  if (high !== 0) return high;
  for (let word = 2; word >= 0; word--) {
    const difference = (words[one * 4 + word] as number) - (words[other * 4 + word] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

function compareBytes(one: Uint8Array, other: Uint8Array): number {
  const shared = Math.min(one.length, other.length);
  for (let index = 0; index < shared; index++) {
    const difference = (one[index] as number) - (other[index] as number);
    if (difference !== 0) return difference;
  }
  return one.length - other.length;
}
