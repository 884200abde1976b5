/**
 * A proxy that passes HTTP on byte for byte, so that signed requests stay valid, and that loses,
 * doubles, delays and replaces requests and answers as a plan says. It counts what it did.
 */
import { type RawConnection, type RawRequest, serveRaw } from "../raw_http.ts";

/** What a request is for. */
export type RequestKind =
  | "config"
  | "namespace"
  | "loadTable"
  | "createTable"
  | "commit"
  | "put"
  | "get"
  | "delete"
  | "other";

/** A request on its way. */
export interface PassingRequest {
  readonly kind: RequestKind;
  /** From 1, within its kind. */
  readonly nthOfKind: number;
  /** From 1, over all requests. */
  readonly nth: number;
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly body: Uint8Array;
}

/** What happens to a request. */
export interface Fault {
  /** For counts and traces. */
  readonly name: string;
  /** Wait before the request goes on, in ms. @default {0} */
  readonly delayMs?: number;
  /** How often it goes to the server before the client is answered. @default {1} */
  readonly forwards?: 0 | 1 | 2;
  /** It goes to the server once more, this many ms after the client has been answered. */
  readonly lateMs?: number;
  /**
   * What the client gets: the last answer, the first of two, a cut connection with nothing, an
   * answer that breaks off in the middle of its body, or bytes of another answer.
   *
   * @default {"last"}
   */
  readonly reply?: "last" | "first" | "cut" | "cutBody" | Uint8Array;
  /** Called with the server's status, or none, when the client is to be answered. */
  readonly beforeReply?: (status: number | undefined) => void | Promise<void>;
}

/** Decides on each request, and may wait first; undefined lets it pass. */
export type FaultPlan = (
  request: PassingRequest,
) => Fault | undefined | Promise<Fault | undefined>;

/** A proxy that listens. */
export interface ChaosProxy {
  /** In place of the server's origin, such as `http://127.0.0.1:40123`. */
  readonly origin: string;
  /** May be replaced at any time. */
  plan: FaultPlan;
  /** How often each fault happened. */
  readonly faults: ReadonlyMap<string, number>;
  /** Requests that came. */
  readonly requests: number;
  /** Resolves when no request is under way, late ones too. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a proxy before a server, on a free loopback port. */
export function startChaosProxy(serverOrigin: string, plan: FaultPlan): ChaosProxy {
  const { hostname, port } = new URL(serverOrigin);
  const server = { hostname, port: Number(port) };
  const faults = new Map<string, number>();
  const counts = new Map<RequestKind, number>();
  const underWay = new Set<Promise<unknown>>();
  let nth = 0;

  const during = <T>(work: Promise<T>): Promise<T> => {
    const settled = work.catch(() => {}).finally(() => underWay.delete(settled));
    underWay.add(settled);
    return work;
  };
  const pass = async (connection: RawConnection, raw: RawRequest): Promise<boolean> => {
    const kind = kindOf(raw);
    const nthOfKind = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, nthOfKind);
    nth++;
    const { method, target, body } = raw;
    const fault = await proxy.plan({ kind, nthOfKind, nth, method, target, body });
    if (fault !== undefined) faults.set(fault.name, (faults.get(fault.name) ?? 0) + 1);
    const { delayMs = 0, forwards = 1, reply = "last", lateMs } = fault ?? {};
    if (delayMs > 0) await sleep(delayMs);
    const answers: Uint8Array[] = [];
    try {
      for (let turn = 0; turn < forwards; turn++) answers.push(await exchange(server, raw));
    } finally {
      if (lateMs !== undefined) {
        during(sleep(lateMs).then(() => exchange(server, raw)));
      }
    }
    const answer = reply === "first" ? answers[0] : answers.at(-1);
    await fault?.beforeReply?.(answer === undefined ? undefined : statusOf(answer));
    if (reply === "cut") return false;
    if (reply === "cutBody") {
      if (answer !== undefined) await writeAll(connection.socket, halfOf(answer));
      return false;
    }
    if (reply instanceof Uint8Array) {
      await writeAll(connection.socket, reply);
      return true;
    }
    if (answer === undefined) return false;
    const { bytes, keeps } = kept(answer, method);
    await writeAll(connection.socket, bytes);
    return keeps;
  };
  const listener = serveRaw(async (connection) => {
    for (;;) {
      const raw = await connection.read();
      if (raw === undefined || !await during(pass(connection, raw))) return;
    }
  });
  const proxy: ChaosProxy = {
    origin: listener.origin,
    plan,
    faults,
    get requests() {
      return nth;
    },
    async settled() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
    async close() {
      await listener.close();
      await this.settled();
    },
  };
  return proxy;
}

function kindOf({ method, target }: RawRequest): RequestKind {
  const path = target.replace(/\?.*$/, "");
  if (/\/v1\/config$/.test(path)) return "config";
  const isTable = /\/namespaces\/[^/]+\/tables\/[^/]+$/.test(path);
  if (isTable) return method === "POST" ? "commit" : method === "GET" ? "loadTable" : "other";
  if (/\/namespaces\/[^/]+\/tables$/.test(path)) return method === "POST" ? "createTable" : "other";
  if (/\/v1\/([^/]+\/)?namespaces(\/[^/]+)?$/.test(path)) return "namespace";
  if (method === "PUT") return "put";
  if (method === "GET") return "get";
  return method === "DELETE" ? "delete" : "other";
}

const EXCHANGE_MS_MAX = 60_000;

/** Sends a request over a connection of its own and reads the answer to its end, as bytes. */
async function exchange(
  server: { readonly hostname: string; readonly port: number },
  request: RawRequest,
): Promise<Uint8Array> {
  const connection = await Deno.connect(server);
  const timer = setTimeout(() => connection.close(), EXCHANGE_MS_MAX);
  try {
    const lines = [`${request.method} ${request.target} HTTP/1.1`];
    for (const [name, value] of request.headers) {
      if (!OF_THE_CONNECTION.has(name)) lines.push(`${name}: ${value}`);
    }
    const hasBody = request.body.length > 0 || !/^(GET|HEAD|DELETE)$/.test(request.method);
    if (hasBody) lines.push(`content-length: ${request.body.length}`);
    lines.push("connection: close", "", "");
    await writeAll(connection, new TextEncoder().encode(lines.join("\r\n")));
    await writeAll(connection, request.body);
    const parts: Uint8Array[] = [];
    for await (const part of connection.readable) parts.push(part);
    return joined(parts);
  } finally {
    clearTimeout(timer);
    try {
      connection.close();
    } catch {
      // The stream has closed it at its end.
    }
  }
}

const OF_THE_CONNECTION: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "content-length",
  "transfer-encoding",
  "expect",
]);

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

/** Head and body of a whole answer. Heads are text of one byte a character. */
function parted(answer: Uint8Array): { readonly head: string; readonly body: Uint8Array } {
  const text = new TextDecoder("latin1").decode(answer);
  const end = text.indexOf("\r\n\r\n");
  return { head: text.slice(0, end), body: answer.subarray(end + 4) };
}

function statusOf(answer: Uint8Array): number {
  return Number(/^HTTP\/1\.[01] (\d{3})/.exec(parted(answer).head)?.[1]);
}

/** The answer without the server's wish to close, when its end can be seen without that. */
function kept(answer: Uint8Array, method: string): { bytes: Uint8Array; keeps: boolean } {
  const { head, body } = parted(answer);
  const keeps = method === "HEAD" || / (204|304) /.test(head.slice(0, 16)) ||
    /^(content-length:|transfer-encoding: *chunked)/im.test(head);
  if (!keeps) return { bytes: answer, keeps };
  const open = head.replace(/\r\nconnection: *close/i, "");
  return { bytes: joined([new TextEncoder().encode(`${open}\r\n\r\n`), body]), keeps };
}

/** The head, which promises the whole body, and half of the body. */
function halfOf(answer: Uint8Array): Uint8Array {
  const { body } = parted(answer);
  return answer.subarray(0, answer.length - Math.ceil(body.length / 2));
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The bytes of an answer with a body. */
export function answerBytes(answer: {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}): Uint8Array {
  const body = new TextEncoder().encode(answer.body ?? "");
  const lines = Object.entries({ ...answer.headers, "content-length": String(body.length) })
    .map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `HTTP/1.1 ${answer.status} Said\r\n${lines.join("")}\r\n`;
  return joined([new TextEncoder().encode(head), body]);
}
