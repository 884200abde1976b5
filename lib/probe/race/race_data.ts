/** The data files of a race: one small file, encoded once, or fresh ones as a loader writes them. */
import { encodeChunk } from "../../encode/encode_chunk.ts";
import { parquetSettings } from "../../encode/parquet/settings.ts";
import type { EncodeSetup } from "../../encode/job.ts";
import { EncodePool } from "../../encode/pool.ts";
import type { TableStoreAccess } from "../../rest/store_access.ts";
import type { DataFile } from "../../table/data_file.ts";
import { currentSchema, type SchemaJson, type TableMetadata } from "../../table/metadata.ts";
import { metricsModes } from "../../table/table_properties.ts";
import { matchColumns } from "../../table/write_plan.ts";

/** Columns of every table that a probe makes. */
export const RACE_SCHEMA: SchemaJson = {
  type: "struct",
  "schema-id": 0,
  fields: [
    { id: 1, name: "writer", type: "int", required: false },
    { id: 2, name: "attempt", type: "long", required: false },
    { id: 3, name: "line", type: "int", required: false },
  ],
};

/** A data file that can be written again under other names. */
export interface SmallFile {
  /** A whole Parquet file. */
  readonly bytes: Uint8Array;
  /** Its size, counts and metrics; the path is empty and set for each copy. */
  readonly file: DataFile;
}

const SMALL_ROWS = 2;
/** Rows of a file of `--with-data`: a chunk of the loader. */
const FRESH_ROWS = 1000;

/** Encodes the one small file of a table. */
export function encodeSmallFile(metadata: TableMetadata): SmallFile {
  const { bytes, file } = encodeChunk({
    index: 0,
    bytes: linesOf({ writer: 0, attempt: 0, rows: SMALL_ROWS }),
    rows: SMALL_ROWS,
    firstLine: 1,
    path: "",
  }, encodeSetup(metadata, {}));
  return { bytes, file };
}

/** Encodes and stores a file for each commit, beside the writers' thread. */
export class FreshFiles {
  readonly #pool: EncodePool;

  /** Starts the one encoding worker; `close` ends it. */
  constructor(metadata: TableMetadata, access: TableStoreAccess) {
    this.#pool = new EncodePool(1);
    this.#pool.setup(encodeSetup(metadata, access.properties), { refresh: access.refresh });
  }

  /**
   * Makes a file whose rows name writer and attempt.
   *
   * @throws {StorageError | AuthError}
   */
  async make(of: {
    readonly path: string;
    readonly writer: number;
    readonly attempt: number;
  }): Promise<DataFile> {
    const { file } = await this.#pool.encode({
      index: of.attempt,
      bytes: linesOf({ ...of, rows: FRESH_ROWS }),
      rows: FRESH_ROWS,
      firstLine: 1,
      path: of.path,
    });
    return file;
  }

  /** Ends the worker; a file that is being made fails. */
  close(): void {
    this.#pool.close();
  }
}

function linesOf(of: {
  readonly writer: number;
  readonly attempt: number;
  readonly rows: number;
}): Uint8Array<ArrayBuffer> {
  let text = "";
  for (let line = 0; line < of.rows; line++) text += `${of.writer},${of.attempt},${line}\n`;
  return new TextEncoder().encode(text);
}

function encodeSetup(
  metadata: TableMetadata,
  storeProperties: Readonly<Record<string, string>>,
): EncodeSetup {
  const schema = currentSchema(metadata);
  const names = RACE_SCHEMA.fields.map((field) => field.name);
  const { columns } = matchColumns(schema, names.map((name, index) => ({ name, index })));
  const metrics = metricsModes(metadata, schema);
  return {
    inputName: "probe",
    dialect: { delimiter: ",", nullValues: [], hasHeader: false },
    columnCount: names.length,
    columns: columns.map((column) => ({ ...column, metrics: metrics(column.fieldId) })),
    parquet: parquetSettings(metadata),
    storeLocation: metadata.location,
    storeProperties,
  };
}
