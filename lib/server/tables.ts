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
import type { Page, Refusal } from "./database.ts";
import {
  noSuchNamespace,
  noSuchTable,
  RequestFailure,
  tableExists,
  type TableName,
} from "./failure.ts";
import { claimDirectory, type ClaimedDirectory, pathInWarehouse } from "./locations.ts";
import { type MetadataFile, metadataText, nextMetadataName } from "./metadata_file.ts";
import { requireNamespace } from "./namespaces.ts";

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
): Promise<LoadedTable> {
  checkFree(catalog, table);
  const { metadata, claimed } = await buildMetadata(catalog, table, request);
  try {
    return await insertTable(catalog, table, metadata);
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
  checkFree(catalog, table);
  const { metadata } = await buildMetadata(catalog, table, request);
  return { metadata, text: metadataText(metadata) };
}

async function buildMetadata(
  catalog: Catalog,
  table: TableName,
  request: JsonObject,
): Promise<{ metadata: TableMetadata; claimed: ClaimedDirectory | undefined }> {
  const given = field(request, "location");
  const location = given === undefined
    ? undefined
    : asString(given, `"location"`).replace(/\/+$/, "");
  if (location !== undefined) pathInWarehouse(catalog.root, location);
  const options = { uuid: crypto.randomUUID(), nowMs: catalog.now() };
  // Built first without a directory: a request that is refused leaves none behind.
  const metadata = newTableMetadata(request, { ...options, location: location ?? "" });
  if (location !== undefined) return { metadata, claimed: undefined };
  const claimed = await claimDirectory(catalog.root, table);
  return { metadata: { ...metadata, location: claimed.location }, claimed };
}

/** Writes the first metadata file of a table and adds the table to the database. */
export async function insertTable(
  catalog: Catalog,
  table: TableName,
  metadata: TableMetadata,
): Promise<LoadedTable> {
  const path = pathInWarehouse(catalog.root, metadata.location);
  const metadataLocation = `${metadata.location}/metadata/${nextMetadataName()}`;
  // The store believes in directories that it has once made, and a purge may have removed this one.
  await Deno.mkdir(`${path}/metadata`, { recursive: true });
  const file = await writeMetadataFile(catalog, metadataLocation, metadata);
  const row = { uuid: metadata["table-uuid"], location: path, metadataLocation };
  const refusal = catalog.database.insertTable({ ...table, ...row });
  if (refusal !== undefined) {
    await catalog.store.remove(metadataLocation);
    throw refused(refusal, table);
  }
  catalog.cache.set(metadataLocation, file);
  return { row, file };
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
): Promise<LoadedTable> {
  const metadataLocation = asString(field(request, "metadata-location"), `"metadata-location"`);
  const path = pathInWarehouse(catalog.root, metadataLocation);
  const overwrite = field(request, "overwrite") === true;
  if (overwrite) requireNamespace(catalog, table.namespace);
  else checkFree(catalog, table);
  const info = await Deno.stat(path).catch(() => undefined);
  if (info?.isFile !== true) {
    throw new RequestFailure(
      404,
      "NotFoundException",
      `Failed to open input stream for file: ${metadataLocation}`,
    );
  }
  const file = await readMetadataFile(catalog, metadataLocation);
  const location = pathInWarehouse(catalog.root, file.metadata.location);
  const row = { uuid: file.metadata["table-uuid"], location, metadataLocation };
  const refusal = overwrite
    ? catalog.database.replaceTable({ ...table, ...row })
    : catalog.database.insertTable({ ...table, ...row });
  if (refusal !== undefined) throw refused(refusal, table);
  return { row, file };
}

/**
 * Removes a table. With `purge` its directory goes too, unless another table's files lie there.
 *
 * @throws {RequestFailure} 404
 */
export async function dropTable(
  catalog: Catalog,
  table: TableName,
  options: { readonly purge: boolean },
): Promise<void> {
  await catalog.locks.run([lockKey(table)], async () => {
    const row = catalog.database.dropTable(table.namespace, table.name);
    if (row === undefined) throw noSuchTable(table);
    catalog.cache.delete(row.metadataLocation);
    if (!options.purge || catalog.database.isLocationShared(row.location)) return;
    await Deno.remove(pathInWarehouse(catalog.root, row.location), { recursive: true })
      .catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
  });
}

/**
 * Gives a table another name; its files stay where they are.
 *
 * @throws {RequestFailure} 404 for the table or the new namespace, 409 when the name is taken.
 */
export function renameTable(catalog: Catalog, from: TableName, to: TableName): void {
  if (catalog.database.findTable(from.namespace, from.name) === undefined) throw noSuchTable(from);
  const refusal = catalog.database.renameTable(from, to);
  if (refusal === "noSuchTable") throw noSuchTable(from);
  if (refusal !== undefined) throw refused(refusal, to);
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

function checkFree(catalog: Catalog, table: TableName): void {
  requireNamespace(catalog, table.namespace);
  if (catalog.database.findTable(table.namespace, table.name) !== undefined) {
    throw tableExists(table);
  }
}

function refused(refusal: Refusal, table: TableName): RequestFailure {
  return refusal === "noSuchNamespace" ? noSuchNamespace(table.namespace) : tableExists(table);
}
