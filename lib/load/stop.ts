/** The wish to end a load early: nothing new begins, and what is under way gets a little time. */

import { EXIT_CODE } from "../errors.ts";

/** Time for commits that are in flight when the load is to end, in ms. */
export const GRACE_MS = 5000;

/** Shared by everything in a load that begins or waits. */
export class Stop {
  readonly #controller = new AbortController();
  readonly #grace = new AbortController();
  #graceTimer: ReturnType<typeof setTimeout> | undefined;
  #requestedMs: number | undefined;
  #exitCode: number = EXIT_CODE.interrupted;

  /** Whether the load is to end. */
  get isRequested(): boolean {
    return this.#requestedMs !== undefined;
  }

  /** Aborted as soon as the load is to end. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Aborted when the grace is over: whoever still waits for an answer gives up. */
  get graceSignal(): AbortSignal {
    return this.#grace.signal;
  }

  /** Exit code of a load that was ended so. */
  get exitCode(): number {
    return this.#exitCode;
  }

  /** Asks the load to end; a second time changes nothing. */
  request(exitCode: number = EXIT_CODE.interrupted): void {
    if (this.#requestedMs !== undefined) return;
    this.#requestedMs = performance.now();
    this.#exitCode = exitCode;
    this.#controller.abort(new DOMException("The load is to end", "AbortError"));
    this.#graceTimer = setTimeout(
      () => this.#grace.abort(new DOMException("The load has been interrupted", "AbortError")),
      GRACE_MS,
    );
  }

  /** The load has ended: nobody waits any more. */
  close(): void {
    clearTimeout(this.#graceTimer);
  }

  /** The earlier of a deadline and the end of the grace, in the time of `performance.now()`. */
  deadlineMs(deadlineMs: number): number {
    if (this.#requestedMs === undefined) return deadlineMs;
    return Math.min(deadlineMs, this.#requestedMs + GRACE_MS);
  }
}
