// What doctor makes of clocks, credentials and endpoints; those of Lakekeeper are as recorded.

import assert from "node:assert/strict";
import { judgeClock, skewMs } from "../../../lib/cli/doctor/clock.ts";
import { judgeCredentials } from "../../../lib/cli/doctor/credentials.ts";
import { judgeEndpoints } from "../../../lib/cli/doctor/endpoints.ts";
import { connectCatalog, type LoadedTable } from "../../../lib/rest/catalog.ts";
import { createHttp } from "../../../lib/rest/http.ts";
import { storeProperties } from "../../../lib/store/credentials.ts";
import { readExchanges, startReplay } from "../../rest/replay.ts";

const NOON = Date.parse("2026-11-23T12:00:00Z");
const at = (aheadMs: number, tookMs = 100) => ({
  date: new Date(NOON).toUTCString(),
  sentMs: NOON + aheadMs,
  answeredMs: NOON + aheadMs + tookMs,
});

Deno.test("skewMs() is 0 as long as seconds and the time of the request allow it", () => {
  assert.equal(skewMs(at(0)), 0);
  assert.equal(skewMs(at(1000)), 0);
  assert.equal(skewMs(at(-100)), 0);
  assert.equal(skewMs(at(-3000, 5000)), 0);
  assert.equal(skewMs(at(1500)), 500);
  assert.equal(skewMs(at(-600)), -500);
  assert.equal(skewMs({ ...at(0), date: null }), undefined);
  assert.equal(skewMs({ ...at(0), date: "yesterday" }), undefined);
});

Deno.test("judgeClock() goes by the answer that agrees best", () => {
  assert.equal(judgeClock([at(90_000), at(200)]).status, "ok");
});

for (
  const [aheadMs, status, words] of [
    [4000, "ok", /agree/],
    [20_000, "warning", /19\.0 s ahead of the catalog's$/],
    [-20_000, "warning", /19\.9 s behind the catalog's$/],
    [3_600_000, "failed", /59 min 59 s ahead of/],
    [-3_600_000, "failed", /behind/],
  ] as const
) {
  Deno.test(`judgeClock() takes a clock that is ${aheadMs} ms ahead for: ${status}`, () => {
    const finding = judgeClock([at(aheadMs)]);
    assert.equal(finding.status, status);
    assert.match(finding.detail, words);
  });
}

Deno.test("judgeClock() warns when the catalog tells no time", () => {
  assert.equal(judgeClock([{ ...at(0), date: null }]).status, "warning");
});

function table(of: Partial<LoadedTable> & { readonly location: string }): LoadedTable {
  return {
    // Only the location is looked at.
    metadata: { location: of.location } as LoadedTable["metadata"],
    metadataLocation: undefined,
    config: of.config ?? {},
    storageCredentials: of.storageCredentials ?? [],
  };
}

function judge(
  loaded: LoadedTable,
  of: {
    readonly catalog?: Readonly<Record<string, string>>;
    readonly variables?: Readonly<Record<string, string>>;
  } = {},
) {
  const properties = storeProperties(loaded.metadata.location, {
    catalog: of.catalog ?? {},
    access: loaded,
  });
  const environment = (name: string) => of.variables?.[name];
  return judgeCredentials(loaded, { properties, environment, nowMs: NOON });
}

const KEYS = { "s3.access-key-id": "k", "s3.secret-access-key": "hush" };
const S3 = "s3://b/t";

Deno.test("judgeCredentials() tells where the keys come from, and no secret", () => {
  const vended = table({ location: S3, storageCredentials: [{ prefix: "s3://b", config: KEYS }] });
  assert.match(
    judge(vended).detail,
    /^vended by the catalog for s3:\/\/b \(storage-credentials\)$/,
  );
  assert.match(judge(table({ location: S3, config: KEYS })).detail, /config of the table/);
  assert.match(judge(table({ location: S3 }), { catalog: KEYS }).detail, /from properties/);
  const variables = { AWS_ACCESS_KEY_ID: "k" };
  assert.match(judge(table({ location: S3 }), { variables }).detail, /AWS_ACCESS_KEY_ID/);
  assert.match(judge(table({ location: "file:///w/t" })).detail, /local disk/);
  for (const loaded of [vended, table({ location: S3, config: KEYS })]) {
    assert.doesNotMatch(JSON.stringify(judge(loaded)), /hush/);
  }
});

Deno.test("judgeCredentials() warns of missing keys, and fails for signatures and other stores", () => {
  assert.equal(judge(table({ location: S3 })).status, "warning");
  const signing = table({ location: S3, config: { "s3.remote-signing-enabled": "true" } });
  assert.equal(judge(signing).status, "failed");
  assert.equal(judge(signing, { variables: { AWS_PROFILE: "p" } }).status, "ok");
  assert.equal(judge(table({ location: "abfss://c@a/t" })).status, "failed");
});

for (
  const [leftMs, status, words] of [
    [3_600_000, "ok", /until 2026-11-23T13:00:00\.000Z \(60 min 0 s\)$/],
    [60_000, "warning", /\(1 min 0 s\)$/],
    [-1000, "failed", /expired at 2026-11-23T11:59:59\.000Z$/],
  ] as const
) {
  Deno.test(`judgeCredentials() takes keys that expire in ${leftMs} ms for: ${status}`, () => {
    const config = { ...KEYS, "s3.session-token-expires-at-ms": String(NOON + leftMs) };
    const finding = judge(table({ location: S3, config }));
    assert.equal(finding.status, status);
    assert.match(finding.detail, words);
  });
}

Deno.test("judgeEndpoints() finds all that is needed in Lakekeeper's list", () => {
  const config = readExchanges().find(({ name }) => name === "config")!;
  const { endpoints } = config.response.body as { endpoints: string[] };
  assert.equal(judgeEndpoints(new Set(endpoints)).status, "ok");
  const lacking = (name: string) =>
    judgeEndpoints(new Set(endpoints.filter((one) => one !== name)));
  const commit = "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}";
  const failed = lacking(commit);
  assert.equal(failed.status, "failed");
  assert.ok(failed.detail.includes(commit));
  assert.equal(lacking("POST /v1/{prefix}/namespaces").status, "warning");
  assert.match(lacking("POST /v1/{prefix}/transactions/commit").detail, /no commits to several/);
  assert.equal(judgeEndpoints(undefined).status, "ok");
});

/** What a recorded Lakekeeper answered, as the client reads it. */
async function recordedTable(name: string): Promise<LoadedTable> {
  const exchanges = readExchanges();
  const exchange = exchanges.find((one) => one.name === name)!;
  const config = exchanges.find((one) => one.name === "config")!;
  const replay = startReplay(exchange, { config, instead: undefined });
  try {
    const client = await connectCatalog({
      uri: replay.uri,
      warehouse: "demo",
      token: "dummy",
      http: createHttp({ userAgent: "test", onEvent: () => {} }),
    });
    const [, namespace, table] = /namespaces\/([^/]+)\/tables\/([^/?]+)/.exec(
      exchange.request.path,
    )!;
    return (await client.loadTable({ namespace: [namespace!], name: table! }))!;
  } finally {
    await replay.close();
  }
}

Deno.test("judgeCredentials() finds Lakekeeper's vended keys and their end, as recorded", async () => {
  const loaded = await recordedTable("load with vended credentials");
  const config = loaded.storageCredentials[0]!.config;
  const expiresMs = Number(config["s3.session-token-expires-at-ms"]);
  const properties = storeProperties(loaded.metadata.location, { catalog: {}, access: loaded });
  const judgeAt = (nowMs: number) =>
    judgeCredentials(loaded, { properties, environment: () => undefined, nowMs });
  const found = judgeAt(expiresMs - 3_600_000);
  assert.equal(found.status, "ok");
  assert.match(found.detail, /^vended by the catalog for s3:.* until .* \(60 min 0 s\)$/);
  assert.ok(!found.detail.includes(config["s3.secret-access-key"]!));
  assert.equal(judgeAt(expiresMs + 1).status, "failed");
});

Deno.test("judgeCredentials() fails for Lakekeeper's remote signing alone, as recorded", async () => {
  const loaded = await recordedTable("load with remote signing");
  const properties = storeProperties(loaded.metadata.location, { catalog: {}, access: loaded });
  const finding = judgeCredentials(loaded, {
    properties,
    environment: () => undefined,
    nowMs: NOON,
  });
  assert.equal(finding.status, "failed");
  assert.match(finding.detail, /signatures only/);
});
