/**
 * A seeded stream of random numbers that is the same on every machine. Every room may import this
 * file.
 */

/**
 * Small fast counter generator (sfc32): 128 bits of state, a period of at least 2^32.
 * Not for secrets.
 */
export class SeededRandom {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;
  #spareNormal: number | undefined;

  /**
   * Begins the stream of a seed.
   *
   * @param seed a whole number from 0 to 2^53 - 1
   */
  constructor(seed: number) {
    this.#a = 0;
    this.#b = seed >>> 0;
    this.#c = Math.floor(seed / 2 ** 32);
    // The seed's few bits spread over the whole state in some rounds.
    for (let round = 0; round < 16; round++) this.uint32();
  }

  /** A whole number from 0 to 2^32 - 1. */
  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum | 0;
    return sum >>> 0;
  }

  /** A whole number from 0 to `count - 1`; `count` is at most 2^32. */
  below(count: number): number {
    return Math.floor(this.uint32() / 2 ** 32 * count);
  }

  /** A number from 0 to below 1. */
  fraction(): number {
    return this.uint32() / 2 ** 32;
  }

  /** A number of the standard normal distribution (Marsaglia's polar method). */
  normal(): number {
    if (this.#spareNormal !== undefined) {
      const spare = this.#spareNormal;
      this.#spareNormal = undefined;
      return spare;
    }
    for (;;) {
      const x = this.uint32() / 2 ** 31 - 1;
      const y = this.uint32() / 2 ** 31 - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const factor = Math.sqrt(-2 * Math.log(square) / square);
      this.#spareNormal = y * factor;
      return x * factor;
    }
  }
}

/**
 * The seed of one of several streams that come of a seed: FNV-1a over the label, twice 26 bits.
 *
 * @param label parts the streams; the same seed and label give the same stream.
 */
export function seedOf(seed: number, label: string): number {
  let low = 0x811c9dc5 ^ (seed >>> 0);
  let high = 0x01000193 ^ Math.floor(seed / 2 ** 32);
  for (let at = 0; at < label.length; at++) {
    low = Math.imul(low ^ label.charCodeAt(at), 0x01000193);
    high = Math.imul(high ^ low, 0x85ebca6b) ^ (low >>> 13);
  }
  return (low >>> 6) * 2 ** 26 + (high >>> 6);
}
