/** Waiting between attempts: full jitter, so that writers that collided do not collide again. */

/** Bounds of a wait, in ms. */
export interface BackoffBounds {
  /** Most that is waited before the first retry; doubled with each further one. */
  readonly minWaitMs: number;
  /** What no wait is longer than, however many retries there were. */
  readonly maxWaitMs: number;
}

/**
 * A wait before retry `retry` (from 1): anywhere between 0 and `minWaitMs` doubled each time,
 * `maxWaitMs` at most.
 *
 * @param random between 0 and 1. @default {Math.random()}
 */
export function backoffMs(retry: number, bounds: BackoffBounds, random = Math.random()): number {
  const ceilingMs = Math.min(bounds.maxWaitMs, bounds.minWaitMs * 2 ** Math.min(retry - 1, 30));
  return random * ceilingMs;
}

/**
 * Waits.
 *
 * @throws the signal's reason when it is aborted meanwhile.
 */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
