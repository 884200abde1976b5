/**
 * The changes of a commit (REST spec, `TableUpdate`), applied to table metadata. Pure: the same
 * metadata and updates give the same result, and the input is left as it is.
 */
import type { TableMetadata, Update } from "./metadata.ts";
import { MetadataError } from "./metadata_error.ts";
import { readFormatVersion } from "./new_table.ts";
import {
  asArray,
  asInt,
  asObject,
  asString,
  asStringMap,
  field,
  type JsonObject,
} from "./shape.ts";
import { takesSource } from "./transforms.ts";
import { type Draft, emptyMetadata } from "./update_draft.ts";
import {
  addSchema,
  addSortOrder,
  addSpec,
  currentFacts,
  removePartitionSpecs,
  removeSchemas,
  setCurrentSchema,
  setDefaultSortOrder,
  setDefaultSpec,
} from "./update_schemas.ts";
import {
  addSnapshot,
  checkSnapshotKeys,
  removePartitionStatistics,
  removeSnapshotRef,
  removeSnapshots,
  removeStatistics,
  setPartitionStatistics,
  setSnapshotRef,
  setStatistics,
} from "./update_snapshots.ts";

/** What {@link applyUpdates} needs beside the updates. */
export interface ApplyOptions {
  /** The time of the commit. */
  readonly nowMs: number;
  /** For a table that comes to be with this commit: what it gets when no update sets it. */
  readonly created?: { readonly uuid: string; readonly location: string };
}

const HANDLERS: ReadonlyMap<string, (draft: Draft, update: JsonObject) => void> = new Map<
  Update["action"],
  (draft: Draft, update: JsonObject) => void
>([
  ["assign-uuid", assignUuid],
  ["upgrade-format-version", upgradeFormatVersion],
  ["add-schema", addSchema],
  ["set-current-schema", setCurrentSchema],
  ["add-spec", addSpec],
  ["set-default-spec", setDefaultSpec],
  ["add-sort-order", addSortOrder],
  ["set-default-sort-order", setDefaultSortOrder],
  ["add-snapshot", addSnapshot],
  ["set-snapshot-ref", setSnapshotRef],
  ["remove-snapshots", removeSnapshots],
  ["remove-snapshot-ref", removeSnapshotRef],
  ["set-location", setLocation],
  ["set-properties", setProperties],
  ["remove-properties", removeProperties],
  ["set-statistics", setStatistics],
  ["remove-statistics", removeStatistics],
  ["set-partition-statistics", setPartitionStatistics],
  ["remove-partition-statistics", removePartitionStatistics],
  ["remove-partition-specs", removePartitionSpecs],
  ["remove-schemas", removeSchemas],
  ["add-encryption-key", addEncryptionKey],
  ["remove-encryption-key", removeEncryptionKey],
]);

/**
 * Applies updates in the order given. The snapshot log, `current-snapshot-id`, sequence numbers and
 * `next-row-id` follow; the metadata log is left to whoever knows where metadata files lie.
 *
 * @param metadata the table's, or undefined for a table that comes to be with this commit.
 * @param updates the array of a commit request; its shape is checked here.
 * @returns new metadata that shares unchanged parts with the old.
 * @throws {MetadataError} `invalid` for an unknown, malformed or impossible update, `lostRace` for
 * a snapshot whose sequence number or first row id another commit has overtaken.
 */
export function applyUpdates(
  metadata: TableMetadata | undefined,
  updates: unknown,
  options: ApplyOptions,
): TableMetadata {
  const draft: Draft = {
    metadata: metadata === undefined ? emptyMetadata() : { ...metadata },
    nowMs: options.nowMs,
    isNew: metadata === undefined,
    addedSnapshotIds: new Set(),
    addedSchemaId: undefined,
    addedSpecId: undefined,
    addedOrderId: undefined,
    snapshotMs: undefined,
  };
  for (const { handle, update } of readActions(updates)) handle(draft, update);
  if (draft.isNew) completeNewTable(draft, options);
  checkReferences(draft, metadata);
  checkSnapshotKeys(draft);
  draft.metadata["last-updated-ms"] = Math.max(
    metadata?.["last-updated-ms"] ?? 0,
    draft.snapshotMs ?? options.nowMs,
  );
  return draft.metadata;
}

/**
 * Checks that every update is one of the REST spec, whatever the state of its table: a request with
 * another is refused even when a requirement fails.
 *
 * @throws {MetadataError} `invalid`
 */
export function checkActions(updates: unknown): void {
  readActions(updates);
}

function readActions(updates: unknown) {
  return asArray(updates, `"updates"`).map((item) => {
    const update = asObject(item, "an update");
    const action = asString(field(update, "action"), `"action" of an update`);
    const handle = HANDLERS.get(action);
    if (handle === undefined) {
      throw new MetadataError(`Cannot apply update "${action}": it is not known`);
    }
    return { handle, update };
  });
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function assignUuid(draft: Draft, update: JsonObject): void {
  const uuid = asString(field(update, "uuid"), `"uuid"`);
  if (!UUID.test(uuid)) throw new MetadataError(`Cannot use "${uuid}" as uuid: it is none`);
  const found = draft.metadata["table-uuid"];
  if (!draft.isNew && found.toLowerCase() !== uuid.toLowerCase()) {
    throw new MetadataError(`Cannot change the uuid of the table from "${found}" to "${uuid}"`);
  }
  draft.metadata["table-uuid"] = draft.isNew ? uuid : found;
}

function upgradeFormatVersion(draft: Draft, update: JsonObject): void {
  const { metadata } = draft;
  const wanted = readFormatVersion(asInt(field(update, "format-version"), `"format-version"`, 1));
  const version = metadata["format-version"];
  // A new table has no version to keep: it starts in whichever the first upgrade names.
  if (wanted < version && !(draft.isNew && metadata.schemas.length === 0)) {
    throw new MetadataError(`Cannot downgrade v${version} table to v${wanted}`);
  }
  metadata["format-version"] = wanted;
  if (wanted > 1) metadata["last-sequence-number"] ??= 0;
  else delete metadata["last-sequence-number"];
  if (wanted > 2) metadata["next-row-id"] ??= 0;
}

function setLocation(draft: Draft, update: JsonObject): void {
  const location = asString(field(update, "location"), `"location"`).replace(/(?<=[^/])\/+$/, "");
  if (location === "") throw new MetadataError("Cannot use an empty location");
  draft.metadata.location = location;
}

function setProperties(draft: Draft, update: JsonObject): void {
  const added = asStringMap(field(update, "updates"), `"updates" of set-properties`);
  draft.metadata.properties = { ...draft.metadata.properties, ...added };
}

function removeProperties(draft: Draft, update: JsonObject): void {
  const removals = new Set(
    asArray(field(update, "removals"), `"removals"`).map((key) => asString(key, "a property name")),
  );
  draft.metadata.properties = Object.fromEntries(
    Object.entries(draft.metadata.properties ?? {}).filter(([key]) => !removals.has(key)),
  );
}

function addEncryptionKey(draft: Draft, update: JsonObject): void {
  const { metadata } = draft;
  if (metadata["format-version"] < 3) {
    throw new MetadataError("Cannot add an encryption key: it is not supported until v3");
  }
  const key = asObject(field(update, "encryption-key"), `"encryption-key"`);
  const id = asString(field(key, "key-id"), `"key-id" of the encryption key`);
  asString(field(key, "encrypted-key-metadata"), `"encrypted-key-metadata"`);
  asString(field(key, "encrypted-by-id") ?? "", `"encrypted-by-id"`);
  asStringMap(field(key, "properties") ?? {}, `"properties" of the encryption key`);
  metadata["encryption-keys"] = [...otherKeys(draft, id), key];
}

function removeEncryptionKey(draft: Draft, update: JsonObject): void {
  const id = asString(field(update, "key-id"), `"key-id"`);
  if (draft.metadata["encryption-keys"] === undefined) return;
  draft.metadata["encryption-keys"] = otherKeys(draft, id);
}

function otherKeys(draft: Draft, id: string): JsonObject[] {
  const keys = (draft.metadata["encryption-keys"] ?? []) as JsonObject[];
  return keys.filter((key) => key["key-id"] !== id);
}

/** A new table needs a schema; what else is missing has a plain default. */
function completeNewTable(draft: Draft, options: ApplyOptions): void {
  const { metadata } = draft;
  if (!metadata.schemas.some((known) => known["schema-id"] === metadata["current-schema-id"])) {
    throw new MetadataError("Cannot make the table: no update sets its current schema");
  }
  if (metadata["table-uuid"] === "") metadata["table-uuid"] = options.created?.uuid ?? "";
  if (metadata.location === "") metadata.location = options.created?.location ?? "";
  if (metadata["table-uuid"] === "" || metadata.location === "") {
    throw new MetadataError("Cannot make the table: it has no uuid or no location");
  }
  if (metadata["partition-specs"].length === 0) {
    metadata["partition-specs"] = [{ "spec-id": 0, fields: [] }];
    metadata["default-spec-id"] = 0;
  }
  if (metadata["sort-orders"]?.length === 0) {
    metadata["sort-orders"] = [{ "order-id": 0, fields: [] }];
    metadata["default-sort-order-id"] = 0;
  }
  if (metadata["default-spec-id"] < 0 || (metadata["default-sort-order-id"] ?? 0) < 0) {
    throw new MetadataError("Cannot make the table: no update sets its default spec or sort order");
  }
}

interface SourceField {
  readonly transform: string;
  readonly "source-id"?: number;
}

/** What new files are written with must have its source columns at the end of the commit. */
function checkReferences(draft: Draft, base: TableMetadata | undefined): void {
  const { metadata } = draft;
  const keys = ["current-schema-id", "default-spec-id", "default-sort-order-id"] as const;
  if (keys.every((key) => metadata[key] === base?.[key])) return;
  const spec = metadata["partition-specs"].find((known) =>
    (known["spec-id"] ?? 0) === metadata["default-spec-id"]
  );
  const order = metadata["sort-orders"]?.find((known) =>
    (known["order-id"] ?? 0) === metadata["default-sort-order-id"]
  );
  const fields = [...(spec?.fields ?? []), ...(order?.fields ?? [])] as unknown as SourceField[];
  if (fields.length === 0) return;
  const facts = currentFacts(draft);
  for (const { transform, "source-id": sourceId } of fields) {
    // A void field stands for one that was removed, and its column may be gone with it.
    if (transform === "void" || sourceId === undefined) continue;
    const source = facts.get(sourceId);
    if (source === undefined) {
      throw new MetadataError(
        `Cannot remove field "${sourceId}": the default partition spec or sort order uses it`,
      );
    }
    if (!takesSource(transform, source.type)) {
      throw new MetadataError(
        `Cannot change the type of "${source.name}": ${transform} of it, which the default partition spec or sort order uses, cannot be made`,
      );
    }
  }
}
