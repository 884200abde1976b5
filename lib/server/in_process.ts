/** The embedded catalog in a worker of its own, on a free port of the loopback interface. */
import { EXIT_CODE, ToolError } from "../errors.ts";
import type { RunningCatalog } from "./serve.ts";
import type { FromWorker, ToWorker } from "./worker_messages.ts";

/** Options of {@link startInProcessCatalog}. */
export interface InProcessOptions {
  /** Where tables and the catalog's database lie; made when missing. */
  readonly warehouseDirectory: string;
  /** Name that clients may give as warehouse. @default {"demo"} */
  readonly warehouseName?: string;
  /** Gives up the start when aborted. */
  readonly signal?: AbortSignal;
}

const START_MS_MAX = 60_000;
const CLOSE_MS_MAX = 15_000;

/**
 * Starts the catalog of a warehouse directory: the same server that `serve` runs.
 *
 * @throws {ToolError} with the worker's message, hint and exit code when it cannot be opened.
 */
export async function startInProcessCatalog(options: InProcessOptions): Promise<RunningCatalog> {
  const { warehouseDirectory, warehouseName = "demo", signal } = options;
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  try {
    const answer = await ask(worker, {
      kind: "start",
      options: { warehouses: [{ name: warehouseName, root: warehouseDirectory }] },
    }, { waitMsMax: START_MS_MAX, ...(signal === undefined ? {} : { signal }) });
    if (answer.kind === "started") {
      let closing: Promise<void> | undefined;
      return { uri: answer.uri, close: () => closing ??= closeWorker(worker) };
    }
    if (answer.kind === "closed") {
      throw new ToolError("Cannot run the embedded catalog: it closed", EXIT_CODE.unreachable);
    }
    const { message, hint, exitCode = EXIT_CODE.unreachable } = answer;
    throw new ToolError(message, exitCode, hint === undefined ? {} : { hint });
  } catch (error) {
    worker.terminate();
    throw error;
  }
}

async function closeWorker(worker: Worker): Promise<void> {
  try {
    await ask(worker, { kind: "close" }, { waitMsMax: CLOSE_MS_MAX });
  } finally {
    worker.terminate();
  }
}

/** Sends a message and waits for the next one that comes back. */
async function ask(
  worker: Worker,
  message: ToWorker,
  options: { readonly waitMsMax: number; readonly signal?: AbortSignal },
): Promise<FromWorker> {
  const { waitMsMax, signal } = options;
  const { promise, resolve, reject } = Promise.withResolvers<FromWorker>();
  const fail = (reason: string) =>
    reject(new ToolError(`Cannot run the embedded catalog: ${reason}`, EXIT_CODE.unreachable));
  const onAbort = () => fail("stopped");
  worker.onmessage = (event: MessageEvent<FromWorker>) => resolve(event.data);
  worker.onerror = (event) => {
    event.preventDefault();
    fail(event.message);
  };
  if (signal?.aborted === true) onAbort();
  else signal?.addEventListener("abort", onAbort, { once: true });
  const timer = setTimeout(() => fail(`no answer within ${waitMsMax} ms`), waitMsMax);
  try {
    worker.postMessage(message);
    return await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    worker.onmessage = null;
  }
}
