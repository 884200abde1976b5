/** Trials, their contenders, and the lines of the table that are read from them. Pure. */
import { median } from "./statistics.ts";

/** What one run of a contender came to. Which figures there are is the trial's business. */
export type Sample = Readonly<Record<string, number>>;

/** Somebody who takes part in a trial. */
export interface Contender {
  readonly name: string;
  /** One run. */
  readonly run: () => Promise<Sample>;
  /**
   * Rounds in which it takes part, for those that take very long and have no target set against them.
   *
   * @default all of them
   */
  readonly roundsMax?: number;
  /**
   * It is there for comparison alone: when it fails, it is left out from then on, and that is told.
   *
   * @default false
   */
  readonly mayFail?: boolean;
}

/** A line of the table: a figure of ours beside the same figure of others. */
export interface Line {
  /** Name for `--only`. */
  readonly id: string;
  readonly what: string;
  /** Contender that is ours. */
  readonly ours: string;
  /** The others; the best of them counts. */
  readonly against: readonly string[];
  readonly figure: string;
  /** Unit and form of the figure. */
  readonly format: (value: number) => string;
  /**
   * `atLeast`: ours divided by theirs has to reach it; `atMost`: must not be over it. Absent: a line
   * for comparison alone.
   */
  readonly target?: { readonly kind: "atLeast" | "atMost"; readonly ratio: number };
  readonly moreIsBetter: boolean;
  /** Figure of which the most makes the best of the others, where it is another than the line's own. */
  readonly bestBy?: string;
  /** What else every run of ours has to show, such as that all chunks are in. */
  readonly holds?: { readonly what: string; readonly test: (sample: Sample) => boolean };
}

/** Contenders that run in turn on the same input. */
export interface Trial {
  readonly title: string;
  readonly contenders: readonly Contender[];
  readonly lines: readonly Line[];
}

/** Runs by contender, in the order of the rounds. */
export type Samples = ReadonlyMap<string, readonly Sample[]>;

/** A line with its figures. */
export interface Reading {
  readonly line: Line;
  /** The one of `against` that did best. */
  readonly peer: string;
  readonly ours: Spread;
  readonly theirs: Spread;
  /** Ours divided by theirs, of the runs of the same round. */
  readonly ratio: Spread;
  readonly verdict: "ok" | "short" | "";
}

/** A sample's middle and ends. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The middle and the ends of some values. */
export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/** What a line shows; undefined when ours, or all of those it is against, took no part. */
export function readLine(line: Line, samples: Samples): Reading | undefined {
  const figuresOf = (name: string, figure = line.figure) =>
    (samples.get(name) ?? []).map((sample) => sample[figure]!);
  const ours = figuresOf(line.ours);
  const best = line.against
    .filter((name) => figuresOf(name).length > 0)
    .toSorted((a, b) => {
      const difference = median(figuresOf(a, line.bestBy)) - median(figuresOf(b, line.bestBy));
      return line.moreIsBetter || line.bestBy !== undefined ? -difference : difference;
    })[0];
  if (best === undefined || ours.length === 0) return undefined;
  const theirs = figuresOf(best);
  const rounds = Math.min(ours.length, theirs.length);
  const ratio = spreadOf(
    Array.from({ length: rounds }, (_, round) => ours[round]! / theirs[round]!),
  );
  const holds = (samples.get(line.ours) ?? []).every((sample) => line.holds?.test(sample) ?? true);
  return {
    line,
    peer: best,
    ours: spreadOf(ours),
    theirs: spreadOf(theirs),
    ratio,
    verdict: line.target === undefined
      ? ""
      : holds && isReached(ratio.median, line.target)
      ? "ok"
      : "short",
  };
}

function isReached(ratio: number, target: NonNullable<Line["target"]>): boolean {
  return target.kind === "atLeast" ? ratio >= target.ratio : ratio <= target.ratio;
}

/** Options of {@linkcode runTrial}. */
export interface TrialOptions {
  readonly rounds: number;
  /** Is told what runs, and what came of it. */
  readonly onRun?: (name: string, round: number, sample: Sample) => void;
  /** Is told of a contender that may fail and did. */
  readonly onFailure?: (name: string, error: Error) => void;
}

/** Runs a trial round by round; each round begins with another contender. */
export async function runTrial(trial: Trial, options: TrialOptions): Promise<Samples> {
  const wanted = new Set(trial.lines.flatMap((line) => [line.ours, ...line.against]));
  const contenders = trial.contenders.filter(({ name }) => wanted.has(name));
  const samples = new Map<string, Sample[]>();
  const failed = new Set<string>();
  for (let round = 0; round < options.rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const contender = contenders[(turn + round) % contenders.length]!;
      if (failed.has(contender.name) || round >= (contender.roundsMax ?? Infinity)) continue;
      const sample = await contender.run().catch((error: Error) => {
        if (contender.mayFail !== true) throw error;
        failed.add(contender.name);
        options.onFailure?.(contender.name, error);
      });
      if (sample === undefined) continue;
      options.onRun?.(contender.name, round, sample);
      samples.set(contender.name, [...samples.get(contender.name) ?? [], sample]);
    }
  }
  return samples;
}
