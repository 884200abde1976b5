/**
 * The commit to a view: the same compare-and-swap as for tables. Views have no snapshots that two
 * writers could lay claim to, so all that a client asserts of the view is that it is the same one.
 */
import { asArray, field, type JsonObject, sameJson } from "../table/shape.ts";
import { checkViewRequirements } from "../table/view_requirements.ts";
import { applyViewUpdates } from "../table/view_updates.ts";
import { type Catalog, lockKey } from "./catalog.ts";
import type { PointerMove } from "./database.ts";
import {
  badRequest,
  formatTableName,
  lostRace,
  RequestFailure,
  type TableName,
} from "./failure.ts";
import { nextMetadataLocation } from "./metadata_file.ts";
import { readTableName } from "./names.ts";
import { byViewRules, type LoadedView, loadView, writeViewFile } from "./view_files.ts";
import type { EntryChangeOptions } from "./entries.ts";

/**
 * Commits to a view (REST spec, `CommitViewRequest`). Updates that change nothing write nothing.
 *
 * @returns the view after the commit.
 * @throws {RequestFailure | MetadataError} 400 for a request that cannot be right, 404, 409
 * `CommitFailedException` for a lost race; then nothing has changed.
 */
export async function commitView(
  catalog: Catalog,
  view: TableName,
  request: JsonObject,
  options: EntryChangeOptions = {},
): Promise<LoadedView> {
  checkIdentifier(view, request);
  const requirements = asArray(field(request, "requirements") ?? [], `"requirements"`);
  const updates = asArray(field(request, "updates"), `"updates"`);
  return await catalog.locks.run([lockKey(view)], async () => {
    const loaded = await loadView(catalog, view);
    const { row, file: { metadata: base } } = loaded;
    const failure = checkViewRequirements(base, requirements);
    if (failure !== undefined) throw lostRace(failure);
    const metadata = byViewRules(() => applyViewUpdates(base, updates, { nowMs: catalog.now() }));
    if (sameJson(metadata, base)) {
      options.onApplied?.(row.metadataLocation);
      return loaded;
    }
    const location = metadata.location === base.location
      ? row.location
      : catalog.place.check(metadata.location);
    const to = nextMetadataLocation(metadata, row.metadataLocation);
    catalog.place.check(to);
    const file = await writeViewFile(catalog, to, metadata);
    await publish(catalog, { ...view, kind: "view", from: row.metadataLocation, to, location }, {
      requirements,
      options,
    });
    catalog.viewCache.delete(row.metadataLocation);
    catalog.viewCache.set(to, file);
    return { row: { uuid: row.uuid, location, metadataLocation: to }, file };
  });
}

function checkIdentifier(view: TableName, request: JsonObject): void {
  const identifier = field(request, "identifier");
  if (identifier === undefined) return;
  const named = readTableName(identifier, `"identifier"`);
  if (lockKey(named) === lockKey(view)) return;
  throw badRequest(
    `Cannot commit to ${formatTableName(view)}: the request names ${formatTableName(named)}`,
  );
}

async function publish(
  catalog: Catalog,
  move: PointerMove,
  commit: { readonly requirements: unknown; readonly options: EntryChangeOptions },
): Promise<void> {
  const { requirements, options: { onApplied } } = commit;
  let lost;
  try {
    lost = catalog.database.movePointers(
      [move],
      onApplied === undefined ? {} : { onApplied: () => onApplied(move.to) },
    );
  } catch (error) {
    // Only a failure that was expected says for certain that the pointer has not moved.
    if (error instanceof RequestFailure) await removeFile(catalog, move.to);
    throw error;
  }
  if (lost === undefined) return;
  await removeFile(catalog, move.to);
  const { file } = await loadView(catalog, move);
  throw lostRace(
    checkViewRequirements(file.metadata, requirements) ??
      `Cannot commit to view ${formatTableName(move)}: another commit was written first`,
  );
}

/** The pointer has certainly not moved, so nothing refers to this file. */
async function removeFile(catalog: Catalog, location: string): Promise<void> {
  await catalog.place.store.remove(location).catch(() => {});
}
