/** What main thread and comparing workers say to each other. All of it is plain data. */
import type { CsvDialect } from "../input/columns.ts";
import type { StoreProperties } from "../store/credentials.ts";
import type { WriteColumn } from "../table/write_plan.ts";
import type { HashSeed } from "./row_hash.ts";

/** A column of the table as it is compared. */
export interface CompareColumn extends WriteColumn {
  /**
   * Type of a column that CSV cannot hold, such as `list`: only whether it is null is compared, and
   * `type` is boolean.
   */
  readonly opaqueType: string | undefined;
  /** What rows of files that lack the column have; undefined for null. */
  readonly initialDefaultText: string | undefined;
  /** Whether a file may leave it out because its partition says the value. */
  readonly isInPartition: boolean;
}

/** What is the same for every job; sent to each worker once. */
export interface CompareSetup {
  /** Name of the input in messages. */
  readonly inputName: string;
  /** How the source is written. */
  readonly dialect: CsvDialect;
  /** Fields of a CSV record. */
  readonly columnCount: number;
  /** All columns of the table, in the order of its schema. */
  readonly columns: readonly CompareColumn[];
  /** Field ids by the names of columns, for files that have none. */
  readonly nameMapping: ReadonlyMap<string, number>;
  /** Location whose scheme says which store is opened. */
  readonly storeLocation: string;
  /** Opens the store, and holds its credentials. */
  readonly storeProperties: StoreProperties;
  /** The same for both sides, and for both passes. */
  readonly seed: HashSeed;
  /** Memory of the buckets. */
  readonly buckets: SharedArrayBuffer;
}

/** Rows to be compared: a chunk of the source, whose bytes are transferred, or a data file. */
export type CompareJob =
  | {
    readonly side: "source";
    readonly bytes: Uint8Array<ArrayBuffer>;
    /** Records in it, as they were cut. */
    readonly rows: number;
    /** Physical line of the chunk's first byte, from 1. */
    readonly firstLine: number;
  }
  | { readonly side: "table"; readonly path: string; readonly recordCount: number };

/** What a job is done for: all rows added to the buckets, or those of some buckets found. */
export type Task =
  | { readonly kind: "add" }
  /** `wanted` has a 1 for each bucket to be found. */
  | { readonly kind: "find"; readonly wanted: Uint8Array };

/** A row of a bucket that did not come out even. */
export interface FoundRow {
  /** Its hash as text. */
  readonly key: string;
  /** Physical line of the source, from 1; undefined for a row of the table. */
  readonly line: number | undefined;
  /** Text of each value, in the order of the columns. */
  readonly values: readonly string[];
}

/** What came of a job. */
export interface CompareAnswer {
  /** Rows read, whether or not they were looked for. */
  readonly rows: number;
  /** For the task `find`. */
  readonly found: readonly FoundRow[];
}

/** A job and what it is done for. */
export interface CompareTask {
  /** Which rows. */
  readonly job: CompareJob;
  /** What is done with them. */
  readonly task: Task;
}
