/** What the tool says of a load with `--json`, read for its figures. */

/** A line of `--json`. */
export interface ToolEvent {
  readonly type: string;
  /** RFC 3339, in whole milliseconds. */
  readonly time: string;
  readonly [name: string]: unknown;
}

/** The events of a run, in their order. */
export function readEvents(stdout: string): ToolEvent[] {
  return stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
}

/** Figures of a load's commits. */
export interface CommitFigures extends Readonly<Record<string, number>> {
  /** Chunks that are in the table. */
  readonly chunks: number;
  /** Commits that were acknowledged. */
  readonly commits: number;
  /**
   * Chunks a second from the first acknowledgement to the last, those of the first not counted: what
   * a load comes to while it runs, without its start. 0 when there is but one commit.
   */
  readonly chunksPerS: number;
}

/** When a commit was acknowledged. */
export interface Acknowledged {
  /** Since 1970. */
  readonly atMs: number;
  /** How long the catalog took to answer. */
  readonly postMs: number;
  readonly chunks: number;
}

/** The commits of a load that were acknowledged, in their order. */
export function acknowledgedCommits(events: readonly ToolEvent[]): Acknowledged[] {
  return events
    .filter(({ type, outcome }) => type === "commit" && outcome === "committed")
    .map((event) => ({
      atMs: Date.parse(event.time),
      postMs: Number(event["elapsed_ms"]),
      chunks: Number(event["chunks"]),
    }));
}

/** Reads the commits of a load. */
export function commitFigures(events: readonly ToolEvent[]): CommitFigures {
  const commits = acknowledgedCommits(events);
  const total = commits.reduce((sum, { chunks }) => sum + chunks, 0);
  const spanS = ((commits.at(-1)?.atMs ?? 0) - (commits[0]?.atMs ?? 0)) / 1000;
  return {
    chunks: total,
    commits: commits.length,
    chunksPerS: commits.length > 1 ? (total - commits[0]!.chunks) / spanS : 0,
  };
}
