/** A probe's history, sorted for the report: each run with its operations and its final reads. */
import type {
  CompleteRecord,
  FinalRecord,
  HistoryRecord,
  InvokeRecord,
  RunRecord,
} from "../probe/history.ts";
import type { Verdict, Violation, ViolationKind } from "../probe/verdict.ts";
import type { Mark } from "./marks.ts";
import { makeTimeline, type Timeline } from "./timeline.ts";

/** A request and what came of it; without `complete` the history ends before the answer. */
export interface Operation {
  /** The request, as it was sent. */
  readonly invoke: InvokeRecord;
  /** The answer, or the end of waiting for one. */
  readonly complete: CompleteRecord | undefined;
}

/** A run, and all that was recorded of it. */
export interface RunHistory {
  /** What the run was to be. */
  readonly record: RunRecord;
  /** In the order of the history; each resend is one of its own. */
  readonly operations: readonly Operation[];
  /** By table. */
  readonly finals: ReadonlyMap<string, FinalRecord>;
}

/** Sorts the lines of a history by run. */
export function runsOf(records: Iterable<HistoryRecord>): RunHistory[] {
  const runs = new Map<
    number,
    { record: RunRecord; operations: Operation[]; finals: Map<string, FinalRecord> }
  >();
  const places = new Map<number, { operations: Operation[]; index: number }>();
  for (const record of records) {
    if (record.type === "run") {
      runs.set(record.run, { record, operations: [], finals: new Map() });
    } else if (record.type === "invoke") {
      const operations = runs.get(record.run)?.operations;
      if (operations === undefined) continue;
      places.set(record.op, { operations, index: operations.length });
      operations.push({ invoke: record, complete: undefined });
    } else if (record.type === "complete") {
      const place = places.get(record.op);
      if (place === undefined) continue;
      const { invoke } = place.operations[place.index]!;
      place.operations[place.index] = { invoke, complete: record };
    } else if (record.type === "final") {
      runs.get(record.run)?.finals.set(record.table, record);
    }
  }
  return [...runs.values()];
}

/** Violations that are told by operations that were acknowledged. */
const AGAINST_THE_RULES: ReadonlySet<ViolationKind> = new Set<ViolationKind>([
  ...["doubled", "two-winners", "assertion-ignored", "torn", "not-idempotent", "create"] as const,
  "lost-change",
]);

/** What the verdict says of the operations of one run. */
interface Blame {
  readonly lost: ReadonlySet<number>;
  readonly phantom: ReadonlySet<number>;
  readonly broken: ReadonlySet<number>;
  /** Statuses that lost races of the run were answered with. */
  readonly wrongStatuses: ReadonlySet<number>;
}

function blameOf(run: RunHistory, violations: readonly Violation[]): Blame {
  const own = violations.filter((violation) => violation.run === run.record.run);
  const opsOf = (is: (kind: ViolationKind) => boolean) =>
    new Set(own.filter(({ kind }) => is(kind)).flatMap(({ ops }) => ops));
  const wrong = opsOf((kind) => kind === "wrong-status");
  const statuses = run.operations
    .filter(({ invoke, complete }) => wrong.has(invoke.op) && complete?.outcome !== "ok")
    .map(({ complete }) => complete?.status ?? 409)
    .filter((status) => status !== 409);
  return {
    lost: opsOf((kind) => kind === "lost"),
    phantom: opsOf((kind) => kind === "phantom"),
    broken: opsOf((kind) => AGAINST_THE_RULES.has(kind)),
    wrongStatuses: new Set(statuses),
  };
}

/** Snapshots, files and properties that the final reads of a run show. */
function presentIn(run: RunHistory): (invoke: InvokeRecord) => boolean {
  const snapshots = new Set<string>();
  const files = new Set<string>();
  for (const final of run.finals.values()) {
    for (const snapshot of final.snapshots ?? []) snapshots.add(snapshot.snapshot_id);
    for (const file of final.files ?? []) files.add(file.path);
  }
  return ({ intents }) =>
    intents.some(({ snapshot_id: id, files: own = [] }) =>
      id !== undefined && snapshots.has(id) || own.some(({ path }) => files.has(path))
    );
}

function markOf(
  { invoke, complete }: Operation,
  of: { readonly blame: Blame; readonly isPresent: (invoke: InvokeRecord) => boolean },
): Mark {
  const { blame } = of;
  const { op } = invoke;
  if (complete?.outcome === "ok") {
    // A proof names the one that stands in its place, too.
    if (blame.lost.has(op) && !of.isPresent(invoke)) return "lost";
    return blame.broken.has(op) ? "broken" : "ok";
  }
  if (complete === undefined) return of.isPresent(invoke) ? "recovered" : "unknown";
  if (blame.phantom.has(op)) return "phantom";
  const { status } = complete;
  if (complete.outcome === "unknown" && of.isPresent(invoke)) return "recovered";
  if (status !== null && blame.wrongStatuses.has(status)) return "wrong";
  if (complete.outcome === "unknown") return "unknown";
  return status === 409 ? "conflict" : "refused";
}

/** How a run's operations look on a timeline, a lane for each writer. */
export function timelineOfRun(run: RunHistory, verdict: Verdict): Timeline {
  const of = { blame: blameOf(run, verdict.violations), isPresent: presentIn(run) };
  const starts = new Map<number, number>();
  let lastUs = 0;
  for (const { invoke, complete } of run.operations) {
    const { round, time_us: us } = invoke;
    if (round !== undefined) starts.set(round, Math.min(us, starts.get(round) ?? us));
    lastUs = Math.max(lastUs, us, complete?.time_us ?? us);
  }
  const writers = run.operations.reduce(
    (most, { invoke }) => Math.max(most, invoke.writer + 1),
    run.record.writers,
  );
  return makeTimeline(
    run.operations.map((operation) => ({
      op: operation.invoke.op,
      lane: operation.invoke.writer,
      startUs: operation.invoke.time_us,
      endUs: operation.complete?.time_us ?? lastUs,
      mark: markOf(operation, of),
      status: operation.complete?.status ?? null,
      text: answerText(operation.complete),
      detail: [
        ...(operation.invoke.round === undefined ? [] : [`round ${operation.invoke.round}`]),
        ...(operation.invoke.resend_of === undefined
          ? []
          : [`op ${operation.invoke.resend_of} sent again`]),
      ].join(", "),
    })),
    {
      lanes: Array.from({ length: writers }, (_, writer) => writerName(writer)),
      roundsUs: [...starts.values()].sort((a, b) => a - b),
    },
  );
}

/** As the history and the verdict count: from 0. */
export function writerName(writer: number): string {
  return `Writer ${writer}`;
}

/** Error type and message of an answer; nothing for a plain success. */
export function answerText(complete: CompleteRecord | undefined): string {
  if (complete === undefined) return "the history ends before its answer";
  return [complete.error_type, complete.message].filter(Boolean).join(": ");
}
