/** What a load that may have been run before finds of itself in the table. */
import { InputError } from "../errors.ts";
import type { CsvDialect } from "../input/columns.ts";
import { readHead } from "../input/head.ts";
import type { Source } from "../input/source.ts";
import type { Store } from "../store/store.ts";
import type { TableMetadata } from "../table/metadata.ts";
import { ContentDigest } from "./content_digest.ts";
import type { Emit } from "./events.ts";
import { type LedgerRange, readLedger } from "./ledger.ts";
import type { ManifestCache } from "./manifest_cache.ts";
import type { RecordedRanges } from "./recorded_ranges.ts";
import { timeOfUuidV7 } from "../table/uuid_v7.ts";

/**
 * Collects what the table holds of a load into `recorded`.
 *
 * @returns rows of a chunk when the load was begun, where the ledger tells.
 * @throws {StorageError | AuthError} when manifests cannot be read.
 */
export async function findRecorded(
  metadata: TableMetadata,
  options: {
    readonly loadId: string;
    readonly recorded: RecordedRanges;
    readonly manifests: ManifestCache;
    readonly store: Store;
    readonly emit: Emit;
  },
): Promise<number | undefined> {
  const { loadId, recorded, manifests, store, emit } = options;
  const ledger = readLedger(metadata, loadId);
  recorded.add(ledger.entries.flatMap((entry) => entry.ranges));
  if (!ledger.isWhole && !isYounger(loadId, ledger.oldestMs)) {
    const { findEvidence } = await import("./evidence.ts");
    const evidence = await findEvidence(metadata, { base: [], loadId, manifests, store });
    recorded.add(evidence.ranges.map((range) => ({ ...range, digest: undefined })));
    emit({
      type: "notice",
      message: "The older history of the table has expired; what this load put into it before is " +
        "known by the names of its files only",
    });
  }
  return ledger.entries.find((entry) => entry.chunkRows !== undefined)?.chunkRows;
}

/** By so much the clocks of two writers may differ. */
const CLOCK_SKEW_MS = 3_600_000;

/** Whether a load began after the oldest snapshot of the branch: then none of its own has expired. */
function isYounger(loadId: string, oldestMs: number | undefined): boolean {
  const beganMs = timeOfUuidV7(loadId);
  return beganMs !== undefined && oldestMs !== undefined && beganMs > oldestMs + CLOCK_SKEW_MS;
}

/** Offsets at which chunks have to end, so that none lies across what is recorded. */
export function boundariesOf(ranges: readonly LedgerRange[]): number[] {
  return [...new Set(ranges.flatMap(({ start, end }) => [start, end]))]
    .sort((one, other) => one - other);
}

/**
 * Checks the source against what was recorded up to an offset.
 *
 * @param at.digest of the source up to `at.end`.
 * @throws {InputError} when they differ.
 */
export function checkContent(
  ranges: readonly LedgerRange[],
  at: { readonly end: number; readonly digest: string; readonly file: string },
): void {
  const range = ranges.find(({ end }) => end === at.end);
  if (range?.digest === undefined || range.digest === at.digest) return;
  throw contentError(at.file, `its first ${at.end} bytes are not those of the earlier run`);
}

/**
 * Checks the source as far as it was recorded, when chunks are missing before others that are there:
 * a changed source is found before anything of it is committed. A pipe, which can be read only once,
 * is checked as it is loaded.
 *
 * @throws {InputError} when it has changed.
 */
export async function checkAhead(
  ranges: readonly LedgerRange[],
  of: {
    readonly source: Source;
    readonly dialect: CsvDialect;
    readonly columnNames: readonly string[];
    /** Checks also what will be checked as it is loaded. @default {false} */
    readonly whole?: boolean;
  },
): Promise<void> {
  const { source, dialect, columnNames, whole = false } = of;
  const file = source.name;
  const ends = ranges.filter(({ digest }) => digest !== undefined).map(({ end }) => end)
    .sort((one, other) => one - other);
  if (ends.length === 0 || source.once === true) return;
  const head = await readHead(source.open(), { dialect, file });
  try {
    let at = head.byteStart;
    if (!whole && ranges.length === 1 && ranges[0]!.start <= at) return;
    const content = await ContentDigest.open(columnNames);
    for await (let block of head.blocks) {
      for (; ends.length > 0 && ends[0]! <= at + block.length; ends.shift()) {
        const part = block.subarray(0, Math.max(0, ends[0]! - at));
        checkContent(ranges, { end: ends[0]!, digest: content.add(part), file });
        block = block.subarray(part.length);
        at += part.length;
      }
      if (ends.length === 0) return;
      content.add(block);
      at += block.length;
    }
    checkLength(ranges, { end: at, file });
  } finally {
    await head.blocks.return?.();
  }
}

/**
 * Checks at the end of the source that nothing recorded lies behind it.
 *
 * @throws {InputError} when something does.
 */
export function checkLength(
  ranges: readonly LedgerRange[],
  source: { readonly end: number; readonly file: string },
): void {
  const end = ranges.reduce((most, range) => Math.max(most, range.end), 0);
  if (end <= source.end) return;
  throw contentError(source.file, `it ends at byte ${source.end}, the earlier run went to ${end}`);
}

function contentError(file: string, reason: string): InputError {
  return new InputError(`Cannot go on loading "${file}" under this load id: ${reason}`, {
    hint: "A load id belongs to one content; load a changed file under another --load-id",
    place: { file },
  });
}
