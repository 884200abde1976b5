/** Dictionaries of columns whose values recur. */
import { type Extremes, extremesAt } from "../extremes.ts";
import { type Cells, type RowRange, takeMemory, type Workshop } from "./cells.ts";

/** Indexes have 16 bits (`kernel/dictionary.ts`). */
const ENTRIES_MAX = 65_536;
/** What is kept of an entry's value. */
const KEY_BYTES = 24;

/** The distinct values of some rows. */
export interface Dictionary {
  /** How many there are, 65,536 at most. */
  readonly entries: number;
  /** Address of a row's number for each entry, 32 bits. */
  readonly entryRows: number;
  /** Address of the entry's index for each row, counted from the first of the rows, 16 bits; 0 for null. */
  readonly indexes: number;
  /** Bytes of the entries at most, in the PLAIN encoding. */
  readonly plainBytesMax: number;
}

/**
 * Makes a dictionary of some rows, in memory that the caller gives back.
 *
 * @returns undefined when more than half of the values differ, when there are more than 65,536, or
 * when they take more than `bytesMax`.
 */
export function buildDictionary(
  cells: Cells,
  range: RowRange,
  options: Workshop & { readonly bytesMax: number },
): Dictionary | undefined {
  if (cells.kind === "bits") return undefined;
  const { work, kernel } = options;
  const { values, widthBytes, offsets, validity } = cells;
  const { from, to } = range;
  const rows = to - from;
  const entriesMax = Math.min(ENTRIES_MAX, rows);
  // Twice as many slots as entries at least, so that few of them are looked at for a value.
  const slotBits = 33 - Math.clz32(Math.max(8, entriesMax) - 1);
  const indexes = work.allocate(rows * 2);
  const entryRows = work.allocate(entriesMax * 4);
  const mark = work.top;
  const slots = work.allocate(4 << slotBits);
  const keys = work.allocate(entriesMax * KEY_BYTES);
  work.bytes.fill(0, slots, slots + (4 << slotBits));
  const bytesMax = Math.min(options.bytesMax, 2 ** 31 - 1);
  const entries = kernel.buildDictionary(
    ...[values, widthBytes, offsets, validity, from, to] as const,
    ...[bytesMax, slots, slotBits, keys, entryRows, indexes] as const,
  );
  work.release(mark);
  return entries === -1 ? undefined : { entries, entryRows, indexes, plainBytesMax: bytesMax };
}

/** The extremes of some rows of a dictionary, whose indexes are in order: of a row for each value. */
export function dictionaryExtremes(
  dictionary: Dictionary,
  rows: RowRange,
  options: Workshop & { readonly cells: Cells; readonly firstRow: number },
): Extremes | undefined {
  const { work, kernel, cells, firstRow } = options;
  const { entries, entryRows } = dictionary;
  const { compared: { order, values }, widthBytes, offsets, validity } = cells;
  const indexes = dictionary.indexes + (rows.from - firstRow) * 2;
  const mark = work.top;
  const isSeen = work.allocate(entries);
  const found = work.allocate(entries * 4);
  const result = work.allocate(8);
  const count = kernel.entriesSeen(
    ...[indexes, validity, rows.from, rows.to, entries, entryRows, isSeen, found] as const,
  );
  kernel.findExtremesOf(order, values, widthBytes, offsets, found, count, result);
  work.release(mark);
  return extremesAt(result, work);
}

/**
 * Writes a dictionary's entries in the PLAIN encoding.
 *
 * @returns where they lie.
 */
export function writeEntries(
  cells: Cells,
  dictionary: Dictionary,
  { work, kernel }: Workshop,
): { readonly start: number; readonly end: number } {
  const { values, widthBytes, offsets } = cells;
  const { entryRows, entries } = dictionary;
  const start = takeMemory(work, dictionary.plainBytesMax);
  const end = kernel.writeEntries(values, widthBytes, offsets, entryRows, entries, start) >>> 0;
  return { start, end };
}
