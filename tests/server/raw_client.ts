/**
 * HTTP/1.1 over a socket of one's own: paths and bytes go out as they are given, and the last byte of
 * a request can be held back until others are as far.
 */

/** A request as it goes over the wire. */
export interface WireRequest {
  readonly method: string;
  /** Path and query, sent as they are. */
  readonly target: string;
  /** Beside `host` and `content-length`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

/** An answer, read whole. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** The connection ended before the answer did. */
export class ConnectionCut extends Error {
  override readonly name = "ConnectionCut";
}

const ANSWER_MS_MAX = 20_000;
const encoder = new TextEncoder();

/** One connection after the other to one server; a request at a time. */
export class RawClient {
  readonly #hostname: string;
  readonly #port: number;
  #socket: Deno.TcpConn | undefined;
  #rest = new Uint8Array(0);

  /** @param uri any URI of the server. */
  constructor(uri: string) {
    const { hostname, port } = new URL(uri);
    this.#hostname = hostname;
    this.#port = Number(port);
  }

  /**
   * Sends a request and reads its answer.
   *
   * @throws {ConnectionCut} when the connection ends before.
   * @throws {Error} when there is no answer for long.
   */
  async send(request: WireRequest): Promise<WireAnswer> {
    return await (await this.begin(request))();
  }

  /**
   * Sends a request but for its last byte.
   *
   * @returns what sends the last byte, and reads the answer.
   */
  async begin(request: WireRequest): Promise<() => Promise<WireAnswer>> {
    const { method, target, headers = {}, body = "" } = request;
    const content = typeof body === "string" ? encoder.encode(body) : body;
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("");
    const hasLength = Object.keys(headers).some((name) =>
      /^(?:content-length|transfer-encoding)$/i.test(name)
    );
    const length = hasLength || (content.length === 0 && /^(?:GET|HEAD|DELETE)$/.test(method))
      ? ""
      : `content-length: ${content.length}\r\n`;
    const head = encoder.encode(
      `${method} ${target} HTTP/1.1\r\nhost: ${this.#hostname}:${this.#port}\r\n${length}${lines}\r\n`,
    );
    const bytes = new Uint8Array(head.length + content.length);
    bytes.set(head);
    bytes.set(content, head.length);
    const socket = this.#socket ??= await Deno.connect({
      hostname: this.#hostname,
      port: this.#port,
    });
    socket.setNoDelay(true);
    try {
      await writeAll(socket, bytes.subarray(0, -1));
    } catch {
      // The server has answered before the end, and closed: its answer is there to be read.
    }
    return async () => {
      let isLate = false;
      const timer = setTimeout(() => {
        isLate = true;
        this.close();
      }, ANSWER_MS_MAX);
      try {
        await writeAll(socket, bytes.subarray(-1)).catch(() => {});
        const answer = await this.#read(socket, method);
        if (answer.headers.get("connection")?.toLowerCase() === "close") this.close();
        return answer;
      } catch (cause) {
        this.close();
        const what = `the answer to ${method} ${target.slice(0, 300)}`;
        if (isLate) throw new Error(`Cannot wait for ${what}: ${ANSWER_MS_MAX} ms are over`);
        throw new ConnectionCut(`Cannot read ${what}: the connection was cut`, { cause });
      } finally {
        clearTimeout(timer);
      }
    };
  }

  /** Closes the connection; the next request opens another one. */
  close(): void {
    try {
      this.#socket?.close();
    } catch {
      // The one who reads from it has closed it.
    }
    this.#socket = undefined;
    this.#rest = new Uint8Array(0);
  }

  async #read(socket: Deno.TcpConn, method: string): Promise<WireAnswer> {
    const lines = new TextDecoder().decode(await this.#until(socket, endOfHead)).trimEnd()
      .split("\r\n");
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(lines[0] ?? "")?.[1]);
    const headers = new Headers(
      lines.slice(1).map((line): [string, string] => {
        const at = line.indexOf(":");
        return [line.slice(0, at), line.slice(at + 1).trim()];
      }),
    );
    const bare = method === "HEAD" || status === 204 || status === 304;
    const body = bare
      ? new Uint8Array(0)
      : headers.get("transfer-encoding") === "chunked"
      ? await this.#chunks(socket)
      : await this.#count(socket, Number(headers.get("content-length") ?? 0));
    return { status, headers, text: new TextDecoder().decode(body) };
  }

  async #chunks(socket: Deno.TcpConn): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for (;;) {
      const line = await this.#until(socket, (bytes) => bytes.indexOf(10) + 1);
      const length = parseInt(new TextDecoder().decode(line), 16);
      const part = await this.#count(socket, length + 2);
      if (length === 0) return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
      parts.push(part.subarray(0, length));
    }
  }

  #count(socket: Deno.TcpConn, length: number): Promise<Uint8Array> {
    return this.#until(socket, (bytes) => bytes.length >= length ? length : 0, length);
  }

  /** Reads until `end` finds where the piece ends; 0 stands for not yet. */
  async #until(
    socket: Deno.TcpConn,
    end: (bytes: Uint8Array) => number,
    wanted?: number,
  ): Promise<Uint8Array> {
    if (wanted === 0) return new Uint8Array(0);
    const block = new Uint8Array(65_536);
    for (;;) {
      const at = end(this.#rest);
      if (at > 0) {
        const piece = this.#rest.slice(0, at);
        this.#rest = this.#rest.slice(at);
        return piece;
      }
      const count = await socket.read(block);
      if (count === null) throw new Error("the connection was closed");
      const joined = new Uint8Array(this.#rest.length + count);
      joined.set(this.#rest);
      joined.set(block.subarray(0, count), this.#rest.length);
      this.#rest = joined;
    }
  }
}

async function writeAll(socket: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) written += await socket.write(bytes.subarray(written));
}

/** Where the empty line after the head ends, or 0. */
function endOfHead(bytes: Uint8Array): number {
  for (let at = 3; at < bytes.length; at++) {
    if (bytes[at] === 10 && bytes[at - 1] === 13 && bytes[at - 2] === 10 && bytes[at - 3] === 13) {
      return at + 1;
    }
  }
  return 0;
}
