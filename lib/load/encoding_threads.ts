/** How many threads encode, and what can be told of it before the input has been looked at. */
import type { Sample } from "../input/sample.ts";
import type { Source } from "../input/source.ts";
import { estimateRows, piecesOfChunk, rowsOfChunk } from "./chunk_size.ts";
import type { LoadOptions } from "./options.ts";

/** A file of this size has rows; of a smaller one it is quickly known, and nobody is asked for nothing. */
const SURELY_ROWS_BYTES = 64 * 1024;

/** Whether the catalog will be needed, and soon: what a pipe gives may be long in coming. */
export function isSurelyLoaded({ once = false, sizeBytes = 0 }: Source): boolean {
  return !once && sizeBytes >= SURELY_ROWS_BYTES;
}

/** A job of this size is done by the time a thread would have begun with it, or soon after. */
const OWN_THREAD_BYTES_MAX = 8 * 2 ** 20;

function isSmall({ sizeBytes = Infinity }: Source): boolean {
  return sizeBytes <= OWN_THREAD_BYTES_MAX;
}

/** Whether a load will most likely have more than one small job; if not, its worker is only slower. */
export function likelyTakesThread({ commitMode, source }: LoadOptions): boolean {
  return isSurelyLoaded(source) && (commitMode === "per-chunk" || !isSmall(source));
}

/**
 * More threads than cores, or than jobs, are of no use to anyone; writers may be more.
 *
 * @returns 0 when there is one small job, for which no thread is worth its start.
 */
export function encodingThreads(options: LoadOptions, sample: Sample): number {
  const rows = estimateRows(options, sample);
  const chunkRows = rowsOfChunk(options, sample);
  const jobRows = piecesOfChunk(chunkRows, { options, sample })?.rows ?? chunkRows;
  const jobs = rows === 0 ? Infinity : Math.ceil(rows / jobRows);
  if (jobs === 1 && isSmall(options.source)) return 0;
  const cores = Math.max(1, navigator.hardwareConcurrency);
  return Math.max(1, Math.min(options.workers, cores, jobs));
}
