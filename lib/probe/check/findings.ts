/**
 * Violations of a run, and what they explain. One root cause is told once: the checks go from causes
 * to consequences, each finding names the operations and snapshots that it explains, and later checks
 * pass over these. A commit that is lost also leaves a gap in the chain and makes totals wrong; only
 * the loss is told.
 */
import type { Violation, ViolationKind } from "../verdict.ts";
import type { Entry } from "./run_case.ts";

/** Kinds after which a table's totals and rows are bound to be wrong, or prove nothing more. */
const KINDS_THAT_MOVE_ROWS: ReadonlySet<ViolationKind> = new Set([
  "lost",
  "phantom",
  "doubled",
  "torn",
  "two-winners",
  "broken-chain",
  "vanished",
  "not-idempotent",
  "assertion-ignored",
  "rows",
]);

/** A violation before the run is added. */
export interface Finding {
  /** The promise that is broken. */
  readonly kind: ViolationKind;
  /** The table it shows in, `namespace.name`. */
  readonly table: string;
  /** What happened, in whole sentences, for a person who has not read the history. */
  readonly words: string;
  /** Operations that prove it, by number; one that is named twice is kept once. */
  readonly ops: readonly number[];
  /** Ids of the snapshots that prove it. @default none */
  readonly snapshots?: readonly string[];
  /** How often it happened, when it is told once for all of its kind; 1 is left out. */
  readonly times?: number;
  /** Entries whose other troubles follow from this one, beside those that `ops` names. */
  readonly explains?: readonly Entry[];
}

/** Collects the violations of a run. */
export class Findings {
  readonly #run: number;
  readonly #violations: Violation[] = [];
  readonly #ops = new Set<number>();
  readonly #snapshots = new Set<string>();
  readonly #tablesWithMovedRows = new Set<string>();

  /**
   * Begins with none.
   *
   * @param run number of the run, from 1; it is added to every violation
   */
  constructor(run: number) {
    this.#run = run;
  }

  /** In the order in which they were found. */
  get violations(): readonly Violation[] {
    return this.#violations;
  }

  /** Adds a violation, with the entries to which it belongs. */
  add(finding: Finding, blamed: readonly Entry[]): void {
    const { kind, table, words, ops, snapshots = [], times, explains = [] } = finding;
    this.#violations.push({
      kind,
      run: this.#run,
      table,
      words,
      ops: [...new Set(ops)],
      ...(times === undefined || times < 2 ? {} : { times }),
      snapshots: [...new Set(snapshots)],
    });
    if (KINDS_THAT_MOVE_ROWS.has(kind)) {
      for (const each of [table, ...blamed.map(({ intent }) => intent.table)]) {
        this.#tablesWithMovedRows.add(each);
      }
    }
    this.explain([...blamed, ...explains]);
  }

  /** Marks entries whose troubles are told already. */
  explain(entries: readonly Entry[]): void {
    for (const { operation, snapshotIds } of entries) {
      this.#ops.add(operation.op);
      for (const id of snapshotIds) this.#snapshots.add(id);
    }
  }

  /** Marks snapshots of no known operation whose troubles are told already. */
  explainSnapshots(ids: Iterable<string>): void {
    for (const id of ids) this.#snapshots.add(id);
  }

  /** Whether what is wrong with the operation is told already. */
  explainsOperation(op: number): boolean {
    return this.#ops.has(op);
  }

  /** Whether what is wrong with the snapshot is told already. */
  explainsSnapshot(id: string | null | undefined): boolean {
    return id !== null && id !== undefined && this.#snapshots.has(id);
  }

  /** Whether wrong totals and rows of the table may follow from what is told already. */
  explainsRowsOf(table: string): boolean {
    return this.#tablesWithMovedRows.has(table);
  }
}
