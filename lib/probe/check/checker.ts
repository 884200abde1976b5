/**
 * The judgement of a history: what a catalog must keep when writers race, and where it did not. Pure:
 * no clock, no I/O, so a history is judged the same wherever and whenever it is read.
 */
import { checkChain, checkHead, checkVanished } from "./check_chain.ts";
import { checkCreate, findWrongCreateAnswers } from "./check_create.ts";
import { checkData } from "./check_data.ts";
import { checkIdempotency, resendDoubt } from "./check_idempotency.ts";
import {
  checkDoubled,
  checkLostAndPhantom,
  checkTablesThere,
  checkTorn,
  countRecovered,
} from "./check_presence.ts";
import { checkProperties } from "./check_properties.ts";
import {
  checkExpectedConflicts,
  checkWinners,
  countConflicts,
  findWrongAnswers,
  reportWrongAnswers,
} from "./check_race.ts";
import { checkSchema } from "./check_schema.ts";
import { checkSequence } from "./check_sequence.ts";
import { mustConflict } from "./expectation.ts";
import type { HistoryRecord, RunRecord, Workload } from "../history.ts";
import { type HistoryIndex, indexHistory, type RunHistory } from "./history_index.ts";
import { addsData, openCase, type RunCase } from "./run_case.ts";
import type { RunVerdict, Verdict, Violation } from "../verdict.ts";
import { count } from "./words.ts";

/** Conflicts without which a history of racing writers shows too little. */
const MIN_CONFLICTS = 10;

/** Workloads in which several writers must meet, or nothing was tried. */
const RACING: ReadonlySet<Workload> = new Set([
  "append",
  "first-commit",
  "create",
  "schema",
  "multi-table",
]);

/** How a history is judged. */
export interface CheckOptions {
  /**
   * Conflicts over all runs without which nothing is called valid, and at least one in each run in
   * which writers race in rounds; 0 for none.
   * @default {10}
   */
  readonly minConflicts?: number;
}

/** What the judgement of one run gives. */
interface Judged {
  readonly verdict: RunVerdict;
  readonly violations: readonly Violation[];
  readonly notes: readonly string[];
}

/**
 * Judges a history. `violation` when a promise was broken, whatever else is missing; `unknown` when
 * nothing was found and too little happened or was read; else `valid`.
 */
export function checkHistory(
  records: Iterable<HistoryRecord>,
  { minConflicts = MIN_CONFLICTS }: CheckOptions = {},
): Verdict {
  const index = indexHistory(records);
  const judged = index.runs.map((history) => judgeRun(history, minConflicts));
  const violations = judged.flatMap((each) => each.violations);
  const runs = judged.map(({ verdict }) => verdict);
  const notes = [...new Set(judged.flatMap((each) => each.notes))];
  if (violations.length > 0) return { verdict: "violation", violations, runs, notes };
  const reason = doubtOf(index, { runs, minConflicts });
  return reason === undefined
    ? { verdict: "valid", violations, runs, notes }
    : { verdict: "unknown", reason, violations, runs, notes };
}

/** Why a history without violations is not valid; undefined when it is. */
function doubtOf(
  { runs: histories, hasEnd, faults }: HistoryIndex,
  { runs, minConflicts }: {
    readonly runs: readonly RunVerdict[];
    readonly minConflicts: number;
  },
): string | undefined {
  if (!hasEnd) return "the history was cut: its last line is missing";
  if (faults.length > 0) return `the history contradicts itself: ${faults[0]}`;
  if (runs.length === 0) return "the history holds no run";
  const unknown = runs.filter(({ verdict }) => verdict === "unknown");
  if (unknown.length > 0) {
    return unknown.map((run) => `${runName(run)}: ${run.reason}`).join("; ");
  }
  if (runs.every(({ verdict }) => verdict === "not-offered")) {
    return "the catalog offers nothing of what was to be probed";
  }
  const conflicts = runs.reduce((sum, run) => sum + run.conflicts, 0);
  if (conflicts < minConflicts && histories.some(({ run }) => isRace(run))) {
    return `too few conflicts: ${conflicts} in all, and a verdict rests on ${minConflicts} or more`;
  }
  return undefined;
}

function runName({ run, workload, writers }: RunVerdict): string {
  return `run ${run} (${workload}, ${count(writers, "writer")})`;
}

function isRace(run: RunRecord): boolean {
  return RACING.has(run.workload) && run.writers > 1 && run.not_offered === undefined;
}

function judgeRun(history: RunHistory, minConflicts: number): Judged {
  const { run } = history;
  const { workload, writers } = run;
  const name = { run: run.run, workload, writers };
  if (run.not_offered !== undefined) {
    const verdict: RunVerdict = {
      ...name,
      verdict: "not-offered",
      reason: run.not_offered,
      conflicts: 0,
      acknowledged: 0,
      recovered: 0,
      unchecked: [],
    };
    return { verdict, violations: [], notes: [] };
  }
  const runCase = openCase(history);
  const conflicts = findAll(runCase);
  collectDoubts(runCase, { conflicts, minConflicts });
  const { violations } = runCase.findings;
  const [doubt] = runCase.doubts;
  const verdict: RunVerdict = {
    ...name,
    verdict: violations.length > 0 ? "violation" : doubt === undefined ? "valid" : "unknown",
    ...(violations.length > 0 || doubt === undefined ? {} : { reason: doubt }),
    conflicts,
    acknowledged: runCase.operations.filter(({ outcome }) => outcome === "ok").length,
    recovered: countRecovered(runCase),
    unchecked: [...runCase.unchecked],
  };
  return { verdict, violations, notes: [...runCase.notes] };
}

/**
 * Runs the checks from causes to consequences: each passes over what an earlier one explains.
 *
 * @returns the number of lost races
 */
function findAll(runCase: RunCase): number {
  checkTablesThere(runCase);
  checkExpectedConflicts(runCase);
  checkTorn(runCase);
  checkDoubled(runCase);
  checkHead(runCase);
  if (runCase.run.workload === "create") checkCreate(runCase);
  checkSchema(runCase);
  checkProperties(runCase);
  checkLostAndPhantom(runCase);
  checkWinners(runCase);
  checkChain(runCase);
  checkVanished(runCase);
  checkSequence(runCase);
  checkIdempotency(runCase);
  const wrong = runCase.run.workload === "create"
    ? findWrongCreateAnswers(runCase)
    : findWrongAnswers(runCase);
  reportWrongAnswers(runCase, wrong);
  checkData(runCase);
  noteRoundsWithoutWinner(runCase);
  return countConflicts(runCase, wrong);
}

/** What keeps a run from being called valid, the weightiest first. */
function collectDoubts(
  runCase: RunCase,
  { conflicts, minConflicts }: { readonly conflicts: number; readonly minConflicts: number },
): void {
  const { run, operations, doubts } = runCase;
  for (const tableCase of runCase.tables) {
    const { table, view, entries } = tableCase;
    if (entries.length === 0) continue;
    if (view.unreadable !== undefined) {
      if (!view.isMissing) doubts.add(`${table} was not read in the end: ${view.unreadable}`);
      continue;
    }
    const why = view.final?.unread === undefined ? "" : ` (${view.final.unread})`;
    if (entries.some((entry) => addsData(entry) && entry.sight.presence === "untold")) {
      doubts.add(
        view.isWhole
          ? `the chain of ${table} breaks, so what is there below cannot be told`
          : `${table} shows its current snapshot only, and its data files are not known${why}`,
      );
    }
    if (run.workload === "create") continue;
    if (!view.isWhole) {
      runCase.unchecked.add(
        "the chain of snapshots, the snapshot log and vanished snapshots: the catalog shows the " +
          "current snapshot only",
      );
    }
    if (view.final?.files === undefined) {
      runCase.unchecked.add(`data files, rows and totals, which could not be read${why}`);
    }
  }
  if (operations.length === 0) doubts.add("nothing was sent");
  else if (operations.every(({ outcome }) => outcome !== "ok")) {
    doubts.add("nothing was acknowledged");
  }
  // Two that run freely may keep out of each other's way.
  if (isRace(run) && run.mode === "rounds" && conflicts < Math.min(1, minConflicts)) {
    doubts.add("no writer lost a race, so none was seen");
  }
  if (run.workload === "stale" && !operations.some((each) => mustConflict(runCase, each))) {
    doubts.add("no assertion was sent that could not hold");
  }
  const resend = run.workload === "idempotency" ? resendDoubt(runCase) : undefined;
  if (resend !== undefined) doubts.add(resend);
}

/** All may lose: the spec allows it, and it costs throughput. */
function noteRoundsWithoutWinner({ run, operations, notes }: RunCase): void {
  if (run.mode !== "rounds" || !RACING.has(run.workload)) return;
  const rounds = Map.groupBy(operations, ({ first }) => first.round);
  const empty =
    [...rounds.values()].filter((ofRound) =>
      ofRound.every(({ outcome, tries }) =>
        outcome === "fail" && tries.every(({ status }) => status === 409)
      )
    ).length;
  if (empty === 0) return;
  notes.add(
    `in ${count(empty, "round")} of run ${run.run} (${run.workload}, ${
      count(run.writers, "writer")
    }) all writers were answered 409, and nobody won`,
  );
}
