/** Writes the history of a probe down in memory, with one clock and one count of operations. */
// deno-lint-ignore-file camelcase -- records are named as the history has them
import { answerRecord, type TableView } from "./answer_scan.ts";
import type { CompleteRecord, HistoryRecord, InvokeRecord } from "../history.ts";
import type { RawAnswer } from "./raw_client.ts";

/** What an invocation says beside its number and time. */
export type Invocation = Omit<InvokeRecord, "type" | "op" | "time_us" | "run">;

/** Keeps the records in the order in which things happened. */
export class Recorder {
  /** All records so far; they are appended to and never taken out. */
  readonly records: HistoryRecord[] = [];
  /** When the probe began: what the records' times count from. */
  readonly started = new Date();
  readonly #startedMs = performance.now();
  #ops = 0;

  /** Microseconds since the probe began. */
  nowUs(): number {
    return Math.round((performance.now() - this.#startedMs) * 1000);
  }

  /** Number of the operation that was sent last. */
  get lastOp(): number {
    return this.#ops;
  }

  /** Appends a record that is no request and no answer: header, run, final read, end. */
  add(record: HistoryRecord): void {
    this.records.push(record);
  }

  /** A request is about to be sent. @returns the operation's number. */
  invoke(run: number, invocation: Invocation): number {
    const op = ++this.#ops;
    this.records.push({ type: "invoke", run, op, time_us: this.nowUs(), ...invocation });
    return op;
  }

  /** An answer has come, or no more will. */
  complete(
    op: number,
    of: {
      readonly answer: RawAnswer;
      readonly timeUs: number;
      readonly table?: string;
      readonly view?: TableView | undefined;
    },
  ): void {
    const { answer, timeUs, table, view } = of;
    const record: CompleteRecord = {
      type: "complete",
      op,
      time_us: timeUs,
      outcome: answer.outcome,
      status: answer.status,
      ...(answer.errorType === undefined ? {} : { error_type: answer.errorType }),
      ...(answer.message === undefined ? {} : { message: answer.message }),
      ...(view === undefined || table === undefined ? {} : { answer: answerRecord(view, table) }),
    };
    this.records.push(record);
  }
}
