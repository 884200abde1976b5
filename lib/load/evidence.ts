/**
 * What the files of a table tell of a load where the history of snapshots does not: expired
 * snapshots are gone, and some catalogs give the current one only (Nessie), but the head's manifest
 * list names every file that is in the table, and the names of a load's files tell their range.
 */
import { StorageError } from "../errors.ts";
import type { Store } from "../store/store.ts";
import { type ByteRange, rangeOfFile } from "../table/locations.ts";
import type { ManifestFile } from "../table/manifest_list.ts";
import { decodeManifest, type ManifestEntry } from "../table/manifest_reader.ts";
import type { TableMetadata } from "../table/metadata.ts";
import type { ManifestCache } from "./manifest_cache.ts";

/** What was found. */
export interface Evidence {
  /** Ranges of the load in the table. */
  readonly ranges: readonly ByteRange[];
  /**
   * Every manifest of the head, and the load's data files in those that were opened, with the
   * sequence numbers of the manifests.
   */
  readonly files: ReadonlyMap<string, bigint>;
  /**
   * Whether what was not found is not there: every manifest of the old base is still there as it
   * was, so no one has rewritten files since.
   */
  readonly isProof: boolean;
}

/**
 * Looks through the head's manifests, by their names and, for those of other names that the old base
 * did not have, by the names of their data files.
 *
 * @param of.base manifests of the old base's head.
 * @throws {StorageError | AuthError} when a manifest cannot be read.
 */
export async function findEvidence(
  metadata: TableMetadata,
  of: {
    readonly base: readonly ManifestFile[];
    readonly loadId: string;
    readonly manifests: ManifestCache;
    readonly store: Store;
  },
): Promise<Evidence> {
  const head = await of.manifests.manifestsOf(metadata);
  const before = new Set(of.base.map((manifest) => manifest.path));
  const now = new Set(head.map((manifest) => manifest.path));
  const ranges: ByteRange[] = [];
  const files = new Map<string, bigint>();
  for (const { path, sequenceNumber } of head) {
    files.set(path, sequenceNumber);
    const range = rangeOfFile(path, of.loadId);
    if (range !== undefined) {
      ranges.push(range);
    } else if (!before.has(path)) {
      for (const file of await filesWithin(path, of)) {
        files.set(file.path, sequenceNumber);
        ranges.push(file.range);
      }
    }
  }
  return { ranges, files, isProof: [...before].every((path) => now.has(path)) };
}

/** Manifests that others have merged keep the names of the data files. */
async function filesWithin(
  path: string,
  of: { readonly loadId: string; readonly store: Store },
): Promise<{ readonly path: string; readonly range: ByteRange }[]> {
  const files: { readonly path: string; readonly range: ByteRange }[] = [];
  for (const { status, filePath } of await readManifest(path, of.store)) {
    const range = status === "deleted" ? undefined : rangeOfFile(filePath, of.loadId);
    if (range !== undefined) files.push({ path: filePath, range });
  }
  return files;
}

async function readManifest(path: string, store: Store): Promise<readonly ManifestEntry[]> {
  const bytes = await store.read(path);
  try {
    return await decodeManifest(bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StorageError(`Cannot read manifest "${path}": ${reason}`, { cause });
  }
}
