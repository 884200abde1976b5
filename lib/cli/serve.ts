/** `serve`: the embedded catalog as a server for any Iceberg client. */
import { EXIT_CODE, UsageError } from "../errors.ts";
import { Stop } from "../load/stop.ts";
import { startServer } from "../server/serve.ts";
import { buildInfo } from "./build_info.ts";
import { SERVE } from "./serve_flags.ts";
import { readServeFlags } from "./serve_options.ts";
import { createServeView } from "./serve_view.ts";
import { listenForSignals } from "./signals.ts";
import { withoutReaders } from "./terminal.ts";
import { readVerbFlags, type VerbCall } from "./verb.ts";

/**
 * Runs `serve` until a signal ends it; a second one ends it at once.
 *
 * @throws {ToolError} when a catalog cannot be opened or the address not be used.
 */
export async function runServe(call: VerbCall): Promise<number> {
  const values = await readVerbFlags(call, SERVE);
  if (values === undefined) return EXIT_CODE.ok;
  if (values.operands.length > 0) {
    throw new UsageError(`Cannot use "${values.operands[0]}": serve takes flags only`);
  }
  const choice = await readServeFlags(values, (name) => Deno.env.get(name));
  // It goes on serving when nobody reads of it any more.
  const view = createServeView(withoutReaders(call.terminal), {
    json: values.isOn("json"),
    trace: values.isOn("trace"),
    quiet: values.isOn("quiet"),
  });
  const stop = new Stop();
  const signals = listenForSignals(stop, call.exitNow);
  try {
    const server = await startServer({ ...choice.server, onRequest: view.request });
    try {
      const { warehouses } = choice.server;
      const { version } = buildInfo();
      view.started({ uri: server.uri, warehouses, version, wrong: choice.wrong });
      await untilAborted(stop.signal);
    } finally {
      await server.close();
    }
    view.stopped();
    return EXIT_CODE.ok;
  } finally {
    signals.close();
    stop.close();
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
