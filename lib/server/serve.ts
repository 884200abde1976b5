/** The embedded catalog as an HTTP server. */
import { AuthError, EXIT_CODE, ToolError, UsageError } from "../errors.ts";
import { type Catalog, closeCatalog, openCatalog } from "./catalog.ts";
import { failureOf } from "./failure.ts";
import { errorResponse } from "./http.ts";
import { answer, BASE_PATH } from "./routes.ts";

/** Options of {@link startServer}. */
export interface ServerOptions {
  /** Address to listen on; only loopback ones are allowed. @default {"127.0.0.1"} */
  readonly host?: string;
  /** Port to listen on; 0 takes a free one. @default {0} */
  readonly port?: number;
  /** Where tables and the catalog's database lie; made when missing. */
  readonly warehouseDirectory: string;
  /** Name that clients may give as warehouse. @default {"demo"} */
  readonly warehouseName?: string;
  /** Is told of every request once it is answered. */
  readonly onRequest?: (event: RequestEvent) => void;
}

/** One answered request. */
export interface RequestEvent {
  readonly method: string;
  /** Path and query as the client sent them. */
  readonly path: string;
  readonly status: number;
  readonly elapsedMs: number;
  /** What went wrong within the catalog, when the answer is a 500. */
  readonly error?: unknown;
}

/** A catalog that answers requests. */
export interface RunningCatalog {
  /** What clients take as catalog URI, such as `http://127.0.0.1:8181/catalog`. */
  readonly uri: string;
  /**
   * Finishes the requests under way and stops; a request whose body has not all come is refused with
   * 503. A second call waits for the first.
   */
  close(): Promise<void>;
}

const CLOSE_MS_MAX = 10_000;
/** Answers are on their way; a client that does not take its own is not waited for. */
const CLOSE_GRACE_MS = 500;

/**
 * Opens the catalog of a warehouse directory and serves it.
 *
 * @throws {UsageError} for an address that is not loopback.
 * @throws {ToolError} when the directory, the database or the port cannot be used.
 */
export async function startServer(options: ServerOptions): Promise<RunningCatalog> {
  const { host = "127.0.0.1", port = 0, onRequest } = options;
  if (!isLoopback(host)) {
    throw new UsageError(
      `Cannot listen on "${host}": anyone who reaches it could change the tables`,
      { hint: "Listen on 127.0.0.1; access control comes with --token in a later version" },
    );
  }
  const catalog = await openCatalog({
    warehouseDirectory: options.warehouseDirectory,
    warehouseName: options.warehouseName ?? "demo",
  });
  const active = new Set<Promise<Response>>();
  let server: Deno.HttpServer<Deno.NetAddr>;
  try {
    server = Deno.serve({
      hostname: host.replace(/^\[(.*)\]$/, "$1"),
      port,
      onListen() {},
    }, (request) => {
      const answered = respond(catalog, request, onRequest);
      active.add(answered);
      return answered.finally(() => active.delete(answered));
    });
  } catch (cause) {
    closeCatalog(catalog);
    throw listenError(`${host}:${port}`, cause);
  }
  const { hostname, port: boundPort } = server.addr;
  const address = hostname.includes(":") ? `[${hostname}]` : hostname;
  let closing: Promise<void> | undefined;
  return {
    uri: `http://${address}:${boundPort}${BASE_PATH}`,
    close() {
      return closing ??= closeWithin(server, active).finally(() => closeCatalog(catalog));
    },
  };
}

async function respond(
  catalog: Catalog,
  request: Request,
  onRequest: ServerOptions["onRequest"],
): Promise<Response> {
  const startMs = performance.now();
  let response: Response;
  let failure: unknown;
  try {
    response = await answer(catalog, request);
  } catch (error) {
    response = errorResponse(error, request.method);
    if (failureOf(error) === undefined) failure = error;
  }
  // Compressing for a client on the same machine costs more than it saves.
  response.headers.set("cache-control", "no-transform");
  onRequest?.({
    method: request.method,
    path: request.url.replace(/^[a-z]+:\/\/[^/]*/i, ""),
    status: response.status,
    elapsedMs: performance.now() - startMs,
    ...(failure === undefined ? {} : { error: failure }),
  });
  return response;
}

/** Requests under way may end; after a while they are waited for no longer. */
async function closeWithin(
  server: Deno.HttpServer,
  active: ReadonlySet<Promise<Response>>,
): Promise<void> {
  const timers: Array<ReturnType<typeof setTimeout>> = [];
  const sleep = (ms: number) =>
    new Promise<void>((resolve) => timers.push(setTimeout(resolve, ms)));
  const stopped = server.shutdown();
  const answered = Promise.allSettled(active).then(() => sleep(CLOSE_GRACE_MS));
  await Promise.race([stopped, answered, sleep(CLOSE_MS_MAX)]);
  for (const timer of timers) clearTimeout(timer);
}

function isLoopback(host: string): boolean {
  return host === "localhost" || /^\[?::1\]?$/.test(host) ||
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

function listenError(address: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `Cannot listen on "${address}": ${reason}`;
  if (cause instanceof Deno.errors.PermissionDenied || cause instanceof Deno.errors.NotCapable) {
    return new AuthError(message, { cause, hint: "Choose a port above 1023" });
  }
  return new ToolError(message, EXIT_CODE.failed, {
    cause,
    hint: "Something else may listen there: choose another port, or 0 for a free one",
  });
}
