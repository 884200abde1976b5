/**
 * The entry of the worker that runs the embedded catalog within the tool: synchronous SQLite and
 * waiting for the disk must not hold up the loader.
 */
/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { ToolError } from "../errors.ts";
import { type RunningCatalog, startServer } from "./serve.ts";
import type { FromWorker, ToWorker } from "./worker_messages.ts";

let running: RunningCatalog | undefined;

self.onmessage = async (event: MessageEvent<ToWorker>) => {
  if (event.data.kind === "start") {
    try {
      running = await startServer(event.data.options);
      post({ kind: "started", uri: running.uri });
    } catch (error) {
      post({ kind: "failed", ...describe(error) });
    }
    return;
  }
  try {
    await running?.close();
  } finally {
    post({ kind: "closed" });
  }
};

function post(message: FromWorker): void {
  self.postMessage(message);
}

function describe(error: unknown): { message: string; hint?: string; exitCode?: number } {
  if (!(error instanceof ToolError)) {
    return { message: error instanceof Error ? error.message : String(error) };
  }
  const { message, exitCode, hint } = error;
  return { message, exitCode, ...(hint === undefined ? {} : { hint }) };
}
