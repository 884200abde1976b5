/** Chunks from CSV bytes to Parquet files and their metrics; pure but for the clock. */
import type { ColumnTarget } from "../input/columns.ts";
import { ChunkParser } from "../input/parse.ts";
import type { DataFile } from "../table/data_file.ts";
import { constantColumn } from "./constant_column.ts";
import type { EncodeColumn, EncodedPart, EncodeJob, EncodeSetup, PartJob } from "./job.ts";
import { columnMetrics } from "./metrics.ts";
import { type ParquetFile, ParquetWriter } from "./parquet/write_file.ts";

/** A data file that is not in the store yet. */
export interface EncodedFile {
  /** They last until the next chunk but one is encoded. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What the manifest is to say of it; its location is that of the job. */
  readonly file: DataFile;
  /** From bytes to columns, wall clock. */
  readonly parseMs: number;
  /** From columns to the file and its metrics, wall clock. */
  readonly encodeMs: number;
}

/**
 * Parses and encodes the chunks of a load, one after the other in the same memory, when their codec
 * is ready.
 */
export class ChunkEncoder {
  readonly #setup: EncodeSetup;
  readonly #present: readonly EncodeColumn[];
  readonly #targets: readonly ColumnTarget[];
  readonly #writer: ParquetWriter;
  readonly #parser = new ChunkParser();

  /** Takes what is the same for every chunk; memory comes with the first. */
  constructor(setup: EncodeSetup) {
    this.#setup = setup;
    this.#present = setup.columns.filter((column) => column.csvIndex !== undefined);
    this.#targets = this.#present.map((column) => ({
      name: column.name,
      index: column.csvIndex!,
      type: column.type,
      required: column.required,
    }));
    this.#writer = new ParquetWriter(setup.parquet, this.#parser.memory);
  }

  /**
   * Makes a chunk into a data file.
   *
   * @param options.onParsed is told when the job's bytes are not needed any more.
   * @throws {InputError} for the chunk's first value or record that does not fit.
   */
  encode(job: EncodeJob, options: { readonly onParsed?: () => void } = {}): EncodedFile {
    const { parquet, rows, columns, parseMs, encodeMs } = this.#make(job, options);
    return {
      bytes: parquet.bytes,
      file: {
        path: job.path,
        recordCount: rows,
        sizeBytes: parquet.bytes.length,
        splitOffsets: parquet.groups.map((group) => group.start),
        columns,
      },
      parseMs,
      encodeMs,
    };
  }

  /**
   * Makes a piece of a chunk into row groups; the rest is as for {@link encode}.
   *
   * @returns bytes of their own, to be given away.
   */
  encodePart(job: PartJob, options: { readonly onParsed?: () => void } = {}): EncodedPart {
    const { parquet, ...rest } = this.#make(job, { ...options, isPart: true });
    return { bytes: parquet.bytes.slice(), groups: parquet.groups, ...rest };
  }

  #make(
    job: PartJob,
    options: { readonly onParsed?: () => void; readonly isPart?: boolean },
  ): Omit<EncodedPart, "bytes" | "groups"> & { readonly parquet: ParquetFile } {
    const setup = this.#setup;
    const startedMs = performance.now();
    const parsed = this.#parser.parse(job.bytes, {
      dialect: setup.dialect,
      columnCount: setup.columnCount,
      targets: this.#targets,
      firstLine: job.firstLine,
      file: setup.inputName,
      rows: job.rows,
    });
    options.onParsed?.();
    const rows = parsed[0]?.length ?? 0;
    const parsedByField = new Map(
      this.#present.map((column, at) => [column.fieldId, parsed[at]!]),
    );
    const filled = setup.columns.map((column) => ({
      column,
      parsed: parsedByField.get(column.fieldId) ?? constantColumn(column, rows),
    }));
    const parsedMs = performance.now();
    const parquet = this.#writer.write(filled, rows, { isPart: options.isPart ?? false });
    const columns = filled.map(({ column, parsed }, position) =>
      columnMetrics(parsed, {
        fieldId: column.fieldId,
        sizeBytes: parquet.columnSizesBytes[position] ?? 0,
        mode: setup.columns[position]!.metrics,
        extremes: parquet.extremes[position],
        nanCount: parquet.nanCounts[position],
      })
    );
    return {
      parquet,
      rows,
      columns,
      parseMs: parsedMs - startedMs,
      encodeMs: performance.now() - parsedMs,
    };
  }
}
