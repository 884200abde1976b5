/** How many threads encode, and what can be told of it before the input has been looked at. */
import type { Sample } from "../input/sample.ts";
import type { Source } from "../input/source.ts";
import {
  bytesOfRow,
  CHUNK_ROWS_DEFAULT,
  estimateRows,
  piecesOfChunk,
  rowsOfChunk,
} from "./chunk_size.ts";
import type { LoadOptions } from "./options.ts";

/** A file of this size has rows; of a smaller one it is quickly known, and nobody is asked for nothing. */
const SURELY_ROWS_BYTES = 64 * 1024;

/** Whether the catalog will be needed, and soon: what a pipe gives may be long in coming. */
export function isSurelyLoaded({ once = false, sizeBytes = 0 }: Source): boolean {
  return !once && sizeBytes >= SURELY_ROWS_BYTES;
}

/** A job of this size is done by the time a thread would have begun with it, or soon after. */
const OWN_THREAD_BYTES_MAX = 8 * 2 ** 20;

/**
 * A chunk of this size is encoded in a millisecond or two, while the catalog is at the commit before.
 * A thread for it would take its turns from this one, and from a catalog on the same machine.
 */
const BETWEEN_COMMITS_BYTES_MAX = 128 * 1024;

/** Rows of such a chunk, as long as none of them has been seen. */
const BETWEEN_COMMITS_ROWS_MAX = 2 * CHUNK_ROWS_DEFAULT;

/** Whether one writer makes a commit of each chunk, and so waits for the catalog most of the time. */
function isOneWriter({ commitMode, workers }: LoadOptions): boolean {
  return commitMode === "per-chunk" && workers === 1;
}

function isSmall({ sizeBytes = Infinity }: Source): boolean {
  return sizeBytes <= OWN_THREAD_BYTES_MAX;
}

/** Whether a load will most likely need a thread; if not, a worker only makes it slower. */
export function likelyTakesThread(options: LoadOptions): boolean {
  const { chunkSize = CHUNK_ROWS_DEFAULT, commitMode, source } = options;
  if (!isSurelyLoaded(source)) return false;
  if (isOneWriter(options) && chunkSize <= BETWEEN_COMMITS_ROWS_MAX) return false;
  return commitMode === "per-chunk" || !isSmall(source);
}

/**
 * More threads than cores, or than jobs, are of no use to anyone; writers may be more.
 *
 * @returns 0 when there is one small job, for which no thread is worth its start; and when there is one
 * writer, and its chunks are so small that they are encoded while it waits for the catalog.
 */
export function encodingThreads(options: LoadOptions, sample: Sample): number {
  const rows = estimateRows(options, sample);
  const chunkRows = rowsOfChunk(options, sample);
  const jobRows = piecesOfChunk(chunkRows, { options, sample })?.rows ?? chunkRows;
  const jobs = rows === 0 ? Infinity : Math.ceil(rows / jobRows);
  if (jobs === 1 && isSmall(options.source)) return 0;
  const jobBytes = jobRows * (bytesOfRow(sample) ?? Infinity);
  if (isOneWriter(options) && jobBytes <= BETWEEN_COMMITS_BYTES_MAX) return 0;
  const cores = Math.max(1, navigator.hardwareConcurrency);
  return Math.max(1, Math.min(options.workers, cores, jobs));
}
