// deno-lint-ignore-file camelcase -- the names are those of a Parquet footer
/** A Parquet file from parsed columns, and what a manifest needs to know of it. */
import type { FileMetaData, RowGroup } from "hyparquet";
import { ByteWriter } from "hyparquet-writer/src/bytewriter.js";
import { writeIndexes } from "hyparquet-writer/src/indexes.js";
import { writeMetadata } from "hyparquet-writer/src/metadata.js";
import type { ParsedColumn } from "../../input/columns.ts";
import type { WriteColumn } from "../../table/write_plan.ts";
import type { WorkMemory } from "../../input/work_memory.ts";
import { linkEncodeKernel } from "../encode_kernel.ts";
import { type Extremes, mergeExtremes } from "../extremes.ts";
import { cellsOf, plainBytesMax, type Workshop } from "./cells.ts";
import { type FileColumn, writeColumnChunk, type WrittenChunk } from "./column_chunk.ts";
import { Compressor } from "./compression.ts";
import { FileBuffer } from "./file_buffer.ts";
import { schemaElement } from "./schema_element.ts";
import type { ParquetSettings } from "./settings.ts";

/** A column to be written and its values. */
export interface FilledColumn {
  /** Name, type and field id in the file. */
  readonly column: WriteColumn;
  /** As many rows as every other column has. */
  readonly parsed: ParsedColumn;
}

/** A Parquet file in memory. */
export interface ParquetFile {
  /** They last until the next file is written. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Byte offset of each row group, ascending. */
  readonly splitOffsets: readonly number[];
  /** Compressed bytes by the position of the column. */
  readonly columnSizesBytes: readonly number[];
  /** Where the extremes stand, by the position of the column. */
  readonly extremes: readonly (Extremes | undefined)[];
  /** Values that are NaN, by the position of the column; undefined where none can be. */
  readonly nanCounts: readonly (number | undefined)[];
}

const MAGIC = new TextEncoder().encode("PAR1");
const CREATED_BY = "lakekeeper-ingest";

/** Of the format that has PLAIN and dictionaries, and of the one that has the DELTA family. */
const FORMAT_VERSIONS = { plain: 1, compact: 2 } as const;

/** Footers are seldom larger. */
const FOOTER_BYTES = 64 * 1024;

/** Readers keep what they know of a row group in memory, so none gets more rows than this. */
const ROW_GROUP_ROWS_MAX = 2 ** 20;

/** Writes the files of a load one after the other, with the same memory. */
export class ParquetWriter {
  readonly #settings: ParquetSettings;
  readonly #compressor: Compressor;
  readonly #workshop: Workshop;
  readonly #file = new FileBuffer();

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

  /** Makes a file of columns of `rows` rows each. */
  write(filled: readonly FilledColumn[], rows: number): ParquetFile {
    const { work } = this.#workshop;
    const mark = work.top;
    const columns: FileColumn[] = filled.map(({ column, parsed }) => ({
      fieldId: column.fieldId,
      element: schemaElement(column),
      parsed,
      cells: cellsOf(parsed, this.#workshop),
    }));
    const file = this.#file;
    const plainBytes = columns.reduce(
      (total, { cells }) => total + plainBytesMax(cells, { from: 0, to: rows }, work),
      0,
    );
    file.clear(plainBytes + FOOTER_BYTES);
    file.append(MAGIC);
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
    this.#writeFooter(file, { columns, groups, rows });
    const nanCounts = columns.map((column) => this.#countNans(column));
    work.release(mark);
    return {
      bytes: file.bytes(),
      splitOffsets: groups.map((group) => group.start),
      columnSizesBytes: columns.map((_, at) =>
        groups.reduce(
          (total, { chunks }) => total + Number(chunks[at]!.chunk.meta_data!.total_compressed_size),
          0,
        )
      ),
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

  #writeFooter(
    file: FileBuffer,
    of: {
      readonly columns: readonly FileColumn[];
      readonly groups: readonly WrittenGroup[];
      readonly rows: number;
    },
  ): void {
    const { columns, groups, rows } = of;
    const writer = new ByteWriter(4096);
    // Positions in the indexes are those in the file.
    writer.offset = file.length;
    for (const { chunks } of groups) writeIndexes(writer, [...chunks]);
    const metadata: FileMetaData = {
      version: FORMAT_VERSIONS[this.#settings.encoding],
      schema: [
        { name: "schema", num_children: columns.length },
        ...columns.map((column) => column.element),
      ],
      num_rows: BigInt(rows),
      row_groups: groups.map(rowGroup),
      created_by: CREATED_BY,
      metadata_length: 0,
    };
    writeMetadata(writer, metadata);
    file.append(writer.getBytes());
    file.append(MAGIC);
  }
}

interface WrittenGroup {
  readonly start: number;
  readonly sizeBytes: number;
  readonly rows: number;
  readonly chunks: readonly WrittenChunk[];
}

function rowGroup({ start, sizeBytes, rows, chunks }: WrittenGroup): RowGroup {
  return {
    columns: chunks.map(({ chunk }) => chunk),
    total_byte_size: chunks.reduce(
      (total, { chunk }) => total + chunk.meta_data!.total_uncompressed_size,
      0n,
    ),
    num_rows: BigInt(rows),
    file_offset: BigInt(start),
    total_compressed_size: BigInt(sizeBytes),
  };
}
