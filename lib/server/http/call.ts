/** A request on its way to its handler, and what every handler reads of it. */
import type { Catalog } from "../catalog.ts";
import type { TableName } from "../failure.ts";
import { parseBody, requireJsonType } from "./http.ts";
import { checkName, decodeSegment, splitNamespace } from "../names.ts";
import type { RecordReply } from "./reply.ts";
import type { JsonObject } from "../../table/shape.ts";

/** A request on its way to its handler. */
export interface Call {
  /** The warehouse that the path names, or the first one. */
  readonly catalog: Catalog;
  /** For its headers; the body is read by `text`. */
  readonly request: Request;
  /** Parameters of the query; of one that stands twice the first counts. */
  readonly query: URLSearchParams;
  /** Values of the path's placeholders, still percent-encoded. */
  readonly values: Readonly<Record<string, string>>;
  /** The path below the catalog's base that leads to the same warehouse, such as `v1` or `v1/lake`. */
  readonly base: string;
  /** The body; it is read once. @throws {RequestFailure} 400 */
  readonly text: () => Promise<string>;
  /**
   * Keeps what the request is answered with. Handlers that change something call it within the
   * transaction of the change.
   */
  readonly record: RecordReply;
}

/** Answers a request. */
export type Handler = (call: Call) => Response | Promise<Response>;

/** A method and path with its handler. */
export interface Route {
  /** HTTP method, in upper case. */
  readonly method: string;
  /** Below `/v1/{prefix}/`, with placeholders. */
  readonly path: string;
  /** The path's parts, between slashes; `{name}` is a placeholder. */
  readonly segments: readonly string[];
  /** Answers the requests that fit; what it throws becomes an error body. */
  readonly handle: Handler;
}

/** A route below `/v1/{prefix}/`. */
export function route(method: string, path: string, handle: Handler): Route {
  return { method, path, segments: path.split("/"), handle };
}

/** The body as a JSON object. @throws {RequestFailure | MetadataError} 400, 415 */
export async function bodyOf(call: Call): Promise<JsonObject> {
  requireJsonType(call.request);
  return parseBody(await call.text());
}

/** The namespace that the path names. @throws {RequestFailure} 400 */
export function namespaceOf(call: Call): string[] {
  return splitNamespace(decodeSegment(call.values["namespace"]!));
}

/** The table that the path names. @throws {RequestFailure} 400 */
export function tableOf(call: Call): TableName {
  return {
    namespace: namespaceOf(call),
    name: checkName(decodeSegment(call.values["table"]!), "table name"),
  };
}

/** The view that the path names. @throws {RequestFailure} 400 */
export function viewOf(call: Call): TableName {
  return {
    namespace: namespaceOf(call),
    name: checkName(decodeSegment(call.values["view"]!), "view name"),
  };
}
