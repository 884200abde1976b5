/** One request from its coming to its answer: access, faults, routes, figures and log. */
import { type Access, AccessFailure, refuseBrowsers } from "../access/access.ts";
import type { Catalog } from "../catalog.ts";
import { failureOf, RequestFailure } from "../failure.ts";
import type { Faults, StruckAnswer } from "../faults/faults.ts";
import type { Figures } from "./figures.ts";
import { errorResponse, jsonResponse } from "./http.ts";
import type { LostRaceEra } from "../faults/lost_race.ts";
import { answerTokenRequest } from "../access/oauth.ts";
import { faultTargetOf, knownMethod, type Operation } from "./operations.ts";
import { PROMETHEUS_TYPE } from "./prometheus.ts";
import { contextOf } from "./request_context.ts";
import { BASE_PATH, routeRequest } from "./routes.ts";

/** One answered request. */
export interface RequestEvent extends Operation {
  /** When it came. */
  readonly time: Date;
  /** The method as the client sent it. */
  readonly method: string;
  /** Path and query as the client sent them; secrets are left out. */
  readonly path: string;
  /** Template of the path, such as `/v1/{prefix}/namespaces`, or `other`. */
  readonly route: string;
  /** Status that the client got; 0 when a fault left it without an answer. */
  readonly status: number;
  /** Status that the work came to, where a fault showed the client another one or none. */
  readonly resultStatus?: number;
  /** From the request's head to its answer's head. */
  readonly elapsedMs: number;
  /** Length of the request's body, where it was announced. */
  readonly bytesIn?: number;
  /** Length of the answer's body, where it is known. */
  readonly bytesOut?: number;
  /** `type` of the error body that the work came to. */
  readonly errorType?: string;
  /** The answer is that of an earlier request with this Idempotency-Key. */
  readonly replayed?: boolean;
  /** Names of the faults that have struck, such as `drop-response`. */
  readonly faults?: readonly string[];
  /** `User-Agent` header, its first 300 characters; absent when there is none. */
  readonly userAgent?: string;
  /** What went wrong within the catalog, when the answer is a 500 that nobody asked for. */
  readonly error?: unknown;
}

/** Options of {@link Responder}. */
export interface ResponderOptions {
  /** The warehouses by name; the first one answers requests that name none. */
  readonly catalogs: ReadonlyMap<string, Catalog>;
  /** Who is answered. */
  readonly access: Access;
  /** How a lost race is answered. */
  readonly lostRace: LostRaceEra;
  /** Whether Idempotency-Keys are offered, and heeded. */
  readonly idempotencyKeys: boolean;
  /** What goes wrong on purpose; undefined for nothing. */
  readonly faults?: Faults | undefined;
  /** Counts every request, and is told at `/metrics`; undefined: there is no such path. */
  readonly figures?: Figures | undefined;
  /** Is told of every request once its answer is made. */
  readonly onRequest?: ((event: RequestEvent) => void) | undefined;
  /** Ends the waits that faults ask for. */
  readonly signal: AbortSignal;
}

/** What answers a request. */
interface Way {
  readonly route: string;
  /** It is answered whoever asks. */
  readonly isFree?: boolean;
  readonly answer: () => Response | Promise<Response>;
}

const HEALTH_PATH = "/health";
const METRICS_PATH = "/metrics";
const TOKEN_ROUTE = "/v1/oauth/tokens";
const PATH_LENGTH_MAX = 2000;

/** Answers requests. */
export class Responder {
  readonly #options: ResponderOptions;

  /** Nothing is opened here: what the options hold is closed by whoever opened it. */
  constructor(options: ResponderOptions) {
    this.#options = options;
  }

  /**
   * Answers one request; it never throws.
   *
   * @param cut closes the client's connection.
   */
  async respond(request: Request, cut: () => void): Promise<Response> {
    const time = new Date();
    const startMs = performance.now();
    const { figures, faults, lostRace, onRequest } = this.#options;
    figures?.began();
    const context = contextOf(request);
    context.era = lostRace;
    if (faults?.losesUpdates) {
      context.losesUpdate = () => {
        const isLost = faults.losesUpdate();
        if (isLost) context.faults.push("lost-update");
        return isLost;
      };
    }
    let failure: unknown;
    const failed = (error: unknown) => {
      failure = error;
      return failureResponse(error, request.method);
    };
    let way: Way | undefined;
    let struck: StruckAnswer;
    try {
      way = this.#wayOf(request);
      const { answer } = way;
      if (way.isFree !== true) await this.#options.access.check(request);
      struck = await this.#strike(request, {
        way,
        cut,
        work: async () => {
          try {
            return await answer();
          } catch (error) {
            return failed(error);
          }
        },
      });
    } catch (error) {
      struck = { response: failed(error), isCut: false };
    }
    const { response, isCut, resultStatus } = struck;
    keepWhole(response);
    const status = isCut ? 0 : response.status;
    const elapsedMs = performance.now() - startMs;
    const route = way?.route ?? "other";
    figures?.ended({
      method: knownMethod(request.method),
      route,
      status,
      resultStatus: resultStatus ?? status,
      elapsedMs,
      isReplay: context.isReplay,
      hasLostRace: context.hasLostRace,
      faults: context.faults,
    });
    onRequest?.({
      time,
      method: request.method,
      path: shownPath(request.url),
      route,
      status,
      ...(resultStatus === undefined ? {} : { resultStatus }),
      elapsedMs,
      ...lengthOf("bytesIn", request.headers),
      ...(isCut ? {} : lengthOf("bytesOut", response.headers)),
      ...describeFailure(failure),
      ...(context.isReplay ? { replayed: true } : {}),
      ...(context.faults.length > 0 ? { faults: context.faults } : {}),
      ...describeAgent(request),
    });
    return response;
  }

  /** Lets the faults have the request, where some are aimed at it. */
  async #strike(
    request: Request,
    options: {
      readonly way: Way;
      readonly cut: () => void;
      readonly work: () => Promise<Response>;
    },
  ): Promise<StruckAnswer> {
    const { way, cut, work } = options;
    const { faults, signal } = this.#options;
    const target = faults === undefined
      ? undefined
      : faultTargetOf({ method: request.method, route: way.route });
    if (faults === undefined || target === undefined) {
      return { response: await work(), isCut: false };
    }
    return await faults.strike({ request, target, cut, signal, work });
  }

  /** @throws {RequestFailure} 401, 403, 404, 405 */
  #wayOf(request: Request): Way {
    refuseBrowsers(request);
    const { catalogs, access, figures, idempotencyKeys } = this.#options;
    const path = pathOf(request.url);
    switch (path) {
      case HEALTH_PATH:
        return { route: path, isFree: true, answer: () => health(catalogs, request) };
      case METRICS_PATH:
        if (figures === undefined) break;
        return { route: path, answer: () => tellFigures(figures, request) };
      case TOKEN_ROUTE:
      case BASE_PATH + TOKEN_ROUTE:
        return {
          route: TOKEN_ROUTE,
          isFree: true,
          answer: () => answerTokenRequest(access, request),
        };
    }
    try {
      const { template, answer } = routeRequest(catalogs, request, { idempotencyKeys });
      return { route: template, answer };
    } catch (error) {
      // Whoever shows no token does not learn which paths there are.
      return { route: "other", answer: () => Promise.reject(error) };
    }
  }
}

/** Says whether the databases answer. */
function health(catalogs: ReadonlyMap<string, Catalog>, request: Request): Response {
  onlyRead(request);
  try {
    for (const { database } of catalogs.values()) database.listNamespaces([], { limit: 1 });
    return jsonResponse({ status: "ok" });
  } catch {
    return jsonResponse({ status: "unavailable" }, { status: 503 });
  }
}

function tellFigures(figures: Figures, request: Request): Response {
  onlyRead(request);
  return new Response(figures.text(), { headers: { "content-type": PROMETHEUS_TYPE } });
}

/** @throws {RequestFailure} 405 */
function onlyRead({ method }: Request): void {
  if (method === "GET" || method === "HEAD") return;
  throw new RequestFailure(
    405,
    "MethodNotAllowedException",
    "Cannot answer this method on this path: it takes GET",
  );
}

function failureResponse(error: unknown, method: string): Response {
  const response = errorResponse(error, method);
  if (error instanceof AccessFailure) response.headers.set("www-authenticate", error.challenge);
  return response;
}

/** Compressing for a client on the same machine costs more than it saves. */
function keepWhole({ headers }: Response): void {
  const kept = headers.get("cache-control");
  headers.set("cache-control", kept === null ? "no-transform" : `${kept}, no-transform`);
}

function describeFailure(failure: unknown): { errorType?: string; error?: unknown } {
  if (failure === undefined) return {};
  const known = failureOf(failure);
  return known === undefined
    ? { errorType: "InternalServerError", error: failure }
    : { errorType: known.type };
}

function describeAgent(request: Request): { userAgent?: string } {
  const userAgent = request.headers.get("user-agent");
  return userAgent === null ? {} : { userAgent: userAgent.slice(0, 300) };
}

function lengthOf<K extends "bytesIn" | "bytesOut">(
  key: K,
  headers: Headers,
): Partial<Record<K, number>> {
  const length = headers.get("content-length");
  return length === null || !/^\d{1,15}$/.test(length)
    ? {}
    : { [key]: Number(length) } as Record<K, number>;
}

/** The path as the client sent it, without the query. */
function pathOf(url: string): string {
  return url.replace(/^[a-z]+:\/\/[^/]*/i, "").replace(/[?#].*$/s, "");
}

/** Values of these never enter a log. */
const SECRET_PARAMETERS =
  /([?&](?:x-amz-[^=&]*|[a-z_-]*secret|[a-z_]*_token|token|password|credential|authorization)=)[^&]*/gi;

/** Path and query for the log. */
function shownPath(url: string): string {
  return url.replace(/^[a-z]+:\/\/[^/]*/i, "").replace(SECRET_PARAMETERS, "$1***")
    .slice(0, PATH_LENGTH_MAX);
}
