/** Counts a load's events. Pure: the same events give the same summary. */
import { EXIT_CODE } from "../errors.ts";
import type { ChunkEvent, FailureKind, LoadEvent, SummaryEvent } from "./events.ts";

/** Counts so far. */
export interface Tally {
  /** Rows of all chunks that were cut from the input. */
  readonly rowsRead: number;
  /** Rows that this run has put into the table, without lost ones. */
  readonly rowsCommitted: number;
  /** Rows that another run of the same load had put there. */
  readonly rowsRecorded: number;
  /** Chunks that were cut from the input. */
  readonly chunksRead: number;
  /** Chunks that this run has put into the table, without lost ones. */
  readonly chunksCommitted: number;
  /** Chunks that another run of the same load had put there. */
  readonly chunksRecorded: number;
  /** Chunks whose commit failed or never was, lost ones among them. */
  readonly chunksFailed: number;
  /** Chunks that may be in the table. */
  readonly chunksUnknown: number;
  /** Size in the input of all chunks that were cut from it. */
  readonly bytesRead: number;
  /** Commit answers by HTTP status; `none` counts those without an answer. */
  readonly commitStatus: Readonly<Record<string, number>>;
  /** Posts beyond the first of each commit. */
  readonly retries: number;
  /** The committed snapshot of the highest sequence number; undefined before the first. */
  readonly newest: { readonly snapshotId: string; readonly sequenceNumber: number } | undefined;
  /** Kinds that have come up; together they decide the exit code. */
  readonly failures: ReadonlySet<FailureKind>;
  /** Exit code of the error that kept the load from beginning. */
  readonly exitCode: number | undefined;
}

/** Nothing counted yet. */
export const EMPTY_TALLY: Tally = {
  rowsRead: 0,
  rowsCommitted: 0,
  rowsRecorded: 0,
  chunksRead: 0,
  chunksCommitted: 0,
  chunksRecorded: 0,
  chunksFailed: 0,
  chunksUnknown: 0,
  bytesRead: 0,
  commitStatus: {},
  retries: 0,
  newest: undefined,
  failures: new Set(),
  exitCode: undefined,
};

/** The tally after one more event. */
export function addEvent(tally: Tally, event: LoadEvent): Tally {
  switch (event.type) {
    case "read":
      return {
        ...tally,
        chunksRead: tally.chunksRead + 1,
        rowsRead: tally.rowsRead + event.rows,
        bytesRead: tally.bytesRead + event.bytes,
      };
    case "commit": {
      const status = String(event.status ?? "none");
      return {
        ...tally,
        commitStatus: {
          ...tally.commitStatus,
          [status]: (tally.commitStatus[status] ?? 0) + 1,
        },
        retries: tally.retries + (event.attempt > 1 ? 1 : 0),
      };
    }
    case "chunk":
      return addChunk(tally, event);
    case "lost":
      return {
        ...tally,
        rowsCommitted: tally.rowsCommitted - event.rows,
        chunksCommitted: tally.chunksCommitted - event.chunks.length,
        chunksFailed: tally.chunksFailed + event.chunks.length,
        failures: new Set([...tally.failures, "lost"]),
      };
    case "error":
      return event.failure === undefined
        ? { ...tally, exitCode: event.exitCode }
        : { ...tally, failures: new Set([...tally.failures, event.failure]) };
    default:
      return tally;
  }
}

function addChunk(tally: Tally, event: ChunkEvent): Tally {
  const failures = event.failure === undefined
    ? tally.failures
    : new Set([...tally.failures, event.failure]);
  switch (event.state) {
    case "committed":
      return {
        ...tally,
        chunksCommitted: tally.chunksCommitted + 1,
        rowsCommitted: tally.rowsCommitted + event.rows,
        newest: newerSnapshot(tally.newest, event),
      };
    case "recorded":
      return {
        ...tally,
        chunksRecorded: tally.chunksRecorded + 1,
        rowsRecorded: tally.rowsRecorded + event.rows,
      };
    case "failed":
      return { ...tally, chunksFailed: tally.chunksFailed + 1, failures };
    case "unknown":
      return { ...tally, chunksUnknown: tally.chunksUnknown + 1, failures };
  }
}

function newerSnapshot(known: Tally["newest"], event: ChunkEvent): Tally["newest"] {
  if (event.snapshotId === undefined) return known;
  const sequenceNumber = event.sequenceNumber ?? 0;
  return known !== undefined && known.sequenceNumber > sequenceNumber
    ? known
    : { snapshotId: event.snapshotId, sequenceNumber };
}

/** In this order the worst failure decides the exit code. */
const EXIT_CODES_BY_FAILURE: ReadonlyArray<readonly [FailureKind, number]> = [
  ["unknown", EXIT_CODE.unknown],
  ["auth", EXIT_CODE.auth],
  ["unreachable", EXIT_CODE.unreachable],
  ["input", EXIT_CODE.input],
  ["retriesSpent", EXIT_CODE.conflicts],
  ["lost", EXIT_CODE.failed],
  ["rejected", EXIT_CODE.failed],
  ["split", EXIT_CODE.failed],
  ["lostRace", EXIT_CODE.failed],
  ["interrupted", EXIT_CODE.interrupted],
  ["abandoned", EXIT_CODE.failed],
];

/** The exit code of a load with these failures. */
export function exitCodeOf(failures: ReadonlySet<FailureKind>): number {
  const worst = EXIT_CODES_BY_FAILURE.find(([failure]) => failures.has(failure));
  return worst?.[1] ?? EXIT_CODE.ok;
}

/** The summary event of a tally. */
export function summarize(
  tally: Tally,
  rest: Pick<SummaryEvent, "table" | "loadId" | "elapsedMs" | "peakRssBytes">,
): SummaryEvent {
  return {
    type: "summary",
    ...rest,
    rowsRead: tally.rowsRead,
    rowsCommitted: tally.rowsCommitted,
    rowsRecorded: tally.rowsRecorded,
    chunksCommitted: tally.chunksCommitted,
    chunksRecorded: tally.chunksRecorded,
    chunksFailed: tally.chunksFailed,
    chunksUnknown: tally.chunksUnknown,
    commitStatus: tally.commitStatus,
    retries: tally.retries,
    snapshotId: tally.newest?.snapshotId ?? null,
    exitCode: tally.exitCode ?? exitCodeOf(tally.failures),
  };
}
