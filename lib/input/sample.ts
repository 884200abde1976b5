/** Reads the header and the first rows of a source, and infers the columns' types from them. */
import { InputError, UsageError } from "../errors.ts";
import { writeNullTexts } from "./column_parser.ts";
import type { CsvDialect } from "./columns.ts";
import { delimiterByte } from "./csv_bytes.ts";
import { readHead } from "./head.ts";
import { ColumnInference, type KeptRows, type Sample } from "./infer.ts";
import { recordError } from "./parse.ts";
import type { Source } from "./source.ts";
import { type RawChunk, splitBody } from "./split.ts";
import { Tokenizer } from "./tokenizer.ts";

export type { Sample, SampleColumn } from "./infer.ts";

const SAMPLE_CHUNK_ROWS = 1000;
const SAMPLE_CHUNK_BYTES_MAX = 16 * 2 ** 20;
const KEPT_ROWS_MAX = 10_000;
const KEPT_BYTES_MAX = 64 * 2 ** 20;
/** Most that is read from a pipe for a sample: all of it stays in memory until the load. */
const PIPE_SAMPLE_BYTES_MAX = 256 * 2 ** 20;

/** Options of {@link readSample}. */
export interface SampleOptions {
  /** How the source is written. */
  readonly dialect: CsvDialect;
  /** Rows to infer from; Infinity reads the whole source, without keeping it. */
  readonly rows: number;
}

/**
 * Samples a source. A pipe gives the sampled bytes again when it is opened for the load.
 *
 * @throws {InputError} when the source has no record at all, when a column name is empty, is not
 * UTF-8 or comes twice, and for a malformed record that no good row precedes
 * @throws {UsageError} when all rows of a pipe are asked for
 */
export async function readSample(source: Source, options: SampleOptions): Promise<Sample> {
  const { dialect, rows: rowCountMax } = options;
  if (source.once === true && rowCountMax === Infinity) {
    throw new UsageError(
      `Cannot infer types from all rows of "${source.name}": a pipe can be read only once`,
      { hint: "Write it to a file first, or give --infer-rows a number" },
    );
  }
  const head = await readHead(source.open({ keep: true }), { dialect, file: source.name });
  try {
    if (head.columnCount === 0) {
      throw new InputError(`Cannot read "${source.name}": it is empty`, {
        hint: "A CSV file has a header record, or rows and --no-header",
      });
    }
    const names = head.names ??
      Array.from({ length: head.columnCount }, (_, index) => `column_${index + 1}`);
    checkNames(names, source.name);
    const reader = new SampleReader(source, { ...options, columnCount: names.length });
    const chunks = splitBody(head, {
      dialect,
      rowsPerChunk: SAMPLE_CHUNK_ROWS,
      chunkBytesMax: SAMPLE_CHUNK_BYTES_MAX,
      file: source.name,
    });
    const isWhole = rowCountMax > 0 && await reader.readAll(chunks);
    return {
      file: source.name,
      dialect,
      columns: names.map((name, index) => ({ name, index, type: reader.typeOf(index) })),
      rows: reader.rows,
      isWhole,
      kept: reader.kept,
      problem: reader.problem,
    };
  } finally {
    await head.blocks.return?.();
  }
}

class SampleReader {
  rows = 0;
  problem: InputError | undefined;
  readonly kept: KeptRows[] = [];
  readonly #inferences: readonly ColumnInference[];
  readonly #source: Source;
  readonly #options: SampleOptions & { readonly columnCount: number };
  readonly #delimiter: number;
  #keptRows = 0;
  #keptBytes = 0;
  #readBytes = 0;

  constructor(source: Source, options: SampleOptions & { readonly columnCount: number }) {
    this.#source = source;
    this.#options = options;
    this.#delimiter = delimiterByte(options.dialect);
    this.#inferences = Array.from(
      { length: options.columnCount },
      (_, index) => new ColumnInference(index),
    );
  }

  typeOf(index: number) {
    return (this.#inferences[index] as ColumnInference).type();
  }

  /** Reads until the sample is full; true when the source ended before that. */
  async readAll(chunks: AsyncIterable<RawChunk>): Promise<boolean> {
    try {
      for await (const chunk of chunks) {
        this.#add(chunk);
        if (this.problem !== undefined || this.#isFull()) return false;
      }
      return true;
    } catch (error) {
      if (!(error instanceof InputError) || this.rows === 0) throw error;
      this.problem = error;
      return false;
    }
  }

  #isFull(): boolean {
    return this.rows >= this.#options.rows ||
      (this.#source.once === true && this.#readBytes >= PIPE_SAMPLE_BYTES_MAX);
  }

  #add(chunk: RawChunk): void {
    const { columnCount, dialect } = this.#options;
    this.#readBytes += chunk.bytes.length;
    if (this.#keptRows < KEPT_ROWS_MAX && this.#keptBytes + chunk.bytes.length <= KEPT_BYTES_MAX) {
      this.kept.push({ bytes: chunk.bytes, firstLine: chunk.firstLine, rows: chunk.rows });
      this.#keptRows += chunk.rows;
      this.#keptBytes += chunk.bytes.length;
    }
    const tokenizer = new Tokenizer(chunk.bytes, { delimiter: this.#delimiter, columnCount });
    const { batch, workspace } = tokenizer;
    const nullTextsAt = writeNullTexts(dialect.nullValues, workspace);
    while (this.rows < this.#options.rows && tokenizer.next()) {
      const rows = Math.min(batch.rows, this.#options.rows - this.rows);
      for (const inference of this.#inferences) {
        inference.add(batch, { rows, workspace, nullTextsAt });
      }
      this.rows += rows;
    }
    if (tokenizer.problem === undefined || this.rows >= this.#options.rows) return;
    const { firstLine } = chunk;
    const error = recordError(tokenizer, { firstLine, file: this.#source.name, columnCount });
    if (this.rows === 0) throw error;
    this.problem = error;
  }
}

function checkNames(names: readonly string[], file: string): void {
  const positions = new Map<string, number>();
  for (const [index, name] of names.entries()) {
    const place = { file, line: 1 };
    if (name === "") {
      throw new InputError(`Cannot read "${file}": column ${index + 1} has no name`, {
        place,
        hint: "Name it in the header, or give --no-header if the first record is data",
      });
    }
    const earlier = positions.get(name);
    if (earlier !== undefined) {
      const numbers = `columns ${earlier + 1} and ${index + 1}`;
      throw new InputError(`Cannot read "${file}": ${numbers} are both named "${name}"`, {
        place,
        hint: "Rename one of them in the header",
      });
    }
    positions.set(name, index);
  }
}
