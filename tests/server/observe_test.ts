/** What a server tells of itself: health, figures, and an event for each request. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { parseFaultRule } from "../../lib/server/faults/fault_grammar.ts";
import type { RequestEvent } from "../../lib/server/serve.ts";
import { appendRequest, call, makeTable, newSnapshotId, withServer } from "./support.ts";

/** The samples of a text in Prometheus' format, by name and labels. */
function samplesOf(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const match = /^([a-z_:]+(?:\{(?:[a-z_]+="(?:[^"\\]|\\.)*",?)*\})?) (\S+)$/.exec(line);
    assert.ok(match, `no sample: ${line}`);
    assert.ok(!samples.has(match[1]!), `twice: ${line}`);
    samples.set(match[1]!, Number(match[2]));
  }
  return samples;
}

const TABLE = "/v1/{prefix}/namespaces/{namespace}/tables/{table}";

Deno.test("GET /health says ok while the database answers, and 503 when it does not", async () => {
  await withServer(async ({ uri, directory }) => {
    const url = `${new URL(uri).origin}/health`;
    const { status, headers, body } = await call("GET", url);
    assert.equal(status, 200);
    assert.equal(headers.get("content-type"), "application/json");
    assert.deepEqual(body, { status: "ok" });
    assert.equal((await call("POST", url)).status, 405);
    const database = new DatabaseSync(`${directory}/catalog.db`);
    database.exec("PRAGMA foreign_keys = OFF; DROP TABLE namespaces");
    database.close();
    const broken = await call("GET", url);
    assert.equal(broken.status, 503);
    assert.deepEqual(broken.body, { status: "unavailable" });
  });
});

Deno.test("GET /metrics counts requests, commits, lost races, faults and reports", async () => {
  await withServer(async ({ uri }) => {
    const { url, metadata } = await makeTable(uri);
    const body = appendRequest(metadata, newSnapshotId());
    const headers = { "idempotency-key": crypto.randomUUID() };
    assert.equal((await call("POST", url, { body, headers })).status, 200);
    assert.equal((await call("POST", url, { body, headers })).status, 200);
    const late = appendRequest(metadata, newSnapshotId());
    assert.equal((await call("POST", url, { body: late })).status, 500);
    for (let turn = 0; turn < 3; turn++) await call("GET", `${uri}/made/up/${turn}`);
    await call("PROPFIND", `${uri}/namespaces`);
    await call("POST", `${url}/metrics`, {
      body: {
        "report-type": "commit-report",
        "table-name": "ns.t",
        "snapshot-id": 1,
        "sequence-number": 1,
        operation: "append",
        metrics: {},
      },
    });
    await assert.rejects(call("GET", `${uri}/config`));
    const response = await fetch(`${new URL(uri).origin}/metrics`);
    assert.equal(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    const samples = samplesOf(await response.text());
    const sample = (name: string) => samples.get(`lakekeeper_ingest_${name}`);
    assert.equal(sample(`requests_total{method="POST",route="${TABLE}",status="200"}`), 2);
    assert.equal(sample(`requests_total{method="POST",route="${TABLE}",status="500"}`), 1);
    assert.equal(sample(`requests_total{method="GET",route="other",status="404"}`), 3);
    assert.equal(sample(`requests_total{method="other",route="other",status="405"}`), 1);
    // The client may have sent it a second time of its own accord.
    const unanswered = sample(`requests_total{method="GET",route="/v1/config",status="0"}`);
    assert.ok(unanswered! >= 1);
    assert.equal(sample(`request_duration_seconds_count{method="POST",route="${TABLE}"}`), 3);
    assert.equal(
      sample(`request_duration_seconds_bucket{method="POST",route="${TABLE}",le="+Inf"}`),
      3,
    );
    assert.equal(sample("requests_in_flight"), 1);
    assert.equal(sample("commits_total"), 1);
    assert.equal(sample("commit_conflicts_total"), 1);
    assert.equal(sample("replays_total"), 1);
    assert.equal(sample("metrics_reports_total"), 1);
    assert.equal(sample(`faults_total{fault="drop-response"}`), unanswered);
    assert.equal(sample(`build_info{version="1.2.3"}`), 1);
    assert.ok(![...samples.keys()].some((key) => key.includes("made")), "no path is a label");
  }, {
    figures: { version: "1.2.3" },
    lostRace: 500,
    idempotencyKeys: true,
    faults: { rules: [parseFaultRule("config:drop-response=1")] },
  });
});

Deno.test("GET /metrics is no path where no figures were asked for", async () => {
  await withServer(async ({ uri }) => {
    assert.equal((await call("GET", `${new URL(uri).origin}/metrics`)).status, 404);
  });
});

Deno.test("onRequest tells route, lengths, error type and replay, and no secret", async () => {
  const events: RequestEvent[] = [];
  await withServer(async ({ uri }) => {
    const { url, metadata } = await makeTable(uri);
    events.length = 0;
    const body = JSON.stringify({ requirements: [], updates: [] });
    const headers = { "idempotency-key": crypto.randomUUID(), "user-agent": "tests/1.0" };
    const first = await call("POST", url, { body, headers });
    assert.equal(first.status, 200);
    await call("POST", url, { body, headers });
    await call("GET", `${uri}/namespaces/none?token=SECRET&x=1&client_secret=SECRET&pageToken=2`);
    await call("GET", `${uri}/namespaces/none?X-Amz-Signature=SECRET`);
    const [commit, replay, missing, signed] = events;
    assert.ok(commit!.time instanceof Date);
    assert.equal(commit!.route, TABLE);
    assert.equal(commit!.bytesIn, body.length);
    assert.ok(commit!.bytesOut! > JSON.stringify(metadata).length / 2);
    assert.equal(commit!.userAgent, "tests/1.0");
    assert.equal(commit!.replayed, undefined);
    assert.equal(replay!.replayed, true);
    assert.equal(missing!.status, 404);
    assert.equal(missing!.errorType, "NoSuchNamespaceException");
    assert.equal(
      missing!.path,
      "/catalog/v1/namespaces/none?token=***&x=1&client_secret=***&pageToken=2",
    );
    assert.equal(signed!.path, "/catalog/v1/namespaces/none?X-Amz-Signature=***");
    assert.doesNotMatch(JSON.stringify(events), /SECRET/);
  }, { onRequest: (event) => events.push(event) });
});
