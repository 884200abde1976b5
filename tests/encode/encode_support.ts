/** What the tests of lib/encode share: chunks to encode, and a reader of Parquet that is not ours. */
import { type FileMetaData, parquetMetadata, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import type { CsvDialect } from "../../lib/input/columns.ts";
import type { EncodedFile } from "../../lib/encode/chunk_encoder.ts";
import { encodeChunk } from "../../lib/encode/encode_chunk.ts";
import type { ParquetSettings } from "../../lib/encode/parquet/settings.ts";
import type { EncodeColumn, EncodeSetup } from "../../lib/encode/job.ts";
import type { PlainValue } from "../input/csv_support.ts";
import { hex, typeOf } from "../input/csv_support.ts";

/** Settings of a table that says nothing of its files. */
export const PARQUET: ParquetSettings = {
  codec: "zstd",
  codecLevel: undefined,
  encoding: "plain",
  pageBytes: 2 ** 20,
  pageRows: 131_072,
  dictionaryBytes: 2 ** 21,
  rowGroupBytes: 2 ** 27,
};

export const DIALECT: CsvDialect = { delimiter: ",", nullValues: [], hasHeader: false };

/** Columns from `name:type` texts, at CSV positions 0, 1, … and with field ids 11, 12, …; `!` = required. */
export function columnsOf(...texts: string[]): EncodeColumn[] {
  return texts.map((text, index) => {
    const colon = text.lastIndexOf(":");
    const required = text.endsWith("!");
    return {
      fieldId: index + 11,
      name: text.slice(0, colon),
      type: typeOf(text.slice(colon + 1, required ? -1 : undefined)),
      required,
      csvIndex: index,
      defaultText: undefined,
      metrics: { kind: "truncate", length: 16 },
    };
  });
}

export function setupOf(
  columns: readonly EncodeColumn[],
  options: Partial<EncodeSetup> = {},
): EncodeSetup {
  return {
    inputName: "sample.csv",
    dialect: DIALECT,
    columnCount: columns.filter((column) => column.csvIndex !== undefined).length,
    columns,
    parquet: PARQUET,
    storeLocation: "file:///none",
    storeProperties: {},
    ...options,
  };
}

/** Encodes CSV records without a header. */
export function encode(
  text: string,
  columns: readonly EncodeColumn[],
  options: Partial<EncodeSetup> = {},
): EncodedFile {
  const bytes = new TextEncoder().encode(text);
  const rows = recordCount(text);
  const job = { index: 0, bytes, rows, firstLine: 1, path: "file:///none/a.parquet" };
  return encodeChunk(job, setupOf(columns, options));
}

/** Records of whole lines: line feeds outside of quotes. */
export function recordCount(text: string): number {
  return text.replace(/"[^"]*"/g, "").split("\n").length - 1;
}

export function footerOf(bytes: Uint8Array): FileMetaData {
  return parquetMetadata(bytes.slice().buffer);
}

/** How a field stands in a Parquet file's schema. */
export interface ParquetField {
  readonly physical: string | undefined;
  readonly lengthBytes: number | undefined;
  readonly logical: unknown;
  readonly repetition: string | undefined;
  readonly fieldId: number | undefined;
}

/** Fields by name. */
export function fieldsOf(bytes: Uint8Array): Map<string, ParquetField> {
  const [_root, ...elements] = footerOf(bytes).schema;
  return new Map(elements.map((element) => [element.name, {
    physical: element.type,
    lengthBytes: element.type_length,
    logical: element.logical_type,
    repetition: element.repetition_type,
    fieldId: element.field_id,
  }]));
}

/** A column's values as hyparquet reads them, in the form of `valuesOf()`: unscaled, µs, hex. */
export async function readColumn(bytes: Uint8Array, name: string): Promise<PlainValue[]> {
  const metadata = footerOf(bytes);
  const element = metadata.schema.find((candidate) => candidate.name === name);
  const kind = element?.logical_type?.type;
  // Without annotations hyparquet gives what is stored, where it would else round to its own types.
  metadata.schema = metadata.schema.map(({ logical_type: _l, converted_type: _c, ...rest }) =>
    rest
  );
  const rows = await parquetReadObjects({
    file: bytes.slice().buffer,
    metadata,
    columns: [name],
    compressors,
    utf8: false,
  });
  return rows.map((row) => plain(row[name], kind));
}

function plain(value: unknown, kind: string | undefined): PlainValue {
  if (value === null || value === undefined) return null;
  if (!(value instanceof Uint8Array)) {
    return kind === "DECIMAL" ? BigInt(value as number | bigint) : value as PlainValue;
  }
  if (kind === "STRING") {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(value);
  }
  if (kind === "DECIMAL") return BigInt.asIntN(value.length * 8, BigInt(`0x${hex(value)}`));
  return hex(value);
}
