/**
 * How long a writer waits after a lost race. The time of a commit differs a hundredfold between a
 * catalog beside the writer and one across a continent, so no fixed wait suits both: a wait that is
 * short beside it loses the next race too, a long one leaves the table idle.
 */
import type { BackoffBounds } from "../rest/backoff.ts";

/** How waits are bounded, by the table's properties where they say so. */
export interface WaitSettings {
  /** Undefined: after lost races by the time that commits take, else {@linkcode MIN_WAIT_MS}. */
  readonly minWaitMs: number | undefined;
  /** What no wait that is chosen here is longer than; a catalog's `Retry-After` may ask for more. */
  readonly maxWaitMs: number;
  /**
   * After lost races so many commits' time is waited for at most: as many writers share a table well,
   * and the last of a load sleep no longer than that. @default {64}
   */
  readonly commitsWaitedMax?: number;
}

/**
 * `commitsWaitedMax` for one writer of so many in a load: as many, from 8 to 64. A lone one knows
 * nothing of others, and has 64.
 */
export function commitsWaitedBy(writers: number): number {
  if (writers === 1) return COMMITS_WAITED_MAX;
  return Math.min(COMMITS_WAITED_MAX, Math.max(COMMITS_WAITED_MIN, writers));
}

/** First wait after an answer that says nothing of how busy the table is. */
const MIN_WAIT_MS = 100;
/** The share of the newest time in the mean. */
const NEWEST_SHARE = 0.3;
const COMMITS_WAITED_MAX = 64;
const COMMITS_WAITED_MIN = 8;
const FLOOR_MS = 1;

/** What one writer has seen of the time that its attempts take. */
export class Pace {
  readonly #settings: WaitSettings;
  #meanMs: number | undefined;

  /** Knows of no commit's time yet. */
  constructor(settings: WaitSettings) {
    this.#settings = settings;
  }

  /** An attempt has been answered, `ms` after its writer began to build it. */
  observe(ms: number): void {
    this.#meanMs = this.#meanMs === undefined
      ? ms
      : this.#meanMs + NEWEST_SHARE * (ms - this.#meanMs);
  }

  /** Bounds of the waits between attempts that lose their races. */
  afterLostRace(): BackoffBounds {
    const { minWaitMs, maxWaitMs, commitsWaitedMax = COMMITS_WAITED_MAX } = this.#settings;
    if (minWaitMs !== undefined || this.#meanMs === undefined) return this.afterTrouble();
    const ms = Math.max(FLOOR_MS, this.#meanMs);
    return {
      minWaitMs: Math.min(ms, maxWaitMs),
      maxWaitMs: Math.min(ms * commitsWaitedMax, maxWaitMs),
    };
  }

  /** Bounds of the waits after any other answer, and after none. */
  afterTrouble(): BackoffBounds {
    const { minWaitMs = MIN_WAIT_MS, maxWaitMs } = this.#settings;
    return { minWaitMs, maxWaitMs };
  }
}
