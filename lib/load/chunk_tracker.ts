/**
 * The way of each chunk from its data file to its commit, and what is told of it in the end; how the
 * data file is made is the business of whoever begins the chunk.
 */
import type { EncodedChunk } from "../encode/job.ts";
import { EXIT_CODE, ToolError } from "../errors.ts";
import { dataFilePath } from "../table/locations.ts";
import type { TableMetadata } from "../table/metadata.ts";
import type { CommitContext, CommitResult, ReadyChunk } from "./commit_context.ts";
import { failureOfError } from "./commit_end.ts";
import { type ChunkEvent, errorEvent, type FailureKind } from "./events.ts";
import { Places } from "./lanes.ts";
import type { Acknowledged } from "./last_look.ts";
import type { LateSink } from "./late_sink.ts";
import type { LedgerRange } from "./ledger.ts";
import { removeFiles } from "./litter.ts";
import type { LoadOptions } from "./options.ts";

/** Chunks alive beside those that a worker holds: one being cut, one waiting for its commit. */
const CHUNKS_AHEAD = 2;

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

/** A chunk, wherever its bytes are. */
export interface ChunkNotes {
  /** Position among the chunks, from 0. */
  readonly index: number;
  /** Records in it. */
  readonly rows: number;
  /** Where it stands in the source. */
  readonly range: LedgerRange;
  /** When its first bytes were taken, in the time of `performance.now()`. */
  readonly startedMs: number;
}

/** How the data file of a chunk is made, or not. */
export interface ChunkFile {
  /** Makes it at a location, and ends when the store has it; undefined when the load is interrupted. */
  readonly make: (path: string) => Promise<MadeFile | undefined>;
  /** Lets go of what the chunk holds; called when the chunk is in the table already. */
  readonly drop: () => void;
}

/** A data file in the store, and the worker that has made the last of it. */
export interface MadeFile extends EncodedChunk {
  /** From 0. */
  readonly worker: number;
}

/** What chunks go through. */
export interface ChunkTrackerParts {
  /** Brings encoded chunks to their commits. */
  readonly sink: LateSink;
  /** Shared with the commits. */
  readonly context: CommitContext;
  /** Where the table's files go. */
  readonly metadata: TableMetadata;
}

/** The chunks of one load that have begun; none throws, their failures are events. */
export class ChunkTracker {
  readonly #options: LoadOptions;
  readonly #parts: ChunkTrackerParts;
  readonly #acknowledged = new Map<bigint, ReadyChunk[]>();
  /** Chunks between their reading and the end of their commit. */
  readonly #places: Places;
  /** Chunks that have begun and not come to their end. */
  readonly #alive = new Set<Promise<void>>();
  #isEnded: boolean;
  #hasGivenUp = false;
  /** Chunks begun that have not been handed to the sink, and may yet be. */
  #underway = 0;
  #onHandedOver: (value?: unknown) => void = () => {};

  /** Listens to `options.stop`: after a request to stop no further chunk is to begin. */
  constructor(options: LoadOptions, parts: ChunkTrackerParts) {
    this.#options = options;
    this.#parts = parts;
    const alive = options.workers + CHUNKS_AHEAD;
    this.#places = new Places(
      { "per-chunk": alive, grouped: GROUPED_MAX, once: Infinity }[options.commitMode],
    );
    const { stop } = options;
    this.#isEnded = stop.isRequested;
    stop.signal.addEventListener("abort", () => this.#isEnded = true, { once: true });
  }

  /** Whether no further chunk is to begin. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Whether a chunk that has begun was not brought to its commit. */
  get hasGivenUp(): boolean {
    return this.#hasGivenUp;
  }

  /** What was acknowledged so far. */
  get acknowledged(): Acknowledged {
    return this.#acknowledged;
  }

  /** Waits until there is room for one chunk more, which has to {@linkcode begin} then. */
  room(): Promise<void> {
    return this.#places.take();
  }

  /** Tells that a chunk has been read, and brings it to its end, in its room. */
  begin(chunk: ChunkNotes, file: ChunkFile): void {
    this.#tellRead(chunk);
    const running = this.#run(chunk, file).finally(() => {
      this.#alive.delete(running);
      this.#places.give();
    });
    this.#alive.add(running);
  }

  /** Tells of a chunk that has no room and no file; undefined: the load was interrupted. */
  fail(chunk: ChunkNotes, error: unknown): void {
    this.#tellRead(chunk);
    this.#isEnded = true;
    if (error === undefined) return this.#end(chunk, INTERRUPTED);
    this.#end(chunk, { state: "failed", attempts: 0, ...failureOfError(error) });
    this.reportError(error);
  }

  /** Says what went wrong and where, beside any chunk's own end; no further chunk is to begin. */
  reportError(error: unknown): void {
    this.#isEnded = true;
    this.#emit(errorEvent(error, failureOfError(error).failure));
  }

  /**
   * Waits for the end of all that have begun. In `once`, the last chunk to be encoded gives the sign
   * for the only commit.
   *
   * @param isComplete whether they are all of the source.
   */
  async finish(isComplete: boolean): Promise<void> {
    if (this.#options.commitMode === "once") {
      while (this.#underway > 0) await new Promise((resolve) => this.#onHandedOver = resolve);
    }
    this.#parts.sink.end(isComplete && !this.#isEnded);
    await Promise.all(this.#alive);
  }

  get #emit() {
    return this.#parts.context.emit;
  }

  #tellRead({ index, rows, range }: ChunkNotes): void {
    this.#emit({ type: "read", chunk: index, rows, bytes: range.end - range.start });
  }

  async #run(chunk: ChunkNotes, file: ChunkFile): Promise<void> {
    if (this.#parts.context.recorded.coverage(chunk.range) === "whole") {
      file.drop();
      return this.#end(chunk, { state: "recorded", attempts: 0 });
    }
    try {
      const committing = await this.#handOver(chunk, file);
      this.#end(chunk, committing === undefined ? INTERRUPTED : await this.#committed(committing));
    } catch (error) {
      this.#end(chunk, { state: "failed", attempts: 0, ...failureOfError(error) });
      this.reportError(error);
    }
  }

  /**
   * Has the data file made and gives it to the sink.
   *
   * @returns undefined when the load was interrupted meanwhile.
   */
  async #handOver(chunk: ChunkNotes, { make }: ChunkFile): Promise<HandedOver | undefined> {
    const { metadata, sink, context } = this.#parts;
    const { index, rows, range } = chunk;
    const path = dataFilePath(metadata, { loadId: context.loadId, range });
    this.#underway++;
    try {
      const made = await this.#made(chunk, () => make(path));
      if (made === undefined || this.#options.stop.isRequested) {
        await removeFiles(context.store, [path]);
        return undefined;
      }
      const { file, isSynced } = made;
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

  async #made(
    chunk: ChunkNotes,
    make: () => Promise<MadeFile | undefined>,
  ): Promise<MadeFile | undefined> {
    try {
      const made = await make();
      if (made === undefined) return undefined;
      const { file, worker, parseMs, encodeMs, uploadMs } = made;
      const { recordCount: rows, sizeBytes: fileBytes } = file;
      const times = { parseMs, encodeMs, uploadMs };
      this.#emit({ type: "encoded", chunk: chunk.index, worker, rows, fileBytes, ...times });
      checkRows(chunk.index, { rows: chunk.rows, found: rows });
      return made;
    } catch (error) {
      if (this.#options.stop.isRequested) return undefined;
      throw error;
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

  #acknowledge(snapshotId: bigint, chunk: ReadyChunk): void {
    const chunks = this.#acknowledged.get(snapshotId);
    if (chunks === undefined) this.#acknowledged.set(snapshotId, [chunk]);
    else chunks.push(chunk);
  }

  #end({ index, rows, startedMs }: ChunkNotes, rest: ChunkEnd): void {
    if (rest.failure !== undefined && ENDS_THE_LOAD.has(rest.failure)) this.#isEnded = true;
    this.#hasGivenUp ||= rest.failure === "interrupted" || rest.failure === "abandoned";
    const elapsedMs = performance.now() - startedMs;
    this.#emit({ type: "chunk", chunk: index, rows, elapsedMs, ...rest });
  }
}

/**
 * Compares two readings of the same bytes, which must agree, or a row would be lost or doubled.
 *
 * @throws {ToolError} when they do not.
 */
export function checkRows(
  chunk: number,
  { rows, found }: { readonly rows: number; readonly found: number },
): void {
  if (found === rows) return;
  throw new ToolError(
    `Cannot commit chunk ${chunk}: it was cut with ${rows} rows and parsed with ${found}`,
    EXIT_CODE.failed,
  );
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
