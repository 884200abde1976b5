/** Takes chunks from the input through encoding to their commits, and stops taking when need be. */
import type { EncodedChunk, EncodedPart, EncodeSetup } from "../encode/job.ts";
import type { EncodePool } from "../encode/pool.ts";
import { EXIT_CODE, ToolError } from "../errors.ts";
import { SharedBuffers } from "../input/chunk_buffers.ts";
import { type RawChunk, splitChunks } from "../input/split.ts";
import { dataFilePath } from "../table/locations.ts";
import type { TableMetadata } from "../table/metadata.ts";
import type { PiecePlan } from "./chunk_size.ts";
import type { CommitContext, CommitResult, ReadyChunk } from "./commit_context.ts";
import { failureOfError } from "./commit_end.ts";
import type { ContentDigest } from "./content_digest.ts";
import { type ChunkEvent, type Emit, errorEvent, type FailureKind } from "./events.ts";
import { Places } from "./lanes.ts";
import type { Acknowledged } from "./last_look.ts";
import type { LateSink } from "./late_sink.ts";
import type { LedgerRange } from "./ledger.ts";
import { removeFiles } from "./litter.ts";
import type { LoadOptions } from "./options.ts";
import type { ChunkNotes, PieceJoiner } from "./piece_joiner.ts";
import { boundariesOf, checkContent, checkLength } from "./resume.ts";

/** Chunks alive beside those that a worker holds: one being cut, one waiting for its commit. */
const CHUNKS_AHEAD = 2;

/** Raw chunks beside those that are being parsed: the one being cut, or waiting for a worker. */
const RAW_CHUNKS_AHEAD = 1;

/** Rows may be longer than those by which a piece was measured, but not without limit. */
const PIECE_BYTES_MAX = 64 * 2 ** 20;

/** Chunks that may wait for the next grouped commit: plain data of a few hundred bytes each. */
const GROUPED_MAX = 256;

/** After these there is no use in going on; a lost race or an unknown outcome is one chunk's own. */
const ENDS_THE_LOAD: ReadonlySet<FailureKind> = new Set<FailureKind>([
  "input",
  "auth",
  "unreachable",
  "rejected",
  "split",
  "interrupted",
]);

/** What the runner works with. */
export interface ChunkRunnerParts {
  /** Closed by the caller; the runner closes it only when an interruption's grace has ended. */
  readonly pool: EncodePool;
  /** Chunks that are encoded at a time. */
  readonly threads: number;
  /** How chunks are made in pieces; undefined: each as a whole. */
  readonly pieces: PiecePlan | undefined;
  /** What the workers have been told. */
  readonly setup: EncodeSetup;
  /** Brings encoded chunks to their commits. */
  readonly sink: LateSink;
  /** Shared with the commits. */
  readonly context: CommitContext;
  /** Where the table's files go. */
  readonly metadata: TableMetadata;
  /** Of the source, with nothing of its data in it yet. */
  readonly digest: ContentDigest;
  /** Is told of each chunk's reading, encoding and end, and of errors. */
  readonly emit: Emit;
}

/** Runs the chunks of one load; no more raw chunks than `workers + 2` are alive at a time. */
export class ChunkRunner {
  readonly #options: LoadOptions;
  readonly #parts: ChunkRunnerParts;
  readonly #buffers = new SharedBuffers();
  /** What was in the table when the load began. */
  readonly #recorded: readonly LedgerRange[];
  readonly #acknowledged = new Map<bigint, ReadyChunk[]>();
  /** Raw chunks, until they have been parsed, and pieces of chunks, until they have been joined. */
  readonly #rawPlaces: Places;
  /** Chunks between their reading and the end of their commit. */
  readonly #places: Places;
  /** Set when no further chunk is to be taken. */
  #isEnded = false;
  /** Whether a chunk that was taken has not been brought to its commit. */
  #hasGivenUp = false;
  /** Chunks taken that have not been handed to the sink, and may yet be. */
  #underway = 0;
  #onHandedOver: (value?: unknown) => void = () => {};
  /** Makes chunks of pieces, and the last piece's way to its chunk. */
  #joiner: PieceJoiner | undefined;
  #joining: Promise<void> = Promise.resolve();
  /** Chunks that have begun and not come to their end. */
  readonly #alive = new Set<Promise<void>>();

  /** Reads nothing yet. Listens to `options.stop`: a request to stop ends the taking of chunks. */
  constructor(options: LoadOptions, parts: ChunkRunnerParts) {
    this.#options = options;
    this.#parts = parts;
    this.#recorded = parts.context.recorded.ranges;
    const alive = options.workers + CHUNKS_AHEAD;
    const rawAhead = parts.pieces === undefined ? RAW_CHUNKS_AHEAD : CHUNKS_AHEAD;
    this.#rawPlaces = new Places(Math.min(options.workers, parts.threads) + rawAhead);
    this.#places = new Places(
      { "per-chunk": alive, grouped: GROUPED_MAX, once: Infinity }[options.commitMode],
    );
    const { stop } = options;
    // What is being encoded comes to its end, so that its file can be removed: a worker that is ended
    // amid an upload may leave one. Only when the grace is over is it given up.
    this.#isEnded = stop.isRequested;
    stop.signal.addEventListener("abort", () => this.#isEnded = true, { once: true });
    stop.graceSignal.addEventListener("abort", () => parts.pool.close(), { once: true });
  }

  /**
   * Runs until every chunk taken has come to its end; failures are events, none is thrown.
   *
   * @returns what was acknowledged.
   */
  async run(): Promise<Acknowledged> {
    const { source, dialect } = this.#options;
    const { pieces } = this.#parts;
    const boundaries = boundariesOf(this.#recorded);
    const ends = new Set(boundaries);
    const chunks = splitChunks(source.open({ lends: true }), {
      dialect,
      buffers: this.#buffers,
      rowsPerChunk: pieces?.rows ?? this.#parts.context.chunkRows,
      ...(pieces === undefined ? {} : { chunkBytesMax: PIECE_BYTES_MAX }),
      file: source.name,
      boundaries,
    });
    let isComplete = false;
    try {
      let end = 0;
      if (pieces !== undefined) this.#joiner = await this.#makeJoiner(pieces);
      while (true) {
        // Of the chunk that a piece belongs to, the end decides.
        if (pieces === undefined) await this.#places.take();
        await this.#rawPlaces.take();
        if (this.#isEnded) break;
        const next = await chunks.next();
        if (this.#isEnded) break;
        if (next.done === true) {
          checkLength(this.#recorded, { end, file: source.name });
          isComplete = true;
          break;
        }
        end = next.value.byteEnd;
        if (pieces === undefined) this.#track(this.#take(next.value));
        else this.#takePiece(next.value, { endsChunk: ends.has(end) });
      }
    } catch (error) {
      this.#reportError(error);
    } finally {
      await this.#endPieces();
      await this.#finish(isComplete);
      await chunks.return(undefined);
      const isLacking = !isComplete || this.#hasGivenUp;
      if (this.#options.stop.isRequested && isLacking) this.#reportInterruption();
    }
    return this.#acknowledged;
  }

  /** In `once`, the last chunk to be encoded gives the sign for the only commit. */
  async #finish(isComplete: boolean): Promise<void> {
    if (this.#options.commitMode === "once") {
      while (this.#underway > 0) await new Promise((resolve) => this.#onHandedOver = resolve);
    }
    this.#parts.sink.end(isComplete && !this.#isEnded);
    await Promise.all(this.#alive);
  }

  /** Keeps the place of a chunk until its end. */
  #track(chunk: Promise<void>): void {
    const running = chunk.finally(() => {
      this.#alive.delete(running);
      this.#places.give();
    });
    this.#alive.add(running);
  }

  #take(chunk: RawChunk<SharedArrayBuffer>): Promise<void> {
    const startedMs = performance.now();
    const { index, rows } = chunk;
    this.#parts.emit({ type: "read", chunk: index, rows, bytes: chunk.bytes.length });
    return this.#begin({ index, rows, range: this.#rangeOf(chunk), startedMs }, {
      encode: (path) => this.#encode(chunk, path),
      drop: () => {
        this.#buffers.give(chunk.bytes.buffer);
        this.#rawPlaces.give();
      },
    });
  }

  /** Where a chunk or a piece stands, when its content is that of an earlier run. */
  #rangeOf(chunk: RawChunk<SharedArrayBuffer>): LedgerRange {
    const { byteStart: start, byteEnd: end } = chunk;
    const digest = this.#parts.digest.add(chunk.bytes);
    // Also against what another run of this load has put there meanwhile.
    const { ranges } = this.#parts.context.recorded;
    checkContent(ranges, { end, digest, file: this.#options.source.name });
    return { start, end, digest };
  }

  /** Runs a chunk, unless it is in the table: then it is dropped. */
  #begin(chunk: ChunkNotes, of: ChunkFile): Promise<void> {
    const finish = (rest: ChunkEnd) => this.#end(chunk, rest);
    if (this.#parts.context.recorded.coverage(chunk.range) === "whole") {
      of.drop();
      finish({ state: "recorded", attempts: 0 });
      return Promise.resolve();
    }
    return this.#run(chunk, { encode: of.encode, finish });
  }

  #end({ index, rows, startedMs }: ChunkNotes, rest: ChunkEnd): void {
    if (rest.failure !== undefined && ENDS_THE_LOAD.has(rest.failure)) this.#isEnded = true;
    this.#hasGivenUp ||= rest.failure === "interrupted" || rest.failure === "abandoned";
    const elapsedMs = performance.now() - startedMs;
    this.#parts.emit({ type: "chunk", chunk: index, rows, elapsedMs, ...rest });
  }

  async #makeJoiner(plan: PiecePlan): Promise<PieceJoiner> {
    const { PieceJoiner } = await import("./piece_joiner.ts");
    const { setup, context: { store }, emit } = this.#parts;
    const read = ({ index, rows, range }: ChunkNotes) =>
      emit({ type: "read", chunk: index, rows, bytes: range.end - range.start });
    return new PieceJoiner({
      plan,
      setup,
      store,
      signal: this.#options.stop.graceSignal,
      onChunk: async (chunk, { write, drop }) => {
        await this.#places.take();
        read(chunk);
        const encode = (path: string) => this.#store(chunk, () => write(path));
        this.#track(this.#begin(chunk, { encode, drop }));
      },
      onFailure: (chunk, error) => {
        read(chunk);
        this.#isEnded = true;
        if (error === undefined) return this.#end(chunk, INTERRUPTED);
        this.#end(chunk, { state: "failed", attempts: 0, ...failureOfError(error) });
        this.#reportError(error);
      },
    });
  }

  #takePiece(
    piece: RawChunk<SharedArrayBuffer>,
    of: { readonly endsChunk: boolean },
  ): void {
    const startedMs = performance.now();
    const range = this.#rangeOf(piece);
    const isRecorded = this.#parts.context.recorded.coverage(range) === "whole";
    const encoding = isRecorded ? undefined : this.#encodePart(piece);
    if (isRecorded) this.#buffers.give(piece.bytes.buffer);
    // Whoever waits for it comes later.
    encoding?.catch(() => {});
    const next = { rows: piece.rows, range, isRecorded, startedMs, ...of };
    // Its place is kept until then, so that no pile of encoded pieces waits for a slow store.
    this.#joining = this.#joining
      .then(() => this.#joiner!.add(next, encoding))
      .finally(() => this.#rawPlaces.give());
  }

  /** What is left at the end of the source is a chunk, too. */
  async #endPieces(): Promise<void> {
    await this.#joining;
    if (this.#options.stop.isRequested) this.#joiner?.giveUp(undefined);
    else await this.#joiner?.end();
  }

  async #run(
    chunk: ChunkNotes,
    of: {
      readonly encode: ChunkFile["encode"];
      readonly finish: (end: ChunkEnd) => void;
    },
  ): Promise<void> {
    const { encode, finish } = of;
    try {
      const committing = await this.#handOver(chunk, encode);
      finish(committing === undefined ? INTERRUPTED : await this.#committed(committing));
    } catch (error) {
      finish({ state: "failed", attempts: 0, ...failureOfError(error) });
      this.#reportError(error);
    }
  }

  /**
   * Encodes a chunk and gives it to the sink.
   *
   * @returns undefined when the load was interrupted meanwhile.
   */
  async #handOver(
    { index, rows, range }: ChunkNotes,
    encode: ChunkFile["encode"],
  ): Promise<HandedOver | undefined> {
    const { metadata, sink, context } = this.#parts;
    const path = dataFilePath(metadata, { loadId: context.loadId, range });
    this.#underway++;
    try {
      const encoded = await encode(path);
      if (encoded === undefined || this.#options.stop.isRequested) {
        await removeFiles(context.store, [path]);
        return undefined;
      }
      const { file, isSynced } = encoded;
      const ready: ReadyChunk = { index, rows, range, file, needsSync: !isSynced };
      return { chunk: ready, result: sink.add(ready) };
    } catch (error) {
      // Before the sink learns that this was the last one: `once` must not commit without it.
      this.#isEnded = true;
      await removeFiles(context.store, [path]);
      throw error;
    } finally {
      this.#underway--;
      this.#onHandedOver();
    }
  }

  async #committed(handed: HandedOver): Promise<ChunkEnd> {
    const { chunk } = handed;
    const result = await handed.result;
    if (result.state === "committed") this.#acknowledge(result.snapshotId!, chunk);
    if (result.state === "failed" && result.failure === "abandoned") {
      await removeFiles(this.#parts.context.store, [chunk.file.path]);
    }
    return chunkEnd(result);
  }

  /** @returns undefined when the load was interrupted meanwhile. */
  async #encode(
    chunk: RawChunk<SharedArrayBuffer>,
    path: string,
  ): Promise<EncodedChunk | undefined> {
    const { pool, sink } = this.#parts;
    const { index, rows, bytes, firstLine } = chunk;
    let isRaw = true;
    const leaveRaw = () => {
      if (isRaw) this.#rawPlaces.give();
      isRaw = false;
    };
    try {
      let worker = 0;
      const encoding = pool.encode({ index, bytes, rows, firstLine, path }, {
        onTaken: (number) => worker = number,
        onReleased: () => {
          this.#buffers.give(bytes.buffer);
          leaveRaw();
        },
      });
      // The worker is at it now, and this thread has time.
      sink.prepare();
      const encoded = await encoding;
      this.#tellEncoded(index, { ...encoded, worker });
      checkRows(index, { rows, found: encoded.file.recordCount });
      return encoded;
    } catch (error) {
      if (this.#options.stop.isRequested) return undefined;
      throw error;
    } finally {
      leaveRaw();
    }
  }

  /** @returns undefined when the load was interrupted meanwhile. */
  async #encodePart(
    piece: RawChunk<SharedArrayBuffer>,
  ): Promise<EncodedPart & { readonly worker: number } | undefined> {
    const { pool, sink } = this.#parts;
    const { index, rows, bytes, firstLine } = piece;
    try {
      let worker = 0;
      const encoding = pool.encodePart({ index, bytes, rows, firstLine }, {
        onTaken: (number) => worker = number,
        onReleased: () => this.#buffers.give(bytes.buffer),
      });
      sink.prepare();
      const part = await encoding;
      checkRows(index, { rows, found: part.rows });
      return { ...part, worker };
    } catch (error) {
      if (this.#options.stop.isRequested) return undefined;
      throw error;
    }
  }

  /** @returns undefined when the load was interrupted meanwhile. */
  async #store(
    { index }: ChunkNotes,
    write: () => Promise<EncodedChunk & { readonly worker: number }>,
  ): Promise<EncodedChunk | undefined> {
    try {
      const written = await write();
      this.#tellEncoded(index, written);
      return written;
    } catch (error) {
      if (this.#options.stop.isRequested) return undefined;
      throw error;
    }
  }

  #tellEncoded(chunk: number, encoded: EncodedChunk & { readonly worker: number }): void {
    const { file, worker, parseMs, encodeMs, uploadMs } = encoded;
    const { recordCount: rows, sizeBytes: fileBytes } = file;
    const times = { parseMs, encodeMs, uploadMs };
    this.#parts.emit({ type: "encoded", chunk, worker, rows, fileBytes, ...times });
  }

  #acknowledge(snapshotId: bigint, chunk: ReadyChunk): void {
    const chunks = this.#acknowledged.get(snapshotId);
    if (chunks === undefined) this.#acknowledged.set(snapshotId, [chunk]);
    else chunks.push(chunk);
  }

  /** Says what went wrong and where, beside the chunk's own end. */
  #reportError(error: unknown): void {
    this.#isEnded = true;
    this.#parts.emit(errorEvent(error, failureOfError(error).failure));
  }

  #reportInterruption(): void {
    this.#parts.emit({
      type: "error",
      failure: "interrupted",
      exitCode: EXIT_CODE.interrupted,
      message: "The load was interrupted before its end",
    });
  }
}

/** The two readings of the same bytes must agree, or a row would be lost or doubled. */
function checkRows(
  chunk: number,
  { rows, found }: { readonly rows: number; readonly found: number },
): void {
  if (found === rows) return;
  throw new ToolError(
    `Cannot commit chunk ${chunk}: it was cut with ${rows} rows and parsed with ${found}`,
    EXIT_CODE.failed,
  );
}

/** How the data file of a chunk is made, or not. */
interface ChunkFile {
  /** Gives undefined when the load is interrupted. */
  readonly encode: (path: string) => Promise<EncodedChunk | undefined>;
  /** Lets go of what the chunk holds. */
  readonly drop: () => void;
}

/** A chunk whose data file is in the store, and what will become of it. */
interface HandedOver {
  readonly chunk: ReadyChunk;
  readonly result: Promise<CommitResult>;
}

type ChunkEnd = Omit<ChunkEvent, "type" | "chunk" | "rows" | "elapsedMs">;

const INTERRUPTED: ChunkEnd = {
  state: "failed",
  attempts: 0,
  failure: "interrupted",
  reason: "the load was interrupted",
};

function chunkEnd(result: CommitResult): ChunkEnd {
  const common = {
    attempts: result.attempts,
    ...(result.snapshotId === undefined ? {} : { snapshotId: String(result.snapshotId) }),
    ...(result.status === undefined ? {} : { status: result.status }),
  };
  switch (result.state) {
    case "recorded":
      return { ...common, state: "recorded" };
    case "mixed":
      throw new TypeError("a single chunk cannot be mixed");
    case "committed":
      return { ...common, state: "committed", sequenceNumber: Number(result.sequenceNumber) };
    default:
      return { ...common, state: result.state, failure: result.failure, reason: result.reason };
  }
}
