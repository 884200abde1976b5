/** A pool of comparing Web Workers. */
import { WorkerPool } from "../encode/worker_pool.ts";
import type { OnStoreRequest } from "../store/store.ts";
import type { CompareAnswer, CompareJob, CompareSetup, CompareTask, Task } from "./job.ts";

/** Workers that hash rows. */
export class ComparePool extends WorkerPool<CompareSetup, CompareTask, CompareAnswer> {
  /** Workers, and so jobs that are carried out at a time. */
  readonly size: number;

  /**
   * The workers are started here; they take jobs after `setup`.
   *
   * @param options.onRequest is told of every request that a worker's store makes.
   */
  constructor(options: { readonly size: number; readonly onRequest: OnStoreRequest }) {
    super({
      ...options,
      create: () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }),
      verb: "compare",
    });
    this.size = options.size;
  }

  /**
   * Carries out one job. The bytes of a chunk are given away.
   *
   * @throws {InputError | SchemaError | StorageError | AuthError | ToolError} as the worker met it.
   */
  compare(job: CompareJob, task: Task): Promise<CompareAnswer> {
    return this.run(
      { job, task },
      { transfer: job.side === "source" ? [job.bytes.buffer] : [] },
    );
  }
}
