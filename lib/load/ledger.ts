/**
 * The ledger: which bytes of the source a snapshot holds, written into its summary. It lives as
 * long as the snapshot, and makes a load that is run again find out what is in the table already.
 *
 * Keys: `ingest.load-id`; `ingest.chunk-rows`, the rows of a chunk; `ingest.ranges`, a list of
 * `START-END:DIGEST` in bytes of the source. DIGEST, 32 hexadecimal digits, is the hash of the column
 * names and all data of the source up to END (`ContentDigest`), so that ranges that touch
 * can be written as one, and that a changed source is noticed whatever the split.
 */
import { toBigInt } from "../table/json.ts";
import type { ByteRange } from "../table/locations.ts";
import { MAIN_BRANCH } from "../table/append.ts";
import { branchHead, type SnapshotJson, type TableMetadata } from "../table/metadata.ts";

/** Summary key of the load id. */
export const LOAD_ID_KEY = "ingest.load-id";
const RANGES_KEY = "ingest.ranges";
const CHUNK_ROWS_KEY = "ingest.chunk-rows";

/** A run of the source's bytes that is in the table. */
export interface LedgerRange extends ByteRange {
  /** Digest of the source up to `end`; undefined when only a file's name told of the range. */
  readonly digest: string | undefined;
}

/** What one snapshot holds of a load. */
export interface LedgerEntry {
  /** Of the snapshot whose summary it is. */
  readonly snapshotId: bigint;
  /** As they are written there, without those that cannot be read. */
  readonly ranges: readonly LedgerRange[];
  /** Rows of a chunk in that run; undefined when the summary has no such number. */
  readonly chunkRows: number | undefined;
}

/** What the history of a branch tells of a load. */
export interface Ledger {
  /** Newest first. */
  readonly entries: readonly LedgerEntry[];
  /** Whether the history goes back unbroken to the table's first snapshot. */
  readonly isWhole: boolean;
  /** Time of the oldest snapshot that was reached, in ms since the epoch. */
  readonly oldestMs: number | undefined;
}

/** The summary keys of a snapshot that adds these ranges. */
export function ledgerSummary(entry: {
  readonly loadId: string;
  readonly chunkRows: number;
  readonly ranges: readonly LedgerRange[];
}): Record<string, string> {
  return {
    [LOAD_ID_KEY]: entry.loadId,
    [CHUNK_ROWS_KEY]: String(entry.chunkRows),
    [RANGES_KEY]: foldRanges(entry.ranges)
      .map(({ start, end, digest }) => `${start}-${end}:${digest ?? ""}`).join(","),
  };
}

/** Ranges in order, those that touch made one. */
export function foldRanges(ranges: readonly LedgerRange[]): LedgerRange[] {
  const folded: LedgerRange[] = [];
  for (const range of [...ranges].sort((one, other) => one.start - other.start)) {
    const last = folded.at(-1);
    if (last !== undefined && last.end === range.start) {
      folded[folded.length - 1] = { start: last.start, end: range.end, digest: range.digest };
    } else {
      folded.push(range);
    }
  }
  return folded;
}

/** What a snapshot holds of a load, or undefined. */
export function readEntry(snapshot: SnapshotJson, loadId: string): LedgerEntry | undefined {
  const summary = snapshot.summary;
  if (summary?.[LOAD_ID_KEY] !== loadId) return undefined;
  const ranges: LedgerRange[] = [];
  for (const text of (summary[RANGES_KEY] ?? "").split(",")) {
    const match = /^(\d+)-(\d+):([0-9a-f]*)$/.exec(text);
    if (match === null) continue;
    ranges.push({
      start: Number(match[1]),
      end: Number(match[2]),
      digest: match[3] === "" ? undefined : match[3],
    });
  }
  const chunkRows = Number(summary[CHUNK_ROWS_KEY]);
  return {
    snapshotId: toBigInt(snapshot["snapshot-id"]),
    ranges,
    chunkRows: Number.isSafeInteger(chunkRows) && chunkRows > 0 ? chunkRows : undefined,
  };
}

/** Walks the main branch from its head and collects what it holds of a load. */
export function readLedger(metadata: TableMetadata, loadId: string): Ledger {
  const entries: LedgerEntry[] = [];
  let oldestMs: number | undefined;
  for (const step of ancestry(metadata)) {
    if (step === "cut") return { entries, isWhole: false, oldestMs };
    oldestMs = step["timestamp-ms"];
    const entry = readEntry(step, loadId);
    if (entry !== undefined) entries.push(entry);
  }
  return { entries, isWhole: true, oldestMs };
}

/**
 * The snapshots of the main branch, newest first. Ends with "cut" where a parent is no longer in
 * the metadata, or is not told of.
 */
export function* ancestry(metadata: TableMetadata): Generator<SnapshotJson | "cut"> {
  const byId = new Map(
    (metadata.snapshots ?? []).map((snapshot) => [toBigInt(snapshot["snapshot-id"]), snapshot]),
  );
  let snapshot = branchHead(metadata, MAIN_BRANCH);
  while (snapshot !== undefined) {
    yield snapshot;
    // A snapshot seen once is not seen again, so that a circle in damaged metadata ends.
    byId.delete(toBigInt(snapshot["snapshot-id"]));
    const parentId = snapshot["parent-snapshot-id"];
    if (parentId === undefined || parentId === null) {
      // The first snapshot of a table has number 1; Nessie shows a later one as if it were the first.
      if (toBigInt(snapshot["sequence-number"] ?? 0) > 1n) yield "cut";
      return;
    }
    const parent = byId.get(toBigInt(parentId));
    if (parent === undefined) {
      yield "cut";
      return;
    }
    snapshot = parent;
  }
}

/** How a range lies to ranges that are in the table: outside of them, within them, or across. */
export function coverage(
  range: ByteRange,
  done: readonly ByteRange[],
): "none" | "whole" | "part" {
  let coveredBytes = 0;
  let reached = range.start;
  for (const other of [...done].sort((one, two) => one.start - two.start)) {
    const start = Math.max(other.start, reached);
    const end = Math.min(other.end, range.end);
    if (end <= start) continue;
    coveredBytes += end - start;
    reached = end;
  }
  if (coveredBytes === 0) return "none";
  return coveredBytes === range.end - range.start ? "whole" : "part";
}
