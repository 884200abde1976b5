/** Throughput and success against the number of writers, as the page's script draws them. */
// deno-lint-ignore-file camelcase -- fields are named as JSON has them
import type { RunNumbers } from "../probe/numbers.ts";
import type { Mark } from "./marks.ts";
import { hasOneWinner } from "./probe_words.ts";
import type { WorkloadPart } from "./probe_sections.ts";

/** Lines over one axis; what `page/charts.js` takes. */
export interface LineChart {
  /** Places on the axis, rising; each line has a value for each of them. */
  readonly x: readonly number[];
  /** What stands below the axis. */
  readonly x_label: string;
  /** What a place counts, in the plural, such as `writers`; it stands behind its number. */
  readonly x_noun?: string;
  /** The places are durations and are shown as such; absent for plain numbers. */
  readonly x_unit?: "ms";
  /** The axis is logarithmic, with a mark at each place. @default {false} */
  readonly x_log2?: boolean;
  /** The values are percentages from 0 to 100; absent for plain numbers. */
  readonly unit?: "%";
  /** Upper end of the values' axis. @default {a little above the highest value} */
  readonly y_max?: number;
  /** A value holds until the next place, and the line goes in steps. @default {false} */
  readonly step?: boolean;
  /** The area below the lines is tinted. @default {false} */
  readonly fill?: boolean;
  /** The lines; null where a line has no value, which it passes over. */
  readonly series: ReadonlyArray<{
    readonly label: string;
    readonly values: ReadonlyArray<number | null>;
    readonly tone: Mark;
    readonly dash?: readonly number[];
    readonly points?: "round" | "square";
  }>;
}

/** Figures by number of writers, of the runs of one mode; of runs alike the last. */
type Sweep = ReadonlyMap<number, RunNumbers>;

function sweepsOf(part: WorkloadPart): Map<RunNumbers["mode"], Sweep> {
  const sweeps = new Map<RunNumbers["mode"], Map<number, RunNumbers>>();
  for (const { numbers } of part.runs) {
    if (numbers === undefined || numbers.attempts === 0) continue;
    const sweep = sweeps.get(numbers.mode) ?? new Map<number, RunNumbers>();
    sweeps.set(numbers.mode, sweep.set(numbers.writers, numbers));
  }
  return sweeps;
}

function writersOf(sweeps: ReadonlyMap<string, Sweep>): number[] {
  return [...new Set([...sweeps.values()].flatMap((sweep) => [...sweep.keys()]))]
    .sort((a, b) => a - b);
}

/** The modes of a workload with how each is drawn; the first is that of rounds. */
export function sweepLines(part: WorkloadPart): SweepLine[] {
  const modes = [...sweepsOf(part).keys()].sort((a, b) => a > b ? -1 : 1);
  return modes.map((mode) =>
    mode === "rounds"
      ? { mode, label: "in rounds", tone: "ok", points: "round" }
      : { mode, label: "running free", tone: "unknown", points: "square" }
  );
}

/** How the runs of a mode are drawn. */
export interface SweepLine {
  /** Whether the writers raced in rounds or each went on at once. */
  readonly mode: RunNumbers["mode"];
  /** The mode in words. */
  readonly label: string;
  /** Mark whose colour the line has. */
  readonly tone: Mark;
  /** Shape of its points, so that colour is not all that tells lines apart. */
  readonly points: "round" | "square";
}

/** Whether there is more than one number of writers to compare. */
export function hasSweep(part: WorkloadPart): boolean {
  return writersOf(sweepsOf(part)).length > 1;
}

function fairLine(writers: readonly number[]): LineChart["series"][number] {
  return { label: "1/N", values: writers.map((n) => 100 / n), tone: "refused", dash: [5, 4] };
}

/** The two charts of a workload that ran with several numbers of writers, by name. */
export function sweepCharts(part: WorkloadPart): Record<string, LineChart> {
  if (!hasSweep(part)) return {};
  const sweeps = sweepsOf(part);
  const x = writersOf(sweeps);
  const axis = { x, x_label: "Writers", x_noun: "writers", x_log2: true } as const;
  const lines = sweepLines(part);
  const series = (name: string, of: (numbers: RunNumbers) => number | null) =>
    lines.map(({ mode, label, tone, points }) => ({
      label: lines.length === 1 ? name : `${name}, ${label}`,
      values: x.map((writers) => {
        const numbers = sweeps.get(mode)!.get(writers);
        return numbers === undefined ? null : of(numbers);
      }),
      tone,
      points,
    }));
  const percent = (share: number | null) => share === null ? null : share * 100;
  return {
    [`${part.workload}-throughput`]: {
      ...axis,
      series: series("commits/s", ({ commits_per_s: rate }) => rate),
    },
    [`${part.workload}-success`]: {
      ...axis,
      unit: "%",
      y_max: 105,
      series: [
        ...(hasOneWinner(part.workload) ? [fairLine(x)] : []),
        ...series("success", ({ success_rate: rate }) => percent(rate)),
      ],
    },
  };
}
