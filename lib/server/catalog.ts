/** The embedded catalog of one warehouse: its database, its files, and how tables are read. */
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
  /** Namespaces, and the pointers to the metadata files. */
  readonly database: CatalogDatabase;
  /** Metadata of the tables read or written last. */
  readonly cache: MetadataCache;
  /** Metadata of the views read or written last. */
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
  /** The pointer, as it was when the table was loaded. */
  readonly row: TableRow;
  /** What that pointer leads to. */
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
    cache: new MetadataCache(CACHE_BYTES_MAX),
    viewCache: new MetadataCache<ViewFile>(VIEW_CACHE_BYTES_MAX),
    locks: new KeyedLock(LOCK_WAIT_MS_MAX),
    now: Date.now,
  };
}

/** Closes what {@link openCatalog} opened. */
export function closeCatalog(catalog: Catalog): void {
  catalog.database.close();
  catalog.place.store.close();
}

/**
 * A table and its metadata.
 *
 * @throws {RequestFailure} 404 when there is no such table.
 */
export async function loadTable(catalog: Catalog, table: TableName): Promise<LoadedTable> {
  const row = catalog.database.findTable(table.namespace, table.name);
  if (row === undefined) throw noSuchTable(table);
  const { metadataLocation } = row;
  const file = await readOwn(
    table,
    metadataLocation,
    () => readMetadataFile(catalog, metadataLocation),
  );
  return { row, file };
}

/**
 * Reads the metadata of a table or view that stands in the catalog.
 *
 * @throws {Error} when the file has been spoiled: whoever asks for the table has done nothing wrong.
 */
export async function readOwn<File>(
  entry: TableName,
  metadataLocation: string,
  read: () => Promise<File>,
): Promise<File> {
  try {
    return await read();
  } catch (cause) {
    if (!(cause instanceof MetadataError)) throw cause;
    throw new Error(
      `Cannot read "${formatTableName(entry)}" at "${metadataLocation}": ${cause.message}`,
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
  if (await catalog.place.store.sizeOf(location) !== undefined) return;
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
  return await readKept(catalog, { cache: catalog.cache, location }, (text) => {
    const metadata = readMetadataText(text);
    return { metadata, bytes: metadataBytes(metadata) };
  });
}

/**
 * What a metadata file holds, from memory where it is kept.
 *
 * @throws {RequestFailure} 404 `NotFoundException` when there is no such file.
 */
export async function readKept<File extends { readonly bytes: Uint8Array }>(
  catalog: Catalog,
  from: { readonly cache: MetadataCache<File>; readonly location: string },
  parse: (text: string) => File,
): Promise<File> {
  const { cache, location } = from;
  const kept = cache.get(location);
  if (kept !== undefined) return kept;
  let packed;
  try {
    packed = await catalog.place.store.read(location);
  } catch (error) {
    // Only now is it asked whether there is such a file: as a rule there is.
    await requireMetadataFile(catalog, location);
    throw error;
  }
  const file = parse(await decodeMetadataBytes(packed));
  cache.set(location, file);
  return file;
}

/** Writes a table's metadata file; it is on the disk when this returns. */
export async function writeMetadataFile(
  catalog: Catalog,
  location: string,
  metadata: TableMetadata,
): Promise<MetadataFile> {
  return await writeKept(catalog, location, { metadata, bytes: metadataBytes(metadata) });
}

/** Writes what a metadata file is to hold; it is on the disk when this returns. */
export async function writeKept<File extends { readonly bytes: Uint8Array<ArrayBuffer> }>(
  catalog: Catalog,
  location: string,
  file: File,
): Promise<File> {
  await catalog.place.store.write(location, await packMetadata(file.bytes, location), {
    contentType: "application/json",
    // Its name has a UUID of its own, and is told to nobody before the pointer has moved.
    isNew: true,
    sync: true,
  });
  return file;
}

/** The key under which the operations on a table wait for each other. */
export function lockKey(table: TableName): string {
  return JSON.stringify([...table.namespace, table.name]);
}
