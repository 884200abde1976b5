/** The columns of a table as they are compared with those of a CSV file. */
import { CatalogError, SchemaError } from "../errors.ts";
import { MAIN_BRANCH } from "../table/append.ts";
import {
  branchHead,
  currentSchema,
  type SchemaJson,
  type TableMetadata,
} from "../table/metadata.ts";
import { matchColumns } from "../table/write_plan.ts";
import type { CompareColumn } from "./job.ts";

const FORMAT_VERSION_MAX = 3;

/**
 * The columns of the table, each with its place in the CSV.
 *
 * @throws {SchemaError} when the CSV does not fit the table, naming every problem at once, or when
 * the table is of a kind that is not read.
 * @throws {CatalogError} when the parts of the metadata do not refer to each other.
 */
export function compareColumns(
  metadata: TableMetadata,
  of: { readonly csvNames: readonly string[]; readonly file: string; readonly table: string },
): CompareColumn[] {
  const refusal = refusalOfTable(metadata);
  if (refusal !== undefined) {
    throw new SchemaError(`Cannot verify "${of.table}": the table ${refusal}`);
  }
  const schema = checkedSchema(metadata, of.table);
  const match = matchColumns(schema, of.csvNames.map((name, index) => ({ name, index })));
  if (match.problems.length > 0) {
    throw new SchemaError(
      `Cannot compare "${of.file}" with "${of.table}": ${match.problems.join("; ")}`,
      { hint: "Columns are matched by name, in any order" },
    );
  }
  const written = new Map(match.columns.map((column) => [column.fieldId, column]));
  const partitioned = identityFieldIds(metadata);
  return schema.fields.map((field): CompareColumn => {
    const column = written.get(field.id);
    const isInPartition = partitioned.has(field.id);
    const initialDefault = field["initial-default"];
    if (column !== undefined) {
      return {
        ...column,
        opaqueType: undefined,
        initialDefaultText: initialDefault === undefined || initialDefault === null
          ? undefined
          : String(initialDefault),
        isInPartition,
      };
    }
    const { id: fieldId, name, required, type } = field;
    return {
      fieldId,
      name,
      type: { kind: "boolean" },
      required,
      csvIndex: undefined,
      defaultText: undefined,
      opaqueType: typeof type === "string" ? type : type.type,
      initialDefaultText: undefined,
      isInPartition,
    };
  });
}

/** Why a table is not read, in words that end a sentence beginning with "the table". */
function refusalOfTable(metadata: TableMetadata): string | undefined {
  const version = metadata["format-version"];
  if (version > FORMAT_VERSION_MAX) {
    return `has format version ${version}; versions 1 to ${FORMAT_VERSION_MAX} are read`;
  }
  return metadata.properties?.["encryption.key-id"] === undefined
    ? undefined
    : "is encrypted; only tables without encryption are read";
}

function checkedSchema(metadata: TableMetadata, table: string): SchemaJson {
  try {
    branchHead(metadata, MAIN_BRANCH);
    return currentSchema(metadata);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new CatalogError(`Cannot verify "${table}": ${cause.message}`, { cause });
  }
}

/** Fields whose values a file may leave to its partition, by any of the table's specs. */
function identityFieldIds(metadata: TableMetadata): Set<number> {
  const ids = new Set<number>();
  for (const spec of metadata["partition-specs"]) {
    for (const field of spec.fields) {
      const sourceId = field["source-id"];
      if (field.transform === "identity" && sourceId !== undefined) ids.add(sourceId);
    }
  }
  return ids;
}

const NAME_MAPPING_KEY = "schema.name-mapping.default";

/**
 * Field ids by name from the table's name mapping (table spec, "Name Mapping Serialization"); its
 * nested names are not needed.
 *
 * @throws {SchemaError} when the property is not JSON.
 */
export function readNameMapping(metadata: TableMetadata): Map<string, number> {
  const text = metadata.properties?.[NAME_MAPPING_KEY] ?? "[]";
  const ids = new Map<string, number>();
  let mapping: ReadonlyArray<{ readonly "field-id"?: number; readonly names?: readonly string[] }>;
  try {
    mapping = JSON.parse(text);
  } catch (cause) {
    throw new SchemaError(`Cannot read the table property ${NAME_MAPPING_KEY}: not JSON`, {
      cause,
    });
  }
  for (const { "field-id": id, names = [] } of mapping) {
    for (const name of names) if (id !== undefined) ids.set(name, id);
  }
  return ids;
}
