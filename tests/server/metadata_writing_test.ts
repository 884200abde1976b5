/** Where and how metadata files are written, by the table's properties. */
import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { appendRequest, call, makeTable, namesIn, newSnapshotId, withServer } from "./support.ts";

function pathOf(location: string): string {
  return location.slice("file://".length);
}

Deno.test("metadata is packed where the table asks for it, and read again by a new server", () =>
  withServer(async ({ uri, directory }) => {
    const { url, metadata } = await makeTable(uri, "t", {
      "write.metadata.compression-codec": "gzip",
    });
    const id = newSnapshotId();
    const { body } = await call("POST", url, { body: appendRequest(metadata, id) });
    const location = body["metadata-location"];
    assert.match(location, /\/00001-[0-9a-f-]{36}\.gz\.metadata\.json$/);
    const text = gunzipSync(await Deno.readFile(pathOf(location))).toString();
    assert.ok(text.includes(String(id)));
    await withServer(async (other) => {
      const again = await call("GET", `${other.uri}/namespaces/ns/tables/t`);
      assert.deepEqual(again.body.metadata, body.metadata);
    }, { warehouses: [{ name: "demo", root: directory }] });
    const unknown = await call("POST", url, {
      body: {
        requirements: [],
        updates: [{
          action: "set-properties",
          updates: { "write.metadata.compression-codec": "brotli" },
        }],
      },
    });
    assert.equal(unknown.status, 400);
    assert.equal((await call("GET", url)).body["metadata-location"], location);
  }));

Deno.test("metadata goes to write.metadata.path, which must lie in the warehouse", () =>
  withServer(async ({ uri, directory }) => {
    const path = `file://${directory}/elsewhere/meta`;
    const { url, metadata } = await makeTable(uri, "t", { "write.metadata.path": path });
    const { body } = await call("POST", url, { body: appendRequest(metadata, newSnapshotId()) });
    assert.ok(body["metadata-location"].startsWith(`${path}/00001-`));
    assert.equal((await namesIn(`${directory}/elsewhere/meta`)).length, 2);
    for (const outside of ["file:///tmp/other", `file://${directory}/../x`, "s3://b/x", "x"]) {
      const moved = await call("POST", url, {
        body: {
          requirements: [],
          updates: [{ action: "set-properties", updates: { "write.metadata.path": outside } }],
        },
      });
      assert.equal(moved.status, 400, outside);
      const { status } = await call("POST", `${uri}/namespaces/ns/tables`, {
        body: {
          name: "u",
          schema: metadata.schemas[0],
          properties: { "write.metadata.path": outside },
        },
      });
      assert.equal(status, 400, outside);
    }
    assert.equal((await call("GET", `${uri}/namespaces/ns/tables/u`)).status, 404);
  }));

Deno.test("old metadata files go with the commit that drops them from the log, where asked", () =>
  withServer(async ({ uri, directory }) => {
    for (const [name, wanted] of [["kept", "false"], ["swept", "true"]] as const) {
      const { url, metadata } = await makeTable(uri, name, {
        "write.metadata.previous-versions-max": "3",
        "write.metadata.delete-after-commit.enabled": wanted,
      });
      let base = metadata;
      for (let i = 0; i < 10; i += 1) {
        const request = appendRequest(base, newSnapshotId());
        base = (await call("POST", url, { body: request })).body.metadata;
      }
      const log = base["metadata-log"]!.map((entry) => entry["metadata-file"]);
      assert.equal(log.length, 3);
      const { body } = await call("GET", url);
      const live = [...log, body["metadata-location"]].map((item) => item.split("/").at(-1)).sort();
      const files = await namesIn(`${directory}/ns/${name}/metadata`);
      if (wanted === "true") assert.deepEqual(files, live);
      else assert.equal(files.length, 11);
    }
  }));

Deno.test("old metadata files stay where another table still points at them", () =>
  withServer(async ({ uri, directory }) => {
    const { url, metadata } = await makeTable(uri, "one", {
      "write.metadata.previous-versions-max": "1",
      "write.metadata.delete-after-commit.enabled": "true",
    });
    const first = (await call("GET", url)).body["metadata-location"];
    const twin = await call("POST", `${uri}/namespaces/ns/register`, {
      body: { name: "two", "metadata-location": first },
    });
    assert.equal(twin.status, 200);
    let base = metadata;
    for (let i = 0; i < 5; i += 1) {
      const request = appendRequest(base, newSnapshotId());
      base = (await call("POST", url, { body: request })).body.metadata;
    }
    assert.equal((await namesIn(`${directory}/ns/one/metadata`)).length, 3);
    const other = await call("GET", `${uri}/namespaces/ns/tables/two`);
    assert.equal(other.status, 200);
    assert.deepEqual(other.body.metadata, metadata);
  }));
