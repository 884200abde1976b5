/** Draws of a seed: the same seed draws the same things. */
import { SeededRandom } from "../../lib/input/random.ts";

/** What is drawn from a seed, one draw after the other. */
export class Draw {
  readonly #random: SeededRandom;

  /** @param labels part one stream of draws from the others of a seed. */
  constructor(seed: number, ...labels: readonly (string | number)[]) {
    this.#random = new SeededRandom(mix(seed, labels.join("/")));
  }

  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number {
    return least + this.#random.below(most - least + 1);
  }

  /** Whether something of this probability happens. */
  chance(probability: number): boolean {
    return this.#random.uint32() / 2 ** 32 < probability;
  }

  /** One of the things, each as likely as the others. */
  pick<T>(things: readonly T[]): T {
    return things[this.#random.below(things.length)]!;
  }

  /** One of the things, as likely as its weight says. */
  weighted<T>(things: ReadonlyArray<readonly [weight: number, thing: T]>): T {
    const total = things.reduce((sum, [weight]) => sum + weight, 0);
    let left = this.#random.uint32() / 2 ** 32 * total;
    for (const [weight, thing] of things) {
      left -= weight;
      if (left < 0) return thing;
    }
    return things.at(-1)![1];
  }
}

/** A seed made of a seed and a text: FNV-1a over the text, twice 26 bits. */
function mix(seed: number, text: string): number {
  let low = 0x811c9dc5 ^ (seed >>> 0);
  let high = 0x01000193 ^ Math.floor(seed / 2 ** 32);
  for (let at = 0; at < text.length; at++) {
    low = Math.imul(low ^ text.charCodeAt(at), 0x01000193);
    high = Math.imul(high ^ low, 0x85ebca6b) ^ (low >>> 13);
  }
  return (low >>> 6) * 2 ** 26 + (high >>> 6);
}
