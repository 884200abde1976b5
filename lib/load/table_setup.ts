/** Makes namespace and table when they are missing, and finds out how the CSV fits the table. */
import { CatalogError, InputError, SchemaError } from "../errors.ts";
import { findMisfits } from "../input/infer.ts";
import type { Sample } from "../input/sample.ts";
import {
  type CatalogClient,
  formatTableName,
  type LoadedTable,
  type TableName,
} from "../rest/catalog.ts";
import { MAIN_BRANCH } from "../table/append.ts";
import {
  branchHead,
  currentSchema,
  type SchemaJson,
  type TableMetadata,
} from "../table/metadata.ts";
import { formatPrimitiveType, type PrimitiveType } from "../table/types.ts";
import { matchColumns, refusalOfTable, type WriteColumn } from "../table/write_plan.ts";

/** A CSV column and the type that a new table would give it. */
export interface TypedColumn {
  /** As in the header. */
  readonly name: string;
  /** Inferred, or as the user said. */
  readonly type: PrimitiveType;
}

/** The table, ready to be loaded into. */
export interface ReadyTable {
  /**
   * As the catalog gave it. Unless the load may be resumed, its metadata may hold no snapshots but the
   * heads of branches and tags.
   */
  readonly loaded: LoadedTable;
  /** Whether this load made it. */
  readonly created: boolean;
  /** Columns of the data files, in the order of the table's schema. */
  readonly columns: readonly WriteColumn[];
}

/**
 * Takes the table that was found, or creates it with the given columns.
 *
 * @throws {SchemaError} when the table is of a kind not written to, or the CSV does not fit it;
 * the message names every problem at once.
 * @throws {CatalogError | AuthError}
 */
export async function prepareTable(
  catalog: CatalogClient,
  options: {
    readonly table: TableName;
    readonly createTable: boolean;
    /** As the catalog gave it; undefined when there is none. */
    readonly found: LoadedTable | undefined;
    readonly sample: Sample;
    readonly columns: readonly TypedColumn[];
  },
): Promise<ReadyTable> {
  const { table, found, sample, columns } = options;
  if (found !== undefined) return fitTable(found, { ...options, created: false });
  if (!options.createTable) throw missingTable(table);
  checkTypesGiven(sample, columns);
  await ensureNamespace(catalog, table.namespace);
  const made = await catalog.createTable(table, {
    schema: schemaOf(columns),
    properties: { "format-version": "2" },
  });
  if (made !== undefined) return fitTable(made, { ...options, created: true });
  // Someone else made it between the look and the attempt.
  const theirs = await catalog.loadTable(table);
  if (theirs === undefined) {
    throw new CatalogError(
      `Cannot create table "${
        formatTableName(table)
      }": the catalog says that it exists (HTTP 409), ` +
        "and does not find it",
    );
  }
  return fitTable(theirs, { table, sample, columns, created: false });
}

/** The error of a load into a table that is not there and may not be made (exit 1). */
export function missingTable(table: TableName): CatalogError {
  return new CatalogError(
    `Cannot load into "${formatTableName(table)}": there is no such table`,
    { exitCode: 1, hint: "Leave out --no-create to have it made" },
  );
}

/** Nested namespaces need their parents first in some catalogs. */
async function ensureNamespace(
  catalog: CatalogClient,
  namespace: readonly string[],
): Promise<void> {
  for (let depth = 1; depth <= namespace.length; depth++) {
    await catalog.ensureNamespace(namespace.slice(0, depth));
  }
}

function schemaOf(columns: readonly TypedColumn[]): SchemaJson {
  return {
    type: "struct",
    "schema-id": 0,
    fields: columns.map((column, position) => ({
      id: position + 1,
      name: column.name,
      type: formatPrimitiveType(column.type),
      required: false,
    })),
  };
}

/**
 * Matches the CSV with a table that is there.
 *
 * @throws {SchemaError} when the table is of a kind not written to, or the CSV does not fit it.
 * @throws {CatalogError} for metadata whose parts do not refer to each other.
 */
export function fitTable(
  loaded: LoadedTable,
  options: {
    readonly table: TableName;
    readonly sample: Sample;
    readonly columns: readonly TypedColumn[];
    readonly created: boolean;
  },
): ReadyTable {
  const name = formatTableName(options.table);
  const refusal = refusalOfTable(loaded.metadata);
  if (refusal !== undefined) {
    throw new SchemaError(`Cannot load into "${name}": the table ${refusal}`);
  }
  checkConsistent(loaded.metadata, name);
  const match = matchColumns(
    currentSchema(loaded.metadata),
    options.columns.map((column, index) => ({ name: column.name, index })),
  );
  const problems = [...match.problems, ...misfitProblems(match.columns, options)];
  if (problems.length > 0) {
    throw new SchemaError(
      `Cannot load "${options.sample.file}" into "${name}": ${problems.join("; ")}`,
      { hint: "Columns are matched by name, in any order" },
    );
  }
  return { loaded, created: options.created, columns: match.columns };
}

/**
 * Metadata whose parts do not refer to each other must not be built upon.
 *
 * @throws {CatalogError}
 */
function checkConsistent(metadata: TableMetadata, name: string): void {
  try {
    currentSchema(metadata);
    branchHead(metadata, MAIN_BRANCH);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new CatalogError(`Cannot load into "${name}": ${cause.message}`, { cause });
  }
}

/**
 * A type that the user gave may not fit; that is found out before the table is made.
 *
 * @throws {InputError} for the first value that does not fit.
 */
export function checkTypesGiven(sample: Sample, columns: readonly TypedColumn[]): void {
  const targets = columns.map(({ name, type }, index) => ({ name, index, type, required: false }));
  const [misfit] = findMisfits(sample, targets);
  if (misfit === undefined) return;
  const { column, line, value, expected } = misfit;
  throw new InputError(`${sample.file}:${line}: column "${column}": ${misfit.reason}`, {
    place: { file: sample.file, line, column, value, expected },
  });
}

function misfitProblems(
  columns: readonly WriteColumn[],
  options: { readonly sample: Sample; readonly columns: readonly TypedColumn[] },
): string[] {
  const targets = columns
    .filter((column) => column.csvIndex !== undefined)
    .map(({ name, csvIndex, type, required }) => ({ name, index: csvIndex!, type, required }));
  return findMisfits(options.sample, targets).map((misfit) =>
    `column "${misfit.column}" is ${misfit.expected} in the table and looks like ` +
    `${formatPrimitiveType(misfit.inferred)} in the CSV (line ${misfit.line}: ${misfit.reason})`
  );
}
