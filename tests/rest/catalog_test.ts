import assert from "node:assert/strict";
import { AuthError, CatalogError } from "../../lib/errors.ts";
import { serveRaw } from "../raw_http.ts";
import { connect, TABLE } from "./support.ts";

/** What `loadTable` makes of a 404 with this body. */
async function loadAt404(body: string): Promise<unknown> {
  const server = serveRaw(async (connection) => {
    const request = await connection.read();
    const isConfig = request?.target.startsWith("/v1/config") === true;
    await connection.respond(
      isConfig ? { status: 200, body: `{"defaults":{},"overrides":{}}` } : { status: 404, body },
    );
  });
  try {
    const client = await connect(server.origin);
    return await client.loadTable(TABLE);
  } finally {
    await server.close();
  }
}

Deno.test("CatalogClient.loadTable() takes a 404 of the REST spec's form for a missing table", async () => {
  const body = `{"error":{"message":"none","type":"NoSuchTableException","code":404}}`;
  assert.equal(await loadAt404(body), undefined);
});

for (const [name, body] of [["a proxy", "<html>Not found</html>"], ["no one", ""]] as const) {
  Deno.test(`CatalogClient.loadTable() does not take the 404 of ${name} for a missing table`, async () => {
    await assert.rejects(() => loadAt404(body), (error) => {
      assert.ok(error instanceof CatalogError);
      assert.equal(error.status, 404);
      return true;
    });
  });
}

/** What `ensureNamespace` makes of these answers, and what it asked for. */
async function ensureAt(
  answers: { readonly post: number | "cut"; readonly get: number },
): Promise<{ readonly made: Promise<boolean>; readonly methods: readonly string[] }> {
  const methods: string[] = [];
  const server = serveRaw(async (connection) => {
    const request = await connection.read();
    if (request?.target.startsWith("/v1/config") === true) {
      return await connection.respond({ status: 200, body: `{"defaults":{},"overrides":{}}` });
    }
    methods.push(request?.method ?? "none");
    const status = request?.method === "POST" ? answers.post : answers.get;
    if (status === "cut") return;
    await connection.respond({ status, body: "{}" });
  });
  try {
    const client = await connect(server.origin);
    const made = client.ensureNamespace(["ns"]);
    await made.catch(() => {});
    return { made, methods };
  } finally {
    await server.close();
  }
}

for (const [post, is] of [[200, true], [409, false]] as const) {
  Deno.test(`CatalogClient.ensureNamespace() takes ${post} for the whole answer`, async () => {
    const { made, methods } = await ensureAt({ post, get: 500 });
    assert.equal(await made, is);
    assert.deepEqual(methods, ["POST"]);
  });
}

for (const post of [403, 500, "cut"] as const) {
  Deno.test(`CatalogClient.ensureNamespace() looks for the namespace after ${post}`, async () => {
    const { made, methods } = await ensureAt({ post, get: 200 });
    // Who has made it is not known, and nobody may remove it for his own.
    assert.equal(await made, false);
    assert.deepEqual(methods, ["POST", "GET"]);
  });
}

Deno.test("CatalogClient.ensureNamespace() fails as the POST did when there is no namespace", async () => {
  const refused = await ensureAt({ post: 403, get: 404 });
  await assert.rejects(refused.made, (error) => error instanceof AuthError);
  const broken = await ensureAt({ post: 400, get: 404 });
  await assert.rejects(broken.made, (error) => {
    return error instanceof CatalogError && error.status === 400 &&
      /create namespace "ns"/.test(error.message);
  });
});
