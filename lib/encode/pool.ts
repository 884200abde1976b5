/** A pool of encoding Web Workers. */
import type { OnStoreRequest } from "../store/store.ts";
import type { EncodedChunk, EncodeJob, EncodeSetup } from "./job.ts";
import { WorkerPool } from "./worker_pool.ts";

/** Workers that make chunks into data files. */
export class EncodePool extends WorkerPool<EncodeSetup, EncodeJob, EncodedChunk> {
  /**
   * Starts workers.
   *
   * @param size how many, one or more.
   * @param options.onRequest is told of every request that a worker's store makes.
   */
  constructor(size: number, options: { readonly onRequest?: OnStoreRequest } = {}) {
    super({
      ...options,
      size,
      create: () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }),
      verb: "encode",
    });
  }

  /**
   * Encodes and stores one chunk. The job's bytes are given away, unless threads can share them.
   *
   * @param options.onTaken is told which worker has taken the chunk, from 0.
   * @param options.onReleased is told when the bytes are not needed any more.
   * @throws {InputError | StorageError | AuthError | ToolError} as the worker met it.
   */
  encode(
    job: EncodeJob,
    options: {
      readonly onTaken?: (worker: number) => void;
      readonly onReleased?: () => void;
    } = {},
  ): Promise<EncodedChunk> {
    const { buffer } = job.bytes;
    const transfer = buffer instanceof ArrayBuffer ? [buffer] : [];
    return this.run(job, { ...options, transfer });
  }
}
