import assert from "node:assert/strict";
import { appendRequest, call, makeTable, newSnapshotId, withServer } from "./support.ts";
import { makeView } from "./view_support.ts";

Deno.test("tables: one whose metadata file is gone is not loaded from memory", async () => {
  await withServer(async ({ uri }) => {
    const { url } = await makeTable(uri);
    const loaded = await call("GET", url);
    const location: string = loaded.body["metadata-location"];
    await Deno.remove(location.replace(/^file:\/\//, ""));
    const tag = loaded.headers.get("etag")!;
    for (const headers of [{}, { "if-none-match": tag }]) {
      const gone = await call("GET", url, { headers });
      assert.equal(gone.status, 404);
      // Clients tell this from a missing table by the type alone.
      assert.equal(gone.body.error.type, "NotFoundException");
      assert.equal(gone.body.error.message, `Failed to open input stream for file: ${location}`);
    }
  });
});

Deno.test("a table or view whose metadata file is spoiled is the catalog's failure, not the client's", async () => {
  const errors: unknown[] = [];
  await withServer(async ({ uri, directory }) => {
    const urls = [(await makeTable(uri)).url, (await makeView(uri)).url];
    for (const url of urls) {
      const location: string = (await call("GET", url)).body["metadata-location"];
      await Deno.writeTextFile(location.replace(/^file:\/\//, ""), '{"format-version":2');
    }
    await withServer(async (other) => {
      for (const url of urls) {
        const spoiled = await call("GET", url.replace(uri, other.uri));
        assert.equal(spoiled.status, 500);
        assert.equal(spoiled.body.error.type, "InternalServerError");
      }
      for (const [index, name] of ["ns.t", "ns.v"].entries()) {
        assert.match(
          String(errors[index]),
          new RegExp(`Cannot read "${name}" at ".*": Cannot read the metadata`),
        );
      }
    }, {
      warehouses: [{ name: "demo", root: directory }],
      onRequest: ({ error }) => error !== undefined && errors.push(error),
    });
  });
});

Deno.test("commits: an unknown update or requirement gets 400, also when a requirement fails", async () => {
  await withServer(async ({ uri }) => {
    const { url, metadata } = await makeTable(uri);
    await call("POST", url, { body: appendRequest(metadata, newSnapshotId()) });
    const late = appendRequest(metadata, newSnapshotId()) as {
      requirements: unknown[];
      updates: unknown[];
    };
    assert.equal((await call("POST", url, { body: late })).status, 409);
    const { requirements, updates } = late;
    for (
      const body of [
        { requirements, updates: [...updates, { action: "do-magic" }] },
        { requirements: [...requirements, { type: "assert-magic" }], updates },
      ]
    ) {
      const answer = await call("POST", url, { body });
      assert.equal(answer.status, 400);
      assert.match(answer.body.error.message, /magic": it is not known/);
    }
  });
});

Deno.test("tables: register refuses metadata that names what it does not have", async () => {
  await withServer(async ({ uri, directory }) => {
    const { metadata } = await makeTable(uri);
    const register = async (content: unknown) => {
      const path = `${directory}/ns/given.metadata.json`;
      await Deno.writeTextFile(path, JSON.stringify(content));
      return await call("POST", `${uri}/namespaces/ns/register`, {
        body: { name: "given", "metadata-location": `file://${path}` },
      });
    };
    for (
      const dangling of [
        { "current-snapshot-id": 5 },
        { refs: { old: { "snapshot-id": 5, type: "tag" } } },
        { "current-schema-id": 5 },
      ]
    ) {
      assert.equal((await register({ ...metadata, ...dangling })).status, 400);
    }
    const folder = await call("POST", `${uri}/namespaces/ns/register`, {
      body: { name: "given", "metadata-location": `file://${directory}/ns` },
    });
    assert.equal(folder.status, 404);
    assert.equal((await register(metadata)).status, 200);
  });
});
