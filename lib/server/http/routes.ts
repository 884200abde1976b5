/** Which request does what: the paths of the REST spec that the embedded catalog serves. */
import type { Call, Route } from "./call.ts";
import { type Catalog, type LoadedTable, loadTable, readMetadataFile } from "../catalog.ts";
import { RequestFailure, type TableName } from "../failure.ts";
import { emptyResponse, errorResponse, jsonResponse, readBodyText, textResponse } from "./http.ts";
import { idempotencyKeyOf, KEY_LIFETIME } from "./idempotency.ts";
import { decodeSegment } from "../names.ts";
import { NAMESPACE_ROUTES } from "./namespace_routes.ts";
import type { Reply } from "./reply.ts";
import { contextOf } from "./request_context.ts";
import { STORAGE_ROUTES } from "./storage_routes.ts";
import { commitResponse, stagedResponse, TABLE_ROUTES, tableResponse } from "./table_routes.ts";
import { loadViewAsOf } from "../view_files.ts";
import { VIEW_ROUTES, viewResponse } from "./view_routes.ts";

/** Where the catalog answers below its address: where Lakekeeper would. */
export const BASE_PATH = "/catalog";

const ROUTES: readonly Route[] = [
  ...NAMESPACE_ROUTES,
  ...TABLE_ROUTES,
  ...STORAGE_ROUTES,
  ...VIEW_ROUTES,
];

/** First segments of the routes: no warehouse may have such a name. */
export const RESERVED_NAMES: ReadonlySet<string> = new Set([
  "config",
  "oauth",
  ...ROUTES.map(({ segments }) => segments[0]!),
]);

/** What `GET /v1/config` lists, in the form of the REST spec. */
export const ENDPOINTS: readonly string[] = ROUTES.map(({ method, path }) =>
  `${method} /v1/{prefix}/${path}`
);

/** How requests are answered. */
export interface RouteOptions {
  /** Whether Idempotency-Keys are offered, and heeded. @default {true} */
  readonly idempotencyKeys?: boolean;
}

/** A request with the route that it takes. */
export interface Routed {
  /** The route's template, such as `/v1/{prefix}/namespaces`. */
  readonly template: string;
  /** HTTP method. */
  readonly method: string;
  /** Carries the request out. */
  readonly answer: () => Promise<Response>;
}

/**
 * Finds what answers a request.
 *
 * @param catalogs the warehouses by name; the first one answers requests without a prefix.
 * @throws {RequestFailure} 403, 404 or 405 when nothing does.
 */
export function routeRequest(
  catalogs: ReadonlyMap<string, Catalog>,
  request: Request,
  options: RouteOptions = {},
): Routed {
  const { idempotencyKeys = true } = options;
  const { method } = request;
  const { path, target, query } = splitUrl(request.url);
  const versionPath = `${BASE_PATH}/v1/`;
  if (!path.startsWith(versionPath)) throw unknownPath(request);
  const all = path.slice(versionPath.length).split("/");
  if (all.length === 1 && all[0] === "config") {
    if (method !== "GET") throw wrongMethod(request, ["GET"]);
    const answer = () => Promise.resolve(getConfig(catalogs, query, idempotencyKeys));
    return { template: "/v1/config", method, answer };
  }
  const { catalog, base, segments } = choosePrefix(catalogs, all);
  const allowed: string[] = [];
  for (const candidate of ROUTES) {
    const values = matchSegments(candidate.segments, segments);
    if (values === undefined) continue;
    if (candidate.method !== method) {
      allowed.push(candidate.method);
      continue;
    }
    let text: Promise<string> | undefined;
    const call: Call = {
      catalog,
      request,
      query,
      values,
      base,
      text: () => text ??= readBodyText(request),
      record: () => {},
    };
    return {
      template: `/v1/{prefix}/${candidate.path}`,
      method,
      answer: async () =>
        idempotencyKeys ? await answerOnce(candidate, call, target) : await candidate.handle(call),
    };
  }
  throw allowed.length > 0 ? wrongMethod(request, allowed) : unknownPath(request);
}

/** Carries a request out; one with an Idempotency-Key only if that has not been done before. */
async function answerOnce(route: Route, call: Call, target: string): Promise<Response> {
  const { request, catalog } = call;
  const { method } = request;
  const key = method === "GET" || method === "HEAD" ? undefined : idempotencyKeyOf(request);
  if (key === undefined) return await route.handle(call);
  const body = await call.text();
  return await catalog.idempotency.answer({ key, method, target, body }, {
    run: async (record) => await route.handle({ ...call, record }),
    replay: async (reply) => {
      contextOf(request).isReplay = true;
      return await replay(call, reply);
    },
  });
}

/** The response of an answer that was kept. */
async function replay(call: Call, reply: Reply): Promise<Response> {
  switch (reply.form) {
    case "empty":
      return emptyResponse();
    case "json":
      return textResponse(reply.text);
    case "error": {
      const { status, type, message } = reply;
      return errorResponse(new RequestFailure(status, type, message), call.request.method);
    }
    case "table":
      return await tableResponse(call, {
        ...await loadAsOf(call.catalog, reply),
        table: reply.table,
      });
    case "staged":
      return await stagedResponse(call, { table: reply.table, text: reply.metadata });
    case "commit":
      return commitResponse(await loadAsOf(call.catalog, reply));
    case "view":
      return viewResponse(await loadViewAsOf(call.catalog, { ...reply, view: reply.table }));
  }
}

/** A table as a change has left it or, where that metadata file has been removed, as it is now. */
async function loadAsOf(
  catalog: Catalog,
  state: { readonly table: TableName; readonly metadataLocation: string },
): Promise<LoadedTable> {
  const { table, metadataLocation } = state;
  const file = await readMetadataFile(catalog, metadataLocation).catch(() => undefined);
  if (file === undefined) return await loadTable(catalog, table);
  const { "table-uuid": uuid, location } = file.metadata;
  return { row: { uuid, location, metadataLocation }, file };
}

/**
 * The warehouse that a path's prefix names, and the rest of the path.
 *
 * @throws {RequestFailure} 400 for a segment that is not percent-encoded.
 */
function choosePrefix(
  catalogs: ReadonlyMap<string, Catalog>,
  segments: readonly string[],
): { readonly catalog: Catalog; readonly base: string; readonly segments: readonly string[] } {
  const [first, ...rest] = segments;
  const named = first === undefined || RESERVED_NAMES.has(first)
    ? undefined
    : catalogs.get(decodeSegment(first));
  if (named !== undefined) return { catalog: named, base: `v1/${first}`, segments: rest };
  const [standing] = catalogs.values();
  return { catalog: standing!, base: "v1", segments };
}

/**
 * The path as the client sent it. A URL object would fold `%2e%2e` away, and reach something else
 * than was asked for.
 */
function splitUrl(url: string): { path: string; target: string; query: URLSearchParams } {
  const [target = ""] = url.replace(/^[a-z]+:\/\/[^/]*/i, "").split("#");
  const at = target.indexOf("?");
  return {
    path: at < 0 ? target : target.slice(0, at),
    target,
    query: new URLSearchParams(at < 0 ? "" : target.slice(at)),
  };
}

function matchSegments(
  pattern: readonly string[],
  segments: readonly string[],
): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const values: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index]!;
    if (part.startsWith("{")) values[part.slice(1, -1)] = segment;
    else if (part !== segment) return undefined;
  }
  return values;
}

function unknownPath(request: Request): RequestFailure {
  const { path } = splitUrl(request.url);
  return new RequestFailure(
    404,
    "NotFoundException",
    `Cannot answer ${request.method} "${path.slice(0, 200)}": there is no such path`,
  );
}

function wrongMethod(request: Request, allowed: readonly string[]): RequestFailure {
  return new RequestFailure(
    405,
    "MethodNotAllowedException",
    `Cannot answer ${request.method} on this path: it takes ${allowed.join(", ")}`,
  );
}

function getConfig(
  catalogs: ReadonlyMap<string, Catalog>,
  query: URLSearchParams,
  idempotencyKeys: boolean,
): Response {
  const [standing] = catalogs.keys();
  const name = query.get("warehouse") || standing!;
  if (!catalogs.has(name)) {
    throw new RequestFailure(
      404,
      "NoSuchWarehouseException",
      `Warehouse does not exist: ${name.slice(0, 200)}`,
    );
  }
  return jsonResponse({
    defaults: {},
    // Of a single warehouse the paths are as short as they can be.
    overrides: catalogs.size === 1 ? {} : { prefix: encodeURIComponent(name) },
    endpoints: ENDPOINTS,
    ...(idempotencyKeys ? { "idempotency-key-lifetime": KEY_LIFETIME } : {}),
  });
}
