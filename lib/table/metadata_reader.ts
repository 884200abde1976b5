/**
 * Table metadata as some writer has left it in a file: checked, since clients trust whatever a catalog
 * hands out, with what format version 1 leaves out filled in (table spec, "Table Metadata Fields").
 */
import { createHash } from "node:crypto";
import type { PartitionFieldJson, TableMetadata } from "./metadata.ts";
import { MetadataError } from "./metadata_error.ts";
import { PARTITION_FIELD_ID_MIN } from "./new_table.ts";
import { checkSchema, FORMAT_VERSION_MAX } from "./schema_rules.ts";
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
} from "./shape.ts";

/** Present from v2 on; v1 may leave them out. */
const SINCE_V2 = ["last-partition-id", "sort-orders", "default-sort-order-id"] as const;
const LOGS = ["snapshot-log", "metadata-log"] as const;
const NO_SNAPSHOT = -1;

/**
 * Reads parsed metadata.
 *
 * @returns metadata whose schemas, specs, orders, snapshots and refs are all there where it names them.
 * @throws {MetadataError} when it is no table metadata of a known format version, or names what it
 * does not have.
 */
export function readTableMetadata(json: unknown): TableMetadata {
  const { schema, "partition-spec": spec, ...object } = asObject(json, "the metadata file");
  const version = asInt(field(object, "format-version"), `"format-version"`, 1);
  if (version > FORMAT_VERSION_MAX) {
    throw new MetadataError(
      `Unsupported format version: v${version} (supported: v${FORMAT_VERSION_MAX})`,
    );
  }
  const location = asString(field(object, "location"), `"location"`);
  asTimeMs(field(object, "last-updated-ms"), `"last-updated-ms"`);
  asInt(field(object, "last-column-id"), `"last-column-id"`);
  if (version === 1) {
    object["table-uuid"] ??= uuidOf(location);
    object["schemas"] ??= [{ "schema-id": 0, ...asObject(schema, `"schema"`) }];
    object["current-schema-id"] ??= field(asObject(schema ?? {}, `"schema"`), "schema-id") ?? 0;
    object["partition-specs"] ??= [{ "spec-id": 0, fields: asArray(spec ?? [], "the spec") }];
    object["default-spec-id"] ??= 0;
    object["sort-orders"] ??= [{ "order-id": 0, fields: [] }];
    object["default-sort-order-id"] ??= 0;
    object["partition-specs"] = specsWithIds(object);
    object["last-partition-id"] ??= lastPartitionId(object);
  } else {
    asLong(field(object, "last-sequence-number"), `"last-sequence-number"`);
    for (const key of SINCE_V2) {
      if (field(object, key) === undefined) {
        throw new MetadataError(`Cannot read the metadata file: v${version} needs "${key}"`);
      }
    }
  }
  asString(field(object, "table-uuid"), `"table-uuid"`);
  asInt(field(object, "last-partition-id"), `"last-partition-id"`);
  if (version > 2) asLong(field(object, "next-row-id"), `"next-row-id"`);
  asStringMap(object["properties"] ??= {}, `"properties"`);
  checkChosen(object, version);
  checkSnapshots(object);
  for (const key of LOGS) {
    for (const item of asArray(field(object, key) ?? [], `"${key}"`)) {
      asTimeMs(field(asObject(item, `an entry of "${key}"`), "timestamp-ms"), `"${key}"`);
    }
  }
  return object as unknown as TableMetadata;
}

/** The same at every reading: another one would be another table to its writers. */
function uuidOf(location: string): string {
  const hex = createHash("sha256").update(location).digest("hex");
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
  ];
  return [...parts, hex.slice(20, 32)].join("-");
}

/** Old writers of v1 leave the ids of partition fields to their place. */
function specsWithIds(object: JsonObject): JsonObject[] {
  return asArray(object["partition-specs"], `"partition-specs"`).map((item) => {
    const spec = asObject(item, `an entry of "partition-specs"`);
    const fields = asArray(field(spec, "fields"), `"fields" of a partition spec`);
    return {
      ...spec,
      fields: fields.map((partition, index) => ({
        ...asObject(partition, "a partition field"),
        "field-id": field(asObject(partition, "a partition field"), "field-id") ??
          PARTITION_FIELD_ID_MIN + index,
      })),
    };
  });
}

function lastPartitionId(object: JsonObject): number {
  const specs = object["partition-specs"] as unknown as Array<{ fields: PartitionFieldJson[] }>;
  const ids = specs.flatMap(({ fields }) =>
    fields.map((item) => asInt(item["field-id"], "the id of a partition field"))
  );
  return ids.reduce((highest, id) => Math.max(highest, id), PARTITION_FIELD_ID_MIN - 1);
}

function checkChosen(object: JsonObject, version: number): void {
  const lists = [
    { list: "schemas", id: "schema-id", chosen: "current-schema-id" },
    { list: "partition-specs", id: "spec-id", chosen: "default-spec-id" },
    { list: "sort-orders", id: "order-id", chosen: "default-sort-order-id" },
  ] as const;
  for (const { list, id, chosen } of lists) {
    const ids = new Set<number>();
    for (const item of asArray(field(object, list), `"${list}"`)) {
      const entry = asObject(item, `an entry of "${list}"`);
      if (list === "schemas") checkSchema(entry, version);
      else asArray(field(entry, "fields"), `"fields" of "${list}"`);
      const known = asInt(field(entry, id) ?? 0, `"${id}"`);
      if (ids.has(known)) {
        throw new MetadataError(`Cannot read the metadata file: it has "${id}" ${known} twice`);
      }
      ids.add(known);
    }
    const wanted = asInt(field(object, chosen), `"${chosen}"`);
    if (!ids.has(wanted)) {
      throw new MetadataError(
        `Cannot read the metadata file: "${chosen}" is ${wanted}, which "${list}" lacks`,
      );
    }
  }
}

function checkSnapshots(object: JsonObject): void {
  const ids = new Set<bigint>();
  for (const item of asArray(field(object, "snapshots") ?? [], `"snapshots"`)) {
    const snapshot = asObject(item, "a snapshot");
    const id = asLong(field(snapshot, "snapshot-id"), `"snapshot-id"`);
    asTimeMs(field(snapshot, "timestamp-ms"), `"timestamp-ms" of snapshot ${id}`);
    if (ids.has(id)) {
      throw new MetadataError(`Cannot read the metadata file: it has snapshot ${id} twice`);
    }
    ids.add(id);
  }
  const given = field(object, "current-snapshot-id");
  const current = given === undefined || given === NO_SNAPSHOT
    ? undefined
    : asLong(given, `"current-snapshot-id"`);
  if (current !== undefined) requireSnapshot(ids, { id: current, what: `"current-snapshot-id"` });
  let refs = asObject(field(object, "refs") ?? {}, `"refs"`);
  // Before v2 a table had no refs: its current snapshot is the head of main.
  if (current !== undefined && field(refs, "main") === undefined) {
    refs = { ...refs, main: { "snapshot-id": given!, type: "branch" } };
  }
  object["refs"] = refs;
  for (const [name, item] of Object.entries(refs)) {
    const ref = asObject(item, `the ref "${name}"`);
    const type = field(ref, "type");
    if (type !== "branch" && type !== "tag") {
      throw new MetadataError(`Cannot read the metadata file: "${name}" is neither branch nor tag`);
    }
    const id = asLong(field(ref, "snapshot-id"), `"snapshot-id" of "${name}"`);
    requireSnapshot(ids, { id, what: `the ref "${name}"` });
    if (name === "main" && id !== current) {
      throw new MetadataError(
        `Cannot read the metadata file: main is at ${id}, and "current-snapshot-id" is not`,
      );
    }
  }
}

function requireSnapshot(
  ids: ReadonlySet<bigint>,
  reference: { readonly id: bigint; readonly what: string },
): void {
  if (ids.has(reference.id)) return;
  throw new MetadataError(
    `Cannot read the metadata file: ${reference.what} names snapshot ${reference.id}, which is not there`,
  );
}
