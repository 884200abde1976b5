/** Tries again what may pass, within a budget of time, with waits of full jitter. */
import { setTimeout as wait } from "node:timers/promises";

/** Bounds of the waits between attempts, in ms. */
export interface RetryWaits {
  /** The first wait is this at most; each further one twice as long. */
  readonly waitMsMin: number;
  /** No wait is longer. */
  readonly waitMsMax: number;
}

/** How {@linkcode retry} goes about it. */
export interface RetryOptions {
  /**
   * Time from the first attempt in which another may begin after this failure, in ms; 0 for a
   * failure that no other attempt would mend.
   */
  readonly budgetMsOf: (error: unknown) => number;
  /** How long the waits between attempts are. */
  readonly waits: RetryWaits;
  /** Ends the waiting; an attempt has to look at it itself. */
  readonly signal?: AbortSignal;
  /** Between 0 and 1. @default {Math.random} */
  readonly random?: () => number;
}

/** The last failure of several, and how long was tried. */
export class SpentError extends Error {
  /** Name of the class, for traces. */
  override readonly name = "SpentError";
  /** At least two. */
  readonly attempts: number;
  /** From the first attempt to the last failure. */
  readonly elapsedMs: number;

  /** Takes over the message of the last failure, which is its cause. */
  constructor(
    last: unknown,
    spent: { readonly attempts: number; readonly elapsedMs: number },
  ) {
    super(last instanceof Error ? last.message : String(last), { cause: last });
    this.attempts = spent.attempts;
    this.elapsedMs = spent.elapsedMs;
  }
}

/**
 * Runs `attempt` until it succeeds, fails for good, or its budget of time is spent. Before attempt
 * `n + 1` it waits anywhere between 0 and `waitMsMin` doubled `n - 1` times, `waitMsMax` at most:
 * many that were turned away together do not come back together. The time of an attempt that
 * has begun is not bounded here.
 *
 * @throws the failure itself after one attempt, a {@linkcode SpentError} after more.
 * @throws the signal's reason when it is aborted.
 */
export async function retry<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { budgetMsOf, waits, signal, random = Math.random } = options;
  const startedMs = performance.now();
  for (let attempts = 1;; attempts++) {
    signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      signal?.throwIfAborted();
      const ceilingMs = Math.min(
        waits.waitMsMax,
        waits.waitMsMin * 2 ** Math.min(attempts - 1, 30),
      );
      const waitMs = random() * ceilingMs;
      const elapsedMs = performance.now() - startedMs;
      if (elapsedMs + waitMs >= budgetMsOf(error)) {
        throw attempts === 1 ? error : new SpentError(error, { attempts, elapsedMs });
      }
      await wait(waitMs, undefined, signal === undefined ? {} : { signal }).catch((ended) => {
        signal?.throwIfAborted();
        throw ended;
      });
    }
  }
}
