/** Which properties open the store of a location. */
import assert from "node:assert/strict";
import { storeProperties } from "../../lib/store/credentials.ts";

const catalog = { "s3.endpoint": "http://catalog", "s3.region": "catalog-1" };

function credential(prefix: string, name = prefix) {
  return { prefix, config: { "s3.access-key-id": name } };
}

Deno.test("storeProperties() takes the credential with the longest prefix that fits", () => {
  const storageCredentials = [
    credential("s3://b/"),
    credential("s3://b/ns/table"),
    credential("s3://b/ns"),
    credential("s3://b/ns/table/data/else/and/longer"),
    credential("s3://another/ns/table/data"),
  ];
  // The order must not matter.
  for (const credentials of [storageCredentials, storageCredentials.toReversed()]) {
    const access = { config: {}, storageCredentials: credentials };
    const properties = storeProperties("s3://b/ns/table/data/x.parquet", { catalog, access });
    assert.equal(properties["s3.access-key-id"], "s3://b/ns/table");
  }
});

Deno.test("storeProperties() sees one store behind s3, s3a and s3n", () => {
  for (const scheme of ["s3", "s3a", "s3n"]) {
    for (const other of ["s3", "s3a", "s3n"]) {
      const access = { config: {}, storageCredentials: [credential(`${other}://b/t`, "fits")] };
      const properties = storeProperties(`${scheme}://b/t/data`, { catalog, access });
      assert.equal(properties["s3.access-key-id"], "fits", `${scheme} and ${other}`);
    }
  }
});

Deno.test("storeProperties() compares prefixes without their schemes' spelling", () => {
  const storageCredentials = [credential("s3a://b/t", "short"), credential("s3://b/t/", "long")];
  const access = { config: {}, storageCredentials };
  const properties = storeProperties("s3://b/t/data", { catalog, access });
  assert.equal(properties["s3.access-key-id"], "long");
});

Deno.test("storeProperties() falls back on the table's config, then on the catalog's properties", () => {
  const config = { "s3.access-key-id": "config", "s3.region": "table-1" };
  const elsewhere = { config, storageCredentials: [credential("s3://another/")] };
  assert.deepEqual(storeProperties("s3://b/t", { catalog, access: elsewhere }), {
    "s3.endpoint": "http://catalog",
    "s3.region": "table-1",
    "s3.access-key-id": "config",
  });
  const fitting = { config, storageCredentials: [credential("s3://b", "vended")] };
  assert.deepEqual(storeProperties("s3://b/t", { catalog, access: fitting }), {
    "s3.endpoint": "http://catalog",
    "s3.region": "table-1",
    "s3.access-key-id": "vended",
  });
  const nothing = { config: {}, storageCredentials: [] };
  assert.deepEqual(storeProperties("s3://b/t", { catalog, access: nothing }), catalog);
});

Deno.test("storeProperties() never pairs a key with another key's session token", () => {
  const properties = storeProperties("s3://lake/t/data", {
    catalog: {},
    access: {
      config: {
        "s3.access-key-id": "old",
        "s3.secret-access-key": "old",
        "s3.session-token": "old",
        "s3.session-token-expires-at-ms": "1",
        "s3.endpoint": "http://s3.test",
      },
      storageCredentials: [{
        prefix: "s3://lake/t",
        config: { "s3.access-key-id": "new", "s3.secret-access-key": "new" },
      }],
    },
  });
  assert.deepEqual(properties, {
    "s3.access-key-id": "new",
    "s3.secret-access-key": "new",
    "s3.endpoint": "http://s3.test",
  });
});
