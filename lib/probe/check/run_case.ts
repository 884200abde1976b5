/**
 * A run as the checks see it: its operations laid beside the tables that were found, and the
 * findings so far. Pure.
 */
import { type Assertions, assertionsOf } from "./assertions.ts";
import { Findings } from "./findings.ts";
import type { IntentRecord, RunRecord } from "../history.ts";
import type { Operation, RunHistory } from "./history_index.ts";
import { type Sight, TableView } from "./table_view.ts";

/** What one operation would do to one table, and whether it is there. */
export interface Entry {
  /** Whom it belongs to. */
  readonly operation: Operation;
  /** What the operation's first try would do to the table. */
  readonly intent: IntentRecord;
  /** Whether the final read shows it. */
  readonly sight: Sight;
  /** What the intent asserts of the table, and what it makes false for others. */
  readonly assertions: Assertions;
  /** Snapshots that it would add: one, or more if a resend was another request after all. */
  readonly snapshotIds: readonly string[];
}

/** A table of a run. */
export interface TableCase {
  /** `namespace.name`. */
  readonly table: string;
  /** The table as the final read found it. */
  readonly view: TableView;
  /** In the order of the operations. */
  readonly entries: readonly Entry[];
  /** By the snapshot that each adds. */
  readonly bySnapshot: ReadonlyMap<string, Entry>;
}

/** A run that is being judged. */
export interface RunCase {
  /** What the run was to be. */
  readonly run: RunRecord;
  /** In the order of their first tries. */
  readonly operations: readonly Operation[];
  /** Every table that an intent or a final read names. */
  readonly tables: readonly TableCase[];
  /** The entries of each operation, one for each table; by the number of the first try. */
  readonly entriesOf: ReadonlyMap<number, readonly Entry[]>;
  /** The violations so far; every check adds to them. */
  readonly findings: Findings;
  /** Why the run cannot be judged, in words. */
  readonly doubts: Set<string>;
  /** What could not be checked, in words. */
  readonly unchecked: Set<string>;
  /** Not against the spec, but worth knowing. */
  readonly notes: Set<string>;
}

/** Lays a run's operations beside its tables. */
export function openCase(history: RunHistory): RunCase {
  const { run, operations, finals } = history;
  const intents = new Map<string, { operation: Operation; intent: IntentRecord }[]>();
  for (const operation of operations) {
    for (const intent of operation.intents) {
      const ofTable = intents.get(intent.table) ?? [];
      ofTable.push({ operation, intent });
      intents.set(intent.table, ofTable);
    }
  }
  const entriesOf = new Map<number, Entry[]>();
  const tables = [...new Set([...intents.keys(), ...finals.keys()])].map((table): TableCase => {
    const ofTable = intents.get(table) ?? [];
    const view = new TableView(finals.get(table), table, ofTable.map(({ intent }) => intent));
    const bySnapshot = new Map<string, Entry>();
    const entries = ofTable.map(({ operation, intent }): Entry => {
      const snapshotIds = snapshotIdsOf(operation, table);
      const entry: Entry = {
        operation,
        intent,
        sight: view.sightOf(intent),
        assertions: assertionsOf(intent),
        snapshotIds,
      };
      for (const id of snapshotIds) bySnapshot.set(id, entry);
      const ofOperation = entriesOf.get(operation.op) ?? [];
      ofOperation.push(entry);
      entriesOf.set(operation.op, ofOperation);
      return entry;
    });
    return { table, view, entries, bySnapshot };
  });
  return {
    run,
    operations,
    tables,
    entriesOf,
    findings: new Findings(run.run),
    doubts: new Set(),
    unchecked: new Set(),
    notes: new Set(),
  };
}

function snapshotIdsOf(operation: Operation, table: string): string[] {
  const ids = operation.tries.flatMap(({ invoke }) =>
    invoke.intents.flatMap((intent) =>
      intent.table === table && intent.snapshot_id !== undefined ? [intent.snapshot_id] : []
    )
  );
  return [...new Set(ids)];
}

/** Whether an intent adds something that can be looked for: a snapshot or data files. */
export function addsData({ intent }: Entry): boolean {
  return intent.snapshot_id !== undefined || (intent.files?.length ?? 0) > 0;
}

/** Whether the operation is in the table for certain, in whole or in part. */
export function isThere({ sight }: Entry): boolean {
  return sight.presence === "present" || sight.presence === "partial";
}

/** The parent that an intent's snapshot names; undefined when it adds none or does not say. */
export function statedParent({ intent }: Entry): string | null | undefined {
  return intent.snapshot_id === undefined ? undefined : intent.parent_snapshot_id;
}
