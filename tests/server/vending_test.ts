import assert from "node:assert/strict";
import { AuthError, UsageError } from "../../lib/errors.ts";
import { s3PropertiesFrom, stsSettingsFrom } from "../../lib/server/storage/aws_settings.ts";
import { StsKeys } from "../../lib/server/storage/credential_keys.ts";
import { RequestFailure } from "../../lib/server/failure.ts";
import { type Delegation, readDelegation } from "../../lib/server/storage/vending.ts";
import { startServer } from "../../lib/server/serve.ts";
import { startS3StandIn } from "../store/s3_stand_in.ts";
import { refuseUnsigned, SECRET, standInProperties, withS3Server } from "./s3_support.ts";
import { call, makeTable, SCHEMA, withServer } from "./support.ts";

const SIGNING = { "x-iceberg-access-delegation": "remote-signing" };
const MANAGED = { "x-iceberg-access-delegation": "client-managed" };

/** An STS that gives keys which are numbered, for an hour. */
function startSts(options: { readonly answers?: () => Response | undefined } = {}) {
  const requests: URLSearchParams[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    requests.push(new URLSearchParams(await request.text()));
    return options.answers?.() ?? new Response(
      `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
        <Credentials><AccessKeyId>vended-${requests.length}</AccessKeyId>
        <SecretAccessKey>vended-secret</SecretAccessKey><SessionToken>vended-token</SessionToken>
        <Expiration>${new Date(Date.now() + 3_600_000).toISOString()}</Expiration></Credentials>
      </AssumeRoleResult></AssumeRoleResponse>`,
      { headers: { "content-type": "text/xml" } },
    );
  });
  return {
    endpoint: `http://127.0.0.1:${server.addr.port}`,
    requests,
    close: () => server.shutdown(),
  };
}

Deno.test("readDelegation() knows what a client wants, as Lakekeeper does", () => {
  const cases: ReadonlyArray<readonly [string | null, Delegation]> = [
    [null, "either"],
    ["", "either"],
    ["something-new", "either"],
    ["vended-credentials", "credentials"],
    ["Vended-Credentials", "credentials"],
    ["remote-signing", "signing"],
    ["vended-credentials,remote-signing", "either"],
    ["remote-signing, vended-credentials", "either"],
    ["client-managed", "nothing"],
  ];
  for (const [header, wanted] of cases) {
    assert.equal(readDelegation(header), wanted, String(header));
  }
});

Deno.test("s3PropertiesFrom() reads the AWS variables, the empty ones as unset", () => {
  const read = (variables: Record<string, string>) => s3PropertiesFrom((name) => variables[name]);
  assert.deepEqual(read({}), { "s3.region": "us-east-1", "s3.path-style-access": "false" });
  assert.deepEqual(
    read({
      AWS_ENDPOINT_URL: "http://store:9000/",
      AWS_ENDPOINT_URL_S3: "",
      AWS_DEFAULT_REGION: "r-1",
      AWS_ACCESS_KEY_ID: "key",
      AWS_SECRET_ACCESS_KEY: "secret",
      AWS_SESSION_TOKEN: "token",
    }),
    {
      "s3.endpoint": "http://store:9000",
      "s3.region": "r-1",
      "s3.path-style-access": "true",
      "s3.access-key-id": "key",
      "s3.secret-access-key": "secret",
      "s3.session-token": "token",
    },
  );
  const aws = read({ AWS_ENDPOINT_URL_S3: "https://s3.eu-central-1.amazonaws.com" });
  assert.equal(aws["s3.path-style-access"], "false");
});

Deno.test("stsSettingsFrom() finds STS where S3 is, but for AWS", () => {
  const find = (s3: Record<string, string>, variables: Record<string, string> = {}) =>
    stsSettingsFrom({}, { s3, readVariable: (name) => variables[name] });
  assert.deepEqual(find({ "s3.endpoint": "http://store:9000" }), { endpoint: "http://store:9000" });
  assert.deepEqual(find({ "s3.endpoint": "https://s3.eu-central-1.amazonaws.com" }), {});
  assert.deepEqual(
    find({}, { AWS_ENDPOINT_URL_STS: "http://sts", AWS_ROLE_ARN: "arn:aws:iam::1:role/r" }),
    { endpoint: "http://sts", roleArn: "arn:aws:iam::1:role/r" },
  );
});

Deno.test("StsKeys asks once for the first half of the keys' life, and for each table apart", async () => {
  const sts = startSts();
  let nowMs = Date.now();
  try {
    const keys = new StsKeys({ endpoint: sts.endpoint }, {
      region: "eu-test-1",
      serverKeys: () => Promise.resolve({ accessKeyId: "server-key", secretAccessKey: SECRET }),
      now: () => nowMs,
    });
    const one = ["s3://lake/wh/one"];
    const first = await Promise.all([1, 2, 3].map(() => keys.keysFor(one)));
    assert.deepEqual(first.map(({ accessKeyId }) => accessKeyId), Array(3).fill("vended-1"));
    nowMs += 29 * 60_000;
    assert.equal((await keys.keysFor(one)).accessKeyId, "vended-1");
    assert.equal((await keys.keysFor(["s3://lake/wh/two"])).accessKeyId, "vended-2");
    nowMs += 2 * 60_000;
    assert.equal((await keys.keysFor(one)).accessKeyId, "vended-3");
    const [request] = sts.requests;
    assert.equal(request!.get("DurationSeconds"), "3600");
    const policy = JSON.parse(request!.get("Policy")!);
    assert.deepEqual(policy.Statement.map(({ Resource }: { Resource: string[] }) => Resource), [
      ["arn:aws:s3:::lake/wh/one/*"],
      ["arn:aws:s3:::lake"],
    ]);
    assert.deepEqual(policy.Statement[1].Condition, {
      StringLike: { "s3:prefix": ["wh/one/*"] },
    });
  } finally {
    await sts.close();
  }
});

Deno.test("StsKeys fails with 503 that holds no secret, and asks again the next time", async () => {
  let isBroken = true;
  const sts = startSts({
    answers: () =>
      isBroken
        ? new Response(
          `<ErrorResponse><Error><Code>AccessDenied</Code><Message>${SECRET}</Message></Error></ErrorResponse>`,
          { status: 403, headers: { "content-type": "text/xml" } },
        )
        : undefined,
  });
  try {
    const keys = new StsKeys({ endpoint: sts.endpoint }, {
      region: "eu-test-1",
      serverKeys: () => Promise.resolve({ accessKeyId: "server-key", secretAccessKey: SECRET }),
      now: Date.now,
    });
    await assert.rejects(keys.keysFor(["s3://lake/wh/t"]), (error) => {
      assert.ok(error instanceof RequestFailure);
      assert.equal(error.status, 503);
      assert.match(error.message, /STS gave none \(HTTP 403, AccessDenied\)/);
      assert.doesNotMatch(error.message, new RegExp(SECRET));
      return true;
    });
    isBroken = false;
    assert.match((await keys.keysFor(["s3://lake/wh/t"])).accessKeyId, /^vended-/);
  } finally {
    await sts.close();
  }
  assert.throws(
    () => new StsKeys({}, { region: "r", serverKeys: () => Promise.reject(), now: Date.now }),
    UsageError,
  );
});

Deno.test("serve says no more of a store than where it is, unless it gives credentials", () =>
  withS3Server(async ({ uri, s3 }) => {
    const { url } = await makeTable(uri);
    const expected = {
      "s3.endpoint": s3.endpoint,
      "s3.region": "eu-test-1",
      "client.region": "eu-test-1",
      "s3.path-style-access": "true",
    };
    for (const headers of [{}, SIGNING, { "x-iceberg-access-delegation": "vended-credentials" }]) {
      const { body } = await call("GET", url, { headers });
      assert.deepEqual(body.config, expected);
      assert.equal(body["storage-credentials"], undefined);
    }
    const { body } = await call("GET", `${url}/credentials`);
    assert.deepEqual(body, { "storage-credentials": [] });
    const sign = { method: "GET", uri: `${s3.endpoint}/lake/x`, region: "r", headers: {} };
    assert.equal((await call("POST", `${url}/sign`, { body: sign })).status, 400);
  }));

Deno.test("serve on a local disk says nothing of a store", () =>
  withServer(async ({ uri }) => {
    const { url } = await makeTable(uri);
    assert.deepEqual((await call("GET", url)).body.config, {});
    const { status, body } = await call("GET", `${url}/credentials`);
    assert.deepEqual([status, body], [200, { "storage-credentials": [] }]);
    assert.equal((await call("GET", `${uri}/namespaces/ns/tables/no/credentials`)).status, 404);
  }));

Deno.test("serve gives static keys with a table that is loaded, made, announced or registered", () =>
  withS3Server(async ({ uri, stateDirectory }) => {
    const { url, metadata } = await makeTable(uri);
    const loaded = await call("GET", url);
    const headers = { "idempotency-key": crypto.randomUUID() };
    const body = { name: "staged", schema: SCHEMA, "stage-create": true };
    const staged = await call("POST", `${uri}/namespaces/ns/tables`, { body, headers });
    const replayed = await call("POST", `${uri}/namespaces/ns/tables`, { body, headers });
    assert.deepEqual(replayed.body, staged.body);
    const made = await call("POST", `${uri}/namespaces/ns/tables`, {
      body: { name: "made", schema: SCHEMA },
      headers: { "idempotency-key": crypto.randomUUID() },
    });
    const registered = await call("POST", `${uri}/namespaces/ns/register`, {
      body: { name: "r", "metadata-location": loaded.body["metadata-location"] },
    });
    for (const [name, answer] of Object.entries({ t: loaded, staged, made, r: registered })) {
      assert.equal(answer.status, 200);
      assert.equal(answer.body.config["s3.secret-access-key"], SECRET);
      const [credential, ...more] = answer.body["storage-credentials"];
      assert.deepEqual(more, []);
      assert.equal(credential.prefix, answer.body.metadata.location);
      assert.deepEqual(credential.config, {
        ...answer.body.config,
        "client.refresh-credentials-endpoint": `${uri}/namespaces/ns/tables/${name}/credentials`,
      });
    }
    const fetched = await call(
      "GET",
      loaded.body["storage-credentials"][0].config["client.refresh-credentials-endpoint"],
    );
    assert.deepEqual(fetched.body["storage-credentials"], loaded.body["storage-credentials"]);
    const managed = await call("GET", url, { headers: MANAGED });
    assert.equal(managed.body.config["s3.access-key-id"], undefined);
    assert.equal(managed.body["storage-credentials"], undefined);
    assert.equal(managed.body.metadata.location, metadata.location);
    // What is kept for replays must not hold keys.
    for (const name of ["catalog.db", "catalog.db-wal"]) {
      const bytes = await Deno.readFile(`${stateDirectory}/lake/${name}`);
      assert.ok(!new TextDecoder("latin1").decode(bytes).includes(SECRET), name);
    }
  }, { credentials: "static" }));

Deno.test("serve's entity tags tell apart what clients are given beside the metadata", () =>
  withS3Server(async ({ uri }) => {
    const { url } = await makeTable(uri);
    const tags = new Map<string, string>();
    for (const headers of [{}, SIGNING, MANAGED]) {
      for (const form of ["all", "refs"]) {
        const { headers: answered } = await call("GET", `${url}?snapshots=${form}`, { headers });
        tags.set(answered.get("etag")!, form);
      }
    }
    assert.equal(tags.size, 6);
    const tag = (await call("GET", url)).headers.get("etag")!;
    const ifNone = { "if-none-match": tag };
    assert.equal((await call("GET", url, { headers: ifNone })).status, 304);
    const other = await call("GET", url, { headers: { ...SIGNING, ...ifNone } });
    assert.equal(other.status, 200);
    assert.equal(other.body.config["s3.remote-signing-enabled"], "true");
  }, { credentials: "static" }));

Deno.test("serve gives keys by STS that reach the places which a table names", async () => {
  const sts = startSts();
  try {
    await withS3Server(async ({ uri }) => {
      await makeTable(uri, "other");
      // One that lies outside of the warehouse is named in vain.
      const properties = {
        "write.data.path": "s3a://lake/wh/fast/t",
        "write.object-storage.path": "s3://elsewhere/all",
      };
      const created = await call("POST", `${uri}/namespaces/ns/tables`, {
        body: { name: "t", schema: SCHEMA, properties },
      });
      const { config } = created.body["storage-credentials"][0];
      assert.equal(config["s3.session-token"], "vended-token");
      assert.match(config["s3.session-token-expires-at-ms"], /^\d{13}$/);
      const policy = JSON.parse(sts.requests.at(-1)!.get("Policy")!);
      const { location } = created.body.metadata;
      assert.deepEqual(policy.Statement[0].Resource, [
        `arn:aws:s3:::${location.slice("s3://".length)}/*`,
        "arn:aws:s3:::lake/wh/fast/t/*",
      ]);
    }, { credentials: "sts", sts: { endpoint: sts.endpoint } });
  } finally {
    await sts.close();
  }
});

Deno.test("serve does not start when STS gives it nothing", async () => {
  const sts = startSts({ answers: () => new Response("", { status: 500 }) });
  try {
    await assert.rejects(
      withS3Server(() => Promise.resolve(), {
        credentials: "sts",
        sts: { endpoint: sts.endpoint },
      }),
      (error) => {
        assert.ok(error instanceof AuthError);
        assert.match(error.message, /^Cannot serve warehouse "lake" with credentials by STS/);
        return true;
      },
    );
  } finally {
    await sts.close();
  }
  await assert.rejects(
    startServer({ warehouses: [{ name: "demo", root: "x", credentials: "static" }] }),
    UsageError,
  );
});

Deno.test("serve signs with keys of one table where the store does what unsigned headers ask", async () => {
  const lax = { standIn: {}, credentials: "sign" } as const;
  await assert.rejects(withS3Server(() => Promise.resolve(), lax), (error) => {
    assert.ok(error instanceof UsageError);
    assert.match(
      error.message,
      /^Cannot sign for clients of warehouse "lake": its store also does/,
    );
    return true;
  });
  const sts = startSts();
  try {
    await withS3Server(async ({ uri, s3 }) => {
      const { url, metadata } = await makeTable(uri);
      const { body: loaded } = await call("GET", url);
      assert.equal(loaded.config["s3.remote-signing-enabled"], "true");
      assert.equal(loaded.config["s3.access-key-id"], undefined);
      const path = metadata.location.slice("s3://".length);
      const { body } = await call("POST", `${url}/sign`, {
        body: { region: "r", uri: `${s3.endpoint}/${path}/a`, method: "PUT", headers: {} },
      });
      assert.match(body.headers["authorization"][0], /Credential=vended-/);
      assert.deepEqual(body.headers["x-amz-security-token"], ["vended-token"]);
      const policy = JSON.parse(sts.requests.at(-1)!.get("Policy")!);
      assert.deepEqual(policy.Statement[0].Resource, [`arn:aws:s3:::${path}/*`]);
    }, { ...lax, sts: { endpoint: sts.endpoint } });
  } finally {
    await sts.close();
  }
});

Deno.test("serve names itself as the proxy before it is known", () =>
  withS3Server(async ({ uri }) => {
    const { url } = await makeTable(uri);
    const { body } = await call("GET", url, {
      headers: {
        ...SIGNING,
        "x-forwarded-proto": "https",
        "x-forwarded-host": "lake.example.com",
      },
    });
    assert.equal(body.config["signer.uri"], "https://lake.example.com/catalog");
    assert.equal(body.config["signer.endpoint"], "v1/namespaces/ns/tables/t/sign");
    const odd = await call("GET", url, {
      headers: { ...SIGNING, "x-forwarded-host": "evil.example.com/x?" },
    });
    assert.equal(odd.body.config["signer.uri"], uri.slice(0, -"/v1".length));
  }, { credentials: "sign" }));

Deno.test("serve with several warehouses leads clients to the paths of their own one", async () => {
  const directory = await Deno.makeTempDir({ prefix: "ingest-server-" });
  const s3 = startS3StandIn({ faultOf: refuseUnsigned });
  const server = await startServer({
    warehouses: [
      { name: "here", root: `${directory}/here` },
      {
        name: "there",
        root: "s3://lake/wh",
        stateDirectory: directory,
        credentials: "sign",
        storeProperties: standInProperties(s3),
      },
    ],
  });
  try {
    const { url, metadata } = await makeTable(`${server.uri}/v1/there`);
    const { config } = (await call("GET", url)).body;
    assert.equal(`${config["signer.uri"]}/${config["signer.endpoint"]}`, `${url}/sign`);
    const body = {
      region: "eu-test-1",
      uri: `${s3.endpoint}/${metadata.location.slice("s3://".length)}/a`,
      method: "GET",
      headers: {},
    };
    assert.equal((await call("POST", `${url}/sign`, { body })).status, 200);
    assert.match((await makeTable(`${server.uri}/v1/here`)).metadata.location, /^file:/);
  } finally {
    await server.close();
    await s3.close();
    await Deno.remove(directory, { recursive: true });
  }
});
