/** Draws of a seed: the same seed draws the same things. */
import { SeededRandom, seedOf } from "../../lib/random.ts";

/** What is drawn from a seed, one draw after the other. */
export class Draw {
  readonly #random: SeededRandom;

  /** @param labels part one stream of draws from the others of a seed. */
  constructor(seed: number, ...labels: readonly (string | number)[]) {
    this.#random = new SeededRandom(seedOf(seed, labels.join("/")));
  }

  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number {
    return least + this.#random.below(most - least + 1);
  }

  /** Whether something of this probability happens. */
  chance(probability: number): boolean {
    return this.#random.fraction() < probability;
  }

  /** One of the things, each as likely as the others. */
  pick<T>(things: readonly T[]): T {
    return things[this.#random.below(things.length)]!;
  }

  /** One of the things, as likely as its weight says. */
  weighted<T>(things: ReadonlyArray<readonly [weight: number, thing: T]>): T {
    const total = things.reduce((sum, [weight]) => sum + weight, 0);
    let left = this.#random.fraction() * total;
    for (const [weight, thing] of things) {
      left -= weight;
      if (left < 0) return thing;
    }
    return things.at(-1)![1];
  }
}
