/** Commits over HTTP: what they answer, and what they leave on disk. */
import assert from "node:assert/strict";
import {
  appendRequest,
  call,
  chainOf,
  directoriesIn,
  headOf,
  makeTable,
  namesIn,
  newSnapshotId,
  SCHEMA,
  withServer,
} from "./support.ts";

Deno.test("commit: the answer is the new state, with int64 ids whole", async () => {
  await withServer(async ({ uri, directory }) => {
    const { url, metadata } = await makeTable(uri);
    const id = newSnapshotId();
    assert.ok(id > BigInt(Number.MAX_SAFE_INTEGER));
    const { status, body, headers } = await call("POST", url, {
      body: appendRequest(metadata, id),
    });
    assert.equal(status, 200);
    assert.equal(headOf(body.metadata), id);
    assert.equal(body.metadata["current-snapshot-id"], id);
    assert.match(
      body["metadata-location"],
      new RegExp(`^file://${directory}/ns/t/metadata/00001-`),
    );
    const loaded = await call("GET", url);
    assert.deepEqual(loaded.body.metadata, body.metadata);
    assert.equal(loaded.body["metadata-location"], body["metadata-location"]);
    assert.equal(loaded.headers.get("etag"), headers.get("etag"));
    const text = await Deno.readTextFile(body["metadata-location"].slice("file://".length));
    assert.ok(text.includes(`"current-snapshot-id":${id}`));
  });
});

Deno.test("commit: what was committed is there after a restart", async () => {
  const directory = await Deno.makeTempDir({ prefix: "ingest-restart-" });
  try {
    const ids: bigint[] = [];
    const options = { warehouses: [{ name: "demo", root: directory }] };
    await withServer(async ({ uri }) => {
      const { url, metadata } = await makeTable(uri);
      let base = metadata;
      for (let count = 0; count < 3; count += 1) {
        ids.push(newSnapshotId());
        base = (await call("POST", url, { body: appendRequest(base, ids.at(-1)!) })).body.metadata;
      }
    }, options);
    await withServer(async ({ uri }) => {
      const { body } = await call("GET", `${uri}/namespaces/ns/tables/t`);
      assert.deepEqual(chainOf(body.metadata).reverse(), ids);
    }, options);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("commit: the metadata log is kept to write.metadata.previous-versions-max", async () => {
  await withServer(async ({ uri }) => {
    const { url, metadata } = await makeTable(uri, "t", {
      "write.metadata.previous-versions-max": "2",
    });
    const locations = [(await call("GET", url)).body["metadata-location"]];
    let base = metadata;
    for (let count = 0; count < 4; count += 1) {
      const { body } = await call("POST", url, { body: appendRequest(base, newSnapshotId()) });
      base = body.metadata;
      assert.deepEqual(
        body.metadata["metadata-log"].map((entry: { "metadata-file": string }) =>
          entry["metadata-file"]
        ),
        locations.slice(-2),
      );
      locations.push(body["metadata-location"]);
    }
  });
});

Deno.test("commit: a stale base is 409 and says what was expected and what was found", async () => {
  await withServer(async ({ uri, directory }) => {
    const { url, metadata } = await makeTable(uri);
    const [first, second, third] = [newSnapshotId(), newSnapshotId(), newSnapshotId()];
    const one = await call("POST", url, { body: appendRequest(metadata, first) });
    assert.equal(
      (await call("POST", url, { body: appendRequest(one.body.metadata, second) })).status,
      200,
    );
    const stale = await call("POST", url, { body: appendRequest(one.body.metadata, third) });
    assert.equal(stale.status, 409);
    assert.deepEqual(stale.body, {
      error: {
        message: `Requirement failed: branch main has changed: expected id ${first} != ${second}`,
        type: "CommitFailedException",
        code: 409,
      },
    });
    const fresh = await call("POST", url, { body: appendRequest(metadata, third) });
    assert.equal(fresh.status, 409);
    assert.match(fresh.body.error.message, new RegExp(`created concurrently.*${second}`));
    assert.equal((await namesIn(`${directory}/ns/t/metadata`)).length, 3);
  });
});

Deno.test("commit: overtaken sequence numbers and row ids are 409, a known snapshot id is 400", async () => {
  await withServer(async ({ uri }) => {
    const { url, metadata } = await makeTable(uri, "t", { "format-version": "3" });
    const id = newSnapshotId();
    const request = appendRequest(metadata, id);
    const { body: { metadata: base } } = await call("POST", url, { body: request });
    const bare = (next: unknown) => ({
      requirements: [],
      updates: (next as typeof request)["updates"],
    });
    const again = await call("POST", url, { body: bare(request) });
    assert.equal(again.status, 400);
    assert.match(again.body.error.message, new RegExp(`already exists for id: ${id}`));
    const late = appendRequest({ ...base, "last-sequence-number": 0 }, newSnapshotId());
    const overtaken = await call("POST", url, { body: bare(late) });
    assert.equal(overtaken.status, 409);
    assert.equal(overtaken.body.error.type, "CommitFailedException");
    const rows = appendRequest(base, newSnapshotId());
    // deno-lint-ignore no-explicit-any -- reaches into the request just made
    (rows["updates"] as any)[0].snapshot["added-rows"] = 10;
    assert.equal((await call("POST", url, { body: rows })).body.metadata["next-row-id"], 10);
    const { body: { metadata: head } } = await call("GET", url);
    const behind = appendRequest({ ...head, "next-row-id": 9 }, newSnapshotId());
    assert.equal((await call("POST", url, { body: bare(behind) })).status, 409);
  });
});

Deno.test("commit: malformed and unknown things are 400 and change nothing", async () => {
  await withServer(async ({ uri, directory }) => {
    const { url, metadata } = await makeTable(uri);
    const good = appendRequest(metadata, newSnapshotId());
    const before = (await call("GET", url)).body;
    const deep = "[".repeat(5000) + "]".repeat(5000);
    for (
      const body of [
        "",
        "{",
        "[]",
        "null",
        deep,
        `{"requirements":[],"updates":[],"x":${deep}}`,
        {},
        { updates: [] },
        { requirements: [], updates: {} },
        { ...good, requirements: [{ type: "assert-magic" }] },
        { ...good, requirements: [null] },
        { ...good, updates: [{ action: "do-magic" }] },
        { ...good, updates: [null] },
        { ...good, identifier: { namespace: ["ns"], name: "other" } },
        { ...good, identifier: "ns.t" },
      ]
    ) {
      const text = typeof body === "string" ? body.slice(0, 40) : JSON.stringify(Object.keys(body));
      const { status, body: answer } = await call("POST", url, { body });
      assert.equal(status, 400, text);
      assert.equal(answer.error.type, "BadRequestException", text);
      assert.equal(answer.error.stack, undefined);
      assert.doesNotMatch(answer.error.message, /\.ts:|at \w+ \(/);
    }
    assert.deepEqual((await call("GET", url)).body, before);
    assert.equal((await namesIn(`${directory}/ns/t/metadata`)).length, 1);
    assert.equal((await call("POST", `${url}x`, { body: good })).status, 404);
  });
});

Deno.test("commit: a body of more than 32 MiB is refused", async () => {
  await withServer(async ({ uri }) => {
    const { url } = await makeTable(uri);
    const body = `{"requirements":[],"updates":[],"x":"${"x".repeat(32 * 1024 * 1024)}"}`;
    const { status, body: answer } = await call("POST", url, { body });
    assert.equal(status, 400);
    assert.match(answer.error.message, /larger than/);
  });
});

Deno.test("commit: without updates nothing is written", async () => {
  await withServer(async ({ uri }) => {
    const { url } = await makeTable(uri);
    const before = await call("GET", url);
    const answer = await call("POST", url, { body: { requirements: [], updates: [] } });
    assert.equal(answer.status, 200);
    assert.equal(answer.body["metadata-location"], before.body["metadata-location"]);
  });
});

Deno.test("stage-create: the table comes to be with its first commit", async () => {
  await withServer(async ({ uri }) => {
    await call("POST", `${uri}/namespaces`, { body: { namespace: ["ns"] } });
    const staged = await call("POST", `${uri}/namespaces/ns/tables`, {
      body: { name: "t", schema: SCHEMA, "stage-create": true },
    });
    assert.equal(staged.status, 200);
    assert.equal(staged.body["metadata-location"], null);
    const url = `${uri}/namespaces/ns/tables/t`;
    assert.equal((await call("GET", url)).status, 404);
    const { metadata } = staged.body;
    const id = newSnapshotId();
    const body = {
      requirements: [{ type: "assert-create" }],
      updates: [
        { action: "assign-uuid", uuid: metadata["table-uuid"] },
        { action: "upgrade-format-version", "format-version": 2 },
        { action: "add-schema", schema: metadata.schemas[0] },
        { action: "set-current-schema", "schema-id": -1 },
        { action: "add-spec", spec: metadata["partition-specs"][0] },
        { action: "set-default-spec", "spec-id": -1 },
        { action: "add-sort-order", "sort-order": metadata["sort-orders"][0] },
        { action: "set-default-sort-order", "sort-order-id": -1 },
        { action: "set-location", location: metadata.location },
        { action: "set-properties", updates: { a: "b" } },
        ...(appendRequest(metadata, id)["updates"] as unknown[]),
      ],
    };
    const answers = await Promise.all([1, 2, 3].map(() => call("POST", url, { body })));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409, 409]);
    const lost = answers.find(({ status }) => status === 409)!;
    assert.equal(lost.body.error.type, "CommitFailedException");
    assert.match(lost.body.error.message, /^Requirement failed: table already exists/);
    const loaded = await call("GET", url);
    assert.deepEqual(chainOf(loaded.body.metadata), [id]);
    assert.equal(loaded.body.metadata["table-uuid"], metadata["table-uuid"]);
    assert.equal(loaded.body.metadata.location, metadata.location);
  });
});

Deno.test("stage-create: a commit that names no location gets one, one outside is refused", async () => {
  await withServer(async ({ uri, directory }) => {
    await call("POST", `${uri}/namespaces`, { body: { namespace: ["ns"] } });
    const commit = (...updates: unknown[]) =>
      call("POST", `${uri}/namespaces/ns/tables/t`, {
        body: {
          requirements: [{ type: "assert-create" }],
          updates: [
            { action: "add-schema", schema: SCHEMA },
            { action: "set-current-schema", "schema-id": -1 },
            ...updates,
          ],
        },
      });
    assert.equal((await commit({ action: "set-location", location: "file:///etc" })).status, 400);
    assert.equal((await commit({ action: "nope" })).status, 400);
    assert.deepEqual(await directoriesIn(directory), []);
    const made = await commit();
    assert.equal(made.status, 200);
    assert.equal(made.body.metadata.location, `file://${directory}/ns/t`);
  });
});

Deno.test("transactions: all tables change or none", async () => {
  await withServer(async ({ uri, directory }) => {
    const tables = [await makeTable(uri, "a"), await makeTable(uri, "b")];
    const url = `${uri}/transactions/commit`;
    const change = (index: number, base = tables[index]!.metadata) => ({
      identifier: { namespace: ["ns"], name: ["a", "b"][index] },
      ...appendRequest(base, newSnapshotId()),
    });
    const both = await call("POST", url, { body: { "table-changes": [change(0), change(1)] } });
    assert.equal(both.status, 204);
    const after = await Promise.all(tables.map((table) => call("GET", table.url)));
    for (const { body } of after) assert.equal(body.metadata.snapshots.length, 1);

    // The second table's base is stale, so the first table must not change either.
    const half = await call("POST", url, {
      body: { "table-changes": [change(0, after[0]!.body.metadata), change(1)] },
    });
    assert.equal(half.status, 409);
    assert.equal(half.body.error.type, "CommitFailedException");
    for (const [index, table] of tables.entries()) {
      assert.deepEqual((await call("GET", table.url)).body, after[index]!.body);
    }
    assert.equal((await namesIn(`${directory}/ns/a/metadata`)).length, 2);

    const twice = await call("POST", url, { body: { "table-changes": [change(0), change(0)] } });
    assert.equal(twice.status, 400);
    const unnamed = await call("POST", url, {
      body: { "table-changes": [{ requirements: [], updates: [] }] },
    });
    assert.equal(unnamed.status, 400);
  });
});
