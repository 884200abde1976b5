/** What main thread and worker say to each other. All of it is plain data. */
import type { CsvDialect } from "../input/columns.ts";
import type { StoreProperties } from "../store/credentials.ts";
import type { ColumnMetrics, DataFile } from "../table/data_file.ts";
import type { MetricsMode } from "../table/table_properties.ts";
import type { WriteColumn } from "../table/write_plan.ts";
import type { WrittenGroup } from "./parquet/row_groups.ts";
import type { ParquetSettings } from "./parquet/settings.ts";

/** A column with how its metrics are kept. */
export interface EncodeColumn extends WriteColumn {
  /** By the properties of the table. */
  readonly metrics: MetricsMode;
}

/** What is the same for every chunk of a load; sent to each worker once. */
export interface EncodeSetup {
  /** Name of the input in messages. */
  readonly inputName: string;
  /** How the input is written. */
  readonly dialect: CsvDialect;
  /** Fields of a CSV record. */
  readonly columnCount: number;
  /** Of the data files, in this order. */
  readonly columns: readonly EncodeColumn[];
  /** How the files are laid out. */
  readonly parquet: ParquetSettings;
  /** Location whose scheme says which store is opened. */
  readonly storeLocation: string;
  /** How the store is reached; they may hold credentials. */
  readonly storeProperties: StoreProperties;
}

/**
 * One chunk to be made into a data file. `bytes` is not copied: it is transferred, or lies in memory
 * that threads share and stays as it is until the pool says that it is released.
 */
export interface EncodeJob {
  /** Position among the chunks of the load, from 0. */
  readonly index: number;
  /** Whole records, without the header. */
  readonly bytes: Uint8Array;
  /** Records in it, as they were cut. */
  readonly rows: number;
  /** Physical line of the chunk's first byte, from 1. */
  readonly firstLine: number;
  /** Location of the data file. */
  readonly path: string;
}

/** One piece of a chunk to be made into row groups, which become part of a data file elsewhere. */
export type PartJob = Omit<EncodeJob, "path">;

/** Row groups that are to become part of a data file. */
export interface EncodedPart {
  /** The row groups one behind the other. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where in `bytes` they stand, and what is in them. */
  readonly groups: readonly WrittenGroup[];
  /** Records in them. */
  readonly rows: number;
  /** Of these row groups alone. */
  readonly columns: readonly ColumnMetrics[];
  /** Time from bytes to columns. */
  readonly parseMs: number;
  /** Time from columns to row groups. */
  readonly encodeMs: number;
}

/** A data file that is in the store, whole, and how long its making took. */
export interface EncodedChunk {
  /** What the manifest is to say of it. */
  readonly file: DataFile;
  /** From bytes to columns, wall clock. */
  readonly parseMs: number;
  /** From columns to the file and its metrics, wall clock. */
  readonly encodeMs: number;
  /** Until the store had all of it, wall clock, less what the worker did for the next chunk meanwhile. */
  readonly uploadMs: number;
  /**
   * Whether a crash of the machine cannot take the file away any more. A small file is not synced
   * alone: a disk takes about as long for it as for all files of its commit.
   */
  readonly isSynced: boolean;
}
