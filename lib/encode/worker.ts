/** Entry of an encoding Web Worker: takes chunks, answers with data files that are in the store. */
import { encodeChunk } from "./encode_chunk.ts";
import type { EncodedChunk, EncodeJob, EncodeSetup } from "./job.ts";
import { serveJobs } from "./worker_side.ts";

serveJobs<EncodeSetup, EncodeJob, EncodedChunk>(async (job, { setup, store }) => {
  const { bytes, file, parseMs, encodeMs } = encodeChunk(job, setup);
  const startedMs = performance.now();
  await store.write(file.path, bytes, { contentType: "application/vnd.apache.parquet" });
  return { file, parseMs, encodeMs, uploadMs: performance.now() - startedMs };
});
