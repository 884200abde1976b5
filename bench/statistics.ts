/** Figures of a sample. */

/**
 * The value below which a share of the sample lies (nearest rank).
 *
 * @param share from 0 to 1.
 * @throws {RangeError} for an empty sample.
 */
export function percentile(sample: readonly number[], share: number): number {
  if (sample.length === 0) throw new RangeError("Cannot take a percentile of nothing");
  const sorted = sample.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))]!;
}

/** The middle of a sample; of an even number the mean of the two in the middle. */
export function median(sample: readonly number[]): number {
  const sorted = sample.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return Number.isInteger(half) ? (sorted[half - 1]! + sorted[half]!) / 2 : sorted[half - 0.5]!;
}
