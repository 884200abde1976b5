/** Chunks that are made of pieces: any worker makes one into row groups, and they are joined here. */
import type { RawChunk } from "../input/split.ts";
import type { ChunkMaker, MakerParts, RawNotes } from "./chunk_maker.ts";
import { checkRows } from "./chunk_tracker.ts";
import { Places } from "./lanes.ts";
import { type JoinerParts, PieceJoiner, type PieceOfFile } from "./piece_joiner.ts";
import type { RecordedRanges } from "./recorded_ranges.ts";
import type { Stop } from "./stop.ts";

/** Pieces beside those that are being encoded: the one being cut, and one waiting to be joined. */
const PIECES_AHEAD = 2;

/** What joining takes beside the rest. */
export interface JoinedChunksParts
  extends MakerParts, Pick<JoinerParts, "plan" | "setup" | "store"> {
  /** What is in the table already: of pieces of it no file is made. */
  readonly recorded: RecordedRanges;
  /** The wish to end early. */
  readonly stop: Stop;
}

/** A raw chunk is a piece of a chunk. */
export class JoinedChunks implements ChunkMaker {
  readonly #parts: JoinedChunksParts;
  readonly #joiner: PieceJoiner;
  /** Pieces until they have been joined, so that no pile of encoded ones waits for a slow store. */
  readonly #places: Places;
  /** Until the last piece is in its chunk. */
  #joining: Promise<void> = Promise.resolve();

  /** Takes nothing yet. */
  constructor(parts: JoinedChunksParts) {
    this.#parts = parts;
    this.#places = new Places(parts.threads + PIECES_AHEAD);
    const { plan, setup, store, stop, tracker } = parts;
    this.#joiner = new PieceJoiner({
      plan,
      setup,
      store,
      signal: stop.graceSignal,
      onChunk: async (chunk, { write, drop }) => {
        await tracker.room();
        tracker.begin(chunk, { make: write, drop });
      },
      onFailure: (chunk, error) => tracker.fail(chunk, error),
    });
  }

  /** Of the chunk that a piece belongs to, its end decides. */
  room(): Promise<void> {
    return this.#places.take();
  }

  take(
    piece: RawChunk<SharedArrayBuffer>,
    { range, startedMs, endsFile: endsChunk }: RawNotes,
  ): void {
    const { buffers, recorded } = this.#parts;
    const isRecorded = recorded.coverage(range) === "whole";
    const encoding = isRecorded ? undefined : this.#encode(piece);
    if (isRecorded) buffers.give(piece.bytes.buffer);
    // Whoever waits for it comes later.
    encoding?.catch(() => {});
    const next = { rows: piece.rows, range, isRecorded, startedMs, endsChunk };
    this.#joining = this.#joining
      .then(() => this.#joiner.add(next, encoding))
      .finally(() => this.#places.give());
  }

  /** What is left at the end of the source is a chunk, too. */
  async end(): Promise<void> {
    await this.#joining;
    if (this.#parts.stop.isRequested) this.#joiner.giveUp(undefined);
    else await this.#joiner.end();
  }

  /** @returns undefined when the load was interrupted meanwhile. */
  async #encode(piece: RawChunk<SharedArrayBuffer>): Promise<PieceOfFile | undefined> {
    const { pool, sink, buffers, stop } = this.#parts;
    const { index, rows, bytes, firstLine } = piece;
    try {
      let worker = 0;
      const encoding = pool.encodePart({ index, bytes, rows, firstLine }, {
        onTaken: (number) => worker = number,
        onReleased: () => buffers.give(bytes.buffer),
      });
      sink.prepare();
      const part = await encoding;
      checkRows(index, { rows, found: part.rows });
      return { ...part, worker };
    } catch (error) {
      if (stop.isRequested) return undefined;
      throw error;
    }
  }
}
