/** Parts of a Parquet footer, as the package that writes it has them (Parquet format, `parquet.thrift`). */
import type {
  ColumnChunk,
  ColumnIndex,
  CompressionCodec,
  Encoding,
  OffsetIndex,
  RowGroup,
  SchemaElement,
} from "hyparquet";

/**
 * Codec of the pages of a column chunk. The package documents it.
 *
 * @internal
 */
export type FooterCodec = CompressionCodec;

/**
 * Encoding of the values of a page. The package documents it.
 *
 * @internal
 */
export type FooterEncoding = Encoding;

/**
 * A column in the schema of a file. The package documents it.
 *
 * @internal
 */
export type FooterElement = SchemaElement;

/**
 * A column in a row group. The package documents it.
 *
 * @internal
 */
export type FooterChunk = ColumnChunk;

/**
 * Bounds and null counts of a column chunk's pages. The package documents it.
 *
 * @internal
 */
export type FooterColumnIndex = ColumnIndex;

/**
 * Where a column chunk's pages lie. The package documents it.
 *
 * @internal
 */
export type FooterOffsetIndex = OffsetIndex;

/**
 * A row group. The package documents it.
 *
 * @internal
 */
export type FooterGroup = RowGroup;
