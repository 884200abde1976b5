/** The embedded catalog of one warehouse: its database, its files, and how tables are read. */
import { resolve } from "node:path";
import { AuthError, StorageError } from "../errors.ts";
import { openFileStore } from "../store/file_store.ts";
import type { Store } from "../store/store.ts";
import type { TableMetadata } from "../table/metadata.ts";
import { CatalogDatabase, DATABASE_FILE, type TableRow } from "./database.ts";
import { noSuchTable, type TableName } from "./failure.ts";
import { KeyedLock } from "./keyed_lock.ts";
import {
  decodeMetadataBytes,
  MetadataCache,
  type MetadataFile,
  metadataText,
  readMetadataText,
} from "./metadata_file.ts";

/** What the operations of the catalog work on. */
export interface Catalog {
  /** Name that clients may give in `?warehouse=`. */
  readonly warehouseName: string;
  /** The warehouse directory, absolute. */
  readonly root: string;
  readonly database: CatalogDatabase;
  readonly store: Store;
  readonly cache: MetadataCache;
  /** Held per table, so that of several commits here only one at a time writes a file. */
  readonly locks: KeyedLock;
  /** The clock, in milliseconds since 1970. */
  readonly now: () => number;
}

/** Options of {@link openCatalog}. */
export interface CatalogOptions {
  readonly warehouseDirectory: string;
  readonly warehouseName: string;
}

/** A table with its metadata. */
export interface LoadedTable {
  readonly row: TableRow;
  readonly file: MetadataFile;
}

/** Enough for the history of some tables with 10,000 snapshots. */
const CACHE_LENGTH_MAX = 64 * 1024 * 1024;
const LOCK_WAIT_MS_MAX = 30_000;

/**
 * Opens the catalog of a warehouse directory, making both when missing.
 *
 * @throws {AuthError | StorageError} when the directory or the database cannot be used.
 */
export async function openCatalog(options: CatalogOptions): Promise<Catalog> {
  const root = resolve(options.warehouseDirectory).replaceAll("\\", "/");
  try {
    await Deno.mkdir(root, { recursive: true });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const isRefused = cause instanceof Deno.errors.PermissionDenied ||
      cause instanceof Deno.errors.NotCapable;
    throw new (isRefused ? AuthError : StorageError)(
      `Cannot make the warehouse directory "${root}": ${reason}`,
      { cause, hint: "Choose another directory, or check the rights on this one" },
    );
  }
  return {
    warehouseName: options.warehouseName,
    root,
    database: new CatalogDatabase(`${root}/${DATABASE_FILE}`),
    store: openFileStore(),
    cache: new MetadataCache(CACHE_LENGTH_MAX),
    locks: new KeyedLock(LOCK_WAIT_MS_MAX),
    now: Date.now,
  };
}

/** Closes what {@link openCatalog} opened. */
export function closeCatalog(catalog: Catalog): void {
  catalog.database.close();
  catalog.store.close();
}

/**
 * A table and its metadata.
 *
 * @throws {RequestFailure} 404 when there is no such table.
 */
export async function loadTable(catalog: Catalog, table: TableName): Promise<LoadedTable> {
  const row = catalog.database.findTable(table.namespace, table.name);
  if (row === undefined) throw noSuchTable(table);
  return { row, file: await readMetadataFile(catalog, row.metadataLocation) };
}

/** Reads a metadata file, from memory where it is kept. */
export async function readMetadataFile(
  catalog: Catalog,
  location: string,
): Promise<MetadataFile> {
  const kept = catalog.cache.get(location);
  if (kept !== undefined) return kept;
  const bytes = await catalog.store.read(location);
  const metadata = readMetadataText(await decodeMetadataBytes(bytes));
  const file = { metadata, text: metadataText(metadata) };
  catalog.cache.set(location, file);
  return file;
}

/** Writes a metadata file; it is on the disk when this returns. */
export async function writeMetadataFile(
  catalog: Catalog,
  location: string,
  metadata: TableMetadata,
): Promise<MetadataFile> {
  const file = { metadata, text: metadataText(metadata) };
  await catalog.store.write(location, new TextEncoder().encode(file.text), {
    contentType: "application/json",
    sync: true,
  });
  return file;
}

/** The key under which the operations on a table wait for each other. */
export function lockKey(table: TableName): string {
  return JSON.stringify([...table.namespace, table.name]);
}
