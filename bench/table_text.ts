/** Readings as the Markdown table that stands in the README. */
import type { Reading, Spread } from "./comparison.ts";

/** The table, a line for each reading. */
export function formatReadings(readings: readonly Reading[]): string {
  const rows = readings.map((reading) => [
    reading.line.what,
    reading.line.format(reading.ours.median),
    reading.peer,
    reading.line.format(reading.theirs.median),
    `${formatRatio(reading.ratio.median)} (${formatRange(reading.ratio)})`,
    formatTarget(reading),
    reading.verdict,
  ]);
  const head = ["what", "ours", "against", "theirs", "ratio (min–max)", "target", ""];
  const rule = ["---", "---:", "---", "---:", "---:", "---:", "---"];
  return [head, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** A ratio with two digits that tell something, with more where it is nearly 1. */
export function formatRatio(ratio: number): string {
  const digits = ratio >= 10 ? 1 : Math.abs(ratio - 1) < 0.01 ? 4 : 2;
  return `${ratio.toFixed(digits)} ×`;
}

function formatRange(spread: Spread): string {
  const digits = spread.max < 10 ? 2 : 1;
  return `${spread.min.toFixed(digits)}–${spread.max.toFixed(digits)}`;
}

function formatTarget({ line }: Reading): string {
  if (line.target === undefined) return "";
  const sign = line.target.kind === "atLeast" ? "≥" : "≤";
  const more = line.holds === undefined ? "" : `, ${line.holds.what}`;
  return `${sign} ${line.target.ratio} ×${more}`;
}

/** Forms of figures. */
export const FORMAT = {
  seconds: (value: number) => `${value.toFixed(2)} s`,
  milliseconds: (value: number) => `${value.toFixed(1)} ms`,
  rowsPerS: (value: number) => `${groupThousands(value)} rows/s`,
  perS: (value: number) => `${value.toFixed(value < 100 ? 1 : 0)}/s`,
  mebibytes: (value: number) => `${(value / 2 ** 20).toFixed(value < 100 * 2 ** 20 ? 1 : 0)} MiB`,
} as const;

/** A whole number with commas between its thousands. */
export function groupThousands(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
