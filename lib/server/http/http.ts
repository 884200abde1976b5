/** Requests and answers of the catalog over HTTP: bodies, error bodies, entity tags, pages. */
import { createHash } from "node:crypto";
import { type Json, parseJson, stringifyJson } from "../../table/json.ts";
import { asObject, type JsonObject } from "../../table/shape.ts";
import type { Page } from "../database.ts";
import { badRequest, failureOf, RequestFailure } from "../failure.ts";
import { joinBytes } from "../metadata_bytes.ts";

const encoder = new TextEncoder();
const BODY_BYTES_MAX = 32 * 1024 * 1024;
const DEPTH_MAX = 512;
const PAGE_SIZE_DEFAULT = 1000;
const PAGE_TOKEN_START = "after.";
const RETRY_AFTER_S = 1;
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;

/**
 * A body's text as a JSON object, with int64 kept whole.
 *
 * @throws {RequestFailure | MetadataError} 400 when it is none.
 */
export function parseBody(text: string): JsonObject {
  let json: Json;
  try {
    json = parseJson(text);
  } catch {
    throw badRequest("Cannot read the request body: it is no JSON");
  }
  checkValue(json, 0);
  return asObject(json, "the request body");
}

/** The body of a request. @throws {RequestFailure} 400 when it is too large or not UTF-8, 503 */
export async function readBodyText(request: Request): Promise<string> {
  const tooLarge = () =>
    badRequest(`Cannot read the request body: it is larger than ${BODY_BYTES_MAX} bytes`);
  if (Number(request.headers.get("content-length") ?? 0) > BODY_BYTES_MAX) throw tooLarge();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let sizeBytes = 0;
  try {
    // Of a length that is known no more can come: it is read in one step.
    if (request.headers.has("content-length")) return decoder.decode(await request.arrayBuffer());
    for await (const chunk of request.body ?? []) {
      sizeBytes += chunk.length;
      if (sizeBytes > BODY_BYTES_MAX) throw tooLarge();
      text += decoder.decode(chunk, { stream: true });
    }
    return text + decoder.decode();
  } catch (error) {
    if (error instanceof TypeError) {
      throw badRequest("Cannot read the request body: it is not UTF-8, or was cut off");
    }
    if (error instanceof RequestFailure) throw error;
    // The connection has ended, or the server takes no more because it stops.
    throw new RequestFailure(
      503,
      "ServiceUnavailableException",
      "Cannot read the request body: the connection was closed before its end",
    );
  }
}

/**
 * Refuses what JSON can write and nothing can keep: halves of characters, numbers beyond a double.
 * What walks over the body later does so by recursion.
 */
function checkValue(json: Json, depth: number): void {
  if (typeof json === "string" && !json.isWellFormed()) throw brokenUnicode();
  if (typeof json === "number" && !Number.isFinite(json)) {
    throw badRequest("Cannot read the request body: one of its numbers is too large");
  }
  if (typeof json !== "object" || json === null) return;
  if (depth > DEPTH_MAX) {
    throw badRequest(`Cannot read the request body: it is nested deeper than ${DEPTH_MAX} levels`);
  }
  if (Array.isArray(json)) {
    for (const item of json) checkValue(item, depth + 1);
    return;
  }
  for (const [key, item] of Object.entries(json)) {
    if (!key.isWellFormed()) throw brokenUnicode();
    checkValue(item, depth + 1);
  }
}

function brokenUnicode(): RequestFailure {
  return badRequest("Cannot read the request body: it has broken Unicode");
}

/**
 * Refuses a body that says to be something else than JSON. A page of a web site can make a visitor's
 * browser send such bodies without asking.
 *
 * @throws {RequestFailure} 415
 */
export function requireJsonType(request: Request): void {
  const type = request.headers.get("content-type");
  if (type === null || JSON_TYPE.test(type)) return;
  throw new RequestFailure(
    415,
    "UnsupportedMediaTypeException",
    `Cannot read the request body: its type is "${type.slice(0, 100)}", not application/json`,
  );
}

/** An answer with a JSON body. */
export function jsonResponse(value: unknown, options: ResponseInit = {}): Response {
  return textResponse(stringifyJson(value), options);
}

/** An answer whose JSON is written already, whole or in pieces. */
export function textResponse(
  json: string | ReadonlyArray<string | Uint8Array>,
  options: ResponseInit = {},
): Response {
  const pieces = typeof json === "string" ? [json] : json;
  const bytes = joinBytes(
    pieces.map((piece) => typeof piece === "string" ? encoder.encode(piece) : piece),
  );
  return new Response(bytes, {
    ...options,
    headers: {
      "content-type": "application/json",
      "content-length": String(bytes.length),
      ...options.headers,
    },
  });
}

/** An answer without a body. */
export function emptyResponse(status = 204, headers: Record<string, string> = {}): Response {
  return new Response(null, { status, headers });
}

/**
 * The answer to a request that failed (REST spec, `ErrorModel`). An error that nobody expected says
 * nothing of itself to the client.
 */
export function errorResponse(error: unknown, method: string): Response {
  const failure = failureOf(error) ??
    new RequestFailure(500, "InternalServerError", "The catalog failed on this request");
  const headers: Record<string, string> = {};
  if (failure.status === 503) headers["retry-after"] = String(RETRY_AFTER_S);
  if (method === "HEAD") return emptyResponse(failure.status, headers);
  const { message, type, status } = failure;
  return jsonResponse({ error: { message, type, code: status } }, { status, headers });
}

/** The entity tag of a table's state in one of its forms. */
export function entityTag(metadataLocation: string, form: string): string {
  const digest = createHash("sha256").update(metadataLocation).digest("hex").slice(0, 32);
  return `"${digest}-${form}"`;
}

/** Whether the client's `If-None-Match` names this entity tag. */
export function matchesTag(request: Request, tag: string): boolean {
  const wanted = request.headers.get("if-none-match");
  if (wanted === null) return false;
  return wanted.split(",").some((item) => {
    const bare = item.trim().replace(/^W\//, "");
    return bare === tag || bare === "*";
  });
}

/**
 * The page that `pageToken` and `pageSize` ask for. A client that sends no `pageToken` gets
 * everything, as the REST spec says.
 *
 * @throws {RequestFailure} 400
 */
export function readPage(query: URLSearchParams): Page {
  const sizeText = query.get("pageSize");
  if (sizeText !== null && !/^[1-9]\d{0,8}$/.test(sizeText)) {
    throw badRequest(`Cannot read the page size "${sizeText.slice(0, 100)}"`);
  }
  const token = query.get("pageToken");
  if (token === null) return {};
  const limit = sizeText === null ? PAGE_SIZE_DEFAULT : Number(sizeText);
  return token === "" ? { limit } : { limit, after: readPageToken(token) };
}

/** @throws {RequestFailure} 400 for a token that {@link nextPageToken} has not made */
function readPageToken(token: string): string {
  const name = Buffer.from(token.slice(PAGE_TOKEN_START.length), "base64url").toString();
  // What is no base64 of UTF-8 does not come out as it went in.
  if (name !== "" && pageToken(name) === token) return name;
  throw badRequest(`Cannot read the page token "${token.slice(0, 100)}"`);
}

function pageToken(lastName: string): string {
  return PAGE_TOKEN_START + Buffer.from(lastName).toString("base64url");
}

/** The token of the page after this one, or null for the last page. */
export function nextPageToken(page: Page, names: readonly string[]): string | null {
  const last = names.at(-1);
  return page.limit === undefined || names.length < page.limit || last === undefined
    ? null
    : pageToken(last);
}
