/** The values of a column in the memory of the kernels, by their addresses. */
import type { ParsedColumn } from "../../input/columns.ts";
import type { WorkMemory } from "../../input/work_memory.ts";
import type { EncodeKernel } from "../encode_kernel.ts";
import { decimalBytes } from "./schema_element.ts";

/** Memory, and what works on it. */
export interface Workshop {
  /** Where columns lie, and pages are made. */
  readonly work: WorkMemory;
  /** Linked to {@linkcode work}. */
  readonly kernel: EncodeKernel;
}

/** Values as Parquet stores them: of a width, cut by offsets, or one bit each; nulls have slots too. */
export interface Cells {
  /** Of a width, cut by offsets, or one bit each. */
  readonly kind: "fixed" | "variable" | "bits";
  /** Address of the first. */
  readonly values: number;
  /** Of a value that is `fixed`, else 0. */
  readonly widthBytes: number;
  /** Of values that are `variable`: 32-bit offsets, one more than rows; else 0. */
  readonly offsets: number;
  /** Bitmap, 1 = not null; 0 when nothing is null. */
  readonly validity: number;
  /** The values as they are compared. */
  readonly compared: { readonly order: number; readonly values: number };
}

/** Rows of a column, from `from` up to but without `to`. */
export interface RowRange {
  /** From 0. */
  readonly from: number;
  /** One more than the last. */
  readonly to: number;
}

/** How the kernel that looks for extremes orders values (`kernel/extremes.ts`). */
const EXTREMES_ORDER = { bit: 0, i32: 1, i64: 2, f32: 3, f64: 4, i128: 5, bytes: 6 } as const;

/** Words of 16 bytes may be read and written so far over the end. */
const SLACK_BYTES = 16;

/** Memory that kernels may write to up to its end and, by whole words, over it. */
export function takeMemory(work: WorkMemory, lengthBytes: number): number {
  return work.allocate(lengthBytes + SLACK_BYTES);
}

/** The cells of a column; what does not lie in the memory yet is copied there. */
export function cellsOf(parsed: ParsedColumn, workshop: Workshop): Cells {
  const { work, kernel } = workshop;
  const { type, length } = parsed;
  const values = addressOf(parsed.values, work);
  const offsets = parsed.offsets === undefined ? 0 : addressOf(parsed.offsets, work);
  const validity = parsed.validity === undefined ? 0 : addressOf(parsed.validity, work);
  const compared = { order: orderOf(parsed), values };
  const common = { values, widthBytes: 0, offsets, validity, compared };
  if (type.kind === "boolean") return { ...common, kind: "bits" };
  if (offsets !== 0) return { ...common, kind: "variable" };
  if (type.kind !== "decimal") {
    const widthBytes = length === 0 ? 1 : parsed.values.byteLength / length;
    return { ...common, kind: "fixed", widthBytes };
  }
  const widthBytes = decimalBytes(type.precision);
  const narrow = takeMemory(work, length * widthBytes);
  kernel.narrowDecimals(values, length, widthBytes, narrow);
  return { ...common, kind: "fixed", values: narrow, widthBytes };
}

/** What lies in the memory stays there; other arrays are copied. */
function addressOf(array: ParsedColumn["values"], work: WorkMemory): number {
  if (array.buffer === work.buffer) return array.byteOffset;
  const address = takeMemory(work, array.byteLength);
  work.bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), address);
  return address;
}

function orderOf({ type }: ParsedColumn): number {
  switch (type.kind) {
    case "boolean":
      return EXTREMES_ORDER.bit;
    case "int":
    case "date":
      return EXTREMES_ORDER.i32;
    case "float":
      return EXTREMES_ORDER.f32;
    case "double":
      return EXTREMES_ORDER.f64;
    case "decimal":
      return EXTREMES_ORDER.i128;
    case "string":
    case "binary":
    case "uuid":
    case "fixed":
      return EXTREMES_ORDER.bytes;
    default:
      return EXTREMES_ORDER.i64;
  }
}

/** Bytes that {@linkcode writePlain} may need for some rows. */
export function plainBytesMax(cells: Cells, { from, to }: RowRange, work: WorkMemory): number {
  switch (cells.kind) {
    case "fixed":
      return (to - from) * cells.widthBytes;
    case "variable": {
      const first = cells.offsets >> 2;
      return (work.words[first + to] as number) - (work.words[first + from] as number) +
        4 * (to - from);
    }
    case "bits":
      return (to - from + 7) >> 3;
  }
}

/**
 * Writes the values of some rows that are not null in Parquet's PLAIN encoding.
 *
 * @param into where there is room for {@linkcode plainBytesMax}, by {@linkcode takeMemory}.
 * @returns the address behind the last byte.
 */
export function writePlain(
  cells: Cells,
  of: { readonly rows: RowRange; readonly into: number; readonly kernel: EncodeKernel },
): number {
  const { values, widthBytes, offsets, validity } = cells;
  const { rows: { from, to }, into, kernel } = of;
  // Addresses in the upper half of the memory come back as negative numbers.
  switch (cells.kind) {
    case "fixed":
      return kernel.writeFixed(values, widthBytes, validity, from, to, into) >>> 0;
    case "variable":
      return kernel.writeVariable(values, offsets, validity, from, to, into) >>> 0;
    case "bits":
      return kernel.writeBits(values, validity, from, to, into) >>> 0;
  }
}
