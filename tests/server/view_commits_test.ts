/** Changes of views over HTTP: what they answer, who wins, and that none is made twice. */
import assert from "node:assert/strict";
import { call, namesIn, withServer } from "./support.ts";
import { assertError, makeView, replaceRequest, viewRequest, VIEWS } from "./view_support.ts";

Deno.test("views: a replace makes the next version and the next metadata file", async () => {
  await withServer(async ({ uri, directory }) => {
    const { url, made } = await makeView(uri);
    const uuid = made.body.metadata["view-uuid"];
    const { status, body } = await call("POST", url, { body: replaceRequest(uuid, "select 2") });
    assert.equal(status, 200);
    assert.equal(body.metadata["current-version-id"], 2);
    assert.equal(body.metadata["view-uuid"], uuid);
    assert.match(body["metadata-location"], /\/metadata\/00001-/);
    assert.deepEqual((await call("GET", url)).body, body);
    // The same again changes nothing.
    const again = await call("POST", url, { body: replaceRequest(uuid, "select 2") });
    assert.deepEqual(again.body, body);
    assert.equal((await namesIn(`${directory}/ns/v/metadata`)).length, 2);
    // Requirements may be left out.
    const updates = [{ action: "set-properties", updates: { comment: "c" } }];
    const changed = await call("POST", url, { body: { updates } });
    assert.deepEqual(changed.body.metadata.properties, { comment: "c" });
  });
});

Deno.test("views: a commit that is refused changes nothing", async () => {
  await withServer(async ({ uri, directory }) => {
    const { url, made } = await makeView(uri);
    const good = replaceRequest(made.body.metadata["view-uuid"], "select 2");
    const other = replaceRequest("11111111-2222-3333-4444-555555555555", "select 2");
    assertError(
      await call("POST", url, { body: other }),
      409,
      "CommitFailedException",
      /^Requirement failed: view UUID does not match: expected 11111111/,
    );
    const version = good.updates[0] as { "view-version": Record<string, unknown> };
    const trino = [{ type: "sql", sql: "q", dialect: "trino" }];
    for (
      const body of [
        {},
        { ...good, updates: undefined },
        { ...good, updates: [{ action: "add-spec" }] },
        { ...good, updates: [...good.updates, { action: "nothing" }] },
        { ...good, requirements: [{ type: "assert-table-uuid", uuid: "x" }] },
        { ...good, identifier: { namespace: ["ns"], name: "w" } },
        { ...good, updates: [{ action: "set-location", location: "file:///etc/v" }] },
        { ...good, updates: [{ action: "set-location", location: `file://${directory}` }] },
        {
          ...good,
          updates: [{ action: "set-properties", updates: { "write.metadata.path": "/etc" } }],
        },
        {
          ...good,
          updates: [
            { ...version, "view-version": { ...version["view-version"], representations: trino } },
            good.updates[1],
          ],
        },
      ]
    ) {
      const answer = await call("POST", url, { body });
      assert.equal(answer.status, 400, JSON.stringify(body));
    }
    assert.deepEqual((await call("GET", url)).body, made.body);
    assert.equal((await namesIn(`${directory}/ns/v/metadata`)).length, 1);
    const nowhere = await call("POST", `${url}x`, { body: good });
    assertError(nowhere, 404, "NoSuchViewException", "View does not exist: ns.vx");
  });
});

Deno.test("views: of changes that are made at once none is lost", async () => {
  await withServer(async ({ uri }) => {
    const { url, made } = await makeView(uri, "v", {
      properties: { "version.history.num-entries": "100" },
    });
    const uuid = made.body.metadata["view-uuid"];
    const answers = await Promise.all(
      Array.from(
        { length: 20 },
        (_, index) => call("POST", url, { body: replaceRequest(uuid, `select ${index + 2}`) }),
      ),
    );
    assert.deepEqual(answers.map(({ status }) => status), Array(20).fill(200));
    const { body } = await call("GET", url);
    assert.equal(body.metadata.versions.length, 21);
    assert.equal(body.metadata["version-log"].length, 21);
    assert.match(body["metadata-location"], /\/00020-/);
  });
});

Deno.test("views: two servers on one warehouse: a lost race is 409, and no acknowledged change is lost", async () => {
  await withServer(async ({ uri, directory }) => {
    const { url, made } = await makeView(uri, "v", {
      properties: { "version.history.num-entries": "1000" },
    });
    const uuid = made.body.metadata["view-uuid"];
    await withServer(async ({ uri: otherUri }) => {
      const urls = [url, `${otherUri}${VIEWS}/v`];
      const acknowledged: string[] = [];
      await Promise.all(urls.map(async (target, server) => {
        for (let count = 0; count < 15; count += 1) {
          const sql = `select ${server}.${count}`;
          const answer = await call("POST", target, { body: replaceRequest(uuid, sql) });
          if (answer.status === 200) acknowledged.push(sql);
          else assertError(answer, 409, "CommitFailedException", /^Cannot commit to view ns\.v: /);
        }
      }));
      for (const target of urls) {
        const { body } = await call("GET", target);
        const found = body.metadata.versions.map((
          version: { representations: Array<{ sql: string }> },
        ) => version.representations[0]!.sql);
        assert.deepEqual(found.slice(1).sort(), acknowledged.sort());
        const files = await namesIn(`${directory}/ns/v/metadata`);
        assert.equal(files.length, 1 + acknowledged.length);
      }
    }, { warehouses: [{ name: "demo", root: directory }] });
  });
});

Deno.test("views: a request that is sent again under its Idempotency-Key is answered as before", async () => {
  await withServer(async ({ uri, directory }) => {
    await call("POST", `${uri}/namespaces`, { body: { namespace: ["ns"] } });
    const send = async (method: string, path: string, body?: unknown) => {
      const headers = { "idempotency-key": crypto.randomUUID() };
      const first = await call(method, uri + path, { body, headers });
      const again = await call(method, uri + path, { body, headers });
      assert.ok(first.status === 200 || first.status === 204, JSON.stringify(first.body));
      assert.deepEqual([again.status, again.body], [first.status, first.body]);
      return first;
    };
    const made = await send("POST", VIEWS, viewRequest());
    const uuid = made.body.metadata["view-uuid"];
    await send("POST", `${VIEWS}/v`, replaceRequest(uuid, "select 2"));
    await send("POST", `${VIEWS}/v`, replaceRequest(uuid, "select 2"));
    await send("POST", "/views/rename", {
      source: { namespace: ["ns"], name: "v" },
      destination: { namespace: ["ns"], name: "w" },
    });
    await send("DELETE", `${VIEWS}/w`);
    await send("POST", "/namespaces/ns/register-view", {
      name: "v",
      "metadata-location": made.body["metadata-location"],
    });
    assert.equal((await namesIn(`${directory}/ns/v/metadata`)).length, 2);
  });
});
