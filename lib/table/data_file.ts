/** A data file as the writer knows it: plain data that crosses from worker to main thread. */

/** Metrics of one column of a data file (table spec, `data_file` fields 108 to 128). */
export interface ColumnMetrics {
  /** The column's id in the table's schema, the key of each map of metrics. */
  readonly fieldId: number;
  /** Bytes of the column's chunks in the file, compressed. */
  readonly sizeBytes?: number;
  /** Values including nulls and NaN. */
  readonly valueCount?: number;
  /** Absent, as the other counts, when the metrics mode of the column is `none`. */
  readonly nullCount?: number;
  /** For float and double. */
  readonly nanCount?: number;
  /** Single-value binary form; absent when there is no value to bound. */
  readonly lowerBound?: Uint8Array;
  /** Single-value binary form; absent when there is none, or no greater text of the length. */
  readonly upperBound?: Uint8Array;
}

/** A Parquet data file of an unpartitioned table. */
export interface DataFile {
  /** Full location, as manifests name it. */
  readonly path: string;
  /** Rows in it. */
  readonly recordCount: number;
  /** Size of the whole file. */
  readonly sizeBytes: number;
  /** Byte offset of each row group, ascending. */
  readonly splitOffsets: readonly number[];
  /** One for each column of the file, also where its counts and bounds are not kept. */
  readonly columns: readonly ColumnMetrics[];
}
