/**
 * HTTPS. The certificates in fixtures are good for localhost and 127.0.0.1 for a hundred years; their
 * key guards nothing.
 */
import assert from "node:assert/strict";
import { UsageError } from "../../lib/errors.ts";
import { startServer } from "../../lib/server/serve.ts";
import { parseFaultRule } from "../../lib/server/faults/fault_grammar.ts";
import { withServer } from "./support.ts";

const FIXTURES = new URL("../fixtures/", import.meta.url);
const read = (name: string) => Deno.readTextFile(new URL(name, FIXTURES));

const CA = await read("tls_ca.pem");
const TLS = { cert: await read("tls_cert.pem"), key: await read("tls_key.pem") };

Deno.test("startServer() serves HTTPS with a certificate and says so in its URI", async () => {
  using client = Deno.createHttpClient({ caCerts: [CA] });
  await withServer(async ({ uri }) => {
    assert.match(uri, /^https:\/\/127\.0\.0\.1:\d+\/catalog\/v1$/);
    const response = await fetch(`${uri}/config`, { client });
    assert.equal(response.status, 200);
    assert.ok(Array.isArray((await response.json()).endpoints));
    await assert.rejects(fetch(uri.replace("https:", "http:")));
  }, { tls: TLS });
});

Deno.test("startServer() serves HTTPS where faults close connections, too", async () => {
  using client = Deno.createHttpClient({ caCerts: [CA] });
  await withServer(async ({ uri }) => {
    assert.equal(
      (await (await fetch(`${uri}/namespaces`, { client })).json()).namespaces.length,
      0,
    );
    await assert.rejects(fetch(`${uri}/config`, { client }));
  }, { tls: TLS, faults: { rules: [parseFaultRule("config:drop-response=1")] } });
});

Deno.test("startServer() refuses what is no certificate or no key", async () => {
  for (const tls of [{ ...TLS, cert: "no certificate" }, { ...TLS, key: "no key" }]) {
    for (const rules of [[], [parseFaultRule("config:drop-response=1")]]) {
      const root = await Deno.makeTempDir({ prefix: "ingest-tls-" });
      await assert.rejects(
        startServer({ warehouses: [{ name: "demo", root }], tls, faults: { rules } }),
        (error) => {
          assert.ok(error instanceof UsageError, String(error));
          assert.match(error.message, /^Cannot serve HTTPS: /);
          assert.doesNotMatch(error.message, /no certificate|no key$/);
          return true;
        },
      );
      await Deno.remove(root, { recursive: true });
    }
  }
});
