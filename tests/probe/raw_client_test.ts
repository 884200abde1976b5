import assert from "node:assert/strict";
import { RawClient } from "../../lib/probe/race/raw_client.ts";
import { type RawConnection, type RawRequest, serveRaw } from "../raw_http.ts";

const BODY = { body: "{}" };

async function withServer(
  handle: (connection: RawConnection, request: RawRequest, nth: number) => Promise<boolean>,
  test: (
    of: { readonly client: RawClient; readonly url: string; readonly requests: RawRequest[] },
  ) => Promise<void>,
): Promise<void> {
  const requests: RawRequest[] = [];
  const server = serveRaw(async (connection) => {
    for (;;) {
      const request = await connection.read();
      if (request === undefined) return;
      requests.push(request);
      if (!await handle(connection, request, requests.length)) return;
    }
  });
  const url = `${server.origin}/v1/ns%1Fdeep/tables/t`;
  const client = new RawClient({ url, token: "secret", userAgent: "test/1", timeoutMs: 500 });
  try {
    await test({ client, url, requests });
  } finally {
    await client.close();
    await server.close();
  }
}

function answering(status: number, body: string, headers: Record<string, string> = {}) {
  return async (connection: RawConnection) => {
    await connection.respond({ status, body, headers });
    return true;
  };
}

Deno.test("RawClient sends path, token, key and body as they are", async () => {
  await withServer(answering(200, "{}", { server: "here" }), async ({ client, url, requests }) => {
    const answer = await client.post(url, { body: '{"a":1}', idempotencyKey: "k" });
    assert.equal(answer.outcome, "ok");
    assert.equal(answer.server, "here");
    const [request] = requests;
    assert.equal(request?.target, "/v1/ns%1Fdeep/tables/t");
    assert.equal(request?.headers.get("authorization"), "Bearer secret");
    assert.equal(request?.headers.get("idempotency-key"), "k");
    assert.equal(request?.headers.get("content-type"), "application/json");
    assert.equal(new TextDecoder().decode(request?.body), '{"a":1}');
  });
});

Deno.test("RawClient keeps its connection", async () => {
  let connections = 0;
  const server = serveRaw(async (connection) => {
    connections++;
    while (await connection.read() !== undefined) {
      await connection.respond({ status: 200, body: "{}" });
    }
  });
  const client = new RawClient({ url: server.origin, token: "t", userAgent: "test/1" });
  for (let nth = 0; nth < 5; nth++) await client.post(`${server.origin}/x`, BODY);
  assert.equal(connections, 1);
  await client.close();
  await server.close();
});

Deno.test("RawClient does not send again what breaks off on a kept connection", async () => {
  await withServer(async (connection, _request, nth) => {
    if (nth % 2 === 0) return false;
    await connection.respond({ status: 200, body: "{}" });
    return true;
  }, async ({ client, url, requests }) => {
    const outcomes = [];
    for (let nth = 0; nth < 6; nth++) outcomes.push((await client.post(url, BODY)).outcome);
    assert.deepEqual(outcomes, ["ok", "unknown", "ok", "unknown", "ok", "unknown"]);
    assert.equal(requests.length, 6);
  });
});

Deno.test("RawClient calls a refused connection a failure that never happened", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${(listener.addr as Deno.NetAddr).port}/x`;
  listener.close();
  const client = new RawClient({ url, token: "t", userAgent: "test/1" });
  const answer = await client.post(url, BODY);
  assert.equal(answer.outcome, "fail");
  assert.equal(answer.status, null);
  assert.match(answer.message ?? "", /no answer/);
  await client.close();
});

Deno.test("RawClient calls an answer that does not come unknown", async () => {
  const { promise: silence, resolve } = Promise.withResolvers<void>();
  await withServer(async () => {
    await silence;
    return false;
  }, async ({ client, url }) => {
    const answer = await client.post(url, BODY);
    resolve();
    assert.equal(answer.outcome, "unknown");
    assert.equal(answer.status, null);
  });
});

Deno.test("RawClient calls a body that breaks off unknown", async () => {
  await withServer(async (connection) => {
    await connection.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{");
    return false;
  }, async ({ client, url }) => {
    const answer = await client.post(url, BODY);
    assert.equal(answer.outcome, "unknown");
    assert.match(answer.message ?? "", /after status 200/);
  });
});

for (
  const [status, outcome] of [
    [200, "ok"],
    [204, "ok"],
    [302, "unknown"],
    [400, "fail"],
    [401, "fail"],
    [409, "fail"],
    [422, "fail"],
    [429, "fail"],
    [500, "unknown"],
    [503, "unknown"],
  ] as const
) {
  Deno.test(`RawClient takes status ${status} for ${outcome}`, async () => {
    const body = status === 204 ? "" : JSON.stringify({ error: { type: "T", message: "why" } });
    await withServer(
      answering(status, body, { "retry-after": "2" }),
      async ({ client, url }) => {
        const answer = await client.post(url, BODY);
        assert.equal(answer.outcome, outcome);
        assert.equal(answer.status, status);
        if (outcome === "ok") return;
        assert.equal(answer.errorType, "T");
        assert.equal(answer.message, "why");
        assert.equal(answer.retryAfterMs, 2000);
      },
    );
  });
}

Deno.test("RawClient shows a body that is no error object, shortened", async () => {
  await withServer(answering(502, `<html>${"x".repeat(5000)}`), async ({ client, url }) => {
    const { message } = await client.post(url, BODY);
    assert.match(message ?? "", /^<html>x+/);
    assert.ok(message!.length <= 500);
  });
});
