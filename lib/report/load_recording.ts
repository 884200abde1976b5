/**
 * Collects from a load's events what its report tells. What is kept is bounded: a load of any length
 * has the same few thousand marks and time slots, and says what it has left out.
 */
import type {
  ChunkEvent,
  CommitEvent,
  EncodedEvent,
  ErrorEvent,
  LoadEvent,
  StartEvent,
  SummaryEvent,
  TableEvent,
} from "../load/events.ts";
import type { Mark } from "./marks.ts";
import type { TimelineOperation } from "./timeline.ts";

/** Rows by slots of equal time. */
export interface RowsOverTime {
  /** Length of each slot; it doubles as the load goes on, so that there are never more than 400. */
  readonly slotMs: number;
  /** Rows put into the table within each slot. */
  readonly rows: readonly number[];
}

/** Sums over all chunks, in milliseconds of work. */
export interface StageTimes {
  /** From bytes to typed columns. */
  readonly parseMs: number;
  /** From columns to Parquet. */
  readonly encodeMs: number;
  /** Until the store had the files whole. */
  readonly uploadMs: number;
  /** From posting each commit to its answer; lost races count, too. */
  readonly commitMs: number;
  /** Size of the data files, in bytes. */
  readonly fileBytes: number;
  /** Data files written: one for each chunk. */
  readonly files: number;
}

/** What was collected. */
export interface LoadRecording {
  /** RFC 3339. */
  readonly started: string;
  /** Absent when the load failed before it had begun. */
  readonly start: StartEvent | undefined;
  /** Absent when the load failed before its table was there. */
  readonly table: TableEvent | undefined;
  /** Absent when the load was cut off before its end. */
  readonly summary: SummaryEvent | undefined;
  /** The first 100, in the order in which they came. */
  readonly notices: readonly string[];
  /** The first 100, in the order in which they came. */
  readonly errors: readonly ErrorEvent[];
  /** Chunks that are not in the table, or not known to be; the first of them. */
  readonly failed: readonly ChunkEvent[];
  /** Chunks that were acknowledged and are missing in the end. */
  readonly lostChunks: readonly number[];
  /** What workers and writers did; the first operations of a long load. */
  readonly operations: readonly TimelineOperation[];
  /** Operations beyond those kept: they are counted only. */
  readonly operationsLeftOut: number;
  /** Lanes of the workers, before those of the writers. */
  readonly workers: number;
  /** Lanes of the writers that have posted a commit. */
  readonly writers: number;
  /** Rows by the time at which their commits were acknowledged. */
  readonly rowsOverTime: RowsOverTime;
  /** Milliseconds that each commit took, by status; those of the operations that are kept. */
  readonly commitMs: Readonly<Record<string, readonly number[]>>;
  /** Where the time went. */
  readonly stages: StageTimes;
}

/** Takes events as they come. */
export interface LoadRecorder {
  /** Takes an event; the time at which it is called is the event's. */
  readonly emit: (event: LoadEvent) => void;
  /** What has been collected so far. */
  recording(): LoadRecording;
}

const OPERATIONS_MAX = 20_000;
const FAILED_MAX = 500;
const SENTENCES_MAX = 100;
const SLOTS_MAX = 400;
const FIRST_SLOT_MS = 100;

/** An operation while its load goes on: workers and writers have lanes of their own. */
interface Kept extends TimelineOperation {
  mark: Mark;
  readonly isCommit: boolean;
}

/**
 * Begins to record: the load's time counts from this call.
 *
 * @param options.now milliseconds of a clock that never goes back.
 * @param options.started the same moment by the calendar.
 */
export function createLoadRecorder(
  options: { readonly now: () => number; readonly started: Date },
): LoadRecorder {
  const originMs = options.now();
  let start: StartEvent | undefined;
  let table: TableEvent | undefined;
  let summary: SummaryEvent | undefined;
  const notices: string[] = [];
  const errors: ErrorEvent[] = [];
  const failed: ChunkEvent[] = [];
  const lostChunks: number[] = [];
  const kept: Kept[] = [];
  let leftOut = 0;
  let workers = 0;
  let writers = 0;
  /** Commits whose answer left open what became of them, by snapshot. */
  const open = new Map<string, Kept>();
  const slots = new Slots();
  const stages = { parseMs: 0, encodeMs: 0, uploadMs: 0, commitMs: 0, fileBytes: 0, files: 0 };

  const keep = (operation: Kept): void => {
    if (kept.length < OPERATIONS_MAX) kept.push(operation);
    else leftOut++;
  };
  const onEncoded = (event: EncodedEvent, nowMs: number): void => {
    const tookMs = event.parseMs + event.encodeMs + event.uploadMs;
    stages.parseMs += event.parseMs;
    stages.encodeMs += event.encodeMs;
    stages.uploadMs += event.uploadMs;
    stages.fileBytes += event.fileBytes;
    stages.files++;
    workers = Math.max(workers, event.worker + 1);
    keep({
      ...{ op: event.chunk, lane: event.worker, mark: "work", status: null, isCommit: false },
      startUs: Math.max(0, nowMs - tookMs) * 1000,
      endUs: nowMs * 1000,
      text: `${event.rows} rows, ${event.fileBytes} bytes`,
      detail: "",
    });
  };
  const onCommit = (event: CommitEvent, nowMs: number): void => {
    stages.commitMs += event.elapsedMs;
    writers = Math.max(writers, event.writer + 1);
    const operation: Kept = {
      ...{ op: event.chunk, lane: event.writer, mark: markOf(event), isCommit: true },
      startUs: Math.max(0, nowMs - event.elapsedMs) * 1000,
      endUs: nowMs * 1000,
      status: event.status ?? null,
      text: event.reason ?? "",
      detail: `attempt ${event.attempt}${event.chunks > 1 ? ` of ${event.chunks} chunks` : ""}`,
    };
    keep(operation);
    if (event.outcome === "unknown") open.set(event.snapshotId, operation);
  };
  const onChunk = (event: ChunkEvent, nowMs: number): void => {
    if (event.state === "committed") {
      slots.add(nowMs, event.rows);
      const left = event.snapshotId === undefined ? undefined : open.get(event.snapshotId);
      if (left !== undefined) left.mark = "recovered";
    } else if (event.state !== "recorded" && failed.length < FAILED_MAX) {
      failed.push(event);
    }
    if (event.snapshotId !== undefined) open.delete(event.snapshotId);
  };
  return {
    emit(event) {
      const nowMs = options.now() - originMs;
      switch (event.type) {
        case "start":
          start = event;
          workers = event.workers;
          break;
        case "table":
          table = event;
          break;
        case "notice":
          if (notices.length < SENTENCES_MAX) notices.push(event.message);
          break;
        case "error":
          if (errors.length < SENTENCES_MAX) errors.push(event);
          break;
        case "encoded":
          onEncoded(event, nowMs);
          break;
        case "commit":
          onCommit(event, nowMs);
          break;
        case "chunk":
          onChunk(event, nowMs);
          break;
        case "lost":
          for (const chunk of event.chunks.slice(0, FAILED_MAX)) lostChunks.push(chunk);
          break;
        case "summary":
          summary = event;
          break;
      }
    },
    recording() {
      const commitMs: Record<string, number[]> = {};
      for (const { isCommit, status, startUs, endUs } of kept) {
        if (isCommit) (commitMs[String(status ?? "none")] ??= []).push((endUs - startUs) / 1000);
      }
      return {
        ...{ started: options.started.toISOString(), start, table, summary, notices, errors },
        ...{ failed, lostChunks, operationsLeftOut: leftOut, workers, writers, commitMs },
        operations: kept.map(({ isCommit, ...operation }) => ({
          ...operation,
          lane: isCommit ? workers + operation.lane : operation.lane,
        })),
        rowsOverTime: slots.rowsOverTime(),
        stages: { ...stages },
      };
    },
  };
}

function markOf({ outcome, status }: CommitEvent): Mark {
  switch (outcome) {
    case "committed":
      return "ok";
    case "unknown":
      return "unknown";
    case "conflict":
      return status === 409 ? "conflict" : "wrong";
    default:
      return "refused";
  }
}

/** Sums by slots of time; when there are too many, two become one. */
class Slots {
  #slotMs = FIRST_SLOT_MS;
  #rows: number[] = [];

  add(atMs: number, rows: number): void {
    while (atMs / this.#slotMs >= SLOTS_MAX) this.#halve();
    const slot = Math.floor(atMs / this.#slotMs);
    while (this.#rows.length <= slot) this.#rows.push(0);
    this.#rows[slot]! += rows;
  }

  #halve(): void {
    this.#slotMs *= 2;
    this.#rows = Array.from(
      { length: Math.ceil(this.#rows.length / 2) },
      (_, index) => this.#rows[2 * index]! + (this.#rows[2 * index + 1] ?? 0),
    );
  }

  rowsOverTime(): RowsOverTime {
    return { slotMs: this.#slotMs, rows: [...this.#rows] };
  }
}
