/** How CSV columns meet the columns of a table: by name, in any order, to the table's field ids. */
import type { Json } from "./json.ts";
import {
  defaultPartitionSpec,
  type FieldJson,
  type SchemaJson,
  type TableMetadata,
} from "./metadata.ts";
import { formatPrimitiveType, parsePrimitiveType, type PrimitiveType } from "./types.ts";

/** One column of the data files to be written. */
export interface WriteColumn {
  /** The field's id in the table's schema, which readers find it by. */
  readonly fieldId: number;
  /** The field's name in the table's schema. */
  readonly name: string;
  /** What its values are stored as. */
  readonly type: PrimitiveType;
  /** When true, no value may be null. */
  readonly required: boolean;
  /** Position in the CSV record, or undefined for a column that the CSV does not have. */
  readonly csvIndex: number | undefined;
  /**
   * For a column that the CSV does not have: the text of its `write-default` (format version 3),
   * or undefined for null.
   */
  readonly defaultText: string | undefined;
}

/** A CSV column by its name and position. */
export interface CsvColumn {
  /** From the header record, compared with upper and lower case. */
  readonly name: string;
  /** Position in the record, from 0. */
  readonly index: number;
}

/** The columns to write, or everything that stands against writing them. */
export interface ColumnMatch {
  /** In the order of the table's schema; not all of them when there are problems. */
  readonly columns: readonly WriteColumn[];
  /** One sentence each, for people; none when the CSV fits by its names. */
  readonly problems: readonly string[];
}

/** Oldest and newest format version that is appended to. */
const FORMAT_VERSIONS_WRITTEN = [2, 3];

/**
 * Why a table is not written to, in words that end a sentence beginning with the table's name; or
 * undefined when it is.
 */
export function refusalOfTable(metadata: TableMetadata): string | undefined {
  const version = metadata["format-version"];
  if (!FORMAT_VERSIONS_WRITTEN.includes(version)) {
    return `has format version ${version}; versions 2 and 3 are written`;
  }
  const spec = defaultPartitionSpec(metadata);
  // A dropped partition field stays in a version 1 spec as `void` and parts nothing.
  const live = spec.fields.filter((field) => field.transform !== "void");
  if (live.length > 0) {
    const names = live.map((field) => `${field.transform}(${field.name})`).join(", ");
    return `is partitioned by ${names}; only unpartitioned tables are written`;
  }
  if (spec.fields.length > 0) {
    return "has a partition spec of void fields; only unpartitioned tables are written";
  }
  if (metadata.properties?.["encryption.key-id"] !== undefined) {
    return "is encrypted; only tables without encryption are written";
  }
  return undefined;
}

/** Matches CSV columns with a table's schema; all problems are collected, none is thrown. */
export function matchColumns(schema: SchemaJson, csvColumns: readonly CsvColumn[]): ColumnMatch {
  const problems: string[] = [];
  const byName = new Map(csvColumns.map((column) => [column.name, column]));
  const columns: WriteColumn[] = [];
  for (const field of schema.fields) {
    const csvColumn = byName.get(field.name);
    byName.delete(field.name);
    const column = csvColumn === undefined
      ? absentColumn(field, problems)
      : presentColumn(field, csvColumn, problems);
    if (column !== undefined) columns.push(column);
  }
  for (const unknown of byName.values()) {
    const near = schema.fields.find((field) =>
      field.name.toLowerCase() === unknown.name.toLowerCase()
    );
    const hint = near === undefined ? "" : ` (it has "${near.name}": names are case-sensitive)`;
    problems.push(`column "${unknown.name}" is not in the table${hint}`);
  }
  return { columns, problems };
}

function presentColumn(
  field: FieldJson,
  csvColumn: CsvColumn,
  problems: string[],
): WriteColumn | undefined {
  const type = typeof field.type === "string" ? parsePrimitiveType(field.type) : undefined;
  if (type === undefined) {
    const name = typeof field.type === "string" ? field.type : field.type.type;
    problems.push(`column "${field.name}" has type ${name} in the table, which CSV cannot fill`);
    return undefined;
  }
  return {
    fieldId: field.id,
    name: field.name,
    type,
    required: field.required,
    csvIndex: csvColumn.index,
    defaultText: undefined,
  };
}

/**
 * An optional primitive column is written as nulls, since readers may put an `initial-default` in
 * the place of a column that a file lacks; nested ones have no such default and are left out.
 */
function absentColumn(field: FieldJson, problems: string[]): WriteColumn | undefined {
  const type = typeof field.type === "string" ? parsePrimitiveType(field.type) : undefined;
  // A nested column cannot be filled, whatever its default.
  const defaultText = type === undefined ? undefined : textOfDefault(field["write-default"]);
  if (field.required && defaultText === undefined) {
    const name = typeof field.type === "string" ? field.type : field.type.type;
    problems.push(
      `column "${field.name}" is required by the table, ${name}, and not in the CSV`,
    );
    return undefined;
  }
  if (type === undefined) return undefined;
  const { id: fieldId, name, required } = field;
  return { fieldId, name, type, required, csvIndex: undefined, defaultText };
}

/** The JSON single-value form (table spec, Appendix D) reads like CSV for every primitive type. */
function textOfDefault(value: Json | undefined): string | undefined {
  return value === undefined || value === null ? undefined : String(value);
}

/** Whether data files written for `written` may be committed to a table whose schema is now `current`. */
export function filesFitSchema(written: readonly WriteColumn[], current: SchemaJson): boolean {
  const fields = new Map(current.fields.map((field) => [field.id, field]));
  const writtenIds = new Set(written.map((column) => column.fieldId));
  for (const column of written) {
    const field = fields.get(column.fieldId);
    // A dropped column is ignored by readers; one that changed its type may be promoted, but a
    // file of the old type is always readable under the promoted one (table spec, "Schema Evolution").
    if (field === undefined) continue;
    if (field.required && !column.required) return false;
    if (!isPromotion(formatPrimitiveType(column.type), field.type)) return false;
  }
  // A new required column without an initial default has no value in these files.
  return current.fields.every((field) =>
    writtenIds.has(field.id) || !field.required || field["initial-default"] !== undefined
  );
}

function isPromotion(from: string, to: FieldJson["type"]): boolean {
  if (from === to) return true;
  if (typeof to !== "string") return false;
  if (from === "int" && to === "long") return true;
  if (from === "float" && to === "double") return true;
  const [one, other] = [parsePrimitiveType(from), parsePrimitiveType(to)];
  return one?.kind === "decimal" && other?.kind === "decimal" && one.scale === other.scale &&
    one.precision <= other.precision;
}
