/** Physical lines of records within a chunk of the source. */
import type { CsvDialect } from "../input/columns.ts";
import { countLineFeeds, delimiterByte } from "../input/csv_bytes.ts";
import { Tokenizer } from "../input/tokenizer.ts";

/**
 * Finds the lines on which records begin: line feeds in quotes and blank lines make it more than
 * counting records.
 *
 * @param rows positions of the records in the chunk, ascending
 * @returns their lines, counted from 1 for the source's first
 */
export function recordLines(
  rows: readonly number[],
  chunk: {
    readonly bytes: Uint8Array;
    readonly firstLine: number;
    readonly dialect: CsvDialect;
    readonly columnCount: number;
  },
): number[] {
  const { bytes, columnCount } = chunk;
  const tokenizer = new Tokenizer(bytes, { delimiter: delimiterByte(chunk.dialect), columnCount });
  const lines: number[] = [];
  let line = chunk.firstLine;
  let countedTo = 0;
  let firstOfBatch = 0;
  while (lines.length < rows.length && tokenizer.next()) {
    const { batch } = tokenizer;
    for (; lines.length < rows.length; lines.push(line)) {
      const row = rows[lines.length]! - firstOfBatch;
      if (row >= batch.rows) break;
      const start = batch.start(row * columnCount);
      line += countLineFeeds(bytes, countedTo, start);
      countedTo = start;
    }
    firstOfBatch += batch.rows;
  }
  return lines;
}
