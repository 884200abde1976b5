/** The files of a commit: its manifests, made once, and a manifest list for each attempt. */
import type { Store } from "../store/store.ts";
import {
  type AppendAttempt,
  buildAppend,
  newSnapshotId,
  type PreparedAppend,
  type PreparedManifest,
} from "../table/append.ts";
import { manifestListPath, manifestPath } from "../table/locations.ts";
import { encodeManifest } from "../table/manifest.ts";
import { encodeManifestList } from "../table/manifest_list.ts";
import { currentSchema, type PartitionSpecJson, type TableMetadata } from "../table/metadata.ts";
import type { ReadyChunk } from "./commit_context.ts";
import { foldRanges, ledgerSummary } from "./ledger.ts";
import { removeFiles } from "./litter.ts";
import type { ManifestCache } from "./manifest_cache.ts";

const AVRO = "application/avro";

/** What stands in file names and in the ledger. */
export interface CommitNames {
  readonly loadId: string;
  readonly chunkRows: number;
}

/** An attempt whose manifest list is in the store. */
export interface WrittenAttempt extends AppendAttempt {
  readonly manifestList: string;
  /** Head of the base that it is built on. */
  readonly baseHead: bigint | undefined;
}

/**
 * Writes the manifests of chunks that are to be committed together, one for each run of chunks that
 * touch: its name tells their byte range.
 *
 * @throws {StorageError | AuthError} when one cannot be written; none is left behind then.
 */
export async function writeManifests(
  chunks: readonly ReadyChunk[],
  options: CommitNames & {
    readonly metadata: TableMetadata;
    readonly spec: PartitionSpecJson;
    readonly store: Store;
  },
): Promise<PreparedAppend> {
  const { metadata, spec, store, loadId, chunkRows } = options;
  const snapshotId = newSnapshotId(metadata);
  const manifests: PreparedManifest[] = [];
  for (const range of foldRanges(chunks.map((chunk) => chunk.range))) {
    const members = chunks
      .filter((chunk) => chunk.range.start >= range.start && chunk.range.end <= range.end)
      .sort((one, other) => one.range.start - other.range.start);
    const bytes = await encodeManifest(members.map((chunk) => chunk.file), {
      formatVersion: metadata["format-version"],
      schema: currentSchema(metadata),
      spec,
      snapshotId,
    });
    const path = manifestPath(metadata, { loadId, range });
    try {
      await store.write(path, bytes, { contentType: AVRO });
    } catch (error) {
      await removeFiles(store, [path, ...manifests.map((manifest) => manifest.path)]);
      throw error;
    }
    manifests.push({
      path,
      lengthBytes: bytes.length,
      partitionSpecId: spec["spec-id"] ?? 0,
      files: members.length,
      rows: sum(members, (chunk) => chunk.rows),
    });
  }
  return {
    snapshotId,
    manifests,
    schemaId: metadata["current-schema-id"],
    addedFiles: chunks.length,
    addedRows: sum(chunks, (chunk) => chunk.rows),
    addedSizeBytes: sum(chunks, (chunk) => chunk.file.sizeBytes),
    summary: ledgerSummary({ loadId, chunkRows, ranges: chunks.map((chunk) => chunk.range) }),
  };
}

/**
 * Builds an attempt on a base and writes its manifest list.
 *
 * @param options.number from 1.
 * @throws {StorageError | AuthError}
 */
export async function writeAttempt(
  prepared: PreparedAppend,
  options: {
    readonly metadata: TableMetadata;
    readonly number: number;
    readonly loadId: string;
    readonly store: Store;
    readonly manifests: ManifestCache;
  },
): Promise<WrittenAttempt> {
  const { metadata, number, loadId, store, manifests } = options;
  const { snapshotId } = prepared;
  const manifestList = manifestListPath(metadata, { loadId, snapshotId, attempt: number });
  const built = buildAppend(
    { metadata, manifests: await manifests.manifestsOf(metadata) },
    { ...prepared, schemaId: metadata["current-schema-id"] },
    { manifestListPath: manifestList, nowMs: Date.now() },
  );
  const bytes = await encodeManifestList(built.manifests, {
    formatVersion: metadata["format-version"],
    snapshotId,
    parentSnapshotId: built.parentSnapshotId,
    sequenceNumber: built.sequenceNumber,
    ...(built.firstRowId === undefined ? {} : { firstRowId: built.firstRowId }),
  });
  await store.write(manifestList, bytes, { contentType: AVRO });
  manifests.keep(manifestList, built.manifests);
  return { ...built, manifestList, baseHead: built.parentSnapshotId };
}

function sum<T>(items: readonly T[], read: (item: T) => number): number {
  return items.reduce((total, item) => total + read(item), 0);
}
