/** Bytes of a chunk to typed columns: the work of a worker before encoding. */
import { InputError, type InputPlace } from "../errors.ts";
import { formatPrimitiveType } from "../table/types.ts";
import { ColumnParser, withArticle, writeNullTexts } from "./column_parser.ts";
import type { ColumnTarget, CsvDialect, ParsedColumn } from "./columns.ts";
import {
  countLineFeeds,
  delimiterByte,
  fieldText,
  fieldTextLossy,
  quoteValue,
  shorten,
} from "./csv_bytes.ts";
import { Workspace } from "./parse_kernel.ts";
import { type FieldBatch, Tokenizer } from "./tokenizer.ts";
import { ownColumn, type WorkColumn } from "./work_column.ts";
import type { WorkMemory } from "./work_memory.ts";

/** Options of {@link parseChunk}. */
export interface ParseOptions {
  /** Its `hasHeader` does not count here: a chunk holds data rows only. */
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

/** Parses chunks into columns, one after the other in the same memory. */
export class ChunkParser {
  readonly #workspace: Workspace;

  /**
   * Takes a memory, or a fresh one.
   *
   * @param memory a memory that nobody else resets
   */
  constructor(memory?: WorkMemory) {
    this.#workspace = new Workspace(memory);
  }

  /** Where the columns lie. */
  get memory(): WorkMemory {
    return this.#workspace.memory;
  }

  /**
   * Parses the records of a chunk.
   *
   * @param bytes whole records, as `splitChunks` cuts them; they are copied
   * @returns one column a target, which lasts until the next chunk is parsed
   * @throws {InputError} for the first value that does not fit its type, null in a required column,
   * record with too few or too many fields, text behind a closing quote, or text that is not UTF-8
   */
  parse(bytes: Uint8Array, options: ParseOptions): WorkColumn[] {
    const { columnCount, dialect } = options;
    const workspace = this.#workspace;
    const delimiter = delimiterByte(dialect);
    const tokenizer = new Tokenizer(bytes, { delimiter, columnCount, workspace });
    const columns = makeColumnParsers(options.targets, { dialect, workspace });
    let rows = 0;
    while (tokenizer.next()) {
      const { batch } = tokenizer;
      rows += batch.rows;
      const capacity = options.rows ?? estimateRows(bytes.length, tokenizer.position, rows);
      let first: { row: number; column: ColumnParser } | undefined;
      for (const column of columns) {
        const row = column.append(batch, capacity);
        if (row !== -1 && (first === undefined || row < first.row)) first = { row, column };
      }
      if (first !== undefined) throw misfitError(batch, { ...first, options });
    }
    if (tokenizer.problem !== undefined) throw recordError(tokenizer, options);
    return columns.map((column) => column.finish());
  }
}

let parser: ChunkParser | undefined;

/** Parses a chunk as {@link ChunkParser} does, to columns that last. */
export function parseChunk(bytes: Uint8Array, options: ParseOptions): ParsedColumn[] {
  parser ??= new ChunkParser();
  return parser.parse(bytes, options).map(ownColumn);
}

/** Parsers for columns of the chunk that a tokenizer has begun in a workspace. */
export function makeColumnParsers(
  targets: readonly ColumnTarget[],
  of: { readonly dialect: CsvDialect; readonly workspace: Workspace },
): ColumnParser[] {
  const { dialect: { nullValues }, workspace } = of;
  const nullTextsAt = writeNullTexts(nullValues, workspace);
  return targets.map((target) => new ColumnParser(target, { nullValues, nullTextsAt, workspace }));
}

/** A field that does not fit: where it stands, and how to say so. */
export interface FieldMisfit {
  /** Physical line of the field's first byte. */
  readonly line: number;
  /** The value, shortened. */
  readonly value: string;
  /** What is wrong, such as `"abc" is not a long`. */
  readonly reason: string;
  /** What to do about it, where that is known. */
  readonly hint?: string;
}

/** Describes a field that a column's parser refused. */
export function describeMisfit(
  batch: FieldBatch,
  options: { readonly row: number; readonly column: ColumnParser; readonly firstLine: number },
): FieldMisfit {
  const { row, column, firstLine } = options;
  const { target } = column;
  const { bytes } = batch;
  const at = row * batch.columnCount + target.index;
  const start = batch.start(at);
  const end = batch.end(at);
  const line = firstLine + countLineFeeds(bytes, 0, start);
  const value = fieldTextLossy(bytes, start, end);
  const found = { line, value: shorten(value) };
  if (column.isNull(batch, row)) {
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
  found: { readonly row: number; readonly column: ColumnParser; readonly options: ParseOptions },
): InputError {
  const { column: { target }, options: { file, firstLine } } = found;
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
