/** The files of a commit: its manifests, made once, and a manifest list for each attempt. */
import type { Store, WriteOptions } from "../store/store.ts";
import {
  type AppendAttempt,
  buildAppend,
  newSnapshotId,
  type PreparedAppend,
  type PreparedManifest,
} from "../table/append.ts";
import { manifestListPath, manifestPath } from "../table/locations.ts";
import { encodeManifest } from "../table/manifest.ts";
import { encodeManifestList, type ManifestFile } from "../table/manifest_list.ts";
import { currentSchema, type PartitionSpecJson, type TableMetadata } from "../table/metadata.ts";
import type { ReadyChunk } from "./commit_context.ts";
import { foldRanges, ledgerSummary } from "./ledger.ts";
import { removeFiles } from "./litter.ts";
import { inParallel } from "./references.ts";
import type { ManifestCache } from "./manifest_cache.ts";
import type { ManifestMerger } from "./manifest_merger.ts";
import type { Writer } from "./writer.ts";

const AVRO = "application/avro";

/** Nothing refers to a merged manifest before the list is written, which syncs it. */
export const MERGED_WRITE: WriteOptions = { contentType: AVRO, isNew: true, sync: false };

/** What stands in file names and in the ledger. */
interface CommitNames {
  readonly loadId: string;
  readonly chunkRows: number;
}

/** Manifests that are in the store. */
export interface WrittenManifests extends PreparedAppend {
  /** What has still to be synced before a commit refers to it, data files among it. */
  readonly unsynced: readonly string[];
}

/** An attempt whose manifest list is in the store. */
export interface WrittenAttempt extends AppendAttempt {
  /** Its location, with the attempt's number in the name. */
  readonly manifestList: string;
  /** Locations of the merged manifests in it. */
  readonly merged: readonly string[];
  /** Snapshot id of the head that it is built on; undefined when the branch had no snapshot. */
  readonly baseHead: bigint | undefined;
}

/** Compiles what a first commit needs, while there is time: the files that come of it are empty. */
export function warmUp(metadata: TableMetadata, spec: PartitionSpecJson): void {
  const snapshotId = 0n;
  const formatVersion = metadata["format-version"];
  encodeManifest([], { formatVersion, schema: currentSchema(metadata), spec, snapshotId });
  encodeManifestList([], {
    formatVersion,
    snapshotId,
    parentSnapshotId: undefined,
    sequenceNumber: 0n,
  });
}

/**
 * Writes the manifests of chunks that are to be committed together, one for each run of chunks that
 * touch: its name tells their byte range.
 *
 * @param options.sync whether they and the data files are to be on the disk then, or with the
 * manifest list of the first attempt.
 * @throws {StorageError | AuthError} when one cannot be written; none is left behind then.
 */
async function writeManifests(
  chunks: readonly ReadyChunk[],
  options: CommitNames & {
    readonly metadata: TableMetadata;
    readonly spec: PartitionSpecJson;
    readonly store: Store;
    readonly sync: boolean;
  },
): Promise<WrittenManifests> {
  const { metadata, spec, store, loadId, chunkRows, sync } = options;
  const snapshotId = newSnapshotId(metadata);
  const written = foldRanges(chunks.map((chunk) => chunk.range)).map((range) => {
    const members = chunks
      .filter((chunk) => chunk.range.start >= range.start && chunk.range.end <= range.end)
      .sort((one, other) => one.range.start - other.range.start);
    const bytes = encodeManifest(members.map((chunk) => chunk.file), {
      formatVersion: metadata["format-version"],
      schema: currentSchema(metadata),
      spec,
      snapshotId,
    });
    const manifest: PreparedManifest = {
      path: manifestPath(metadata, { loadId, range }),
      lengthBytes: bytes.length,
      partitionSpecId: spec["spec-id"] ?? 0,
      files: members.length,
      rows: sum(members, (chunk) => chunk.rows),
    };
    const files = members.filter((chunk) => chunk.needsSync).map((chunk) => chunk.file.path);
    return { manifest, bytes, files };
  });
  const manifests = written.map(({ manifest }) => manifest);
  try {
    await inParallel(
      written,
      ({ manifest, bytes, files }) =>
        store.write(manifest.path, bytes, {
          contentType: AVRO,
          isNew: true,
          sync,
          syncToo: sync ? files : [],
        }),
    );
  } catch (error) {
    await removeFiles(store, manifests.map((manifest) => manifest.path));
    throw error;
  }
  return {
    snapshotId,
    manifests,
    schemaId: metadata["current-schema-id"],
    addedFiles: chunks.length,
    addedRows: sum(chunks, (chunk) => chunk.rows),
    addedSizeBytes: sum(chunks, (chunk) => chunk.file.sizeBytes),
    summary: ledgerSummary({ loadId, chunkRows, ranges: chunks.map((chunk) => chunk.range) }),
    unsynced: sync
      ? []
      : [...written.flatMap(({ files }) => files), ...manifests.map((manifest) => manifest.path)],
  };
}

/**
 * Writes the manifests of chunks that are to be committed together, as their writer sees the table;
 * one for each run of chunks that touch.
 *
 * @param options.sync whether they and the data files are to be on the disk then, or with the
 * manifest list of the first attempt.
 * @throws {StorageError | AuthError} when one cannot be written; none is left behind then.
 */
export function prepareManifests(
  chunks: readonly ReadyChunk[],
  options: { readonly writer: Writer; readonly sync: boolean },
): Promise<WrittenManifests> {
  const { writer, sync } = options;
  const { loadId, chunkRows, store } = writer.context;
  const { spec } = writer.writtenFor;
  return writeManifests(chunks, { loadId, chunkRows, store, sync, metadata: writer.base(), spec });
}

/**
 * Builds an attempt on a base and writes its manifest list, unless one that was written ahead is the
 * very same.
 *
 * @param options.number from 1.
 * @param options.unsynced what has to be on the disk with the list.
 * @param options.ahead the attempt that was written before its base was known for sure.
 * @throws {StorageError | AuthError} when the head's manifest list cannot be read, or the new one not
 * written.
 */
export async function writeAttempt(
  prepared: PreparedAppend,
  options: {
    readonly metadata: TableMetadata;
    readonly number: number;
    readonly loadId: string;
    readonly store: Store;
    readonly manifests: ManifestCache;
    readonly merger: ManifestMerger;
    readonly unsynced: readonly string[];
    readonly ahead: WrittenAttempt | undefined;
  },
): Promise<WrittenAttempt> {
  const { metadata, number, loadId, store, manifests, merger, unsynced, ahead } = options;
  const { snapshotId } = prepared;
  const head = await manifests.manifestsOf(metadata);
  const added = prepared.manifests.length;
  const merged = await merger.merge(metadata, { manifests: head, added });
  const build = (manifestListPath: string) =>
    buildAppend(
      { metadata, manifests: head, merged },
      { ...prepared, schemaId: metadata["current-schema-id"] },
      { manifestListPath, nowMs: Date.now() },
    );
  if (ahead !== undefined) {
    const built = build(ahead.manifestList);
    if (hasSameList(ahead, built)) return { ...ahead, ...built };
  }
  const manifestList = manifestListPath(metadata, { loadId, snapshotId, attempt: number });
  const built = build(manifestList);
  const bytes = encodeManifestList(built.manifests, {
    formatVersion: metadata["format-version"],
    snapshotId,
    parentSnapshotId: built.parentSnapshotId,
    sequenceNumber: built.sequenceNumber,
    ...(built.firstRowId === undefined ? {} : { firstRowId: built.firstRowId }),
  });
  await store.write(manifestList, bytes, {
    contentType: AVRO,
    isNew: true,
    syncToo: [...unsynced, ...merged.map(({ path }) => path)],
  });
  manifests.keep(manifestList, built.manifests);
  return {
    ...built,
    manifestList,
    merged: merged.map(({ path }) => path),
    baseHead: built.parentSnapshotId,
  };
}

/** Whether two attempts of one commit have the same manifest list. */
function hasSameList(one: AppendAttempt, other: AppendAttempt): boolean {
  return one.parentSnapshotId === other.parentSnapshotId &&
    one.sequenceNumber === other.sequenceNumber &&
    one.firstRowId === other.firstRowId &&
    one.manifests.length === other.manifests.length &&
    one.manifests.every((manifest, index) => isSameEntry(manifest, other.manifests[index]!));
}

/** Entries of the head are the very same objects; those of the commit are made for each attempt. */
function isSameEntry(one: ManifestFile, other: ManifestFile): boolean {
  return one === other ||
    (one.path === other.path && one.addedSnapshotId === other.addedSnapshotId &&
      one.sequenceNumber === other.sequenceNumber && one.firstRowId === other.firstRowId);
}

function sum<T>(items: readonly T[], read: (item: T) => number): number {
  return items.reduce((total, item) => total + read(item), 0);
}
