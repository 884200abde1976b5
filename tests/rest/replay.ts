/** A server that answers as a recorded Lakekeeper did (tests/fixtures/lakekeeper_exchanges.json). */
import { type Json, parseJson, stringifyJson } from "../../lib/table/json.ts";

/** A request and its answer, as recorded. */
export interface Exchange {
  readonly name: string;
  readonly request: {
    readonly method: "GET" | "POST" | "HEAD" | "DELETE";
    /** Path and query. */
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Json;
  };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Json;
  };
  /** Instead of the two above: status, error type and message of requests sent at once. */
  readonly answers?: ReadonlyArray<readonly [number, string | null, string | null]>;
}

/** A request that the server has seen. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Headers;
  readonly body: Json | undefined;
}

/** Answers instead of the record; undefined leaves it to the record. */
export type Instead = (seen: Seen) => Response | undefined;

/** The base URI that the recorded server named itself by. */
const RECORDED_ORIGIN = "http://127.0.0.1:8181";

const FIXTURE = new URL("../fixtures/lakekeeper_exchanges.json", import.meta.url);

/** Reads the record, with int64 kept whole. */
export function readExchanges(): Exchange[] {
  return parseJson(Deno.readTextFileSync(FIXTURE)) as unknown as Exchange[];
}

/** A server for one exchange, which also answers `getConfig`. */
export interface Replay {
  /** What clients take as catalog URI. */
  readonly uri: string;
  /** All requests but those of `getConfig`. */
  readonly seen: readonly Seen[];
  close(): Promise<void>;
}

/** Serves one exchange; what it has no answer for gets 599. */
export function startReplay(
  exchange: Exchange,
  options: { readonly config: Exchange; readonly instead: Instead | undefined },
): Replay {
  const seen: Seen[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname: path, search: query, origin } = new URL(request.url);
    const text = await request.text();
    const one: Seen = {
      method: request.method,
      path,
      query,
      headers: request.headers,
      body: text === "" ? undefined : parseJson(text),
    };
    const asksConfig = path === "/catalog/v1/config";
    if (!asksConfig) seen.push(one);
    const own = options.instead?.(one);
    if (own !== undefined) return own;
    const recorded = [exchange, options.config].find(({ request: known }) =>
      known !== undefined && known.method === one.method && known.path.split("?")[0] === path
    );
    return recorded === undefined
      ? new Response(`${one.method} ${path} is not recorded`, { status: 599 })
      : answerOf(recorded, origin);
  });
  return {
    uri: `http://127.0.0.1:${server.addr.port}/catalog`,
    seen,
    close: () => server.shutdown(),
  };
}

function answerOf({ response }: Exchange, origin: string): Response {
  const { status, headers, body } = response;
  const text = typeof body === "string" ? body : stringifyJson(body);
  // Its own base URI stands in the answers; it must lead to this server.
  const moved = text.replaceAll(RECORDED_ORIGIN, origin);
  return new Response(moved === "" ? null : moved, { status, headers });
}
