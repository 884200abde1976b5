import assert from "node:assert/strict";
import { CatalogDatabase, DATABASE_FILE } from "../../lib/server/database.ts";
import { IdempotentRequests, KEY_LIFETIME } from "../../lib/server/http/idempotency.ts";
import { startServer } from "../../lib/server/serve.ts";
import { appendRequest, call, makeTable, newSnapshotId, SCHEMA, withServer } from "./support.ts";

function newKey(): Record<string, string> {
  return { "idempotency-key": crypto.randomUUID() };
}

Deno.test("config says how long an Idempotency-Key is remembered", () =>
  withServer(async ({ uri }) => {
    const { body } = await call("GET", `${uri}/config`);
    assert.equal(body["idempotency-key-lifetime"], KEY_LIFETIME);
  }));

Deno.test("keys are neither offered nor heeded where they are switched off, or the era knew none", async () => {
  for (
    const options of [{ idempotencyKeys: false }, { lostRace: 400 }, { lostRace: 500 }] as const
  ) {
    await withServer(async ({ uri }) => {
      const { body } = await call("GET", `${uri}/config`);
      assert.equal("idempotency-key-lifetime" in body, false);
      const headers = newKey();
      const request = { body: { namespace: ["a"] }, headers };
      assert.equal((await call("POST", `${uri}/namespaces`, request)).status, 200);
      assert.equal((await call("POST", `${uri}/namespaces`, request)).status, 409);
    }, options);
  }
});

Deno.test("a commit that is sent again under its key is not made again, but answered as before", () =>
  withServer(async ({ uri }) => {
    const { url, metadata } = await makeTable(uri);
    const headers = newKey();
    const request = appendRequest(metadata, newSnapshotId());
    const first = await call("POST", url, { body: request, headers });
    assert.equal(first.status, 200);
    const later = appendRequest(first.body.metadata, newSnapshotId());
    assert.equal((await call("POST", url, { body: later, headers: newKey() })).status, 200);
    const again = await call("POST", url, { body: request, headers });
    assert.equal(again.status, 200);
    assert.deepEqual(again.body, first.body);
    assert.equal(again.headers.get("etag"), first.headers.get("etag"));
    const { body } = await call("GET", url);
    assert.equal(body.metadata.snapshots.length, 2);
    // Without a key the same request is one that has lost its race.
    assert.equal((await call("POST", url, { body: request })).status, 409);
  }));

Deno.test("every change is answered as before under its key, and made once", () =>
  withServer(async ({ uri }) => {
    const changes: ReadonlyArray<readonly [string, string, unknown, number]> = [
      ["POST", "namespaces", { namespace: ["ns"], properties: { a: "1" } }, 200],
      ["POST", "namespaces/ns/properties", { removals: ["a", "b"], updates: { c: "2" } }, 200],
      [
        "POST",
        "namespaces/ns/tables",
        { name: "staged", schema: SCHEMA, "stage-create": true },
        200,
      ],
      ["POST", "namespaces/ns/tables", { name: "t", schema: SCHEMA }, 200],
      ["POST", "tables/rename", {
        source: { namespace: ["ns"], name: "t" },
        destination: { namespace: ["ns"], name: "u" },
      }, 204],
      ["POST", "transactions/commit", {
        "table-changes": [{
          identifier: { namespace: ["ns"], name: "u" },
          requirements: [],
          updates: [{ action: "set-properties", updates: { k: "v" } }],
        }],
      }, 204],
      ["DELETE", "namespaces/ns/tables/u?purgeRequested=true", undefined, 204],
      ["DELETE", "namespaces/ns", undefined, 204],
    ];
    for (const [method, path, body, status] of changes) {
      const headers = newKey();
      const options = body === undefined ? { headers } : { headers, body };
      const first = await call(method, `${uri}/${path}`, options);
      assert.equal(first.status, status, path);
      const again = await call(method, `${uri}/${path}`, options);
      assert.equal(again.status, status, path);
      assert.deepEqual(again.body, first.body, path);
    }
    assert.equal((await call("GET", `${uri}/namespaces/ns`)).status, 404);
  }));

Deno.test("a refusal is final under its key, even when the request would succeed by now", () =>
  withServer(async ({ uri }) => {
    const headers = newKey();
    const body = { name: "t", schema: SCHEMA };
    const first = await call("POST", `${uri}/namespaces/ns/tables`, { body, headers });
    assert.equal(first.status, 404);
    await makeTable(uri, "other");
    const again = await call("POST", `${uri}/namespaces/ns/tables`, { body, headers });
    assert.equal(again.status, 404);
    assert.deepEqual(again.body, first.body);
    const { url, metadata } = await makeTable(uri, "raced");
    const lost = appendRequest(metadata, newSnapshotId());
    const won = appendRequest(metadata, newSnapshotId());
    assert.equal((await call("POST", url, { body: won })).status, 200);
    const raceKey = newKey();
    for (const _ of [1, 2]) {
      const answer = await call("POST", url, { body: lost, headers: raceKey });
      assert.equal(answer.status, 409);
      assert.equal(answer.body.error.type, "CommitFailedException");
    }
  }));

Deno.test("a key that belongs to another request is refused with 422, and nothing changes", () =>
  withServer(async ({ uri }) => {
    const { url, metadata } = await makeTable(uri);
    const headers = newKey();
    const first = appendRequest(metadata, newSnapshotId());
    const { body } = await call("POST", url, { body: first, headers });
    const second = appendRequest(body.metadata, newSnapshotId());
    const refused = await call("POST", url, { body: second, headers });
    assert.equal(refused.status, 422);
    assert.equal(refused.body.error.code, 422);
    assert.equal((await call("DELETE", url, { headers })).status, 422);
    assert.equal((await call("GET", url)).body.metadata.snapshots.length, 1);
  }));

Deno.test("a key that is no UUID is refused with 400; reads take no notice of keys", () =>
  withServer(async ({ uri }) => {
    const headers = { "idempotency-key": "mine" };
    const made = await call("POST", `${uri}/namespaces`, { body: { namespace: ["a"] }, headers });
    assert.equal(made.status, 400);
    assert.equal((await call("GET", `${uri}/namespaces`, { headers })).status, 200);
  }));

Deno.test("the same request sent many times at once under one key is carried out once", () =>
  withServer(async ({ uri }) => {
    const { url, metadata } = await makeTable(uri);
    for (let round = 0, base = metadata; round < 10; round += 1) {
      const headers = newKey();
      const body = appendRequest(base, newSnapshotId());
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => call("POST", url, { body, headers })),
      );
      for (const answer of answers) {
        assert.equal(answer.status, 200);
        assert.deepEqual(answer.body, answers[0]!.body);
      }
      base = answers[0]!.body.metadata;
      assert.equal(base.snapshots?.length, round + 1);
    }
  }));

Deno.test("the same request sent to two servers of one warehouse at once is carried out once", () =>
  withServer(async ({ uri, directory }) => {
    const other = await startServer({ warehouses: [{ name: "demo", root: directory }] });
    try {
      const { url, metadata } = await makeTable(uri);
      const urls = [url, url.replace(uri, `${other.uri}/v1`)];
      for (let round = 0, base = metadata; round < 20; round += 1) {
        const headers = newKey();
        const body = appendRequest(base, newSnapshotId());
        const answers = await Promise.all(
          [...urls, ...urls].map((target) => call("POST", target, { body, headers })),
        );
        for (const answer of answers) {
          assert.equal(answer.status, 200, answer.body?.error?.message);
          assert.equal(answer.body["metadata-location"], answers[0]!.body["metadata-location"]);
        }
        base = answers[0]!.body.metadata;
        assert.equal(base.snapshots?.length, round + 1);
      }
    } finally {
      await other.close();
    }
  }));

Deno.test("a replayed commit whose metadata file is gone shows the table as it is now", () =>
  withServer(async ({ uri }) => {
    const { url, metadata } = await makeTable(uri, "short", {
      "write.metadata.previous-versions-max": "1",
      "write.metadata.delete-after-commit.enabled": "true",
    });
    const headers = newKey();
    const request = appendRequest(metadata, newSnapshotId());
    let base = (await call("POST", url, { body: request, headers })).body.metadata;
    for (let i = 0; i < 3; i += 1) {
      base =
        (await call("POST", url, { body: appendRequest(base, newSnapshotId()) })).body.metadata;
    }
    const again = await call("POST", url, { body: request, headers });
    assert.equal(again.status, 200);
    assert.equal(again.body.metadata.snapshots.length, 4);
  }));

Deno.test("an answer is forgotten when its key's life is over, and 5xx answers are not kept", async () => {
  const directory = await Deno.makeTempDir({ prefix: "ingest-server-" });
  const database = new CatalogDatabase(`${directory}/${DATABASE_FILE}`);
  try {
    let nowMs = 1_000_000_000;
    const requests = new IdempotentRequests(database, () => nowMs);
    const request = { key: crypto.randomUUID(), method: "POST", target: "/x", body: "{}" };
    let runs = 0;
    const succeed = () =>
      requests.answer(request, {
        run: (record) => {
          runs += 1;
          record({ form: "empty" });
          return Promise.resolve(new Response(null, { status: 204 }));
        },
        replay: () => new Response(null, { status: 204 }),
      });
    const fail = () =>
      requests.answer(request, {
        run: () => Promise.reject(new Error("the disk is full")),
        replay: () => new Response(null, { status: 204 }),
      });
    await assert.rejects(fail, /disk is full/);
    await succeed();
    await succeed();
    assert.equal(runs, 1);
    nowMs += 29 * 60_000;
    await succeed();
    assert.equal(runs, 1);
    nowMs += 10 * 60_000;
    await succeed();
    assert.equal(runs, 2);
  } finally {
    database.close();
    await Deno.remove(directory, { recursive: true });
  }
});
