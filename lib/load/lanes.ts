/** Limits on what is under way at once. */

/** A counter of free places; who finds none waits in line. */
export class Places {
  #free: number;
  readonly #waiting: Array<() => void> = [];

  /**
   * All places are free at first.
   *
   * @param count how many; Infinity for no limit.
   */
  constructor(count: number) {
    this.#free = count;
  }

  /** Takes a place, waiting for one if need be. */
  take(): Promise<void> {
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Gives a place back. */
  give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}

/** A set of equal things of which each is used by one at a time. */
export class Lanes<T> {
  readonly #idle: T[];
  readonly #places: Places;

  /**
   * All are idle at first.
   *
   * @param lanes one at least, or nothing would ever run.
   */
  constructor(lanes: readonly T[]) {
    this.#idle = [...lanes];
    this.#places = new Places(lanes.length);
  }

  /** Runs `work` with a lane of its own. */
  async use<R>(work: (lane: T) => Promise<R>): Promise<R> {
    await this.#places.take();
    const lane = this.#idle.pop()!;
    try {
      return await work(lane);
    } finally {
      this.#idle.push(lane);
      this.#places.give();
    }
  }
}
