/** One chunk from CSV bytes to a Parquet file and its metrics; pure but for the clock. */
import type { ColumnTarget } from "../input/columns.ts";
import { parseChunk } from "../input/parse.ts";
import type { DataFile } from "../table/data_file.ts";
import { buildRecordBatch } from "./arrow.ts";
import { constantColumn } from "./constant_column.ts";
import type { EncodeJob, EncodeSetup } from "./job.ts";
import { columnMetrics } from "./metrics.ts";
import { encodeParquet } from "./parquet.ts";

/** A data file that is not in the store yet. */
export interface EncodedFile {
  readonly bytes: Uint8Array;
  readonly file: DataFile;
  readonly parseMs: number;
  readonly encodeMs: number;
}

/**
 * Parses and encodes a chunk.
 *
 * @throws {InputError} for the chunk's first value or record that does not fit.
 */
export function encodeChunk(job: EncodeJob, setup: EncodeSetup): EncodedFile {
  const startedMs = performance.now();
  const present = setup.columns.filter((column) => column.csvIndex !== undefined);
  const targets: ColumnTarget[] = present.map((column) => ({
    name: column.name,
    index: column.csvIndex!,
    type: column.type,
    required: column.required,
  }));
  const parsed = parseChunk(job.bytes, {
    dialect: setup.dialect,
    columnCount: setup.columnCount,
    targets,
    firstLine: job.firstLine,
    file: setup.inputName,
    rows: job.rows,
  });
  const rows = parsed[0]?.length ?? 0;
  const parsedByField = new Map(present.map((column, at) => [column.fieldId, parsed[at]!]));
  const filled = setup.columns.map((column) => ({
    column,
    parsed: parsedByField.get(column.fieldId) ?? constantColumn(column, rows),
  }));
  const parsedMs = performance.now();
  const parquet = encodeParquet(buildRecordBatch(filled, rows), {
    columns: filled,
    codec: setup.codec,
  });
  const columns = filled.map(({ column, parsed }, position) =>
    columnMetrics(parsed, {
      fieldId: column.fieldId,
      sizeBytes: parquet.columnSizesBytes[position] ?? 0,
      mode: setup.columns[position]!.metrics,
    })
  );
  return {
    bytes: parquet.bytes,
    file: {
      path: job.path,
      recordCount: rows,
      sizeBytes: parquet.bytes.length,
      splitOffsets: parquet.splitOffsets,
      columns,
    },
    parseMs: parsedMs - startedMs,
    encodeMs: performance.now() - parsedMs,
  };
}
