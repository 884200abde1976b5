/** The embedded catalog of one warehouse: its database, its files, and how tables are read. */
import type { Store } from "../store/store.ts";
import type { TableMetadata } from "../table/metadata.ts";
import { MetadataError } from "../table/metadata_error.ts";
import type { CatalogDatabase, TableRow } from "./database.ts";
import { formatTableName, noSuchFile, noSuchTable, type TableName } from "./failure.ts";
import { IdempotentRequests } from "./http/idempotency.ts";
import { KeyedLock } from "./keyed_lock.ts";
import { metadataBytes } from "./metadata_bytes.ts";
import {
  decodeMetadataBytes,
  MetadataCache,
  type MetadataFile,
  packMetadata,
  readMetadataText,
  type ViewFile,
} from "./metadata_file.ts";
import type { Place } from "./places/place.ts";
import { StagedTables } from "./staged_tables.ts";
import type { StorageAccess } from "./storage/vending.ts";
import { openWarehouse, type WarehouseOptions } from "./warehouse.ts";

/** What the operations of the catalog work on. */
export interface Catalog {
  /** Name that clients may give in `?warehouse=`. */
  readonly warehouseName: string;
  /** Where the files of its tables lie. */
  readonly place: Place;
  /** How clients get at those files; undefined where they need nothing for it. */
  readonly storage: StorageAccess | undefined;
  /** Tables that clients have announced and not yet made. */
  readonly staged: StagedTables;
  readonly database: CatalogDatabase;
  readonly store: Store;
  readonly cache: MetadataCache;
  readonly viewCache: MetadataCache<ViewFile>;
  /** Held per table, so that of several commits here only one at a time writes a file. */
  readonly locks: KeyedLock;
  /** Requests with an Idempotency-Key. */
  readonly idempotency: IdempotentRequests;
  /** The clock, in milliseconds since 1970. */
  readonly now: () => number;
}

/** A table with its metadata. */
export interface LoadedTable {
  readonly row: TableRow;
  readonly file: MetadataFile;
}

/** Enough for the history of some tables with 10,000 snapshots. */
const CACHE_BYTES_MAX = 64 * 1024 * 1024;
const VIEW_CACHE_BYTES_MAX = 8 * 1024 * 1024;
const LOCK_WAIT_MS_MAX = 30_000;

/**
 * Opens the catalog of a warehouse.
 *
 * @throws {UsageError | AuthError | StorageError} when the warehouse or its database cannot be used.
 */
export async function openCatalog(options: WarehouseOptions): Promise<Catalog> {
  const { place, database, storage } = await openWarehouse(options);
  return {
    warehouseName: options.name,
    place,
    storage,
    staged: new StagedTables(),
    database,
    idempotency: new IdempotentRequests(database, Date.now),
    store: place.store,
    cache: new MetadataCache(CACHE_BYTES_MAX),
    viewCache: new MetadataCache<ViewFile>(VIEW_CACHE_BYTES_MAX),
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
  try {
    return { row, file: await readMetadataFile(catalog, row.metadataLocation) };
  } catch (cause) {
    if (!(cause instanceof MetadataError)) throw cause;
    // Whoever asks for the table has done nothing wrong: the file has been spoiled.
    throw new Error(
      `Cannot read table "${
        formatTableName(table)
      }" at "${row.metadataLocation}": ${cause.message}`,
      { cause },
    );
  }
}

/**
 * Makes sure that a table's metadata file is still in the store, since memory may hold what somebody
 * has removed there.
 *
 * @throws {RequestFailure} 404 `NotFoundException` when it is gone.
 */
export async function requireMetadataFile(catalog: Catalog, location: string): Promise<void> {
  if (await catalog.store.sizeOf(location) !== undefined) return;
  catalog.cache.delete(location);
  throw noSuchFile(location);
}

/**
 * Reads a metadata file, from memory where it is kept.
 *
 * @throws {RequestFailure} 404 `NotFoundException` when there is no such file.
 */
export async function readMetadataFile(
  catalog: Catalog,
  location: string,
): Promise<MetadataFile> {
  const kept = catalog.cache.get(location);
  if (kept !== undefined) return kept;
  await requireMetadataFile(catalog, location);
  const bytes = await catalog.store.read(location);
  const metadata = readMetadataText(await decodeMetadataBytes(bytes));
  const file = { metadata, bytes: metadataBytes(metadata) };
  catalog.cache.set(location, file);
  return file;
}

/** Writes a metadata file; it is on the disk when this returns. */
export async function writeMetadataFile(
  catalog: Catalog,
  location: string,
  metadata: TableMetadata,
): Promise<MetadataFile> {
  const file = { metadata, bytes: metadataBytes(metadata) };
  await catalog.store.write(location, await packMetadata(file.bytes, location), {
    contentType: "application/json",
    sync: true,
  });
  return file;
}

/** The key under which the operations on a table wait for each other. */
export function lockKey(table: TableName): string {
  return JSON.stringify([...table.namespace, table.name]);
}
