/** Bytes of a chunk to typed columns: the work of a worker before encoding. */
import { InputError, type InputPlace } from "../errors.ts";
import { formatPrimitiveType } from "../table/types.ts";
import { BinaryBuilder, FixedBuilder, StringBuilder } from "./bytes_builders.ts";
import { type ColumnBuilder, withArticle } from "./column_builder.ts";
import type { ColumnTarget, CsvDialect, ParsedColumn } from "./columns.ts";
import {
  countLineFeeds,
  delimiterByte,
  fieldText,
  fieldTextLossy,
  quoteValue,
  shorten,
} from "./csv_bytes.ts";
import { BooleanBuilder, DoubleBuilder, FloatBuilder } from "./floating_builders.ts";
import { DecimalBuilder, IntBuilder, LongBuilder } from "./integer_builders.ts";
import { DateBuilder, TimeBuilder, TimestampBuilder } from "./temporal_builders.ts";
import { type FieldBatch, Tokenizer } from "./tokenizer.ts";

/** Options of {@link parseChunk}. */
export interface ParseOptions {
  readonly dialect: CsvDialect;
  /** Fields that each record must have. */
  readonly columnCount: number;
  /** The columns to keep, in the order of the answer. */
  readonly targets: readonly ColumnTarget[];
  /** Physical line of the chunk's first byte, from 1. */
  readonly firstLine: number;
  /** Name of the source for messages. */
  readonly file: string;
  /**
   * Records in the chunk, where known: the arrays are then made at their final size.
   *
   * @default estimated from the first records
   */
  readonly rows?: number;
}

/**
 * Parses the records of a chunk into columns.
 *
 * @param bytes whole records, as `splitChunks` cuts them
 * @returns one column a target
 * @throws {InputError} for the first value that does not fit its type, null in a required column,
 * record with too few or too many fields, text behind a closing quote, or text that is not UTF-8
 */
export function parseChunk(bytes: Uint8Array, options: ParseOptions): ParsedColumn[] {
  const { columnCount, dialect, targets } = options;
  const tokenizer = new Tokenizer(bytes, { delimiter: delimiterByte(dialect), columnCount });
  const builders = targets.map((target) => makeBuilder(target, dialect.nullValues));
  let rows = 0;
  while (tokenizer.next()) {
    const { batch } = tokenizer;
    rows += batch.rows;
    const capacity = options.rows ?? estimateRows(bytes.length, tokenizer.position, rows);
    let first: { row: number; builder: ColumnBuilder } | undefined;
    for (const builder of builders) {
      const row = builder.append(batch, capacity);
      if (row !== -1 && (first === undefined || row < first.row)) first = { row, builder };
    }
    if (first !== undefined) throw misfitError(batch, { ...first, options });
  }
  if (tokenizer.problem !== undefined) throw recordError(tokenizer, options);
  return builders.map((builder) => builder.finish());
}

/** The builder for a column's type. */
export function makeBuilder(target: ColumnTarget, nullValues: readonly string[]): ColumnBuilder {
  switch (target.type.kind) {
    case "boolean":
      return new BooleanBuilder(target, nullValues);
    case "int":
      return new IntBuilder(target, nullValues);
    case "long":
      return new LongBuilder(target, nullValues);
    case "float":
      return new FloatBuilder(target, nullValues);
    case "double":
      return new DoubleBuilder(target, nullValues);
    case "decimal":
      return new DecimalBuilder(target, nullValues);
    case "date":
      return new DateBuilder(target, nullValues);
    case "timestamp":
    case "timestamptz":
      return new TimestampBuilder(target, nullValues);
    case "time":
    case "timestamp_ns":
    case "timestamptz_ns":
      return new TimeBuilder(target, nullValues);
    case "string":
      return new StringBuilder(target, nullValues);
    case "binary":
      return new BinaryBuilder(target, nullValues);
    case "uuid":
    case "fixed":
      return new FixedBuilder(target, nullValues);
  }
}

/** A field that does not fit: where it stands, and how to say so. */
export interface FieldMisfit {
  /** Physical line of the field's first byte. */
  readonly line: number;
  /** The value, shortened. */
  readonly value: string;
  /** What is wrong, such as `"abc" is not a long`. */
  readonly reason: string;
  readonly hint?: string;
}

/** Describes a field that a builder refused. */
export function describeMisfit(
  batch: FieldBatch,
  options: { readonly row: number; readonly builder: ColumnBuilder; readonly firstLine: number },
): FieldMisfit {
  const { row, builder, firstLine } = options;
  const { target } = builder;
  const { bytes } = batch;
  const at = row * batch.columnCount + target.index;
  const start = batch.starts[at] as number;
  const end = batch.ends[at] as number;
  const line = firstLine + countLineFeeds(bytes, 0, start);
  const value = fieldTextLossy(bytes, start, end);
  const found = { line, value: shorten(value) };
  if (builder.isNull(batch, row)) {
    return { ...found, reason: `${quoteValue(value)} is null, and the column is required` };
  }
  if (fieldText(bytes, start, end) === undefined) {
    return {
      ...found,
      reason: `${quoteValue(value)} is not valid UTF-8`,
      hint: "Convert the file to UTF-8, for example with: iconv -f WINDOWS-1252 -t UTF-8",
    };
  }
  return { ...found, reason: `${quoteValue(value)} is not ${withArticle(target)}` };
}

function misfitError(
  batch: FieldBatch,
  found: { readonly row: number; readonly builder: ColumnBuilder; readonly options: ParseOptions },
): InputError {
  const { builder: { target }, options: { file, firstLine } } = found;
  const { line, value, reason, hint } = describeMisfit(batch, { ...found, firstLine });
  const place: InputPlace = {
    file,
    line,
    column: target.name,
    value,
    expected: formatPrimitiveType(target.type),
  };
  const message = `${file}:${line}: column ${JSON.stringify(target.name)}: ${reason}`;
  return new InputError(message, hint === undefined ? { place } : { place, hint });
}

/** The error for what ended a tokenizer before its chunk's end. */
export function recordError(
  tokenizer: Tokenizer,
  options: Pick<ParseOptions, "firstLine" | "file" | "columnCount">,
): InputError {
  const problem = tokenizer.problem;
  const offset = problem?.offset ?? 0;
  const line = options.firstLine + countLineFeeds(tokenizer.batch.bytes, 0, offset);
  const place = { file: options.file, line };
  const at = `${options.file}:${line}`;
  switch (problem?.reason) {
    case "textAfterQuote":
      return new InputError(`${at}: text after a closing quote`, {
        place,
        hint: 'A quote in a quoted field is written twice: ""',
      });
    case "unterminatedQuote":
      return new InputError(`${at}: a quote is opened and never closed`, { place });
    default: {
      const found = problem?.fieldCount ?? 0;
      const fields = found === 1 ? "1 field" : `${found} fields`;
      return new InputError(`${at}: found ${fields}, expected ${options.columnCount}`, { place });
    }
  }
}

function estimateRows(totalBytes: number, doneBytes: number, rows: number): number {
  return doneBytes >= totalBytes ? rows : Math.ceil((rows * totalBytes) / doneBytes * 1.02);
}
