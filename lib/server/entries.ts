/** What tables and views have in common: they share their names, their places and their pointers. */
import { asString, field, type JsonObject } from "../table/shape.ts";
import type { Catalog } from "./catalog.ts";
import type { ChangeOptions, EntryKind, Refusal, TableRow } from "./database.ts";
import {
  formatTableName,
  noSuchNamespace,
  noSuchTable,
  noSuchView,
  RequestFailure,
  type TableName,
} from "./failure.ts";
import { nextMetadataLocation } from "./metadata_file.ts";
import { requireNamespace } from "./namespaces.ts";
import type { ClaimedLocation } from "./places/place.ts";

/** How a table or view is made or changed. */
export interface EntryChangeOptions {
  /**
   * Runs within the transaction that points the entry at this metadata file; what it throws undoes
   * the change.
   */
  readonly onApplied?: (metadataLocation: string) => void;
}

/** Metadata of a table or view, as far as its place is concerned. */
export interface PlacedMetadata {
  /** Absolute, without a slash at its end; empty while no place has been claimed yet. */
  readonly location: string;
  /** May choose where metadata files go (`write.metadata.path`). */
  readonly properties?: Record<string, string>;
}

/** The same for the database, once it is known where the metadata goes. */
export function changeOptions(
  options: EntryChangeOptions,
  metadataLocation: string,
): ChangeOptions {
  const { onApplied } = options;
  return onApplied === undefined ? {} : { onApplied: () => onApplied(metadataLocation) };
}

/**
 * Makes sure that a name can be given to a new table or view.
 *
 * @param kind what the name is for; the message says so when the other kind has it.
 * @throws {RequestFailure} 404 for the namespace, 409 when a table or view has the name.
 */
export function checkFree(catalog: Catalog, entry: TableName, kind: EntryKind): void {
  requireNamespace(catalog, entry.namespace);
  if (catalog.database.kindOf(entry.namespace, entry.name) !== undefined) {
    throw nameIsTaken(catalog, entry, kind);
  }
}

/** 409 for the name of a new table or view that something has already. */
function nameIsTaken(catalog: Catalog, entry: TableName, kind: EntryKind): RequestFailure {
  const standing = catalog.database.kindOf(entry.namespace, entry.name) ?? kind;
  const what = wordOf(standing) + (standing === kind ? "" : " with same name");
  return new RequestFailure(
    409,
    "AlreadyExistsException",
    `${what} already exists: ${formatTableName(entry)}`,
  );
}

/** The failure that a refusal to add an entry stands for. */
export function refused(
  catalog: Catalog,
  refusal: Refusal,
  entry: TableName & { readonly kind: EntryKind },
): RequestFailure {
  return refusal === "noSuchNamespace"
    ? noSuchNamespace(entry.namespace)
    : nameIsTaken(catalog, entry, entry.kind);
}

/**
 * Builds the metadata of a new table or view at the location that the request names, or at one that
 * is claimed for it.
 *
 * @param build makes the metadata for a location; it throws when the request cannot be right.
 * @throws {RequestFailure | MetadataError} 400
 */
export async function buildPlaced<Metadata extends PlacedMetadata>(
  catalog: Catalog,
  of: { readonly entry: TableName; readonly request: JsonObject },
  build: (location: string) => Metadata,
): Promise<{ metadata: Metadata; claimed: ClaimedLocation | undefined }> {
  const given = field(of.request, "location");
  const location = given === undefined
    ? undefined
    : asString(given, `"location"`).replace(/\/+$/, "");
  if (location !== undefined) catalog.place.check(location);
  // Built first without a location: a request that is refused leaves no directory behind.
  const metadata = build(location ?? "");
  if (location !== undefined) return { metadata, claimed: undefined };
  const claimed = await catalog.place.claim(of.entry);
  return { metadata: { ...metadata, location: claimed.location }, claimed };
}

/**
 * Writes the first metadata file of a table or view and adds it to the database.
 *
 * @throws {RequestFailure | MetadataError} 400 for a place that is not allowed, 404 for the
 * namespace, 409 when the name is taken.
 */
export async function insertEntry<File>(
  catalog: Catalog,
  entry: TableName & {
    readonly kind: EntryKind;
    readonly uuid: string;
    readonly metadata: PlacedMetadata;
    readonly write: (metadataLocation: string) => Promise<File>;
  },
  options: EntryChangeOptions,
): Promise<{ row: TableRow; file: File }> {
  const { namespace, name, kind, uuid, metadata, write } = entry;
  const location = catalog.place.check(metadata.location);
  const metadataLocation = nextMetadataLocation(metadata);
  catalog.place.check(metadataLocation);
  // The store believes in directories that it has once made, and a purge may have removed this one.
  await catalog.place.prepare(location);
  const file = await write(metadataLocation);
  const row = { uuid, location, metadataLocation };
  try {
    const refusal = catalog.database.insertTable(
      { namespace, name, kind, ...row },
      changeOptions(options, metadataLocation),
    );
    if (refusal !== undefined) throw refused(catalog, refusal, entry);
  } catch (error) {
    // Only a failure that was expected says for certain that the entry is not there.
    if (error instanceof RequestFailure) await catalog.place.store.remove(metadataLocation);
    throw error;
  }
  return { row, file };
}

/**
 * Gives a table or view another name; its files stay where they are.
 *
 * @throws {RequestFailure} 404 for the entry or the new namespace, 409 when the name is taken.
 */
export function renameEntry(
  catalog: Catalog,
  names: { readonly from: TableName; readonly to: TableName },
  options: ChangeOptions & { readonly kind: EntryKind },
): void {
  const { from, to } = names;
  const { kind } = options;
  const refusal = catalog.database.kindOf(from.namespace, from.name) === kind
    ? catalog.database.renameTable(from, to, options)
    : "noSuchTable";
  if (refusal === undefined) return;
  if (refusal === "noSuchTable") throw kind === "table" ? noSuchTable(from) : noSuchView(from);
  if (refusal === "noSuchNamespace") throw noSuchNamespace(to.namespace);
  const standing = catalog.database.kindOf(to.namespace, to.name) ?? kind;
  throw new RequestFailure(
    409,
    "AlreadyExistsException",
    `Cannot rename ${formatTableName(from)} to ${formatTableName(to)}. ${
      wordOf(standing)
    } already exists`,
  );
}

function wordOf(kind: EntryKind): string {
  return kind === "table" ? "Table" : "View";
}
