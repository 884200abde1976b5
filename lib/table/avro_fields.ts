/** Finds the fields of Avro records by Iceberg's field ids, since writers differ in the names. */
import type { AvroSchema } from "./avro.ts";

interface RecordField {
  readonly name: string;
  readonly type: AvroSchema;
  readonly "field-id"?: number;
}

/** Reads the value of a field by its id; undefined where it is null or not in the schema. */
export type ReadField = (fieldId: number) => unknown;

/** Names of a record schema's fields by their ids. */
export function fieldNames(schema: AvroSchema | undefined): Map<number, string> {
  const names = new Map<number, string>();
  for (const field of recordFields(schema)) {
    if (field["field-id"] !== undefined) names.set(field["field-id"], field.name);
  }
  return names;
}

/** A reader of one record, by {@linkcode fieldNames} of its schema. */
export function fieldReader(
  record: Readonly<Record<string, unknown>>,
  names: ReadonlyMap<number, string>,
): ReadField {
  return (fieldId) => record[names.get(fieldId) ?? ""] ?? undefined;
}

/** The type of a record schema's field; undefined when there is no such field. */
export function fieldType(schema: AvroSchema | undefined, fieldId: number): AvroSchema | undefined {
  return recordFields(schema).find((field) => field["field-id"] === fieldId)?.type;
}

/** What the list in a field holds, whether the field is optional or not. */
export function listItems(
  schema: AvroSchema | undefined,
  fieldId: number,
): AvroSchema | undefined {
  const type = fieldType(schema, fieldId) ?? [];
  for (const branch of [type].flat()) {
    const { items } = branch as { readonly items?: AvroSchema };
    if (items !== undefined) return items;
  }
  return undefined;
}

function recordFields(schema: AvroSchema | undefined): readonly RecordField[] {
  return (schema as { readonly fields?: readonly RecordField[] } | undefined)?.fields ?? [];
}
