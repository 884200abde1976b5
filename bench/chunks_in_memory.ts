/** A CSV file as the chunks that a load would cut it into, all in memory. */
import type { CsvDialect } from "../lib/input/columns.ts";
import { SharedBuffers } from "../lib/input/chunk_buffers.ts";
import { openSource } from "../lib/input/source.ts";
import { type RawChunk, splitChunks } from "../lib/input/split.ts";

/** How the benchmarks' files are written. */
export const DIALECT: CsvDialect = { delimiter: ",", nullValues: [], hasHeader: true };

/** Rows of a chunk: as many as make several chunks of half a million rows. */
export const CHUNK_ROWS = 62_500;

/** Reads and cuts a file; threads can share the chunks, as those of a load. */
export async function chunksInMemory(
  file: string,
  options: { readonly rowsPerChunk?: number } = {},
): Promise<RawChunk<SharedArrayBuffer>[]> {
  const { rowsPerChunk = CHUNK_ROWS } = options;
  const buffers = new SharedBuffers();
  const source = await openSource(file);
  try {
    const chunks: RawChunk<SharedArrayBuffer>[] = [];
    for await (
      const chunk of splitChunks(source.open({ lends: true }), {
        dialect: DIALECT,
        rowsPerChunk,
        buffers,
      })
    ) {
      chunks.push(chunk);
    }
    return chunks;
  } finally {
    source.close?.();
  }
}
