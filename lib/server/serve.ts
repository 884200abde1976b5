/** The embedded catalog as an HTTP server. */
import { AuthError, EXIT_CODE, ToolError, UsageError } from "../errors.ts";
import { Access } from "./access/access.ts";
import { type Catalog, closeCatalog, openCatalog } from "./catalog.ts";
import { type FaultOptions, Faults } from "./faults/faults.ts";
import { Figures } from "./http/figures.ts";
import { type FrontDoor, openFrontDoor } from "./faults/front_door.ts";
import type { LostRaceEra } from "./faults/lost_race.ts";
import { type RequestEvent, Responder } from "./http/responder.ts";
import { BASE_PATH, RESERVED_NAMES } from "./http/routes.ts";
import type { WarehouseOptions } from "./warehouse.ts";

export type { RequestEvent, WarehouseOptions };

/** Options of {@link startServer}. */
export interface ServerOptions {
  /** Address to listen on; without a token only a loopback one. @default {"127.0.0.1"} */
  readonly host?: string;
  /** Port to listen on; 0 takes a free one. @default {0} */
  readonly port?: number;
  /** The warehouses; the first one answers clients that name none. */
  readonly warehouses: readonly WarehouseOptions[];
  /** Bearer token that every request must show. @default {none is asked for} */
  readonly token?: string;
  /** Certificate chain and private key, both PEM, to serve HTTPS. @default {plain HTTP} */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Labels of the figure that says what runs; with them there are figures at `/metrics`. */
  readonly figures?: Readonly<Record<string, string>>;
  /** How a commit that lost its race is answered; anything but 409 is wrong. @default {409} */
  readonly lostRace?: LostRaceEra;
  /**
   * Whether Idempotency-Keys are offered, and heeded.
   * @default {yes, but for the eras 400 and 500, which knew none}
   */
  readonly idempotencyKeys?: boolean;
  /** Faults that strike requests, for tests. @default {none} */
  readonly faults?: FaultOptions;
  /** Is told of every request once it is answered. */
  readonly onRequest?: (event: RequestEvent) => void;
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
 * Opens the catalogs of the warehouses and serves them.
 *
 * @throws {UsageError} for an address that is not loopback and no token, for a token or a certificate
 * that cannot be used.
 * @throws {ToolError} when the directory, the database or the port cannot be used.
 */
export async function startServer(options: ServerOptions): Promise<RunningCatalog> {
  const { host = "127.0.0.1", port = 0, token, tls, lostRace = 409 } = options;
  if (!isLoopback(host) && token === undefined) {
    throw new UsageError(
      `Cannot listen on "${host}" without a token: anyone who reaches it could change the tables`,
      { hint: "Give a token with --token, or listen on 127.0.0.1" },
    );
  }
  const access = await Access.open(token);
  const figures = options.figures === undefined ? undefined : new Figures(options.figures);
  const faults = options.faults === undefined ? undefined : new Faults(options.faults);
  const catalogs = await openCatalogs(options.warehouses);
  const stopping = new AbortController();
  const responder = new Responder({
    catalogs,
    access,
    figures,
    faults,
    lostRace,
    idempotencyKeys: options.idempotencyKeys ?? lostRace === 409,
    onRequest: options.onRequest,
    signal: stopping.signal,
  });
  const active = new Set<Promise<Response>>();
  let open: OpenServer;
  try {
    open = listen({
      hostname: host.replace(/^\[(.*)\]$/, "$1"),
      port,
      tls,
      withDoor: faults?.cutsConnections ?? false,
    }, (request, cut) => {
      const answered = responder.respond(request, cut);
      active.add(answered);
      return answered.finally(() => active.delete(answered));
    });
  } catch (cause) {
    closeCatalogs(catalogs);
    throw listenError(`${host}:${port}`, cause);
  }
  const { hostname, port: boundPort } = open.addr;
  const address = hostname.includes(":") ? `[${hostname}]` : hostname;
  let closing: Promise<void> | undefined;
  return {
    uri: `${tls === undefined ? "http" : "https"}://${address}:${boundPort}${BASE_PATH}`,
    close() {
      stopping.abort();
      open.door?.stop();
      return closing ??= closeWithin(open.server, active)
        .finally(() => open.door?.close())
        .finally(() => closeCatalogs(catalogs));
    },
  };
}

/** A server that listens, perhaps behind a door. */
interface OpenServer {
  readonly server: Deno.HttpServer<Deno.NetAddr>;
  readonly door?: FrontDoor;
  /** Where clients come in. */
  readonly addr: Deno.NetAddr;
}

/** Answers a request; `cut` closes the connection that it came by. */
type Handler = (request: Request, cut: () => void) => Promise<Response>;

function listen(
  options: {
    readonly hostname: string;
    readonly port: number;
    readonly tls: ServerOptions["tls"];
    /** Whether connections must be able to end without an answer. */
    readonly withDoor: boolean;
  },
  handle: Handler,
): OpenServer {
  const { hostname, port, tls, withDoor } = options;
  const quiet = {
    onListen() {},
    // An answer whose body fails does so on request.
    onError: () => new Response(null, { status: 500 }),
  };
  if (!withDoor) {
    const server = Deno.serve(
      { ...quiet, ...tls, hostname, port },
      (request) => handle(request, () => {}),
    );
    return { server, addr: server.addr };
  }
  const listener = tls === undefined
    ? Deno.listen({ hostname, port })
    : Deno.listenTls({ hostname, port, ...tls });
  const server = Deno.serve(
    { ...quiet, hostname: "127.0.0.1", port: 0 },
    (request, { remoteAddr }) => handle(request, () => door.cut(remoteAddr.port)),
  );
  const door: FrontDoor = openFrontDoor(listener, server.addr);
  return { server, door, addr: door.addr };
}

async function openCatalogs(
  warehouses: readonly WarehouseOptions[],
): Promise<Map<string, Catalog>> {
  const catalogs = new Map<string, Catalog>();
  try {
    for (const warehouse of warehouses) {
      const { name } = warehouse;
      if (catalogs.has(name)) {
        throw new UsageError(`Cannot serve two warehouses of the name "${name}"`);
      }
      if (warehouses.length > 1 && RESERVED_NAMES.has(name)) {
        throw new UsageError(`Cannot serve a warehouse of the name "${name}" beside another one`, {
          hint: "It stands in paths, where that word means something else: choose another name",
        });
      }
      const catalog = await openCatalog(warehouse);
      catalogs.set(name, catalog);
    }
    return catalogs;
  } catch (error) {
    closeCatalogs(catalogs);
    throw error;
  }
}

function closeCatalogs(catalogs: ReadonlyMap<string, Catalog>): void {
  for (const catalog of catalogs.values()) closeCatalog(catalog);
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
  if (cause instanceof Deno.errors.InvalidData || cause instanceof TypeError) {
    return new UsageError(`Cannot serve HTTPS: ${reason}`, {
      cause,
      hint: "Give the certificate chain with --cert and its private key with --key, both as PEM",
    });
  }
  const message = `Cannot listen on "${address}": ${reason}`;
  if (cause instanceof Deno.errors.PermissionDenied || cause instanceof Deno.errors.NotCapable) {
    return new AuthError(message, { cause, hint: "Choose a port above 1023" });
  }
  return new ToolError(message, EXIT_CODE.failed, {
    cause,
    hint: "Something else may listen there: choose another port, or 0 for a free one",
  });
}
