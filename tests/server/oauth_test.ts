/** The token endpoint, as clients of the spec use it. */
import assert from "node:assert/strict";
import { Access, ACCESS_TOKEN_S } from "../../lib/server/access/access.ts";
import { withServer } from "./support.ts";

const TOKEN = "secret-of-tests";
const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TYPE = "urn:ietf:params:oauth:token-type:access_token";

async function ask(
  url: string,
  form: Record<string, string> | string,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: Headers; body: Record<string, unknown> }> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    body: typeof form === "string" ? form : new URLSearchParams(form).toString(),
  });
  const { status } = response;
  return { status, headers: response.headers, body: await response.json() };
}

async function statusWith(uri: string, token: unknown): Promise<number> {
  const response = await fetch(`${uri}/config`, { headers: { authorization: `Bearer ${token}` } });
  await response.body?.cancel();
  return response.status;
}

const credentials = {
  "grant_type": "client_credentials",
  "client_id": "anyone",
  "client_secret": TOKEN,
  scope: "catalog",
};

Deno.test("oauth/tokens gives a token for the client secret, at both of its paths", async () => {
  await withServer(async ({ uri }) => {
    for (const url of [`${uri}/oauth/tokens`, `${new URL(uri).origin}/v1/oauth/tokens`]) {
      const { status, headers, body } = await ask(url, credentials);
      assert.equal(status, 200);
      const { "access_token": token, ...rest } = body;
      assert.deepEqual(rest, {
        "token_type": "bearer",
        "expires_in": ACCESS_TOKEN_S,
        scope: "catalog",
      });
      assert.match(headers.get("cache-control") ?? "", /no-store/);
      assert.notEqual(token, TOKEN);
      assert.equal(await statusWith(uri, token), 200);
    }
    const basic = { authorization: `Basic ${btoa(`anyone:${TOKEN}`)}` };
    const { status, body } = await ask(
      `${uri}/oauth/tokens`,
      { "grant_type": "client_credentials" },
      basic,
    );
    assert.equal(status, 200);
    assert.equal(await statusWith(uri, body["access_token"]), 200);
  }, { token: TOKEN });
});

Deno.test("oauth/tokens exchanges a token that is valid, or expired with the secret", async () => {
  await withServer(async ({ uri }) => {
    const url = `${uri}/oauth/tokens`;
    const access = await Access.open(TOKEN);
    const nowMs = Date.now();
    const fresh = await access.issue({ nowMs });
    const old = await access.issue({ nowMs: nowMs - 2 * ACCESS_TOKEN_S * 1000 });
    const form = { "grant_type": EXCHANGE, "subject_token_type": ACCESS_TYPE };
    const basic = { authorization: `Basic ${btoa(`anyone:${TOKEN}`)}` };
    for (
      const [subject, headers] of [
        [fresh, { authorization: `Bearer ${fresh}` }],
        [fresh, {}],
        [TOKEN, {}],
        [old, basic],
      ] as const
    ) {
      const { status, body } = await ask(url, { ...form, "subject_token": subject }, headers);
      assert.equal(status, 200, JSON.stringify(body));
      assert.equal(body["issued_token_type"], ACCESS_TYPE);
      assert.equal(await statusWith(uri, body["access_token"]), 200);
    }
    for (
      const [subject, headers, error] of [
        [old, {}, "invalid_grant"],
        ["nonsense", {}, "invalid_grant"],
        ["nonsense", basic, "invalid_grant"],
        [fresh, { authorization: `Bearer ${old}` }, "invalid_client"],
        [fresh, { authorization: `Basic ${btoa("anyone:wrong")}` }, "invalid_client"],
      ] as const
    ) {
      const { body } = await ask(url, { ...form, "subject_token": subject }, headers);
      assert.equal(body["error"], error);
    }
  }, { token: TOKEN });
});

Deno.test("oauth/tokens refuses in OAuth's form, and repeats nothing of what was sent", async () => {
  await withServer(async ({ uri }) => {
    const url = `${uri}/oauth/tokens`;
    const cases: ReadonlyArray<
      [Record<string, string> | string, Record<string, string>, number, string]
    > = [
      [{ ...credentials, "client_secret": "wrong-guess" }, {}, 401, "invalid_client"],
      [{ "grant_type": "client_credentials" }, {}, 401, "invalid_client"],
      [{ "grant_type": "password", password: "wrong-guess" }, {}, 400, "unsupported_grant_type"],
      [{ "client_secret": "wrong-guess" }, {}, 400, "invalid_request"],
      ["grant_type=client_credentials&client_secret=a&client_secret=b", {}, 400, "invalid_request"],
      [{ "grant_type": EXCHANGE }, {}, 400, "invalid_request"],
      ["{}", { "content-type": "application/json" }, 400, "invalid_request"],
      [
        { "grant_type": "client_credentials" },
        { authorization: "Basic %%%" },
        400,
        "invalid_request",
      ],
      ["x".repeat(100_000), {}, 400, "invalid_request"],
    ];
    for (const [form, headers, status, error] of cases) {
      const answer = await ask(url, form, headers);
      assert.equal(answer.status, status, error);
      assert.deepEqual(Object.keys(answer.body), ["error", "error_description"]);
      assert.equal(answer.body["error"], error);
      assert.doesNotMatch(JSON.stringify(answer.body), /wrong-guess/);
      assert.equal(answer.headers.get("www-authenticate") !== null, status === 401);
    }
    const wrongMethod = await fetch(url);
    await wrongMethod.body?.cancel();
    assert.equal(wrongMethod.status, 405);
  }, { token: TOKEN });
});

Deno.test("oauth/tokens gives a token to anyone where none is asked for", async () => {
  await withServer(async ({ uri }) => {
    const { status, body } = await ask(`${uri}/oauth/tokens`, {
      "grant_type": "client_credentials",
      "client_secret": "whatever",
    });
    assert.equal(status, 200);
    assert.equal(await statusWith(uri, body["access_token"]), 200);
  });
});
