/** The kernels that parse (`kernel/parse.ts`), the memory they work on, and how they are called. */
import { POWERS_AT } from "./kernel/layout.ts";
import moduleBytes from "./parse_kernel.wasm" with { type: "bytes" };
import { powersOfTen } from "./powers_of_ten.ts";
import { linkKernel, WorkMemory } from "./work_memory.ts";

/**
 * Parses a column's fields of a batch, from one of its rows on.
 *
 * @param column address of the column's block
 * @param batch address of the tokenizer's block
 * @returns the first row whose field the kernel does not know for sure, or the number of rows
 */
export type ParseFields = (column: number, batch: number, from: number) => number;

/** What the module exports; all addresses and offsets are those of `kernel/layout.ts`. */
export interface ParseKernel {
  /**
   * Fills the batch, given the address of its block; it has no rows at the chunk's end or problem.
   */
  readonly nextBatch: (batch: number) => void;
  /** To a bitmap, least significant bit first. */
  readonly parseBooleans: ParseFields;
  /** To 32-bit integers. */
  readonly parseInts: ParseFields;
  /** To 64-bit integers. */
  readonly parseLongs: ParseFields;
  /** To 32-bit floating point, the nearest to the text. */
  readonly parseFloats: ParseFields;
  /** To 64-bit floating point, the nearest to the text. */
  readonly parseDoubles: ParseFields;
  /** To unscaled 128-bit integers; scale and precision stand in the block. */
  readonly parseDecimals: ParseFields;
  /** To days since 1970-01-01, 32 bits. */
  readonly parseDates: ParseFields;
  /** To µs since midnight, 64 bits. */
  readonly parseTimes: ParseFields;
  /** To µs or ns since 1970-01-01, 64 bits; unit and whether there is a zone stand in the block. */
  readonly parseTimestamps: ParseFields;
  /** To bytes and offsets, checked to be UTF-8. */
  readonly parseStrings: ParseFields;
  /** From hexadecimal digits to bytes and offsets. */
  readonly parseBinaries: ParseFields;
  /** From hexadecimal digits to bytes; their number stands in the block. */
  readonly parseFixed: ParseFields;
  /** To 16 bytes. */
  readonly parseUuids: ParseFields;
  /** Bytes that the column's fields of a batch have, quotes counted in. */
  readonly fieldBytes: (column: number, batch: number) => number;
  /**
   * Tells the kinds of a column's fields: `SAW_…` of `kernel/layout.ts` above `KINDS_SHIFT` bits, and
   * below them the first row of the batch whose field needs a closer look, or `rows`.
   *
   * @param field where the column stands in a record, times `FIELD_BYTES`
   * @param texts address of the texts that stand for null, 0 for none
   */
  readonly plainKinds: (
    batch: number,
    field: number,
    texts: number,
    from: number,
    rows: number,
  ) => number;
  /** Not 0 when a double was not decided because the powers of ten are not there. */
  readonly missedPowers: () => number;
  /** To be called when the powers have been written to `POWERS_AT`. */
  readonly tellOfPowers: () => void;
  /** Not 0 when the bytes between two addresses are UTF-8. */
  readonly isUtf8: (start: number, end: number) => number;
}

let compiled: WebAssembly.Module | undefined;

/** A memory and the kernels that parse on it; for one chunk at a time. */
export class Workspace {
  /** Reset by every `Tokenizer` that takes the workspace. */
  readonly memory: WorkMemory;
  /** Works on {@linkcode memory} only. */
  readonly kernel: ParseKernel;

  /**
   * Compiles the kernels, once a thread, and links them.
   *
   * @param memory a fresh one unless given
   */
  constructor(memory: WorkMemory = new WorkMemory()) {
    compiled ??= new WebAssembly.Module(moduleBytes);
    this.memory = memory;
    this.kernel = linkKernel<ParseKernel>(compiled, memory);
  }

  /** Writes the table of powers of ten, when a kernel missed it; says whether it did. */
  provideMissedPowers(): boolean {
    if (this.kernel.missedPowers() === 0) return false;
    this.memory.bytes.set(new Uint8Array(powersOfTen().buffer), POWERS_AT);
    this.kernel.tellOfPowers();
    return true;
  }
}

let shared: Workspace | undefined;

/** The workspace of whoever needs none of its own, because nothing of it is kept. */
export function sharedWorkspace(): Workspace {
  shared ??= new Workspace();
  return shared;
}
