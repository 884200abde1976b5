/** Rows of a Parquet file as typed columns, a batch at a time. */
import { type RecordBatch, type Schema, tableFromIPC } from "apache-arrow";
import { ParquetFile } from "parquet-wasm";
import { EXIT_CODE, StorageError, ToolError } from "../errors.ts";
import type { ParsedColumn } from "../input/columns.ts";
import { columnFromArrow, columnOfMissing } from "./arrow_columns.ts";
import type { CompareColumn } from "./job.ts";

/** Rows decoded at once, unless they are large. */
const BATCH_ROWS_MAX = 65_536;
/** Size of a batch that is aimed at, by what the file says of its row groups. */
const BATCH_BYTES_AIM = 32 * 2 ** 20;

/** Some rows of a file. */
export interface ColumnBatch {
  /** At most 65,536. */
  readonly rows: number;
  /** One for each of the table's columns, in their order, `rows` long. */
  readonly columns: readonly ParsedColumn[];
}

/**
 * Reads a file whose bytes are in memory.
 *
 * @throws {StorageError} (exit 1) when the bytes are no Parquet file that can be read.
 * @throws {SchemaError} when a column cannot be read as what the table says it is.
 */
export async function* readBatches(
  bytes: Uint8Array<ArrayBuffer>,
  options: {
    /** Location for messages. */
    readonly path: string;
    readonly columns: readonly CompareColumn[];
    readonly nameMapping: ReadonlyMap<string, number>;
  },
): AsyncGenerator<ColumnBatch> {
  const { path, columns, nameMapping } = options;
  const file = await orDamaged(path, () => ParquetFile.fromFile(new Blob([bytes])));
  try {
    const batchSize = batchRows(file);
    const stream = await orDamaged(path, () => file.stream({ batchSize }));
    const reader = stream.getReader();
    try {
      for (;;) {
        const step = await orDamaged(path, () => reader.read());
        if (step.done) return;
        const table = await orDamaged(path, () => tableFromIPC(step.value.intoIPCStream()));
        for (const batch of table.batches) yield readBatch(batch, { path, columns, nameMapping });
      }
    } finally {
      await reader.cancel();
    }
  } finally {
    file.free();
  }
}

function readBatch(
  batch: RecordBatch,
  options: {
    readonly path: string;
    readonly columns: readonly CompareColumn[];
    readonly nameMapping: ReadonlyMap<string, number>;
  },
): ColumnBatch {
  const positions = positionsOfFields(batch.schema, options);
  const columns = options.columns.map((column) => {
    const position = positions.get(column.fieldId);
    return position === undefined
      ? columnOfMissing(column, batch.numRows)
      : columnFromArrow(batch.data.children[position]!, column);
  });
  return { rows: batch.numRows, columns };
}

/** By field ids; a file without any goes by the table's name mapping (table spec, "Column Projection"). */
function positionsOfFields(
  schema: Schema,
  options: { readonly path: string; readonly nameMapping: ReadonlyMap<string, number> },
): Map<number, number> {
  const positions = new Map<number, number>();
  schema.fields.forEach((field, position) => {
    const id = field.metadata.get("PARQUET:field_id");
    if (id !== undefined) positions.set(Number(id), position);
  });
  if (positions.size > 0 || schema.fields.length === 0) return positions;
  schema.fields.forEach((field, position) => {
    const id = options.nameMapping.get(field.name);
    if (id !== undefined) positions.set(id, position);
  });
  if (positions.size > 0) return positions;
  throw new StorageError(
    `Cannot read data file "${options.path}": its columns have no field ids, and the table has no ` +
      "mapping of their names",
    { exitCode: EXIT_CODE.failed },
  );
}

function batchRows(file: ParquetFile): number {
  const metadata = file.metadata();
  let rowBytesMax = 1;
  for (let group = 0; group < metadata.numRowGroups(); group++) {
    const described = metadata.rowGroup(group);
    const rows = Math.max(1, described.numRows());
    rowBytesMax = Math.max(rowBytesMax, described.totalByteSize() / rows);
  }
  return Math.max(1, Math.min(BATCH_ROWS_MAX, Math.floor(BATCH_BYTES_AIM / rowBytesMax)));
}

async function orDamaged<T>(path: string, act: () => T | Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    if (cause instanceof ToolError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StorageError(`Cannot read data file "${path}": ${reason}`, {
      cause,
      exitCode: EXIT_CODE.failed,
    });
  }
}
