/**
 * The commit: requirements are checked against the metadata at the pointer, the new metadata file is
 * written and synced, and a compare-and-swap in SQLite decides who was first.
 */
import type { EntryChangeOptions } from "./entries.ts";
import type { TableMetadata } from "../table/metadata.ts";
import { checkRequirements } from "../table/requirements.ts";
import { asArray, asObject, field, type JsonObject } from "../table/shape.ts";
import { applyUpdates, checkActions } from "../table/updates.ts";
import {
  type Catalog,
  type LoadedTable,
  loadTable,
  lockKey,
  writeMetadataFile,
} from "./catalog.ts";
import type { ChangeOptions, PointerMove } from "./database.ts";
import {
  badRequest,
  formatTableName,
  lostRace,
  noSuchTable,
  RequestFailure,
  type TableName,
} from "./failure.ts";
import { chooseLostBase, fromAnywhere, type LostRaceOptions } from "./faults/lost_update.ts";
import { type MetadataFile, nextMetadataLocation } from "./metadata_file.ts";
import { readTableName } from "./names.ts";
import { requireNamespace } from "./namespaces.ts";
import { insertTable } from "./tables.ts";

/** The change of one table. */
interface Change {
  readonly table: TableName;
  readonly requirements: unknown;
  readonly updates: unknown;
}

/** A change whose file is written; only the pointer has still to move. */
interface Prepared {
  readonly change: Change;
  readonly base: TableMetadata;
  readonly file: MetadataFile;
  readonly move: PointerMove;
}

/**
 * Commits to one table (REST spec, `CommitTableRequest`); a request that asserts that the table is
 * not there makes it.
 *
 * @returns the table after the commit.
 * @throws {RequestFailure | MetadataError} 400 for a request that cannot be right, 404, 409
 * `CommitFailedException` for a lost race; then nothing has changed.
 */
export async function commitTable(
  catalog: Catalog,
  table: TableName,
  request: JsonObject,
  options: EntryChangeOptions & LostRaceOptions = {},
): Promise<LoadedTable> {
  const change = readChange(table, request);
  return await catalog.locks.run([lockKey(table)], async () => {
    if (isCreate(change)) return await commitNewTable(catalog, change, options);
    const { losesUpdate, onApplied } = options;
    return await retryOvertaken(async () => {
      const { prepared, loaded } = await prepare(catalog, change, { losesUpdate });
      if (prepared === undefined) {
        onApplied?.(loaded.row.metadataLocation);
        return loaded;
      }
      const { file, move } = prepared;
      await publish(
        catalog,
        [prepared],
        { losesUpdate, ...(onApplied && { onApplied: () => onApplied(move.to) }) },
      );
      const { location, to: metadataLocation } = move;
      return { row: { uuid: loaded.row.uuid, location, metadataLocation }, file };
    });
  });
}

/**
 * Commits to several tables, all or none (REST spec, `CommitTransactionRequest`).
 *
 * @throws {RequestFailure | MetadataError} as {@link commitTable}.
 */
export async function commitTransaction(
  catalog: Catalog,
  request: JsonObject,
  options: ChangeOptions & LostRaceOptions = {},
): Promise<void> {
  const changes = asArray(field(request, "table-changes"), `"table-changes"`).map((item) => {
    const object = asObject(item, "a table change");
    return readChange(readTableName(field(object, "identifier"), `"identifier"`), object);
  });
  const keys = changes.map((change) => lockKey(change.table));
  if (new Set(keys).size < keys.length) {
    throw badRequest("Cannot commit the transaction: it changes one table twice");
  }
  const commit = async () => {
    const ready: Prepared[] = [];
    try {
      for (const change of changes) {
        const { prepared } = await prepare(catalog, change, options);
        if (prepared !== undefined) ready.push(prepared);
      }
    } catch (error) {
      await removeFiles(catalog, ready);
      throw error;
    }
    if (ready.length > 0) await publish(catalog, ready, options);
    else options.onApplied?.();
  };
  await catalog.locks.run(keys, () => retryOvertaken(commit));
}

/**
 * Another process has overtaken a commit, and its requirements hold all the same: it is made again
 * on what stands now. Within this process the lock keeps commits apart.
 */
class Overtaken extends RequestFailure {
  constructor(table: TableName) {
    super(
      409,
      "CommitFailedException",
      `Cannot commit to ${
        formatTableName(table)
      }: other commits were written first, time and again, which the requirements do not exclude`,
    );
  }
}

async function retryOvertaken<T>(commit: () => Promise<T>): Promise<T> {
  for (let left = OVERTAKEN_MAX; left > 0; left -= 1) {
    try {
      return await commit();
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error;
    }
  }
  return await commit();
}

function readChange(table: TableName, request: JsonObject): Change {
  const identifier = field(request, "identifier");
  if (identifier !== undefined) {
    const named = readTableName(identifier, `"identifier"`);
    if (lockKey(named) !== lockKey(table)) {
      throw badRequest(
        `Cannot commit to ${formatTableName(table)}: the request names ${formatTableName(named)}`,
      );
    }
  }
  const updates = asArray(field(request, "updates"), `"updates"`);
  checkActions(updates);
  return {
    table,
    requirements: asArray(field(request, "requirements"), `"requirements"`),
    updates,
  };
}

function isCreate(change: Change): boolean {
  return (change.requirements as unknown[]).some((item) =>
    asObject(item, "a requirement")["type"] === "assert-create"
  );
}

/** Checks a change and writes its file. No file and no `prepared` when there is nothing to do. */
async function prepare(
  catalog: Catalog,
  change: Change,
  options: LostRaceOptions,
): Promise<{ prepared: Prepared | undefined; loaded: LoadedTable }> {
  const { table, requirements, updates } = change;
  const loaded = await loadTable(catalog, table);
  const { row } = loaded;
  let { file: { metadata: base } } = loaded;
  let basedOn = row.metadataLocation;
  const failure = checkRequirements(base, requirements);
  if (failure !== undefined) {
    const older = await chooseLostBase(catalog, loaded, { ...options, requirements });
    if (older === undefined) throw lostRace(failure);
    base = older.file.metadata;
    basedOn = older.location;
  }
  const updated = applyUpdates(base, updates, { nowMs: catalog.now() });
  if ((updates as unknown[]).length === 0) return { prepared: undefined, loaded };
  const location = updated.location === base.location
    ? row.location
    : catalog.place.check(updated.location);
  const metadata = withMetadataLog(updated, {
    "metadata-file": basedOn,
    "timestamp-ms": base["last-updated-ms"],
  });
  const to = nextMetadataLocation(metadata, basedOn);
  catalog.place.check(to);
  const file = await writeMetadataFile(catalog, to, metadata);
  const move = { ...table, from: row.metadataLocation, to, location };
  return { prepared: { change, base, file, move }, loaded };
}

async function publish(
  catalog: Catalog,
  ready: readonly Prepared[],
  options: ChangeOptions & LostRaceOptions,
): Promise<void> {
  let moves = ready.map((prepared) => prepared.move);
  let lost;
  try {
    lost = catalog.database.movePointers(moves, options);
    if (lost !== undefined && options.losesUpdate?.()) {
      moves = fromAnywhere(catalog, moves);
      lost = catalog.database.movePointers(moves, options);
    }
  } catch (error) {
    // Only a failure that was expected says for certain that no pointer has moved.
    if (error instanceof RequestFailure) await removeFiles(catalog, ready);
    throw error;
  }
  if (lost === undefined) {
    for (const { move, file } of ready) {
      // Nobody commits on the old metadata again, and two of a long history would crowd the cache.
      catalog.cache.delete(move.from);
      catalog.cache.set(move.to, file);
    }
    await removeOldMetadata(catalog, ready);
    return;
  }
  await removeFiles(catalog, ready);
  throw await explainLoss(catalog, ready[moves.indexOf(lost)]!);
}

/**
 * Removes the metadata files that have left the log, for tables that ask for it (table property
 * `write.metadata.delete-after-commit.enabled`). A file that cannot be removed is only litter.
 */
async function removeOldMetadata(catalog: Catalog, done: readonly Prepared[]): Promise<void> {
  for (const { base, file: { metadata } } of done) {
    if (field(metadata.properties ?? {}, DELETE_PROPERTY)?.toLowerCase() !== "true") continue;
    const kept = new Set(metadata["metadata-log"]?.map((entry) => entry["metadata-file"]));
    for (const { "metadata-file": location } of base["metadata-log"] ?? []) {
      if (kept.has(location) || !isOwnMetadata(catalog, metadata, location)) continue;
      catalog.cache.delete(location);
      await catalog.place.store.remove(location).catch(() => {});
    }
  }
}

/**
 * The log came from a client when the table was registered: it may name any file, also those of a
 * table that lives on under another name.
 */
function isOwnMetadata(catalog: Catalog, table: TableMetadata, location: string): boolean {
  const directories = [table.location, field(table.properties ?? {}, PATH_PROPERTY)];
  if (
    !location.endsWith(".metadata.json") ||
    !directories.some((directory) =>
      directory !== undefined && location.startsWith(`${directory.replace(/\/+$/, "")}/`)
    )
  ) return false;
  try {
    catalog.place.check(location);
  } catch {
    return false;
  }
  return !catalog.database.isPointedAt(location);
}

/** The pointers have certainly not moved, so nothing refers to these files. */
async function removeFiles(catalog: Catalog, ready: readonly Prepared[]): Promise<void> {
  for (const { move } of ready) await catalog.place.store.remove(move.to).catch(() => {});
}

async function explainLoss(catalog: Catalog, prepared: Prepared): Promise<Error> {
  const { table, requirements } = prepared.change;
  if (catalog.database.findTable(table.namespace, table.name) === undefined) {
    return noSuchTable(table);
  }
  const { file } = await loadTable(catalog, table);
  const failure = checkRequirements(file.metadata, requirements);
  return failure === undefined ? new Overtaken(table) : lostRace(failure);
}

/** `stage-create` comes to its end: the table is made of the updates alone. */
async function commitNewTable(
  catalog: Catalog,
  change: Change,
  options: EntryChangeOptions,
): Promise<LoadedTable> {
  const { table, requirements, updates } = change;
  requireNamespace(catalog, table.namespace);
  if (catalog.database.findTable(table.namespace, table.name) !== undefined) {
    checkRequirements(undefined, requirements);
    throw lostRace(`Requirement failed: table already exists: ${formatTableName(table)}`);
  }
  const failure = checkRequirements(undefined, requirements);
  if (failure !== undefined) throw badRequest(`Cannot make the table: ${failure}`);
  // The directory is made only when no update names one, and the updates are sound.
  const created = { uuid: crypto.randomUUID(), location: UNNAMED };
  const metadata = applyUpdates(undefined, updates, { nowMs: catalog.now(), created });
  if (metadata.location !== UNNAMED) {
    return await insertTable(catalog, table, metadata, options);
  }
  const claimed = await catalog.place.claim(table);
  try {
    const placed = { ...metadata, location: claimed.location };
    return await insertTable(catalog, table, placed, options);
  } catch (error) {
    await claimed.release();
    throw error;
  }
}

const OVERTAKEN_MAX = 10;
const UNNAMED = "unnamed";
const VERSIONS_MAX_PROPERTY = "write.metadata.previous-versions-max";
const PATH_PROPERTY = "write.metadata.path";
const DELETE_PROPERTY = "write.metadata.delete-after-commit.enabled";
const VERSIONS_MAX_DEFAULT = 100;

/** The metadata with the file that it replaces at the end of its log, cut to the length asked for. */
function withMetadataLog(
  metadata: TableMetadata,
  entry: NonNullable<TableMetadata["metadata-log"]>[number],
): TableMetadata {
  const asked = field(metadata.properties ?? {}, VERSIONS_MAX_PROPERTY);
  const countMax = asked !== undefined && /^\d{1,9}$/.test(asked)
    ? Math.max(1, Number(asked))
    : VERSIONS_MAX_DEFAULT;
  const log = [...(metadata["metadata-log"] ?? []), entry];
  return { ...metadata, "metadata-log": log.slice(-countMax) };
}
