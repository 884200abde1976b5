/** A Parquet file from parsed columns, and what a manifest needs to know of it. */
import type { ParsedColumn } from "../../input/columns.ts";
import type { WriteColumn } from "../../table/write_plan.ts";
import type { WorkMemory } from "../../input/work_memory.ts";
import { linkEncodeKernel } from "../encode_kernel.ts";
import { type Extremes, mergeExtremes } from "../extremes.ts";
import { cellsOf, plainBytesMax, type Workshop } from "./cells.ts";
import { type FileColumn, writeColumnChunk } from "./column_chunk.ts";
import { Compressor } from "./compression.ts";
import { FileBuffer } from "./file_buffer.ts";
import { footerBytes, MAGIC, sizesOfColumns, type WrittenGroup } from "./row_groups.ts";
import { schemaElement } from "./schema_element.ts";
import type { ParquetSettings } from "./settings.ts";

/** A column to be written and its values. */
export interface FilledColumn {
  /** Name, type and field id in the file. */
  readonly column: WriteColumn;
  /** As many rows as every other column has. */
  readonly parsed: ParsedColumn;
}

/** A Parquet file in memory, or row groups that are to become part of one. */
export interface ParquetFile {
  /** They last until the next file but one is written; row groups, until the next. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The row groups, by their offsets in `bytes`. */
  readonly groups: readonly WrittenGroup[];
  /** Compressed bytes by the position of the column. */
  readonly columnSizesBytes: readonly number[];
  /** Where the extremes stand, by the position of the column. */
  readonly extremes: readonly (Extremes | undefined)[];
  /** Values that are NaN, by the position of the column; undefined where none can be. */
  readonly nanCounts: readonly (number | undefined)[];
}

/** Footers are seldom larger. */
const FOOTER_BYTES = 64 * 1024;

/** Readers keep what they know of a row group in memory, so none gets more rows than this. */
const ROW_GROUP_ROWS_MAX = 2 ** 20;

/**
 * Writes the files of a load one after the other, with the same memory. Two files take turns in it,
 * so that one can be on its way to a store while the next is made.
 */
export class ParquetWriter {
  readonly #settings: ParquetSettings;
  readonly #compressor: Compressor;
  readonly #workshop: Workshop;
  #file = new FileBuffer();
  #fileBefore = new FileBuffer();

  /**
   * Makes a writer of any number of files.
   *
   * @param work where the columns may lie already.
   */
  constructor(settings: ParquetSettings, work: WorkMemory) {
    this.#settings = settings;
    this.#workshop = { work, kernel: linkEncodeKernel(work) };
    this.#compressor = new Compressor(settings.codec, settings.codecLevel);
  }

  /**
   * Makes a file of columns of `rows` rows each.
   *
   * @param options.isPart leaves off what stands before and behind the row groups.
   */
  write(
    filled: readonly FilledColumn[],
    rows: number,
    options: { readonly isPart?: boolean } = {},
  ): ParquetFile {
    const { isPart = false } = options;
    const { work } = this.#workshop;
    const mark = work.top;
    const columns: FileColumn[] = filled.map(({ column, parsed }) => ({
      fieldId: column.fieldId,
      element: schemaElement(column),
      parsed,
      cells: cellsOf(parsed, this.#workshop),
    }));
    if (!isPart) [this.#file, this.#fileBefore] = [this.#fileBefore, this.#file];
    const file = this.#file;
    const plainBytes = columns.reduce(
      (total, { cells }) => total + plainBytesMax(cells, { from: 0, to: rows }, work),
      0,
    );
    file.clear(plainBytes + FOOTER_BYTES);
    if (!isPart) file.append(MAGIC);
    const groups: WrittenGroup[] = [];
    const step = this.#rowsOfGroup(plainBytes / rows);
    for (let from = 0; from < rows; from += step) {
      const range = { from, to: Math.min(rows, from + step) };
      const start = file.length;
      const chunks = columns.map((column) =>
        writeColumnChunk(file, column, {
          rows: range,
          settings: this.#settings,
          compressor: this.#compressor,
          workshop: this.#workshop,
        })
      );
      groups.push({ start, sizeBytes: file.length - start, rows: range.to - range.from, chunks });
    }
    if (!isPart) {
      const elements = columns.map(({ element }) => element);
      const { encoding } = this.#settings;
      file.append(footerBytes({ elements, groups, encoding, offset: file.length }));
    }
    const nanCounts = columns.map((column) => this.#countNans(column));
    work.release(mark);
    return {
      bytes: file.bytes(),
      groups,
      columnSizesBytes: sizesOfColumns(groups),
      extremes: columns.map(({ parsed }, at) =>
        mergeExtremes(parsed, groups.map(({ chunks }) => chunks[at]!.extremes))
      ),
      nanCounts,
    };
  }

  #countNans({ parsed, cells }: FileColumn): number | undefined {
    if (parsed.type.kind !== "float" && parsed.type.kind !== "double") return undefined;
    return this.#workshop.kernel.countNans(cells.values, cells.widthBytes, parsed.length);
  }

  /** A multiple of eight, by the mean size of the rows. */
  #rowsOfGroup(rowBytes: number): number {
    const fitting = Math.floor(this.#settings.rowGroupBytes / Math.max(rowBytes, 1e-9));
    return Math.max(8, Math.min(ROW_GROUP_ROWS_MAX, fitting) & ~7);
  }
}
