/** What makes chunks of the source into data files: `whole_chunks.ts` and `joined_chunks.ts`. */
import type { EncodePool } from "../encode/pool.ts";
import type { SharedBuffers } from "../input/chunk_buffers.ts";
import type { RawChunk } from "../input/split.ts";
import type { ChunkTracker } from "./chunk_tracker.ts";
import type { LateSink } from "./late_sink.ts";
import type { LedgerRange } from "./ledger.ts";

/** What every maker works with. */
export interface MakerParts {
  /** The workers that encode. */
  readonly pool: EncodePool;
  /** Chunks that are encoded at a time. */
  readonly threads: number;
  /** Where the memory of raw chunks comes from, and goes to when it is not needed any more. */
  readonly buffers: SharedBuffers;
  /** Is prepared while the workers are at work and the main thread has time. */
  readonly sink: LateSink;
  /** Takes the chunks to their ends. */
  readonly tracker: ChunkTracker;
}

/** Where a raw chunk comes from. */
export interface RawNotes {
  /** Where it stands in the source. */
  readonly range: LedgerRange;
  /** When it was taken, in the time of `performance.now()`. */
  readonly startedMs: number;
  /** Whether no data file may hold what comes before its end and what comes after. */
  readonly endsFile: boolean;
}

/** Makes raw chunks into chunks with data files; failures go to the tracker. */
export interface ChunkMaker {
  /** Waits until there is room for one raw chunk more, which has to be taken then. */
  room(): Promise<void>;
  /** Takes the raw chunk that follows in the source. */
  take(raw: RawChunk<SharedArrayBuffer>, notes: RawNotes): void;
  /** Makes what is left; nothing is taken after it. */
  end(): Promise<void>;
}
