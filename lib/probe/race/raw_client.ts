/**
 * HTTP for the writers of a race: one connection each, kept alive, and nothing done beside sending
 * and classifying. A request is never sent twice: `fetch` sends one again by itself when a kept
 * connection breaks off, and a commit made twice would be blamed on the catalog. This client does not.
 */
import { type Dispatcher, EnvHttpProxyAgent, Pool } from "undici";
import { readErrorBody, shownBody } from "../../rest/error_body.ts";
import { readRetryAfterMs } from "../../rest/outcome.ts";
import { type Json, parseJson } from "../../table/json.ts";
import type { CompleteRecord } from "../history.ts";

/** What came of a request. */
export interface RawAnswer {
  /** As in the history: `ok` acknowledged, `fail` certainly not done, `unknown` may have been done. */
  readonly outcome: CompleteRecord["outcome"];
  /** HTTP status; null when there was no whole answer. */
  readonly status: number | null;
  /** Body of the answer. */
  readonly text: string;
  /** `type` of the error body (REST spec, `ErrorModel`); absent when there is none. */
  readonly errorType?: string;
  /** The error's message, or why there was no answer. */
  readonly message?: string;
  /** What a refusal's `Retry-After` header asks for; absent when there is none. */
  readonly retryAfterMs?: number;
  /** `Server` header. */
  readonly server?: string;
}

/** How a client reaches the catalog. */
export interface RawClientOptions {
  /** Any URL of the catalog: its origin is connected to. */
  readonly url: string;
  /** Sent as bearer token with every request. */
  readonly token: string;
  /** Value of the `User-Agent` header. */
  readonly userAgent: string;
  /** Further headers of every request, names in small letters. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Until the body has been read whole, in ms. @default {60000} */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS_DEFAULT = 60_000;
const MESSAGE_CHARACTERS_MAX = 500;

/** One writer's connection to a catalog. */
export class RawClient {
  readonly #dispatcher: Dispatcher;
  readonly #origin: string;
  readonly #headers: Record<string, string>;

  /** Connects with the first request, through a proxy where the usual variables name one. */
  constructor(options: RawClientOptions) {
    this.#origin = new URL(options.url).origin;
    const timeoutMs = options.timeoutMs ?? TIMEOUT_MS_DEFAULT;
    const settings = {
      connections: 1,
      pipelining: 1,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      connect: { timeout: timeoutMs },
    };
    this.#dispatcher = hasProxy() ? new EnvHttpProxyAgent(settings) : new Pool(
      this.#origin,
      settings,
    );
    this.#headers = {
      accept: "application/json",
      authorization: `Bearer ${options.token}`,
      "content-type": "application/json",
      "user-agent": options.userAgent,
      ...options.headers,
    };
  }

  /** Posts a body that is JSON text already. Never throws for what the network does. */
  post(
    url: string,
    options: { readonly body: string; readonly idempotencyKey?: string },
  ): Promise<RawAnswer> {
    const { body, idempotencyKey: key } = options;
    const headers = key === undefined
      ? this.#headers
      : { ...this.#headers, "idempotency-key": key };
    return this.#send({ method: "POST", path: this.#pathOf(url), body, headers });
  }

  /** Gets a URL. Never throws for what the network does. */
  get(url: string): Promise<RawAnswer> {
    return this.#send({ method: "GET", path: this.#pathOf(url), headers: this.#headers });
  }

  /** Ends the connection; a request that is under way gets no answer. */
  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  /** As it stands: a URL object would fold what the catalog's separator made. */
  #pathOf(url: string): string {
    return url.slice(url.indexOf("/", url.indexOf("//") + 2));
  }

  async #send(request: Omit<Dispatcher.RequestOptions, "origin">): Promise<RawAnswer> {
    let status: number | undefined;
    try {
      const response = await this.#dispatcher.request({ ...request, origin: this.#origin });
      status = response.statusCode;
      const text = await response.body.text();
      return classify(status, { text, headers: response.headers });
    } catch (error) {
      return unanswered(error, status);
    }
  }
}

function hasProxy(): boolean {
  return ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"]
    .some((name) => Boolean(Deno.env.get(name)));
}

/**
 * What a status means for a commit (REST spec, `updateTable`): 4xx is a refusal, every other status
 * than 2xx leaves open whether the table has changed.
 */
function classify(
  status: number,
  of: { readonly text: string; readonly headers: Readonly<Record<string, unknown>> },
): RawAnswer {
  const { text, headers } = of;
  const server = typeof headers.server === "string" ? { server: headers.server } : {};
  if (status >= 200 && status < 300) return { outcome: "ok", status, text, ...server };
  const { type, message } = readErrorBody(tryJson(text));
  const shown = message ?? shownBody(text);
  const retryAfter = headers["retry-after"];
  const retryAfterMs = readRetryAfterMs(typeof retryAfter === "string" ? retryAfter : null);
  return {
    outcome: status >= 400 && status < 500 ? "fail" : "unknown",
    status,
    text,
    ...server,
    ...(type === undefined ? {} : { errorType: type }),
    ...(shown === "" ? {} : { message: shown.slice(0, MESSAGE_CHARACTERS_MAX) }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

/** The connection was never made, so nothing was sent. */
const NEVER_SENT: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

function unanswered(error: unknown, status: number | undefined): RawAnswer {
  const { code, message } = error as { readonly code?: string; readonly message?: string };
  const cut = status === undefined ? "" : ` after status ${status}`;
  return {
    outcome: code !== undefined && NEVER_SENT.has(code) ? "fail" : "unknown",
    // The status of an answer whose body broke off says nothing for certain.
    status: null,
    text: "",
    message: `no answer${cut}: ${message ?? String(error)}`.slice(0, MESSAGE_CHARACTERS_MAX),
  };
}

function tryJson(text: string): Json | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
