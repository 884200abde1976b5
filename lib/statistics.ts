/** Figures of a sample that several rooms show. */

/**
 * The smallest value that at least `percent` of 100 values do not exceed (nearest rank).
 *
 * @param sorted ascending, not empty.
 * @param percent from 0 to 100: a share from 0 to 1 would not be exact.
 */
export function percentile(sorted: readonly number[], percent: number): number {
  return sorted[Math.max(Math.ceil(percent * sorted.length / 100), 1) - 1]!;
}
