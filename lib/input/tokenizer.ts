/**
 * Finds records and fields in a chunk, a batch of rows at a time. It stores positions only: the
 * column parsers read the bytes, column by column, while the batch is still in the cache.
 */
import { CR, LF, QUOTE } from "./csv_bytes.ts";

/** Fields that a batch aims at. Their positions take 64 KiB, so they stay in the cache. */
const BATCH_FIELDS = 8192;

/**
 * Fields of up to `rowCountMax` records. The field of row `r` and column `c` is
 * `bytes[starts[i], ends[i])` with `i = r * columnCount + c`; it is a quoted one if, and only if,
 * its first byte is a quote, and then its last byte is the closing quote.
 */
export interface FieldBatch {
  readonly bytes: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly columnCount: number;
  /** Records in this batch. */
  rows: number;
}

/** Why a chunk cannot be cut into records: the first malformed record ends it. */
export interface RecordProblem {
  /** Offset in the chunk of what is wrong. */
  readonly offset: number;
  readonly reason: "fieldCount" | "textAfterQuote" | "unterminatedQuote";
  /** Fields found, for `fieldCount`. */
  readonly fieldCount: number;
}

/** Cuts the bytes of a chunk into records and fields. */
export class Tokenizer {
  readonly batch: FieldBatch;
  /** Offset behind the last record that was given out. */
  position = 0;
  /** What ended the chunk before its end. The rows before it have been given out. */
  problem: RecordProblem | undefined;
  readonly #delimiter: number;
  readonly #rowCountMax: number;

  constructor(
    bytes: Uint8Array,
    options: { readonly delimiter: number; readonly columnCount: number },
  ) {
    const { columnCount } = options;
    this.#delimiter = options.delimiter;
    this.#rowCountMax = Math.max(1, Math.floor(BATCH_FIELDS / columnCount));
    this.batch = {
      bytes,
      starts: new Int32Array(this.#rowCountMax * columnCount),
      ends: new Int32Array(this.#rowCountMax * columnCount),
      columnCount,
      rows: 0,
    };
  }

  /**
   * Fills the batch with the next records.
   *
   * @returns whether there are any
   */
  next(): boolean {
    if (this.problem !== undefined) {
      this.batch.rows = 0;
      return false;
    }
    const { bytes, starts, ends, columnCount } = this.batch;
    const delimiter = this.#delimiter;
    // Most bytes of a text are above both, so that one comparison passes them.
    const specialMax = Math.max(delimiter, LF);
    const end = bytes.length;
    const rowCountMax = this.#rowCountMax;
    let at = this.position;
    let rows = 0;
    let field = 0;
    while (rows < rowCountMax && at < end) {
      if (columnCount > 1 && (bytes[at] === LF || bytes[at] === CR)) {
        const blankEnd = blankLineEnd(bytes, at);
        if (blankEnd !== at) {
          at = blankEnd;
          continue;
        }
      }
      const recordStart = at;
      const recordField = field;
      let column = 0;
      for (;;) {
        const start = at;
        let fieldEnd = at;
        let more = false;
        if (at < end && bytes[at] === QUOTE) {
          at = closingQuote(bytes, at + 1) + 1;
          if (at === 0) return this.#stop(rows, recordStart, start, "unterminatedQuote");
          fieldEnd = at;
          if (at < end) {
            const byte = bytes[at];
            if (byte === delimiter) more = true;
            else if (byte === CR && (at + 1 === end || bytes[at + 1] === LF)) at++;
            else if (byte !== LF) return this.#stop(rows, recordStart, start, "textAfterQuote");
          }
        } else {
          for (; at < end; at++) {
            const byte = bytes[at] as number;
            if (byte > specialMax) continue;
            if (byte === delimiter) {
              more = true;
              break;
            }
            if (byte === LF) break;
          }
          fieldEnd = at;
          if (!more && at > start && bytes[at - 1] === CR) fieldEnd--;
        }
        if (column < columnCount) {
          starts[field] = start;
          ends[field] = fieldEnd;
          field++;
        }
        column++;
        at++;
        if (!more) break;
      }
      if (column !== columnCount) {
        field = recordField;
        return this.#stop(rows, recordStart, recordStart, "fieldCount", column);
      }
      rows++;
    }
    this.position = Math.min(at, end);
    this.batch.rows = rows;
    return rows > 0;
  }

  #stop(
    rows: number,
    recordStart: number,
    offset: number,
    reason: RecordProblem["reason"],
    fieldCount = 0,
  ): boolean {
    this.problem = { offset, reason, fieldCount };
    this.position = recordStart;
    this.batch.rows = rows;
    return rows > 0;
  }
}

/** Offset of the quote that closes a field, or -1. Doubled quotes are passed over. */
function closingQuote(bytes: Uint8Array, from: number): number {
  const end = bytes.length;
  for (let at = from; at < end; at++) {
    if (bytes[at] !== QUOTE) continue;
    if (at + 1 >= end || bytes[at + 1] !== QUOTE) return at;
    at++;
  }
  return -1;
}

/** Offset behind a blank line that starts at `at`; `at` itself when the line is not blank. */
function blankLineEnd(bytes: Uint8Array, at: number): number {
  if (bytes[at] === LF) return at + 1;
  if (at + 1 >= bytes.length) return at + 1;
  return bytes[at + 1] === LF ? at + 2 : at;
}
