/**
 * Sums of row hashes in buckets: the source adds its rows, the table takes its own away, and what is
 * not zero in the end holds rows that differ. The memory does not grow with the rows, and the order
 * of rows does not matter.
 */
import type { RowHashes } from "./row_hash.ts";

/** Must be a power of two. */
export const BUCKET_COUNT = 2 ** 16;

/** Count and the sums of both lanes. */
const CELLS = 3;

/** Which side a row stands on. */
export type Side = "source" | "table";

/** The bucket of a hash, by its low lane. */
export function bucketOf(low: number): number {
  return low & (BUCKET_COUNT - 1);
}

/** Sums in memory that worker threads share. */
export class Buckets {
  /** For another thread's `Buckets`. */
  readonly memory: SharedArrayBuffer;
  readonly #cells: Int32Array<SharedArrayBuffer>;

  /**
   * Opens sums that another thread has made, or makes new ones.
   *
   * @param memory of another `Buckets`; by default new, with all sums zero
   */
  constructor(
    memory = new SharedArrayBuffer(BUCKET_COUNT * CELLS * Int32Array.BYTES_PER_ELEMENT),
  ) {
    this.memory = memory;
    this.#cells = new Int32Array(memory);
  }

  /** Adds rows of the source, or takes rows of the table away. */
  add({ high, low }: RowHashes, side: Side): void {
    const cells = this.#cells;
    const sign = side === "source" ? 1 : -1;
    for (let row = 0; row < high.length; row++) {
      const at = bucketOf(low[row]!) * CELLS;
      Atomics.add(cells, at, sign);
      // Sums wrap around, on both sides alike.
      Atomics.add(cells, at + 1, sign * high[row]!);
      Atomics.add(cells, at + 2, sign * low[row]!);
    }
  }

  /** The buckets that do not come out even, ascending. */
  uneven(): number[] {
    const found: number[] = [];
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket++) {
      const at = bucket * CELLS;
      if ((this.#cells[at]! | this.#cells[at + 1]! | this.#cells[at + 2]!) !== 0) {
        found.push(bucket);
      }
    }
    return found;
  }
}
