/** One chunk by itself from CSV bytes to a Parquet file and its metrics, without a worker. */
import { ChunkEncoder, type EncodedFile } from "./chunk_encoder.ts";
import type { EncodeJob, EncodeSetup } from "./job.ts";
import { codecsReady } from "./parquet/compression.ts";

// Not for a worker: messages that come while its module waits are lost.
await codecsReady();

/**
 * Parses and encodes one chunk.
 *
 * @throws {InputError} for the chunk's first value or record that does not fit.
 */
export function encodeChunk(job: EncodeJob, setup: EncodeSetup): EncodedFile {
  return new ChunkEncoder(setup).encode(job);
}
