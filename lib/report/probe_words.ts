/** What a probe's report calls things. */
import type { Workload } from "../probe/history.ts";
import type { RunVerdict, Verdict, Violation, ViolationKind } from "../probe/verdict.ts";
import { countOf } from "./format.ts";
import type { Tone } from "./parts.ts";

/** A workload's title, and what its writers do. */
export const WORKLOAD_WORDS: Readonly<Record<Workload, readonly [string, string]>> = {
  append: ["Append", "Writers add snapshots to one branch, each on what it last saw."],
  "first-commit": ["First commit", "Writers race for the first snapshot of an empty table."],
  create: ["Create", "Writers create the same table; one must win."],
  schema: ["Schema", "Writers add columns while others append."],
  "multi-table": ["Several tables", "Writers change several tables at once: all of them, or none."],
  idempotency: [
    "Idempotency",
    "Writers send the same request again under its key, later and while it is in flight.",
  ],
  properties: ["Properties", "Writers set the same properties, with and without an assertion."],
  stale: ["Stale assertion", "Commits on an old snapshot, one after the other; each must fail."],
};

/** Whether one of N writers can win a round, so that 1/N is what is to be expected. */
export function hasOneWinner(workload: Workload): boolean {
  return ["append", "first-commit", "create"].includes(workload);
}

/** A violation's kind as a title. */
export const KIND_WORDS: Readonly<Record<ViolationKind, string>> = {
  lost: "Lost commit",
  phantom: "Phantom commit",
  doubled: "Doubled commit",
  "broken-chain": "Broken chain of snapshots",
  sequence: "Sequence numbers do not rise",
  "two-winners": "Two winners of one race",
  "wrong-status": "Wrong status for a lost race",
  vanished: "Vanished snapshot",
  totals: "Totals disagree with the manifests",
  rows: "Rows disagree with the manifests",
  torn: "Torn transaction",
  "not-idempotent": "Idempotency-Key not honoured",
  "lost-change": "Lost change",
  "assertion-ignored": "Assertion ignored",
  create: "Table created by none or by several",
};

/** The verdict on a run or on all as a sign and a word. */
export const VERDICT_WORDS: Readonly<Record<RunVerdict["verdict"], readonly [Tone, string]>> = {
  valid: ["good", "Valid"],
  violation: ["bad", "Violation"],
  unknown: ["open", "Unknown"],
  "not-offered": ["none", "Not offered"],
};

/** The verdict in a sentence or two. */
export function verdictSentence(verdict: Verdict): string {
  const judged = verdict.runs.filter((run) => run.verdict !== "not-offered");
  const runs = countOf(judged.length, "run");
  const conflicts = judged.reduce((sum, run) => sum + run.conflicts, 0);
  const acknowledged = judged.reduce((sum, run) => sum + run.acknowledged, 0);
  switch (verdict.verdict) {
    case "valid":
      return `In ${runs} the catalog kept every promise that could be checked: ` +
        `${countOf(acknowledged, "acknowledged operation")} and ` +
        `${countOf(conflicts, "conflict")} agree with what the tables hold.`;
    case "violation": {
      const bad = judged.filter((run) => run.verdict === "violation").length;
      return `${countOf(verdict.violations.length, "violation")} in ${bad} of ${runs}. ` +
        "Each is proved below.";
    }
    case "unknown":
      return `${verdict.reason ?? "There is not enough to judge by"}.`.replace(/\.\.$/, ".");
  }
}

/** Violations by kind, the most frequent first. */
export function byKind(
  violations: readonly Violation[],
): (readonly [ViolationKind, readonly Violation[]])[] {
  const groups = new Map<ViolationKind, Violation[]>();
  for (const violation of violations) {
    const group = groups.get(violation.kind);
    if (group === undefined) groups.set(violation.kind, [violation]);
    else group.push(violation);
  }
  return [...groups];
}
