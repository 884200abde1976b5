/** A pool of encoding Web Workers. */
import type { OnStoreRequest } from "../store/store.ts";
import type { EncodedChunk, EncodeJob, EncodeSetup } from "./job.ts";
import { WorkerPool } from "./worker_pool.ts";

/** Workers that make chunks into data files. */
export class EncodePool extends WorkerPool<EncodeSetup, EncodeJob, EncodedChunk> {
  /** @param options.onRequest is told of every request that a worker's store makes. */
  constructor(size: number, options: { readonly onRequest?: OnStoreRequest } = {}) {
    super({
      ...options,
      size,
      create: () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }),
      verb: "encode",
    });
  }

  /**
   * Encodes and stores one chunk. The job's bytes are given away.
   *
   * @param options.onTaken is told which worker has taken the chunk, from 0.
   * @throws {InputError | StorageError | AuthError | ToolError} as the worker met it.
   */
  encode(
    job: EncodeJob,
    options: { readonly onTaken?: (worker: number) => void } = {},
  ): Promise<EncodedChunk> {
    return this.run(job, { ...options, transfer: [job.bytes.buffer] });
  }
}
