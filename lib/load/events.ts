/**
 * The one stream of events that a load emits. Whatever a person or a machine sees of a load is a
 * view of this stream; `summary.ts` counts it.
 */
import { EXIT_CODE, InputError, ToolError } from "../errors.ts";
import type { HttpEvent } from "../rest/http.ts";
import type { Outcome } from "../rest/outcome.ts";

/**
 * How chunks become snapshots: each its own, with the workers racing; whatever is ready together, by
 * one writer; or all of them at once.
 */
export type CommitMode = "per-chunk" | "grouped" | "once";

/** A load begins. */
export interface StartEvent {
  readonly type: "start";
  readonly input: string;
  readonly table: string;
  readonly catalog: string;
  readonly uri: string;
  readonly warehouse: string;
  readonly workers: number;
  readonly loadId: string;
  readonly commitMode: CommitMode;
  /** Size of the input, where it is known. */
  readonly inputBytes?: number;
}

/** The table is there and fits. */
export interface TableEvent {
  readonly type: "table";
  /** Whether this load made it. */
  readonly created: boolean;
  readonly tableUuid: string;
  readonly location: string;
  readonly formatVersion: number;
  readonly columns: ReadonlyArray<{ readonly name: string; readonly type: string }>;
  /** Rows of a chunk. */
  readonly chunkRows: number;
}

/** Something that a person should know, though the load goes on. */
export interface NoticeEvent {
  readonly type: "notice";
  readonly message: string;
}

/** A chunk has been cut from the input. */
export interface ReadEvent {
  readonly type: "read";
  readonly chunk: number;
  readonly rows: number;
  readonly bytes: number;
}

/** A chunk's data file is in the store. */
export interface EncodedEvent {
  readonly type: "encoded";
  readonly chunk: number;
  /** The worker that did it, from 0. */
  readonly worker: number;
  readonly rows: number;
  readonly fileBytes: number;
  readonly parseMs: number;
  readonly encodeMs: number;
  readonly uploadMs: number;
}

/** A commit has been answered, or not. */
export interface CommitEvent {
  readonly type: "commit";
  /** The first of its chunks. */
  readonly chunk: number;
  /** How many chunks it holds. */
  readonly chunks: number;
  /** The writer that posted it, from 0; in `per-chunk` there are as many as workers, else one. */
  readonly writer: number;
  /** From 1. */
  readonly attempt: number;
  readonly outcome: Outcome["kind"];
  readonly snapshotId: string;
  /** Absent when there was no answer. */
  readonly status?: number;
  /** What was answered, when it was not a success. */
  readonly reason?: string;
  /** First 200 characters of the body, when it was not a success. */
  readonly body?: string;
  readonly elapsedMs: number;
}

/** Why a chunk is not in the table, or not known to be. */
export type FailureKind =
  | "lostRace"
  | "retriesSpent"
  | "input"
  | "auth"
  | "unreachable"
  | "rejected"
  /** Another run of the same load has cut the source in another way. */
  | "split"
  | "interrupted"
  /** The load ended for another reason before its commit. */
  | "abandoned"
  /** It was acknowledged, and is not in the table. */
  | "lost"
  | "unknown";

/** A chunk has come to its end. */
export interface ChunkEvent {
  readonly type: "chunk";
  readonly chunk: number;
  /** `recorded`: it was in the table already, put there by another run of the same load. */
  readonly state: "committed" | "recorded" | "failed" | "unknown";
  readonly rows: number;
  /** Commits posted. */
  readonly attempts: number;
  readonly elapsedMs: number;
  /** Status of the last commit's answer, when there was one. */
  readonly status?: number;
  readonly snapshotId?: string;
  /** Sequence number of the snapshot, when committed. */
  readonly sequenceNumber?: number;
  readonly failure?: FailureKind;
  readonly reason?: string;
}

/** Chunks that had been acknowledged are not in the table at the end of the load. */
export interface LostEvent {
  readonly type: "lost";
  readonly chunks: readonly number[];
  readonly rows: number;
}

/** What the whole load came to; always the last event. */
export interface SummaryEvent {
  readonly type: "summary";
  readonly table: string;
  readonly loadId: string;
  readonly rowsRead: number;
  readonly rowsCommitted: number;
  /** Rows that an earlier run of the same load had put into the table. */
  readonly rowsRecorded: number;
  readonly chunksCommitted: number;
  readonly chunksRecorded: number;
  readonly chunksFailed: number;
  readonly chunksUnknown: number;
  /** Commit answers by HTTP status; `none` counts those without an answer. */
  readonly commitStatus: Readonly<Record<string, number>>;
  /** Commits posted beyond the first of each chunk. */
  readonly retries: number;
  /** The newest snapshot that this load made, or null. */
  readonly snapshotId: string | null;
  readonly elapsedMs: number;
  /** Highest resident memory of the process. */
  readonly peakRssBytes: number;
  readonly exitCode: number;
}

/** An error that ends the load, or keeps it from beginning. */
export interface ErrorEvent {
  readonly type: "error";
  /** Absent when the load did not begin. */
  readonly failure?: FailureKind;
  readonly message: string;
  readonly exitCode: number;
  readonly hint?: string;
  /** Where in the input a bad value stands. */
  readonly file?: string;
  readonly line?: number;
  readonly column?: string;
  readonly value?: string;
  readonly expected?: string;
}

/** Everything that a load says. */
export type LoadEvent =
  | StartEvent
  | TableEvent
  | NoticeEvent
  | ReadEvent
  | EncodedEvent
  | CommitEvent
  | ChunkEvent
  | LostEvent
  | SummaryEvent
  | ErrorEvent
  | HttpEvent;

/** Takes events as they come. */
export type Emit = (event: LoadEvent) => void;

/**
 * An error as an event.
 *
 * @param failure what it stands for when the load had begun.
 */
export function errorEvent(error: unknown, failure?: FailureKind): ErrorEvent {
  const known = error instanceof ToolError ? error : undefined;
  return {
    type: "error",
    message: error instanceof Error ? error.message : String(error),
    exitCode: known?.exitCode ?? EXIT_CODE.failed,
    ...(failure === undefined ? {} : { failure }),
    ...(known?.hint === undefined ? {} : { hint: known.hint }),
    ...(error instanceof InputError ? error.place : {}),
  };
}
