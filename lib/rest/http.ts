/**
 * HTTP for the REST protocol: one request in, one plain answer out. An answer says how far a failed
 * request came, since a commit that may have reached the catalog is not the same as one that surely
 * did not. Each request is reported as an event.
 */
import { type Json, parseJson, stringifyJson } from "../table/json.ts";

/** One request and what came of it, for the trace. */
export interface HttpEvent {
  /** Comes when the request has been answered, or has failed. */
  readonly type: "http";
  /** In capitals. */
  readonly method: string;
  /** Without credentials and signatures ({@linkcode redactUrl}). */
  readonly url: string;
  /** Absent when there was no answer. */
  readonly status?: number;
  /** Why there was no answer. */
  readonly error?: string;
  /** From sending to the end of the body, or to the failure. */
  readonly elapsedMs: number;
}

/** A whole HTTP response. */
export interface HttpResponse {
  /** Tells it from an {@linkcode HttpFailure}. */
  readonly kind: "response";
  /** Of any class: a refusal is a response, too. */
  readonly status: number;
  /** As they came; names are found whatever their case. */
  readonly headers: Headers;
  /** The body, read whole; empty when there was none. */
  readonly text: string;
  /** The body as JSON, or undefined when it is none; parsed when it is first asked for. */
  readonly json: Json | undefined;
}

/**
 * No whole response. `refused`: no connection was made, so nothing was sent. `cut`: the connection
 * broke while sending, while waiting or within the body. `timeout`: no end within the time given.
 * `aborted`: the caller gave up.
 */
export interface HttpFailure {
  /** How far the request came. */
  readonly kind: "refused" | "cut" | "timeout" | "aborted";
  /** In the words of the HTTP client, without credentials. */
  readonly reason: string;
  /** Status of a response whose body broke off. */
  readonly status?: number;
}

/** What came of a request. */
export type HttpAnswer = HttpResponse | HttpFailure;

/** One request. */
export interface HttpRequest {
  /** GET and HEAD count as changing nothing: they follow redirects and share connections. */
  readonly method: "GET" | "POST" | "HEAD" | "DELETE";
  /** Absolute, `http:` or `https:`. */
  readonly url: string;
  /** Beside `accept`, `user-agent` and `content-type`, which are set where they are needed. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Until the body has been read whole. @default {60000} */
  readonly timeoutMs?: number;
  /** Gives the request up: its answer is `aborted` then. */
  readonly signal?: AbortSignal;
}

/** Sends one request and reads the answer whole; never throws for what the network does. */
export type HttpSend = (request: HttpRequest) => Promise<HttpAnswer>;

const TIMEOUT_MS_DEFAULT = 60_000;

/**
 * What changes something goes over a connection of its own: a request that breaks off on a kept one is
 * sent again by newer versions of Deno without a word. A commit would be made twice; and even under an
 * Idempotency-Key, a refusal of the second (429, say) would be taken for that of the first, which may
 * have been carried out.
 */
const changingClient = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });

/**
 * A request leaves when this thread has nothing else to do, so what others make of its time has to
 * wait until it is on its way: connected and written, on a machine or in a network nearby.
 */
export const SENT_AFTER_MS = 1;

/** Makes a sender that reports each request to `onEvent`. */
export function createHttp(options: {
  readonly userAgent: string;
  readonly onEvent: (event: HttpEvent) => void;
}): HttpSend {
  return async (request) => {
    const startedMs = performance.now();
    const answer = await send(request, options.userAgent);
    options.onEvent({
      type: "http",
      method: request.method,
      url: redactUrl(request.url),
      ...(answer.status === undefined ? {} : { status: answer.status }),
      ...(answer.kind === "response" ? {} : { error: `${answer.kind}: ${answer.reason}` }),
      elapsedMs: performance.now() - startedMs,
    });
    return answer;
  };
}

async function send(request: HttpRequest, userAgent: string): Promise<HttpAnswer> {
  // By hand: signals that are made of others take longer than all the rest of a request here.
  const ending = new AbortController();
  const { timeoutMs = TIMEOUT_MS_DEFAULT } = request;
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    ending.abort(new DOMException(`not answered within ${timeoutMs / 1000} s`, "TimeoutError"));
  }, timeoutMs);
  const giveUp = () => ending.abort(request.signal?.reason);
  request.signal?.addEventListener("abort", giveUp);
  if (request.signal?.aborted) giveUp();
  const headers: Record<string, string> = {
    accept: "application/json",
    "user-agent": userAgent,
    ...request.headers,
  };
  let body: string | null = null;
  if (request.body !== undefined) {
    headers["content-type"] = "application/json";
    body = stringifyJson(request.body);
  }
  const changes = request.method !== "GET" && request.method !== "HEAD";
  let status: number | undefined;
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers,
      body,
      signal: ending.signal,
      // Following would send a commit elsewhere, or make a GET of it: its answer would be lost.
      ...(changes ? { redirect: "manual", client: changingClient } : {}),
    });
    status = response.status;
    const text = await response.text();
    return responseOf(status, { headers: response.headers, text });
  } catch (error) {
    const known = status === undefined ? {} : { status };
    return { kind: kindOfFailure(error, { request, isLate }), reason: reasonOf(error), ...known };
  } finally {
    clearTimeout(timer);
    request.signal?.removeEventListener("abort", giveUp);
  }
}

function kindOfFailure(
  error: unknown,
  of: { readonly request: HttpRequest; readonly isLate: boolean },
): HttpFailure["kind"] {
  if (of.request.signal?.aborted) return "aborted";
  if (of.isLate) return "timeout";
  // The HTTP client underneath names the phase; only these mean that nothing was sent.
  return /client error \(Connect\)|invalid url|url scheme/i.test(reasonOf(error))
    ? "refused"
    : "cut";
}

/** Newer versions of Deno say only "fetch failed" and keep the reason in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof TypeError && error.cause instanceof Error) return reasonOf(error.cause);
  // "error sending request for url (http://…): the reason": the URL is said elsewhere.
  const [, reason] = /^error sending request .*?:\s+((?:client|http|connection) .*)$/is.exec(
    error.message,
  ) ?? [];
  return reason ?? redactUrl(error.message);
}

function responseOf(
  status: number,
  of: { readonly headers: Headers; readonly text: string },
): HttpResponse {
  let parsed: { readonly json: Json | undefined } | undefined;
  return {
    kind: "response",
    status,
    ...of,
    get json() {
      // An answer with the whole history of a table is read otherwise.
      return (parsed ??= { json: tryJson(of.text) }).json;
    },
  };
}

function tryJson(text: string): Json | undefined {
  if (text === "") return undefined;
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** Credentials in a URL, or signatures in its query, are nobody's business. */
export function redactUrl(url: string): string {
  return url
    .replace(/\/\/[^/@\s]*@/, "//***@")
    .replace(/([?&](?:X-Amz-[^=]*|token|access_token|credential)=)[^&]*/gi, "$1***");
}
