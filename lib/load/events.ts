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
  /** The first event; once. */
  readonly type: "start";
  /** Name of the source, as the user gave it. */
  readonly input: string;
  /** With its namespace, parted by dots. */
  readonly table: string;
  /** Name of the catalog in messages (`--catalog`). */
  readonly catalog: string;
  /** Base URI of the catalog; holds no password. */
  readonly uri: string;
  /** As it was given. */
  readonly warehouse: string;
  /** As asked for: so many writers there are in `per-chunk`, and so many threads at most. */
  readonly workers: number;
  /** Given to `--load-id`, it lets another run finish this load. */
  readonly loadId: string;
  /** As asked for. */
  readonly commitMode: CommitMode;
  /** Size of the input, header included; absent where it is not known before reading, as of a pipe. */
  readonly inputBytes?: number;
}

/** The table is there and fits. */
export interface TableEvent {
  /** Comes once, before any chunk is cut; not at all when there is no row to load. */
  readonly type: "table";
  /** Whether this load made it. */
  readonly created: boolean;
  /** As the catalog gave it (table spec, `table-uuid`). */
  readonly tableUuid: string;
  /** The table's base location (table spec, `location`). */
  readonly location: string;
  /** 2 or 3. */
  readonly formatVersion: number;
  /** Columns of the data files in the table's order; types as strings of the table spec. */
  readonly columns: ReadonlyArray<{ readonly name: string; readonly type: string }>;
  /** Rows of a chunk. */
  readonly chunkRows: number;
}

/** Something that a person should know, though the load goes on. */
export interface NoticeEvent {
  /** May come at any time. */
  readonly type: "notice";
  /** One line, without a full stop. */
  readonly message: string;
}

/** A chunk has been cut from the input. */
export interface ReadEvent {
  /** Comes once for each chunk, in their order. */
  readonly type: "read";
  /** Position in the input, from 0. */
  readonly chunk: number;
  /** Records in it. */
  readonly rows: number;
  /** Its size in the input; the header belongs to no chunk. */
  readonly bytes: number;
}

/** A chunk's data file is in the store. */
export interface EncodedEvent {
  /** Comes in any order; not for chunks that were in the table already. */
  readonly type: "encoded";
  /** Position in the input, from 0. */
  readonly chunk: number;
  /** The worker that did it, from 0; of several, the one that did the last piece. */
  readonly worker: number;
  /** Rows in the file. */
  readonly rows: number;
  /** Size of the Parquet file. */
  readonly fileBytes: number;
  /** Time from CSV to columns. */
  readonly parseMs: number;
  /** Time from columns to the bytes of the file. */
  readonly encodeMs: number;
  /** Time until the store had the file. */
  readonly uploadMs: number;
}

/** A commit has been answered, or not. */
export interface CommitEvent {
  /** Comes with every post; in any order where several writers race. */
  readonly type: "commit";
  /** The first of its chunks. */
  readonly chunk: number;
  /** How many chunks it holds. */
  readonly chunks: number;
  /** The writer that posted it, from 0; in `per-chunk` there are as many as workers, else one. */
  readonly writer: number;
  /** Posts of this commit so far, from 1; the same request sent again counts, too. */
  readonly attempt: number;
  /** What the answer means ({@linkcode Outcome}); a look may settle it later. */
  readonly outcome: Outcome["kind"];
  /** An int64 in decimal digits; the same for all attempts of a commit. */
  readonly snapshotId: string;
  /** Absent when there was no answer. */
  readonly status?: number;
  /** What was answered, when it was not a success. */
  readonly reason?: string;
  /** First 200 characters of the body, when it was not a success. */
  readonly body?: string;
  /** From posting to the answer. */
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
  /** The last event of each chunk that was read, in any order. */
  readonly type: "chunk";
  /** Position in the input, from 0. */
  readonly chunk: number;
  /** `recorded`: it was in the table already, put there by another run of the same load. */
  readonly state: "committed" | "recorded" | "failed" | "unknown";
  /** Records in it. */
  readonly rows: number;
  /** Commits posted. */
  readonly attempts: number;
  /** From the end of its reading to its own end. */
  readonly elapsedMs: number;
  /** Status of the last commit's answer, when there was one. */
  readonly status?: number;
  /** An int64 in decimal digits, of the snapshot that was posted; absent when none was. */
  readonly snapshotId?: string;
  /** Sequence number of the snapshot, when committed. */
  readonly sequenceNumber?: number;
  /** Present when `state` is `failed` or `unknown`. */
  readonly failure?: FailureKind;
  /** What was answered, or what went wrong, in words; present with `failure`. */
  readonly reason?: string;
}

/** Chunks that had been acknowledged are not in the table at the end of the load. */
export interface LostEvent {
  /** Comes once at most, after the last chunk. */
  readonly type: "lost";
  /** Their positions in the input, from 0. */
  readonly chunks: readonly number[];
  /** Rows in all of them. */
  readonly rows: number;
}

/** What the whole load came to; always the last event. */
export interface SummaryEvent {
  /** Comes once, however the load ended. */
  readonly type: "summary";
  /** With its namespace, parted by dots. */
  readonly table: string;
  /** As in the first event. */
  readonly loadId: string;
  /** Rows of all chunks that were cut from the input. */
  readonly rowsRead: number;
  /** Rows that this run has put into the table; lost ones are not among them. */
  readonly rowsCommitted: number;
  /** Rows that an earlier run of the same load had put into the table. */
  readonly rowsRecorded: number;
  /** Chunks that this run has put into the table; lost ones are not among them. */
  readonly chunksCommitted: number;
  /** Chunks that another run of the same load had put into the table. */
  readonly chunksRecorded: number;
  /** Chunks whose commit failed or never was, lost ones among them. */
  readonly chunksFailed: number;
  /** Chunks that may be in the table, now or later. */
  readonly chunksUnknown: number;
  /** Commit answers by HTTP status; `none` counts those without an answer. */
  readonly commitStatus: Readonly<Record<string, number>>;
  /** Posts beyond the first of each commit. */
  readonly retries: number;
  /** The newest snapshot that this load made, an int64 in decimal digits, or null. */
  readonly snapshotId: string | null;
  /** From the first event to this one. */
  readonly elapsedMs: number;
  /** Highest resident memory of the process. */
  readonly peakRssBytes: number;
  /** What the process ends with (`EXIT_CODE`). */
  readonly exitCode: number;
}

/** An error that ends the load, or keeps it from beginning. */
export interface ErrorEvent {
  /** May come more than once; the summary still follows. */
  readonly type: "error";
  /** Absent when the load did not begin, unless that was for an interruption. */
  readonly failure?: FailureKind;
  /** Action, object and reason, without a full stop; holds no secret. */
  readonly message: string;
  /** What the process ends with when nothing worse happens (`EXIT_CODE`). */
  readonly exitCode: number;
  /** What the reader can do next. */
  readonly hint?: string;
  /** Name of the input in which a bad value stands. This and what follows come of `InputError` alone. */
  readonly file?: string;
  /** Physical line in the file, from 1; with `file`. */
  readonly line?: number;
  /** Name of the CSV column. */
  readonly column?: string;
  /** As it stands in the file, shortened. */
  readonly value?: string;
  /** The type that was expected, as a type string of the table spec. */
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
