/** One at a time per key, within this process. What several processes share is SQLite's to guard. */
import { RequestFailure } from "./failure.ts";

/** Runs work under the locks of its keys, in the order in which it came. */
export class KeyedLock {
  readonly #tails = new Map<string, Promise<void>>();
  readonly #waitMsMax: number;

  /**
   * No key is held at first.
   *
   * @param waitMsMax how long one may wait before its request is given up.
   */
  constructor(waitMsMax: number) {
    this.#waitMsMax = waitMsMax;
  }

  /**
   * Runs `work` when it holds all keys.
   *
   * @throws {RequestFailure} 503 when it has waited too long; then `work` was not begun.
   */
  async run<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    // One order for all, so that no two wait for each other.
    const sorted = [...new Set(keys)].sort();
    const releases: Array<() => void> = [];
    try {
      for (const key of sorted) releases.push(await this.#acquire(key));
      return await work();
    } finally {
      for (const release of releases) release();
    }
  }

  async #acquire(key: string): Promise<() => void> {
    const before = this.#tails.get(key);
    const mine = Promise.withResolvers<void>();
    const tail = before === undefined ? mine.promise : before.then(() => mine.promise);
    this.#tails.set(key, tail);
    const release = () => {
      mine.resolve();
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    };
    if (before === undefined) return release;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(() => resolve("late"), this.#waitMsMax);
    });
    const result = await Promise.race([before, late]);
    clearTimeout(timer);
    if (result !== "late") return release;
    // Those behind wait for whom this one waited for.
    mine.resolve();
    throw new RequestFailure(
      503,
      "ServiceUnavailableException",
      `Cannot begin the request: others have kept the table busy for ${this.#waitMsMax} ms`,
    );
  }
}
