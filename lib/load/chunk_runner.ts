/** Takes chunks from the source to those who make data files of them, and stops when need be. */
import type { EncodeSetup } from "../encode/job.ts";
import type { EncodePool } from "../encode/pool.ts";
import { EXIT_CODE } from "../errors.ts";
import { SharedBuffers } from "../input/chunk_buffers.ts";
import { type RawChunk, splitChunks } from "../input/split.ts";
import type { ChunkMaker, MakerParts } from "./chunk_maker.ts";
import type { PiecePlan } from "./chunk_size.ts";
import { ChunkTracker, type ChunkTrackerParts } from "./chunk_tracker.ts";
import type { ContentDigest } from "./content_digest.ts";
import type { Acknowledged } from "./last_look.ts";
import type { LedgerRange } from "./ledger.ts";
import type { LoadOptions } from "./options.ts";
import { boundariesOf, checkContent, checkLength } from "./resume.ts";
import { WholeChunks } from "./whole_chunks.ts";

/** Rows may be longer than those by which a piece was measured, but not without limit. */
const PIECE_BYTES_MAX = 64 * 2 ** 20;

/** What the runner works with. */
export interface ChunkRunnerParts extends ChunkTrackerParts {
  /** Closed by the caller; the runner closes it only when an interruption's grace has ended. */
  readonly pool: EncodePool;
  /** Threads that encode, one chunk each at a time; 0 when this one does, in which all else is done. */
  readonly threads: number;
  /** How chunks are made in pieces; undefined: each as a whole. */
  readonly pieces: PiecePlan | undefined;
  /** What the workers have been told. */
  readonly setup: EncodeSetup;
  /** Of the source, with nothing of its data in it yet. */
  readonly digest: ContentDigest;
}

/** Runs the chunks of one load; no more raw chunks than `workers + 2` are alive at a time. */
export class ChunkRunner {
  readonly #options: LoadOptions;
  readonly #parts: ChunkRunnerParts;
  readonly #buffers = new SharedBuffers();
  readonly #tracker: ChunkTracker;
  /** What was in the table when the load began. */
  readonly #recorded: readonly LedgerRange[];

  /** Reads nothing yet. Listens to `options.stop`: a request to stop ends the taking of chunks. */
  constructor(options: LoadOptions, parts: ChunkRunnerParts) {
    this.#options = options;
    this.#parts = parts;
    this.#recorded = parts.context.recorded.ranges;
    this.#tracker = new ChunkTracker(options, parts);
    // What is being encoded comes to its end, so that its file can be removed: a worker that is ended
    // amid an upload may leave one. Only when the grace is over is it given up.
    const { graceSignal } = options.stop;
    graceSignal.addEventListener("abort", () => parts.pool.close(), { once: true });
  }

  /**
   * Runs until every chunk taken has come to its end; failures are events, none is thrown.
   *
   * @returns what was acknowledged.
   */
  async run(): Promise<Acknowledged> {
    const tracker = this.#tracker;
    let maker: ChunkMaker | undefined;
    let isComplete = false;
    try {
      maker = await this.#makeMaker();
      isComplete = await this.#takeAll(maker);
    } catch (error) {
      tracker.reportError(error);
    }
    await maker?.end();
    await tracker.finish(isComplete);
    const isLacking = !isComplete || tracker.hasGivenUp;
    if (this.#options.stop.isRequested && isLacking) this.#reportInterruption();
    return tracker.acknowledged;
  }

  async #makeMaker(): Promise<ChunkMaker> {
    const { pool, threads, sink, pieces: plan, setup, context } = this.#parts;
    const common: MakerParts = {
      pool,
      threads: Math.max(1, threads),
      buffers: this.#buffers,
      sink,
      tracker: this.#tracker,
    };
    if (plan === undefined) return new WholeChunks(common);
    const { JoinedChunks } = await import("./joined_chunks.ts");
    const { store, recorded } = context;
    const { stop } = this.#options;
    return new JoinedChunks({ ...common, plan, setup, store, recorded, stop });
  }

  /** @returns whether the source has come to its end. */
  async #takeAll(maker: ChunkMaker): Promise<boolean> {
    const { source, dialect } = this.#options;
    const { threads, pieces, context } = this.#parts;
    const boundaries = boundariesOf(this.#recorded);
    const ends = new Set(boundaries);
    const chunks = splitChunks(source.open({ lends: true }), {
      dialect,
      buffers: this.#buffers,
      rowsPerChunk: pieces?.rows ?? context.chunkRows,
      ...(pieces === undefined ? {} : { chunkBytesMax: PIECE_BYTES_MAX }),
      file: source.name,
      boundaries,
    });
    try {
      let end = 0;
      while (true) {
        await maker.room();
        // The catalog is to have its commit before this thread is busy with the chunk.
        if (threads === 0) await context.departures.none();
        if (this.#tracker.isEnded) return false;
        const next = await chunks.next();
        if (this.#tracker.isEnded) return false;
        if (next.done === true) {
          checkLength(this.#recorded, { end, file: source.name });
          return true;
        }
        const startedMs = performance.now();
        end = next.value.byteEnd;
        const range = this.#rangeOf(next.value);
        maker.take(next.value, { range, startedMs, endsFile: ends.has(end) });
      }
    } finally {
      await chunks.return(undefined);
    }
  }

  /**
   * Where a raw chunk stands, when its content is that of an earlier run.
   *
   * @throws {InputError} when it is not.
   */
  #rangeOf(chunk: RawChunk<SharedArrayBuffer>): LedgerRange {
    const { byteStart: start, byteEnd: end } = chunk;
    const digest = this.#parts.digest.add(chunk.bytes);
    // Also against what another run of this load has put there meanwhile.
    const { ranges } = this.#parts.context.recorded;
    checkContent(ranges, { end, digest, file: this.#options.source.name });
    return { start, end, digest };
  }

  #reportInterruption(): void {
    this.#parts.context.emit({
      type: "error",
      failure: "interrupted",
      exitCode: EXIT_CODE.interrupted,
      message: "The load was interrupted before its end",
    });
  }
}
