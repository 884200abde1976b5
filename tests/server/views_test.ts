/** Views over HTTP: create, load, list, rename, drop, register, beside the tables. */
import assert from "node:assert/strict";
import { parseJson } from "../../lib/table/json.ts";
import {
  type Answer,
  appendRequest,
  call,
  makeTable,
  namesIn,
  SCHEMA,
  withServer,
} from "./support.ts";
import { assertError, makeView, replaceRequest, viewRequest, VIEWS } from "./view_support.ts";

const pathOf = (location: string) => location.slice("file://".length);

Deno.test("views: a new one can be loaded, and its metadata file is what is answered", async () => {
  await withServer(async ({ uri, directory }) => {
    const { url, made } = await makeView(uri);
    const { metadata } = made.body;
    assert.equal(metadata.location, `file://${directory}/ns/v`);
    assert.deepEqual(metadata["version-log"], [{ "timestamp-ms": 1000, "version-id": 1 }]);
    const loaded = await call("GET", url);
    assert.equal(loaded.status, 200);
    assert.deepEqual(loaded.body, made.body);
    assert.deepEqual(loaded.body.config, {});
    const location: string = loaded.body["metadata-location"];
    assert.match(location, /\/ns\/v\/metadata\/00000-[0-9a-f-]{36}\.metadata\.json$/);
    assert.deepEqual(parseJson(await Deno.readTextFile(pathOf(location))), metadata);
    assert.equal((await call("HEAD", url)).status, 204);
    const missing = await call("GET", `${url}x`);
    assertError(missing, 404, "NoSuchViewException", "View does not exist: ns.vx");
    assert.equal((await call("HEAD", `${url}x`)).status, 404);
  });
});

Deno.test("views: config names their endpoints", async () => {
  await withServer(async ({ uri }) => {
    const { body } = await call("GET", `${uri}/config`);
    const found = body.endpoints.filter((one: string) => /view/.test(one)).sort();
    const one = "/v1/{prefix}/namespaces/{namespace}/views/{view}";
    assert.deepEqual(found, [
      `DELETE ${one}`,
      "GET /v1/{prefix}/namespaces/{namespace}/views",
      `GET ${one}`,
      `HEAD ${one}`,
      "POST /v1/{prefix}/namespaces/{namespace}/register-view",
      "POST /v1/{prefix}/namespaces/{namespace}/views",
      `POST ${one}`,
      "POST /v1/{prefix}/views/rename",
    ]);
  });
});

Deno.test("views: what was made and changed is there after a restart", async () => {
  const directory = await Deno.makeTempDir({ prefix: "ingest-views-" });
  const options = { warehouses: [{ name: "demo", root: directory }] };
  try {
    let expected: unknown;
    await withServer(async ({ uri }) => {
      const { url, made } = await makeView(uri);
      const body = replaceRequest(made.body.metadata["view-uuid"], "select 2");
      expected = (await call("POST", url, { body })).body;
    }, options);
    await withServer(async ({ uri }) => {
      assert.deepEqual((await call("GET", `${uri}${VIEWS}/v`)).body, expected);
    }, options);
  } finally {
    await Deno.remove(directory, { recursive: true }).catch(() => {});
  }
});

Deno.test("views: a request that is refused makes no view and leaves no directory", async () => {
  await withServer(async ({ uri, directory }) => {
    await makeTable(uri, "t");
    const version = viewRequest()["view-version"];
    const [sql] = version.representations;
    for (
      const body of [
        {},
        { ...viewRequest(), name: undefined },
        viewRequest(""),
        viewRequest(".."),
        viewRequest("a\u0000"),
        { ...viewRequest(), schema: undefined },
        { ...viewRequest(), "view-version": undefined },
        { ...viewRequest(), "view-version": { ...version, representations: [] } },
        { ...viewRequest(), "view-version": { ...version, representations: [sql, sql] } },
        { ...viewRequest(), properties: { "version.history.num-entries": "0" } },
        { ...viewRequest(), location: "s3://other/place" },
        { ...viewRequest(), location: "file:///etc/v" },
        { ...viewRequest(), location: `file://${directory}/../v` },
        { ...viewRequest(), properties: { "write.metadata.path": "file:///etc" } },
        { ...viewRequest(), properties: { "write.metadata.compression-codec": "zip" } },
      ]
    ) {
      const answer = await call("POST", uri + VIEWS, { body });
      assert.equal(answer.status, 400, JSON.stringify(body));
    }
    const twice = await call("POST", uri + VIEWS, {
      body: { ...viewRequest(), "view-version": { ...version, representations: [sql, sql] } },
    });
    // What Java's client makes of it depends on the type.
    assertError(
      twice,
      400,
      "IllegalArgumentException",
      "Invalid view version: Cannot add multiple queries for dialect spark",
    );
    const nowhere = await call("POST", `${uri}/namespaces/nope/views`, { body: viewRequest() });
    assertError(nowhere, 404, "NoSuchNamespaceException", "Namespace does not exist: nope");
    assert.deepEqual((await call("GET", uri + VIEWS)).body.identifiers, []);
    assert.deepEqual(await namesIn(`${directory}/ns`), ["t"]);
  });
});

Deno.test("views: a location within the warehouse and a directory for metadata can be asked for", async () => {
  await withServer(async ({ uri, directory }) => {
    const location = `file://${directory}/some/where`;
    const path = `file://${directory}/elsewhere`;
    const { url, made } = await makeView(uri, "v", {
      location: `${location}/`,
      properties: { "write.metadata.path": path, "write.metadata.compression-codec": "gzip" },
    });
    assert.equal(made.body.metadata.location, location);
    assert.match(made.body["metadata-location"], /\/elsewhere\/00000-[^/]*\.gz\.metadata\.json$/);
    const moved = `file://${directory}/moved`;
    const { body } = await call("POST", url, {
      body: {
        updates: [
          { action: "set-location", location: moved },
          { action: "remove-properties", removals: ["write.metadata.path"] },
        ],
      },
    });
    assert.equal(body.metadata.location, moved);
    assert.match(body["metadata-location"], /\/moved\/metadata\/00001-[^/]*\.gz\.metadata\.json$/);
    assert.deepEqual((await call("GET", url)).body, body);
  });
});

Deno.test("views: tables and views share one name space", async () => {
  await withServer(async ({ uri }) => {
    const { url, metadata } = await makeTable(uri, "t");
    await makeView(uri, "v");
    const tables = `${uri}/namespaces/ns/tables`;
    const exists = "AlreadyExistsException";
    assertError(
      await call("POST", uri + VIEWS, { body: viewRequest("t") }),
      409,
      exists,
      "Table with same name already exists: ns.t",
    );
    assertError(
      await call("POST", uri + VIEWS, { body: viewRequest("v") }),
      409,
      exists,
      "View already exists: ns.v",
    );
    for (const extra of [{}, { "stage-create": true }]) {
      assertError(
        await call("POST", tables, { body: { name: "v", schema: SCHEMA, ...extra } }),
        409,
        exists,
        "View with same name already exists: ns.v",
      );
    }
    const loadedTable = await call("GET", `${tables}/v`);
    assertError(loadedTable, 404, "NoSuchTableException", "Table does not exist: ns.v");
    assert.equal((await call("HEAD", `${tables}/v`)).status, 404);
    const loadedView = await call("GET", `${uri}${VIEWS}/t`);
    assertError(loadedView, 404, "NoSuchViewException", "View does not exist: ns.t");
    assert.equal((await call("HEAD", `${uri}${VIEWS}/t`)).status, 404);
    assert.equal((await call("DELETE", `${uri}${VIEWS}/t`)).status, 404);
    assert.equal((await call("DELETE", `${tables}/v`)).status, 404);
    assert.equal(
      (await call("POST", `${tables}/v`, { body: appendRequest(metadata, 5n) })).status,
      404,
    );
    assert.deepEqual((await call("GET", tables)).body.identifiers, [
      { namespace: ["ns"], name: "t" },
    ]);
    assert.deepEqual((await call("GET", uri + VIEWS)).body.identifiers, [
      { namespace: ["ns"], name: "v" },
    ]);
    assert.equal((await call("GET", url)).status, 200);
    const full = await call("DELETE", `${uri}/namespaces/ns`);
    assertError(full, 409, "NamespaceNotEmptyException");
  });
});

Deno.test("views: a list comes in pages, without the tables in between", async () => {
  await withServer(async ({ uri }) => {
    for (const name of ["b", "d"]) await makeTable(uri, name);
    for (const name of ["a", "c", "e"]) await makeView(uri, name);
    const names: string[] = [];
    let token: string | null = "";
    while (token !== null) {
      const { body }: Answer = await call(
        "GET",
        `${uri}${VIEWS}?pageSize=2&pageToken=${encodeURIComponent(token)}`,
      );
      names.push(...body.identifiers.map((one: { name: string }) => one.name));
      assert.ok(body.identifiers.length <= 2);
      token = body["next-page-token"];
    }
    assert.deepEqual(names, ["a", "c", "e"]);
    const nowhere = await call("GET", `${uri}/namespaces/nope/views`);
    assertError(nowhere, 404, "NoSuchNamespaceException");
  });
});

Deno.test("views: rename moves one, and says why when it does not", async () => {
  await withServer(async ({ uri }) => {
    const { made } = await makeView(uri, "v");
    await makeView(uri, "w");
    await makeTable(uri, "t");
    await call("POST", `${uri}/namespaces`, { body: { namespace: ["other"] } });
    const id = (name: string, namespace = "ns") => ({ namespace: [namespace], name });
    const rename = async (source: unknown, destination: unknown) =>
      await call("POST", `${uri}/views/rename`, { body: { source, destination } });
    const exists = "AlreadyExistsException";
    assertError(
      await rename(id("v"), id("w")),
      409,
      exists,
      "Cannot rename ns.v to ns.w. View already exists",
    );
    assertError(
      await rename(id("v"), id("t")),
      409,
      exists,
      "Cannot rename ns.v to ns.t. Table already exists",
    );
    assertError(
      await rename(id("x"), id("y")),
      404,
      "NoSuchViewException",
      "View does not exist: ns.x",
    );
    assertError(
      await rename(id("t"), id("y")),
      404,
      "NoSuchViewException",
      "View does not exist: ns.t",
    );
    assertError(
      await rename(id("v"), id("y", "nope")),
      404,
      "NoSuchNamespaceException",
      "Namespace does not exist: nope",
    );
    const table = await call("POST", `${uri}/tables/rename`, {
      body: { source: id("t"), destination: id("w") },
    });
    assertError(table, 409, exists, "Cannot rename ns.t to ns.w. View already exists");
    assert.equal((await rename(id("v"), "x")).status, 400);
    assert.equal((await rename(id("v"), id("moved", "other"))).status, 204);
    assert.equal((await call("GET", `${uri}${VIEWS}/v`)).status, 404);
    const moved = await call("GET", `${uri}/namespaces/other/views/moved`);
    assert.deepEqual(moved.body, made.body);
  });
});

Deno.test("views: one that was dropped can be registered again, under any free name", async () => {
  await withServer(async ({ uri, directory }) => {
    const { url, made } = await makeView(uri, "v");
    const { metadata: table } = await makeTable(uri, "t");
    assert.equal((await call("DELETE", url)).status, 204);
    assertError(await call("DELETE", url), 404, "NoSuchViewException", "View does not exist: ns.v");
    const register = async (name: string, location: string) =>
      await call("POST", `${uri}/namespaces/ns/register-view`, {
        body: { name, "metadata-location": location },
      });
    const location: string = made.body["metadata-location"];
    const exists = "AlreadyExistsException";
    assertError(
      await register("t", location),
      409,
      exists,
      "Table with same name already exists: ns.t",
    );
    const registered = await register("back", location);
    assert.equal(registered.status, 200);
    assert.deepEqual(registered.body, made.body);
    assert.deepEqual((await call("GET", `${uri}${VIEWS}/back`)).body, made.body);
    assertError(await register("back", location), 409, exists, "View already exists: ns.back");
    assert.equal((await register("new", `${location}x`)).status, 404);
    assert.equal((await register("new", `file://${directory}/ns/v/metadata`)).status, 404);
    assert.equal((await register("new", "file:///etc/hostname")).status, 400);
    // The metadata of a table is none of a view, and the other way round.
    const [file] = await namesIn(`${pathOf(table.location)}/metadata`);
    assert.equal((await register("new", `${table.location}/metadata/${file}`)).status, 400);
    const asTable = await call("POST", `${uri}/namespaces/ns/register`, {
      body: { name: "new", "metadata-location": location },
    });
    assert.equal(asTable.status, 400);
    const taken = await call("POST", `${uri}/namespaces/ns/register`, {
      body: { name: "back", "metadata-location": `${table.location}/metadata/${file}` },
    });
    assertError(taken, 409, exists, "View with same name already exists: ns.back");
    const outside = JSON.stringify({ ...made.body.metadata, location: "file:///etc/v" });
    await Deno.writeTextFile(`${directory}/ns/v/outside.json`, outside);
    assert.equal((await register("new", `file://${directory}/ns/v/outside.json`)).status, 400);
    await Deno.writeTextFile(`${directory}/ns/v/broken.json`, "{");
    assert.equal((await register("new", `file://${directory}/ns/v/broken.json`)).status, 400);
    assert.deepEqual((await call("GET", uri + VIEWS)).body.identifiers, [
      { namespace: ["ns"], name: "back" },
    ]);
  });
});

Deno.test("views: of 8 that are made at once under one name one is made", async () => {
  await withServer(async ({ uri, directory }) => {
    await call("POST", `${uri}/namespaces`, { body: { namespace: ["ns"] } });
    const answers = await Promise.all(
      Array.from(
        { length: 8 },
        (_, index) =>
          index % 2 === 0
            ? call("POST", uri + VIEWS, { body: viewRequest("x") })
            : call("POST", `${uri}/namespaces/ns/tables`, { body: { name: "x", schema: SCHEMA } }),
      ),
    );
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array(7).fill(409)]);
    assert.equal((await namesIn(`${directory}/ns`)).length, 1);
  });
});

Deno.test("views: the purge of a table leaves the files of a view below it", async () => {
  await withServer(async ({ uri }) => {
    const { url: tableUrl, metadata } = await makeTable(uri, "t");
    const { url, made } = await makeView(uri, "v", { location: `${metadata.location}/v` });
    assert.equal((await call("DELETE", `${tableUrl}?purgeRequested=true`)).status, 204);
    assert.ok((await Deno.stat(pathOf(made.body["metadata-location"]))).isFile);
    assert.equal((await call("GET", url)).status, 200);
  });
});
