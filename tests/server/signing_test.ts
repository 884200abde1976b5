import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import type { StoreProperties } from "../../lib/store/credentials.ts";
import { failureOf, RequestFailure } from "../../lib/server/failure.ts";
import { readSignRequest, type SignRequest } from "../../lib/server/storage/sign_request.ts";
import { S3Signer } from "../../lib/server/storage/signing.ts";
import type { JsonObject } from "../../lib/table/shape.ts";
import { SECRET, withS3Server } from "./s3_support.ts";
import { call, makeTable, SCHEMA } from "./support.ts";

const ENDPOINT = "http://127.0.0.1:9000";
const PATH_STYLE: StoreProperties = {
  "s3.endpoint": ENDPOINT,
  "s3.region": "eu-test-1",
  "s3.path-style-access": "true",
};
const AWS: StoreProperties = { "s3.region": "eu-central-1", "s3.path-style-access": "false" };
const KEYS = { accessKeyId: "server-key", secretAccessKey: SECRET };
const LOCATIONS = ["s3://lake/wh/ns/t", "s3://lake/fast/t"];
const TABLE = `${ENDPOINT}/lake/wh/ns/t`;

function signer(properties = PATH_STYLE): S3Signer {
  return new S3Signer(properties, () => Promise.resolve(KEYS));
}

async function sign(
  request: Partial<Omit<SignRequest, "headers">> & {
    readonly headers?: Readonly<Record<string, string>>;
  },
  properties = PATH_STYLE,
) {
  const { method = "GET", uri = `${TABLE}/a`, headers = {}, body } = request;
  return await signer(properties).sign({
    method,
    uri,
    headers: new Map(Object.entries(headers)),
    body,
  }, LOCATIONS);
}

async function assertRefused(
  requests: ReadonlyArray<Parameters<typeof sign>[0]>,
  properties = PATH_STYLE,
): Promise<void> {
  for (const request of requests) {
    await assert.rejects(sign(request, properties), (error) => {
      assert.ok(error instanceof RequestFailure, `${JSON.stringify(request)}: ${error}`);
      assert.ok(error.status === 400 || error.status === 403);
      assert.match(error.message, /^Cannot sign the request: /);
      return true;
    }, JSON.stringify(request));
  }
}

function deletion(...keys: string[]): string {
  const objects = keys.map((key) => `<Object><Key>${key}</Key></Object>`);
  return `<?xml version="1.0" encoding="UTF-8"?><Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${
    objects.join("\n")
  }<Quiet>true</Quiet></Delete>`;
}

Deno.test("S3Signer signs what a client needs to read, write, list and remove a table's files", async () => {
  const listing = `${ENDPOINT}/lake?list-type=2&prefix=wh%2Fns%2Ft%2F`;
  for (
    const [method, uri] of [
      ["GET", `${TABLE}/metadata/1.avro`],
      ["GET", `${TABLE}/a?x-id=GetObject`],
      ["GET", `${TABLE}/a?partNumber=1`],
      ["HEAD", `${TABLE}/a`],
      ["PUT", `${TABLE}/data/name=a%252Fb/%C3%BC%20x.parquet`],
      ["PUT", `${ENDPOINT}/lake/fast/t/1`],
      ["PUT", `${TABLE}/a?partNumber=3&uploadId=abc`],
      ["POST", `${TABLE}/a?uploads`],
      ["POST", `${TABLE}/a?uploads=`],
      ["POST", `${TABLE}/a?uploadId=abc`],
      ["DELETE", `${TABLE}/a`],
      ["DELETE", `${TABLE}/a?uploadId=abc`],
      ["GET", listing],
      ["GET", `${ENDPOINT}/lake/?prefix=wh/ns/t/data&list-type=2&max-keys=1&delimiter=%2F`],
      ["GET", `${listing}&continuation-token=a%2Bb&fetch-owner=false&encoding-type=url`],
    ] as const
  ) {
    const { uri: signed, headers } = await sign({ method, uri });
    assert.equal(signed, uri);
    assert.deepEqual(Object.keys(headers).sort(), [
      "authorization",
      "x-amz-content-sha256",
      "x-amz-date",
    ]);
    assert.deepEqual(headers["x-amz-content-sha256"], ["UNSIGNED-PAYLOAD"]);
    assert.match(headers["authorization"]![0]!, /Credential=server-key\/\d{8}\/eu-test-1\/s3\//);
    assert.doesNotMatch(JSON.stringify(headers), new RegExp(SECRET));
  }
});

Deno.test("S3Signer signs nothing beyond the table's own files", async () => {
  const outside = [
    "lake/wh/ns/other/a",
    "lake/wh/ns/t",
    "lake/wh/ns/t/",
    "lake/wh/ns/tx/a",
    "lake/wh/ns/T/a",
    "lakes/wh/ns/t/a",
    "wh/ns/t/a",
    "lake//wh/ns/t/a",
    "/lake/wh/ns/t/a",
    "lake/wh/ns/t//a",
    "lake/wh/ns/t/../other/a",
    "lake/wh/ns/t/./a",
    "lake/wh/ns/t/%2e%2e/other/a",
    "lake/wh/ns/t/%2E%2e%2Fother/a",
    "lake/wh/ns/t/..%2fother/a",
    "lake/wh/ns/t/..%5cother/a",
    "lake/wh/ns/t/..\\other/a",
    "lake/wh/ns/t/a%00",
    "lake/wh/ns/t/a%0a",
    "lake/wh/ns/t/%ff",
    "lake/wh/ns/t/%",
    "lake/wh/ns/t/a+b",
    "lake/wh/ns/t/a b",
    "lake/wh/ns/t/ä",
    "lake/wh/ns/t/a#b",
    "%6cake/wh/ns/t/a",
    "lake%2Fwh/ns/t/a",
    "",
    "lake",
  ].map((path) => `${ENDPOINT}/${path}`);
  await assertRefused(outside.flatMap((uri) => [{ uri }, { uri, method: "PUT" }]));
});

Deno.test("S3Signer signs requests to the warehouse's own store only", async () => {
  const uris = [
    "http://127.0.0.1/lake/wh/ns/t/a",
    "http://127.0.0.1:9001/lake/wh/ns/t/a",
    "https://127.0.0.1:9000/lake/wh/ns/t/a",
    "http://localhost:9000/lake/wh/ns/t/a",
    "http://127.0.0.1:9000@evil.example/lake/wh/ns/t/a",
    "http://evil.example#127.0.0.1:9000/lake/wh/ns/t/a",
    "http://user:pass@127.0.0.1:9000/lake/wh/ns/t/a",
    "http://127.0.0.1.evil.example:9000/lake/wh/ns/t/a",
    // The store takes the first part of the path for the bucket all the same.
    "http://lake.127.0.0.1:9000/wh/ns/t/a",
    "http:/127.0.0.1:9000/lake/wh/ns/t/a",
    "http:\\\\127.0.0.1:9000/lake/wh/ns/t/a",
    "//127.0.0.1:9000/lake/wh/ns/t/a",
    "/lake/wh/ns/t/a",
    "lake/wh/ns/t/a",
    "s3://lake/wh/ns/t/a",
    " http://127.0.0.1:9000/lake/wh/ns/t/a",
    "http://127.0.0.1:9000/lake/wh/ns/t/a\n",
    `${TABLE}/${"a".repeat(9000)}`,
    "",
  ];
  await assertRefused(uris.map((uri) => ({ uri })));
});

Deno.test("S3Signer knows the hosts of AWS, with the bucket in the path or in the host", async () => {
  const top = "s3.eu-central-1.amazonaws.com";
  for (
    const uri of [
      `https://lake.${top}/wh/ns/t/a`,
      `https://lake.${top}:443/wh/ns/t/a`,
      `https://${top}/lake/wh/ns/t/a`,
      "https://lake.s3.dualstack.eu-central-1.amazonaws.com/wh/ns/t/a",
      `https://lake.${top}/?list-type=2&prefix=wh%2Fns%2Ft%2F`,
    ]
  ) {
    assert.equal((await sign({ uri }, AWS)).uri, uri);
  }
  await assertRefused(
    [
      `http://lake.${top}/wh/ns/t/a`,
      `https://other.${top}/wh/ns/t/a`,
      `https://lake.x.${top}/wh/ns/t/a`,
      `https://lake.${top}/lake/wh/ns/t/a`,
      `https://${top}/wh/ns/t/a`,
      `https://lake.${top}.evil.example/wh/ns/t/a`,
      "https://lake.s3.us-east-1.amazonaws.com/wh/ns/t/a",
      "https://lake.s3.amazonaws.com/wh/ns/t/a",
      "https://lake.iam.amazonaws.com/wh/ns/t/a",
    ].map((uri) => ({ uri })),
    AWS,
  );
});

Deno.test("S3Signer signs no other operation of S3", async () => {
  const queries = [
    "acl",
    "policy",
    "tagging",
    "versionId=1",
    "versions",
    "restore",
    "select&select-type=2",
    "torrent",
    "retention",
    "legal-hold",
    "attributes",
    "uploadId=1",
    "uploads=1",
    "partNumber=1&partNumber=2",
    "partNumber=",
    "response-content-type=text%2Fhtml",
    "X-Amz-Signature=1",
    "X-Amz-Expires=9",
    "a=b",
    "=",
    "&",
    "x-id=1&x-id=2",
    "partNumber=1+1",
    "%61cl",
  ];
  await assertRefused(queries.map((query) => ({ uri: `${TABLE}/a?${query}` })));
  await assertRefused(
    ["PUT", "DELETE"].flatMap((method) =>
      ["acl", "tagging", "versionId=1", "uploadId=", "partNumber=1"].map((query) => ({
        method,
        uri: `${TABLE}/a?${query}`,
      }))
    ),
  );
  await assertRefused(
    ["", "restore", "select&select-type=2", "delete", "uploadId=", "uploads&uploadId=1"].map(
      (query) => ({ method: "POST", uri: `${TABLE}/a?${query}`, body: deletion("wh/ns/t/a") }),
    ),
  );
  await assertRefused(
    ["OPTIONS", "PATCH", "TRACE", "CONNECT", "COPY", "", "constructor"].map((method) => ({
      method,
    })),
  );
});

Deno.test("S3Signer signs listings of the table's own prefix only", async () => {
  const queries = [
    "",
    "list-type=2",
    "list-type=2&prefix=",
    "list-type=2&prefix=wh/ns/t",
    "list-type=2&prefix=wh/ns/",
    "list-type=2&prefix=wh/ns/tx/",
    "list-type=2&prefix=wh/ns/t/../",
    "list-type=2&prefix=wh/ns/t/%2e%2e/x",
    "list-type=2&prefix=wh/ns/t//",
    "list-type=2&prefix=wh/ns/t/&prefix=",
    "list-type=1&prefix=wh/ns/t/",
    "prefix=wh/ns/t/",
    "versions&prefix=wh/ns/t/",
    "uploads&prefix=wh/ns/t/",
    "policy",
    "acl",
    "location",
  ];
  await assertRefused(queries.map((query) => ({ uri: `${ENDPOINT}/lake?${query}` })));
  await assertRefused(
    ["HEAD", "PUT", "DELETE", "POST"].map((method) => ({
      method,
      uri: `${ENDPOINT}/lake?list-type=2&prefix=wh/ns/t/`,
    })),
  );
});

Deno.test("S3Signer signs the removal of several objects with the body that it has read", async () => {
  const request = { method: "POST", uri: `${ENDPOINT}/lake?delete` };
  for (const body of [deletion("wh/ns/t/a", "wh/ns/t/d/b&amp;c"), deletion("fast/t/&#x61;")]) {
    const { headers } = await sign({ ...request, body });
    const hash = createHash("sha256").update(body).digest("hex");
    assert.deepEqual(headers["x-amz-content-sha256"], [hash]);
  }
  const key = "<Key>wh/ns/t/a</Key>";
  const bodies = [
    undefined,
    "",
    "not xml",
    deletion(),
    deletion("wh/ns/t/a", "wh/ns/other/a"),
    deletion("wh/ns/t/../other/a"),
    deletion("wh/ns/t/"),
    deletion("/wh/ns/t/a"),
    deletion(" wh/ns/t/a"),
    deletion("wh/ns/t/a<!---->"),
    deletion("<![CDATA[wh/ns/t/a]]>"),
    deletion("wh/ns/t/<b/>a"),
    `<Delete><Object>${key}<VersionId>1</VersionId></Object></Delete>`,
    `<Delete><Object>${key}${key}</Object></Delete>`,
    `<Delete><Object>x${key}</Object></Delete>`,
    `<Delete>${key}</Delete>`,
    `<delete><Object>${key}</Object></delete>`,
    `<!DOCTYPE Delete [<!ENTITY a "b">]><Delete><Object>${key}</Object></Delete>`,
    `<?xml version="1.0" encoding="UTF-7"?><Delete><Object>${key}</Object></Delete>`,
    `<?php?><Delete><Object>${key}</Object></Delete>`,
    `<Delete><Object>${key}</Object></Delete><Delete/>`,
    deletion(...Array.from({ length: 1001 }, (_, n) => `wh/ns/t/${n}`)),
  ];
  await assertRefused(
    bodies.map((body) => ({ ...request, ...(body === undefined ? {} : { body }) })),
  );
  await assertRefused([
    { ...request, uri: `${ENDPOINT}/other?delete`, body: deletion("wh/ns/t/a") },
    { ...request, uri: `${ENDPOINT}/lake?delete&versioning`, body: deletion("wh/ns/t/a") },
    { ...request, uri: `${ENDPOINT}/lake?delete=1`, body: deletion("wh/ns/t/a") },
  ]);
});

Deno.test("S3Signer refuses headers that do more than store the object, and sets its own", async () => {
  const refused = {
    "x-amz-copy-source": "/lake/wh/ns/other/a",
    "x-amz-copy-source-range": "bytes=0-1",
    "x-amz-acl": "public-read",
    "x-amz-grant-read": "uri=everyone",
    "x-amz-website-redirect-location": "/",
    "x-amz-object-lock-mode": "GOVERNANCE",
    "x-amz-bypass-governance-retention": "true",
    "x-amz-rename-source": "/lake/x",
    "x-amz-new": "1",
    "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
  };
  await assertRefused(
    Object.entries(refused).map(([name, value]) => ({ method: "PUT", headers: { [name]: value } })),
  );
  const { headers } = await sign({
    method: "PUT",
    headers: {
      host: "evil.example",
      "authorization": "AWS4 other",
      "x-amz-date": "20000101T000000Z",
      "x-amz-security-token": "other",
      "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
      "x-amz-checksum-crc32": "AAAAAA==",
      "x-amz-meta-note": "mine",
      "content-type": "text/plain",
    },
  });
  // What the client has said already is not said again.
  assert.deepEqual(Object.keys(headers).sort(), ["authorization", "x-amz-date"]);
  assert.match(
    headers["authorization"]![0]!,
    /SignedHeaders=host;x-amz-checksum-crc32;x-amz-content-sha256;x-amz-date;x-amz-meta-note,/,
  );
  assert.doesNotMatch(headers["x-amz-date"]![0]!, /^2000/);
});

Deno.test("S3Signer signs for the host that the URI names, whatever the headers say", async () => {
  const attempt = async (headers: Record<string, string>) => {
    const { headers: signed } = await sign({ headers });
    return { time: signed["x-amz-date"]![0]!, authorization: signed["authorization"]![0]! };
  };
  for (let tries = 0;; tries++) {
    const plain = await attempt({});
    const other = await attempt({ host: "evil.example" });
    // A second may have ended between the two.
    if (plain.time !== other.time && tries < 5) continue;
    return assert.deepEqual(plain, other);
  }
});

/** The seed of a random test, which is shown with the command that replays it. */
function seedOf(): number {
  const seed = Number(Deno.env.get("SIGNING_SEED") ?? Math.floor(Math.random() * 2 ** 31));
  console.log(
    `seed ${seed}; replay: SIGNING_SEED=${seed} deno test -A tests/server/signing_test.ts`,
  );
  return seed;
}

/** Pieces of which attackers make their paths and queries. */
const PIECE = fc.constantFrom(
  "/",
  "//",
  ".",
  "..",
  "%2e",
  "%2E%2E",
  "%2f",
  "%5c",
  "%25",
  "%252e",
  "%00",
  "\\",
  "?",
  "#",
  "&",
  "=",
  "@",
  ":",
  ";",
  "+",
  "lake",
  "wh",
  "ns",
  "t",
  "other",
  "a",
  "acl",
  "delete",
  "uploads",
  "versionId=1",
  "list-type=2",
  "prefix=",
  "x-id=1",
  "wh/ns/t/",
  "\t",
  "ü",
);

Deno.test("S3Signer never signs what a URL parser reads as another object (random URIs)", async () => {
  const seed = seedOf();
  const one = signer();
  let signed = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("GET", "HEAD", "PUT", "POST", "DELETE"),
      fc.constantFrom(`${TABLE}/`, `${ENDPOINT}/lake/`, `${ENDPOINT}/lake?`, `${ENDPOINT}/`),
      fc.array(PIECE, { maxLength: 6 }),
      async (method, start, pieces) => {
        const uri = start + pieces.join("");
        try {
          await one.sign({ method, uri, headers: new Map(), body: undefined }, LOCATIONS);
        } catch (error) {
          assert.ok(error instanceof RequestFailure && error.status < 500, `${uri}: ${error}`);
          return;
        }
        signed += 1;
        const url = new URL(uri);
        assert.equal(url.origin, ENDPOINT);
        const path = decodeURIComponent(url.pathname);
        assert.doesNotMatch(path, /\/\.{0,2}\/|\/\.{1,2}$|\\/);
        const prefix = url.searchParams.get("prefix");
        if (/^\/lake\/?$/.test(path)) {
          assert.ok(method === "GET" && url.searchParams.get("list-type") === "2", uri);
          assert.ok(prefix?.startsWith("wh/ns/t/") || prefix?.startsWith("fast/t/"), uri);
        } else {
          assert.match(path, /^\/lake\/(?:wh\/ns|fast)\/t\/[^/]/, uri);
          for (const name of url.searchParams.keys()) {
            assert.match(name, /^(?:x-id|uploads|uploadId|partNumber)$/, uri);
          }
        }
      },
    ),
    { seed, numRuns: 5_000 },
  );
  assert.ok(signed > 50, `${signed} signed`);
});

Deno.test("readSignRequest() and S3Signer end random requests with 400 or 403, or sign them", async () => {
  const seed = seedOf();
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom(`${TABLE}/a`, "GET", "PUT", "s3", "r", `${ENDPOINT}/lake?delete`, "POST"),
  );
  const headers = fc.dictionary(
    fc.string({ maxLength: 8 }),
    fc.array(fc.string(), { maxLength: 2 }),
  );
  const body = fc.record({
    region: fc.oneof({ weight: 9, arbitrary: fc.constant("r") }, value),
    method: fc.oneof({ weight: 9, arbitrary: fc.constantFrom("GET", "PUT", "POST") }, value),
    uri: fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(`${TABLE}/a`, `${ENDPOINT}/lake?delete`) },
      value,
    ),
    headers: fc.oneof({ weight: 9, arbitrary: headers }, value),
    body: fc.oneof(fc.constant(null), fc.string(), fc.constant(deletion("wh/ns/t/a")), value),
    provider: fc.option(value),
  }, { requiredKeys: [] });
  const one = signer();
  await fc.assert(
    fc.asyncProperty(body, async (json) => {
      try {
        await one.sign(readSignRequest(json as JsonObject), LOCATIONS);
      } catch (error) {
        const status = failureOf(error)?.status;
        assert.ok(status === 400 || status === 403, `${JSON.stringify(json)}: ${error}`);
      }
    }),
    { seed, numRuns: 3_000 },
  );
});

Deno.test("serve signs for a table's client, and answers the bad requests with 400 or 403", () =>
  withS3Server(async ({ uri, s3 }) => {
    const { url, metadata } = await makeTable(uri);
    const loaded = await call("GET", url);
    const { config } = loaded.body;
    assert.equal(loaded.body["storage-credentials"], undefined);
    assert.equal(config["s3.access-key-id"], undefined);
    assert.equal(config["s3.remote-signing-enabled"], "true");
    assert.equal(`${config["signer.uri"]}/${config["signer.endpoint"]}`, `${url}/sign`);
    const object = `${s3.endpoint}/${metadata.location.slice("s3://".length)}/data/1.parquet`;
    const request = { region: "eu-test-1", uri: object, method: "PUT", headers: {} };
    const { status, body } = await call("POST", `${url}/sign`, { body: request });
    assert.equal(status, 200);
    assert.equal(body.uri, object);
    const written = await fetch(body.uri, {
      method: "PUT",
      body: "abc",
      headers: Object.fromEntries(
        Object.entries(body.headers).map(([name, values]) => [name, (values as string[])[0]!]),
      ),
    });
    assert.equal(written.status, 200);
    await written.body?.cancel();
    assert.equal(s3.signers.at(-1), "server-key");
    for (
      const [expected, change] of [
        [403, { uri: `${s3.endpoint}/lake/wh/other` }],
        [403, { method: "PATCH" }],
        [400, { provider: "gcs" }],
        [400, { uri: 7 }],
        [400, { uri: undefined }],
        [400, { region: undefined }],
        [400, { headers: [] }],
        [400, { headers: { a: "b" } }],
        [400, { headers: { a: ["b"], A: ["c"] } }],
        [400, { headers: { "a b": ["c"] } }],
        [400, { headers: { a: ["b\r\nc"] } }],
        [400, { headers: Object.fromEntries([...Array(101).keys()].map((n) => [`h${n}`, []])) }],
        [400, { body: 7 }],
      ] as const
    ) {
      const refused = await call("POST", `${url}/sign`, { body: { ...request, ...change } });
      assert.equal(refused.status, expected, JSON.stringify(change));
      assert.equal(typeof refused.body.error.message, "string");
    }
    const none = await call("POST", `${uri}/namespaces/ns/tables/none/sign`, { body: request });
    assert.equal(none.status, 404);
  }, { credentials: "sign" }));

Deno.test("serve signs for a table that is announced and not yet there, below its location only", () =>
  withS3Server(async ({ uri, s3 }) => {
    const { metadata: other } = await makeTable(uri, "other");
    const staged = await call("POST", `${uri}/namespaces/ns/tables`, {
      body: { name: "t", schema: SCHEMA, "stage-create": true },
    });
    const url = `${uri}/namespaces/ns/tables/t/sign`;
    const at = (location: string) => ({
      region: "eu-test-1",
      uri: `${s3.endpoint}/${location.slice("s3://".length)}/data/1.parquet`,
      method: "PUT",
      headers: {},
    });
    const { location } = staged.body.metadata;
    assert.equal((await call("POST", url, { body: at(location) })).status, 200);
    assert.equal((await call("POST", url, { body: at(other.location) })).status, 403);
    await makeTable(uri, "t");
    assert.equal((await call("POST", url, { body: at(location) })).status, 200);
  }, { credentials: "sign" }));
