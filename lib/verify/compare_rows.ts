/** The work of a comparing worker: rows of a job into buckets, or rows of some buckets by name. */
import { constantColumn } from "../encode/constant_column.ts";
import { EXIT_CODE, StorageError } from "../errors.ts";
import type { ParsedColumn } from "../input/columns.ts";
import { parseChunk } from "../input/parse.ts";
import type { Store } from "../store/store.ts";
import { bucketOf, Buckets } from "./buckets.ts";
import type { CompareAnswer, CompareJob, CompareSetup, FoundRow, Task } from "./job.ts";
import { type ColumnBatch, readBatches } from "./parquet_batches.ts";
import { recordLines } from "./record_lines.ts";
import { hashRows } from "./row_hash.ts";
import { valueText } from "./row_text.ts";

type SourceJob = CompareJob & { readonly side: "source" };
type TableJob = CompareJob & { readonly side: "table" };

/**
 * Carries out one job.
 *
 * @throws {InputError} for the first value of the source that does not fit the table's type.
 * @throws {SchemaError | StorageError | AuthError} for a data file that cannot be read.
 */
export async function compareRows(
  job: CompareJob,
  of: { readonly task: Task; readonly setup: CompareSetup; readonly store: Store },
): Promise<CompareAnswer> {
  const { task, setup } = of;
  if (job.side === "source") {
    const batch = readChunk(job, setup);
    return { rows: batch.rows, found: carryOut(batch, { task, setup, job }) };
  }
  let rows = 0;
  const found: FoundRow[] = [];
  const bytes = await of.store.read(job.path) as Uint8Array<ArrayBuffer>;
  for await (const batch of readBatches(bytes, { ...setup, path: job.path })) {
    rows += batch.rows;
    found.push(...carryOut(batch, { task, setup, job }));
  }
  checkCount(job, rows);
  return { rows, found };
}

function readChunk(job: SourceJob, setup: CompareSetup): ColumnBatch {
  const present = setup.columns.filter((column) => column.csvIndex !== undefined);
  const parsed = parseChunk(job.bytes, {
    dialect: setup.dialect,
    columnCount: setup.columnCount,
    targets: present.map(({ name, csvIndex, type, required }) => ({
      name,
      index: csvIndex!,
      type,
      required,
    })),
    firstLine: job.firstLine,
    file: setup.inputName,
    rows: job.rows,
  });
  const byField = new Map<number, ParsedColumn>(
    present.map((column, at) => [column.fieldId, parsed[at]!]),
  );
  const columns = setup.columns.map((column) =>
    byField.get(column.fieldId) ?? constantColumn(column, job.rows)
  );
  return { rows: job.rows, columns };
}

function carryOut(
  batch: ColumnBatch,
  of: { readonly task: Task; readonly setup: CompareSetup; readonly job: CompareJob },
): FoundRow[] {
  const { task, setup, job } = of;
  const hashes = hashRows(batch.columns, { rows: batch.rows, seed: setup.seed });
  if (task.kind === "add") {
    new Buckets(setup.buckets).add(hashes, job.side);
    return [];
  }
  const { high, low } = hashes;
  const rows: number[] = [];
  for (let row = 0; row < batch.rows; row++) {
    if (task.wanted[bucketOf(low[row]!)] === 1) rows.push(row);
  }
  const lines = job.side === "source" ? recordLines(rows, { ...job, ...setup }) : [];
  return rows.map((row, at) => ({
    key: `${high[row]!}:${low[row]!}`,
    line: lines[at],
    values: batch.columns.map((column, position) => {
      const { opaqueType } = setup.columns[position]!;
      const text = valueText(column, row);
      return opaqueType === undefined || text === "null" ? text : `(${opaqueType})`;
    }),
  }));
}

/** A file that holds other than what its manifest says has been damaged or changed. */
function checkCount(job: TableJob, rows: number): void {
  if (rows === job.recordCount) return;
  throw new StorageError(
    `Cannot read data file "${job.path}": it holds ${rows} rows, and its manifest says ` +
      `${job.recordCount}`,
    { exitCode: EXIT_CODE.failed },
  );
}
