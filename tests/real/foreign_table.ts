/** Tables that pyiceberg makes, for the tool to append to or to refuse. */
import { runReader } from "./parts/python.ts";

/** A column of a table that is to be made. */
export interface ForeignField {
  readonly name: string;
  /** Iceberg type string. */
  readonly type: string;
  readonly required: boolean;
}

/** A table as pyiceberg describes it. */
export interface ForeignTable {
  readonly formatVersion: number;
  readonly location: string;
  readonly metadataLocation: string;
  readonly fields: readonly (ForeignField & { readonly id: number })[];
  readonly snapshotId: string | null;
  readonly rows: number;
  /** Names of all files below the table's location, but its metadata JSON files. */
  readonly files: readonly string[];
}

/** Where the table is: pyiceberg's properties of the catalog, and `namespace.table`. */
export interface ForeignPlace {
  readonly catalog: Readonly<Record<string, string>>;
  readonly table: string;
}

/** Makes a table, and its namespace if missing. */
export async function createTable(
  place: ForeignPlace,
  plan: {
    readonly fields: readonly ForeignField[];
    /** @default {2} */
    readonly formatVersion?: 1 | 2 | 3;
    /** Column of an identity partition. */
    readonly partitionBy?: string;
  },
): Promise<ForeignTable> {
  return await runReader("pyiceberg_table.py", {
    ...place,
    action: "create",
    fields: plan.fields,
    formatVersion: plan.formatVersion ?? 2,
    partitionBy: plan.partitionBy ?? null,
  }) as ForeignTable;
}

/** Appends CSV files in one snapshot of pyiceberg's own. */
export async function appendByPyiceberg(
  place: ForeignPlace,
  csv: readonly string[],
): Promise<ForeignTable> {
  return await runReader("pyiceberg_table.py", { ...place, action: "append", csv }) as ForeignTable;
}

/** Describes a table and lists its files. */
export async function describeTable(place: ForeignPlace): Promise<ForeignTable> {
  return await runReader("pyiceberg_table.py", { ...place, action: "describe" }) as ForeignTable;
}
