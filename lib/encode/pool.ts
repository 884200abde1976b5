/** A pool of encoding Web Workers. */
import type { OnStoreRequest } from "../store/store.ts";
import type { EncodedChunk, EncodedPart, EncodeJob, EncodeSetup, PartJob } from "./job.ts";
import { workInOwnThread } from "./own_thread.ts";
import { type PoolWorker, WorkerPool } from "./worker_pool.ts";

/** Workers that make chunks into data files. */
export class EncodePool
  extends WorkerPool<EncodeSetup, EncodeJob | PartJob, EncodedChunk | EncodedPart> {
  /**
   * Starts workers, each of which takes this thread some 20 ms.
   *
   * @param size how many to begin with; {@linkcode grow} starts more.
   * @param options.onRequest is told of every request that a worker's store makes.
   * @param options.create makes a worker. Default: a thread
   */
  constructor(
    size: number,
    options: { readonly onRequest?: OnStoreRequest; readonly create?: () => PoolWorker } = {},
  ) {
    super({ create: startThread, ...options, size, verb: "encode" });
  }

  /** A pool that starts no thread: this one does the work, and nothing else meanwhile. */
  static ofOwnThread(options: { readonly onRequest?: OnStoreRequest } = {}): EncodePool {
    const load = async () => (await import("./encode_jobs.ts")).serveEncoding;
    return new EncodePool(1, { ...options, create: () => workInOwnThread(load) });
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

function startThread(): Worker {
  return new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
}

function transferOf({ bytes: { buffer } }: PartJob): Transferable[] {
  return buffer instanceof ArrayBuffer ? [buffer] : [];
}
