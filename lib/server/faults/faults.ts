/** Faults on request: which of them strike a request, and what becomes of it then. */
import { SeededRandom, seedOf } from "../../random.ts";
import { RequestFailure } from "../failure.ts";
import type { FaultRule } from "./fault_grammar.ts";
import { errorResponse } from "../http/http.ts";
import type { FaultTarget } from "../http/operations.ts";
import { contextOf } from "../http/request_context.ts";

/** Rules with the seed of their draws. */
export interface FaultOptions {
  /** In the order in which they were given: of several that strike, the first counts. */
  readonly rules: readonly FaultRule[];
  /** The same seed lets the nth request of a target meet the same faults. @default {1} */
  readonly seed?: number;
}

/** Seed of the draws when none is given. */
export const FAULT_SEED_DEFAULT = 1;

/** A request that faults may strike. */
export interface StruckRequest {
  /** What the client has sent; its body is unread. */
  readonly request: Request;
  /** The group that it is in: rules for this one and for `any` are drawn. */
  readonly target: FaultTarget;
  /** Closes the client's connection; nothing that is answered afterwards reaches it. */
  readonly cut: () => void;
  /** Ends waits early. */
  readonly signal: AbortSignal;
  /** Carries the request out. It never throws. */
  readonly work: () => Promise<Response>;
}

/** What came of a request. */
export interface StruckAnswer {
  /** What the client is to get. */
  readonly response: Response;
  /** The connection has been cut: the response reaches nobody. */
  readonly isCut: boolean;
  /** Status that the work came to, where the client gets to see another one or none. */
  readonly resultStatus?: number;
}

interface Stream {
  readonly rule: FaultRule;
  readonly random: SeededRandom;
}

/** Error types of the statuses that clients know (REST spec, `ErrorModel`). */
const TYPES: Readonly<Record<number, string>> = {
  400: "BadRequestException",
  401: "NotAuthorizedException",
  403: "ForbiddenException",
  404: "NotFoundException",
  406: "UnsupportedOperationException",
  409: "CommitFailedException",
  419: "AuthenticationTimeoutException",
  422: "UnprocessableEntityException",
  429: "TooManyRequestsException",
  500: "InternalServerError",
  501: "UnsupportedOperationException",
  502: "BadGatewayException",
  503: "ServiceUnavailableException",
  504: "GatewayTimeoutException",
};

/** Time for the first half of a cut answer to leave before the connection ends. */
const TRUNCATE_PAUSE_MS = 50;

/**
 * Draws faults. Every rule has a stream of draws of its own and draws once for each request of its
 * target, so rules do not disturb each other, and the same requests in the same order meet the same.
 */
export class Faults {
  readonly #streams: readonly Stream[];

  /** Gives every rule a stream of draws that follows from the seed, its place and its text. */
  constructor(options: FaultOptions) {
    const { rules, seed = FAULT_SEED_DEFAULT } = options;
    this.#streams = rules.map((rule, index) => ({
      rule,
      random: new SeededRandom(seedOf(seed, `${index} ${rule.text}`)),
    }));
  }

  /** Whether a rule closes connections. */
  get cutsConnections(): boolean {
    return this.#streams.some(({ rule }) =>
      rule.fault.kind === "drop-request" || rule.fault.kind === "drop-response"
    );
  }

  /** Whether a rule loses updates. */
  get losesUpdates(): boolean {
    return this.#streams.some(({ rule }) => rule.fault.kind === "lost-update");
  }

  /** Whether a commit that has lost its race is to replace the winner's. */
  losesUpdate(): boolean {
    const lost = this.#streams.filter(({ rule }) => rule.fault.kind === "lost-update")
      .map(({ rule, random }) => random.fraction() < rule.probability);
    return lost.includes(true);
  }

  /**
   * Carries a request out, or not, as the rules have it. Waits add up; of the other faults that
   * strike, the first in the order of the rules counts.
   */
  async strike(struck: StruckRequest): Promise<StruckAnswer> {
    const { request, work } = struck;
    const context = contextOf(request);
    const { waitMs, waits, rule } = this.#draw(struck.target);
    for (const name of waits) context.faults.push(name);
    if (waitMs > 0) await sleep(waitMs, struck.signal);
    const note = () => context.faults.push(rule!.name);
    switch (rule?.fault.kind) {
      case "drop-request":
        note();
        struck.cut();
        return { response: nothing(), isCut: true };
      case "drop-response": {
        note();
        const { status } = await work();
        struck.cut();
        return { response: nothing(), isCut: true, resultStatus: status };
      }
      case "status": {
        note();
        const response = statusResponse(rule.fault, request.method);
        return rule.fault.after
          ? { response, isCut: false, resultStatus: (await work()).status }
          : { response, isCut: false };
      }
      case "truncate": {
        const whole = await work();
        const body = new Uint8Array(await whole.arrayBuffer());
        if (body.length > 1) note();
        return { response: halved(whole, body), isCut: false };
      }
      default:
        return { response: await work(), isCut: false };
    }
  }

  #draw(
    target: FaultTarget,
  ): { waitMs: number; waits: readonly string[]; rule: FaultRule | undefined } {
    let waitMs = 0;
    const waits: string[] = [];
    let first: FaultRule | undefined;
    for (const { rule, random } of this.#streams) {
      const { fault } = rule;
      if (fault.kind === "lost-update" || (rule.target !== "any" && rule.target !== target)) {
        continue;
      }
      const isStruck = random.fraction() < rule.probability;
      // Drawn in any case: the stream must not depend on whether this request was struck.
      const part = random.fraction();
      if (!isStruck) continue;
      if (fault.kind === "delay") {
        waitMs += fault.msMin + part * (fault.msMax - fault.msMin);
        waits.push(rule.name);
      } else {
        first ??= rule;
      }
    }
    return { waitMs, waits, rule: first };
  }
}

function statusResponse(
  fault: { readonly status: number; readonly retryAfterS?: number },
  method: string,
): Response {
  const { status, retryAfterS } = fault;
  const type = TYPES[status] ?? (status < 500 ? "BadRequestException" : "InternalServerError");
  const failure = new RequestFailure(status, type, `A fault on request: status ${status}`);
  const response = errorResponse(failure, method);
  if (retryAfterS === undefined) response.headers.delete("retry-after");
  else response.headers.set("retry-after", String(retryAfterS));
  return response;
}

/** For a client that is no longer there. */
function nothing(): Response {
  return new Response(null, { status: 500 });
}

/** The response with its length announced, and only the first half of its body. */
function halved(whole: Response, body: Uint8Array<ArrayBuffer>): Response {
  const { status, headers } = whole;
  if (body.length < 2) return new Response(body.length === 0 ? null : body, { status, headers });
  const kept = new Headers(headers);
  kept.set("content-length", String(body.length));
  let isSent = false;
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      if (!isSent) {
        isSent = true;
        controller.enqueue(body.subarray(0, body.length >> 1));
        return;
      }
      // Some versions of the runtime drop what has not left yet when a body fails.
      await new Promise((resolve) => setTimeout(resolve, TRUNCATE_PAUSE_MS));
      controller.error(new Error("the body is cut off on request"));
    },
  });
  return new Response(stream, { status, headers: kept });
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = () => resolve();
  const timer = setTimeout(end, ms);
  signal.addEventListener("abort", end);
  await promise;
  clearTimeout(timer);
  signal.removeEventListener("abort", end);
}
