/**
 * Cuts the bytes of a CSV source into chunks of whole records, without decoding or parsing them.
 * One loop looks at each byte once: with lines of usual length that is as fast as jumping from
 * line feed to line feed.
 */
import { InputError } from "../errors.ts";
import type { CsvDialect } from "./columns.ts";
import { CR, delimiterByte, LF, QUOTE } from "./csv_bytes.ts";
import { type Head, readHead, RECORD_BYTES_MAX } from "./head.ts";

/** Largest chunk unless told otherwise: a column's offsets are 32-bit, and a chunk is in memory. */
export const CHUNK_BYTES_MAX = 256 * 2 ** 20;

/** Whole records of the source, as bytes. */
export interface RawChunk {
  /** Position among the chunks, from 0. */
  readonly index: number;
  /** Its bytes, in a buffer of its own that can be transferred. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Records in it. */
  readonly rows: number;
  /** Physical line of its first byte, from 1: line feeds in quotes count too. */
  readonly firstLine: number;
  /** Records before it, the header not counted: the first chunk has 0. */
  readonly firstRow: number;
  /** Offset in the source of its first byte. */
  readonly byteStart: number;
  /** Offset in the source behind its last byte. */
  readonly byteEnd: number;
}

/** Options of {@link splitChunks}. */
export interface SplitOptions {
  readonly dialect: CsvDialect;
  /** Records in a chunk; the last chunk may have fewer. */
  readonly rowsPerChunk: number;
  /**
   * A chunk ends before it would grow over this size; a single longer record is a chunk alone.
   *
   * @default 268435456 (256 MiB)
   */
  readonly chunkBytesMax?: number;
  /**
   * Offsets in the source at which a chunk ends whatever its rows, ascending.
   *
   * @default {[]}
   */
  readonly boundaries?: readonly number[];
  /**
   * Name of the source for messages.
   *
   * @default "input"
   */
  readonly file?: string;
  /**
   * Longest record.
   *
   * @default 268435456 (256 MiB)
   */
  readonly recordBytesMax?: number;
}

/**
 * Cuts a source into chunks at record ends. Byte order mark and header record belong to no chunk.
 * Blank lines are no records, unless there is exactly one column.
 *
 * @param blocks the source's bytes, cut anywhere; they are not written to
 * @throws {InputError} when a quote is never closed, when a record is longer than
 * `recordBytesMax`, when the header record is malformed, or when a boundary lies within a record
 */
export async function* splitChunks(
  blocks: AsyncIterable<Uint8Array>,
  options: SplitOptions,
): AsyncGenerator<RawChunk> {
  const head = await readHead(blocks, {
    dialect: options.dialect,
    file: options.file ?? "input",
  });
  yield* splitBody(head, options);
}

/** As {@link splitChunks}, for a source whose head has been read. */
export async function* splitBody(head: Head, options: SplitOptions): AsyncGenerator<RawChunk> {
  const splitter = new Splitter(head, options);
  for await (const block of head.blocks) yield* splitter.push(block);
  yield* splitter.finish();
}

const PLAIN = 0;
const QUOTED = 1;
/** Behind a quote inside quotes: the next byte says whether it closed the field. */
const QUOTE_SEEN = 2;

/** Where a chunk ends. */
interface Cut {
  readonly byteEnd: number;
  readonly rows: number;
  /** Physical line on which the next chunk starts. */
  readonly nextLine: number;
}

class Splitter {
  readonly #delimiter: number;
  readonly #skipsBlank: boolean;
  readonly #rowsPerChunk: number;
  readonly #chunkBytesMax: number;
  readonly #recordBytesMax: number;
  readonly #file: string;
  readonly #boundaries: readonly number[];
  #nextBoundary = 0;

  // The scan: how far the bytes have been looked at.
  #state = PLAIN;
  #offset: number;
  #lastByte = LF;
  #line: number;
  #quoteLine = 0;
  #recordStart: number;
  #recordLine: number;
  #rows = 0;
  #scanChunkStart: number;

  // The chunk that is given out next.
  #parts: Uint8Array[] = [];
  #index = 0;
  #firstRow = 0;
  #chunkStart: number;
  #chunkLine: number;

  constructor(head: Head, options: SplitOptions) {
    this.#delimiter = delimiterByte(options.dialect);
    this.#skipsBlank = head.columnCount !== 1;
    this.#rowsPerChunk = options.rowsPerChunk;
    this.#chunkBytesMax = options.chunkBytesMax ?? CHUNK_BYTES_MAX;
    this.#recordBytesMax = options.recordBytesMax ?? RECORD_BYTES_MAX;
    this.#file = options.file ?? "input";
    this.#boundaries = options.boundaries ?? [];
    this.#offset = this.#recordStart = head.byteStart;
    this.#scanChunkStart = this.#chunkStart = head.byteStart;
    this.#line = this.#recordLine = this.#chunkLine = head.line;
  }

  *push(block: Uint8Array): Generator<RawChunk> {
    if (block.length === 0) return;
    const cuts = this.#scan(block);
    this.#parts.push(block);
    if (this.#offset - this.#recordStart > this.#recordBytesMax) throw this.#tooLong();
    for (const cut of cuts) yield this.#take(cut);
  }

  *finish(): Generator<RawChunk> {
    if (this.#state === QUOTED) {
      const place = { file: this.#file, line: this.#quoteLine };
      const message = `${this.#file}:${this.#quoteLine}: a quote is opened and never closed`;
      throw new InputError(message, { place });
    }
    const cuts: Cut[] = [];
    const length = this.#offset - this.#recordStart;
    if (length > 0 && !(this.#skipsBlank && length === 1 && this.#lastByte === CR)) {
      this.#endRecord(this.#offset, cuts);
    }
    if (this.#rows > 0) {
      cuts.push({ byteEnd: this.#offset, rows: this.#rows, nextLine: this.#line });
    }
    for (const cut of cuts) yield this.#take(cut);
  }

  #scan(block: Uint8Array): Cut[] {
    const cuts: Cut[] = [];
    const end = block.length;
    const delimiter = this.#delimiter;
    let state = this.#state;
    let at = 0;
    while (at < end) {
      if (state === PLAIN) {
        for (; at < end; at++) {
          const byte = block[at] as number;
          if (byte > QUOTE) continue;
          if (byte === LF) {
            this.#line++;
            const recordEnd = this.#offset + at + 1;
            const length = recordEnd - 1 - this.#recordStart;
            const last = at > 0 ? block[at - 1] : this.#lastByte;
            const isBlank = this.#skipsBlank &&
              (length === 0 || (length === 1 && last === CR));
            if (!isBlank) this.#endRecord(recordEnd, cuts);
            this.#recordStart = recordEnd;
            this.#recordLine = this.#line;
          } else if (byte === QUOTE) {
            const last = at > 0 ? block[at - 1] : this.#lastByte;
            if (last === delimiter || this.#offset + at === this.#recordStart) {
              this.#quoteLine = this.#line;
              state = QUOTED;
              at++;
              break;
            }
          }
        }
      } else if (state === QUOTED) {
        for (; at < end; at++) {
          const byte = block[at] as number;
          if (byte > QUOTE) continue;
          if (byte === LF) this.#line++;
          else if (byte === QUOTE) {
            state = QUOTE_SEEN;
            at++;
            break;
          }
        }
      } else if (block[at] === QUOTE) {
        state = QUOTED;
        at++;
      } else {
        state = PLAIN;
      }
    }
    this.#state = state;
    this.#offset += end;
    this.#lastByte = block[end - 1] as number;
    return cuts;
  }

  /** Counts the record that began at `#recordStart`, and cuts where a chunk is full. */
  #endRecord(recordEnd: number, cuts: Cut[]): void {
    if (this.#rows > 0 && recordEnd - this.#scanChunkStart > this.#chunkBytesMax) {
      cuts.push({ byteEnd: this.#recordStart, rows: this.#rows, nextLine: this.#recordLine });
      this.#scanChunkStart = this.#recordStart;
      this.#rows = 0;
    }
    this.#rows++;
    if (this.#isBoundary(recordEnd) || this.#rows >= this.#rowsPerChunk) {
      cuts.push({ byteEnd: recordEnd, rows: this.#rows, nextLine: this.#line });
      this.#scanChunkStart = recordEnd;
      this.#rows = 0;
    }
  }

  #isBoundary(recordEnd: number): boolean {
    let isOne = false;
    for (; this.#nextBoundary < this.#boundaries.length; this.#nextBoundary++) {
      const boundary = this.#boundaries[this.#nextBoundary]!;
      if (boundary > recordEnd) break;
      if (boundary > this.#recordStart && boundary < recordEnd) throw this.#notABoundary(boundary);
      isOne ||= boundary === recordEnd;
    }
    return isOne;
  }

  #notABoundary(boundary: number): InputError {
    const place = { file: this.#file, line: this.#recordLine };
    return new InputError(
      `${this.#file}:${this.#recordLine}: no record ends at byte ${boundary}, where one has ended ` +
        "when this load was run before: the file has changed",
      { place },
    );
  }

  #take(cut: Cut): RawChunk {
    const bytes = new Uint8Array(cut.byteEnd - this.#chunkStart);
    let filled = 0;
    let used = 0;
    while (filled < bytes.length) {
      const part = this.#parts[used] as Uint8Array;
      const wanted = bytes.length - filled;
      if (part.length > wanted) {
        bytes.set(part.subarray(0, wanted), filled);
        this.#parts[used] = part.subarray(wanted);
        break;
      }
      bytes.set(part, filled);
      filled += part.length;
      used++;
    }
    this.#parts.splice(0, used);
    const chunk = {
      index: this.#index,
      bytes,
      rows: cut.rows,
      firstLine: this.#chunkLine,
      firstRow: this.#firstRow,
      byteStart: this.#chunkStart,
      byteEnd: cut.byteEnd,
    };
    this.#index++;
    this.#firstRow += cut.rows;
    this.#chunkStart = cut.byteEnd;
    this.#chunkLine = cut.nextLine;
    return chunk;
  }

  #tooLong(): InputError {
    const isQuoted = this.#state === QUOTED;
    const line = isQuoted ? this.#quoteLine : this.#recordLine;
    const sizeMiB = Math.floor(this.#recordBytesMax / 2 ** 20);
    const reason = isQuoted
      ? `a quote is opened and not closed within ${sizeMiB} MiB`
      : `the record is longer than ${sizeMiB} MiB`;
    return new InputError(`${this.#file}:${line}: ${reason}`, {
      place: { file: this.#file, line },
    });
  }
}
