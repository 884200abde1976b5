/** Views and their metadata files: how they are loaded, and how files are read and written. */
import { stringifyJson } from "../table/json.ts";
import { MetadataError } from "../table/metadata_error.ts";
import { readViewMetadata, type ViewMetadata } from "../table/view_metadata.ts";
import { type Catalog, readKept, readOwn, writeKept } from "./catalog.ts";
import type { TableRow } from "./database.ts";
import { noSuchView, RequestFailure, type TableName } from "./failure.ts";
import { parseMetadata, type ViewFile } from "./metadata_file.ts";

/** A view with its metadata. */
export interface LoadedView {
  /** The pointer, as it was when the view was loaded. */
  readonly row: TableRow;
  /** What that pointer leads to. */
  readonly file: ViewFile;
}

/**
 * A view and its metadata.
 *
 * @throws {RequestFailure} 404 when there is no such view; a table is none.
 */
export async function loadView(catalog: Catalog, view: TableName): Promise<LoadedView> {
  const row = catalog.database.findView(view.namespace, view.name);
  if (row === undefined) throw noSuchView(view);
  const { metadataLocation } = row;
  const file = await readOwn(view, metadataLocation, () => readViewFile(catalog, metadataLocation));
  return { row, file };
}

/** A view as a change has left it or, where that metadata file has been removed, as it is now. */
export async function loadViewAsOf(
  catalog: Catalog,
  state: { readonly view: TableName; readonly metadataLocation: string },
): Promise<LoadedView> {
  const { view, metadataLocation } = state;
  const file = await readViewFile(catalog, metadataLocation).catch(() => undefined);
  if (file === undefined) return await loadView(catalog, view);
  const { "view-uuid": uuid, location } = file.metadata;
  return { row: { uuid, location, metadataLocation }, file };
}

/**
 * Reads the metadata file of a view, from memory where it is kept.
 *
 * @throws {RequestFailure} 404 `NotFoundException` when there is no such file.
 * @throws {MetadataError} when it is no view metadata.
 */
export async function readViewFile(catalog: Catalog, location: string): Promise<ViewFile> {
  return await readKept(
    catalog,
    { cache: catalog.viewCache, location },
    (text) => viewFile(readViewMetadata(parseMetadata(text))),
  );
}

/** Writes the metadata file of a view; it is on the disk when this returns. */
export async function writeViewFile(
  catalog: Catalog,
  location: string,
  metadata: ViewMetadata,
): Promise<ViewFile> {
  return await writeKept(catalog, location, viewFile(metadata));
}

/**
 * What the rules of views give.
 *
 * @throws {RequestFailure} 400 `IllegalArgumentException` where they are broken: the Java client
 * raises what the type names, and that is what its users expect of a view that cannot be.
 */
export function byViewRules<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof MetadataError) || error.kind !== "invalid") throw error;
    throw new RequestFailure(400, "IllegalArgumentException", error.message);
  }
}

function viewFile(metadata: ViewMetadata): ViewFile {
  return { metadata, bytes: new TextEncoder().encode(stringifyJson(metadata)) };
}
