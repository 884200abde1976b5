/** What a change of a view must leave behind: its dialects, its log, and not too many versions. */
import { MetadataError } from "./metadata_error.ts";
import { field } from "./shape.ts";
import { dialectsOf, requireVersion, type ViewMetadata } from "./view_metadata.ts";

const HISTORY_PROPERTY = "version.history.num-entries";
const HISTORY_COUNT_DEFAULT = 10;
const DROP_DIALECT_PROPERTY = "replace.drop-dialect.allowed";

/** What {@link finishView} needs beside the changed metadata. */
export interface FinishOptions {
  /** The view before the change; undefined when the change makes it. */
  readonly base: ViewMetadata | undefined;
  /** Versions that the change itself has added: none of them expires with it. */
  readonly addedVersionIds: ReadonlySet<number>;
  /** The time of the change. */
  readonly nowMs: number;
}

/**
 * Ends a change: the current version is checked against the one before, the log gets an entry when
 * it is another, and old versions go.
 *
 * @returns new metadata.
 * @throws {MetadataError} `invalid`
 */
export function finishView(changed: ViewMetadata, options: FinishOptions): ViewMetadata {
  const { base } = options;
  const current = requireVersion(changed, changed["current-version-id"]);
  const isAllowed = field(changed.properties, DROP_DIALECT_PROPERTY)?.toLowerCase() === "true";
  if (base !== undefined && !isAllowed) {
    const before = dialectsOf(requireVersion(base, base["current-version-id"]));
    const after = new Set(dialectsOf(current));
    const lost = before.filter((dialect) => !after.has(dialect));
    if (lost.length > 0) {
      throw new MetadataError(
        `Cannot replace view due to loss of view dialects (${DROP_DIALECT_PROPERTY}=false): ${
          lost.join(", ")
        }`,
      );
    }
  }
  const metadata = { ...changed };
  const id = current["version-id"];
  if (base?.["current-version-id"] !== id) {
    // A version that was there before became current only now; a new one when it was made.
    const timestampMs = options.addedVersionIds.has(id) ? current["timestamp-ms"] : options.nowMs;
    const entry = { "timestamp-ms": timestampMs, "version-id": id };
    metadata["version-log"] = [...changed["version-log"], entry];
  }
  expireVersions(metadata, options.addedVersionIds);
  return metadata;
}

/** Keeps the versions of the highest ids, the current one, and those that were just added. */
function expireVersions(metadata: ViewMetadata, addedIds: ReadonlySet<number>): void {
  const needed = new Set([...addedIds, metadata["current-version-id"]]);
  const countMax = Math.max(readHistoryCount(metadata.properties), needed.size);
  if (metadata.versions.length <= countMax) return;
  const others = metadata.versions.map((version) => version["version-id"])
    .filter((id) => !needed.has(id)).toSorted((left, right) => right - left);
  const kept = new Set([...needed, ...others.slice(0, countMax - needed.size)]);
  metadata.versions = metadata.versions.filter((version) => kept.has(version["version-id"]));
  // The log is of use only as far back as it has no gap.
  const log = metadata["version-log"];
  const gap = log.findLastIndex((entry) => !kept.has(entry["version-id"]));
  metadata["version-log"] = log.slice(gap + 1);
}

function readHistoryCount(properties: Record<string, string>): number {
  const text = field(properties, HISTORY_PROPERTY);
  if (text === undefined) return HISTORY_COUNT_DEFAULT;
  if (!/^\+?0*[1-9]\d{0,8}$/.test(text)) {
    throw new MetadataError(`${HISTORY_PROPERTY} must be positive but was ${text.slice(0, 100)}`);
  }
  return Number(text);
}
