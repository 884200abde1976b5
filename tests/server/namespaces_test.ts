/** Namespaces over HTTP, with the names that break careless catalogs. */
import assert from "node:assert/strict";
import { call, makeTable, rawRequest, withServer } from "./support.ts";

const WEIRD_NAMES = [
  "with space",
  "plus+and&amp;",
  "slash/inside",
  "per%2Fcent%",
  "dot.dot..dot",
  "...",
  "quote'\";--",
  "größe 表 🎉",
  "constructor",
  "__proto__",
  "catalog.db",
  "-rf",
  "tables",
  "a".repeat(255),
];

Deno.test("namespaces: weird names can be made, listed, loaded and dropped", async () => {
  await withServer(async ({ uri }) => {
    for (const name of WEIRD_NAMES) {
      const url = `${uri}/namespaces/${encodeURIComponent(name)}`;
      const made = await call("POST", `${uri}/namespaces`, {
        body: { namespace: [name], properties: { owner: name } },
      });
      assert.equal(made.status, 200, name);
      assert.deepEqual(made.body, { namespace: [name], properties: { owner: name } });
      assert.deepEqual((await call("GET", url)).body, made.body);
      assert.equal((await call("HEAD", url)).status, 204);
    }
    const { body } = await call("GET", `${uri}/namespaces`);
    assert.deepEqual(
      body.namespaces.map(([name]: string[]) => name).sort(),
      [...WEIRD_NAMES].sort(),
    );
    for (const name of WEIRD_NAMES) {
      const url = `${uri}/namespaces/${encodeURIComponent(name)}`;
      assert.equal((await call("DELETE", url)).status, 204);
      assert.equal((await call("HEAD", url)).status, 404);
    }
  });
});

const BAD_NAMESPACES: readonly unknown[] = [
  [],
  [""],
  ["."],
  [".."],
  ["a", ".."],
  ["a\u0000b"],
  ["a\u001fb"],
  ["\ud800"],
  ["a".repeat(256)],
  Array(33).fill("a"),
  [7],
  "a",
  null,
];

for (const namespace of BAD_NAMESPACES) {
  const text = JSON.stringify(namespace).slice(0, 30);
  Deno.test(`namespaces: ${text} is refused with 400`, async () => {
    await withServer(async ({ uri }) => {
      const { status, body } = await call("POST", `${uri}/namespaces`, { body: { namespace } });
      assert.equal(status, 400);
      assert.equal(body.error.type, "BadRequestException");
      assert.equal(body.error.code, 400);
    });
  });
}

Deno.test("namespaces: levels are parted by %1F, and missing parents are made", async () => {
  await withServer(async ({ uri }) => {
    const made = await call("POST", `${uri}/namespaces`, {
      body: { namespace: ["a", "b", "c d"] },
    });
    assert.equal(made.status, 200);
    await call("POST", `${uri}/namespaces`, { body: { namespace: ["a", "bb"] } });
    await call("POST", `${uri}/namespaces`, { body: { namespace: ["ab"] } });
    const list = async (query: string) =>
      (await call("GET", `${uri}/namespaces${query}`)).body.namespaces;
    assert.deepEqual(await list(""), [["a"], ["ab"]]);
    assert.deepEqual(await list("?parent=a"), [["a", "b"], ["a", "bb"]]);
    assert.deepEqual(await list("?parent=a%1Fb"), [["a", "b", "c d"]]);
    // Encoded twice, as pyiceberg and older Java clients do.
    assert.deepEqual(await list("?parent=a%251Fb"), [["a", "b", "c d"]]);
    assert.deepEqual(await list("?parent=a%1Fb%1Fc%20d"), []);
    assert.equal((await call("GET", `${uri}/namespaces?parent=x`)).status, 404);
    assert.equal((await call("GET", `${uri}/namespaces/a%1Fb%1Fc+d`)).status, 200);
    const full = await call("DELETE", `${uri}/namespaces/a%1Fb`);
    assert.equal(full.status, 409);
    assert.equal(full.body.error.type, "NamespaceNotEmptyException");
  });
});

Deno.test("namespaces: pages follow each other to the end", async () => {
  await withServer(async ({ uri }) => {
    const names = ["a", "b%", "c d", "ü", "z"];
    for (const name of names) {
      await call("POST", `${uri}/namespaces`, { body: { namespace: ["top", name] } });
    }
    const seen: string[] = [];
    let token: string | null = "";
    while (token !== null) {
      const query: string = `parent=top&pageSize=2&pageToken=${encodeURIComponent(token)}`;
      const { body } = await call("GET", `${uri}/namespaces?${query}`);
      assert.ok(body.namespaces.length <= 2);
      seen.push(...body.namespaces.map((levels: string[]) => levels[1]));
      token = body["next-page-token"];
    }
    assert.deepEqual(seen.sort(), names.sort());
    for (const query of ["pageToken=&pageSize=0", "pageToken=&pageSize=x", "pageToken=%25"]) {
      assert.equal((await call("GET", `${uri}/namespaces?${query}`)).status, 400, query);
    }
  });
});

Deno.test("namespaces: what exists is not made again, and what holds a table is not dropped", async () => {
  await withServer(async ({ uri }) => {
    await makeTable(uri);
    const again = await call("POST", `${uri}/namespaces`, { body: { namespace: ["ns"] } });
    assert.equal(again.status, 409);
    assert.equal(again.body.error.type, "AlreadyExistsException");
    const full = await call("DELETE", `${uri}/namespaces/ns`);
    assert.equal(full.status, 409);
    assert.equal(full.body.error.type, "NamespaceNotEmptyException");
    const missing = await call("DELETE", `${uri}/namespaces/nope`);
    assert.equal(missing.status, 404);
    assert.equal(missing.body.error.type, "NoSuchNamespaceException");
  });
});

Deno.test("namespaces: properties are set and removed in one request", async () => {
  await withServer(async ({ uri }) => {
    await call("POST", `${uri}/namespaces`, {
      body: { namespace: ["ns"], properties: { a: "1", b: "2" } },
    });
    const url = `${uri}/namespaces/ns/properties`;
    const changed = await call("POST", url, {
      body: { removals: ["a", "x"], updates: { b: "3", c: "4" } },
    });
    assert.deepEqual(changed.body, { updated: ["b", "c"], removed: ["a"], missing: ["x"] });
    const { body } = await call("GET", `${uri}/namespaces/ns`);
    assert.deepEqual(body.properties, { b: "3", c: "4" });
    const both = await call("POST", url, { body: { removals: ["b"], updates: { b: "1" } } });
    assert.equal(both.status, 422);
    assert.equal(both.body.error.type, "UnprocessableEntityException");
    const missing = await call("POST", `${uri}/namespaces/x/properties`, { body: {} });
    assert.equal(missing.status, 404);
  });
});

Deno.test("paths: dots are names that are refused, not steps to somewhere else", async () => {
  await withServer(async ({ uri }) => {
    await makeTable(uri);
    for (
      const [target, status] of [
        ["/catalog/v1/namespaces/ns/tables/../../ns", 404],
        ["/catalog/v1/namespaces/%2E%2E", 400],
        ["/catalog/v1/namespaces/ns/tables/%2e", 400],
        ["/catalog/v1/namespaces/%zz", 400],
        ["/catalog/v1/namespaces/%00", 400],
        ["/catalog/v1/namespaces//tables", 400],
        ["/catalog/v1/nothing", 404],
        ["/catalog", 404],
        ["/", 404],
        ["/v1/config", 404],
      ] as const
    ) {
      const answer = await rawRequest(uri, target);
      assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `), target);
      assert.match(answer, /\{"error":\{"message":"[^"]+.*"type":"\w+","code":\d+\}\}/, target);
    }
    const wrong = await call("PUT", `${uri}/namespaces/ns`, { body: {} });
    assert.equal(wrong.status, 405);
  });
});
