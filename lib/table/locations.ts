/** Where the files of a table lie (table spec, Appendix F, "Path Construction"). */
import type { TableMetadata } from "./metadata.ts";

/** Directory of new data files, without a slash at its end. */
export function dataDirectory(metadata: TableMetadata): string {
  const own = metadata.properties?.["write.data.path"] ??
    metadata.properties?.["write.folder-storage.path"];
  return withoutSlash(own ?? `${withoutSlash(metadata.location)}/data`);
}

/** Directory of new manifests and manifest lists, without a slash at its end. */
export function metadataDirectory(metadata: TableMetadata): string {
  const own = metadata.properties?.["write.metadata.path"];
  return withoutSlash(own ?? `${withoutSlash(metadata.location)}/metadata`);
}

/** Names every file of a chunk by its load and number, so that it can be found again. */
export interface ChunkFileNames {
  dataFile(attemptId: string): string;
  manifest(attemptId: string): string;
}

/** The names of the files that one chunk of a load writes; `attemptId` makes each one new. */
export function chunkFileNames(
  metadata: TableMetadata,
  chunk: { readonly loadId: string; readonly index: number },
): ChunkFileNames {
  const stem = `${chunk.loadId}-${String(chunk.index).padStart(5, "0")}`;
  return {
    dataFile: (attemptId) => `${dataDirectory(metadata)}/${stem}-${attemptId}.parquet`,
    manifest: (attemptId) => `${metadataDirectory(metadata)}/${stem}-${attemptId}-m0.avro`,
  };
}

/** A new manifest list's location; `attempt` counts from 1. */
export function manifestListPath(
  metadata: TableMetadata,
  list: { readonly snapshotId: bigint; readonly attempt: number; readonly attemptId: string },
): string {
  const name = `snap-${list.snapshotId}-${list.attempt}-${list.attemptId}.avro`;
  return `${metadataDirectory(metadata)}/${name}`;
}

function withoutSlash(location: string): string {
  return location.replace(/\/+$/, "");
}
