/** What main thread and worker say to each other. All of it is plain data. */
import type { CsvDialect } from "../input/columns.ts";
import type { StoreProperties } from "../store/credentials.ts";
import type { DataFile } from "../table/data_file.ts";
import type { Codec, MetricsMode } from "../table/table_properties.ts";
import type { WriteColumn } from "../table/write_plan.ts";

/** A column with how its metrics are kept. */
export interface EncodeColumn extends WriteColumn {
  readonly metrics: MetricsMode;
}

/** What is the same for every chunk of a load; sent to each worker once. */
export interface EncodeSetup {
  /** Name of the input in messages. */
  readonly inputName: string;
  readonly dialect: CsvDialect;
  /** Fields of a CSV record. */
  readonly columnCount: number;
  readonly columns: readonly EncodeColumn[];
  readonly codec: Codec;
  /** Location whose scheme says which store is opened. */
  readonly storeLocation: string;
  readonly storeProperties: StoreProperties;
}

/** One chunk to be made into a data file. `bytes` is transferred, not copied. */
export interface EncodeJob {
  readonly index: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Records in it, as they were cut. */
  readonly rows: number;
  /** Physical line of the chunk's first byte, from 1. */
  readonly firstLine: number;
  /** Location of the data file. */
  readonly path: string;
}

/** A data file that is in the store, whole, and how long its making took. */
export interface EncodedChunk {
  readonly file: DataFile;
  readonly parseMs: number;
  readonly encodeMs: number;
  readonly uploadMs: number;
}
