/** A pool's worker that is no thread of its own, for what no thread is worth its start. */
import { setImmediate } from "node:timers";
import type { PoolWorker } from "./worker_pool.ts";
import type { WorkerScope } from "./worker_side.ts";

/**
 * Makes a worker that works in this thread: while it does, nothing else happens here. Messages are
 * neither copied nor given away. Each comes to it in a turn of the event loop of its own, as to a
 * thread: what has been begun before is not held up.
 *
 * @param load gives what serves a scope's messages. Those that come before it is there are kept.
 */
export function workInOwnThread(load: () => Promise<(scope: WorkerScope) => void>): PoolWorker {
  let isOver = false;
  const worker: PoolWorker = {
    onmessage: null,
    onerror: null,
    postMessage: (data: unknown) => void serving.then(() => setImmediate(() => pass(scope, data))),
    terminate: () => isOver = true,
  };
  const scope: WorkerScope = {
    onmessage: null,
    postMessage: (data: unknown) => queueMicrotask(() => pass(worker, data)),
  };
  const pass = (to: Pick<WorkerScope, "onmessage">, data: unknown) => {
    if (!isOver) to.onmessage?.(new MessageEvent("message", { data }));
  };
  const serving = load().then((serve) => serve(scope), (error) => {
    const { message } = error instanceof Error ? error : { message: String(error) };
    worker.onerror?.(new ErrorEvent("error", { message, cancelable: true }));
  });
  return worker;
}
