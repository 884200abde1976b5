/**
 * Table metadata as the REST protocol carries it (table spec, "Table Metadata and Snapshots", and
 * Appendix C for the JSON form): plain data with the field names of the wire. 64-bit integers are
 * `number | bigint`, as `json.ts` leaves them; read them with `toBigInt`.
 */
import type { Json } from "./json.ts";

/** An int64 on the wire. */
export type Int64 = number | bigint;

/** A type in schema JSON: a primitive's string, or a nested type's object. */
export type TypeJson = string | StructJson | ListJson | MapJson;

/** A struct type in schema JSON. */
export interface StructJson {
  type: "struct";
  fields: FieldJson[];
}

/** A list type in schema JSON. */
export interface ListJson {
  type: "list";
  "element-id": number;
  element: TypeJson;
  "element-required": boolean;
}

/** A map type in schema JSON. */
export interface MapJson {
  type: "map";
  "key-id": number;
  key: TypeJson;
  "value-id": number;
  value: TypeJson;
  "value-required": boolean;
}

/** One field of a schema or struct. Defaults exist from format version 3 on. */
export interface FieldJson {
  id: number;
  name: string;
  type: TypeJson;
  required: boolean;
  doc?: string;
  "initial-default"?: Json;
  "write-default"?: Json;
}

/** A schema. */
export interface SchemaJson extends StructJson {
  "schema-id"?: number;
  "identifier-field-ids"?: number[];
}

/** A field of a partition spec. */
export interface PartitionFieldJson {
  "field-id"?: number;
  "source-id"?: number;
  "source-ids"?: number[];
  name: string;
  transform: string;
}

/** A partition spec; no fields means unpartitioned. */
export interface PartitionSpecJson {
  "spec-id"?: number;
  fields: PartitionFieldJson[];
}

/** A sort order; no fields means unsorted. */
export interface SortOrderJson {
  "order-id"?: number;
  fields: Json[];
}

/** A snapshot. `first-row-id`, `added-rows` and `key-id` belong to format version 3. */
export interface SnapshotJson {
  "snapshot-id": Int64;
  "parent-snapshot-id"?: Int64 | null;
  "sequence-number"?: Int64;
  "timestamp-ms": number;
  "manifest-list": string;
  summary?: { operation: string; [key: string]: string };
  "schema-id"?: number;
  "first-row-id"?: Int64;
  "added-rows"?: Int64;
  "key-id"?: string;
}

/** A branch or tag. */
export interface SnapshotRefJson {
  "snapshot-id": Int64;
  type: "branch" | "tag";
  "min-snapshots-to-keep"?: number;
  "max-snapshot-age-ms"?: number;
  "max-ref-age-ms"?: number;
}

/** Table metadata. Fields that an appender neither reads nor writes are kept as they came. */
export interface TableMetadata {
  "format-version": number;
  "table-uuid": string;
  location: string;
  "last-updated-ms": number;
  "last-sequence-number"?: Int64;
  "next-row-id"?: Int64;
  "last-column-id": number;
  schemas: SchemaJson[];
  "current-schema-id": number;
  "partition-specs": PartitionSpecJson[];
  "default-spec-id": number;
  "last-partition-id"?: number;
  "sort-orders"?: SortOrderJson[];
  "default-sort-order-id"?: number;
  properties?: Record<string, string>;
  "current-snapshot-id"?: Int64 | null;
  snapshots?: SnapshotJson[];
  "snapshot-log"?: Array<{ "snapshot-id": Int64; "timestamp-ms": number }>;
  "metadata-log"?: Array<{ "metadata-file": string; "timestamp-ms": number }>;
  refs?: Record<string, SnapshotRefJson>;
  statistics?: Json[];
  "partition-statistics"?: Json[];
  "encryption-keys"?: Json[];
}

/** A condition of a commit (REST spec, `TableRequirement`). */
export type Requirement =
  | { type: "assert-create" }
  | { type: "assert-table-uuid"; uuid: string }
  | { type: "assert-ref-snapshot-id"; ref: string; "snapshot-id": Int64 | null }
  | { type: "assert-last-assigned-field-id"; "last-assigned-field-id": number }
  | { type: "assert-current-schema-id"; "current-schema-id": number }
  | { type: "assert-last-assigned-partition-id"; "last-assigned-partition-id": number }
  | { type: "assert-default-spec-id"; "default-spec-id": number }
  | { type: "assert-default-sort-order-id"; "default-sort-order-id": number };

/** A change of a commit (REST spec, `TableUpdate`). */
export type Update =
  | { action: "assign-uuid"; uuid: string }
  | { action: "upgrade-format-version"; "format-version": number }
  | { action: "add-schema"; schema: SchemaJson; "last-column-id"?: number }
  | { action: "set-current-schema"; "schema-id": number }
  | { action: "add-spec"; spec: PartitionSpecJson }
  | { action: "set-default-spec"; "spec-id": number }
  | { action: "add-sort-order"; "sort-order": SortOrderJson }
  | { action: "set-default-sort-order"; "sort-order-id": number }
  | { action: "add-snapshot"; snapshot: SnapshotJson }
  | ({ action: "set-snapshot-ref"; "ref-name": string } & SnapshotRefJson)
  | { action: "remove-snapshots"; "snapshot-ids": Int64[] }
  | { action: "remove-snapshot-ref"; "ref-name": string }
  | { action: "set-location"; location: string }
  | { action: "set-properties"; updates: Record<string, string> }
  | { action: "remove-properties"; removals: string[] }
  | { action: "set-statistics"; "snapshot-id"?: Int64; statistics: Json }
  | { action: "remove-statistics"; "snapshot-id": Int64 }
  | { action: "set-partition-statistics"; "partition-statistics": Json }
  | { action: "remove-partition-statistics"; "snapshot-id": Int64 }
  | { action: "remove-partition-specs"; "spec-ids": number[] }
  | { action: "remove-schemas"; "schema-ids": number[] }
  | { action: "add-encryption-key"; "encryption-key": Json }
  | { action: "remove-encryption-key"; "key-id": string };

/** What a commit sends (REST spec, `CommitTableRequest`). */
export interface CommitRequest {
  identifier?: { namespace: string[]; name: string };
  requirements: Requirement[];
  updates: Update[];
}

/**
 * The snapshot at the head of a branch, or undefined when the branch does not exist.
 *
 * @throws {RangeError} when the branch names a snapshot that is not in the metadata: to take it
 * for an empty branch would drop the rows that it holds.
 */
export function branchHead(metadata: TableMetadata, branch: string): SnapshotJson | undefined {
  const refs = metadata.refs ?? {};
  const id = (Object.hasOwn(refs, branch) ? refs[branch] : undefined)?.["snapshot-id"] ??
    (branch === "main" ? metadata["current-snapshot-id"] : undefined);
  // -1 stands for "no snapshot" in metadata written by old servers.
  if (id === undefined || id === null || BigInt(id) === -1n) return undefined;
  const wanted = BigInt(id);
  const head = metadata.snapshots?.find((snapshot) => BigInt(snapshot["snapshot-id"]) === wanted);
  if (head === undefined) {
    throw new RangeError(
      `Cannot read table metadata: branch "${branch}" names snapshot ${wanted}, which is not there`,
    );
  }
  return head;
}

/**
 * The schema that new rows are written with.
 *
 * @throws {RangeError} when `current-schema-id` names no schema.
 */
export function currentSchema(metadata: TableMetadata): SchemaJson {
  const id = metadata["current-schema-id"];
  const schema = metadata.schemas.find((candidate) => (candidate["schema-id"] ?? 0) === id);
  if (schema === undefined) {
    throw new RangeError(`Cannot read table metadata: no schema has the current schema id ${id}`);
  }
  return schema;
}

/**
 * The partition spec that new files are written with.
 *
 * @throws {RangeError} when `default-spec-id` names no spec.
 */
export function defaultPartitionSpec(metadata: TableMetadata): PartitionSpecJson {
  const id = metadata["default-spec-id"];
  const spec = metadata["partition-specs"].find((candidate) => (candidate["spec-id"] ?? 0) === id);
  if (spec === undefined) {
    throw new RangeError(`Cannot read table metadata: no partition spec has the default id ${id}`);
  }
  return spec;
}
