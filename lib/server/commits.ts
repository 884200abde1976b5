/**
 * The commit: requirements are checked against the metadata at the pointer, the new metadata file is
 * written and synced, and a compare-and-swap in SQLite decides who was first.
 */
import type { TableMetadata } from "../table/metadata.ts";
import { checkRequirements } from "../table/requirements.ts";
import { asArray, asObject, field, type JsonObject } from "../table/shape.ts";
import { applyUpdates } from "../table/updates.ts";
import {
  type Catalog,
  type LoadedTable,
  loadTable,
  lockKey,
  writeMetadataFile,
} from "./catalog.ts";
import type { PointerMove } from "./database.ts";
import {
  badRequest,
  formatTableName,
  lostRace,
  noSuchTable,
  RequestFailure,
  tableExists,
  type TableName,
} from "./failure.ts";
import { claimDirectory, pathInWarehouse } from "./locations.ts";
import { type MetadataFile, nextMetadataName } from "./metadata_file.ts";
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
): Promise<LoadedTable> {
  const change = readChange(table, request);
  return await catalog.locks.run([lockKey(table)], async () => {
    if (isCreate(change)) return await commitNewTable(catalog, change);
    const { prepared, loaded } = await prepare(catalog, change);
    if (prepared === undefined) return loaded;
    await publish(catalog, [prepared]);
    const { uuid } = loaded.row;
    return {
      row: { uuid, location: prepared.move.location, metadataLocation: prepared.move.to },
      file: prepared.file,
    };
  });
}

/**
 * Commits to several tables, all or none (REST spec, `CommitTransactionRequest`).
 *
 * @throws {RequestFailure | MetadataError} as {@link commitTable}.
 */
export async function commitTransaction(catalog: Catalog, request: JsonObject): Promise<void> {
  const changes = asArray(field(request, "table-changes"), `"table-changes"`).map((item) => {
    const object = asObject(item, "a table change");
    return readChange(readTableName(field(object, "identifier"), `"identifier"`), object);
  });
  const keys = changes.map((change) => lockKey(change.table));
  if (new Set(keys).size < keys.length) {
    throw badRequest("Cannot commit the transaction: it changes one table twice");
  }
  await catalog.locks.run(keys, async () => {
    const ready: Prepared[] = [];
    try {
      for (const change of changes) {
        const { prepared } = await prepare(catalog, change);
        if (prepared !== undefined) ready.push(prepared);
      }
    } catch (error) {
      await removeFiles(catalog, ready);
      throw error;
    }
    if (ready.length > 0) await publish(catalog, ready);
  });
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
  return {
    table,
    requirements: asArray(field(request, "requirements"), `"requirements"`),
    updates: asArray(field(request, "updates"), `"updates"`),
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
): Promise<{ prepared: Prepared | undefined; loaded: LoadedTable }> {
  const { table, requirements, updates } = change;
  const loaded = await loadTable(catalog, table);
  const { row, file: { metadata: base } } = loaded;
  const failure = checkRequirements(base, requirements);
  if (failure !== undefined) throw lostRace(failure);
  const updated = applyUpdates(base, updates, { nowMs: catalog.now() });
  if ((updates as unknown[]).length === 0) return { prepared: undefined, loaded };
  const location = updated.location === base.location
    ? row.location
    : pathInWarehouse(catalog.root, updated.location);
  const metadata = withMetadataLog(updated, {
    "metadata-file": row.metadataLocation,
    "timestamp-ms": base["last-updated-ms"],
  });
  const to = `${metadata.location}/metadata/${nextMetadataName(row.metadataLocation)}`;
  const file = await writeMetadataFile(catalog, to, metadata);
  const move = { ...table, from: row.metadataLocation, to, location };
  return { prepared: { change, file, move }, loaded };
}

async function publish(catalog: Catalog, ready: readonly Prepared[]): Promise<void> {
  let lost;
  try {
    lost = catalog.database.movePointers(ready.map((prepared) => prepared.move));
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
    return;
  }
  await removeFiles(catalog, ready);
  throw await explainLoss(catalog, ready.find((prepared) => prepared.move === lost)!);
}

/** The pointers have certainly not moved, so nothing refers to these files. */
async function removeFiles(catalog: Catalog, ready: readonly Prepared[]): Promise<void> {
  for (const { move } of ready) await catalog.store.remove(move.to).catch(() => {});
}

async function explainLoss(catalog: Catalog, prepared: Prepared): Promise<Error> {
  const { table, requirements } = prepared.change;
  if (catalog.database.findTable(table.namespace, table.name) === undefined) {
    return noSuchTable(table);
  }
  const { file } = await loadTable(catalog, table);
  const failure = checkRequirements(file.metadata, requirements);
  return lostRace(
    failure ??
      `Cannot commit to ${
        formatTableName(table)
      }: another commit was written first, which the requirements do not exclude`,
  );
}

/** `stage-create` comes to its end: the table is made of the updates alone. */
async function commitNewTable(catalog: Catalog, change: Change): Promise<LoadedTable> {
  const { table, requirements, updates } = change;
  requireNamespace(catalog, table.namespace);
  if (catalog.database.findTable(table.namespace, table.name) !== undefined) {
    checkRequirements(undefined, requirements);
    throw tableExists(table);
  }
  const failure = checkRequirements(undefined, requirements);
  if (failure !== undefined) throw badRequest(`Cannot make the table: ${failure}`);
  // The directory is made only when no update names one, and the updates are sound.
  const created = { uuid: crypto.randomUUID(), location: UNNAMED };
  const metadata = applyUpdates(undefined, updates, { nowMs: catalog.now(), created });
  if (metadata.location !== UNNAMED) return await insertTable(catalog, table, metadata);
  const claimed = await claimDirectory(catalog.root, table);
  try {
    return await insertTable(catalog, table, { ...metadata, location: claimed.location });
  } catch (error) {
    await claimed.release();
    throw error;
  }
}

const UNNAMED = "unnamed";
const VERSIONS_MAX_PROPERTY = "write.metadata.previous-versions-max";
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
