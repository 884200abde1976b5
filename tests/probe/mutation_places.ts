/** A history that may be changed, and the places in it where something can be made wrong. */
// deno-lint-ignore-file camelcase -- fields are named as the history has them
import type {
  CompleteRecord,
  FinalRecord,
  HistoryRecord,
  IntentRecord,
  RunRecord,
  SnapshotRecord,
  Workload,
} from "../../lib/probe/history.ts";
import { indexHistory, type Operation } from "../../lib/probe/check/history_index.ts";

export type Writable<T> = { -readonly [K in keyof T]: Writable<T[K]> };
export type Final = Writable<FinalRecord> & {
  snapshots: Writable<SnapshotRecord>[];
  head: string | null;
};

/** A commit to a table, where it is, and its place in the final read. */
export interface Place {
  readonly operation: Operation;
  readonly intent: IntentRecord;
  readonly final: Final;
  readonly at: number;
}

/** A copy of a history that may be changed. */
export class Copy {
  readonly records: HistoryRecord[];
  readonly operations: readonly Operation[];
  readonly finals: readonly Final[];
  readonly run: RunRecord;
  #where: number;

  constructor(records: HistoryRecord[], where: number) {
    this.records = records;
    this.#where = where;
    this.operations = indexHistory(records).runs[0]!.operations;
    this.finals = records.filter((each): each is Final & FinalRecord =>
      each.type === "final" && each.missing !== true
    );
    this.run = records.find((each) => each.type === "run")!;
  }

  is(...workloads: Workload[]): boolean {
    return workloads.includes(this.run.workload);
  }

  get isWhole(): boolean {
    return this.finals.some(({ history_complete }) => history_complete === true);
  }

  pick<T>(items: readonly T[]): T | undefined {
    const item = items[this.#where % Math.max(items.length, 1)];
    this.#where = Math.floor(this.#where / Math.max(items.length, 1));
    return item;
  }

  /** Commits that are in a final read, by its files; `at` is the place in the list of snapshots. */
  landed(): Place[] {
    return this.finals.flatMap((final) =>
      this.operations.flatMap((operation) =>
        operation.intents.flatMap((intent): Place[] => {
          if (intent.table !== final.table || intent.files === undefined) return [];
          const isThere = final.files!.some(({ path }) => path === intent.files![0]!.path);
          if (!isThere) return [];
          const at = final.snapshots.findIndex(({ snapshot_id }) =>
            snapshot_id === intent.snapshot_id
          );
          return [{ operation, intent, final, at }];
        })
      )
    );
  }

  /** Commits that lost for certain, by one try, and the final read of their table. */
  losers(): { operation: Operation; intent: IntentRecord; final: Final }[] {
    return this.operations.flatMap((operation) => {
      const [only, more] = operation.tries;
      const [intent] = operation.intents;
      const final = this.finals.find(({ table }) => table === intent!.table);
      if (only?.status !== 409 || more !== undefined || operation.outcome !== "fail") return [];
      if (final === undefined || operation.first.expect !== undefined) return [];
      return [{ operation, intent: intent!, final }];
    });
  }

  /** Changes the answer of an operation's last try that was answered. */
  answer(operation: Operation, change: Partial<CompleteRecord>, at = 0): void {
    Object.assign(operation.tries[at]!.complete!, change);
  }
}

/** Takes the files of a commit out. */
export function dropFiles(final: Final, intent: IntentRecord): void {
  const gone = new Set(intent.files!.map(({ path }) => path));
  final.files = final.files!.filter(({ path }) => !gone.has(path));
  final.rows_counted = final.files.reduce((sum, { rows }) => sum + rows, 0);
}

export function addFiles(final: Final, intent: IntentRecord, sequence_number: number): void {
  for (const { path, rows } of intent.files!) {
    final.files!.push({ path, rows, snapshot_id: intent.snapshot_id!, sequence_number });
  }
  final.rows_counted = final.files!.reduce((sum, { rows }) => sum + rows, 0);
}

export function setHead(final: Final, head: string | null): void {
  final.head = head;
  final.refs = head === null ? {} : { main: head };
}

export function dropSnapshot(final: Final, id: string): void {
  final.snapshots = final.snapshots.filter(({ snapshot_id }) => snapshot_id !== id);
  final.snapshot_log = final.snapshot_log!.filter(({ snapshot_id }) => snapshot_id !== id);
}

/** Takes a whole commit out, as if it had never been; the head goes to its parent. */
export function undo({ final, intent, at }: Place): void {
  dropFiles(final, intent);
  if (final.history_complete !== true) return;
  const next = final.snapshots[at + 1];
  if (next !== undefined) next.parent_snapshot_id = final.snapshots[at]!.parent_snapshot_id;
  else setHead(final, final.snapshots[at]!.parent_snapshot_id);
  dropSnapshot(final, intent.snapshot_id!);
}

/** A snapshot for an intent that did not land, on top of a parent. */
export function snapshotOf(
  intent: IntentRecord,
  on: SnapshotRecord | undefined,
): Writable<SnapshotRecord> {
  const before = (key: string) => Number(on?.summary[key] ?? 0);
  const rows = intent.files!.reduce((sum, file) => sum + file.rows, 0);
  return {
    snapshot_id: intent.snapshot_id!,
    parent_snapshot_id: on?.snapshot_id ?? null,
    sequence_number: (on?.sequence_number ?? 0) + 1,
    timestamp_ms: 1_800_000_000_000,
    manifest_list: intent.manifest_list!,
    schema_id: 0,
    summary: {
      "total-data-files": String(before("total-data-files") + intent.files!.length),
      "total-records": String(before("total-records") + rows),
    },
  };
}

/** Commits of one table that carry data: those that one loss may stand for. */
export function acknowledged(copy: Copy): Place[] {
  if (copy.is("multi-table")) return [];
  return copy.landed().filter(({ operation, at }) =>
    operation.outcome === "ok" && operation.first.expect === undefined &&
    // A head without its files is found too, but is another case.
    (copy.isWhole || at === -1)
  );
}

export const has = (intent: IntentRecord): boolean => intent.files !== undefined;

export function isCreatedByKnown({ operations }: Copy, table: string): boolean {
  return operations.some(({ outcome, intents }) => outcome === "ok" && intents[0]!.table === table);
}

export function columnChanges(copy: Copy): Operation[] {
  return copy.operations.filter(({ outcome, intents }) =>
    outcome === "ok" && intents[0]!.columns !== undefined
  );
}

export function expectedConflicts(copy: Copy): Operation[] {
  return copy.operations.filter(({ first, tries, intents, startUs }) => {
    if (first.expect !== "conflict" || tries[0]!.status !== 409) return false;
    const parent = intents[0]!.parent_snapshot_id;
    // The assertion is stale only if the commit that made it so is known to have been there before.
    return intents[0]!.snapshot_id === undefined ||
      copy.operations.some((mover) =>
        mover.acknowledgedUs < startUs && mover.first.expect === undefined &&
        (parent === null || mover.intents[0]!.parent_snapshot_id === parent)
      );
  });
}
