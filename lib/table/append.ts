/**
 * The append: from table metadata and a manifest of new data files to the snapshot, the manifest
 * list, the requirements and the updates of a commit. Pure, so that a lost race only means to call
 * it again with the new head (protocol: REST spec, `CommitTableRequest`; table spec, "Snapshots",
 * "Sequence Number Inheritance", "Row Lineage").
 */
import { toBigInt } from "./json.ts";
import type { ManifestFile } from "./manifest_list.ts";
import {
  branchHead,
  type CommitRequest,
  type SnapshotJson,
  type TableMetadata,
} from "./metadata.ts";

/** The branch that loads append to. */
export const MAIN_BRANCH = "main";

/** A manifest of new data files; the same file over all attempts. */
export interface PreparedManifest {
  /** Full location, where it has been written. */
  readonly path: string;
  /** Size of the Avro file, as the manifest list has to tell it. */
  readonly lengthBytes: number;
  /** The spec of all of its files. */
  readonly partitionSpecId: number;
  /** Data files in it, all ADDED. */
  readonly files: number;
  /** Rows in these files together. */
  readonly rows: number;
}

/** What one commit adds; the same over all of its attempts. */
export interface PreparedAppend {
  /** Kept over attempts, so that one's own landed commit can be recognised. */
  readonly snapshotId: bigint;
  /** The manifests that hold the new files. */
  readonly manifests: readonly PreparedManifest[];
  /** The schema that the files were written with. */
  readonly schemaId: number;
  /** Data files over all manifests: `added-data-files` of the summary. */
  readonly addedFiles: number;
  /** Their rows: `added-records` of the summary. */
  readonly addedRows: number;
  /** Bytes of these files: `added-files-size` of the summary. */
  readonly addedSizeBytes: number;
  /** Keys of the snapshot summary beside the spec's own. */
  readonly summary: Readonly<Record<string, string>>;
}

/** A manifest, already written, that takes the place of some of the head's. */
export interface MergedManifest {
  /** Full location, where it has been written. */
  readonly path: string;
  /** Size of the Avro file. */
  readonly lengthBytes: number;
  /** Data files in it, all EXISTING. */
  readonly files: number;
  /** Two or more manifests of one spec, of data files. */
  readonly replaced: readonly ManifestFile[];
}

/** The table as one attempt sees it. */
export interface AppendBase {
  /** As the catalog told it last; its branch head and sequence number are what is appended to. */
  readonly metadata: TableMetadata;
  /** Entries of the head's manifest list; none when the branch has no snapshot. */
  readonly manifests: readonly ManifestFile[];
  /** Put in the place of manifests that are all among those. @default none */
  readonly merged?: readonly MergedManifest[];
}

/** One attempt, ready to be written and posted. */
export interface AppendAttempt {
  /** As it stands in the request, too. */
  readonly snapshot: SnapshotJson;
  /** Content of the manifest list at `snapshot["manifest-list"]`. */
  readonly manifests: readonly ManifestFile[];
  /** Head of the branch in the base; undefined when there was none. */
  readonly parentSnapshotId: bigint | undefined;
  /** One above the last of the base (table spec, "Sequence Numbers"). */
  readonly sequenceNumber: bigint;
  /** Id of the first row that the snapshot adds; undefined below format version 3. */
  readonly firstRowId: bigint | undefined;
  /** What is posted; it holds only when the base is still the head. */
  readonly request: CommitRequest;
}

/** A new snapshot id: a positive int64, random, in no use in the table. */
export function newSnapshotId(metadata: TableMetadata): bigint {
  const words = new BigUint64Array(2);
  while (true) {
    crypto.getRandomValues(words);
    const id = BigInt.asUintN(63, words[0]! ^ words[1]!);
    const used = metadata.snapshots?.some((known) => toBigInt(known["snapshot-id"]) === id);
    if (id > 0n && !used) return id;
  }
}

/**
 * Builds one attempt of an append on the given base.
 *
 * @param options.manifestListPath where the manifest list will be written; new on each attempt.
 * @param options.nowMs the clock, ms since the epoch.
 */
export function buildAppend(
  base: AppendBase,
  prepared: PreparedAppend,
  options: { readonly manifestListPath: string; readonly nowMs: number },
): AppendAttempt {
  const { metadata, merged = [] } = base;
  const parent = branchHead(metadata, MAIN_BRANCH);
  const parentSnapshotId = parent === undefined ? undefined : toBigInt(parent["snapshot-id"]);
  const sequenceNumber = toBigInt(metadata["last-sequence-number"] ?? 0) + 1n;
  const added = prepared.manifests.map((manifest): ManifestFile => ({
    path: manifest.path,
    lengthBytes: BigInt(manifest.lengthBytes),
    partitionSpecId: manifest.partitionSpecId,
    content: 0,
    sequenceNumber,
    minSequenceNumber: sequenceNumber,
    addedSnapshotId: prepared.snapshotId,
    addedFilesCount: manifest.files,
    existingFilesCount: 0,
    deletedFilesCount: 0,
    addedRowsCount: BigInt(manifest.rows),
    existingRowsCount: 0n,
    deletedRowsCount: 0n,
    partitions: [],
    keyMetadata: undefined,
    firstRowId: undefined,
  }));
  const replaced = new Set(merged.flatMap((one) => one.replaced));
  const kept = base.manifests.filter((manifest) => !replaced.has(manifest));
  const created = [
    ...added,
    ...merged.map((one) => entryOfMerged(one, { sequenceNumber, snapshotId: prepared.snapshotId })),
  ];
  const lineage = assignRowIds(metadata, [...created, ...kept]);
  const snapshot: SnapshotJson = {
    "snapshot-id": prepared.snapshotId,
    ...(parentSnapshotId === undefined ? {} : { "parent-snapshot-id": parentSnapshotId }),
    "sequence-number": sequenceNumber,
    // Servers refuse a time before the table's last change, and clocks differ between writers.
    "timestamp-ms": Math.max(options.nowMs, metadata["last-updated-ms"]),
    "manifest-list": options.manifestListPath,
    summary: {
      ...prepared.summary,
      operation: "append",
      ...countSummary(prepared),
      ...totalSummary(prepared, parent),
      "manifests-created": String(created.length),
      "manifests-kept": String(kept.length),
      "manifests-replaced": String(replaced.size),
    },
    "schema-id": prepared.schemaId,
    ...(lineage.firstRowId === undefined
      ? {}
      : { "first-row-id": lineage.firstRowId, "added-rows": lineage.assignedRows }),
  };
  return {
    snapshot,
    manifests: lineage.manifests,
    parentSnapshotId,
    sequenceNumber,
    firstRowId: lineage.firstRowId,
    request: {
      requirements: [
        { type: "assert-table-uuid", uuid: metadata["table-uuid"] },
        // Null, not absence, says that the branch must not exist yet.
        {
          type: "assert-ref-snapshot-id",
          ref: MAIN_BRANCH,
          "snapshot-id": parentSnapshotId ?? null,
        },
        // A schema change does not move the branch, so the line above does not fence it.
        { type: "assert-current-schema-id", "current-schema-id": metadata["current-schema-id"] },
      ],
      updates: [
        { action: "add-snapshot", snapshot },
        {
          action: "set-snapshot-ref",
          "ref-name": MAIN_BRANCH,
          type: "branch",
          "snapshot-id": prepared.snapshotId,
        },
      ],
    },
  };
}

/** A table's metadata after an append to it, as far as a further append depends on them. */
export function metadataAfter(metadata: TableMetadata, appended: AppendAttempt): TableMetadata {
  const { snapshot, sequenceNumber, firstRowId } = appended;
  const { "snapshot-id": id, "timestamp-ms": timestampMs, "added-rows": addedRows } = snapshot;
  return {
    ...metadata,
    "last-sequence-number": sequenceNumber,
    "last-updated-ms": timestampMs,
    "current-snapshot-id": id,
    ...(firstRowId === undefined ? {} : { "next-row-id": firstRowId + toBigInt(addedRows ?? 0) }),
    snapshots: [...metadata.snapshots ?? [], snapshot],
    refs: { ...metadata.refs, [MAIN_BRANCH]: { "snapshot-id": id, type: "branch" } },
  };
}

function entryOfMerged(
  merged: MergedManifest,
  of: { readonly sequenceNumber: bigint; readonly snapshotId: bigint },
): ManifestFile {
  const { path, lengthBytes, files, replaced } = merged;
  const rows = replaced.reduce(
    (sum, manifest) => sum + manifest.addedRowsCount + manifest.existingRowsCount,
    0n,
  );
  return {
    path,
    lengthBytes: BigInt(lengthBytes),
    partitionSpecId: replaced[0]!.partitionSpecId,
    content: 0,
    sequenceNumber: of.sequenceNumber,
    minSequenceNumber: replaced.reduce(
      (least, { minSequenceNumber }) => minSequenceNumber < least ? minSequenceNumber : least,
      replaced[0]!.minSequenceNumber,
    ),
    addedSnapshotId: of.snapshotId,
    addedFilesCount: 0,
    existingFilesCount: files,
    deletedFilesCount: 0,
    addedRowsCount: 0n,
    existingRowsCount: rows,
    deletedRowsCount: 0n,
    partitions: [],
    keyMetadata: undefined,
    // Its entries have row ids of their own, but every manifest is given a range (as Java does).
    firstRowId: undefined,
  };
}

function countSummary(prepared: PreparedAppend): Record<string, string> {
  return {
    "added-data-files": String(prepared.addedFiles),
    "added-records": String(prepared.addedRows),
    "added-files-size": String(prepared.addedSizeBytes),
    "changed-partition-count": "1",
  };
}

/** Totals go on from the parent's; one that the parent lacks cannot be known and is left out. */
function totalSummary(
  prepared: PreparedAppend,
  parent: SnapshotJson | undefined,
): Record<string, string> {
  const added: Record<string, number> = {
    "total-data-files": prepared.addedFiles,
    "total-records": prepared.addedRows,
    "total-files-size": prepared.addedSizeBytes,
    "total-delete-files": 0,
    "total-position-deletes": 0,
    "total-equality-deletes": 0,
  };
  const totals: Record<string, string> = {};
  for (const [key, count] of Object.entries(added)) {
    const before = parent === undefined ? "0" : parent.summary?.[key];
    if (before !== undefined && /^\d+$/.test(before)) {
      totals[key] = String(BigInt(before) + BigInt(count));
    }
  }
  return totals;
}

interface RowLineage {
  readonly manifests: readonly ManifestFile[];
  readonly firstRowId: bigint | undefined;
  readonly assignedRows: bigint;
}

/**
 * Format version 3: every data manifest without a first row id gets the next free one, also those
 * kept from before an upgrade to version 3 (table spec, "Row Lineage", "First Row ID Assignment").
 */
function assignRowIds(metadata: TableMetadata, manifests: readonly ManifestFile[]): RowLineage {
  if (metadata["format-version"] < 3) {
    return { manifests, firstRowId: undefined, assignedRows: 0n };
  }
  const firstRowId = toBigInt(metadata["next-row-id"] ?? 0);
  let nextRowId = firstRowId;
  const assigned = manifests.map((manifest) => {
    if (manifest.content !== 0 || manifest.firstRowId !== undefined) return manifest;
    const own = nextRowId;
    nextRowId += manifest.existingRowsCount + manifest.addedRowsCount;
    return { ...manifest, firstRowId: own };
  });
  return { manifests: assigned, firstRowId, assignedRows: nextRowId - firstRowId };
}
