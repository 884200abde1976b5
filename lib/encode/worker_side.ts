/** The worker's end of a pool: opens the store, carries out jobs, and answers. */
import type { StoreProperties } from "../store/credentials.ts";
import { openStore } from "../store/open_store.ts";
import type { RefreshProperties } from "../store/refresh.ts";
import type { Store } from "../store/store.ts";
import { fromErrorData, toErrorData } from "./error_data.ts";
import type { FromWorker, ToWorker } from "./worker_pool.ts";

/** What every setup tells of the store. */
export interface StoreSetup {
  /** Location whose scheme says which store is opened. */
  readonly storeLocation: string;
  /** How the store is reached; they may hold credentials. */
  readonly storeProperties: StoreProperties;
}

/** The part of a worker's global scope that is used here; Deno's default types are the window's. */
export interface WorkerScope {
  /** Is called with what the pool sends. */
  onmessage: ((event: MessageEvent) => void) | null;
  /** Sends to the pool. */
  postMessage(message: unknown, transfer?: Transferable[]): void;
}

/**
 * Makes this worker one of a pool.
 *
 * @param options.transferOf tells what of an answer is given away instead of copied. Default: nothing.
 * @param options.scope where the messages come and go. Default: the global scope, a worker's own
 */
export function serveJobs<Setup extends StoreSetup, Job, Answer>(
  carryOut: (
    job: Job,
    shared: {
      readonly setup: Setup;
      readonly store: Store;
      /** Says that nothing of the job is needed any more but what has been taken out of it. */
      readonly release: () => void;
      /** Says that this job only waits, and that there is time for another one. */
      readonly free: () => void;
    },
  ) => Promise<Answer>,
  options: {
    readonly transferOf?: (answer: Answer) => Transferable[];
    readonly scope?: WorkerScope;
  } = {},
): void {
  const { scope = globalThis as unknown as WorkerScope } = options;
  const post = (message: FromWorker<Answer>, transfer: Transferable[] = []) =>
    scope.postMessage(message, transfer);
  let shared: Promise<{ readonly setup: Setup; readonly store: Store }> | undefined;
  /** What waits for fresh properties; the store asks for them one at a time. */
  let refreshing: PromiseWithResolvers<StoreProperties> | undefined;
  /** Only the main thread speaks with the catalog. */
  const refresh: RefreshProperties = () => {
    refreshing = Promise.withResolvers();
    post({ type: "refresh" });
    return refreshing.promise;
  };
  const open = async (setup: Setup, refreshes: boolean) => {
    const store = await openStore(setup.storeLocation, setup.storeProperties, {
      onRequest: (request) => post({ type: "request", request }),
      ...(refreshes ? { refresh } : {}),
    });
    return { setup, store };
  };
  const run = async (id: number, job: Job) => {
    const release = () => post({ type: "released", id });
    const free = () => post({ type: "free", id });
    try {
      if (shared === undefined) throw new Error("Worker has no setup");
      const answer = await carryOut(job, { ...await shared, release, free });
      post({ type: "done", id, answer }, options.transferOf?.(answer) ?? []);
    } catch (error) {
      post({ type: "failed", id, error: toErrorData(error) });
    }
  };
  scope.onmessage = ({ data: message }: MessageEvent<ToWorker<Setup, Job>>) => {
    switch (message.type) {
      case "setup":
        shared = open(message.setup, message.refreshes);
        // Whoever needs the store sees the failure; until then it is no unhandled rejection.
        shared.catch(() => {});
        return;
      case "refreshed":
        refreshing?.resolve(message.storeProperties);
        return;
      case "refreshFailed":
        refreshing?.reject(fromErrorData(message.error));
        return;
      case "job":
        void run(message.id, message.job);
    }
  };
}
