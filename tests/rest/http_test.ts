/** The HTTP client against real sockets that break off, stay silent or answer nonsense. */
import assert from "node:assert/strict";
import {
  createHttp,
  type HttpAnswer,
  type HttpEvent,
  type HttpFailure,
  type HttpRequest,
  redactUrl,
} from "../../lib/rest/http.ts";
import { type RawConnection, serveRaw } from "../raw_http.ts";

interface Tried {
  readonly answer: HttpAnswer;
  readonly events: HttpEvent[];
}

async function send(url: string, request: Partial<HttpRequest> = {}): Promise<Tried> {
  const events: HttpEvent[] = [];
  const http = createHttp({ userAgent: "test/1", onEvent: (event) => events.push(event) });
  const answer = await http({ method: "GET", url, timeoutMs: 10_000, ...request });
  return { answer, events };
}

/** Sends one request to a server that handles each connection as told. */
async function sendTo(
  handle: (connection: RawConnection) => Promise<void>,
  request: Partial<HttpRequest> = {},
): Promise<Tried> {
  const server = serveRaw(handle);
  try {
    return await send(`${server.origin}/x`, request);
  } finally {
    await server.close();
  }
}

function failure({ answer }: Tried): HttpFailure {
  if (answer.kind === "response") assert.fail(`it was answered: ${answer.status}`);
  return answer;
}

function response({ answer }: Tried) {
  if (answer.kind !== "response") assert.fail(`${answer.kind}: ${answer.reason}`);
  return answer;
}

function respond(status: number, body: string, headers: Record<string, string> = {}) {
  return async (connection: RawConnection) => {
    await connection.read();
    await connection.respond({ status, body, headers });
  };
}

/** A port that nothing listens on. */
function closedPort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

Deno.test("createHttp() calls a connection that nobody takes refused", async () => {
  const tried = await send(`http://127.0.0.1:${closedPort()}/x`, { method: "POST", body: {} });
  assert.equal(failure(tried).kind, "refused");
  assert.match(failure(tried).reason, /connection refused/i);
  assert.equal(failure(tried).status, undefined);
});

Deno.test("createHttp() calls a URL that cannot be requested refused", async () => {
  for (const url of ["http://", "nonsense:x"]) {
    assert.equal(failure(await send(url)).kind, "refused", url);
  }
});

Deno.test("createHttp() says cut when the connection breaks while sending", async () => {
  const tried = await sendTo(async ({ socket }) => {
    await socket.read(new Uint8Array(10));
  }, { method: "POST", body: { filling: "x".repeat(16_000_000) } });
  assert.equal(failure(tried).kind, "cut");
});

Deno.test("createHttp() says cut when the connection breaks while waiting", async () => {
  const tried = await sendTo(async (connection) => {
    await connection.read();
  }, { method: "POST", body: {} });
  assert.equal(failure(tried).kind, "cut");
  assert.equal(failure(tried).status, undefined);
  assert.match(failure(tried).reason, /connection/);
});

Deno.test("createHttp() says cut, with the status, when the body breaks off", async () => {
  const tried = await sendTo(async (connection) => {
    await connection.read();
    await connection.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"half":');
  });
  assert.equal(failure(tried).kind, "cut");
  assert.equal(failure(tried).status, 200);
  assert.equal(tried.events[0]?.status, 200);
});

Deno.test("createHttp() says cut when the answer is no HTTP", async () => {
  const tried = await sendTo(async (connection) => {
    await connection.read();
    await connection.write("SSH-2.0-OpenSSH_9.2\r\n");
  });
  assert.equal(failure(tried).kind, "cut");
});

Deno.test("createHttp() never sends a POST twice, even when a kept connection is cut", async () => {
  let posts = 0;
  const server = serveRaw(async (connection) => {
    for (;;) {
      const request = await connection.read();
      if (request === undefined) return;
      if (request.method === "POST") {
        posts++;
        // The connection may be an old one, which clients like to give a second try.
        if (posts === 2) return;
      }
      await connection.respond({ status: 200, body: "{}" });
    }
  });
  try {
    const post = { method: "POST", body: {} } as const;
    response(await send(`${server.origin}/x`));
    response(await send(`${server.origin}/x`, post));
    response(await send(`${server.origin}/x`));
    assert.equal(failure(await send(`${server.origin}/x`, post)).kind, "cut");
    assert.equal(posts, 2);
  } finally {
    await server.close();
  }
});

Deno.test("createHttp() says timeout when no answer comes in time", async () => {
  const tried = await sendTo(async (connection) => {
    await connection.read();
    await connection.read();
  }, { timeoutMs: 100 });
  assert.equal(failure(tried).kind, "timeout");
  assert.equal(failure(tried).reason, "not answered within 0.1 s");
  assert.equal(failure(tried).status, undefined);
});

Deno.test("createHttp() says timeout when the body does not end in time", async () => {
  const tried = await sendTo(async (connection) => {
    await connection.read();
    await connection.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf");
    await connection.read();
  }, { timeoutMs: 300 });
  assert.equal(failure(tried).kind, "timeout");
  assert.equal(failure(tried).status, 200);
});

Deno.test("createHttp() says aborted when the caller gives up", async () => {
  const aborter = new AbortController();
  const tried = await sendTo(async (connection) => {
    await connection.read();
    aborter.abort();
    await connection.read();
  }, { signal: aborter.signal });
  assert.equal(failure(tried).kind, "aborted");
});

Deno.test("createHttp() keeps the text of an HTML page, which is no JSON", async () => {
  const page = "<html><body>502 Bad Gateway</body></html>";
  const answer = response(await sendTo(respond(502, page, { "content-type": "text/html" })));
  assert.equal(answer.status, 502);
  assert.equal(answer.text, page);
  assert.equal(answer.json, undefined);
});

Deno.test("createHttp() reads an empty body as no JSON", async () => {
  const answer = response(await sendTo(respond(200, "")));
  assert.equal(answer.text, "");
  assert.equal(answer.json, undefined);
});

Deno.test("createHttp() keeps 64-bit integers whole in both directions", async () => {
  let sent = "";
  const answer = response(
    await sendTo(async (connection) => {
      sent = new TextDecoder().decode((await connection.read())?.body);
      await connection.respond({ status: 200, body: `{"id":9223372036854775807,"small":12}` });
    }, { method: "POST", body: { id: 9007199254740993n } }),
  );
  assert.equal(sent, `{"id":9007199254740993}`);
  assert.deepEqual(answer.json, { id: 9223372036854775807n, small: 12 });
});

Deno.test("createHttp() sends its user agent, the headers given and JSON", async () => {
  let headers = new Headers();
  await sendTo(async (connection) => {
    headers = (await connection.read())!.headers;
    await connection.respond({ status: 200 });
  }, { method: "POST", body: {}, headers: { "x-own": "1" } });
  assert.equal(headers.get("user-agent"), "test/1");
  assert.equal(headers.get("x-own"), "1");
  assert.equal(headers.get("content-type"), "application/json");
  assert.equal(headers.get("accept"), "application/json");
});

Deno.test("createHttp() follows a redirect of a GET and never one of a POST", async () => {
  const targets: string[] = [];
  const handle = async (connection: RawConnection) => {
    const request = await connection.read();
    targets.push(`${request?.method} ${request?.target}`);
    await (request?.target === "/x"
      ? connection.respond({ status: 302, headers: { location: "/y", connection: "close" } })
      : connection.respond({ status: 200, headers: { connection: "close" }, body: "{}" }));
  };
  assert.equal(response(await sendTo(handle)).status, 200);
  assert.equal(response(await sendTo(handle, { method: "POST", body: {} })).status, 302);
  assert.deepEqual(targets, ["GET /x", "GET /y", "POST /x"]);
});

Deno.test("createHttp() tells of each request once, with status or reason", async () => {
  const answered = await sendTo(respond(404, "{}"), { method: "POST", body: {} });
  assert.equal(answered.events.length, 1);
  const [event] = answered.events;
  assert.equal(event?.type, "http");
  assert.equal(event?.method, "POST");
  assert.match(event?.url ?? "", /^http:\/\/127\.0\.0\.1:\d+\/x$/);
  assert.equal(event?.status, 404);
  assert.equal(event?.error, undefined);
  assert.ok((event?.elapsedMs ?? -1) >= 0);

  const refused = await send(`http://127.0.0.1:${closedPort()}/x`);
  assert.equal(refused.events.length, 1);
  assert.equal(refused.events[0]?.status, undefined);
  assert.match(refused.events[0]?.error ?? "", /^refused: /);
});

Deno.test("createHttp() names no password of the URL in event or reason", async () => {
  const url = `http://user:s3cret@127.0.0.1:${closedPort()}/x?token=s3cret`;
  for (const each of [url, "nonsense://user:s3cret@h/x?token=s3cret", "http://u:s3cret@"]) {
    const text = JSON.stringify(await send(each));
    assert.ok(!text.includes("s3cret"), text);
  }
});

Deno.test("redactUrl() hides user information, tokens and signatures, and nothing else", () => {
  assert.equal(redactUrl("http://u:p@h/x?a=1"), "http://***@h/x?a=1");
  assert.equal(
    redactUrl("https://h/b/k?X-Amz-Signature=abc&x-amz-security-token=def&x=1&token=t"),
    "https://h/b/k?X-Amz-Signature=***&x-amz-security-token=***&x=1&token=***",
  );
  const plain = "http://h:8181/catalog/v1/p/namespaces/a%1Fb/tables/t?snapshots=all";
  assert.equal(redactUrl(plain), plain);
});
