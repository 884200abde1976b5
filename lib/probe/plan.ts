/** What a probe will do: one run for each workload, number of writers and mode. */
import type { Workload } from "./history.ts";

/** One run of a probe. */
export interface RunPlan {
  /** What the writers race with. */
  readonly workload: Workload;
  /** Writers that race, each on a connection of its own. */
  readonly writers: number;
  /** `rounds`: all start each round together, on one base. `free`: each goes on at once. */
  readonly mode: "rounds" | "free";
  /** Rounds, or commits of each writer. */
  readonly commits: number;
  /** Fresh Parquet for each commit; false for all workloads but `append`. */
  readonly withData: boolean;
}

/** What a person asks for. */
export interface PlanOptions {
  /** As given; with more than one workload, the others than `append` run with one number only. */
  readonly writers: readonly number[];
  /** Rounds, or commits of each writer; at most ten of `first-commit`, `create` and `stale`. */
  readonly commits: number;
  /** In this order. */
  readonly workloads: readonly Workload[];
  /** `both` runs `append` in either mode; the other workloads go in rounds, whatever is asked. */
  readonly mode: "rounds" | "free" | "both";
  /** Fresh Parquet for each commit of `append`, as a loader would write it. */
  readonly withData: boolean;
}

/** Workloads whose rounds need a table each, or that go step by step: some rounds tell as much. */
const FEW_ROUNDS: ReadonlySet<Workload> = new Set(["first-commit", "create", "stale"]);
const ROUNDS_FEW = 10;
/** Writers of the workloads beside `append`, when several are asked for. */
const WRITERS_BESIDE = 8;

/** Lays out the runs, in the order of the workloads given. */
export function planRuns(options: PlanOptions): RunPlan[] {
  const { workloads, withData, commits } = options;
  return workloads.flatMap((workload) =>
    modesOf(workload, options).flatMap((mode) =>
      writersOf(workload, options).map((writers) => ({
        workload,
        writers,
        mode,
        commits: FEW_ROUNDS.has(workload) ? Math.min(commits, ROUNDS_FEW) : commits,
        withData: withData && workload === "append",
      }))
    )
  );
}

/** Throughput is a matter of appends; what the other workloads test shows in rounds. */
function modesOf(workload: Workload, options: PlanOptions): ReadonlyArray<"rounds" | "free"> {
  if (workload !== "append") return ["rounds"];
  return options.mode === "both" ? ["rounds", "free"] : [options.mode];
}

function writersOf(workload: Workload, options: PlanOptions): readonly number[] {
  if (workload === "stale") return [1];
  if (workload === "append" || options.workloads.length === 1) return options.writers;
  const most = Math.max(...options.writers.filter((count) => count <= WRITERS_BESIDE));
  return [Number.isFinite(most) ? most : Math.min(...options.writers)];
}
