/** Takes chunks from the input through encoding and commit, and stops taking them when need be. */
import type { EncodePool } from "../encode/pool.ts";
import { EXIT_CODE, ToolError } from "../errors.ts";
import { type RawChunk, splitChunks } from "../input/split.ts";
import { chunkFileNames } from "../table/locations.ts";
import type { TableMetadata } from "../table/metadata.ts";
import { type CommitResult, type Committer, failureOfError } from "./commit.ts";
import { type ChunkEvent, type Emit, errorEvent, type FailureKind } from "./events.ts";
import { Lanes, Places } from "./lanes.ts";
import type { LoadOptions } from "./options.ts";

/** Chunks alive beside those that a worker holds: one being cut, one waiting for its commit. */
const CHUNKS_AHEAD = 2;

/** After these there is no use in going on; a lost race or an unknown outcome is one chunk's own. */
const ENDS_THE_LOAD: ReadonlySet<FailureKind> = new Set<FailureKind>([
  "input",
  "auth",
  "unreachable",
  "rejected",
]);

/** What the runner works with. */
export interface ChunkRunnerParts {
  readonly pool: EncodePool;
  /** As many as commits may be in flight. */
  readonly committers: readonly Committer[];
  /** Where the table's files go. */
  readonly metadata: TableMetadata;
  readonly emit: Emit;
}

/** Runs the chunks of one load; at most `workers + 2` of them are alive at a time. */
export class ChunkRunner {
  readonly #options: LoadOptions;
  readonly #parts: ChunkRunnerParts;
  readonly #committers: Lanes<Committer>;
  /** Set when no further chunk is to be taken. */
  #ended = false;

  constructor(options: LoadOptions, parts: ChunkRunnerParts) {
    this.#options = options;
    this.#parts = parts;
    this.#committers = new Lanes(parts.committers);
  }

  /** Runs until every chunk taken has come to its end; failures are events, none is thrown. */
  async run(): Promise<void> {
    const { source, dialect, chunkSize, workers } = this.#options;
    const places = new Places(workers + CHUNKS_AHEAD);
    const alive = new Set<Promise<void>>();
    const chunks = splitChunks(source.open(), {
      dialect,
      rowsPerChunk: chunkSize,
      file: source.name,
    });
    try {
      while (true) {
        await places.take();
        if (this.#ended) break;
        const next = await chunks.next();
        if (next.done === true || this.#ended) break;
        const running = this.#runChunk(next.value).finally(() => {
          alive.delete(running);
          places.give();
        });
        alive.add(running);
      }
    } catch (error) {
      this.#reportError(error);
    } finally {
      await Promise.all(alive);
      await chunks.return(undefined);
    }
  }

  async #runChunk(chunk: RawChunk): Promise<void> {
    const { pool, emit } = this.#parts;
    const { index, rows } = chunk;
    const startedMs = performance.now();
    emit({ type: "read", chunk: index, rows, bytes: chunk.bytes.length });
    const end = (rest: Omit<ChunkEvent, "type" | "chunk" | "rows" | "elapsedMs">) => {
      if (rest.failure !== undefined && ENDS_THE_LOAD.has(rest.failure)) this.#ended = true;
      emit({
        type: "chunk",
        chunk: index,
        rows,
        elapsedMs: performance.now() - startedMs,
        ...rest,
      });
    };
    try {
      const names = chunkFileNames(this.#parts.metadata, { loadId: this.#options.loadId, index });
      const encoded = await pool.encode({
        index,
        bytes: chunk.bytes,
        rows,
        firstLine: chunk.firstLine,
        path: names.dataFile(crypto.randomUUID()),
      });
      const { file, parseMs, encodeMs, uploadMs } = encoded;
      emit({
        type: "encoded",
        chunk: index,
        rows: file.recordCount,
        fileBytes: file.sizeBytes,
        parseMs,
        encodeMs,
        uploadMs,
      });
      if (file.recordCount !== rows) {
        // The two readings of the same bytes must agree, or a row would be lost or doubled.
        throw new ToolError(
          `Cannot commit chunk ${index}: it was cut with ${rows} rows and parsed with ` +
            `${file.recordCount}`,
          EXIT_CODE.failed,
        );
      }
      const result = await this.#committers.use((committer) =>
        committer.commit({
          index,
          files: [file],
          names,
          summary: { "ingest.load-id": this.#options.loadId, "ingest.chunk": String(index) },
        })
      );
      end(chunkEnd(result));
    } catch (error) {
      const { failure, reason } = failureOfError(error);
      end({ state: "failed", attempts: 0, failure, reason });
      this.#reportError(error);
    }
  }

  /** Says what went wrong and where, beside the chunk's own end. */
  #reportError(error: unknown): void {
    this.#ended = true;
    this.#parts.emit(errorEvent(error, failureOfError(error).failure));
  }
}

function chunkEnd(
  result: CommitResult,
): Omit<ChunkEvent, "type" | "chunk" | "rows" | "elapsedMs"> {
  const common = {
    attempts: result.attempts,
    ...(result.attempts === 0 ? {} : { snapshotId: String(result.snapshotId) }),
    ...(result.status === undefined ? {} : { status: result.status }),
  };
  return result.state === "committed"
    ? { ...common, state: "committed", sequenceNumber: Number(result.sequenceNumber) }
    : { ...common, state: result.state, failure: result.failure, reason: result.reason };
}
