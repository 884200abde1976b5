import assert from "node:assert/strict";
import { CatalogError } from "../../lib/errors.ts";
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
