/** A pool of encoding Web Workers. */
import { ToolError } from "../errors.ts";
import type { OnStoreRequest } from "../store/store.ts";
import { fromErrorData } from "./error_data.ts";
import type { EncodedChunk, EncodeJob, EncodeSetup, FromWorker, ToWorker } from "./job.ts";

interface Waiting {
  readonly job: EncodeJob;
  readonly resolve: (chunk: EncodedChunk) => void;
  readonly reject: (error: Error) => void;
}

interface Member {
  readonly worker: Worker;
  current: Waiting | undefined;
}

/**
 * Workers that take one chunk at a time. They start loading their libraries when the pool is made,
 * so make it early.
 */
export class EncodePool {
  readonly #members: Member[] = [];
  readonly #queue: Waiting[] = [];
  #ready = false;
  #failure: Error | undefined;

  /** @param options.onRequest is told of every request that a worker's store makes. */
  constructor(size: number, options: { readonly onRequest?: OnStoreRequest } = {}) {
    for (let count = 0; count < size; count++) {
      const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
      const member: Member = { worker, current: undefined };
      worker.onmessage = (event: MessageEvent<FromWorker>) => {
        if (event.data.type === "request") options.onRequest?.(event.data.request);
        else this.#finish(member, event.data);
      };
      worker.onerror = (event) => {
        event.preventDefault();
        this.#fail(new ToolError(`Cannot encode: a worker has stopped: ${event.message}`, 1));
      };
      this.#members.push(member);
    }
  }

  /** Tells every worker what to make of its chunks; jobs given before wait for this. */
  setup(setup: EncodeSetup): void {
    for (const member of this.#members) post(member, { type: "setup", setup });
    this.#ready = true;
    this.#dispatch();
  }

  /**
   * Encodes and stores one chunk. The job's bytes are given away.
   *
   * @throws {InputError | StorageError | AuthError | ToolError} as the worker met it.
   */
  encode(job: EncodeJob): Promise<EncodedChunk> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const { promise, resolve, reject } = Promise.withResolvers<EncodedChunk>();
    this.#queue.push({ job, resolve, reject });
    this.#dispatch();
    return promise;
  }

  /** Stops the workers at once; what is still waiting is rejected. */
  close(): void {
    for (const member of this.#members) member.worker.terminate();
    this.#fail(new ToolError("Cannot encode: the pool is closed", 1));
  }

  #dispatch(): void {
    if (!this.#ready) return;
    for (const member of this.#members) {
      if (member.current !== undefined) continue;
      const waiting = this.#queue.shift();
      if (waiting === undefined) return;
      member.current = waiting;
      post(member, { type: "job", job: waiting.job }, [waiting.job.bytes.buffer]);
    }
  }

  #finish(member: Member, message: Exclude<FromWorker, { type: "request" }>): void {
    const waiting = member.current;
    member.current = undefined;
    if (message.type === "done") waiting?.resolve(message.chunk);
    else waiting?.reject(fromErrorData(message.error));
    this.#dispatch();
  }

  #fail(error: Error): void {
    this.#failure = error;
    for (const member of this.#members) {
      member.current?.reject(error);
      member.current = undefined;
    }
    for (const waiting of this.#queue.splice(0)) waiting.reject(error);
  }
}

function post(member: Member, message: ToWorker, transfer: Transferable[] = []): void {
  member.worker.postMessage(message, transfer);
}
