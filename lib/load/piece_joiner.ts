/**
 * Puts the pieces of large chunks together: each is encoded by any worker, and becomes row groups of
 * a data file. Where a chunk ends is decided here, by the sizes of what was encoded, piece by piece
 * in the order of the source.
 */
import { JoinedFile } from "../encode/joined_file.ts";
import type { EncodedPart, EncodeSetup } from "../encode/job.ts";
import type { Store } from "../store/store.ts";
import type { PiecePlan } from "./chunk_size.ts";
import type { ChunkNotes, MadeFile } from "./chunk_tracker.ts";
import { Places } from "./lanes.ts";
import type { LedgerRange } from "./ledger.ts";

/** Files in memory: one is written while the next one is put together. */
const FILES_MAX = 2;

/** Row groups that are larger than foreseen are no reason to move a file in memory. */
const ROOM = 1.25;

/** A piece of the source in the hands of a worker. */
export interface Piece {
  /** Records in it. */
  readonly rows: number;
  /** Where it stands in the source. */
  readonly range: LedgerRange;
  /** Whether it is in the table already; it is then encoded by nobody. */
  readonly isRecorded: boolean;
  /** Whether the chunk has to end with it. */
  readonly endsChunk: boolean;
  /** When it was taken, in the time of `performance.now()`. */
  readonly startedMs: number;
}

/** Row groups, and who has made them. */
export interface PieceOfFile extends EncodedPart {
  /** The worker, from 0. */
  readonly worker: number;
}

/** What becomes of chunks. */
export interface JoinerParts {
  /** How large the files are to be. */
  readonly plan: PiecePlan;
  /** What the workers have been told. */
  readonly setup: EncodeSetup;
  /** Where the files go. */
  readonly store: Store;
  /** Ends the wait for a file that is being written. */
  readonly signal: AbortSignal;
  /** Takes a chunk that is complete; its file is made by one call of `write`, or of `drop` not at all. */
  readonly onChunk: (
    chunk: ChunkNotes,
    file: { readonly write: (path: string) => Promise<MadeFile>; readonly drop: () => void },
  ) => Promise<void>;
  /** Takes a chunk of which a piece could not be encoded; undefined: the load was interrupted. */
  readonly onFailure: (chunk: ChunkNotes, error: unknown) => void;
}

interface OpenChunk {
  readonly pieces: Piece[];
  readonly parts: PieceOfFile[];
  readonly target: JoinedFile;
}

/** Makes chunks of pieces; {@link add} is called for one after the other. */
export class PieceJoiner {
  readonly #parts: JoinerParts;
  readonly #places = new Places(FILES_MAX);
  /** Memory of files that have been written. */
  readonly #files: JoinedFile[] = [];
  #open: OpenChunk | undefined;
  #index = 0;
  #hasFailed = false;

  /** Joins the pieces of one load. */
  constructor(parts: JoinerParts) {
    this.#parts = parts;
  }

  /**
   * Adds the piece that follows in the source. After one has failed, those that follow are left out.
   *
   * @param encoding gives undefined when the load is interrupted.
   */
  async add(piece: Piece, encoding: Promise<PieceOfFile | undefined> | undefined): Promise<void> {
    if (this.#hasFailed) {
      await encoding?.catch(() => {});
      return;
    }
    if (piece.isRecorded) {
      await this.end();
      const write = () => Promise.reject(new TypeError("what is recorded is not written"));
      await this.#parts.onChunk(this.#chunkOf([piece]), { write, drop: () => {} });
      return;
    }
    const open = this.#open ??= await this.#begin();
    open.pieces.push(piece);
    let part: PieceOfFile | undefined;
    try {
      part = await encoding;
    } catch (error) {
      return this.#fail(error);
    }
    if (part === undefined) return this.#fail(undefined);
    const { length: partBytes } = part.bytes;
    open.target.add(part);
    open.parts.push(part);
    // One piece more would bring the file further from the size than it is now.
    const isFull = open.target.length + partBytes / 2 >= this.#parts.plan.fileBytes;
    if (isFull || piece.endsChunk) await this.end();
  }

  /** Ends the chunk that has been begun, if any. */
  async end(): Promise<void> {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    await this.#parts.onChunk(this.#chunkOf(open.pieces), {
      write: (path) => this.#write(open, path),
      drop: () => this.#leave(open),
    });
  }

  /** Gives the chunk up that has been begun, if any; undefined: the load was interrupted. */
  giveUp(error: unknown): void {
    if (this.#open !== undefined) this.#fail(error);
  }

  async #begin(): Promise<OpenChunk> {
    await this.#places.take();
    const target = this.#files.pop() ?? new JoinedFile(this.#parts.setup);
    target.clear(this.#parts.plan.fileBytes * ROOM);
    return { pieces: [], parts: [], target };
  }

  #leave({ target }: OpenChunk): void {
    this.#files.push(target);
    this.#places.give();
  }

  #fail(error: unknown): void {
    this.#hasFailed = true;
    const open = this.#open!;
    this.#open = undefined;
    this.#leave(open);
    this.#parts.onFailure(this.#chunkOf(open.pieces), error);
  }

  #chunkOf(pieces: readonly Piece[]): ChunkNotes {
    const first = pieces[0]!;
    const last = pieces.at(-1)!;
    return {
      index: this.#index++,
      rows: pieces.reduce((total, { rows }) => total + rows, 0),
      range: { ...last.range, start: first.range.start },
      startedMs: first.startedMs,
    };
  }

  async #write(open: OpenChunk, path: string): Promise<MadeFile> {
    const { store, signal } = this.#parts;
    try {
      const startedMs = performance.now();
      const { bytes, file } = open.target.finish(path);
      const writing = store.write(path, bytes, {
        contentType: "application/vnd.apache.parquet",
        isNew: true,
        signal,
      });
      await orAborted(writing, signal);
      return {
        file,
        parseMs: open.parts.reduce((total, { parseMs }) => total + parseMs, 0),
        encodeMs: open.parts.reduce((total, { encodeMs }) => total + encodeMs, 0),
        uploadMs: performance.now() - startedMs,
        isSynced: true,
        worker: open.parts.at(-1)!.worker,
      };
    } finally {
      this.#leave(open);
    }
  }
}

/** A disk does not give up amid a write, and nobody waits for it then. */
async function orAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
