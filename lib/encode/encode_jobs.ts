/** The encoding worker's work: takes chunks, answers with data files that are in the store. */
import { ChunkEncoder } from "./chunk_encoder.ts";
import type { EncodedChunk, EncodedPart, EncodeJob, EncodeSetup, PartJob } from "./job.ts";
import { codecReady } from "./parquet/compression.ts";
import { serveJobs, type WorkerScope } from "./worker_side.ts";

/** The time of a file above this size is that of its bytes. */
const SYNCED_LATER_BYTES_MAX = 1024 * 1024;

/**
 * Makes a thread one of an encoding pool's workers.
 *
 * @param scope where its messages come and go. Default: that of this worker
 */
export function serveEncoding(scope?: WorkerScope): void {
  // Loaded while the main thread has nothing for this one yet; the others are when they are wanted.
  codecReady("zstd").catch(() => {});
  let encoder: { readonly setup: EncodeSetup; readonly chunks: ChunkEncoder } | undefined;
  /** The end of the file that is on its way, whatever it is. */
  let storing: Promise<unknown> = Promise.resolve();
  /** Time spent on chunks until they were files. */
  let workedMs = 0;

  serveJobs<
    EncodeSetup,
    EncodeJob | PartJob,
    EncodedChunk | EncodedPart
  >(async (job, { setup, store, release, free }) => {
    await codecReady(setup.parquet.codec);
    if (encoder?.setup !== setup) {
      encoder = { setup, chunks: new ChunkEncoder(setup) };
    }
    if (!("path" in job)) return encoder.chunks.encodePart(job, { onParsed: release });
    const { bytes, file, parseMs, encodeMs } = encoder.chunks.encode(job, { onParsed: release });
    workedMs += parseMs + encodeMs;
    const isSynced = bytes.length > SYNCED_LATER_BYTES_MAX;
    // One file on its way and one being made: more would be in the memory of each other.
    await storing;
    const startedMs = performance.now();
    const workedBeforeMs = workedMs;
    const writing = store.write(file.path, bytes, {
      contentType: "application/vnd.apache.parquet",
      isNew: true,
      sync: isSynced,
      onSent: free,
    });
    storing = writing.catch(() => {});
    await writing;
    const uploadMs = Math.max(0, performance.now() - startedMs - (workedMs - workedBeforeMs));
    return { file, parseMs, encodeMs, uploadMs, isSynced };
  }, {
    ...(scope === undefined ? {} : { scope }),
    transferOf: (answer) => "bytes" in answer ? [answer.bytes.buffer] : [],
  });
}
