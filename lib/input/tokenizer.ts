/**
 * Finds records and fields in a chunk, a batch of rows at a time. It stores positions only: the
 * column parsers read the bytes, column by column, while the batch is still in the cache.
 */
import { LF } from "./csv_bytes.ts";
import {
  BATCH_BLOCK_BYTES,
  BATCH_COLUMNS,
  BATCH_DELIMITER,
  BATCH_END,
  BATCH_FIELD_COUNT,
  BATCH_FIELDS,
  BATCH_FIELDS_AT,
  BATCH_POSITION,
  BATCH_PROBLEM,
  BATCH_PROBLEM_AT,
  BATCH_ROWS,
  BATCH_ROWS_MAX,
  BATCH_STRIDE,
  CHUNK_OVER_BYTES,
  FIELD_BYTES,
  FIELDS_OVER,
  PROBLEM_FIELD_COUNT,
  PROBLEM_TEXT_AFTER_QUOTE,
  PROBLEM_UNTERMINATED_QUOTE,
} from "./kernel/layout.ts";
import { sharedWorkspace, type Workspace } from "./parse_kernel.ts";

/** Why a chunk cannot be cut into records: the first malformed record ends it. */
export interface RecordProblem {
  /** Offset in the chunk of what is wrong. */
  readonly offset: number;
  /**
   * Too few or too many fields, text between a closing quote and the delimiter, or no closing
   * quote.
   */
  readonly reason: "fieldCount" | "textAfterQuote" | "unterminatedQuote";
  /** Fields found, for `fieldCount`. */
  readonly fieldCount: number;
}

const REASONS: Readonly<Record<number, RecordProblem["reason"]>> = {
  [PROBLEM_FIELD_COUNT]: "fieldCount",
  [PROBLEM_TEXT_AFTER_QUOTE]: "textAfterQuote",
  [PROBLEM_UNTERMINATED_QUOTE]: "unterminatedQuote",
};

/**
 * Fields of some records. The field of row `r` and column `c` is `bytes[start(i), end(i))` with
 * `i = r * columnCount + c`; it is a quoted one if, and only if, its first byte is a quote, and then
 * its last byte is the closing quote.
 */
export class FieldBatch {
  /** The chunk. */
  readonly bytes: Uint8Array;
  /** Fields of a record; every record has as many. */
  readonly columnCount: number;
  /** Address of what the kernels know of it. */
  readonly block: number;
  /** Records in this batch. */
  rows = 0;
  readonly #workspace: Workspace;
  /** Address of the chunk's copy. */
  readonly #base: number;
  readonly #fieldsAt: number;

  /** Reads what a tokenizer has stored; made by it only. */
  constructor(
    bytes: Uint8Array,
    of: {
      readonly workspace: Workspace;
      readonly columnCount: number;
      readonly block: number;
      readonly base: number;
      readonly fieldsAt: number;
    },
  ) {
    this.bytes = bytes;
    this.columnCount = of.columnCount;
    this.block = of.block;
    this.#workspace = of.workspace;
    this.#base = of.base;
    this.#fieldsAt = of.fieldsAt / 4;
  }

  /** Offset in the chunk of a field's first byte. */
  start(field: number): number {
    return (this.#workspace.memory.words[this.#fieldsAt + field * 2]! >>> 0) - this.#base;
  }

  /** Offset in the chunk behind a field's last byte. */
  end(field: number): number {
    return (this.#workspace.memory.words[this.#fieldsAt + field * 2 + 1]! >>> 0) - this.#base;
  }
}

/**
 * Cuts the bytes of a chunk into records and fields. It takes its workspace's memory anew: what was
 * in there is gone, so that the tokenizer before it in the same workspace is done with.
 */
export class Tokenizer {
  /** The records found last: {@linkcode next} puts others in their place. */
  readonly batch: FieldBatch;
  /** Whose memory holds the copy of the chunk; columns may be made in it, too. */
  readonly workspace: Workspace;
  readonly #base: number;

  /**
   * Copies a chunk into the memory.
   *
   * @param bytes whole records; the last one need not end in a line feed
   * @param options.delimiter one byte
   * @param options.columnCount fields that every record must have
   */
  constructor(
    bytes: Uint8Array,
    options: {
      readonly delimiter: number;
      readonly columnCount: number;
      /** @default one that the thread's other tokenizers take, too */
      readonly workspace?: Workspace;
    },
  ) {
    const { columnCount, delimiter, workspace = sharedWorkspace() } = options;
    const rowsMax = Math.max(1, Math.floor(BATCH_FIELDS / columnCount));
    const { memory } = workspace;
    memory.reset();
    const block = memory.allocate(BATCH_BLOCK_BYTES);
    const fieldsAt = memory.allocate((rowsMax * columnCount + FIELDS_OVER) * FIELD_BYTES);
    const base = memory.allocate(bytes.length + CHUNK_OVER_BYTES);
    const end = base + bytes.length;
    memory.bytes.set(bytes, base);
    memory.bytes.fill(0, end, end + CHUNK_OVER_BYTES);
    if (bytes.length > 0 && bytes[bytes.length - 1] !== LF) memory.bytes[end] = LF;
    memory.bytes.fill(0, block, block + BATCH_BLOCK_BYTES);
    this.workspace = workspace;
    this.#base = base;
    this.batch = new FieldBatch(bytes, { workspace, columnCount, block, base, fieldsAt });
    this.#set(BATCH_FIELDS_AT, fieldsAt);
    this.#set(BATCH_STRIDE, columnCount * FIELD_BYTES);
    this.#set(BATCH_POSITION, base);
    this.#set(BATCH_END, end);
    this.#set(BATCH_DELIMITER, delimiter);
    this.#set(BATCH_COLUMNS, columnCount);
    this.#set(BATCH_ROWS_MAX, rowsMax);
  }

  /** Offset behind the last record that was given out. */
  get position(): number {
    return this.#get(BATCH_POSITION) - this.#base;
  }

  /** What ended the chunk before its end. The rows before it have been given out. */
  get problem(): RecordProblem | undefined {
    const reason = REASONS[this.#get(BATCH_PROBLEM)];
    if (reason === undefined) return undefined;
    const offset = this.#get(BATCH_PROBLEM_AT) - this.#base;
    return { reason, offset, fieldCount: this.#get(BATCH_FIELD_COUNT) };
  }

  /**
   * Fills the batch with the next records.
   *
   * @returns whether there are any
   */
  next(): boolean {
    this.workspace.kernel.nextBatch(this.batch.block);
    this.batch.rows = this.#get(BATCH_ROWS);
    return this.batch.rows > 0;
  }

  #get(offset: number): number {
    return this.workspace.memory.words[(this.batch.block + offset) / 4]! >>> 0;
  }

  #set(offset: number, value: number): void {
    this.workspace.memory.words[(this.batch.block + offset) / 4] = value;
  }
}
