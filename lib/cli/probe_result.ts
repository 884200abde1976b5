/** The result of a probe, told in three ways: to people, to machines, and in Markdown. */
import type { HeaderRecord, Workload } from "../probe/history.ts";
import type { LatencyNumbers, ProbeNumbers, RunNumbers } from "../probe/numbers.ts";
import type { RunVerdict, Verdict, Violation } from "../probe/verdict.ts";
import {
  formatCount,
  formatMs,
  formatRate,
  formatShare,
  NO_FIGURE,
  statusName,
} from "../report/format.ts";

/** What a probe, or the check of a history, has come to. */
export interface ProbeResult {
  /** Who raced and against what; undefined for a history without its first line. */
  readonly header: HeaderRecord | undefined;
  /** What was promised, and whether it was kept. */
  readonly verdict: Verdict;
  /** Rates, latencies and answers, by run. */
  readonly numbers: ProbeNumbers;
}

/** One column of the table of figures. */
interface Column {
  readonly title: string;
  /** Figures stand to the right. */
  readonly isFigure: boolean;
  readonly text: (row: Row) => string;
}

interface Row {
  readonly verdict: RunVerdict;
  /** Undefined for a run that the catalog was not asked for. */
  readonly numbers: RunNumbers | undefined;
}

/** Workloads whose rounds have one winner. */
const ONE_WINNER: ReadonlySet<Workload> = new Set(["append", "first-commit", "create"]);

const COLUMNS: readonly Column[] = [
  { title: "Workload", isFigure: false, text: ({ verdict }) => verdict.workload },
  {
    title: "Mode",
    isFigure: false,
    text: ({ numbers }) => numbers?.mode ?? NO_FIGURE,
  },
  { title: "Writers", isFigure: true, text: ({ verdict }) => String(verdict.writers) },
  { title: "Attempts", isFigure: true, text: ({ numbers }) => formatCount(numbers?.attempts) },
  {
    title: "Success",
    isFigure: true,
    text: ({ numbers }) => formatShare(numbers?.success_rate),
  },
  {
    title: "1/N",
    isFigure: true,
    text: ({ numbers }) =>
      formatShare(
        numbers !== undefined && ONE_WINNER.has(numbers.workload) ? numbers.fair_rate : null,
      ),
  },
  {
    title: "Commits/s",
    isFigure: true,
    text: ({ numbers }) => formatRate(numbers?.commits_per_s),
  },
  { title: "p50 ms", isFigure: true, text: (row) => formatMs(latencyOf(row)?.p50) },
  { title: "p95 ms", isFigure: true, text: (row) => formatMs(latencyOf(row)?.p95) },
  { title: "p99 ms", isFigure: true, text: (row) => formatMs(latencyOf(row)?.p99) },
  { title: "Answers", isFigure: false, text: ({ numbers }) => statusText(numbers?.status ?? {}) },
  { title: "Verdict", isFigure: false, text: ({ verdict }) => verdict.verdict },
];

/** Of acknowledged requests: 200, or 204 for transactions. */
function latencyOf({ numbers }: Row): LatencyNumbers | undefined {
  return numbers?.latency_ms["200"] ?? numbers?.latency_ms["204"];
}

/** `200 ×50, 409 ×350`. */
export function statusText(status: Readonly<Record<string, number>>): string {
  const parts = Object.entries(status).map(([code, count]) =>
    `${statusName(code)} ×${formatCount(count)}`
  );
  return parts.length === 0 ? NO_FIGURE : parts.join(", ");
}

/** The table of figures, one row a run: titles, and cells as texts. */
export function figures(result: ProbeResult): {
  readonly columns: ReadonlyArray<{ readonly title: string; readonly isFigure: boolean }>;
  readonly rows: readonly (readonly string[])[];
} {
  const numbersOf = new Map(result.numbers.runs.map((numbers) => [numbers.run, numbers]));
  return {
    columns: COLUMNS.map(({ title, isFigure }) => ({ title, isFigure })),
    rows: result.verdict.runs.map((verdict) => {
      const row: Row = { verdict, numbers: numbersOf.get(verdict.run) };
      return COLUMNS.map((column) => column.text(row));
    }),
  };
}

/** Answers of all runs by status. */
export function commitStatus({ numbers }: ProbeResult): Record<string, number> {
  const total: Record<string, number> = {};
  for (const { status } of numbers.runs) {
    for (const [code, count] of Object.entries(status)) total[code] = (total[code] ?? 0) + count;
  }
  return total;
}

/** `107.3 commits/s, with 16 writers that run freely`; undefined without appends. */
export function ceilingText({ numbers: { ceiling } }: ProbeResult): string | undefined {
  if (ceiling === null) return undefined;
  const how = ceiling.mode === "free" ? "that run freely" : "in rounds";
  return `${formatRate(ceiling.commits_per_s)} commits/s, with ${ceiling.writers} ` +
    `${ceiling.writers === 1 ? "writer" : "writers"} ${how}`;
}

/** Violations of one kind in one run: the first of each group, then those like it. */
export function alikeViolations(verdict: Verdict): Array<[Violation, ...Violation[]]> {
  const groups = Map.groupBy(verdict.violations, ({ run, kind }) => `${run} ${kind}`);
  // A group is made for its first member.
  return [...groups.values()] as Array<[Violation, ...Violation[]]>;
}

/** Why runs were not judged, and what could not be checked; the same of several workloads once. */
export function reservations({ verdict }: ProbeResult): string[] {
  const found = verdict.runs.flatMap(({ workload, verdict: kind, reason, unchecked }) => [
    ...(kind === "not-offered" ? [{ workload, text: `not offered, ${reason}` }] : []),
    ...(kind === "unknown" ? [{ workload, text: `not judged, ${reason}` }] : []),
    ...unchecked.map((what) => ({ workload, text: `not checked, ${what}` })),
  ]);
  return [...Map.groupBy(found, ({ text }) => text)].map(([text, alike]) =>
    `${[...new Set(alike.map(({ workload }) => workload))].join(", ")}: ${text}`
  );
}
