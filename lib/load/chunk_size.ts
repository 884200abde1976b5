/** How many rows make a chunk. */
import type { Sample } from "../input/sample.ts";
import type { LoadOptions } from "./options.ts";

/** Rows of a chunk in `per-chunk`, as the original had it. */
export const CHUNK_ROWS_DEFAULT = 1000;

/** CSV is about so many times larger than the Parquet file made of it: 3.7 times that of generated rows. */
const CSV_TO_PARQUET = 3.5;

/** A chunk is in memory as a whole, some times over. */
const CHUNK_CSV_BYTES_MAX = 32 * 2 ** 20;

/** The rows of a chunk: as asked, else 1000 in `per-chunk`, else enough for a file of the target size. */
export function rowsOfChunk(options: LoadOptions, sample: Sample): number {
  if (options.chunkSize !== undefined) return options.chunkSize;
  if (options.commitMode === "per-chunk") return CHUNK_ROWS_DEFAULT;
  const csvBytes = Math.min(options.targetFileSizeBytes * CSV_TO_PARQUET, CHUNK_CSV_BYTES_MAX);
  return Math.max(1, Math.floor(csvBytes / (bytesOfRow(sample) ?? csvBytes)));
}

/** Rows of the input by the sample's mean length; 0 when its size is not known. */
export function estimateRows(options: LoadOptions, sample: Sample): number {
  if (sample.isWhole) return sample.rows;
  const rowBytes = bytesOfRow(sample);
  return rowBytes === undefined ? 0 : (options.source.sizeBytes ?? 0) / rowBytes;
}

function bytesOfRow(sample: Sample): number | undefined {
  let keptBytes = 0;
  let keptRows = 0;
  for (const { bytes, rows } of sample.kept) {
    keptBytes += bytes.length;
    keptRows += rows;
  }
  return keptRows === 0 ? undefined : keptBytes / keptRows;
}
