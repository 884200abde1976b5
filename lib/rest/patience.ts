/** Tries reading requests again when what stood in their way may pass. */
import { backoffMs, sleep } from "./backoff.ts";
import type { HttpAnswer } from "./http.ts";
import { readRetryAfterMs } from "./outcome.ts";

const TRIES_MAX = 5;
const WAITS = { minWaitMs: 200, maxWaitMs: 5000 };
/** A catalog that asks for more is not waited for. */
const RETRY_AFTER_MS_MAX = 10_000;

/** These pass: too many requests, and troubles behind a gateway. */
const PASSING_STATUS: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

/**
 * Sends a request that changes nothing until it is answered otherwise than by a passing trouble,
 * five times at most. A refused connection is no such trouble: nobody is there.
 *
 * @returns the last answer.
 */
export async function sendPatiently(
  send: () => Promise<HttpAnswer>,
  options: { readonly signal?: AbortSignal } = {},
): Promise<HttpAnswer> {
  for (let tries = 1;; tries++) {
    const answer = await send();
    const waitMs = waitBeforeNext(answer, tries);
    if (waitMs === undefined || tries === TRIES_MAX) return answer;
    try {
      await sleep(waitMs, options.signal);
    } catch {
      // The caller gives up waiting: what was answered last is the answer.
      return answer;
    }
  }
}

function waitBeforeNext(answer: HttpAnswer, tries: number): number | undefined {
  if (answer.kind === "cut") return backoffMs(tries, WAITS);
  if (answer.kind !== "response" || !PASSING_STATUS.has(answer.status)) return undefined;
  const askedMs = readRetryAfterMs(answer.headers.get("retry-after"));
  if (askedMs === undefined) return backoffMs(tries, WAITS);
  return askedMs <= RETRY_AFTER_MS_MAX ? askedMs : undefined;
}
