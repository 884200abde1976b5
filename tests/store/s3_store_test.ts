/** The S3 store: its settings, and what it says of a store that refuses or fails. */
import assert from "node:assert/strict";
import { AuthError, StorageError, type ToolError } from "../../lib/errors.ts";
import { createHash } from "node:crypto";
import { s3ClientConfig } from "../../lib/store/s3_session.ts";
import { bucketAndKey, openS3Store } from "../../lib/store/s3_store.ts";

const AWS_VARIABLES = [
  "AWS_REGION",
  "AWS_DEFAULT_REGION",
  "AWS_ENDPOINT_URL",
  "AWS_ENDPOINT_URL_S3",
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
];

/** Runs a test with these AWS variables and no others. */
async function withVariables(
  variables: Readonly<Record<string, string>>,
  test: () => void | Promise<void>,
): Promise<void> {
  const before = AWS_VARIABLES.map((name) => [name, Deno.env.get(name)] as const);
  for (const name of AWS_VARIABLES) Deno.env.delete(name);
  for (const [name, value] of Object.entries(variables)) Deno.env.set(name, value);
  try {
    await test();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
  }
}

const KEYS = {
  "s3.access-key-id": "AKIDEXAMPLE",
  "s3.secret-access-key": "S3cretKeyOfTheTest",
  "s3.session-token": "S3ssionTokenOfTheTest",
};

Deno.test("bucketAndKey() reads the three schemes and keeps the key as it stands", () => {
  for (const scheme of ["s3", "s3a", "s3n"]) {
    assert.deepEqual(bucketAndKey(`${scheme}://b-1/ns/t%20x/ü y+z=1/a.parquet`), {
      bucket: "b-1",
      key: "ns/t%20x/ü y+z=1/a.parquet",
    });
  }
  for (const location of ["s3://b", "s3://b/", "s3:///k", "file:///a/b", "s3:b/k"]) {
    assert.throws(() => bucketAndKey(location), StorageError, location);
  }
});

Deno.test("s3ClientConfig() takes endpoint, region and path style from the properties", async () => {
  await withVariables({ AWS_REGION: "env-1", AWS_ENDPOINT_URL: "http://env" }, () => {
    const config = s3ClientConfig({
      "s3.endpoint": "http://127.0.0.1:9000",
      "s3.region": "own-1",
      "client.region": "client-1",
      "s3.path-style-access": "true",
    });
    assert.equal(config.endpoint, "http://127.0.0.1:9000");
    assert.equal(config.region, "own-1");
    assert.equal(config.forcePathStyle, true);
    assert.equal(s3ClientConfig({ "client.region": "client-1" }).region, "client-1");
  });
});

Deno.test("s3ClientConfig() takes the region from the AWS variables, then a default", async () => {
  await withVariables({ AWS_REGION: "one", AWS_DEFAULT_REGION: "two" }, () => {
    assert.equal(s3ClientConfig({}).region, "one");
  });
  await withVariables({ AWS_REGION: "", AWS_DEFAULT_REGION: "two" }, () => {
    assert.equal(s3ClientConfig({}).region, "two");
  });
  await withVariables({}, () => assert.equal(s3ClientConfig({}).region, "us-east-1"));
});

Deno.test("s3ClientConfig() uses path style for an endpoint of one's own unless told otherwise", async () => {
  await withVariables({}, () => {
    const styleOf = (properties: Record<string, string>) =>
      s3ClientConfig(properties).forcePathStyle;
    assert.equal(styleOf({}), false);
    assert.equal(styleOf({ "s3.endpoint": "http://minio:9000" }), true);
    assert.equal(styleOf({ "s3.endpoint": "https://s3.eu-west-1.amazonaws.com" }), false);
    const told = { "s3.endpoint": "http://minio:9000", "s3.path-style-access": "false" };
    assert.equal(styleOf(told), false);
    assert.equal(styleOf({ "s3.path-style-access": "TRUE" }), true);
  });
  for (const name of ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"]) {
    await withVariables({ [name]: "http://minio:9000" }, () => {
      assert.equal(s3ClientConfig({}).forcePathStyle, true);
    });
  }
});

Deno.test("s3ClientConfig() takes a whole pair of keys, with its token, or none", () => {
  assert.deepEqual(s3ClientConfig(KEYS).credentials, {
    accessKeyId: "AKIDEXAMPLE",
    secretAccessKey: "S3cretKeyOfTheTest",
    sessionToken: "S3ssionTokenOfTheTest",
  });
  const { "s3.session-token": _, ...lasting } = KEYS;
  assert.deepEqual(s3ClientConfig(lasting).credentials, {
    accessKeyId: "AKIDEXAMPLE",
    secretAccessKey: "S3cretKeyOfTheTest",
  });
  assert.equal(s3ClientConfig({ "s3.access-key-id": "half" }).credentials, undefined);
  assert.equal(s3ClientConfig({}).credentials, undefined);
});

interface SeenRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: string;
}

/** A store that answers every request alike. */
async function withAnswer(
  response: { readonly status: number; readonly body?: string },
  test: (endpoint: string, seen: SeenRequest[]) => Promise<void>,
): Promise<void> {
  const seen: SeenRequest[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { method, url, headers } = request;
    const body = await request.text();
    seen.push({ method, url: new URL(url), headers, body });
    return new Response(response.body ?? null, {
      status: response.status,
      headers: {
        "content-type": "application/xml",
        etag: `"${createHash("md5").update(body).digest("hex")}"`,
      },
    });
  });
  try {
    await test(`http://127.0.0.1:${server.addr.port}`, seen);
  } finally {
    await server.shutdown();
  }
}

function errorXml(code: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code>` +
    `<Message>The server says ${code}</Message><RequestId>1</RequestId></Error>`;
}

const LOCATION = "s3://bucket-1/ns/t/data/x 1.parquet";
const BYTES = new TextEncoder().encode("some bytes");

/** Bounds that end a test soon. */
const QUICK = { budgetMs: 300, connectBudgetMs: 300, waitMsMin: 5, waitMsMax: 50 };

async function failureOf(attempt: Promise<unknown>): Promise<ToolError> {
  return await attempt.then(() => assert.fail("it succeeded"), (error) => error);
}

function checkError(
  error: ToolError,
  expected: { readonly action: string; readonly status: string },
): void {
  const start = `Cannot ${expected.action} bucket "bucket-1" key "ns/t/data/x 1.parquet": `;
  assert.ok(error.message.startsWith(`${start}${expected.status}`), error.message);
  const said = `${error.message} ${error.hint}`;
  for (const secret of [KEYS["s3.secret-access-key"], KEYS["s3.session-token"]]) {
    assert.ok(!said.includes(secret), said);
  }
}

Deno.test("S3Store sends whole objects to the path of bucket and key, signed with the token", async () => {
  await withAnswer({ status: 200 }, async (endpoint, seen) => {
    const store = openS3Store({ ...KEYS, "s3.endpoint": endpoint, "s3.region": "local-01" });
    try {
      await store.write(LOCATION, BYTES, { contentType: "application/vnd.apache.parquet" });
    } finally {
      store.close();
    }
    assert.equal(seen.length, 1);
    const [put] = seen;
    assert.equal(put?.method, "PUT");
    assert.equal(put?.url.pathname, "/bucket-1/ns/t/data/x%201.parquet");
    assert.equal(put?.body, "some bytes");
    assert.equal(put?.headers.get("content-length"), String(BYTES.length));
    assert.equal(put?.headers.get("content-type"), "application/vnd.apache.parquet");
    assert.equal(put?.headers.get("x-amz-security-token"), "S3ssionTokenOfTheTest");
    const scope = /Credential=AKIDEXAMPLE\/\d{8}\/local-01\/s3\/aws4_request/;
    assert.match(put?.headers.get("authorization") ?? "", scope);
  });
});

Deno.test("S3Store takes the keys of the AWS variables when the catalog gives none", async () => {
  const variables = { AWS_ACCESS_KEY_ID: "FROMENV", AWS_SECRET_ACCESS_KEY: "EnvS3cret" };
  await withVariables(variables, async () => {
    await withAnswer({ status: 200, body: "some bytes" }, async (endpoint, seen) => {
      const store = openS3Store({ "s3.endpoint": endpoint });
      try {
        assert.deepEqual(await store.read(LOCATION), BYTES);
      } finally {
        store.close();
      }
      const scope = /Credential=FROMENV\/\d{8}\/us-east-1\/s3/;
      assert.match(seen[0]?.headers.get("authorization") ?? "", scope);
    });
  });
});

Deno.test("S3Store reports a refusal as an AuthError with bucket, key and status, no secret", async () => {
  for (const code of ["AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"]) {
    await withAnswer({ status: 403, body: errorXml(code) }, async (endpoint) => {
      const store = openS3Store({ ...KEYS, "s3.endpoint": endpoint });
      try {
        const write = await failureOf(store.write(LOCATION, BYTES));
        assert.ok(write instanceof AuthError);
        checkError(write, { action: "write", status: `HTTP 403 (${code}: The server says` });
        const read = await failureOf(store.read(LOCATION));
        assert.ok(read instanceof AuthError);
        checkError(read, { action: "read", status: "HTTP 403" });
      } finally {
        store.close();
      }
    });
  }
});

Deno.test("S3Store reports a missing object, and removes one without complaint", async () => {
  await withAnswer({ status: 404, body: errorXml("NoSuchKey") }, async (endpoint) => {
    const store = openS3Store({ ...KEYS, "s3.endpoint": endpoint });
    try {
      const read = await failureOf(store.read(LOCATION));
      assert.ok(read instanceof StorageError);
      checkError(read, { action: "read", status: "HTTP 404 (NoSuchKey: " });
    } finally {
      store.close();
    }
  });
  await withAnswer({ status: 204 }, async (endpoint, seen) => {
    const store = openS3Store({ ...KEYS, "s3.endpoint": endpoint });
    await store.remove(LOCATION);
    store.close();
    assert.equal(seen[0]?.method, "DELETE");
  });
});

Deno.test("S3Store tries a failing store again, then reports its status", async () => {
  await withAnswer({ status: 500, body: errorXml("InternalError") }, async (endpoint, seen) => {
    const store = openS3Store({ ...KEYS, "s3.endpoint": endpoint }, { limits: QUICK });
    try {
      const write = await failureOf(store.write(LOCATION, BYTES));
      assert.ok(write instanceof StorageError);
      checkError(write, { action: "write", status: "HTTP 500 (InternalError: " });
      assert.ok(seen.length > 1, "it was tried once only");
      for (const { body } of seen) assert.equal(body, "some bytes");
    } finally {
      store.close();
    }
  });
});

Deno.test("S3Store says why there was no answer", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const endpoint = `http://127.0.0.1:${listener.addr.port}`;
  listener.close();
  const store = openS3Store({ ...KEYS, "s3.endpoint": endpoint }, { limits: QUICK });
  try {
    const write = await failureOf(store.write(LOCATION, BYTES));
    assert.ok(write instanceof StorageError);
    checkError(write, { action: "write", status: "no answer" });
    assert.match(write.message, /connection refused/i);
  } finally {
    store.close();
  }
});

Deno.test("S3Store tells of each request by method, path and status, without its query", async () => {
  await withAnswer({ status: 200, body: "some bytes" }, async (endpoint) => {
    const told: string[] = [];
    const store = openS3Store({ ...KEYS, "s3.endpoint": endpoint }, {
      onRequest: ({ method, url, status, elapsedMs }) => {
        told.push(`${method} ${url} ${status}`);
        assert.ok(elapsedMs >= 0);
      },
    });
    await store.read(LOCATION);
    store.close();
    assert.equal(told.length, 1);
    assert.match(told[0]!, /^GET http:.*\/bucket-1\/ns\/t\/data\/x%201\.parquet 200$/);
  });
});
