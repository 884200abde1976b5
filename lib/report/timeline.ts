/** A timeline as plain data, as it stands in a page's JSON. */
// deno-lint-ignore-file camelcase -- fields are named as JSON has them
import { type Mark, MARK_NAMES } from "./marks.ts";

/** What an operation was answered; operations answered alike share one. */
export interface TimelineAnswer {
  /** HTTP status; null when there was no answer. */
  readonly status: number | null;
  /** Error type and message, shortened to 240 characters; empty for a plain success. */
  readonly text: string;
}

/** Operations by lane and time. The columns are of one length, in the order in which they began. */
export interface Timeline {
  /** What each lane is, from the top. */
  readonly lanes: readonly string[];
  /** What began at those times, in microseconds: a thin line each. */
  readonly rounds_us: readonly number[];
  /** Names that `mark` counts in: {@linkcode MARK_NAMES}. */
  readonly marks: readonly Mark[];
  /** Every answer once, in the order in which each first came up. */
  readonly answers: readonly TimelineAnswer[];
  /** Number of the operation in the history, or of the chunk in the load. */
  readonly op: readonly number[];
  /** Index into `lanes`. */
  readonly lane: readonly number[];
  /** In microseconds since the origin. */
  readonly start_us: readonly number[];
  /** In microseconds since the origin; not before its `start_us`. */
  readonly end_us: readonly number[];
  /** Index into `marks`. */
  readonly mark: readonly number[];
  /** Index into `answers`. */
  readonly answer: readonly number[];
  /** Round, chunk or attempt, in words; empty where there is none. */
  readonly detail: readonly string[];
}

/** One operation to be put in. */
export interface TimelineOperation {
  /** Number of the operation in the history, or of the chunk in the load. */
  readonly op: number;
  /** Index of its lane, from 0 at the top. */
  readonly lane: number;
  /** In microseconds, by the clock of the timeline's origin. */
  readonly startUs: number;
  /** In microseconds, by the same clock. */
  readonly endUs: number;
  /** What came of it. */
  readonly mark: Mark;
  /** HTTP status; null when there was no answer. */
  readonly status: number | null;
  /** Error type and message, or what was done. */
  readonly text: string;
  /** Round, chunk or attempt, in words; empty where there is none. */
  readonly detail: string;
}

/** Longest text of an answer that a page keeps. */
const TEXT_LENGTH_MAX = 240;

/**
 * Puts operations into columns.
 *
 * @param of.originUs what times count from; by default the first operation.
 */
export function makeTimeline(
  operations: readonly TimelineOperation[],
  of: {
    readonly lanes: readonly string[];
    readonly roundsUs?: readonly number[];
    readonly originUs?: number;
  },
): Timeline {
  const sorted = [...operations].sort((a, b) => a.startUs - b.startUs || a.op - b.op);
  const originUs = of.originUs ?? sorted[0]?.startUs ?? 0;
  const answers: TimelineAnswer[] = [];
  const indexOf = new Map<string, number>();
  const answerOf = ({ status, text }: TimelineOperation): number => {
    const short = text.length > TEXT_LENGTH_MAX ? `${text.slice(0, TEXT_LENGTH_MAX)}…` : text;
    const key = `${status} ${short}`;
    const known = indexOf.get(key);
    if (known !== undefined) return known;
    indexOf.set(key, answers.length);
    return answers.push({ status, text: short }) - 1;
  };
  return {
    lanes: of.lanes,
    rounds_us: (of.roundsUs ?? []).map((us) => us - originUs),
    marks: MARK_NAMES,
    answers,
    op: sorted.map(({ op }) => op),
    lane: sorted.map(({ lane }) => lane),
    start_us: sorted.map(({ startUs }) => startUs - originUs),
    end_us: sorted.map(({ endUs }) => endUs - originUs),
    mark: sorted.map(({ mark }) => MARK_NAMES.indexOf(mark)),
    answer: sorted.map(answerOf),
    detail: sorted.map(({ detail }) => detail),
  };
}

/** How often each mark occurs. */
export function countMarks(timeline: Timeline): Map<Mark, number> {
  const counts = new Map<Mark, number>();
  for (const index of timeline.mark) {
    const mark = timeline.marks[index]!;
    counts.set(mark, (counts.get(mark) ?? 0) + 1);
  }
  return counts;
}
