/**
 * Where the files of a table lie (table spec, Appendix F, "Path Construction"), and how those that
 * a load writes are named: by load id and byte range, so that they can be found again where the
 * history of snapshots has been cut.
 */
import type { TableMetadata } from "./metadata.ts";

/** Bytes of the source, from `start` up to but without `end`. */
export interface ByteRange {
  /** Offset of the first byte, from 0. */
  readonly start: number;
  /** Offset behind the last byte. */
  readonly end: number;
}

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

/** What a load id may be, since it stands in file names. */
export const LOAD_ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** What a file of a load is for. */
export interface LoadFileName {
  /** Matches {@linkcode LOAD_ID_PATTERN}. */
  readonly loadId: string;
  /** The part of the source that the file holds or, for a manifest, its files do. */
  readonly range: ByteRange;
}

/** A new data file's location; each call gives another one. */
export function dataFilePath(metadata: TableMetadata, name: LoadFileName): string {
  return `${dataDirectory(metadata)}/${stem(name)}.parquet`;
}

/** A new manifest's location; each call gives another one. */
export function manifestPath(metadata: TableMetadata, name: LoadFileName): string {
  return `${metadataDirectory(metadata)}/${stem(name)}-m0.avro`;
}

/** A new location for a manifest that takes the place of others; each call gives another one. */
export function mergedManifestPath(
  metadata: TableMetadata,
  of: { readonly loadId: string; readonly snapshotId: bigint },
): string {
  // No range stands in the name: its files are those of many loads.
  const name = `merged-${of.snapshotId}-${of.loadId}-${crypto.randomUUID()}.avro`;
  return `${metadataDirectory(metadata)}/${name}`;
}

/** A new manifest list's location; `attempt` counts from 1. */
export function manifestListPath(
  metadata: TableMetadata,
  list: { readonly loadId: string; readonly snapshotId: bigint; readonly attempt: number },
): string {
  const name = `snap-${list.snapshotId}-${list.attempt}-${list.loadId}-${crypto.randomUUID()}.avro`;
  return `${metadataDirectory(metadata)}/${name}`;
}

const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const DATA_OR_MANIFEST = new RegExp(`^(.+)-(\\d+)-(\\d+)-${UUID}(?:\\.parquet|-m0\\.avro)$`);
const LIST_OR_MERGED = new RegExp(`^(?:snap-\\d+-\\d+|merged-\\d+)-(.+)-${UUID}\\.avro$`);

/**
 * The byte range that a data file or manifest of a load holds, by its name.
 *
 * @returns undefined for a file of another load or writer.
 */
export function rangeOfFile(location: string, loadId: string): ByteRange | undefined {
  const match = DATA_OR_MANIFEST.exec(fileName(location));
  if (match === null || match[1] !== loadId) return undefined;
  return { start: Number(match[2]), end: Number(match[3]) };
}

/** Whether a file was written by a load: data file, manifest, merged or not, or manifest list. */
export function isFileOfLoad(location: string, loadId: string): boolean {
  return rangeOfFile(location, loadId) !== undefined ||
    LIST_OR_MERGED.exec(fileName(location))?.[1] === loadId;
}

function stem(name: LoadFileName): string {
  return `${name.loadId}-${name.range.start}-${name.range.end}-${crypto.randomUUID()}`;
}

function fileName(location: string): string {
  return location.slice(location.lastIndexOf("/") + 1);
}

function withoutSlash(location: string): string {
  return location.replace(/\/+$/, "");
}
