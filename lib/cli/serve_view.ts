/** What `serve` shows: that it runs, its requests, its end; as text or as JSON lines. */
import type { RequestEvent, WarehouseOptions } from "../server/serve.ts";
import { jsonLine } from "./json_view.ts";
import { paint, type Terminal } from "./terminal.ts";
import { formatDuration } from "./values.ts";

/** A server that has begun to listen. */
export interface Started {
  /** What clients take as the catalog's address. */
  readonly uri: string;
  /** In the order of the flags. */
  readonly warehouses: readonly WarehouseOptions[];
  /** The tool's. */
  readonly version: string;
  /** The flags that make the catalog wrong on purpose. */
  readonly wrong: readonly string[];
}

/** Shows the life of a server. */
export interface ServeView {
  /** Says where it listens, and warns of what is wrong on purpose. */
  started(started: Started): void;
  /** Counts an answered request, and shows it where that was asked for. */
  request(event: RequestEvent): void;
  /** Says in a last JSON line how many requests there were; text has no such line. */
  stopped(): void;
}

/** Options of {@link createServeView}. */
export interface ServeViewOptions {
  /** JSON lines on stdout in place of text. */
  readonly json: boolean;
  /** A line for each request on stderr. */
  readonly trace: boolean;
  /** No text but warnings and faults. */
  readonly quiet: boolean;
}

/** Makes the view; warnings and faults of the catalog's own stand on stderr in every case. */
export function createServeView(terminal: Terminal, options: ServeViewOptions): ServeView {
  const { out, err } = terminal;
  let requests = 0;
  const say = <T extends { readonly type: string }>(event: T, time = new Date()) => {
    if (options.json) out.write(`${jsonLine(event, time)}\n`);
  };
  return {
    started({ uri, warehouses, version, wrong }) {
      const served = warehouses.map(({ name, root }) => ({ name, root }));
      say({ type: "start", uri, warehouses: served, version, wrong });
      if (!options.json && !options.quiet) out.write(`${greeting(warehouses, uri)}\n`);
      if (wrong.length > 0) {
        const warning = `Warning: this catalog is WRONG ON PURPOSE, for tests only: ${
          wrong.join(" ")
        }`;
        err.write(`${paint(err, "yellow", warning)}\n`);
      }
    },
    request(event) {
      requests++;
      const { error, time, ...rest } = event;
      say(
        { type: "request", ...rest, ...(error === undefined ? {} : { error: String(error) }) },
        time,
      );
      if (options.trace) err.write(`${traceLine(event)}\n`);
      if (error !== undefined) {
        err.write(`Fault while answering ${event.method} ${event.path}: ${String(error)}\n`);
      }
    },
    stopped() {
      say({ type: "stop", requests });
    },
  };
}

function greeting(warehouses: readonly WarehouseOptions[], uri: string): string {
  const names = warehouses.map(({ name, root }) => `"${name}" (${root})`).join(", ");
  return `Serving warehouse${warehouses.length === 1 ? "" : "s"} ${names} at ${uri}`;
}

function traceLine(event: RequestEvent): string {
  const { method, path, status, resultStatus, elapsedMs, faults = [] } = event;
  const answered = status === 0 ? "no answer" : String(status);
  const note = faults.length === 0
    ? ""
    : ` [${faults.join(", ")}${resultStatus === undefined ? "" : `, was ${resultStatus}`}]`;
  return `${method} ${path} ${answered} ${formatDuration(elapsedMs)}${note}`;
}
