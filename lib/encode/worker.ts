/** Entry of an encoding Web Worker: takes chunks, answers with data files that are in the store. */
import { openStore } from "../store/open_store.ts";
import type { Store } from "../store/store.ts";
import { encodeChunk } from "./encode_chunk.ts";
import { toErrorData } from "./error_data.ts";
import type { EncodeJob, EncodeSetup, FromWorker, ToWorker } from "./job.ts";

/** The part of a worker's global scope that is used here; Deno's default types are the window's. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker): void;
}

const scope = globalThis as unknown as WorkerScope;

let setup: EncodeSetup | undefined;
let store: Promise<Store> | undefined;

scope.onmessage = (event) => {
  const message = event.data;
  if (message.type === "setup") {
    setup = message.setup;
    store = openStore(setup.storeLocation, setup.storeProperties, {
      onRequest: (request) => scope.postMessage({ type: "request", request }),
    });
    // Whoever needs the store sees the failure; until then it is no unhandled rejection.
    store.catch(() => {});
    return;
  }
  void carryOut(message.job);
};

async function carryOut(job: EncodeJob): Promise<void> {
  try {
    if (setup === undefined || store === undefined) throw new Error("Worker has no setup");
    const { bytes, file, parseMs, encodeMs } = encodeChunk(job, setup);
    const startedMs = performance.now();
    await (await store).write(file.path, bytes, { contentType: "application/vnd.apache.parquet" });
    const uploadMs = performance.now() - startedMs;
    const chunk = { file, parseMs, encodeMs, uploadMs };
    scope.postMessage({ type: "done", index: job.index, chunk });
  } catch (error) {
    scope.postMessage({ type: "failed", index: job.index, error: toErrorData(error) });
  }
}
