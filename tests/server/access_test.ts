/** Who may use the catalog: the bearer token and the access tokens. */
import assert from "node:assert/strict";
import { UsageError } from "../../lib/errors.ts";
import { Access, ACCESS_TOKEN_S } from "../../lib/server/access/access.ts";
import { startServer } from "../../lib/server/serve.ts";
import { call, makeTable, withServer } from "./support.ts";

const TOKEN = "a-token.of/tests+~";

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

Deno.test("startServer() with a token answers nothing without it but /health", async () => {
  await withServer(async ({ uri, server }) => {
    const origin = new URL(uri).origin;
    const paths = [
      `${uri}/config`,
      `${uri}/namespaces`,
      `${uri}/namespaces/nope/tables/t`,
      `${uri}/no/such/path`,
      `${origin}/metrics`,
      `${origin}/`,
      server.uri,
    ];
    for (const url of paths) {
      for (
        const headers of [
          {},
          bearer(""),
          bearer("wrong"),
          bearer(`${TOKEN}x`),
          bearer(TOKEN.slice(1)),
          { authorization: TOKEN },
          { authorization: `Basic ${btoa(`x:${TOKEN}`)}` },
        ]
      ) {
        const { status, body, headers: answered } = await call("GET", url, { headers });
        assert.equal(status, 401, `${url} ${JSON.stringify(headers)}`);
        assert.equal(body.error.type, "NotAuthorizedException");
        assert.equal(body.error.code, 401);
        assert.match(answered.get("www-authenticate") ?? "", /^Bearer( error="invalid_token")?$/);
        assert.doesNotMatch(body.error.message, /wrong|a-token/);
      }
    }
    assert.equal((await call("GET", `${origin}/health`)).status, 200);
    assert.equal((await call("GET", `${uri}/config`, { headers: bearer(TOKEN) })).status, 200);
    assert.equal(
      (await call("GET", `${uri}/config`, { headers: { authorization: `bearer ${TOKEN}` } }))
        .status,
      200,
    );
    assert.equal((await call("GET", `${uri}/no`, { headers: bearer(TOKEN) })).status, 404);
  }, { token: TOKEN, figures: {} });
});

Deno.test("startServer() with a token changes nothing for a request without it", async () => {
  await withServer(async ({ uri }) => {
    const made = { namespace: ["ns"] };
    assert.equal((await call("POST", `${uri}/namespaces`, { body: made })).status, 401);
    const { body } = await call("GET", `${uri}/namespaces`, { headers: bearer(TOKEN) });
    assert.deepEqual(body.namespaces, []);
  }, { token: TOKEN });
});

Deno.test("startServer() listens on every address once it has a token", async () => {
  const root = await Deno.makeTempDir({ prefix: "ingest-access-" });
  const warehouses = [{ name: "demo", root }];
  try {
    await assert.rejects(startServer({ warehouses, host: "0.0.0.0" }), UsageError);
    const server = await startServer({ warehouses, host: "0.0.0.0", token: TOKEN });
    const port = Number(new URL(server.uri).port);
    const { status } = await call("GET", `http://127.0.0.1:${port}/catalog/v1/config`, {
      headers: bearer(TOKEN),
    });
    assert.equal(status, 200);
    await server.close();
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("startServer() refuses a token that no header can carry", async () => {
  for (const token of ["", "two words", "ümlaut", "line\nend"]) {
    const root = await Deno.makeTempDir({ prefix: "ingest-access-" });
    await assert.rejects(startServer({ warehouses: [{ name: "demo", root }], token }), (error) => {
      assert.ok(error instanceof UsageError);
      assert.ok(token === "" || !error.message.includes(token));
      return true;
    });
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("startServer() without a token takes any token that a client sends", async () => {
  await withServer(async ({ uri }) => {
    await makeTable(uri);
    const { status } = await call("GET", `${uri}/config`, { headers: bearer("dummy") });
    assert.equal(status, 200);
  });
});

Deno.test("Access.judge() takes its own access tokens until they expire, and no others", async () => {
  const access = await Access.open(TOKEN);
  const nowMs = Date.now();
  const fresh = await access.issue({ nowMs });
  assert.equal(await access.judge(fresh), "valid");
  assert.equal(await access.judge(TOKEN), "valid");
  assert.equal(
    await access.judge(await access.issue({ nowMs: nowMs - (ACCESS_TOKEN_S + 60) * 1000 })),
    "expired",
  );
  // The same secret, as after a restart, and another one.
  assert.equal(await (await Access.open(TOKEN)).judge(fresh), "valid");
  assert.equal(await (await Access.open(`${TOKEN}2`)).judge(fresh), "invalid");
  const [head, payload, signature] = fresh.split(".") as [string, string, string];
  const claims = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
  const encode = (value: unknown) => btoa(JSON.stringify(value)).replaceAll("=", "");
  const forged = [
    `${head}.${encode({ ...claims, exp: claims.exp + 3600 })}.${signature}`,
    `${encode({ alg: "none" })}.${payload}.`,
    `${encode({ alg: "none" })}.${payload}.${signature}`,
    `${head}.${payload}.`,
    `${head}.${payload}`,
    fresh.slice(0, -2),
    "",
    "x".repeat(100_000),
  ];
  for (const token of forged) {
    assert.equal(await access.judge(token), "invalid", token.slice(0, 300));
  }
});
