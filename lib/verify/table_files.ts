/** The data files that hold a table's rows now. */
import { EXIT_CODE, SchemaError, StorageError, ToolError } from "../errors.ts";
import type { Store } from "../store/store.ts";
import { MAIN_BRANCH } from "../table/append.ts";
import { isFileOfLoad } from "../table/locations.ts";
import { decodeManifestList, type ManifestFile } from "../table/manifest_list.ts";
import { decodeManifest, type ManifestEntry } from "../table/manifest_reader.ts";
import { branchHead, type TableMetadata } from "../table/metadata.ts";

/** A data file of the table. */
export interface TableFile {
  /** Location, as the manifest has it. */
  readonly path: string;
  /** Rows in it, by its manifest. */
  readonly recordCount: number;
}

const DATA_MANIFEST = 0;

/** Manifests read at a time. */
const READS_AT_ONCE = 8;

/**
 * Lists the data files of the head of the main branch.
 *
 * @param options.loadId only the files that this load has written
 * @throws {SchemaError} when rows are deleted by delete files, or a file is not Parquet.
 * @throws {StorageError | AuthError} when manifests cannot be read.
 */
export async function listTableFiles(
  metadata: TableMetadata,
  options: {
    readonly store: Store;
    readonly table: string;
    readonly loadId: string | undefined;
  },
): Promise<TableFile[]> {
  const head = branchHead(metadata, MAIN_BRANCH);
  if (head === undefined) return [];
  const { store, table, loadId } = options;
  const manifests = await readManifestList(store, head["manifest-list"]);
  const files: TableFile[] = [];
  for (let at = 0; at < manifests.length; at += READS_AT_ONCE) {
    const some = manifests.slice(at, at + READS_AT_ONCE).filter((manifest) =>
      manifest.addedFilesCount + manifest.existingFilesCount > 0
    );
    for (const entries of await Promise.all(some.map((one) => readManifest(store, one)))) {
      for (const entry of entries) {
        if (entry.status === "deleted") continue;
        checkReadable(entry, table);
        if (loadId !== undefined && !isFileOfLoad(entry.filePath, loadId)) continue;
        files.push({ path: entry.filePath, recordCount: Number(entry.recordCount) });
      }
    }
  }
  return files;
}

async function readManifestList(store: Store, path: string): Promise<ManifestFile[]> {
  const bytes = await store.read(path);
  return await orUnreadable(`manifest list "${path}"`, () => decodeManifestList(bytes));
}

async function readManifest(store: Store, manifest: ManifestFile): Promise<ManifestEntry[]> {
  const bytes = await store.read(manifest.path);
  const entries = await orUnreadable(`manifest "${manifest.path}"`, () => decodeManifest(bytes));
  if (manifest.content === DATA_MANIFEST) return entries;
  // A list that calls its manifest one of deletes is believed, whatever its entries say.
  return entries.map((entry) =>
    entry.content === "data" ? { ...entry, content: "positionDeletes" } : entry
  );
}

function checkReadable(entry: ManifestEntry, table: string): void {
  if (entry.content !== "data") {
    throw cannotVerify(
      table,
      `has delete files, which verify does not read (${entry.filePath})`,
      "Compact the table first, so that its deleted rows are gone from the data files",
    );
  }
  if (entry.fileFormat !== "PARQUET") {
    throw cannotVerify(
      table,
      `has data files of format ${entry.fileFormat}; only Parquet is read (${entry.filePath})`,
    );
  }
}

function cannotVerify(table: string, reason: string, hint?: string): SchemaError {
  return new SchemaError(
    `Cannot verify "${table}": the table ${reason}`,
    hint === undefined ? {} : { hint },
  );
}

async function orUnreadable<T>(what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    if (cause instanceof ToolError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StorageError(`Cannot read ${what}: ${reason}`, {
      cause,
      exitCode: EXIT_CODE.failed,
    });
  }
}
