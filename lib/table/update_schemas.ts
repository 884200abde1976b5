/** The updates of a commit that concern schemas, partition specs and sort orders. */
import type {
  PartitionFieldJson,
  PartitionSpecJson,
  SchemaJson,
  SortOrderJson,
} from "./metadata.ts";
import { MetadataError } from "./metadata_error.ts";
import { PARTITION_FIELD_ID_MIN } from "./new_table.ts";
import {
  checkPartitionSpec,
  checkSchema,
  checkSortOrder,
  type FieldFacts,
  highestFieldId,
} from "./schema_rules.ts";
import { asArray, asInt, asObject, field, type JsonObject, sameJson } from "./shape.ts";
import type { Draft } from "./update_draft.ts";

/** In the updates that choose a schema, spec or sort order: the one that this commit added. */
const LAST_ADDED = -1;

/**
 * `add-schema`. A schema that the table has already keeps its id. Otherwise it gets the next one,
 * whatever id it came with (table spec, "Schema Evolution").
 *
 * @throws {MetadataError}
 */
export function addSchema(draft: Draft, update: JsonObject): void {
  const { metadata } = draft;
  const json = asObject(field(update, "schema"), `"schema"`);
  const facts = checkSchema(json, metadata["format-version"]);
  const given = field(update, "last-column-id");
  const lastColumnId = Math.max(
    metadata["last-column-id"],
    highestFieldId(facts),
    given === undefined ? 0 : asInt(given, `"last-column-id"`),
  );
  const schema = json as unknown as SchemaJson;
  const same = metadata.schemas.find((known) => sameSchema(known, schema));
  const id = same === undefined
    ? nextId(metadata.schemas.map((known) => known["schema-id"]))
    : same["schema-id"] ?? 0;
  if (same === undefined) {
    metadata.schemas = [...metadata.schemas, { ...schema, "schema-id": id }];
  }
  metadata["last-column-id"] = lastColumnId;
  draft.addedSchemaId = id;
}

/** `set-current-schema`; -1 is the schema that this commit added. @throws {MetadataError} */
export function setCurrentSchema(draft: Draft, update: JsonObject): void {
  const { metadata } = draft;
  metadata["current-schema-id"] = chosenId(field(update, "schema-id"), {
    what: "schema",
    added: draft.addedSchemaId,
    known: metadata.schemas.map((schema) => schema["schema-id"]),
  });
}

/**
 * `remove-schemas`; neither the current one can be removed nor one that a snapshot was written with.
 *
 * @throws {MetadataError}
 */
export function removeSchemas(draft: Draft, update: JsonObject): void {
  const { metadata } = draft;
  const ids = readIds(field(update, "schema-ids"), `"schema-ids"`);
  if (ids.has(metadata["current-schema-id"])) {
    throw new MetadataError("Cannot remove the current schema");
  }
  const user = metadata.snapshots?.find((snapshot) => ids.has(snapshot["schema-id"] ?? -1));
  if (user !== undefined) {
    throw new MetadataError(
      `Cannot remove schema "${user["schema-id"]}": snapshot ${
        user["snapshot-id"]
      } was written with it`,
    );
  }
  metadata.schemas = metadata.schemas.filter((schema) => !ids.has(schema["schema-id"] ?? 0));
}

/**
 * `add-spec`. An equal spec keeps its id. Fields without an id take that of an equal field of an
 * older spec, else the next free one (table spec, "Partition Evolution").
 *
 * @throws {MetadataError}
 */
export function addSpec(draft: Draft, update: JsonObject): void {
  const { metadata } = draft;
  const spec = checkPartitionSpec(field(update, "spec"), currentFacts(draft));
  const specs = metadata["partition-specs"];
  const same = specs.find((known) => sameSpec(known, spec));
  let lastId = metadata["last-partition-id"] ?? PARTITION_FIELD_ID_MIN - 1;
  if (same !== undefined) {
    draft.addedSpecId = same["spec-id"] ?? 0;
    return;
  }
  const earlier = specs.flatMap((known) => known.fields);
  if (metadata["format-version"] > 1) checkIdReuse(spec.fields, earlier);
  // Ids that came with the request are taken before any is given away.
  for (const item of spec.fields) lastId = Math.max(lastId, item["field-id"] ?? 0);
  const used = new Set(spec.fields.map((item) => item["field-id"]));
  const fields = spec.fields.map((item): PartitionFieldJson => {
    if (item["field-id"] !== undefined) return item;
    const known = earlier.find((other) => sameSource(other, item))?.["field-id"];
    if (known !== undefined && !used.has(known)) {
      used.add(known);
      return { ...item, "field-id": known };
    }
    lastId += 1;
    return { ...item, "field-id": lastId };
  });
  if (metadata["format-version"] === 1) checkSequentialIds(fields);
  const id = nextId(specs.map((known) => known["spec-id"]));
  metadata["partition-specs"] = [...specs, { "spec-id": id, fields }];
  metadata["last-partition-id"] = lastId;
  draft.addedSpecId = id;
}

/** `set-default-spec`; -1 is the spec that this commit added. @throws {MetadataError} */
export function setDefaultSpec(draft: Draft, update: JsonObject): void {
  const { metadata } = draft;
  metadata["default-spec-id"] = chosenId(field(update, "spec-id"), {
    what: "partition spec",
    added: draft.addedSpecId,
    known: metadata["partition-specs"].map((spec) => spec["spec-id"]),
  });
}

/** `remove-partition-specs`; the default one cannot be removed. @throws {MetadataError} */
export function removePartitionSpecs(draft: Draft, update: JsonObject): void {
  const { metadata } = draft;
  const ids = readIds(field(update, "spec-ids"), `"spec-ids"`);
  if (ids.has(metadata["default-spec-id"])) {
    throw new MetadataError("Cannot remove the default partition spec");
  }
  metadata["partition-specs"] = metadata["partition-specs"].filter((spec) =>
    !ids.has(spec["spec-id"] ?? 0)
  );
}

/** `add-sort-order`. An equal one keeps its id; unsorted is always 0. @throws {MetadataError} */
export function addSortOrder(draft: Draft, update: JsonObject): void {
  const { metadata } = draft;
  const order = checkSortOrder(field(update, "sort-order"), currentFacts(draft));
  const orders = metadata["sort-orders"] ?? [];
  const same = orders.find((known) => sameJson(known.fields, order.fields));
  if (same !== undefined) {
    draft.addedOrderId = same["order-id"] ?? 0;
    return;
  }
  const id = order.fields.length === 0
    ? 0
    : Math.max(1, nextId(orders.map((known) => known["order-id"])));
  const added: SortOrderJson = { "order-id": id, fields: order.fields };
  metadata["sort-orders"] = [...orders, added];
  draft.addedOrderId = id;
}

/** `set-default-sort-order`; -1 is the order that this commit added. @throws {MetadataError} */
export function setDefaultSortOrder(draft: Draft, update: JsonObject): void {
  const { metadata } = draft;
  metadata["default-sort-order-id"] = chosenId(field(update, "sort-order-id"), {
    what: "sort order",
    added: draft.addedOrderId,
    known: (metadata["sort-orders"] ?? []).map((order) => order["order-id"]),
  });
}

/**
 * The fields of the current schema by id; in a new table that has none yet, of the last one added.
 *
 * @throws {MetadataError} when there is none yet.
 */
export function currentFacts(draft: Draft): Map<number, FieldFacts> {
  const { metadata } = draft;
  // DuckDB chooses the schema of a new table last: after the spec and the sort order.
  const id = draft.isNew && metadata["current-schema-id"] < 0
    ? draft.addedSchemaId
    : metadata["current-schema-id"];
  const schema = metadata.schemas.find((known) => (known["schema-id"] ?? 0) === id);
  if (schema === undefined) {
    throw new MetadataError("Cannot change the table: it has no current schema yet");
  }
  return checkSchema(schema, metadata["format-version"]);
}

function chosenId(
  wanted: unknown,
  options: {
    readonly what: string;
    readonly added: number | undefined;
    readonly known: ReadonlyArray<number | undefined>;
  },
): number {
  const { what, added, known } = options;
  const id = asInt(wanted, `the id of the ${what}`, LAST_ADDED);
  if (id === LAST_ADDED) {
    if (added === undefined) {
      throw new MetadataError(`Cannot set last added ${what}: no ${what} has been added`);
    }
    return added;
  }
  if (!known.some((other) => (other ?? 0) === id)) {
    throw new MetadataError(`Cannot set ${what} "${id}": the table has no ${what} of that id`);
  }
  return id;
}

function readIds(value: unknown, what: string): Set<number> {
  return new Set(asArray(value, what).map((id) => asInt(id, `an id of ${what}`)));
}

function nextId(ids: ReadonlyArray<number | undefined>): number {
  return ids.reduce<number>((highest, id) => Math.max(highest, id ?? 0), -1) + 1;
}

/** Whether two schemas are the same but for their ids. */
export function sameSchema(left: SchemaJson, right: SchemaJson): boolean {
  return sameJson(left.fields, right.fields) && sameJson(
    (left["identifier-field-ids"] ?? []).toSorted(),
    (right["identifier-field-ids"] ?? []).toSorted(),
  );
}

function sameSource(left: PartitionFieldJson, right: PartitionFieldJson): boolean {
  return left["source-id"] === right["source-id"] && left.transform === right.transform;
}

function sameSpec(left: PartitionSpecJson, right: PartitionSpecJson): boolean {
  return left.fields.length === right.fields.length &&
    left.fields.every((item, index) => {
      const other = right.fields[index]!;
      return item.name === other.name && sameSource(item, other) &&
        (other["field-id"] === undefined || other["field-id"] === item["field-id"]);
    });
}

/**
 * From v2 on, an id stands for one transform of one column in all specs, since files of every spec are
 * read by it. In v1 each spec counts anew, and void fields keep the place of removed ones.
 */
function checkIdReuse(
  fields: readonly PartitionFieldJson[],
  earlier: readonly PartitionFieldJson[],
): void {
  for (const item of fields) {
    const id = item["field-id"];
    if (id === undefined || item.transform === "void") continue;
    const others = earlier.filter((known) =>
      known["field-id"] === id && known.transform !== "void"
    );
    if (others.length === 0 || others.some((known) => sameSource(known, item))) continue;
    throw new MetadataError(
      `Cannot use partition field id "${id}" for "${item.name}": another field of the table has it`,
    );
  }
}

function checkSequentialIds(fields: readonly PartitionFieldJson[]): void {
  if (fields.every((item, index) => item["field-id"] === PARTITION_FIELD_ID_MIN + index)) return;
  throw new MetadataError(
    `Cannot add the partition spec: a v1 table needs field ids in sequence from ${PARTITION_FIELD_ID_MIN}`,
  );
}
