/** Reads a table back by pyiceberg and by DuckDB, and says whether it holds what CSV files say. */
import assert from "node:assert/strict";
import { runReader } from "./parts/python.ts";
import type { S3Server } from "./parts/s3_server.ts";

/** How readers reach a catalog. */
export interface ReaderAccess {
  /** pyiceberg's properties of the catalog. */
  readonly pyiceberg: Readonly<Record<string, string>>;
  /** Keys for DuckDB, where the catalog vends none. */
  readonly s3?: S3Server;
  /** How DuckDB gets at the table's files. */
  readonly duckdb: "scan" | "attach";
  /** DuckDB's `ACCESS_DELEGATION_MODE` for `attach`. */
  readonly delegation?: "none" | "vended_credentials";
}

/** What is to be read, and what it is compared with. */
export interface ReadRequest {
  /** `namespace.table` */
  readonly table: string;
  /** CSV files whose rows, together, the table should hold. */
  readonly csv: readonly string[];
  /** A column whose values should be distinct. */
  readonly key: string;
  /** A scan of `column > above`. */
  readonly filter?: { readonly column: string; readonly above: number };
  /** Names of data files that others wrote: their metrics are not judged. */
  readonly unchecked?: readonly string[] | "all";
}

/** Rows of a table beside the rows of CSV files, as multisets. */
export interface Comparison {
  readonly rows: number;
  readonly rowsExpected: number;
  readonly rowsMissing: number;
  readonly rowsExtra: number;
  readonly distinctKeys: number;
  readonly examples: readonly string[];
}

/** What pyiceberg sees. */
export interface TableRead {
  readonly types: Readonly<Record<string, string>>;
  readonly formatVersion: number;
  readonly location: string;
  readonly metadataLocation: string;
  readonly snapshotId: string | null;
  /** Summary of the current snapshot. */
  readonly summary: Readonly<Record<string, string>>;
  readonly snapshots: number;
  readonly chainProblems: readonly string[];
  readonly firstParent: number | null;
  readonly files: {
    readonly count: number;
    readonly records: number;
    readonly bytes: number;
    readonly problems: readonly string[];
  };
  readonly values: Comparison;
  readonly filter?: {
    readonly files: number;
    readonly rows: number;
    readonly rowsExpected: number;
  };
}

/** Reads by pyiceberg. Every row stands in `values`, every file's metrics are checked. */
export async function readByPyiceberg(
  access: ReaderAccess,
  request: ReadRequest,
): Promise<TableRead> {
  return await runReader("pyiceberg_read.py", {
    catalog: access.pyiceberg,
    ...request,
  }) as TableRead;
}

/** Reads by DuckDB the table that pyiceberg has read before. */
export async function readByDuckdb(
  access: ReaderAccess,
  request: ReadRequest,
  options: { readonly read: TableRead },
): Promise<Comparison> {
  const { s3 } = access;
  const source = access.duckdb === "scan" ? { metadataLocation: options.read.metadataLocation } : {
    attach: {
      endpoint: access.pyiceberg["uri"],
      warehouse: access.pyiceberg["warehouse"],
      delegation: access.delegation ?? "none",
    },
  };
  const result = await runReader("duckdb_read.py", {
    ...request,
    ...source,
    types: options.read.types,
    s3: s3 === undefined ? null : {
      endpoint: s3.endpoint,
      accessKeyId: s3.accessKeyId,
      secretAccessKey: s3.secretAccessKey,
      region: s3.region,
    },
  }) as { readonly values: Comparison };
  return result.values;
}

/** Asserts that a table holds every row of the files once and nothing else. */
export function assertSameRows(values: Comparison, reader: string): void {
  const { rowsMissing, rowsExtra, examples } = values;
  assert.deepEqual(
    { reader, rows: values.rows, rowsMissing, rowsExtra, distinctKeys: values.distinctKeys },
    {
      reader,
      rows: values.rowsExpected,
      rowsMissing: 0,
      rowsExtra: 0,
      distinctKeys: values.rowsExpected,
    },
    examples.join("\n"),
  );
}

/** Asserts that the metadata of a table agree with its data files. */
export function assertSoundTable(read: TableRead): void {
  assert.deepEqual(read.files.problems, []);
  assert.deepEqual(read.chainProblems, []);
  const { summary, files, values } = read;
  assert.equal(summary["operation"], "append");
  assert.equal(summary["total-records"], String(values.rows));
  assert.equal(summary["total-data-files"], String(files.count));
  assert.equal(summary["total-files-size"], String(files.bytes));
  assert.equal(files.records, values.rows);
}

/** Reads by both readers and asserts equal rows and sound metadata. */
export async function assertReadBack(
  access: ReaderAccess,
  request: ReadRequest,
): Promise<TableRead> {
  const read = await readByPyiceberg(access, request);
  assertSameRows(read.values, "pyiceberg");
  assertSoundTable(read);
  assertSameRows(await readByDuckdb(access, request, { read }), "DuckDB");
  return read;
}
