// deno-lint-ignore-file camelcase -- the names are those of a Parquet footer
/**
 * The structs of Parquet that this writer needs, as Thrift (Parquet format, `parquet.thrift`; the ids
 * of the fields are those of that file).
 */
import type {
  ColumnMetaData,
  CompressionCodec,
  ConvertedType,
  LogicalType,
  PageType,
  ParquetType,
} from "hyparquet";
import { unconvertStatistics } from "hyparquet-writer/src/unconvert.js";
import type {
  FooterChunk,
  FooterColumnIndex,
  FooterElement,
  FooterEncoding,
  FooterGroup,
  FooterOffsetIndex,
} from "./footer.ts";
import { THRIFT, type ThriftWriter } from "./thrift.ts";

const TYPES: Readonly<Record<ParquetType, number>> = {
  BOOLEAN: 0,
  INT32: 1,
  INT64: 2,
  INT96: 3,
  FLOAT: 4,
  DOUBLE: 5,
  BYTE_ARRAY: 6,
  FIXED_LEN_BYTE_ARRAY: 7,
};

const ENCODINGS: Readonly<Partial<Record<FooterEncoding, number>>> = {
  PLAIN: 0,
  RLE: 3,
  DELTA_BINARY_PACKED: 5,
  DELTA_LENGTH_BYTE_ARRAY: 6,
  DELTA_BYTE_ARRAY: 7,
  RLE_DICTIONARY: 8,
};

const CODECS: Readonly<Partial<Record<CompressionCodec, number>>> = {
  UNCOMPRESSED: 0,
  SNAPPY: 1,
  GZIP: 2,
  BROTLI: 4,
  ZSTD: 6,
  LZ4_RAW: 7,
};

const CONVERTED_TYPES: Readonly<Partial<Record<ConvertedType, number>>> = {
  UTF8: 0,
  DECIMAL: 5,
  DATE: 6,
  TIME_MICROS: 8,
  TIMESTAMP_MICROS: 10,
};

const PAGE_TYPES: Readonly<Partial<Record<PageType, number>>> = {
  DATA_PAGE: 0,
  DICTIONARY_PAGE: 2,
};

const REPETITIONS = { REQUIRED: 0, OPTIONAL: 1, REPEATED: 2 } as const;
/** Members of the union of time units. */
const TIME_UNITS = { MILLIS: 1, MICROS: 2, NANOS: 3 } as const;
/** `UNORDERED`. */
const BOUNDARY_ORDER = 0;

/** What a footer says; the rest of what it may say is not needed here. */
export interface FooterContent {
  /** Of the format. */
  readonly version: number;
  /** The columns, without the root. */
  readonly elements: readonly FooterElement[];
  /** Rows of the file. */
  readonly rows: bigint;
  /** In the order of the file. */
  readonly rowGroups: readonly FooterGroup[];
  /** Who wrote the file. */
  readonly createdBy: string;
}

/** What the header in front of a page says beside the page's length. */
export type PageHeader =
  | { readonly type: "DICTIONARY_PAGE"; readonly values: number }
  | { readonly type: "DATA_PAGE"; readonly values: number; readonly encoding: FooterEncoding };

/** Writes a `PageHeader`; levels are in RLE, and dictionaries PLAIN. */
export function writePageHeader(
  thrift: ThriftWriter,
  header: PageHeader,
  page: { readonly uncompressedBytes: number; readonly compressedBytes: number },
): void {
  thrift.begin();
  thrift.i32(1, PAGE_TYPES[header.type]!);
  thrift.i32(2, page.uncompressedBytes);
  thrift.i32(3, page.compressedBytes);
  if (header.type === "DATA_PAGE") {
    thrift.beginField(5);
    thrift.i32(1, header.values);
    thrift.i32(2, ENCODINGS[header.encoding]!);
    thrift.i32(3, ENCODINGS.RLE!);
    thrift.i32(4, ENCODINGS.RLE!);
  } else {
    thrift.beginField(7);
    thrift.i32(1, header.values);
    thrift.i32(2, ENCODINGS.PLAIN!);
  }
  thrift.end();
  thrift.end();
}

/** Writes a `ColumnIndex`. */
export function writeColumnIndex(thrift: ThriftWriter, index: FooterColumnIndex): void {
  const { null_pages, min_values, max_values, null_counts = [] } = index;
  thrift.begin();
  thrift.list(1, THRIFT.false, null_pages.length);
  for (const isNull of null_pages) thrift.booleanElement(isNull);
  for (const [id, values] of [[2, min_values], [3, max_values]] as const) {
    thrift.list(id, THRIFT.binary, values.length);
    for (const value of values) thrift.bytesElement(value as Uint8Array);
  }
  thrift.i32(4, BOUNDARY_ORDER);
  thrift.list(5, THRIFT.i64, null_counts.length);
  for (const count of null_counts) thrift.bigint(count);
  thrift.end();
}

/** Writes an `OffsetIndex`. */
export function writeOffsetIndex(thrift: ThriftWriter, index: FooterOffsetIndex): void {
  thrift.begin();
  thrift.list(1, THRIFT.struct, index.page_locations.length);
  for (const page of index.page_locations) {
    thrift.begin();
    thrift.i64(1, page.offset);
    thrift.i32(2, page.compressed_page_size);
    thrift.i64(3, page.first_row_index);
    thrift.end();
  }
  thrift.end();
}

/** Writes a `FileMetaData`. */
export function writeFileMetadata(thrift: ThriftWriter, content: FooterContent): void {
  const { elements, rowGroups } = content;
  thrift.begin();
  thrift.i32(1, content.version);
  thrift.list(2, THRIFT.struct, elements.length + 1);
  thrift.begin();
  thrift.binary(4, "schema");
  thrift.i32(5, elements.length);
  thrift.end();
  for (const element of elements) writeElement(thrift, element);
  thrift.i64(3, content.rows);
  thrift.list(4, THRIFT.struct, rowGroups.length);
  for (const group of rowGroups) writeRowGroup(thrift, group, elements);
  thrift.binary(6, content.createdBy);
  // The order of each column is that of its type.
  thrift.list(7, THRIFT.struct, elements.length);
  for (let column = 0; column < elements.length; column++) {
    thrift.begin();
    thrift.empty(1);
    thrift.end();
  }
  thrift.end();
}

function writeElement(thrift: ThriftWriter, element: FooterElement): void {
  thrift.begin();
  thrift.i32(1, TYPES[element.type!]);
  if (element.type_length !== undefined) thrift.i32(2, element.type_length);
  thrift.i32(3, REPETITIONS[element.repetition_type!]);
  thrift.binary(4, element.name);
  if (element.converted_type !== undefined) {
    thrift.i32(6, CONVERTED_TYPES[element.converted_type]!);
  }
  if (element.scale !== undefined) thrift.i32(7, element.scale);
  if (element.precision !== undefined) thrift.i32(8, element.precision);
  if (element.field_id !== undefined) thrift.i32(9, element.field_id);
  if (element.logical_type !== undefined) {
    thrift.beginField(10);
    writeLogicalType(thrift, element.logical_type);
    thrift.end();
  }
  thrift.end();
}

function writeLogicalType(thrift: ThriftWriter, type: LogicalType): void {
  switch (type.type) {
    case "STRING":
      return thrift.empty(1);
    case "DECIMAL":
      thrift.beginField(5);
      thrift.i32(1, type.scale);
      thrift.i32(2, type.precision);
      return thrift.end();
    case "DATE":
      return thrift.empty(6);
    case "TIME":
    case "TIMESTAMP":
      thrift.beginField(type.type === "TIME" ? 7 : 8);
      thrift.boolean(1, type.isAdjustedToUTC);
      thrift.beginField(2);
      thrift.empty(TIME_UNITS[type.unit]);
      thrift.end();
      return thrift.end();
    case "UUID":
      return thrift.empty(14);
    default:
      throw new TypeError(`No column has the logical type ${type.type}`);
  }
}

function writeRowGroup(
  thrift: ThriftWriter,
  group: FooterGroup,
  elements: readonly FooterElement[],
): void {
  thrift.begin();
  thrift.list(1, THRIFT.struct, group.columns.length);
  for (const [at, chunk] of group.columns.entries()) writeChunk(thrift, chunk, elements[at]!);
  thrift.i64(2, group.total_byte_size);
  thrift.i64(3, group.num_rows);
  thrift.i64(5, group.file_offset!);
  thrift.i64(6, group.total_compressed_size!);
  thrift.end();
}

function writeChunk(thrift: ThriftWriter, chunk: FooterChunk, element: FooterElement): void {
  thrift.begin();
  thrift.i64(2, chunk.file_offset);
  thrift.beginField(3);
  writeColumnMetadata(thrift, chunk.meta_data!, element);
  thrift.end();
  if (chunk.offset_index_offset !== undefined) {
    thrift.i64(4, chunk.offset_index_offset);
    thrift.i32(5, chunk.offset_index_length!);
  }
  if (chunk.column_index_offset !== undefined) {
    thrift.i64(6, chunk.column_index_offset);
    thrift.i32(7, chunk.column_index_length!);
  }
  thrift.end();
}

function writeColumnMetadata(
  thrift: ThriftWriter,
  data: ColumnMetaData,
  element: FooterElement,
): void {
  thrift.i32(1, TYPES[data.type]);
  thrift.list(2, THRIFT.i32, data.encodings.length);
  for (const encoding of data.encodings) thrift.number(ENCODINGS[encoding]!);
  thrift.list(3, THRIFT.binary, data.path_in_schema.length);
  for (const name of data.path_in_schema) thrift.bytesElement(name);
  thrift.i32(4, CODECS[data.codec]!);
  thrift.i64(5, data.num_values);
  thrift.i64(6, data.total_uncompressed_size);
  thrift.i64(7, data.total_compressed_size);
  thrift.i64(9, data.data_page_offset);
  if (data.dictionary_page_offset !== undefined) thrift.i64(11, data.dictionary_page_offset);
  thrift.beginField(12);
  writeStatistics(thrift, data, element);
  thrift.end();
  const { encoding_stats = [] } = data;
  thrift.list(13, THRIFT.struct, encoding_stats.length);
  for (const { page_type, encoding, count } of encoding_stats) {
    thrift.begin();
    thrift.i32(1, PAGE_TYPES[page_type]!);
    thrift.i32(2, ENCODINGS[encoding]!);
    thrift.i32(3, count);
    thrift.end();
  }
}

/** Statistics as the package makes them: named by their ids, bounds as bytes. */
interface StatisticsFields {
  /** `null_count`. */
  readonly field_3?: bigint;
  /** `max_value`. */
  readonly field_5?: Uint8Array;
  /** `min_value`. */
  readonly field_6?: Uint8Array;
  /** `is_max_value_exact`. */
  readonly field_7?: boolean;
  /** `is_min_value_exact`. */
  readonly field_8?: boolean;
}

/** Long texts are cut, and say so. */
function writeStatistics(
  thrift: ThriftWriter,
  { statistics }: ColumnMetaData,
  element: FooterElement,
): void {
  const fields = unconvertStatistics(statistics!, element) as StatisticsFields;
  if (fields.field_3 !== undefined) thrift.i64(3, fields.field_3);
  if (fields.field_5 !== undefined) thrift.binary(5, fields.field_5);
  if (fields.field_6 !== undefined) thrift.binary(6, fields.field_6);
  if (fields.field_7 !== undefined) thrift.boolean(7, fields.field_7);
  if (fields.field_8 !== undefined) thrift.boolean(8, fields.field_8);
}
