import assert from "node:assert/strict";
import { UsageError } from "../../lib/errors.ts";
import { startServer } from "../../lib/server/serve.ts";
import {
  appendRequest,
  call,
  makeTable,
  newSnapshotId,
  rawRequest,
  withServer,
} from "./support.ts";

async function withTwo(
  test: (context: { uri: string; directory: string }) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "ingest-server-" });
  try {
    const warehouses = [
      { name: "first", root: `${directory}/first` },
      { name: "my lake", root: `${directory}/second` },
    ];
    await withServer(({ uri }) => test({ uri, directory }), { warehouses });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("warehouses: each has its own tables below its own prefix", () =>
  withTwo(async ({ uri, directory }) => {
    const prefixes: string[] = [];
    for (const name of ["first", "my lake"]) {
      const query = new URLSearchParams({ warehouse: name });
      const { status, body } = await call("GET", `${uri}/config?${query}`);
      assert.equal(status, 200);
      prefixes.push(body.overrides.prefix);
    }
    assert.deepEqual(prefixes, ["first", "my%20lake"]);
    const first = await makeTable(`${uri}/first`, "t");
    const second = await makeTable(`${uri}/my%20lake`, "t");
    assert.equal(first.metadata.location, `file://${directory}/first/ns/t`);
    assert.equal(second.metadata.location, `file://${directory}/second/ns/t`);
    const request = appendRequest(second.metadata, newSnapshotId());
    assert.equal((await call("POST", first.url, { body: request })).status, 409);
    assert.equal((await call("POST", second.url, { body: request })).status, 200);
    assert.equal((await call("DELETE", first.url)).status, 204);
    assert.equal((await call("GET", second.url)).status, 200);
  }));

Deno.test("warehouses: the first answers clients that name none, and unknown ones are not there", () =>
  withTwo(async ({ uri }) => {
    const { body } = await call("GET", `${uri}/config`);
    assert.equal(body.overrides.prefix, "first");
    await makeTable(uri, "t");
    assert.equal((await call("GET", `${uri}/first/namespaces/ns/tables/t`)).status, 200);
    assert.equal((await call("GET", `${uri}/my%20lake/namespaces/ns/tables/t`)).status, 404);
    for (const prefix of ["third", "first/first", "%", ".."]) {
      const answer = await rawRequest(uri, `/catalog/v1/${prefix}/namespaces`);
      assert.match(answer, /^HTTP\/1.1 40[04] /, prefix);
    }
  }));

Deno.test("warehouses: a key is known in the warehouse in which it was used", () =>
  withTwo(async ({ uri }) => {
    const headers = { "idempotency-key": crypto.randomUUID() };
    const body = { namespace: ["a"] };
    for (const prefix of ["first", "first", "my%20lake"]) {
      const made = await call("POST", `${uri}/${prefix}/namespaces`, { body, headers });
      assert.equal(made.status, 200);
    }
  }));

Deno.test("warehouses: two of one name, or one with a name that paths use, are refused", async () => {
  const directory = await Deno.makeTempDir({ prefix: "ingest-server-" });
  try {
    for (const names of [["a", "a"], ["a", "namespaces"], ["config", "a"], ["oauth", "a"]]) {
      const warehouses = names.map((name, index) => ({ name, root: `${directory}/${index}` }));
      await assert.rejects(startServer({ warehouses }), UsageError, names.join());
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
