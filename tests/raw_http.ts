/**
 * HTTP/1.1 on a bare socket, for servers that must be able to misbehave: to cut a connection at a
 * chosen point, or to say nothing at all. One request a connection unless the handler keeps it.
 */

/** A request, read whole. */
export interface RawRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** A socket that speaks for the server. */
export interface RawConnection {
  /** The next request, or undefined when the client has gone. */
  read(): Promise<RawRequest | undefined>;
  /** Sends text as it is. */
  write(text: string): Promise<void>;
  /** Sends a whole response. */
  respond(response: RawResponse): Promise<void>;
  /** Bytes of the connection itself. */
  readonly socket: Deno.TcpConn;
}

/** A response; its length header is added. */
export interface RawResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

/** A server that listens. */
export interface RawServer {
  /** Such as `http://127.0.0.1:40123`. */
  readonly origin: string;
  /** Stops listening, cuts what is open, and waits for the handlers. */
  close(): Promise<void>;
}

/** Listens on a free loopback port; each connection is closed when its handler returns. */
export function serveRaw(handle: (connection: RawConnection) => Promise<void>): RawServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const sockets = new Set<Deno.TcpConn>();
  const running = new Set<Promise<void>>();
  const accepting = (async () => {
    for await (const socket of listener) {
      sockets.add(socket);
      const one = handle(connectionOf(socket)).catch(ignoreGone).finally(() => {
        sockets.delete(socket);
        closeQuietly(socket);
        running.delete(one);
      });
      running.add(one);
    }
  })();
  let closed = false;
  return {
    origin: `http://127.0.0.1:${listener.addr.port}`,
    async close() {
      if (!closed) listener.close();
      closed = true;
      for (const socket of sockets) closeQuietly(socket);
      await Promise.all([accepting, ...running]);
    },
  };
}

function connectionOf(socket: Deno.TcpConn): RawConnection {
  let rest: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  const encoder = new TextEncoder();
  const writeAll = async (bytes: Uint8Array) => {
    let written = 0;
    while (written < bytes.length) written += await socket.write(bytes.subarray(written));
  };
  /** Reads until `done` says where the piece ends. */
  const readUntil = async (done: (bytes: Uint8Array) => number) => {
    for (;;) {
      const end = done(rest);
      if (end >= 0) {
        const piece = rest.slice(0, end);
        rest = rest.slice(end);
        return piece;
      }
      const block = new Uint8Array(65_536);
      const count = await socket.read(block);
      if (count === null) return undefined;
      const joined = new Uint8Array(rest.length + count);
      joined.set(rest);
      joined.set(block.subarray(0, count), rest.length);
      rest = joined;
    }
  };
  return {
    socket,
    async read() {
      const head = await readUntil(endOfHead);
      if (head === undefined) return undefined;
      const [first = "", ...lines] = new TextDecoder().decode(head).trimEnd().split("\r\n");
      const [method = "", target = ""] = first.split(" ");
      const headers = new Headers(
        lines.map((line) => {
          const at = line.indexOf(":");
          return [line.slice(0, at), line.slice(at + 1).trim()] as [string, string];
        }),
      );
      const length = Number(headers.get("content-length") ?? 0);
      const body = await readUntil((bytes) => bytes.length >= length ? length : -1);
      return body === undefined ? undefined : { method, target, headers, body };
    },
    write: (text) => writeAll(encoder.encode(text)),
    async respond({ status, headers = {}, body = "" }) {
      const bytes = typeof body === "string" ? encoder.encode(body) : body;
      const lines = Object.entries({ ...headers, "content-length": String(bytes.length) })
        .map(([name, value]) => `${name}: ${value}\r\n`);
      await writeAll(encoder.encode(`HTTP/1.1 ${status} Said\r\n${lines.join("")}\r\n`));
      await writeAll(bytes);
    },
  };
}

function endOfHead(bytes: Uint8Array): number {
  for (let at = 3; at < bytes.length; at++) {
    if (bytes[at] === 10 && bytes[at - 1] === 13 && bytes[at - 2] === 10 && bytes[at - 3] === 13) {
      return at + 1;
    }
  }
  return -1;
}

/** A client that has gone is what many tests are about. */
function ignoreGone(error: unknown): void {
  const gone = error instanceof Deno.errors.BadResource ||
    error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.Interrupted ||
    error instanceof Deno.errors.ConnectionAborted || error instanceof Deno.errors.NotConnected;
  if (!gone) throw error;
}

function closeQuietly(socket: Deno.TcpConn): void {
  try {
    socket.close();
  } catch {
    // Closed already by the one who reads from it.
  }
}
