/**
 * Requests that are about to leave. One leaves only while this thread has nothing else to do: its
 * connection is made first, and each step of that takes a turn of the event loop. What can wait is
 * better begun when the request is on its way: then the other side works at the same time.
 */
import { setImmediate } from "node:timers";

/** After turns of so much time a request is on its way, to a machine or within a network nearby. */
const LEAVES_WITHIN_MS = 0.4;

/** Knows which requests of this thread have not left yet. */
export class Departures {
  #leaving = 0;

  /** Resolves when a request that has just been begun is on its way. */
  async left(): Promise<void> {
    const begunMs = performance.now();
    this.#leaving++;
    do await turn(); while (performance.now() - begunMs < LEAVES_WITHIN_MS);
    this.#leaving--;
  }

  /** Resolves when no request is about to leave, nor any that is begun in this very turn. */
  async none(): Promise<void> {
    do await turn(); while (this.#leaving > 0);
  }
}

/** Lets everything else have its turn, without the millisecond or two that a timer takes. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
