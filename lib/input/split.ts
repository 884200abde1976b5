/**
 * Cuts the bytes of a CSV source into chunks of whole records, without decoding or parsing them. In
 * the neighbourhood of quotes and blank lines one loop looks at each byte; elsewhere a kernel counts
 * line feeds.
 */
import { InputError } from "../errors.ts";
import type { CsvDialect } from "./columns.ts";
import { type ChunkBuffers, FRESH_BUFFERS } from "./chunk_buffers.ts";
import { LineCounter, PIECE_BYTES } from "./count_lines.ts";
import { CR, delimiterByte, LF, QUOTE } from "./csv_bytes.ts";
import { type Head, readHead, RECORD_BYTES_MAX } from "./head.ts";

/** Largest chunk unless told otherwise: a column's offsets are 32-bit, and a chunk is in memory. */
export const CHUNK_BYTES_MAX = 256 * 2 ** 20;

/** Whole records of the source, as bytes. */
export interface RawChunk<Buffer extends ArrayBufferLike = ArrayBuffer> {
  /** Position among the chunks, from 0. */
  readonly index: number;
  /** Its bytes, in a buffer of its own. */
  readonly bytes: Uint8Array<Buffer>;
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
export interface SplitOptions<Buffer extends ArrayBufferLike = ArrayBuffer> {
  /** Delimiter and header count here; null texts do not. */
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
  /**
   * Where the memory of chunks comes from.
   *
   * @default memory that is fresh for each
   */
  readonly buffers?: ChunkBuffers<Buffer>;
}

/**
 * Cuts a source into chunks at record ends. Byte order mark and header record belong to no chunk.
 * Blank lines are no records, unless there is exactly one column.
 *
 * @param blocks the source's bytes, cut anywhere; they are not written to, and not kept
 * @throws {InputError} when a quote is never closed, when a record is longer than
 * `recordBytesMax`, when the header record is malformed, or when a boundary lies within a record
 */
export async function* splitChunks<Buffer extends ArrayBufferLike = ArrayBuffer>(
  blocks: AsyncIterable<Uint8Array>,
  options: SplitOptions<Buffer>,
): AsyncGenerator<RawChunk<Buffer>> {
  const head = await readHead(blocks, {
    dialect: options.dialect,
    file: options.file ?? "input",
  });
  yield* splitBody(head, options);
}

/** As {@link splitChunks}, for a source whose head has been read. */
export async function* splitBody<Buffer extends ArrayBufferLike = ArrayBuffer>(
  head: Head,
  options: SplitOptions<Buffer>,
): AsyncGenerator<RawChunk<Buffer>> {
  // Fresh memory is of the kind that is meant when nothing else is given.
  const buffers = options.buffers ?? FRESH_BUFFERS as ChunkBuffers as ChunkBuffers<Buffer>;
  const splitter = new Splitter(head, { ...options, buffers });
  for await (const block of head.blocks) yield* splitter.push(block);
  yield* splitter.finish();
}

/** The input may end before a chunk is as large as its rows let expect. */
const FORESEEN_BYTES_MAX = 32 * 2 ** 20;
/** By so much the memory of a chunk is larger than the chunk before, as chunks differ a little. */
const BUFFER_MARGIN = 1.02;

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

class Splitter<Buffer extends ArrayBufferLike> {
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
  readonly #buffers: ChunkBuffers<Buffer>;
  readonly #counter = new LineCounter();
  /** Its bytes so far, and room for more. */
  #bytes: Uint8Array<Buffer> | undefined;
  #length = 0;
  #formerLength = 0;
  #index = 0;
  #firstRow = 0;
  #chunkStart: number;
  #chunkLine: number;

  constructor(
    head: Head,
    options: SplitOptions<Buffer> & { readonly buffers: ChunkBuffers<Buffer> },
  ) {
    this.#delimiter = delimiterByte(options.dialect);
    this.#skipsBlank = head.columnCount !== 1;
    this.#rowsPerChunk = options.rowsPerChunk;
    this.#chunkBytesMax = options.chunkBytesMax ?? CHUNK_BYTES_MAX;
    this.#recordBytesMax = options.recordBytesMax ?? RECORD_BYTES_MAX;
    this.#file = options.file ?? "input";
    this.#boundaries = options.boundaries ?? [];
    this.#buffers = options.buffers;
    this.#offset = this.#recordStart = head.byteStart;
    this.#scanChunkStart = this.#chunkStart = head.byteStart;
    this.#line = this.#recordLine = this.#chunkLine = head.line;
  }

  *push(block: Uint8Array): Generator<RawChunk<Buffer>> {
    if (block.length === 0) return;
    const start = this.#offset;
    const cuts = this.#scan(block);
    if (this.#formerLength === 0) this.#formerLength = this.#foreseeLength(cuts);
    if (this.#offset - this.#recordStart > this.#recordBytesMax) throw this.#tooLong();
    let taken = 0;
    for (const cut of cuts) {
      const wanted = Math.max(taken, cut.byteEnd - start);
      this.#append(block.subarray(taken, wanted));
      taken = wanted;
      yield this.#take(cut);
    }
    this.#append(block.subarray(taken));
  }

  *finish(): Generator<RawChunk<Buffer>> {
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

  /** Looks at a block piece by piece, so that pieces without anything special are only counted. */
  #scan(block: Uint8Array): Cut[] {
    const cuts: Cut[] = [];
    for (let at = 0; at < block.length; at += PIECE_BYTES) {
      const piece = block.subarray(at, at + PIECE_BYTES);
      if (!this.#countPiece(piece, cuts)) this.#scanPiece(piece, cuts);
    }
    return cuts;
  }

  /**
   * Counts the records of a piece in which no quote stands and no line is blank.
   *
   * @returns false, with nothing counted, when it is no such piece.
   */
  #countPiece(piece: Uint8Array, cuts: Cut[]): boolean {
    const start = this.#offset;
    const end = start + piece.length;
    if (this.#state !== PLAIN) return false;
    if (end - this.#scanChunkStart > this.#chunkBytesMax) return false;
    const boundary = this.#boundaries[this.#nextBoundary];
    if (boundary !== undefined && boundary <= end) return false;
    const isAtStart = start === this.#recordStart;
    // A line that is a carriage return so far may yet be blank.
    if (this.#skipsBlank && this.#lastByte === CR && start - this.#recordStart === 1) return false;
    const lines = this.#counter.count(piece, { skipsBlank: this.#skipsBlank, isAtStart });
    if (lines === -1) return false;
    let counted = 0;
    while (this.#rows + lines - counted >= this.#rowsPerChunk) {
      counted += this.#rowsPerChunk - this.#rows;
      const byteEnd = start + this.#counter.endOfLine(counted);
      cuts.push({ byteEnd, rows: this.#rowsPerChunk, nextLine: this.#line + counted });
      this.#scanChunkStart = byteEnd;
      this.#rows = 0;
    }
    this.#rows += lines - counted;
    this.#offset = end;
    this.#lastByte = piece[piece.length - 1] as number;
    if (lines > 0) {
      this.#line += lines;
      this.#recordStart = start + piece.lastIndexOf(LF) + 1;
      this.#recordLine = this.#line;
    }
    return true;
  }

  #scanPiece(block: Uint8Array, cuts: Cut[]): void {
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

  /** Size of the first chunk, by the rows at hand. */
  #foreseeLength(cuts: readonly Cut[]): number {
    if (cuts.length > 0) return cuts[0]!.byteEnd - this.#chunkStart;
    if (this.#rows === 0) return 0;
    const rowBytes = (this.#recordStart - this.#chunkStart) / this.#rows;
    return Math.min(rowBytes * this.#rowsPerChunk, this.#chunkBytesMax, FORESEEN_BYTES_MAX);
  }

  #append(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    this.#reserve(length).set(bytes, this.#length);
    this.#length = length;
  }

  #reserve(length: number): Uint8Array<Buffer> {
    const former = this.#bytes;
    if (former !== undefined && length <= former.length) return former;
    const foreseen = former === undefined
      ? Math.ceil(this.#formerLength * BUFFER_MARGIN)
      : former.length * 2;
    const bytes = this.#bytes = this.#buffers.take(Math.max(length, foreseen));
    if (former !== undefined) {
      bytes.set(former.subarray(0, this.#length));
      this.#buffers.give(former.buffer);
    }
    return bytes;
  }

  /** Gives out the bytes up to a cut; those behind it, if any, belong to the next chunk. */
  #take(cut: Cut): RawChunk<Buffer> {
    const length = cut.byteEnd - this.#chunkStart;
    const whole = this.#reserve(length);
    const bytes = whole.subarray(0, length);
    const rest = whole.subarray(length, this.#length);
    this.#formerLength = length;
    this.#bytes = undefined;
    this.#length = 0;
    if (rest.length > 0) this.#append(rest);
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
