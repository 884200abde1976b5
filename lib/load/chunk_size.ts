/** How many rows make a chunk, and in which pieces it is encoded. */
import type { Sample } from "../input/sample.ts";
import type { Codec } from "../table/table_properties.ts";
import type { LoadOptions } from "./options.ts";

/** Rows of a chunk in `per-chunk`, as the original had it. */
export const CHUNK_ROWS_DEFAULT = 1000;

/** CSV is about so many times larger than the Parquet file made of it, by the codec; of generated rows. */
const CSV_TO_PARQUET: Readonly<Record<Codec, number>> = {
  zstd: 3.5,
  gzip: 3.5,
  brotli: 3.5,
  snappy: 2.4,
  lz4: 2.4,
  uncompressed: 1.6,
};

/** What one worker takes at a time is in memory as a whole, some times over. */
const PIECE_CSV_BYTES_MAX = 32 * 2 ** 20;

/** With fewer pieces of a file, its size could not be kept near to the one wanted. */
const PIECES_MIN = 4;

/** Files are put together in memory, and are sent to S3 in one request. */
const FILE_BYTES_MAX = 2 ** 30;

/** How a chunk too large for one worker is made: in pieces, which become row groups of one file. */
export interface PiecePlan {
  /** Rows of a piece. */
  readonly rows: number;
  /** Size of the file at which a chunk has enough pieces. */
  readonly fileBytes: number;
}

/** The rows of a chunk: as asked, else 1000 in `per-chunk`, else enough for a file of the target size. */
export function rowsOfChunk(options: LoadOptions, sample: Sample): number {
  if (options.chunkSize !== undefined) return options.chunkSize;
  if (options.commitMode === "per-chunk") return CHUNK_ROWS_DEFAULT;
  const csvBytes = Math.min(options.targetFileSizeBytes, FILE_BYTES_MAX) * shrinkage(options);
  return Math.max(1, Math.floor(csvBytes / (bytesOfRow(sample) ?? csvBytes)));
}

/**
 * How chunks of so many rows are made in pieces. It follows from the rows and the sample alone, so that
 * a load that is run again makes the same files.
 *
 * @returns undefined when a chunk is encoded as a whole: when it is small, and when its rows are not
 * to be others than those asked for.
 */
export function piecesOfChunk(
  chunkRows: number,
  of: {
    readonly options: Pick<LoadOptions, "chunkSize" | "commitMode" | "parquet">;
    readonly sample: Sample;
  },
): PiecePlan | undefined {
  const { options, sample } = of;
  const rowBytes = bytesOfRow(sample);
  if (options.chunkSize !== undefined || options.commitMode === "per-chunk") return undefined;
  if (rowBytes === undefined || chunkRows * rowBytes <= PIECE_CSV_BYTES_MAX) return undefined;
  const csvBytes = chunkRows * rowBytes;
  const pieceBytes = Math.min(csvBytes / PIECES_MIN, PIECE_CSV_BYTES_MAX);
  return {
    rows: Math.max(1, Math.floor(pieceBytes / rowBytes)),
    fileBytes: csvBytes / shrinkage(options),
  };
}

/** Rows of the input by the sample's mean length; 0 when its size is not known. */
export function estimateRows(options: LoadOptions, sample: Sample): number {
  if (sample.isWhole) return sample.rows;
  const rowBytes = bytesOfRow(sample);
  return rowBytes === undefined ? 0 : (options.source.sizeBytes ?? 0) / rowBytes;
}

/** The table may have another codec, when none is given: then the pieces of large files still fit. */
function shrinkage({ parquet }: Pick<LoadOptions, "parquet">): number {
  return CSV_TO_PARQUET[parquet.codec ?? "zstd"];
}

/** Mean length of the sample's rows, in bytes; undefined when there are none. */
export function bytesOfRow(sample: Sample): number | undefined {
  let keptBytes = 0;
  let keptRows = 0;
  for (const { bytes, rows } of sample.kept) {
    keptBytes += bytes.length;
    keptRows += rows;
  }
  return keptRows === 0 ? undefined : keptBytes / keptRows;
}
