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
  /** Tells it from the other nested types. */
  type: "struct";
  /** In the order of the columns. */
  fields: FieldJson[];
}

/** A list type in schema JSON. */
export interface ListJson {
  /** Tells it from the other nested types. */
  type: "list";
  /** The elements' field id; unique in the schema, as every id. */
  "element-id": number;
  /** Type of the elements. */
  element: TypeJson;
  /** When true, no element is null. */
  "element-required": boolean;
}

/** A map type in schema JSON. */
export interface MapJson {
  /** Tells it from the other nested types. */
  type: "map";
  /** The keys' field id. */
  "key-id": number;
  /** Type of the keys, which are never null. */
  key: TypeJson;
  /** The values' field id. */
  "value-id": number;
  /** Type of the values. */
  value: TypeJson;
  /** When true, no value is null. */
  "value-required": boolean;
}

/** One field of a schema or struct. Defaults exist from format version 3 on. */
export interface FieldJson {
  /** Unique in the schema and never given again: data files name columns by it. */
  id: number;
  /** Unique in its struct. */
  name: string;
  /** A nested type has fields of its own. */
  type: TypeJson;
  /** When true, no value is null. */
  required: boolean;
  /** For people. */
  doc?: string;
  /** Value for rows of files that lack the column (JSON form, Appendix D). */
  "initial-default"?: Json;
  /** Value for new rows that do not give one (JSON form, Appendix D). */
  "write-default"?: Json;
}

/** A schema. */
export interface SchemaJson extends StructJson {
  /** Absent counts as 0; in a request the server may choose another. */
  "schema-id"?: number;
  /** Required primitive fields that together name a row. */
  "identifier-field-ids"?: number[];
}

/** A field of a partition spec. */
export interface PartitionFieldJson {
  /** From 1000 on, unique in the table; the server gives it when it is absent. */
  "field-id"?: number;
  /** The field that the transform takes. */
  "source-id"?: number;
  /** In place of `source-id` for a transform of several fields (format version 3). */
  "source-ids"?: number[];
  /** Unique in the spec. */
  name: string;
  /** Such as `identity`, `day` or `bucket[16]` (table spec, "Partition Transforms"). */
  transform: string;
}

/** A partition spec; no fields means unpartitioned. */
export interface PartitionSpecJson {
  /** Absent counts as 0; in a request the server may choose another. */
  "spec-id"?: number;
  /** In the order of the partition tuple. */
  fields: PartitionFieldJson[];
}

/** A sort order; no fields means unsorted. */
export interface SortOrderJson {
  /** 0 is the unsorted order, and only it. */
  "order-id"?: number;
  /** Objects of `transform`, `source-id`, `direction` and `null-order`, the first one leading. */
  fields: Json[];
}

/** A snapshot. `first-row-id`, `added-rows` and `key-id` belong to format version 3. */
export interface SnapshotJson {
  /** Unique in the table, positive. */
  "snapshot-id": Int64;
  /** Absent or null when there was none. */
  "parent-snapshot-id"?: Int64 | null;
  /** Order of the commits; absent in format version 1. */
  "sequence-number"?: Int64;
  /** When it was made, ms since the epoch. */
  "timestamp-ms": number;
  /** Full location; some snapshots of format version 1 have `manifests` in its place. */
  "manifest-list": string;
  /**
   * The operation, counts as texts, and what else the writer noted; optional in format version 1.
   */
  summary?: { operation: string; [key: string]: string };
  /** The schema that was current at the time. */
  "schema-id"?: number;
  /** Id of its first new row, not below the table's `next-row-id` before it. */
  "first-row-id"?: Int64;
  /** Row ids that it takes: at least as many as there are new rows. */
  "added-rows"?: Int64;
  /** Key that the manifest list is encrypted with; absent when it is not. */
  "key-id"?: string;
}

/** A branch or tag. */
export interface SnapshotRefJson {
  /** The head of a branch, or what a tag names. */
  "snapshot-id": Int64;
  /** A tag does not move with commits. */
  type: "branch" | "tag";
  /** Of a branch only, as it expires; absent: the table property counts. */
  "min-snapshots-to-keep"?: number;
  /** Of a branch only, as it expires; absent: the table property counts. */
  "max-snapshot-age-ms"?: number;
  /** Age from which the ref itself may go; absent: the table property counts. main stays. */
  "max-ref-age-ms"?: number;
}

/** Table metadata. Fields that an appender neither reads nor writes are kept as they came. */
export interface TableMetadata {
  /** 1 to 3. */
  "format-version": number;
  /** Never changes: another one is another table. */
  "table-uuid": string;
  /** Below it lie the files, where no property names another place. */
  location: string;
  /** Of the last change, ms since the epoch. */
  "last-updated-ms": number;
  /** The highest that a snapshot got; absent in format version 1. */
  "last-sequence-number"?: Int64;
  /** The least row id not given yet; from format version 3 on. */
  "next-row-id"?: Int64;
  /** The highest field id given, also of columns that were dropped. */
  "last-column-id": number;
  /** All that snapshots may name, by `schema-id`. */
  schemas: SchemaJson[];
  /** One of {@linkcode schemas}. */
  "current-schema-id": number;
  /** All that files were written with, by `spec-id`. */
  "partition-specs": PartitionSpecJson[];
  /** The spec for new files. */
  "default-spec-id": number;
  /** The highest id of a partition field given; 999 before the first. */
  "last-partition-id"?: number;
  /** By `order-id`. */
  "sort-orders"?: SortOrderJson[];
  /** The order for new files. */
  "default-sort-order-id"?: number;
  /** Settings of the table for its readers and writers. */
  properties?: Record<string, string>;
  /** Head of `main`; absent, null or -1 when there is none. */
  "current-snapshot-id"?: Int64 | null;
  /** Those that have not expired. */
  snapshots?: SnapshotJson[];
  /** Which snapshot was current from when on (ms since the epoch), oldest first. */
  "snapshot-log"?: Array<{ "snapshot-id": Int64; "timestamp-ms": number }>;
  /** The metadata files before this one, with the times of their changes, oldest first. */
  "metadata-log"?: Array<{ "metadata-file": string; "timestamp-ms": number }>;
  /** Branches and tags by name; absent from old writers, where main alone exists. */
  refs?: Record<string, SnapshotRefJson>;
  /** Puffin files of statistics, one a snapshot at most. */
  statistics?: Json[];
  /** Files of statistics by partition, one a snapshot at most. */
  "partition-statistics"?: Json[];
  /** From format version 3 on. */
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
  /** The table's name; needed only where the URL does not say it, as in a transaction. */
  identifier?: { namespace: string[]; name: string };
  /** All have to hold, else nothing is changed and the answer is 409. */
  requirements: Requirement[];
  /** Applied in this order, all or none. */
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
