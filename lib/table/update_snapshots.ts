/** The updates of a commit that concern snapshots, branches, tags and statistics. */
import type { Int64, SnapshotJson, SnapshotRefJson, TableMetadata } from "./metadata.ts";
import { MetadataError } from "./metadata_error.ts";
import {
  asArray,
  asInt,
  asLong,
  asObject,
  asString,
  asStringMap,
  asTimeMs,
  field,
  type JsonObject,
  sameJson,
  sameLong,
} from "./shape.ts";
import type { Draft } from "./update_draft.ts";

/** How far a snapshot may lie before the table's last change: the clocks of writers differ. */
const CLOCK_SKEW_MS_MAX = 60_000;
const OPERATIONS: ReadonlySet<string> = new Set(["append", "replace", "overwrite", "delete"]);

/**
 * `add-snapshot` (table spec, "Snapshots", "Sequence Numbers", "Row Lineage").
 *
 * A snapshot without a parent replaces the table's content, so it may have an old sequence number,
 * as in the reference implementation; the table's last sequence number never goes back.
 *
 * @throws {MetadataError} `lostRace` when its sequence number or first row id is behind the
 * table's, else `invalid`.
 */
export function addSnapshot(draft: Draft, update: JsonObject): void {
  const { metadata } = draft;
  const json = asObject(field(update, "snapshot"), `"snapshot"`);
  const id = asLong(field(json, "snapshot-id"), `"snapshot-id" of the snapshot`);
  if (metadata.schemas.length === 0) {
    throw new MetadataError(`Cannot add snapshot "${id}": the table has no schema yet`);
  }
  if (metadata["partition-specs"].length === 0) {
    throw new MetadataError(`Cannot add snapshot "${id}": the table has no partition spec yet`);
  }
  if (findSnapshot(metadata, id) !== undefined) {
    throw new MetadataError(`Snapshot already exists for id: ${id}`);
  }
  const snapshot = readSnapshot(json, metadata);
  checkSequence(metadata, snapshot);
  const timestampMs = snapshot["timestamp-ms"];
  if (timestampMs < metadata["last-updated-ms"] - CLOCK_SKEW_MS_MAX) {
    throw new MetadataError(
      `Cannot add snapshot "${id}": its timestamp ${timestampMs} is more than a minute before the last change of the table at ${
        metadata["last-updated-ms"]
      }`,
    );
  }
  if (metadata["format-version"] > 1) {
    const last = metadata["last-sequence-number"] ?? 0;
    const next = snapshot["sequence-number"] ?? 0;
    metadata["last-sequence-number"] = BigInt(next) > BigInt(last) ? next : last;
  }
  if (metadata["format-version"] > 2) addRows(metadata, snapshot);
  metadata.snapshots = [...(metadata.snapshots ?? []), snapshot];
  draft.addedSnapshotIds.add(id);
  draft.snapshotMs = timestampMs;
}

function checkSequence(metadata: TableMetadata, snapshot: SnapshotJson): void {
  if (metadata["format-version"] === 1) return;
  const next = BigInt(snapshot["sequence-number"] ?? 0);
  const last = BigInt(metadata["last-sequence-number"] ?? 0);
  const hasParent = field(snapshot as unknown as JsonObject, "parent-snapshot-id") !== undefined;
  if (next > last || !hasParent) return;
  throw new MetadataError(
    `Cannot add snapshot "${
      snapshot["snapshot-id"]
    }": its sequence number ${next} is not above the last sequence number ${last}`,
    "lostRace",
  );
}

function addRows(metadata: TableMetadata, snapshot: SnapshotJson): void {
  const first = BigInt(snapshot["first-row-id"]!);
  const next = BigInt(metadata["next-row-id"] ?? 0);
  if (first < next) {
    throw new MetadataError(
      `Cannot add snapshot "${
        snapshot["snapshot-id"]
      }": its first-row-id ${first} is below the next-row-id ${next}`,
      "lostRace",
    );
  }
  const after = first + BigInt(snapshot["added-rows"]!);
  metadata["next-row-id"] = toWire(asLong(after, `"next-row-id" after the snapshot`));
}

function readSnapshot(json: JsonObject, metadata: TableMetadata): SnapshotJson {
  const version = metadata["format-version"];
  asTimeMs(field(json, "timestamp-ms"), `"timestamp-ms" of the snapshot`);
  const parent = field(json, "parent-snapshot-id");
  if (parent !== undefined) asLong(parent, `"parent-snapshot-id" of the snapshot`);
  const sequence = field(json, "sequence-number");
  if (version > 1 || sequence !== undefined) {
    asLong(sequence, `"sequence-number" of the snapshot`);
  }
  const manifests = version > 1 ? undefined : field(json, "manifests");
  if (manifests === undefined) {
    asString(field(json, "manifest-list"), `"manifest-list" of the snapshot`);
  } else {
    for (const path of asArray(manifests, `"manifests"`)) asString(path, "a manifest's path");
  }
  const summary = field(json, "summary");
  if (version > 1 || summary !== undefined) {
    const operation = field(asStringMap(summary, `"summary" of the snapshot`), "operation");
    if (!OPERATIONS.has(asString(operation, `"operation" of the summary`))) {
      throw new MetadataError(`Cannot add a snapshot: the operation "${operation}" is not known`);
    }
  }
  const schemaId = field(json, "schema-id");
  if (schemaId !== undefined) {
    asInt(schemaId, `"schema-id" of the snapshot`);
    if (!metadata.schemas.some((schema) => (schema["schema-id"] ?? 0) === schemaId)) {
      throw new MetadataError(`Cannot add a snapshot: the table has no schema "${schemaId}"`);
    }
  }
  if (version > 2) {
    asLong(field(json, "first-row-id"), `"first-row-id" of the snapshot`);
    asLong(field(json, "added-rows"), `"added-rows" of the snapshot`);
    const keyId = field(json, "key-id");
    if (keyId !== undefined) asString(keyId, `"key-id" of the snapshot`);
  }
  return withoutLaterFields(json, version) as unknown as SnapshotJson;
}

/** A field of a later version would come to life when the table is upgraded to that version. */
function withoutLaterFields(json: JsonObject, version: number): JsonObject {
  const later: string[] = [
    ...(version < 2 ? ["sequence-number"] : []),
    ...(version < 3 ? ["first-row-id", "added-rows", "key-id"] : []),
  ];
  if (!later.some((key) => Object.hasOwn(json, key))) return json;
  return Object.fromEntries(Object.entries(json).filter(([key]) => !later.includes(key)));
}

/**
 * Checks that the table has the encryption keys that the commit's snapshots name. Writers add a key
 * after the snapshot that names it, so this comes when all updates have been applied.
 *
 * @throws {MetadataError}
 */
export function checkSnapshotKeys(draft: Draft): void {
  const { metadata, addedSnapshotIds } = draft;
  if (addedSnapshotIds.size === 0 || metadata["format-version"] < 3) return;
  const keys = (metadata["encryption-keys"] ?? []) as JsonObject[];
  for (const snapshot of metadata.snapshots ?? []) {
    const id = snapshot["key-id"];
    if (id === undefined || !addedSnapshotIds.has(BigInt(snapshot["snapshot-id"]))) continue;
    if (keys.some((key) => key["key-id"] === id)) continue;
    throw new MetadataError(
      `Cannot add snapshot "${snapshot["snapshot-id"]}": the table has no encryption key "${id}"`,
    );
  }
}

/** `set-snapshot-ref` (table spec, "Snapshot References"). @throws {MetadataError} */
export function setSnapshotRef(draft: Draft, update: JsonObject): void {
  const { metadata } = draft;
  const name = asString(field(update, "ref-name"), `"ref-name"`);
  if (name === "") throw new MetadataError("Cannot set a branch or tag with an empty name");
  const id = asLong(field(update, "snapshot-id"), `"snapshot-id" of "${name}"`);
  const ref = readRef(update, name);
  const snapshot = findSnapshot(metadata, id);
  if (snapshot === undefined) {
    throw new MetadataError(`Cannot set ${name} to unknown snapshot: ${id}`);
  }
  const before = field(metadata.refs ?? {}, name);
  if (before !== undefined && sameJson(before, ref)) return;
  // A spread makes own properties, also for a name such as __proto__.
  metadata.refs = { ...metadata.refs, ...Object.fromEntries([[name, ref]]) };
  if (name !== "main") return;
  const moved = before === undefined || !sameLong(before["snapshot-id"], id);
  metadata["current-snapshot-id"] = ref["snapshot-id"];
  if (!moved) return;
  const isAdded = draft.addedSnapshotIds.has(id);
  const log = (metadata["snapshot-log"] ?? []).filter((entry) =>
    // What was current only within this commit was never current to anyone.
    !draft.addedSnapshotIds.has(BigInt(entry["snapshot-id"]))
  );
  // The log is in order of time for its readers, though a writer's clock may have been ahead.
  const timestampMs = isAdded
    ? snapshot["timestamp-ms"]
    : Math.max(draft.nowMs, log.at(-1)?.["timestamp-ms"] ?? 0);
  metadata["snapshot-log"] = [...log, {
    "snapshot-id": ref["snapshot-id"],
    "timestamp-ms": timestampMs,
  }];
}

function readRef(update: JsonObject, name: string): SnapshotRefJson {
  const type = field(update, "type");
  if (type !== "branch" && type !== "tag") {
    throw new MetadataError(`Cannot set "${name}": its type is neither branch nor tag`);
  }
  if (name === "main" && type === "tag") {
    throw new MetadataError("Cannot set main to a tag, it must be a branch");
  }
  const ref: SnapshotRefJson = { "snapshot-id": update["snapshot-id"] as Int64, type };
  for (const key of ["min-snapshots-to-keep", "max-snapshot-age-ms", "max-ref-age-ms"] as const) {
    const value = field(update, key);
    if (value === undefined) continue;
    if (type === "tag" && key !== "max-ref-age-ms") {
      throw new MetadataError(`Cannot set tag "${name}": only a branch has "${key}"`);
    }
    const what = `"${key}" of "${name}"`;
    const read = key === "min-snapshots-to-keep" ? asInt(value, what) : asLong(value, what);
    if (BigInt(read) === 0n) {
      throw new MetadataError(`Cannot set "${name}": "${key}" must be above 0`);
    }
    ref[key] = value as number;
  }
  return ref;
}

/** `remove-snapshot-ref`; a name that is not there is no error. @throws {MetadataError} */
export function removeSnapshotRef(draft: Draft, update: JsonObject): void {
  removeRef(draft.metadata, asString(field(update, "ref-name"), `"ref-name"`));
}

function removeRef(metadata: TableMetadata, name: string): void {
  metadata.refs = Object.fromEntries(
    Object.entries(metadata.refs ?? {}).filter(([key]) => key !== name),
  );
  // The log stays: what was current before is still true of that time.
  if (name === "main") delete metadata["current-snapshot-id"];
}

/**
 * `remove-snapshots`: with them go their statistics and every branch and tag that points at them;
 * the snapshot log starts after the last of them. Ids that are not there are no error.
 *
 * @throws {MetadataError}
 */
export function removeSnapshots(draft: Draft, update: JsonObject): void {
  const { metadata } = draft;
  const ids = new Set(
    asArray(field(update, "snapshot-ids"), `"snapshot-ids"`).map((id) =>
      asLong(id, "a snapshot id")
    ),
  );
  const before = metadata.snapshots ?? [];
  metadata.snapshots = before.filter((snapshot) => !ids.has(BigInt(snapshot["snapshot-id"])));
  if (metadata.snapshots.length === before.length) return;
  for (const [name, ref] of Object.entries(metadata.refs ?? {})) {
    if (ids.has(BigInt(ref["snapshot-id"]))) removeRef(metadata, name);
  }
  const log = metadata["snapshot-log"] ?? [];
  const lastGone = log.findLastIndex((entry) => ids.has(BigInt(entry["snapshot-id"])));
  metadata["snapshot-log"] = log.slice(lastGone + 1);
  for (const id of ids) {
    removeStatisticsOf(metadata, "statistics", id);
    removeStatisticsOf(metadata, "partition-statistics", id);
  }
}

/** `set-statistics` (table spec, "Table Statistics"): replaces those of the same snapshot. */
export function setStatistics(draft: Draft, update: JsonObject): void {
  const file = asObject(field(update, "statistics"), `"statistics"`);
  const id = asLong(field(file, "snapshot-id"), `"snapshot-id" of the statistics`);
  const outer = field(update, "snapshot-id");
  if (outer !== undefined && asLong(outer, `"snapshot-id"`) !== id) {
    throw new MetadataError(
      `Cannot set statistics: they name the snapshots "${outer}" and "${id}"`,
    );
  }
  asString(field(file, "statistics-path"), `"statistics-path"`);
  asLong(field(file, "file-size-in-bytes"), `"file-size-in-bytes"`);
  asLong(field(file, "file-footer-size-in-bytes"), `"file-footer-size-in-bytes"`);
  for (const item of asArray(field(file, "blob-metadata"), `"blob-metadata"`)) {
    const blob = asObject(item, "a blob's metadata");
    asString(field(blob, "type"), "the type of a blob");
    asLong(field(blob, "snapshot-id"), `"snapshot-id" of a blob`);
    asLong(field(blob, "sequence-number"), `"sequence-number" of a blob`);
    for (const id of asArray(field(blob, "fields"), `"fields" of a blob`)) asInt(id, "a field id");
    asStringMap(field(blob, "properties") ?? {}, `"properties" of a blob`);
  }
  putStatistics(draft.metadata, "statistics", { id, file });
}

/** `set-partition-statistics` (table spec, "Partition Statistics"). */
export function setPartitionStatistics(draft: Draft, update: JsonObject): void {
  const file = asObject(field(update, "partition-statistics"), `"partition-statistics"`);
  const id = asLong(field(file, "snapshot-id"), `"snapshot-id" of the statistics`);
  asString(field(file, "statistics-path"), `"statistics-path"`);
  asLong(field(file, "file-size-in-bytes"), `"file-size-in-bytes"`);
  putStatistics(draft.metadata, "partition-statistics", { id, file });
}

/** `remove-statistics`; none there is no error. */
export function removeStatistics(draft: Draft, update: JsonObject): void {
  const id = asLong(field(update, "snapshot-id"), `"snapshot-id"`);
  removeStatisticsOf(draft.metadata, "statistics", id);
}

/** `remove-partition-statistics`; none there is no error. */
export function removePartitionStatistics(draft: Draft, update: JsonObject): void {
  const id = asLong(field(update, "snapshot-id"), `"snapshot-id"`);
  removeStatisticsOf(draft.metadata, "partition-statistics", id);
}

type StatisticsKey = "statistics" | "partition-statistics";

function putStatistics(
  metadata: TableMetadata,
  key: StatisticsKey,
  entry: { readonly id: bigint; readonly file: JsonObject },
): void {
  if (findSnapshot(metadata, entry.id) === undefined) {
    throw new MetadataError(`Cannot set statistics for unknown snapshot: ${entry.id}`);
  }
  removeStatisticsOf(metadata, key, entry.id);
  metadata[key] = [...(metadata[key] ?? []), entry.file];
}

function removeStatisticsOf(metadata: TableMetadata, key: StatisticsKey, id: bigint): void {
  if (metadata[key] === undefined) return;
  metadata[key] = metadata[key].filter((file) =>
    !sameLong((file as JsonObject)["snapshot-id"] as Int64, id)
  );
}

function findSnapshot(metadata: TableMetadata, id: bigint): SnapshotJson | undefined {
  const narrow = toWire(id);
  return metadata.snapshots?.find((snapshot) => sameLong(snapshot["snapshot-id"], narrow));
}

function toWire(value: bigint): Int64 {
  const narrow = Number(value);
  return Number.isSafeInteger(narrow) ? narrow : value;
}
