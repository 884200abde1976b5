/**
 * A history put in order: its runs, and in each run the operations with all their tries. Pure.
 */
import type {
  AnswerRecord,
  CompleteRecord,
  FinalRecord,
  HeaderRecord,
  HistoryRecord,
  IntentRecord,
  InvokeRecord,
  RunRecord,
} from "../history.ts";

/** Error type of a request whose key belongs to a request that is still being carried out. */
const REQUEST_IN_PROGRESS = "RequestInProgress";

/** One request and its answer, if one came. */
export interface Try {
  /** The request, as it was sent. */
  readonly invoke: InvokeRecord;
  /** The answer or the end of waiting; undefined when the history ends before either. */
  readonly complete: CompleteRecord | undefined;
  /** `ok`: acknowledged. `fail`: certainly not done. `unknown`: may have been done. */
  readonly outcome: "ok" | "fail" | "unknown";
  /** HTTP status; null when there was no answer. */
  readonly status: number | null;
  /** When the answer came, in µs since the probe began; Infinity when none came. */
  readonly endUs: number;
}

/** What a writer wanted once, with every time that it was sent: a resend belongs to its first try. */
export interface Operation {
  /** Number of the first try. */
  readonly op: number;
  /** The first try; the others have the same body and key. */
  readonly first: InvokeRecord;
  /** In the order in which they were sent. */
  readonly tries: readonly Try[];
  /**
   * `ok` if any try was acknowledged; `fail` if every try certainly failed; else `unknown`: what is
   * answered to a resend says nothing of a first try that had no answer.
   */
  readonly outcome: "ok" | "fail" | "unknown";
  /** What it would do, one for each table, as the first try says. */
  readonly intents: readonly IntentRecord[];
  /** When it was first sent, in µs since the probe began. */
  readonly startUs: number;
  /** When it was first acknowledged; Infinity when it was not. */
  readonly acknowledgedUs: number;
  /** The latest time at which it can have taken effect; Infinity while a try may be on its way. */
  readonly settledUs: number;
}

/** One run with what belongs to it. */
export interface RunHistory {
  /** What the run was to be. */
  readonly run: RunRecord;
  /** In the order of their first tries. */
  readonly operations: readonly Operation[];
  /** By table. */
  readonly finals: ReadonlyMap<string, FinalRecord>;
}

/** A whole history. */
export interface HistoryIndex {
  /** The first header; undefined when the history has none. */
  readonly header: HeaderRecord | undefined;
  /** In the order of their records, also those that the catalog could not be asked for. */
  readonly runs: readonly RunHistory[];
  /** Whether the last line is there. */
  readonly hasEnd: boolean;
  /** Records that do not fit together, in words. */
  readonly faults: readonly string[];
}

/** Puts a history in order. Records of one kind may be in any order among those of another. */
export function indexHistory(records: Iterable<HistoryRecord>): HistoryIndex {
  let header: HeaderRecord | undefined;
  let hasEnd = false;
  const runs: RunRecord[] = [];
  const invokes = new Map<number, InvokeRecord>();
  const completes = new Map<number, CompleteRecord>();
  const finals = new Map<number, Map<string, FinalRecord>>();
  const faults: string[] = [];
  for (const record of records) {
    switch (record.type) {
      case "header":
        header ??= record;
        break;
      case "run":
        runs.push(record);
        break;
      case "invoke":
        if (invokes.has(record.op)) faults.push(`operation ${record.op} is sent twice`);
        invokes.set(record.op, record);
        break;
      case "complete":
        if (completes.has(record.op)) faults.push(`operation ${record.op} is answered twice`);
        completes.set(record.op, record);
        break;
      case "final": {
        const ofRun = finals.get(record.run) ?? new Map<string, FinalRecord>();
        ofRun.set(record.table, record);
        finals.set(record.run, ofRun);
        break;
      }
      case "end":
        hasEnd = true;
    }
  }
  for (const op of completes.keys()) {
    if (!invokes.has(op)) faults.push(`operation ${op} is answered and was never sent`);
  }
  const known = new Set(runs.map(({ run }) => run));
  for (const run of new Set([...invokes.values()].map(({ run }) => run))) {
    if (!known.has(run)) faults.push(`run ${run} has operations and no beginning`);
  }
  const operations = Map.groupBy(
    readOperations(invokes, { completes, faults }),
    ({ first }) => first.run,
  );
  return {
    header,
    runs: runs.map((run) => ({
      run,
      operations: operations.get(run.run) ?? [],
      finals: finals.get(run.run) ?? new Map(),
    })),
    hasEnd,
    faults,
  };
}

function readOperations(
  invokes: ReadonlyMap<number, InvokeRecord>,
  context: { readonly completes: ReadonlyMap<number, CompleteRecord>; readonly faults: string[] },
): Operation[] {
  const { completes, faults } = context;
  const firstOf = (invoke: InvokeRecord): number => {
    let at = invoke;
    // An operation is only ever a resend of an earlier one, so this ends.
    while (at.resend_of !== undefined && at.resend_of < at.op) {
      const before = invokes.get(at.resend_of);
      if (before === undefined) break;
      at = before;
    }
    return at.op;
  };
  const groups = new Map<number, Try[]>();
  for (const invoke of [...invokes.values()].sort((one, other) => one.op - other.op)) {
    if (
      invoke.resend_of !== undefined &&
      !(invoke.resend_of < invoke.op && invokes.has(invoke.resend_of))
    ) {
      faults.push(`operation ${invoke.op} is a resend of ${invoke.resend_of}, which is not there`);
    }
    const first = firstOf(invoke);
    const tries = groups.get(first) ?? [];
    tries.push(readTry(invoke, completes.get(invoke.op)));
    groups.set(first, tries);
  }
  return [...groups].map(([op, tries]) => {
    const first = tries[0]!.invoke;
    const outcome = tries.some((each) => each.outcome === "ok")
      ? "ok" as const
      : tries.every((each) => each.outcome === "fail")
      ? "fail" as const
      : "unknown" as const;
    return {
      op,
      first,
      tries,
      outcome,
      intents: first.intents,
      startUs: first.time_us,
      acknowledgedUs: Math.min(
        Infinity,
        ...tries.filter((each) => each.outcome === "ok").map(({ endUs }) => endUs),
      ),
      settledUs: tries.some((each) => each.outcome === "unknown")
        ? Infinity
        : Math.max(...tries.map(({ endUs }) => endUs)),
    };
  });
}

function readTry(invoke: InvokeRecord, complete: CompleteRecord | undefined): Try {
  return {
    invoke,
    complete,
    outcome: outcomeOf(invoke, complete),
    status: complete?.status ?? null,
    endUs: complete?.time_us ?? Infinity,
  };
}

function outcomeOf(
  invoke: InvokeRecord,
  complete: CompleteRecord | undefined,
): "ok" | "fail" | "unknown" {
  if (complete === undefined || isInProgress(complete)) return "unknown";
  // A 200 to a key that belongs to another request may be the answer that was kept for that one.
  if (complete.outcome === "ok" && invoke.expect === "reused-key") {
    return showsOwnSnapshot(invoke, complete.answer) ? "ok" : "unknown";
  }
  return complete.outcome;
}

/** Whether an answer only says that the same key is being worked on right now. */
export function isInProgress(complete: CompleteRecord): boolean {
  return complete.status === 409 && complete.error_type === REQUEST_IN_PROGRESS;
}

/** Whether an answer shows a snapshot of the request as the head of its table. */
export function showsOwnSnapshot(
  invoke: InvokeRecord,
  answer: AnswerRecord | undefined,
): boolean {
  return answer !== undefined && answer.head !== null &&
    invoke.intents.some(({ table, snapshot_id }) =>
      table === answer.table && snapshot_id === answer.head
    );
}
