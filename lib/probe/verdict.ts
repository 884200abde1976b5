/** What the checker says of a history. */
import type { Workload } from "./history.ts";

/** Kinds of violation, each a property of Iceberg's commit that a catalog must keep. */
export type ViolationKind =
  /** Acknowledged, and not there. */
  | "lost"
  /** Refused for certain, and there all the same. */
  | "phantom"
  /** There more than once. */
  | "doubled"
  /** Two snapshots on one parent, or a parent that is not the one that was asserted or is missing. */
  | "broken-chain"
  /** Sequence numbers do not rise from parent to child. */
  | "sequence"
  /** More than one acknowledged winner on one base. */
  | "two-winners"
  /** A lost race was answered with another status than 409. */
  | "wrong-status"
  /** A snapshot of the chain, or one that an answer showed, is missing in the log or the list. */
  | "vanished"
  /** Totals of a snapshot's summary disagree with its manifests. */
  | "totals"
  /** Rows of the data files disagree with the manifests. */
  | "rows"
  /** A transaction over several tables was carried out in part. */
  | "torn"
  /** A request sent again under its Idempotency-Key was carried out again or answered otherwise. */
  | "not-idempotent"
  /** An acknowledged property or column is missing or another one. */
  | "lost-change"
  /** An assertion that could not hold was let through. */
  | "assertion-ignored"
  /** A table that several created: none or more than one winner, or another one's table is there. */
  | "create";

/** One broken promise, with the least that proves it. */
export interface Violation {
  /** The promise that is broken. */
  readonly kind: ViolationKind;
  /** Number of the run, from 1. */
  readonly run: number;
  /** The table it shows in, `namespace.name`. */
  readonly table: string;
  /** What happened, in a sentence or two, for a person who has not read the history. */
  readonly words: string;
  /** Operations that prove it, by number; as few as can be. */
  readonly ops: readonly number[];
  /** How often the same happened in the run, when it is told once for all; else absent. */
  readonly times?: number;
  /** Snapshots that prove it. */
  readonly snapshots: readonly string[];
}

/** Judgement of one run. */
export interface RunVerdict {
  /** Number of the run, from 1. */
  readonly run: number;
  /** What the writers raced with. */
  readonly workload: Workload;
  /** Writers that raced. */
  readonly writers: number;
  /** `unknown`: too little is certain to tell. `not-offered`: the catalog lacks what it takes. */
  readonly verdict: "valid" | "violation" | "unknown" | "not-offered";
  /** Why the verdict is unknown or was not asked for. */
  readonly reason?: string;
  /** Conflicts that the run really had: what a verdict of "valid" rests on. */
  readonly conflicts: number;
  /** Operations with success; one that was sent again and acknowledged twice counts once. */
  readonly acknowledged: number;
  /** Unanswered, and found in the table. */
  readonly recovered: number;
  /** What could not be checked, in words. */
  readonly unchecked: readonly string[];
}

/** Judgement of a history. */
export interface Verdict {
  /** `violation` when any run has one; `unknown` when none was found and too little is certain. */
  readonly verdict: "valid" | "violation" | "unknown";
  /** Why it is unknown. */
  readonly reason?: string;
  /** By run, and in each from causes to consequences; empty unless there is a violation. */
  readonly violations: readonly Violation[];
  /** In the order of the history. */
  readonly runs: readonly RunVerdict[];
  /** Not against the spec, but worth knowing. */
  readonly notes: readonly string[];
}
