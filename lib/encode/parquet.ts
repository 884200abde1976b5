/** Arrow to Parquet, and what a manifest needs to know of the file. */
import { type RecordBatch, Table, tableToIPC } from "apache-arrow";
import { type FileMetaData, parquetMetadata } from "hyparquet";
import { ByteWriter } from "hyparquet-writer/src/bytewriter.js";
import { writeMetadata } from "hyparquet-writer/src/metadata.js";
import {
  Compression,
  Table as WasmTable,
  writeParquet,
  type WriterProperties,
  WriterPropertiesBuilder,
} from "parquet-wasm";
import type { ParsedColumn } from "../input/columns.ts";
import type { FilledColumn } from "./arrow.ts";
import type { Codec } from "../table/table_properties.ts";

/** A Parquet file in memory. */
export interface ParquetFile {
  readonly bytes: Uint8Array;
  /** Byte offset of each row group, ascending. */
  readonly splitOffsets: readonly number[];
  /** Compressed bytes by the position of the column. */
  readonly columnSizesBytes: readonly number[];
}

const CODECS: Readonly<Record<Codec, Compression>> = {
  zstd: Compression.ZSTD,
  snappy: Compression.SNAPPY,
  gzip: Compression.GZIP,
  lz4: Compression.LZ4_RAW,
  brotli: Compression.BROTLI,
  uncompressed: Compression.UNCOMPRESSED,
};

/** Encodes one record batch as a Parquet file. */
export function encodeParquet(
  batch: RecordBatch,
  options: { readonly columns: readonly FilledColumn[]; readonly codec: Codec },
): ParquetFile {
  const ipc = tableToIPC(new Table([batch]), "stream");
  // Both calls take over what they are given and free it.
  const written = writeParquet(WasmTable.fromIPCStream(ipc), writerProperties(options));
  const uuids = options.columns.some(({ column }) => column.type.kind === "uuid");
  const bytes = uuids ? annotateUuids(written, options.columns) : written;
  return { bytes, ...describeFile(readFooter(bytes)) };
}

function writerProperties(
  options: { readonly columns: readonly FilledColumn[]; readonly codec: Codec },
): WriterProperties {
  let builder = new WriterPropertiesBuilder()
    .setCompression(CODECS[options.codec])
    .setCreatedBy("lakekeeper-ingest");
  for (const { column, parsed } of options.columns) {
    if (!prefersDictionary(parsed)) {
      builder = builder.setColumnDictionaryEnabled(column.name, false);
    }
  }
  return builder.build();
}

const DICTIONARY_SAMPLE_ROWS = 1024;

/**
 * A dictionary pays where values recur. A look at some values from all over the column tells: when
 * more than half of them differ, a dictionary costs time and makes the file larger.
 */
function prefersDictionary(parsed: ParsedColumn): boolean {
  const { values, offsets, length } = parsed;
  if (parsed.type.kind === "boolean") return true;
  const step = Math.max(1, Math.floor(length / DICTIONARY_SAMPLE_ROWS));
  const seen = new Set<unknown>();
  let looked = 0;
  for (let row = 0; row < length; row += step) {
    looked++;
    if (offsets !== undefined) {
      seen.add(textKey((values as Uint8Array).subarray(offsets[row]!, offsets[row + 1]!)));
    } else if (values.length === length) {
      seen.add(values[row]);
    } else {
      const widthBytes = values.byteLength / length;
      seen.add(
        textKey(new Uint8Array(values.buffer, values.byteOffset + row * widthBytes, widthBytes)),
      );
    }
  }
  return seen.size * 2 <= looked;
}

function textKey(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, 64)) + bytes.length;
}

const FOOTER_TAIL_BYTES = 8;

function footerLengthBytes(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.getUint32(bytes.length - FOOTER_TAIL_BYTES, true);
}

/** hyparquet wants an ArrayBuffer that ends with the footer; the data pages are not needed. */
function readFooter(bytes: Uint8Array): FileMetaData {
  const start = bytes.length - FOOTER_TAIL_BYTES - footerLengthBytes(bytes);
  return parquetMetadata(bytes.slice(start).buffer as ArrayBuffer);
}

function describeFile(footer: FileMetaData): Omit<ParquetFile, "bytes"> {
  const columnSizesBytes = footer.row_groups[0]?.columns.map(() => 0) ?? [];
  const splitOffsets: number[] = [];
  for (const group of footer.row_groups) {
    const first = group.columns[0]?.meta_data;
    if (first !== undefined) {
      splitOffsets.push(Number(first.dictionary_page_offset ?? first.data_page_offset));
    }
    group.columns.forEach((column, position) => {
      columnSizesBytes[position]! += Number(column.meta_data?.total_compressed_size ?? 0);
    });
  }
  return { splitOffsets, columnSizesBytes };
}

/**
 * The table spec demands the UUID annotation (Appendix A, "Parquet"), which this build of the
 * Parquet writer has no way to write; so the footer is written anew with it.
 */
function annotateUuids(bytes: Uint8Array, columns: readonly FilledColumn[]): Uint8Array {
  const footer = readFooter(bytes);
  columns.forEach(({ column }, position) => {
    // The first schema element is the root.
    const element = footer.schema[position + 1];
    if (column.type.kind === "uuid" && element !== undefined) {
      element.logical_type = { type: "UUID" };
    }
  });
  for (const group of footer.row_groups) {
    // Statistics do not survive reading and writing for every type; the manifest has the bounds.
    for (const column of group.columns) delete column.meta_data?.statistics;
  }
  const start = bytes.length - FOOTER_TAIL_BYTES - footerLengthBytes(bytes);
  const writer = new ByteWriter();
  writeMetadata(writer, footer);
  const rewritten = new Uint8Array(writer.getBuffer());
  const whole = new Uint8Array(start + rewritten.length + 4);
  whole.set(bytes.subarray(0, start), 0);
  whole.set(rewritten, start);
  whole.set(bytes.subarray(bytes.length - 4), start + rewritten.length);
  return whole;
}
