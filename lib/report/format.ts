/** Numbers and times as people read them in a report. */

const COUNT = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const RATE = new Intl.NumberFormat("en-US", {
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});

/** What stands where there is no figure. */
export const NO_FIGURE = "–";

/** `1,234`. */
export function formatCount(count: number | null | undefined): string {
  return count === null || count === undefined ? NO_FIGURE : COUNT.format(count);
}

/** `1 commit`, `1,234 commits`. */
export function countOf(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** `41.5`: something a second. */
export function formatRate(rate: number | null | undefined): string {
  if (rate === null || rate === undefined || !Number.isFinite(rate)) return NO_FIGURE;
  return rate >= 1000 ? COUNT.format(rate) : RATE.format(rate);
}

/** `53.1 %` of a share. */
export function formatShare(share: number | null | undefined): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return NO_FIGURE;
  return `${RATE.format(share * 100)} %`;
}

/** `0.42`, `3.4`, `128`: milliseconds, with the digits that say something. */
export function formatMs(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return NO_FIGURE;
  if (ms >= 99.95) return COUNT.format(ms);
  return ms >= 0.995 ? ms.toFixed(1) : ms.toFixed(2);
}

/** A duration of the size that fits: `340 ms`, `2.9 s`, `3 min 20 s`. */
export function formatDuration(ms: number): string {
  if (ms < 999.5) return `${formatMs(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** `12.3 MiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return countOf(bytes, "byte");
  const [divisor, unit] = bytes < 2 ** 20
    ? [1024, "KiB"] as const
    : bytes < 2 ** 30
    ? [2 ** 20, "MiB"] as const
    : [2 ** 30, "GiB"] as const;
  const units = bytes / divisor;
  return `${units >= 100 ? COUNT.format(units) : RATE.format(units)} ${unit}`;
}

/** `2026-11-23 08:44:07 UTC` of an RFC 3339 time; as it is when it is none. */
export function formatTime(time: string): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime())
    ? time
    : `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** A status as a word: `409`, or `no answer`. */
export function statusName(status: string | number | null): string {
  return status === null || status === "none" ? "no answer" : String(status);
}
