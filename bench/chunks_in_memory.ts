/** A CSV file as the chunks that a load would cut it into, all in memory. */
import type { CsvDialect } from "../lib/input/columns.ts";
import { openSource } from "../lib/input/source.ts";
import { type RawChunk, splitChunks } from "../lib/input/split.ts";

/** How the benchmarks' files are written. */
export const DIALECT: CsvDialect = { delimiter: ",", nullValues: [], hasHeader: true };

/** Rows of a chunk: as many as make several chunks of half a million rows. */
export const CHUNK_ROWS = 62_500;

/** Reads and cuts a file. */
export async function chunksInMemory(
  file: string,
  options: { readonly rowsPerChunk?: number } = {},
): Promise<RawChunk[]> {
  const { rowsPerChunk = CHUNK_ROWS } = options;
  const source = await openSource(file);
  try {
    const chunks: RawChunk[] = [];
    for await (
      const chunk of splitChunks(source.open({ lends: true }), { dialect: DIALECT, rowsPerChunk })
    ) {
      chunks.push(chunk);
    }
    return chunks;
  } finally {
    source.close?.();
  }
}
