/**
 * A pool of Web Workers that work with a table's store. A worker takes one job at a time, and the
 * next one when it says that it only waits for the store. What is said between the threads is plain
 * data; `worker_side.ts` is the other end.
 */
import { ToolError } from "../errors.ts";
import type { StoreProperties } from "../store/credentials.ts";
import { type RefreshProperties, singleFlight } from "../store/refresh.ts";
import type { OnStoreRequest, StoreRequest } from "../store/store.ts";
import { type ErrorData, fromErrorData, toErrorData } from "./error_data.ts";

/** From main thread to worker. */
export type ToWorker<Setup, Job> =
  /** `refreshes`: whether fresh properties of the store can be asked for. */
  | { readonly type: "setup"; readonly setup: Setup; readonly refreshes: boolean }
  /** The answer to `refresh`. */
  | { readonly type: "refreshed"; readonly storeProperties: StoreProperties }
  | { readonly type: "refreshFailed"; readonly error: ErrorData }
  /** `id` is not used again. */
  | { readonly type: "job"; readonly id: number; readonly job: Job };

/** From worker to main thread; `id` is that of the job. */
export type FromWorker<Answer> =
  /** The store's credentials have run out; asked once until the answer is there. */
  | { readonly type: "refresh" }
  | { readonly type: "request"; readonly request: StoreRequest }
  /** The memory of the job is not needed any more. */
  | { readonly type: "released"; readonly id: number }
  /** There is time for another job. */
  | { readonly type: "free"; readonly id: number }
  | { readonly type: "done"; readonly id: number; readonly answer: Answer }
  | { readonly type: "failed"; readonly id: number; readonly error: ErrorData };

interface Waiting<Job, Answer> {
  readonly job: Job;
  readonly transfer: Transferable[];
  readonly onTaken: ((worker: number) => void) | undefined;
  readonly onReleased: (() => void) | undefined;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** What a pool uses of a Web Worker. */
export interface PoolWorker {
  /** Is called with what the worker sends. */
  onmessage: ((event: MessageEvent) => void) | null;
  /** Is called when the worker cannot go on. */
  onerror: ((event: ErrorEvent) => void) | null;
  /** Sends to the worker. */
  postMessage(message: unknown, transfer: Transferable[]): void;
  /** Ends it amid whatever it does. */
  terminate(): void;
}

interface Member<Job, Answer> {
  readonly worker: PoolWorker;
  /** Jobs that it has and has not answered, by their ids. */
  readonly jobs: Map<number, Waiting<Job, Answer>>;
  /** The one of them that it has no time for another beside. */
  busyWith: number | undefined;
}

/** Options of {@linkcode WorkerPool}. */
export interface WorkerPoolOptions {
  /** Workers to begin with. */
  readonly size: number;
  /** Makes a worker. */
  readonly create: () => PoolWorker;
  /** What the workers do, in messages: `encode`. */
  readonly verb: string;
  /** Is told of every request that a worker's store makes. */
  readonly onRequest?: OnStoreRequest;
}

/** Workers that start loading their libraries when the pool is made, so make it early. */
export class WorkerPool<Setup, Job, Answer> {
  readonly #verb: string;
  readonly #options: WorkerPoolOptions;
  readonly #members: Member<Job, Answer>[] = [];
  readonly #queue: Waiting<Job, Answer>[] = [];
  #nextId = 0;
  #setup: ToWorker<Setup, Job> | undefined;
  #refresh: RefreshProperties | undefined;
  #failure: Error | undefined;

  /** Starts the workers; jobs wait until they have a setup. */
  constructor(options: WorkerPoolOptions) {
    this.#verb = options.verb;
    this.#options = options;
    this.grow(options.size);
  }

  /** Starts workers until there are `size` of them; none when there are as many already. */
  grow(size: number): void {
    while (this.#members.length < size && this.#failure === undefined) this.#startWorker();
    this.#dispatch();
  }

  #startWorker(): void {
    const { create, onRequest } = this.#options;
    const member: Member<Job, Answer> = {
      worker: create(),
      jobs: new Map(),
      busyWith: undefined,
    };
    const { worker } = member;
    worker.onmessage = ({ data: message }: MessageEvent<FromWorker<Answer>>) => {
      if (message.type === "request") onRequest?.(message.request);
      else if (message.type === "refresh") void this.#answerRefresh(member);
      else if (message.type === "released") member.jobs.get(message.id)?.onReleased?.();
      else this.#advance(member, message);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.#fail(`a worker has stopped: ${event.message}`);
    };
    this.#members.push(member);
    if (this.#setup !== undefined) this.#post(member, this.#setup);
  }

  /**
   * Tells every worker what is the same for all jobs; jobs given before wait for this.
   *
   * @param options.refresh gives fresh properties of the store; workers that ask at the same time
   * are answered together.
   */
  setup(setup: Setup, options: { readonly refresh?: RefreshProperties } = {}): void {
    if (options.refresh !== undefined) this.#refresh = singleFlight(options.refresh);
    const refreshes = this.#refresh !== undefined;
    this.#setup = { type: "setup", setup, refreshes };
    for (const member of this.#members) this.#post(member, this.#setup);
    this.#dispatch();
  }

  /**
   * Carries out one job.
   *
   * @param options.transfer what of the job is given away.
   * @param options.onTaken is told which worker has taken the job, from 0.
   * @param options.onReleased is told when the memory of the job is not needed any more, before its end.
   * @throws {ToolError} of the class that the worker met, or when the pool is closed.
   */
  run(
    job: Job,
    options: {
      readonly transfer?: Transferable[];
      readonly onTaken?: (worker: number) => void;
      readonly onReleased?: () => void;
    } = {},
  ): Promise<Answer> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const { transfer = [], onTaken, onReleased } = options;
    this.#queue.push({ job, transfer, onTaken, onReleased, resolve, reject });
    this.#dispatch();
    return promise;
  }

  /** Stops the workers at once; what is still waiting is rejected. */
  close(): void {
    for (const member of this.#members) member.worker.terminate();
    this.#fail("the pool is closed");
  }

  #dispatch(): void {
    if (this.#setup === undefined) return;
    for (const [number, member] of this.#members.entries()) {
      if (member.busyWith !== undefined) continue;
      const waiting = this.#queue.shift();
      if (waiting === undefined) return;
      const id = this.#nextId++;
      member.busyWith = id;
      member.jobs.set(id, waiting);
      waiting.onTaken?.(number);
      this.#post(member, { type: "job", id, job: waiting.job }, waiting.transfer);
    }
  }

  async #answerRefresh(member: Member<Job, Answer>): Promise<void> {
    try {
      this.#post(member, { type: "refreshed", storeProperties: await this.#refresh!() });
    } catch (error) {
      this.#post(member, { type: "refreshFailed", error: toErrorData(error) });
    }
  }

  #advance(
    member: Member<Job, Answer>,
    message: FromWorker<Answer> & { type: "free" | "done" | "failed" },
  ): void {
    const { id } = message;
    if (member.busyWith === id) member.busyWith = undefined;
    if (message.type !== "free") {
      const waiting = member.jobs.get(id);
      member.jobs.delete(id);
      if (message.type === "done") waiting?.resolve(message.answer);
      else waiting?.reject(fromErrorData(message.error));
    }
    this.#dispatch();
  }

  #fail(reason: string): void {
    const error = this.#failure ??= new ToolError(`Cannot ${this.#verb}: ${reason}`, 1);
    for (const member of this.#members) {
      for (const waiting of member.jobs.values()) waiting.reject(error);
      member.jobs.clear();
    }
    for (const waiting of this.#queue.splice(0)) waiting.reject(error);
  }

  #post(
    member: Member<Job, Answer>,
    message: ToWorker<Setup, Job>,
    transfer: Transferable[] = [],
  ): void {
    member.worker.postMessage(message, transfer);
  }
}
