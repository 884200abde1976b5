/** The catalog's operations on views, but for the commit. */
import { asString, field, type JsonObject } from "../table/shape.ts";
import type { ViewMetadata } from "../table/view_metadata.ts";
import { newViewMetadata } from "../table/view_updates.ts";
import { type Catalog, lockKey } from "./catalog.ts";
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
import { noSuchFile, noSuchView, type TableName } from "./failure.ts";
import { requireNamespace } from "./namespaces.ts";
import type { ClaimedLocation } from "./places/place.ts";
import { byViewRules, type LoadedView, readViewFile, writeViewFile } from "./view_files.ts";

/** The views of a namespace. @throws {RequestFailure} 404 */
export function listViews(
  catalog: Catalog,
  namespace: readonly string[],
  page: Page = {},
): TableName[] {
  requireNamespace(catalog, namespace);
  return catalog.database.listViews(namespace, page).map((name) => ({ namespace, name }));
}

/**
 * Makes a view (REST spec, `CreateViewRequest`).
 *
 * @throws {RequestFailure | MetadataError} 400, 404 for the namespace, 409 when the name is taken.
 */
export async function createView(
  catalog: Catalog,
  view: TableName,
  request: JsonObject,
  options: EntryChangeOptions = {},
): Promise<LoadedView> {
  checkFree(catalog, view, "view");
  const { metadata, claimed } = await buildMetadata(catalog, view, request);
  try {
    return await insertView(catalog, view, metadata, options);
  } catch (error) {
    await claimed?.release();
    throw error;
  }
}

async function buildMetadata(
  catalog: Catalog,
  view: TableName,
  request: JsonObject,
): Promise<{ metadata: ViewMetadata; claimed: ClaimedLocation | undefined }> {
  const options = { uuid: crypto.randomUUID(), nowMs: catalog.now() };
  return await buildPlaced(
    catalog,
    { entry: view, request },
    (location) => byViewRules(() => newViewMetadata(request, { ...options, location })),
  );
}

/** Writes the first metadata file of a view and adds the view to the database. */
async function insertView(
  catalog: Catalog,
  view: TableName,
  metadata: ViewMetadata,
  options: EntryChangeOptions,
): Promise<LoadedView> {
  const inserted = await insertEntry(catalog, {
    ...view,
    kind: "view",
    uuid: metadata["view-uuid"],
    metadata,
    write: (metadataLocation) => writeViewFile(catalog, metadataLocation, metadata),
  }, options);
  catalog.viewCache.set(inserted.row.metadataLocation, inserted.file);
  return inserted;
}

/**
 * Adds a view whose metadata file is there already (REST spec, `RegisterViewRequest`).
 *
 * @throws {RequestFailure | MetadataError} 400 for a location outside of the warehouse or a file
 * that is no view metadata, 404 for the namespace or the file, 409 when the name is taken.
 */
export async function registerView(
  catalog: Catalog,
  view: TableName,
  request: JsonObject,
  options: EntryChangeOptions = {},
): Promise<LoadedView> {
  const metadataLocation = asString(field(request, "metadata-location"), `"metadata-location"`);
  catalog.place.check(metadataLocation);
  checkFree(catalog, view, "view");
  if (!await catalog.place.exists(metadataLocation)) throw noSuchFile(metadataLocation);
  const file = await readViewFile(catalog, metadataLocation);
  const location = catalog.place.check(file.metadata.location);
  const row = { uuid: file.metadata["view-uuid"], location, metadataLocation };
  const refusal = catalog.database.insertTable(
    { ...view, ...row, kind: "view" },
    changeOptions(options, metadataLocation),
  );
  if (refusal !== undefined) throw refused(catalog, refusal, { ...view, kind: "view" });
  return { row, file };
}

/**
 * Removes a view. Its metadata files stay, so that it can be registered again.
 *
 * @throws {RequestFailure} 404
 */
export async function dropView(
  catalog: Catalog,
  view: TableName,
  options: ChangeOptions = {},
): Promise<void> {
  await catalog.locks.run([lockKey(view)], () => {
    const { namespace, name } = view;
    const row = catalog.database.dropTable(namespace, name, { ...options, kind: "view" });
    if (row === undefined) throw noSuchView(view);
    catalog.viewCache.delete(row.metadataLocation);
    return Promise.resolve();
  });
}

/**
 * Gives a view another name; its files stay where they are.
 *
 * @throws {RequestFailure} 404 for the view or the new namespace, 409 when the name is taken.
 */
export function renameView(
  catalog: Catalog,
  names: { readonly from: TableName; readonly to: TableName },
  options: ChangeOptions = {},
): void {
  renameEntry(catalog, names, { ...options, kind: "view" });
}
