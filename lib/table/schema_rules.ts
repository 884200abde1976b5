/**
 * What a schema, a partition spec and a sort order must be to stand in table metadata (table spec,
 * "Schemas and Data Types", "Partitioning", "Sorting"), checked on JSON whose sender is not
 * trusted.
 */
import type { PartitionSpecJson, SortOrderJson, TypeJson } from "./metadata.ts";
import { MetadataError } from "./metadata_error.ts";
import { asArray, asBoolean, asInt, asObject, asString, field, type JsonObject } from "./shape.ts";
import { isDefaultOf } from "./default_values.ts";
import { isTransform, takesSource } from "./transforms.ts";
import { parsePrimitiveType } from "./types.ts";

/** The highest format version that these rules know. */
export const FORMAT_VERSION_MAX = 3;

/** What is known of one field of a schema, nested ones too. */
export interface FieldFacts {
  /** Its own name, without those of what it lies in; `element`, `key` or `value` in a list or map. */
  readonly name: string;
  /** As the schema has it, nested types too. */
  readonly type: TypeJson;
  /** Whether it is neither struct nor list nor map nor variant. */
  readonly isPrimitive: boolean;
  /** Whether every row has a value: it is required, and so is all that it lies in. */
  readonly isRequired: boolean;
  /** Whether it lies within a list or a map, where neither partitioning nor identity reach. */
  readonly isRepeated: boolean;
  /** Whether it is a float or a double. */
  readonly isFloating: boolean;
  /** Whether it is a field of the top level. */
  readonly isTop: boolean;
}

const DEPTH_MAX = 100;
/** Higher ids are reserved for the columns of metadata (table spec, "Reserved Field IDs"). */
const FIELD_ID_MAX = 2_147_483_447;
const V3_TYPES =
  /^(?:timestamp_ns|timestamptz_ns|unknown|variant|(?:geometry|geography)(?:\s*\(.*\))?)$/s;

/**
 * Checks a schema and collects its fields by id.
 *
 * @param formatVersion the types and defaults of later versions are refused.
 * @throws {MetadataError} naming the field and what is wrong with it.
 */
export function checkSchema(schema: unknown, formatVersion: number): Map<number, FieldFacts> {
  const object = asObject(schema, "the schema");
  if (field(object, "type") !== "struct") {
    throw new MetadataError(`Cannot read the schema: its "type" is not "struct"`);
  }
  const facts = new Map<number, FieldFacts>();
  collectFields(object, {
    facts,
    formatVersion,
    path: "",
    paths: new Set(),
    depth: 0,
    isRepeated: false,
    isAlwaysThere: true,
  });
  const identifiers = field(object, "identifier-field-ids");
  if (identifiers !== undefined) {
    for (const item of asArray(identifiers, `"identifier-field-ids"`)) {
      const found = facts.get(asInt(item, "an identifier field id"));
      if (
        found === undefined || !found.isPrimitive || !found.isRequired || found.isRepeated ||
        found.isFloating
      ) {
        throw new MetadataError(
          `Cannot use field id "${item}" as identifier field: it names no required primitive field that is exact`,
        );
      }
    }
  }
  return facts;
}

/**
 * Checks a partition spec against the fields of a schema.
 *
 * @throws {MetadataError} naming the partition field and what is wrong with it.
 */
export function checkPartitionSpec(
  spec: unknown,
  facts: ReadonlyMap<number, FieldFacts>,
): PartitionSpecJson {
  const object = asObject(spec, "the partition spec");
  const names = new Set<string>();
  const ids = new Set<number>();
  for (const item of asArray(field(object, "fields"), `"fields" of the partition spec`)) {
    const partition = asObject(item, "a partition field");
    const name = asString(field(partition, "name"), "the name of a partition field");
    const where = `partition field "${name}"`;
    if (name === "") throw new MetadataError("Cannot use a partition field with an empty name");
    if (names.has(name)) throw new MetadataError(`Cannot use ${where} twice in one spec`);
    names.add(name);
    const id = field(partition, "field-id");
    if (id !== undefined) {
      if (ids.has(asInt(id, `the id of ${where}`))) {
        throw new MetadataError(`Cannot use partition field id "${id}" twice in one spec`);
      }
      ids.add(id as number);
    }
    const source = checkTransform(partition, { facts, where });
    const sourceId = field(partition, "source-id");
    const clash = [...facts].find(([, known]) => known.isTop && known.name === name);
    if (clash !== undefined && (source.transform !== "identity" || clash[0] !== sourceId)) {
      if (source.transform !== "void") {
        throw new MetadataError(`Cannot use ${where}: the schema has a column of that name`);
      }
    }
  }
  return object as unknown as PartitionSpecJson;
}

/**
 * Checks a sort order against the fields of a schema.
 *
 * @throws {MetadataError} naming what is wrong with it.
 */
export function checkSortOrder(
  order: unknown,
  facts: ReadonlyMap<number, FieldFacts>,
): SortOrderJson {
  const object = asObject(order, "the sort order");
  for (const item of asArray(field(object, "fields"), `"fields" of the sort order`)) {
    const sort = asObject(item, "a sort field");
    checkTransform(sort, { facts, where: "a sort field" });
    const direction = field(sort, "direction");
    if (direction !== "asc" && direction !== "desc") {
      throw new MetadataError(`Cannot read a sort field: its "direction" is neither asc nor desc`);
    }
    const nulls = field(sort, "null-order");
    if (nulls !== "nulls-first" && nulls !== "nulls-last") {
      throw new MetadataError(
        `Cannot read a sort field: its "null-order" is neither nulls-first nor nulls-last`,
      );
    }
  }
  return object as unknown as SortOrderJson;
}

function checkTransform(
  object: JsonObject,
  context: { readonly facts: ReadonlyMap<number, FieldFacts>; readonly where: string },
): { transform: string } {
  const { facts, where } = context;
  const transform = asString(field(object, "transform"), `the transform of ${where}`);
  if (!isTransform(transform)) {
    throw new MetadataError(`Cannot use ${where}: the transform "${transform}" is not known`);
  }
  const sourceId = asInt(field(object, "source-id"), `the source id of ${where}`);
  const source = facts.get(sourceId);
  // A void field stands for one that was removed, and its column may be gone with it.
  if (transform === "void") return { transform };
  if (source === undefined) {
    throw new MetadataError(
      `Cannot use ${where}: the schema has no field with the source id "${sourceId}"`,
    );
  }
  if (!source.isPrimitive || source.isRepeated) {
    throw new MetadataError(
      `Cannot use ${where}: its source "${source.name}" is no primitive field outside of lists and maps`,
    );
  }
  if (!takesSource(transform, source.type)) {
    throw new MetadataError(
      `Cannot use ${where}: ${transform} cannot be made of "${source.name}", which is ${source.type}`,
    );
  }
  return { transform };
}

interface Walk {
  readonly facts: Map<number, FieldFacts>;
  readonly formatVersion: number;
  readonly path: string;
  /** Full names of the fields so far. */
  readonly paths: Set<string>;
  readonly depth: number;
  readonly isRepeated: boolean;
  /** Whether all that the field lies in is required. */
  readonly isAlwaysThere: boolean;
}

function collectFields(struct: JsonObject, walk: Walk): void {
  const names = new Set<string>();
  for (const item of asArray(field(struct, "fields"), `"fields" of a struct`)) {
    const object = asObject(item, "a field of the schema");
    const name = asString(field(object, "name"), "the name of a field");
    const path = walk.path + name;
    if (name === "") throw new MetadataError("Cannot use a column with an empty name");
    if (names.has(name)) throw new MetadataError(`Cannot use the column name "${path}" twice`);
    names.add(name);
    addField(field(object, "id"), field(object, "type"), {
      ...walk,
      path,
      isRequired: asBoolean(field(object, "required"), `"required" of field "${path}"`),
      name,
    });
    asString(field(object, "doc") ?? "", `"doc" of field "${path}"`);
    checkDefaults(object, { formatVersion: walk.formatVersion, path });
  }
}

/** Comes after the type has been checked. */
function checkDefaults(
  object: JsonObject,
  context: { readonly path: string; readonly formatVersion: number },
): void {
  for (const key of ["initial-default", "write-default"]) {
    const value = field(object, key);
    if (value === undefined) continue;
    if (context.formatVersion < 3) {
      throw new MetadataError(
        `Cannot use field "${context.path}": "${key}" is not supported until v3`,
      );
    }
    if (!isDefaultOf(object["type"] as unknown as TypeJson, value)) {
      throw new MetadataError(
        `Cannot use field "${context.path}": its "${key}" is no value of its type`,
      );
    }
  }
}

function addField(
  idJson: unknown,
  type: unknown,
  walk: Walk & { readonly name: string; readonly isRequired: boolean },
): void {
  const { path, facts, depth, isRepeated } = walk;
  const isRequired = walk.isRequired && walk.isAlwaysThere;
  const id = asInt(idJson, `the id of field "${path}"`);
  if (facts.has(id)) {
    throw new MetadataError(
      `Cannot use field id "${id}" for "${path}": "${facts.get(id)?.name}" has it too`,
    );
  }
  if (id > FIELD_ID_MAX) {
    throw new MetadataError(
      `Cannot use field id "${id}" for "${path}": ids above ${FIELD_ID_MAX} are reserved`,
    );
  }
  // "a.b" may be a column of that name, or a field of a struct; nobody could tell which is meant.
  if (walk.paths.has(path)) throw new MetadataError(`Cannot use the column name "${path}" twice`);
  walk.paths.add(path);
  if (depth > DEPTH_MAX) {
    throw new MetadataError(`Cannot use a schema nested deeper than ${DEPTH_MAX} levels`);
  }
  facts.set(id, {
    name: walk.name,
    type: type as TypeJson,
    isPrimitive: typeof type === "string" && type !== "variant",
    isRequired,
    isRepeated,
    isFloating: type === "float" || type === "double",
    isTop: depth === 0,
  });
  if (typeof type === "string") {
    checkPrimitive(type, { path, formatVersion: walk.formatVersion });
    if (type === "unknown" && walk.isRequired) {
      throw new MetadataError(`Cannot use field "${path}": one of type unknown must be optional`);
    }
    return;
  }
  const nested = asObject(type, `the type of field "${path}"`) as JsonObject;
  const below = { ...walk, path: `${path}.`, depth: depth + 1, isAlwaysThere: isRequired };
  switch (field(nested, "type")) {
    case "struct":
      return collectFields(nested, below);
    case "list":
      return addField(field(nested, "element-id"), field(nested, "element"), {
        ...below,
        path: `${path}.element`,
        name: "element",
        isRepeated: true,
        isRequired: asBoolean(field(nested, "element-required"), `"element-required" of "${path}"`),
      });
    case "map":
      addField(field(nested, "key-id"), field(nested, "key"), {
        ...below,
        path: `${path}.key`,
        name: "key",
        isRepeated: true,
        isRequired: true,
      });
      return addField(field(nested, "value-id"), field(nested, "value"), {
        ...below,
        path: `${path}.value`,
        name: "value",
        isRepeated: true,
        isRequired: asBoolean(field(nested, "value-required"), `"value-required" of "${path}"`),
      });
    default:
      throw new MetadataError(`Cannot use field "${path}": its nested type is not known`);
  }
}

function checkPrimitive(
  type: string,
  context: { readonly path: string; readonly formatVersion: number },
): void {
  const { path, formatVersion } = context;
  if (V3_TYPES.test(type)) {
    if (formatVersion >= 3) return;
    throw new MetadataError(
      `Cannot use field "${path}": ${type} is not supported until v3 (the table is v${formatVersion})`,
    );
  }
  if (parsePrimitiveType(type) === undefined) {
    throw new MetadataError(`Cannot use field "${path}": the type "${type}" is not known`);
  }
}

/** The highest id in use by the fields of a schema, 0 for a schema without fields. */
export function highestFieldId(facts: ReadonlyMap<number, FieldFacts>): number {
  let highest = 0;
  for (const id of facts.keys()) highest = Math.max(highest, id);
  return highest;
}

/** Whether a type in schema JSON is a nested one. */
export function isNested(type: TypeJson): type is Exclude<TypeJson, string> {
  return typeof type !== "string";
}
