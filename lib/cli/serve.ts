/** `serve`: the embedded catalog as a server for any Iceberg client. */
import { EXIT_CODE, UsageError } from "../errors.ts";
import { startServer } from "../server/serve.ts";
import { WAREHOUSE_DIRECTORY_DEFAULT } from "./catalog_choice.ts";
import type { Flag } from "./flags.ts";
import { formatDuration } from "./values.ts";
import { readVerbFlags, type VerbCall, type VerbDefinition } from "./verb.ts";

const SERVE_FLAGS: readonly Flag[] = [
  {
    flags: "--listen <ADDRESS>",
    description: "address and port; port 0 takes a free one",
    group: "Server",
    fallback: "127.0.0.1:8181",
  },
  {
    flags: "--warehouse <[NAME=]PATH>",
    description: "directory of the warehouse, and the name that clients give it",
    group: "Server",
    fallback: `demo=${WAREHOUSE_DIRECTORY_DEFAULT}`,
    withoutVariables: true,
  },
  {
    flags: "--trace",
    description: "show method, path and status of every request",
    group: "Output",
  },
];

const SERVE_HELP_AFTER = `
Examples:
  lakekeeper-ingest serve
  lakekeeper-ingest serve --listen 127.0.0.1:9090 --warehouse demo=./lake

The catalog answers under /catalog, where Lakekeeper would. It ends with Ctrl-C or SIGTERM.

Exit status:
  0  ended by a signal
  2  wrong command line
  1  the address cannot be used
  6  no right to use the address or the directory
  7  the directory cannot be used
`;

/** The command line of `serve`. */
export const SERVE: VerbDefinition = {
  name: "serve",
  usage: "[flags]",
  description: "Serve an Iceberg REST catalog on a local directory",
  flags: SERVE_FLAGS,
  after: SERVE_HELP_AFTER,
};

/**
 * Runs `serve` until a signal ends it.
 *
 * @throws {ToolError} when the catalog cannot be opened or the address not be used.
 */
export async function runServe(call: VerbCall): Promise<number> {
  const { terminal } = call;
  const values = readVerbFlags(call, SERVE);
  if (values === undefined) return EXIT_CODE.ok;
  if (values.operands.length > 0) {
    throw new UsageError(`Cannot use "${values.operands[0]}": serve takes flags only`);
  }
  const warehouse = readWarehouse(values.text("warehouse")!);
  const trace = values.isOn("trace");
  const ended = untilSignal();
  const server = await startServer({
    ...readListen(values.text("listen")!),
    warehouseDirectory: warehouse.directory,
    warehouseName: warehouse.name,
    onRequest: ({ method, path, status, elapsedMs, error }) => {
      if (trace) {
        terminal.err.write(`${method} ${path} ${status} ${formatDuration(elapsedMs)}\n`);
      }
      if (error !== undefined) {
        terminal.err.write(`Fault while answering ${method} ${path}: ${String(error)}\n`);
      }
    },
  });
  terminal.out.write(
    `Serving warehouse "${warehouse.name}" (${warehouse.directory}) at ${server.uri}\n`,
  );
  await ended;
  await server.close();
  return EXIT_CODE.ok;
}

function readListen(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3] ?? NaN);
  if (match === null || port > 65_535) {
    throw new UsageError(`Cannot listen on "${text}": it takes ADDRESS:PORT, as 127.0.0.1:8181`);
  }
  return { host: match[1] ?? match[2]!, port };
}

function readWarehouse(text: string): { readonly name: string; readonly directory: string } {
  const at = text.indexOf("=");
  const name = at === -1 ? "demo" : text.slice(0, at);
  const directory = text.slice(at + 1);
  if (name === "" || directory === "") {
    throw new UsageError(`Cannot use --warehouse "${text}": it takes PATH or NAME=PATH`);
  }
  return { name, directory };
}

function untilSignal(): Promise<void> {
  const signals: Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT", "SIGBREAK"]
    : ["SIGINT", "SIGTERM"];
  return new Promise((resolve) => {
    for (const signal of signals) Deno.addSignalListener(signal, () => resolve());
  });
}
