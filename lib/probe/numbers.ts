/** The figures of a probe, counted from its history. Pure, and ready for JSON. */
// deno-lint-ignore-file camelcase -- fields are named as JSON has them
import { percentile } from "../statistics.ts";
import type { HistoryRecord, RunRecord, Workload } from "./history.ts";
import {
  indexHistory,
  isInProgress,
  type Operation,
  type RunHistory,
  type Try,
} from "./check/history_index.ts";

/** Latencies of the answers of one status, in milliseconds; percentiles by nearest rank. */
export interface LatencyNumbers {
  /** Answers measured. */
  readonly count: number;
  /** The median. */
  readonly p50: number;
  /** What nine of ten answers did not exceed. */
  readonly p90: number;
  /** What 19 of 20 answers did not exceed. */
  readonly p95: number;
  /** What 99 of 100 answers did not exceed. */
  readonly p99: number;
  /** The slowest answer. */
  readonly max: number;
}

/** Figures of one run, or of all runs of a kind with one number of writers. */
export interface RaceNumbers {
  /** Writers that raced at a time. */
  readonly writers: number;
  /** Requests sent, resends too. */
  readonly attempts: number;
  /** Operations acknowledged; one that was sent again and acknowledged twice counts once. */
  readonly acknowledged: number;
  /** Answers with 409, but for those that only say that the same key is being worked on. */
  readonly conflicts: number;
  /** New attempts of a writer after one that did not succeed, in the same round if there are any. */
  readonly retries: number;
  /** The very same requests sent again. */
  readonly resends: number;
  /** Attempts without an answer. */
  readonly unanswered: number;
  /** Time in which writers raced, in seconds: of rounds, the sum of their lengths. */
  readonly racing_s: number;
  /** Acknowledged operations per second of that time; null when there was none. */
  readonly commits_per_s: number | null;
  /** Acknowledged operations per attempt, 0 to 1; null without attempts. */
  readonly success_rate: number | null;
  /** What one winner a round would give: 1/N. */
  readonly fair_rate: number;
  /** Answers by HTTP status; `none` for those that never came. */
  readonly status: Readonly<Record<string, number>>;
  /** By the same keys. */
  readonly latency_ms: Readonly<Record<string, LatencyNumbers>>;
}

/** Figures of one run. */
export interface RunNumbers extends RaceNumbers {
  /** Number of the run, from 1. */
  readonly run: number;
  /** What the writers raced with. */
  readonly workload: Workload;
  /** Whether they raced in rounds or each went on at once. */
  readonly mode: RunRecord["mode"];
}

/** Figures of the `append` runs of one mode with one number of writers. */
export interface SweepNumbers extends RaceNumbers {
  /** Whether the writers raced in rounds or each went on at once. */
  readonly mode: RunRecord["mode"];
}

/** Figures of a probe. */
export interface ProbeNumbers {
  /** Runs that the catalog was asked for, in order. */
  readonly runs: readonly RunNumbers[];
  /** The `append` runs by mode and number of writers, rising. */
  readonly sweep: readonly SweepNumbers[];
  /** The most commits/s that `append` reached, and where; null when there was none. */
  readonly ceiling: {
    readonly writers: number;
    readonly mode: RunRecord["mode"];
    readonly commits_per_s: number;
  } | null;
}

/** Key of answers that never came. */
const NO_ANSWER = "none";

/** Counts the figures of a history. */
export function probeNumbers(records: Iterable<HistoryRecord>): ProbeNumbers {
  const offered = indexHistory(records).runs.filter(({ run }) => run.not_offered === undefined);
  const runs = offered.map((history): RunNumbers => ({
    run: history.run.run,
    workload: history.run.workload,
    mode: history.run.mode,
    ...countRuns([history], history.run.writers),
  }));
  const sweep = sweepOf(offered.filter(({ run }) => run.workload === "append"));
  return { runs, sweep, ceiling: ceilingOf(sweep) };
}

function sweepOf(histories: readonly RunHistory[]): SweepNumbers[] {
  const alike = Map.groupBy(histories, ({ run }) => `${run.mode} ${run.writers}`);
  return [...alike.values()].map((group): SweepNumbers => {
    const { mode, writers } = group[0]!.run;
    return { mode, ...countRuns(group, writers) };
  }).sort((one, other) =>
    one.mode === other.mode ? one.writers - other.writers : one.mode < other.mode ? 1 : -1
  );
}

function ceilingOf(sweep: readonly SweepNumbers[]): ProbeNumbers["ceiling"] {
  let best: ProbeNumbers["ceiling"] = null;
  for (const { writers, mode, commits_per_s: rate } of sweep) {
    if (rate === null || best !== null && best.commits_per_s >= rate) continue;
    best = { writers, mode, commits_per_s: rate };
  }
  return best;
}

function countRuns(histories: readonly RunHistory[], writers: number): RaceNumbers {
  const operations = histories.flatMap((history) => history.operations);
  const tries = operations.flatMap((operation) => operation.tries);
  const acknowledged = operations.filter(({ outcome }) => outcome === "ok").length;
  const racingUs = histories.reduce((sum, history) => sum + racingTimeUs(history), 0);
  const byStatus = Map.groupBy(tries, ({ status }) => String(status ?? NO_ANSWER));
  const statuses = [...byStatus].sort(([one], [other]) => one < other ? -1 : 1);
  return {
    writers,
    attempts: tries.length,
    acknowledged,
    conflicts: tries.filter(isConflict).length,
    retries: histories.reduce((sum, history) => sum + countRetries(history.operations), 0),
    resends: tries.length - operations.length,
    unanswered: byStatus.get(NO_ANSWER)?.length ?? 0,
    racing_s: racingUs / 1e6,
    commits_per_s: racingUs > 0 ? acknowledged / (racingUs / 1e6) : null,
    success_rate: tries.length > 0 ? acknowledged / tries.length : null,
    fair_rate: writers > 0 ? 1 / writers : 0,
    status: Object.fromEntries(statuses.map(([status, alike]) => [status, alike.length])),
    latency_ms: Object.fromEntries(statuses.flatMap(([status, alike]) => {
      const numbers = latencies(alike);
      return numbers === undefined ? [] : [[status, numbers]];
    })),
  };
}

function isConflict({ status, complete }: Try): boolean {
  return status === 409 && complete !== undefined && !isInProgress(complete);
}

/** From the first request to the last answer; between rounds nobody races. */
function racingTimeUs({ run, operations }: RunHistory): number {
  const groups = run.mode === "rounds"
    ? [...Map.groupBy(operations, ({ first }) => first.round).values()]
    : [operations];
  let totalUs = 0;
  for (const group of groups) {
    let startUs = Infinity;
    let endUs = -Infinity;
    for (const { tries } of group) {
      for (const { invoke, complete } of tries) {
        startUs = Math.min(startUs, invoke.time_us);
        endUs = Math.max(endUs, complete?.time_us ?? invoke.time_us);
      }
    }
    if (endUs > startUs) totalUs += endUs - startUs;
  }
  return totalUs;
}

function countRetries(operations: readonly Operation[]): number {
  const lanes = Map.groupBy(
    operations,
    ({ first }) => `${first.writer} ${first.round ?? ""}`,
  );
  let retries = 0;
  for (const lane of lanes.values()) {
    for (const { outcome } of lane.slice(0, -1)) if (outcome !== "ok") retries++;
  }
  return retries;
}

/** @returns undefined when none of the tries has ended. */
function latencies(tries: readonly Try[]): LatencyNumbers | undefined {
  const sorted = tries.flatMap(({ invoke, complete }) =>
    complete === undefined ? [] : [(complete.time_us - invoke.time_us) / 1000]
  ).sort((one, other) => one - other);
  if (sorted.length === 0) return undefined;
  return {
    count: sorted.length,
    p50: percentile(sorted, 50),
    p90: percentile(sorted, 90),
    p95: percentile(sorted, 95),
    p99: percentile(sorted, 99),
    max: sorted.at(-1)!,
  };
}
