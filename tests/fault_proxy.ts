/**
 * A proxy between the tool and a catalog that lets requests fail by plan: it drops them, delays
 * them, doubles them, and answers otherwise than the server did.
 */
import { type RawConnection, type RawRequest, type RawResponse, serveRaw } from "./raw_http.ts";

/** A request on its way to the server. */
export interface ProxiedRequest {
  /** From 1, over all requests. */
  readonly nth: number;
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly body: string;
  readonly headers: Headers;
  /** Whether it is a commit to a table; `nthCommit` counts these from 1, else it is 0. */
  readonly isCommit: boolean;
  readonly nthCommit: number;
}

/** What happens to a request; with no field set it passes. */
export interface Fault {
  /** How often it reaches the server. @default {1} */
  readonly forwards?: number;
  /** Wait before it reaches the server. @default {0} */
  readonly delayMs?: number;
  /** The answer is held back until this resolves. */
  readonly silence?: Promise<unknown>;
  /** Makes another answer of the server's last one. */
  readonly rewrite?: (answer: RawResponse) => RawResponse;
  /**
   * What the client gets in place of the server's last answer: nothing (`cut`), the head and half
   * of the body (`cutBody`), or another answer.
   */
  readonly reply?: "cut" | "cutBody" | RawResponse;
}

/** Decides on each request; undefined lets it pass. It may do things of its own first. */
export type FaultPlan = (
  request: ProxiedRequest,
) => Fault | undefined | Promise<Fault | undefined>;

/** A proxy that listens. */
export interface FaultProxy {
  /** In place of the server's URI. */
  readonly uri: string;
  /** Every request that came, in order. */
  readonly requests: readonly ProxiedRequest[];
  close(): Promise<void>;
}

/** Starts a proxy before the server at `uri`, on a free loopback port. */
export function startFaultProxy(uri: string, plan: FaultPlan): FaultProxy {
  const target = new URL(uri);
  const requests: ProxiedRequest[] = [];
  let commits = 0;
  const server = serveRaw(async (connection) => {
    for (;;) {
      const raw = await connection.read();
      if (raw === undefined) return;
      const isCommit = raw.method === "POST" && /\/tables\/[^/]+$/.test(raw.target);
      if (isCommit) commits++;
      const request: ProxiedRequest = {
        nth: requests.length + 1,
        method: raw.method,
        target: raw.target,
        body: new TextDecoder().decode(raw.body),
        headers: raw.headers,
        isCommit,
        nthCommit: isCommit ? commits : 0,
      };
      requests.push(request);
      const fault = await plan(request) ?? {};
      const said = await forward(raw, { origin: target.origin, fault });
      await fault.silence;
      const answer = said === undefined ? undefined : fault.rewrite?.(said) ?? said;
      if (!await reply(connection, { answer, fault })) return;
    }
  });
  return {
    uri: `${server.origin}${target.pathname.replace(/\/$/, "")}`,
    requests,
    close: server.close,
  };
}

async function forward(
  request: RawRequest,
  options: { readonly origin: string; readonly fault: Fault },
): Promise<RawResponse | undefined> {
  const { forwards = 1, delayMs = 0 } = options.fault;
  if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
  const headers = new Headers(request.headers);
  // These belong to the connection, and the server has one of its own.
  for (const name of ["host", "connection", "content-length", "accept-encoding"]) {
    headers.delete(name);
  }
  let answer: RawResponse | undefined;
  for (let turn = 0; turn < forwards; turn++) {
    const response = await fetch(`${options.origin}${request.target}`, {
      method: request.method,
      headers,
      ...(request.body.length > 0 ? { body: request.body } : {}),
    });
    const kept = new Headers(response.headers);
    for (const name of ["content-length", "content-encoding", "transfer-encoding", "vary"]) {
      kept.delete(name);
    }
    answer = {
      status: response.status,
      headers: Object.fromEntries(kept),
      body: new Uint8Array(await response.arrayBuffer()),
    };
  }
  return answer;
}

/** Whether the connection goes on. */
async function reply(
  connection: RawConnection,
  options: { readonly answer: RawResponse | undefined; readonly fault: Fault },
): Promise<boolean> {
  const { answer, fault } = options;
  if (fault.reply === "cut") return false;
  if (fault.reply === "cutBody") {
    const body = new TextDecoder().decode(asBytes(answer?.body));
    const length = Math.max(2, body.length);
    await connection.write(
      `HTTP/1.1 ${answer?.status ?? 200} Said\r\ncontent-length: ${length}\r\n\r\n` +
        body.slice(0, length / 2),
    );
    return false;
  }
  const said = fault.reply ?? answer;
  if (said === undefined) return false;
  await connection.respond(said);
  return true;
}

function asBytes(body: RawResponse["body"]): Uint8Array {
  return typeof body === "string" ? new TextEncoder().encode(body) : body ?? new Uint8Array(0);
}
