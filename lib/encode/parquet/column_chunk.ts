// deno-lint-ignore-file camelcase -- the names are those of a Parquet footer
/** The pages of one column in a row group. */
import type { Statistics } from "hyparquet";
import { unconvertMinMax } from "hyparquet-writer/src/unconvert.js";
import type { ParsedColumn } from "../../input/columns.ts";
import { type Extremes, findExtremes, mergeExtremes } from "../extremes.ts";
import { booleanAt, bytesAt, decimalAt, numberAt } from "../values_at.ts";
import {
  type Cells,
  plainBytesMax,
  type RowRange,
  takeMemory,
  type Workshop,
  writePlain,
} from "./cells.ts";
import type { Compressor } from "./compression.ts";
import { deltaEncoding, writeDelta } from "./delta.ts";
import {
  buildDictionary,
  type Dictionary,
  dictionaryExtremes,
  writeEntries,
} from "./dictionary.ts";
import type { FileBuffer } from "./file_buffer.ts";
import { type PageHeader, writePageHeader } from "./file_metadata.ts";
import type {
  FooterChunk,
  FooterColumnIndex,
  FooterElement,
  FooterEncoding,
  FooterOffsetIndex,
} from "./footer.ts";
import { bitWidthOf, indexBytesMax, levelBytesMax, writeIndexes, writeLevels } from "./hybrid.ts";
import type { PageSettings } from "./settings.ts";
import { ThriftWriter } from "./thrift.ts";

/** Rows of a page are a multiple of this, so that bitmaps are cut between bytes. */
const ROWS_STEP = 8;

/** A column of a file that is being written. */
export interface FileColumn {
  /** A number that stays the same from file to file. */
  readonly fieldId: number;
  /** Its place in the file's schema; says whether there are definition levels. */
  readonly element: FooterElement;
  /** Its values, all rows of the file. */
  readonly parsed: ParsedColumn;
  /** The same values, as the kernels take them. */
  readonly cells: Cells;
}

/** A column chunk that has been written. */
export interface WrittenChunk {
  /** For the footer: encodings, sizes, offsets in the file and statistics. */
  readonly chunk: FooterChunk;
  /** Bounds by page; absent for a single page, and where a page cannot be bounded. */
  readonly columnIndex?: FooterColumnIndex;
  /** Where each page lies; its rows are counted from the first of the row group. */
  readonly offsetIndex: FooterOffsetIndex;
  /** Rows of the file with the least and the greatest value; undefined when all is null or NaN. */
  readonly extremes: Extremes | undefined;
}

/**
 * Writes one column of some rows.
 *
 * @param rows `from` is a multiple of 8.
 */
export function writeColumnChunk(
  file: FileBuffer,
  column: FileColumn,
  options: {
    readonly rows: RowRange;
    readonly settings: PageSettings;
    readonly compressor: Compressor;
    readonly workshop: Workshop;
  },
): WrittenChunk {
  const { work } = options.workshop;
  const mark = work.top;
  const written = new ChunkWriter(file, column, options).write();
  work.release(mark);
  return written;
}

/** One after the other is written here, and copied. */
const pageHeaders = new ThriftWriter(64);

class ChunkWriter {
  readonly #file: FileBuffer;
  readonly #column: FileColumn;
  readonly #rows: RowRange;
  readonly #settings: PageSettings;
  readonly #compressor: Compressor;
  readonly #workshop: Workshop;
  readonly #start: number;
  #uncompressedBytes = 0;

  constructor(
    file: FileBuffer,
    column: FileColumn,
    options: Parameters<typeof writeColumnChunk>[2],
  ) {
    this.#file = file;
    this.#column = column;
    this.#rows = options.rows;
    this.#settings = options.settings;
    this.#compressor = options.compressor;
    this.#workshop = options.workshop;
    this.#start = file.length;
  }

  write(): WrittenChunk {
    const { element, parsed, cells } = this.#column;
    const { from, to } = this.#rows;
    const dictionary = buildDictionary(cells, this.#rows, {
      ...this.#workshop,
      bytesMax: this.#settings.dictionaryBytes,
    });
    const delta = dictionary === undefined && this.#settings.encoding === "compact"
      ? deltaEncoding(element)
      : undefined;
    const encoding: FooterEncoding = dictionary !== undefined ? "RLE_DICTIONARY" : delta ?? "PLAIN";
    if (dictionary !== undefined) this.#writeDictionary(dictionary);
    const dataStart = this.#file.length;
    const pages: PageNotes[] = [];
    for (let row = from; row < to;) {
      const end = this.#pageEnd(row, dictionary);
      const offset = this.#file.length;
      const page = { from: row, to: end };
      // Before the page is written, which leaves a dictionary's indexes in disorder.
      const extremes = this.#extremes(page, dictionary);
      this.#writePage(page, { dictionary, encoding });
      pages.push({
        ...page,
        offset,
        sizeBytes: this.#file.length - offset,
        extremes,
        nullCount: cells.validity === 0
          ? 0
          : this.#workshop.kernel.countNulls(cells.validity, row, end),
      });
      row = end;
    }
    const extremes = mergeExtremes(parsed, pages.map((page) => page.extremes));
    const statistics: Statistics = {
      null_count: BigInt(pages.reduce((count, page) => count + page.nullCount, 0)),
      ...(extremes === undefined ? {} : {
        min_value: statisticAt(parsed, extremes.min, -0),
        max_value: statisticAt(parsed, extremes.max, 0),
      }),
    };
    const columnIndex = this.#columnIndex(pages);
    return {
      extremes,
      ...(columnIndex === undefined ? {} : { columnIndex }),
      offsetIndex: {
        page_locations: pages.map((page) => ({
          offset: BigInt(page.offset),
          compressed_page_size: page.sizeBytes,
          first_row_index: BigInt(page.from - from),
        })),
      },
      chunk: {
        file_offset: 0n,
        meta_data: {
          type: element.type!,
          encodings: encodingsOf(element, encoding),
          path_in_schema: [element.name],
          codec: this.#compressor.codec,
          num_values: BigInt(to - from),
          total_uncompressed_size: BigInt(this.#uncompressedBytes),
          total_compressed_size: BigInt(this.#file.length - this.#start),
          data_page_offset: BigInt(dataStart),
          ...(dictionary === undefined ? {} : { dictionary_page_offset: BigInt(this.#start) }),
          statistics,
          encoding_stats: [
            ...(dictionary === undefined
              ? []
              : [{ page_type: "DICTIONARY_PAGE" as const, encoding: "PLAIN" as const, count: 1 }]),
            { page_type: "DATA_PAGE", encoding, count: pages.length },
          ],
        },
      },
    };
  }

  /** As many rows as make a page of the size wanted, and eight at least. */
  #pageEnd(from: number, dictionary: Dictionary | undefined): number {
    const { to } = this.#rows;
    const { pageBytes, pageRows } = this.#settings;
    const { cells } = this.#column;
    let end = Math.min(to, from + pageRows);
    if (dictionary !== undefined) {
      const bits = Math.max(1, bitWidthOf(dictionary.entries));
      end = Math.min(end, from + Math.floor((pageBytes * 8) / bits));
    } else if (cells.kind === "bits") {
      end = Math.min(end, from + pageBytes * 8);
    } else if (cells.kind === "fixed") {
      end = Math.min(end, from + Math.floor(pageBytes / cells.widthBytes));
    } else if (this.#plainBytesMax({ from, to: end }) > pageBytes) {
      let low = from;
      while (end - low > 1) {
        const middle = (low + end) >>> 1;
        if (this.#plainBytesMax({ from, to: middle }) > pageBytes) end = middle;
        else low = middle;
      }
      end = low;
    }
    if (end >= to) return to;
    return Math.min(to, Math.max(from + ROWS_STEP, end - ((end - from) % ROWS_STEP)));
  }

  #extremes(page: RowRange, dictionary: Dictionary | undefined): Extremes | undefined {
    const { cells } = this.#column;
    return dictionary === undefined
      ? findExtremes(cells, page, this.#workshop)
      : dictionaryExtremes(dictionary, page, {
        ...this.#workshop,
        cells,
        firstRow: this.#rows.from,
      });
  }

  #plainBytesMax(rows: RowRange): number {
    return plainBytesMax(this.#column.cells, rows, this.#workshop.work);
  }

  #writeDictionary(dictionary: Dictionary): void {
    const { work } = this.#workshop;
    const mark = work.top;
    const { start, end } = writeEntries(this.#column.cells, dictionary, this.#workshop);
    this.#append(work.bytes.subarray(start, end), {
      type: "DICTIONARY_PAGE",
      values: dictionary.entries,
    });
    work.release(mark);
  }

  #writePage(
    rows: RowRange,
    of: { readonly dictionary: Dictionary | undefined; readonly encoding: FooterEncoding },
  ): void {
    const { element, cells } = this.#column;
    const { dictionary, encoding } = of;
    const { work, kernel } = this.#workshop;
    const isOptional = element.repetition_type === "OPTIONAL";
    const levelBytes = isOptional ? levelBytesMax(rows.to - rows.from) : 0;
    const delta = encoding === "PLAIN" || dictionary !== undefined
      ? undefined
      : writeDelta(cells, { rows, element, work });
    const valueBytes = delta?.length ??
      (dictionary === undefined
        ? this.#plainBytesMax(rows)
        : indexBytesMax(rows.to - rows.from, bitWidthOf(dictionary.entries)));
    const mark = work.top;
    const start = takeMemory(work, levelBytes + valueBytes);
    const { bytes } = work;
    let into = isOptional ? writeLevels(cells, { rows, into: start, bytes }) : start;
    if (delta !== undefined) {
      bytes.set(delta, into);
      into += delta.length;
    } else if (dictionary === undefined) {
      into = writePlain(cells, { rows, into, kernel });
    } else {
      const firstRow = this.#rows.from;
      into = writeIndexes(dictionary, { cells, rows, firstRow, into, kernel });
    }
    this.#append(bytes.subarray(start, into), {
      type: "DATA_PAGE",
      values: rows.to - rows.from,
      encoding,
    });
    work.release(mark);
  }

  #append(page: Uint8Array, header: PageHeader): void {
    const compressed = this.#compressor.compress(page, this.#column.fieldId);
    pageHeaders.clear();
    writePageHeader(pageHeaders, header, {
      uncompressedBytes: page.length,
      compressedBytes: compressed.length,
    });
    this.#file.append(pageHeaders.bytes());
    this.#file.append(compressed);
    this.#uncompressedBytes += pageHeaders.length + page.length;
  }

  /** Least and greatest value of each page; undefined when a page of values has none (all NaN). */
  #columnIndex(pages: readonly PageNotes[]): FooterColumnIndex | undefined {
    const { element, parsed } = this.#column;
    const isNullPage = (page: PageNotes) => page.nullCount === page.to - page.from;
    if (pages.length < 2) return undefined;
    if (pages.some((page) => page.extremes === undefined && !isNullPage(page))) return undefined;
    const bound = (page: PageNotes, isMax: boolean) =>
      page.extremes === undefined ? new Uint8Array(0) : unconvertMinMax(
        statisticAt(parsed, isMax ? page.extremes.max : page.extremes.min, isMax ? 0 : -0),
        element,
        isMax,
      );
    const min = pages.map((page) => bound(page, false));
    const max = pages.map((page) => bound(page, true));
    // Text whose beginning cannot be raised has no upper bound.
    if (min.includes(undefined) || max.includes(undefined)) return undefined;
    return {
      null_pages: pages.map(isNullPage),
      min_values: min as Uint8Array[],
      max_values: max as Uint8Array[],
      boundary_order: "UNORDERED",
      null_counts: pages.map((page) => BigInt(page.nullCount)),
    };
  }
}

interface PageNotes extends RowRange {
  readonly offset: number;
  readonly sizeBytes: number;
  readonly extremes: Extremes | undefined;
  readonly nullCount: number;
}

function encodingsOf(element: FooterElement, encoding: FooterEncoding): FooterEncoding[] {
  const encodings = new Set<FooterEncoding>([encoding]);
  if (encoding === "RLE_DICTIONARY") encodings.add("PLAIN");
  if (element.repetition_type === "OPTIONAL") encodings.add("RLE");
  return [...encodings];
}

/** @param zero what stands for either zero: bounds of floating-point numbers include both. */
function statisticAt(
  parsed: ParsedColumn,
  row: number,
  zero: number,
): boolean | number | bigint | Uint8Array {
  const { kind } = parsed.type;
  if (kind === "boolean") return booleanAt(parsed, row);
  if (kind === "decimal") return decimalAt(parsed, row);
  if (parsed.values instanceof BigInt64Array) return parsed.values[row] as bigint;
  // A copy: the memory may have moved before it is written.
  if (parsed.values instanceof Uint8Array) return bytesAt(parsed, row).slice();
  const value = numberAt(parsed, row);
  return value === 0 && (kind === "float" || kind === "double") ? zero : value;
}
