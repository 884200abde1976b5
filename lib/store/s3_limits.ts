/** How long an S3 store is waited for. */
import type { RetryWaits } from "./retry.ts";

/** Bounds in time of a store's requests, in ms. */
export interface StoreLimits extends RetryWaits {
  /** After the first attempt, another begins within this time. */
  readonly budgetMs: number;
  /** The same while the store has never answered: its address may be wrong. */
  readonly connectBudgetMs: number;
  /** No answer, or no further piece of a body, for so long is a stall. */
  readonly stallMs: number;
}

/** The usual bounds. */
export const STORE_LIMITS: StoreLimits = {
  budgetMs: 60_000,
  connectBudgetMs: 10_000,
  stallMs: 30_000,
  waitMsMin: 100,
  waitMsMax: 5_000,
};

/** Slower than a megabit a second is no line to load over. */
const BYTES_PER_MS_MIN = 128;

/** Ends one request when it stalls, or takes longer than any line in use would need. */
export class Patience {
  readonly #controller = new AbortController();
  readonly #stallMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #endsMs = Infinity;
  /** Aborted when patience is over, or by the caller's signal. */
  readonly signal: AbortSignal;

  /**
   * No time runs until `expect` is called.
   *
   * @param options.stallMs how long the next piece may take, in ms
   * @param options.signal the caller's: it ends the request, too
   */
  constructor(options: { readonly stallMs: number; readonly signal: AbortSignal }) {
    this.#stallMs = options.stallMs;
    this.signal = AbortSignal.any([options.signal, this.#controller.signal]);
  }

  /** Whether time has run out, and not the caller given up. */
  get isOver(): boolean {
    return this.#controller.signal.aborted;
  }

  /** Bounds all that follows, by the bytes that have to come or go. */
  bound(sizeBytes: number): void {
    this.#endsMs = performance.now() + this.#stallMs + sizeBytes / BYTES_PER_MS_MIN;
  }

  /** Something has come, or is asked for: waits anew for the next. */
  expect(options: { readonly uploadBytes?: number } = {}): void {
    clearTimeout(this.#timer);
    const stepMs = this.#stallMs + (options.uploadBytes ?? 0) / BYTES_PER_MS_MIN;
    const waitMs = Math.min(stepMs, Math.max(0, this.#endsMs - performance.now()));
    this.#timer = setTimeout(() => this.#controller.abort(), waitMs);
  }

  /** Ends the waiting. */
  stop(): void {
    clearTimeout(this.#timer);
  }
}
