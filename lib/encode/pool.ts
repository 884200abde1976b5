/** A pool of encoding Web Workers. */
import type { OnStoreRequest } from "../store/store.ts";
import type { EncodedChunk, EncodedPart, EncodeJob, EncodeSetup, PartJob } from "./job.ts";
import { workInOwnThread } from "./own_thread.ts";
import { WorkerPool } from "./worker_pool.ts";

/** Workers that make chunks into data files. */
export class EncodePool
  extends WorkerPool<EncodeSetup, EncodeJob | PartJob, EncodedChunk | EncodedPart> {
  /**
   * Starts workers, each of which takes this thread some 20 ms.
   *
   * @param size how many; 0: this very thread does it, with nothing else beside.
   * @param options.onRequest is told of every request that a worker's store makes.
   */
  constructor(size: number, options: { readonly onRequest?: OnStoreRequest } = {}) {
    super({
      ...options,
      size: Math.max(1, size),
      create: size === 0
        ? () => workInOwnThread(async () => (await import("./encode_jobs.ts")).serveEncoding)
        : () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }),
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
    const transfer = transferOf(job);
    return this.run(job, { ...options, transfer }) as Promise<EncodedChunk>;
  }

  /** Encodes one piece of a chunk, and stores nothing; the rest is as for {@link encode}. */
  encodePart(
    job: PartJob,
    options: {
      readonly onTaken?: (worker: number) => void;
      readonly onReleased?: () => void;
    } = {},
  ): Promise<EncodedPart> {
    const transfer = transferOf(job);
    return this.run(job, { ...options, transfer }) as Promise<EncodedPart>;
  }
}

function transferOf({ bytes: { buffer } }: PartJob): Transferable[] {
  return buffer instanceof ArrayBuffer ? [buffer] : [];
}
