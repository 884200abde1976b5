/** Tables over HTTP: create, load, drop, rename, register, and where their files lie. */
import assert from "node:assert/strict";
import { parseJson } from "../../lib/table/json.ts";
import {
  appendRequest,
  call,
  chainOf,
  directoriesIn,
  makeTable,
  namesIn,
  newSnapshotId,
  SCHEMA,
  withServer,
} from "./support.ts";

Deno.test("config: answers its endpoints, and knows one warehouse", async () => {
  await withServer(async ({ uri }) => {
    for (const query of ["", "?warehouse=", "?warehouse=demo"]) {
      const { status, body } = await call("GET", `${uri}/config${query}`);
      assert.equal(status, 200);
      assert.deepEqual(body.defaults, {});
      assert.ok(body.endpoints.includes("POST /v1/{prefix}/namespaces/{namespace}/tables/{table}"));
      assert.ok(body.endpoints.includes("POST /v1/{prefix}/views/rename"));
    }
    const other = await call("GET", `${uri}/config?warehouse=other`);
    assert.equal(other.status, 404);
    assert.equal(other.body.error.type, "NoSuchWarehouseException");
  });
});

Deno.test("tables: a new one can be loaded, and its metadata file is what is answered", async () => {
  await withServer(async ({ uri, directory }) => {
    const { url, metadata } = await makeTable(uri);
    assert.equal(metadata.location, `file://${directory}/ns/t`);
    const { status, body, headers } = await call("GET", url);
    assert.equal(status, 200);
    assert.deepEqual(body.metadata, metadata);
    assert.match(
      body["metadata-location"],
      /\/ns\/t\/metadata\/00000-[0-9a-f-]{36}\.metadata\.json$/,
    );
    const file = await Deno.readTextFile(body["metadata-location"].slice("file://".length));
    assert.deepEqual(parseJson(file), metadata);
    assert.ok(headers.get("etag"));
    assert.equal((await call("HEAD", url)).status, 204);
    assert.equal((await call("HEAD", `${url}x`)).status, 404);
    const missing = await call("GET", `${url}x`);
    assert.equal(missing.status, 404);
    assert.equal(missing.body.error.type, "NoSuchTableException");
    assert.equal(missing.body.error.message, "Table does not exist: ns.tx");
  });
});

Deno.test("tables: weird names stay as they are, and their files in the warehouse", async () => {
  const names = [
    "a b",
    "a/../../b",
    "..a",
    "%2F",
    "x'); DROP TABLE tables;--",
    "表 🎉",
    "a".repeat(255),
  ];
  await withServer(async ({ uri, directory }) => {
    await call("POST", `${uri}/namespaces`, { body: { namespace: ["catalog.db", "../up"] } });
    const parent = `${uri}/namespaces/catalog.db%1F${encodeURIComponent("../up")}/tables`;
    const locations = new Set<string>();
    for (const name of names) {
      const made = await call("POST", parent, { body: { name, schema: SCHEMA } });
      assert.equal(made.status, 200, name);
      const location: string = made.body.metadata.location;
      assert.match(location.slice(`file://${directory}`.length), /^\/_catalog[\w.-]+\/[\w.-]+$/);
      assert.doesNotMatch(location, /\/\.\.?(?:\/|$)/);
      locations.add(location);
      const url = `${parent}/${encodeURIComponent(name)}`;
      const committed = await call("POST", url, {
        body: appendRequest(made.body.metadata, newSnapshotId()),
      });
      assert.equal(committed.status, 200, name);
    }
    assert.equal(locations.size, names.length);
    const { body } = await call("GET", parent);
    assert.deepEqual(
      body.identifiers.map((identifier: { name: string }) => identifier.name).sort(),
      [...names].sort(),
    );
    for (const name of names) {
      const url = `${parent}/${encodeURIComponent(name)}?purgeRequested=true`;
      assert.equal((await call("DELETE", url)).status, 204, name);
    }
    // The catalog itself has come to no harm.
    assert.deepEqual((await call("GET", parent)).body.identifiers, []);
  });
});

Deno.test("tables: names that share a directory name get directories of their own", async () => {
  await withServer(async ({ uri }) => {
    const one = await makeTable(uri, "a%20b");
    const two = await makeTable(uri, "a_b");
    const three = await makeTable(uri, "a_b2");
    const locations = [one, two, three].map(({ metadata }) => metadata.location);
    assert.equal(new Set(locations).size, 3);
  });
});

Deno.test("tables: one that is there is not made again", async () => {
  await withServer(async ({ uri, directory }) => {
    await makeTable(uri);
    const body = { name: "t", schema: SCHEMA };
    for (const extra of [{}, { "stage-create": true }]) {
      const again = await call("POST", `${uri}/namespaces/ns/tables`, {
        body: { ...body, ...extra },
      });
      assert.equal(again.status, 409);
      assert.equal(again.body.error.type, "AlreadyExistsException");
    }
    const nowhere = await call("POST", `${uri}/namespaces/nope/tables`, { body });
    assert.equal(nowhere.status, 404);
    assert.equal(nowhere.body.error.type, "NoSuchNamespaceException");
    assert.deepEqual(await namesIn(`${directory}/ns`), ["t"]);
  });
});

Deno.test("tables: of 8 that are made at once under one name one is made", async () => {
  await withServer(async ({ uri, directory }) => {
    await call("POST", `${uri}/namespaces`, { body: { namespace: ["ns"] } });
    const answers = await Promise.all(
      Array.from(
        { length: 8 },
        () => call("POST", `${uri}/namespaces/ns/tables`, { body: { name: "t", schema: SCHEMA } }),
      ),
    );
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array(7).fill(409)]);
    assert.equal((await namesIn(`${directory}/ns`)).length, 1);
    assert.equal((await call("GET", `${uri}/namespaces/ns/tables/t`)).status, 200);
  });
});

Deno.test("tables: a request that is refused leaves no directory", async () => {
  await withServer(async ({ uri, directory }) => {
    await call("POST", `${uri}/namespaces`, { body: { namespace: ["ns"] } });
    for (
      const body of [
        {},
        { name: "t" },
        { name: "", schema: SCHEMA },
        { name: "..", schema: SCHEMA },
        { name: "t", schema: { type: "struct", fields: [{}] } },
        { name: "t", schema: SCHEMA, properties: { "format-version": "9" } },
        { name: "t", schema: SCHEMA, "stage-create": "yes" },
      ]
    ) {
      const answer = await call("POST", `${uri}/namespaces/ns/tables`, { body });
      assert.equal(answer.status, 400, JSON.stringify(body));
    }
    assert.deepEqual(await directoriesIn(directory), []);
  });
});

Deno.test("tables: a location lies in the warehouse or is refused with 400", async () => {
  await withServer(async ({ uri, directory }) => {
    await call("POST", `${uri}/namespaces`, { body: { namespace: ["ns"] } });
    const make = (name: string, location: unknown) =>
      call("POST", `${uri}/namespaces/ns/tables`, { body: { name, schema: SCHEMA, location } });
    for (
      const location of [
        "file:///etc/t",
        `file://${directory}`,
        `file://${directory}/`,
        `file://${directory}/../t`,
        `file://${directory}/a/../../t`,
        `file://${directory}/./a`,
        `file://${directory}//a`,
        `file://${directory}x/a`,
        `file://${directory}/catalog.db`,
        `file://${directory}/catalog.db-wal/x`,
        `file://${directory}/a\u0000b`,
        "s3://bucket/t",
        "relative/t",
        "",
        7,
      ]
    ) {
      const refused = await make("t", location);
      assert.equal(refused.status, 400, String(location));
    }
    const inside = [`file://${directory}/x/one`, `file:${directory}/two`, `${directory}/three/`];
    for (const [index, location] of inside.entries()) {
      const made = await make(`t${index}`, location);
      assert.equal(made.status, 200, location);
      assert.equal(made.body.metadata.location, location.replace(/\/$/, ""));
      const url = `${uri}/namespaces/ns/tables/t${index}`;
      const moved = await call("POST", url, {
        body: {
          requirements: [],
          updates: [{ action: "set-location", location: `file://${directory}/../out` }],
        },
      });
      assert.equal(moved.status, 400);
      // Purged and made again at the same place: the store must not trust its memory.
      assert.equal((await call("DELETE", `${url}?purgeRequested=true`)).status, 204);
      assert.equal((await make(`t${index}`, location)).status, 200);
    }
  });
});

Deno.test("tables: dropped without purge the files stay, and a new table avoids them", async () => {
  await withServer(async ({ uri, directory }) => {
    const { url, metadata } = await makeTable(uri);
    assert.equal((await call("DELETE", url)).status, 204);
    assert.equal((await call("GET", url)).status, 404);
    assert.equal((await call("DELETE", url)).status, 404);
    assert.equal((await namesIn(`${directory}/ns/t/metadata`)).length, 1);
    const anew = await makeTable(uri);
    assert.match(anew.metadata.location, /\/ns\/t-[0-9a-f]{8}$/);
    assert.notEqual(anew.metadata["table-uuid"], metadata["table-uuid"]);
    assert.equal((await call("DELETE", `${url}?purgeRequested=true`)).status, 204);
    assert.deepEqual(await namesIn(`${directory}/ns`), ["t"]);
    assert.equal((await call("DELETE", `${url}?purgeRequested=perhaps`)).status, 400);
  });
});

Deno.test("tables: a purge spares files of another table", async () => {
  await withServer(async ({ uri, directory }) => {
    const { url, metadata } = await makeTable(uri, "outer");
    await call("POST", `${uri}/namespaces/ns/tables`, {
      body: { name: "inner", schema: SCHEMA, location: `${metadata.location}/inner` },
    });
    assert.equal((await call("DELETE", `${url}?purgeRequested=true`)).status, 204);
    assert.equal((await call("GET", `${uri}/namespaces/ns/tables/inner`)).status, 200);
    assert.ok((await Deno.stat(`${directory}/ns/outer/inner/metadata`)).isDirectory);
  });
});

Deno.test("tables: rename moves a table between namespaces with its history", async () => {
  await withServer(async ({ uri }) => {
    const { url, metadata } = await makeTable(uri);
    await call("POST", `${uri}/namespaces`, { body: { namespace: ["other"] } });
    const rename = (source: unknown, destination: unknown) =>
      call("POST", `${uri}/tables/rename`, { body: { source, destination } });
    const from = { namespace: ["ns"], name: "t" };
    const to = { namespace: ["other"], name: "t2" };
    assert.equal((await rename(from, { namespace: ["nope"], name: "x" })).status, 404);
    assert.equal((await rename({ ...from, name: "x" }, to)).status, 404);
    assert.equal((await rename(from, { ...to, name: ".." })).status, 400);
    assert.equal((await rename(from, to)).status, 204);
    assert.equal((await call("GET", url)).status, 404);
    const moved = await call("GET", `${uri}/namespaces/other/tables/t2`);
    assert.deepEqual(moved.body.metadata, metadata);
    await makeTable(uri);
    const taken = await rename(from, to);
    assert.equal(taken.status, 409);
    assert.equal(taken.body.error.type, "AlreadyExistsException");
  });
});

Deno.test("tables: register takes a metadata file of the warehouse", async () => {
  await withServer(async ({ uri, directory }) => {
    const { url, metadata } = await makeTable(uri);
    const id = newSnapshotId();
    const { body: { "metadata-location": location } } = await call("POST", url, {
      body: appendRequest(metadata, id),
    });
    const register = (name: string, metadataLocation: string, overwrite = false) =>
      call("POST", `${uri}/namespaces/ns/register`, {
        body: { name, "metadata-location": metadataLocation, overwrite },
      });
    assert.equal((await register("t", location)).status, 409);
    await call("DELETE", url);
    const made = await register("t", location);
    assert.equal(made.status, 200);
    assert.deepEqual(chainOf(made.body.metadata), [id]);
    assert.equal((await register("t", location, true)).status, 200);
    assert.equal((await register("x", `file://${directory}/ns/none.metadata.json`)).status, 404);
    assert.equal((await register("x", "file:///etc/passwd")).status, 400);
    await Deno.writeTextFile(`${directory}/ns/bad.metadata.json`, "no JSON");
    assert.equal((await register("x", `file://${directory}/ns/bad.metadata.json`)).status, 400);
    await Deno.writeTextFile(`${directory}/ns/bad2.metadata.json`, `{"format-version":2}`);
    assert.equal((await register("x", `file://${directory}/ns/bad2.metadata.json`)).status, 400);
  });
});

Deno.test("tables: register fills in what metadata of v1 leaves out", async () => {
  await withServer(async ({ uri, directory }) => {
    await call("POST", `${uri}/namespaces`, { body: { namespace: ["ns"] } });
    await Deno.mkdir(`${directory}/old/metadata`, { recursive: true });
    const location = `file://${directory}/old/metadata/v7.gz.metadata.json`;
    const text = JSON.stringify({
      "format-version": 1,
      location: `file://${directory}/old`,
      "last-updated-ms": 5,
      "last-column-id": 2,
      schema: { type: "struct", fields: SCHEMA.fields },
      "partition-spec": [],
    });
    const packed = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
    await Deno.writeFile(location.slice("file://".length), packed);
    const made = await call("POST", `${uri}/namespaces/ns/register`, {
      body: { name: "old", "metadata-location": location },
    });
    assert.equal(made.status, 200);
    assert.equal(made.body.metadata.schemas.length, 1);
    const committed = await call("POST", `${uri}/namespaces/ns/tables/old`, {
      body: { requirements: [], updates: [{ action: "set-properties", updates: { a: "b" } }] },
    });
    assert.equal(committed.status, 200);
    assert.match(committed.body["metadata-location"], /\/00008-/);
    // Readers of v1 look for these.
    assert.deepEqual(committed.body.metadata["partition-spec"], []);
    assert.deepEqual(committed.body.metadata.schema.fields, SCHEMA.fields);
  });
});

Deno.test("tables: ETag and If-None-Match save what has not changed", async () => {
  await withServer(async ({ uri }) => {
    const { url, metadata } = await makeTable(uri);
    const tags = new Map<string, string>();
    for (const form of ["all", "refs"]) {
      const { headers } = await call("GET", `${url}?snapshots=${form}`);
      tags.set(form, headers.get("etag")!);
    }
    assert.notEqual(tags.get("all"), tags.get("refs"));
    const again = async (form: string, tag: string) =>
      await call("GET", `${url}?snapshots=${form}`, { headers: { "if-none-match": tag } });
    const unchanged = await again("refs", `"x", W/${tags.get("refs")}`);
    assert.equal(unchanged.status, 304);
    assert.equal(unchanged.body, undefined);
    assert.equal(unchanged.headers.get("etag"), tags.get("refs"));
    assert.equal((await again("all", tags.get("refs")!)).status, 200);
    const committed = await call("POST", url, { body: appendRequest(metadata, newSnapshotId()) });
    assert.equal((await again("all", tags.get("all")!)).status, 200);
    assert.equal((await again("all", committed.headers.get("etag")!)).status, 304);
  });
});

Deno.test("tables: snapshots=refs gives only those that branches and tags point at", async () => {
  await withServer(async ({ uri }) => {
    const { url, metadata } = await makeTable(uri);
    const ids = [newSnapshotId(), newSnapshotId(), newSnapshotId()];
    let base = metadata;
    for (const id of ids) {
      base = (await call("POST", url, { body: appendRequest(base, id) })).body.metadata;
    }
    await call("POST", url, {
      body: {
        requirements: [],
        updates: [{
          action: "set-snapshot-ref",
          "ref-name": "first",
          type: "tag",
          "snapshot-id": ids[0],
        }],
      },
    });
    const idsOf = async (form: string) =>
      (await call("GET", `${url}?snapshots=${form}`)).body.metadata.snapshots
        .map((snapshot: { "snapshot-id": bigint }) => snapshot["snapshot-id"]);
    assert.deepEqual(await idsOf("all"), ids);
    assert.deepEqual(await idsOf("refs"), [ids[0], ids[2]]);
    assert.equal((await call("GET", `${url}?snapshots=some`)).status, 400);
  });
});

Deno.test("tables: lists come in pages", async () => {
  await withServer(async ({ uri }) => {
    for (const name of ["a", "b", "c"]) await makeTable(uri, name);
    const first = await call("GET", `${uri}/namespaces/ns/tables?pageToken=&pageSize=2`);
    assert.deepEqual(first.body.identifiers, [
      { namespace: ["ns"], name: "a" },
      { namespace: ["ns"], name: "b" },
    ]);
    const token = first.body["next-page-token"];
    const second = await call("GET", `${uri}/namespaces/ns/tables?pageToken=${token}&pageSize=2`);
    assert.deepEqual(second.body.identifiers, [{ namespace: ["ns"], name: "c" }]);
    assert.equal(second.body["next-page-token"], null);
    assert.equal((await call("GET", `${uri}/namespaces/nope/tables`)).status, 404);
  });
});

Deno.test("tables: metrics reports are accepted for tables that exist", async () => {
  await withServer(async ({ uri }) => {
    const { url } = await makeTable(uri);
    const body = {
      "report-type": "commit-report",
      "table-name": "ns.t",
      "snapshot-id": 1,
      "sequence-number": 1,
      operation: "append",
      metrics: {},
    };
    assert.equal((await call("POST", `${url}/metrics`, { body })).status, 204);
    assert.equal((await call("POST", `${url}x/metrics`, { body })).status, 404);
    assert.equal((await call("POST", `${url}/metrics`, { body: {} })).status, 400);
  });
});
