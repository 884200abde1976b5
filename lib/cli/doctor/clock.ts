/** The catalog's clock beside this machine's. Pure. */
import { formatDuration } from "../values.ts";
import { failed, type Finding, ok, warning } from "./check.ts";

/** An answer's `Date`, and when the request was sent and answered here, in ms since 1970. */
export interface DateSeen {
  /** The header, or null when there is none. */
  readonly date: string | null;
  /** When the request was sent. */
  readonly sentMs: number;
  /** When its answer was here. */
  readonly answeredMs: number;
}

/** `Date` has whole seconds. */
const RESOLUTION_MS = 1000;
/** Iceberg's own libraries refuse a snapshot that is so much older than the last one. */
const FAILED_MS = 60_000;
const WARNING_MS = 5000;

/**
 * How far this machine's clock is ahead of the server's, in ms; negative when it is behind. 0 as long
 * as the figures allow it. The answer was written after the request was sent and before it was here.
 */
export function skewMs(seen: DateSeen): number | undefined {
  const serverMs = seen.date === null ? NaN : Date.parse(seen.date);
  if (Number.isNaN(serverMs)) return undefined;
  const aheadMs = seen.sentMs - (serverMs + RESOLUTION_MS);
  const behindMs = serverMs - seen.answeredMs;
  if (aheadMs > 0) return aheadMs;
  return behindMs > 0 ? -behindMs : 0;
}

/** Judges the difference of the clocks by the answers to several requests; the least one counts. */
export function judgeClock(seen: readonly DateSeen[]): Finding {
  const skews = seen.map(skewMs).filter((skew) => skew !== undefined);
  if (skews.length === 0) return warning("the catalog does not tell its time (no Date header)");
  const skew = skews.reduce((least, one) => Math.abs(one) < Math.abs(least) ? one : least);
  const size = Math.abs(skew);
  if (size <= WARNING_MS) return ok("this machine's clock and the catalog's agree");
  const detail = `this machine's clock is ${formatDuration(size)} ${
    skew > 0 ? "ahead of" : "behind"
  } the catalog's`;
  const hint = "Set the clocks by NTP: stores refuse signatures, and catalogs refuse snapshots, " +
    "whose time is wrong";
  return size > FAILED_MS ? failed(detail, { hint }) : warning(detail, hint);
}
