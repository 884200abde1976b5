/** The kernels that encode (`kernel/encode.ts`), and how they are called: with addresses and rows. */
import { linkKernel, type WorkMemory } from "../input/work_memory.ts";
import moduleBytes from "./encode_kernel.wasm" with { type: "bytes" };

/** What `kernel/encode.ts` exports; an address of 0 stands for what a column does not have. */
export interface EncodeKernel {
  /** Rows of a validity bitmap, from `from` up to but without `to`, whose bit is not set. */
  countNulls(validity: number, from: number, to: number): number;
  /** Values of 4 or 8 bytes that are NaN. */
  countNans(values: number, widthBytes: number, rows: number): number;
  /**
   * Finds the distinct values of some rows.
   *
   * @param offsets 0 when all values have `widthBytes`.
   * @param bytesMax of the entries in the PLAIN encoding.
   * @param slots room for `1 << slotBits` words, all zero: twice as many as there may be entries.
   * @param keys room for 24 bytes an entry.
   * @param entryRows gets a row for each entry, 32 bits.
   * @param indexes gets an index for each row, 16 bits, 0 for null.
   * @returns the number of entries; -1 when more than half of the values differ, when there are
   * more than 65,536, or when they take more than `bytesMax`.
   */
  buildDictionary(
    values: number,
    widthBytes: number,
    offsets: number,
    validity: number,
    from: number,
    to: number,
    bytesMax: number,
    slots: number,
    slotBits: number,
    keys: number,
    entryRows: number,
    indexes: number,
  ): number;
  /**
   * Writes a dictionary's entries in the PLAIN encoding.
   *
   * @returns the address behind the last byte.
   */
  writeEntries(
    values: number,
    widthBytes: number,
    offsets: number,
    entryRows: number,
    entries: number,
    into: number,
  ): number;
  /**
   * Finds the entries that some rows have.
   *
   * @param isSeen room for a byte for each entry.
   * @param found gets a row for each entry that occurs, 32 bits.
   * @returns their number.
   */
  entriesSeen(
    indexes: number,
    validity: number,
    from: number,
    to: number,
    entries: number,
    entryRows: number,
    isSeen: number,
    found: number,
  ): number;
  /**
   * As {@link findExtremes}, of `count` rows whose numbers stand at `rows`, none of which is null.
   */
  findExtremesOf(
    order: number,
    values: number,
    widthBytes: number,
    offsets: number,
    rows: number,
    count: number,
    result: number,
  ): void;
  /**
   * Stores the rows with the least and the greatest value that is neither null nor NaN at `result`,
   * as two words; the first is -1 when there is none.
   *
   * @param order how values are compared: `Cells.compared`.
   */
  findExtremes(
    order: number,
    values: number,
    widthBytes: number,
    offsets: number,
    validity: number,
    from: number,
    to: number,
    result: number,
  ): void;
  /**
   * Writes a dictionary's indexes, nulls left out, behind their bit width (Parquet format, RLE /
   * bit-packing hybrid). The indexes are in disorder then.
   *
   * @param indexes of 16 bits, the first one that of row `from`.
   * @returns the address behind the last byte.
   */
  writeIndexes(
    indexes: number,
    validity: number,
    from: number,
    to: number,
    bitWidth: number,
    into: number,
  ): number;
  /**
   * Writes values of a width in the PLAIN encoding, nulls left out.
   *
   * @returns the address behind the last byte.
   */
  writeFixed(
    values: number,
    widthBytes: number,
    validity: number,
    from: number,
    to: number,
    into: number,
  ): number;
  /**
   * Writes values in the PLAIN encoding, each behind its length, nulls left out.
   *
   * @returns the address behind the last byte.
   */
  writeVariable(
    values: number,
    offsets: number,
    validity: number,
    from: number,
    to: number,
    into: number,
  ): number;
  /**
   * Writes booleans in the PLAIN encoding, eight a byte, nulls left out.
   *
   * @returns the address behind the last byte.
   */
  writeBits(bits: number, validity: number, from: number, to: number, into: number): number;
  /**
   * Writes decimals of 16 little-endian bytes in fewer: 4 or 8, or, more than that, the highest
   * first.
   */
  narrowDecimals(values: number, rows: number, widthBytes: number, into: number): void;
}

let compiled: WebAssembly.Module | undefined;

/** Makes the kernels work on a memory. */
export function linkEncodeKernel(work: WorkMemory): EncodeKernel {
  compiled ??= new WebAssembly.Module(moduleBytes);
  return linkKernel<EncodeKernel>(compiled, work);
}
