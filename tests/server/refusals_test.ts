/** Requests that were once carried out although something in them is wrong: an example of each. */
import assert from "node:assert/strict";
import { RawClient } from "./raw_client.ts";
import { call, directoriesIn, makeTable, SCHEMA, withServer } from "./support.ts";

const VERSION = {
  "version-id": 1,
  "timestamp-ms": 1,
  "schema-id": 0,
  summary: {},
  "default-namespace": ["ns"],
  representations: [{ type: "sql", sql: "SELECT 1 AS id", dialect: "spark" }],
};

Deno.test("a body with half of a character or a number beyond a double gets 400", () =>
  withServer(async ({ uri }) => {
    for (
      const properties of ['{"a":"\\ud800"}', '{"\\udc00":"a"}', '{"a":1e400}', '{"a":["\\ud800"]}']
    ) {
      const body = `{"namespace":["a"],"properties":${properties}}`;
      const answer = await call("POST", `${uri}/namespaces`, { body });
      assert.equal(answer.status, 400, properties);
    }
    assert.deepEqual((await call("GET", `${uri}/namespaces`)).body.namespaces, []);
  }));

Deno.test("a body that says to be no JSON gets 415, one that says nothing is read", () =>
  withServer(async ({ uri }) => {
    const { pathname: target } = new URL(`${uri}/namespaces`);
    const client = new RawClient(uri);
    try {
      const send = async (type?: string) => {
        const headers = type === undefined ? {} : { "content-type": type };
        const body = JSON.stringify({ namespace: [`n${type}`] });
        return (await client.send({ method: "POST", target, headers, body })).status;
      };
      for (const type of ["text/plain", "application/x-www-form-urlencoded", "*/*"]) {
        assert.equal(await send(type), 415, type);
      }
      assert.equal(await send(), 200);
      assert.equal(await send("Application/JSON ; charset=utf-8"), 200);
      assert.equal(await send("application/vnd.iceberg+json"), 200);
    } finally {
      client.close();
    }
  }));

Deno.test("a page size that is none gets 400 without a token, and so does a token that was made up", () =>
  withServer(async ({ uri }) => {
    await makeTable(uri);
    for (const list of ["namespaces", "namespaces/ns/tables", "namespaces/ns/views"]) {
      for (const query of ["pageSize=0", "pageSize=x", "pageToken=ns", "pageToken=after.n%25"]) {
        assert.equal((await call("GET", `${uri}/${list}?${query}`)).status, 400, query);
      }
      assert.equal((await call("GET", `${uri}/${list}?pageSize=1`)).status, 200);
    }
  }));

Deno.test("a report without what its type must hold gets 400 and is not kept", () =>
  withServer(async ({ uri }) => {
    const { url } = await makeTable(uri);
    const report = {
      "report-type": "commit-report",
      "table-name": "t",
      "snapshot-id": 1,
      "sequence-number": 1,
      operation: "append",
      metrics: {},
    };
    const post = async (body: unknown) => (await call("POST", `${url}/metrics`, { body })).status;
    assert.equal(await post(report), 204);
    assert.equal(await post({ ...report, "snapshot-id": -1.5 }), 400);
    assert.equal(await post({ ...report, metrics: undefined }), 400);
    assert.equal(await post({ "report-type": "scan-report" }), 400);
    assert.equal(await post({ "report-type": "another-report" }), 204);
  }));

Deno.test("a staged table whose metadata file could not be written gets 400 and no directory", () =>
  withServer(async ({ uri, directory }) => {
    await call("POST", `${uri}/namespaces`, { body: { namespace: ["ns"] } });
    for (
      const properties of [
        { "write.metadata.compression-codec": "lzma" },
        { "write.metadata.path": "file:///etc" },
      ]
    ) {
      const body = { name: "t", schema: SCHEMA, "stage-create": true, properties };
      assert.equal((await call("POST", `${uri}/namespaces/ns/tables`, { body })).status, 400);
    }
    assert.deepEqual(await directoriesIn(`${directory}/ns`), []);
  }));

Deno.test("a new view whose version has ids that are none gets 400", () =>
  withServer(async ({ uri }) => {
    await call("POST", `${uri}/namespaces`, { body: { namespace: ["ns"] } });
    for (const ids of [{ "version-id": 1.5 }, { "schema-id": 2 ** 31 }, { "version-id": null }]) {
      const body = { name: "v", schema: SCHEMA, "view-version": { ...VERSION, ...ids } };
      assert.equal((await call("POST", `${uri}/namespaces/ns/views`, { body })).status, 400);
    }
  }));

Deno.test("a body that says to be larger than the limit gets 400 before it is sent", () =>
  withServer(async ({ uri }) => {
    const { pathname: target } = new URL(`${uri}/namespaces`);
    const client = new RawClient(uri);
    try {
      const headers = { "content-length": String(2 ** 40), "content-type": "application/json" };
      const answer = await client.send({ method: "POST", target, headers });
      assert.equal(answer.status, 400);
      assert.match(JSON.parse(answer.text).error.message, /larger than/);
    } finally {
      client.close();
    }
    assert.equal((await call("GET", `${uri}/config`)).status, 200);
  }));

Deno.test("a body that says its length and comes in pieces all the same gets 400", () =>
  withServer(async ({ uri }) => {
    const { pathname: target, hostname, port } = new URL(`${uri}/namespaces`);
    const body = '{"namespace":["a"]}';
    const lengths = [`content-length: ${body.length}`, "transfer-encoding: chunked"];
    for (const headers of [lengths, lengths.toReversed()]) {
      using connection = await Deno.connect({ hostname, port: Number(port) });
      const head = [`POST ${target} HTTP/1.1`, "host: catalog", "content-type: application/json"];
      const chunk = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
      const request = [...head, ...headers, "", chunk].join("\r\n");
      await connection.write(new TextEncoder().encode(request));
      const answer = new Uint8Array(1000);
      const length = await connection.read(answer) ?? 0;
      assert.match(new TextDecoder().decode(answer.subarray(0, length)), /^HTTP\/1\.1 400 /);
    }
    assert.deepEqual((await call("GET", `${uri}/namespaces`)).body.namespaces, []);
  }));
