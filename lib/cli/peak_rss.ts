/**
 * The highest resident memory seen. The system's own figure is behind a permission that the
 * executable does not have, so memory is sampled.
 */

const SAMPLE_INTERVAL_MS = 100;

/** A running measurement. */
export interface PeakRss {
  /** Highest figure so far, in bytes. */
  bytes(): number;
  /** Ends the sampling; the figure so far stays. */
  stop(): void;
}

/** Starts sampling. */
export function measurePeakRss(): PeakRss {
  let peakBytes = 0;
  const sample = () => {
    peakBytes = Math.max(peakBytes, Deno.memoryUsage().rss);
  };
  sample();
  const timer = setInterval(sample, SAMPLE_INTERVAL_MS);
  Deno.unrefTimer(timer);
  return {
    bytes: () => {
      sample();
      return peakBytes;
    },
    stop: () => clearInterval(timer),
  };
}
