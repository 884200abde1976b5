/** The catalog's operations on tables, but for the commit. */
import type { TableMetadata } from "../table/metadata.ts";
import { newTableMetadata } from "../table/new_table.ts";
import { asString, field, type JsonObject } from "../table/shape.ts";
import {
  type Catalog,
  type LoadedTable,
  lockKey,
  readMetadataFile,
  writeMetadataFile,
} from "./catalog.ts";
import type { ChangeOptions, Page } from "./database.ts";
import {
  buildPlaced,
  changeOptions,
  checkFree,
  type EntryChangeOptions,
  insertEntry,
  refused,
  renameEntry,
} from "./entries.ts";
import { noSuchFile, noSuchTable, type TableName } from "./failure.ts";
import { metadataBytes } from "./metadata_bytes.ts";
import { type MetadataFile, nextMetadataLocation } from "./metadata_file.ts";
import { requireNamespace } from "./namespaces.ts";
import type { ClaimedLocation } from "./places/place.ts";

/** The tables of a namespace. @throws {RequestFailure} 404 */
export function listTables(
  catalog: Catalog,
  namespace: readonly string[],
  page: Page = {},
): TableName[] {
  requireNamespace(catalog, namespace);
  return catalog.database.listTables(namespace, page).map((name) => ({ namespace, name }));
}

/**
 * Makes a table (REST spec, `CreateTableRequest`).
 *
 * @throws {RequestFailure | MetadataError} 400, 404 for the namespace, 409 when the table exists.
 */
export async function createTable(
  catalog: Catalog,
  table: TableName,
  request: JsonObject,
  options: EntryChangeOptions = {},
): Promise<LoadedTable> {
  checkFree(catalog, table, "table");
  const { metadata, claimed } = await buildMetadata(catalog, table, request);
  try {
    return await insertTable(catalog, table, metadata, options);
  } catch (error) {
    await claimed?.release();
    throw error;
  }
}

/**
 * The metadata of a table that a client will make by its first commit (`stage-create`). Nothing but
 * its directory is made.
 *
 * @throws {RequestFailure | MetadataError} as {@link createTable}.
 */
export async function stageTable(
  catalog: Catalog,
  table: TableName,
  request: JsonObject,
): Promise<MetadataFile> {
  checkFree(catalog, table, "table");
  const { metadata, claimed } = await buildMetadata(catalog, table, request);
  try {
    // What the first commit could not write is refused now.
    catalog.place.check(nextMetadataLocation(metadata));
  } catch (error) {
    await claimed?.release();
    throw error;
  }
  return { metadata, bytes: metadataBytes(metadata) };
}

async function buildMetadata(
  catalog: Catalog,
  table: TableName,
  request: JsonObject,
): Promise<{ metadata: TableMetadata; claimed: ClaimedLocation | undefined }> {
  const options = { uuid: crypto.randomUUID(), nowMs: catalog.now() };
  return await buildPlaced(
    catalog,
    { entry: table, request },
    (location) => newTableMetadata(request, { ...options, location }),
  );
}

/** Writes the first metadata file of a table and adds the table to the database. */
export async function insertTable(
  catalog: Catalog,
  table: TableName,
  metadata: TableMetadata,
  options: EntryChangeOptions = {},
): Promise<LoadedTable> {
  const inserted = await insertEntry(catalog, {
    ...table,
    kind: "table",
    uuid: metadata["table-uuid"],
    metadata,
    write: (metadataLocation) => writeMetadataFile(catalog, metadataLocation, metadata),
  }, options);
  catalog.cache.set(inserted.row.metadataLocation, inserted.file);
  return inserted;
}

/**
 * Adds a table whose metadata file is there already (REST spec, `RegisterTableRequest`).
 *
 * @throws {RequestFailure | MetadataError} 400 for a location outside of the warehouse or a file
 * that is no metadata, 404 for the namespace or the file, 409 when the table exists.
 */
export async function registerTable(
  catalog: Catalog,
  table: TableName,
  request: JsonObject,
  options: EntryChangeOptions = {},
): Promise<LoadedTable> {
  const metadataLocation = asString(field(request, "metadata-location"), `"metadata-location"`);
  catalog.place.check(metadataLocation);
  const overwrite = field(request, "overwrite") === true;
  if (overwrite) requireNamespace(catalog, table.namespace);
  else checkFree(catalog, table, "table");
  if (!await catalog.place.exists(metadataLocation)) {
    throw noSuchFile(metadataLocation);
  }
  const file = await readMetadataFile(catalog, metadataLocation);
  const location = catalog.place.check(file.metadata.location);
  const row = { uuid: file.metadata["table-uuid"], location, metadataLocation };
  const change = changeOptions(options, metadataLocation);
  const refusal = overwrite
    ? catalog.database.replaceTable({ ...table, ...row }, change)
    : catalog.database.insertTable({ ...table, ...row }, change);
  if (refusal !== undefined) throw refused(catalog, refusal, { ...table, kind: "table" });
  return { row, file };
}

/**
 * Removes a table. With `purge` its directory goes too, unless another table's files lie there.
 *
 * @throws {RequestFailure} 404, or 400 when its files lie where nothing may be purged.
 */
export async function dropTable(
  catalog: Catalog,
  table: TableName,
  options: ChangeOptions & { readonly purge: boolean },
): Promise<void> {
  await catalog.locks.run([lockKey(table)], async () => {
    // What may not be purged (the server allowed more locations once) must be known before.
    const standing = catalog.database.findTable(table.namespace, table.name);
    if (options.purge && standing !== undefined) catalog.place.check(standing.location);
    const row = catalog.database.dropTable(table.namespace, table.name, options);
    if (row === undefined) throw noSuchTable(table);
    catalog.cache.delete(row.metadataLocation);
    if (!options.purge || catalog.database.isLocationShared(row.location)) return;
    await catalog.place.purge(row.location);
  });
}

/**
 * Gives a table another name; its files stay where they are.
 *
 * @throws {RequestFailure} 404 for the table or the new namespace, 409 when the name is taken.
 */
export function renameTable(
  catalog: Catalog,
  names: { readonly from: TableName; readonly to: TableName },
  options: ChangeOptions = {},
): void {
  renameEntry(catalog, names, { ...options, kind: "table" });
}

/** The metadata with no snapshots but those that branches and tags point at (`snapshots=refs`). */
export function referencedOnly(metadata: TableMetadata): TableMetadata {
  const ids = new Set(
    Object.values(metadata.refs ?? {}).map((ref) => BigInt(ref["snapshot-id"])),
  );
  const current = metadata["current-snapshot-id"];
  if (current !== undefined && current !== null) ids.add(BigInt(current));
  return {
    ...metadata,
    snapshots: (metadata.snapshots ?? []).filter((item) => ids.has(BigInt(item["snapshot-id"]))),
  };
}
