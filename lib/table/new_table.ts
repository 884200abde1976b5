/**
 * Table metadata of a table that is made anew, from what a client asks for (REST spec,
 * `CreateTableRequest`). Pure: no clock, no random numbers, nothing is written.
 */
import type {
  FieldJson,
  PartitionSpecJson,
  SchemaJson,
  SortOrderJson,
  TableMetadata,
  TypeJson,
} from "./metadata.ts";
import { MetadataError } from "./metadata_error.ts";
import {
  checkPartitionSpec,
  checkSchema,
  checkSortOrder,
  FORMAT_VERSION_MAX,
  isNested,
} from "./schema_rules.ts";
import { asStringMap, field, type JsonObject } from "./shape.ts";

/** Partition field ids begin here (table spec, "Partitioning"). */
export const PARTITION_FIELD_ID_MIN = 1000;

/** What the server decides for a new table. */
export interface NewTableOptions {
  /** The table's own id. */
  readonly uuid: string;
  /** Where the table's files go, without a slash at the end. */
  readonly location: string;
  /** The time that the metadata bears. */
  readonly nowMs: number;
}

/**
 * The metadata of a new table without snapshots. Field ids are given anew: the fields of a struct
 * first, then those nested in them, as the reference implementation does; partition spec and sort
 * order follow their source fields. The property `format-version` (1, 2 or 3) chooses the format
 * version and is not kept.
 *
 * @param request the body of a create request: `schema`, `partition-spec`, `write-order`,
 * `properties`.
 * @throws {MetadataError} of kind `invalid`, naming what is wrong with the request.
 */
export function newTableMetadata(request: JsonObject, options: NewTableOptions): TableMetadata {
  const wanted = asStringMap(field(request, "properties") ?? {}, `"properties"`);
  const { "format-version": versionText = "2", ...properties } = wanted;
  const formatVersion = readFormatVersion(versionText);
  const facts = checkSchema(field(request, "schema"), formatVersion);
  const spec = checkPartitionSpec(field(request, "partition-spec") ?? { fields: [] }, facts);
  const order = checkSortOrder(field(request, "write-order") ?? { fields: [] }, facts);

  const fresh = new FreshIds();
  const schema = freshSchema(field(request, "schema") as unknown as SchemaJson, fresh);
  const partitionSpec = freshSpec(spec, fresh.newIdOf);
  const sortOrder = freshOrder(order, fresh.newIdOf);
  return {
    "format-version": formatVersion,
    "table-uuid": options.uuid,
    location: options.location,
    ...(formatVersion > 1 ? { "last-sequence-number": 0 } : {}),
    "last-updated-ms": options.nowMs,
    "last-column-id": fresh.last,
    "current-schema-id": 0,
    schemas: [schema],
    "default-spec-id": 0,
    "partition-specs": [partitionSpec],
    "last-partition-id": PARTITION_FIELD_ID_MIN - 1 + partitionSpec.fields.length,
    "default-sort-order-id": sortOrder["order-id"] ?? 0,
    "sort-orders": [sortOrder],
    properties,
    ...(formatVersion > 2 ? { "next-row-id": 0 } : {}),
    refs: {},
    snapshots: [],
    "snapshot-log": [],
    "metadata-log": [],
  };
}

/**
 * A format version that can be made or upgraded to.
 *
 * @throws {MetadataError} for anything but 1, 2 or 3.
 */
export function readFormatVersion(value: unknown): number {
  const version = typeof value === "string" && /^\d{1,4}$/.test(value) ? Number(value) : value;
  if (!Number.isInteger(version) || (version as number) < 1) {
    throw new MetadataError(`Cannot use format version "${value}": not a version number`);
  }
  if ((version as number) > FORMAT_VERSION_MAX) {
    throw new MetadataError(
      `Unsupported format version: v${version} (supported: v${FORMAT_VERSION_MAX})`,
    );
  }
  return version as number;
}

/** Gives ids from 1 and remembers which old id became which new one. */
class FreshIds {
  last = 0;
  readonly newIdOf = new Map<number, number>();

  next(oldId: number): number {
    this.last += 1;
    this.newIdOf.set(oldId, this.last);
    return this.last;
  }
}

function freshSchema(schema: SchemaJson, fresh: FreshIds): SchemaJson {
  const fields = freshFields(schema.fields, fresh);
  const identifiers = schema["identifier-field-ids"] ?? [];
  return {
    type: "struct",
    fields,
    "schema-id": 0,
    ...(identifiers.length > 0
      ? { "identifier-field-ids": identifiers.map((id) => fresh.newIdOf.get(id)!) }
      : {}),
  };
}

function freshFields(fields: readonly FieldJson[], fresh: FreshIds): FieldJson[] {
  const ids = fields.map((item) => fresh.next(item.id));
  return fields.map((item, index) => ({
    ...item,
    id: ids[index]!,
    type: freshType(item.type, fresh),
  }));
}

function freshType(type: TypeJson, fresh: FreshIds): TypeJson {
  if (!isNested(type)) return type;
  if (type.type === "struct") return { ...type, fields: freshFields(type.fields, fresh) };
  if (type.type === "list") {
    const elementId = fresh.next(type["element-id"]);
    return { ...type, "element-id": elementId, element: freshType(type.element, fresh) };
  }
  const keyId = fresh.next(type["key-id"]);
  const valueId = fresh.next(type["value-id"]);
  return {
    ...type,
    "key-id": keyId,
    "value-id": valueId,
    key: freshType(type.key, fresh),
    value: freshType(type.value, fresh),
  };
}

function freshSpec(
  spec: PartitionSpecJson,
  newIdOf: ReadonlyMap<number, number>,
): PartitionSpecJson {
  return {
    "spec-id": 0,
    fields: spec.fields.map((item, index) => ({
      name: item.name,
      transform: item.transform,
      "source-id": freshSource(item["source-id"], newIdOf),
      "field-id": PARTITION_FIELD_ID_MIN + index,
    })),
  };
}

function freshOrder(order: SortOrderJson, newIdOf: ReadonlyMap<number, number>): SortOrderJson {
  return {
    "order-id": order.fields.length === 0 ? 0 : 1,
    fields: order.fields.map((item) => {
      const sort = item as JsonObject;
      return { ...sort, "source-id": freshSource(Number(sort["source-id"]), newIdOf) };
    }),
  };
}

function freshSource(oldId: number | undefined, newIdOf: ReadonlyMap<number, number>): number {
  const newId = oldId === undefined ? undefined : newIdOf.get(oldId);
  if (newId === undefined) {
    throw new MetadataError(`Cannot make the table: its schema has no field with id "${oldId}"`);
  }
  return newId;
}
