import assert from "node:assert/strict";
import { AuthError, StorageError, UsageError } from "../../lib/errors.ts";
import { RequestFailure } from "../../lib/server/failure.ts";
import type { Place } from "../../lib/server/places/place.ts";
import { openLocalPlace } from "../../lib/server/places/place_local.ts";
import { openS3Place } from "../../lib/server/places/place_s3.ts";
import { startServer } from "../../lib/server/serve.ts";
import { startS3StandIn } from "../store/s3_stand_in.ts";
import { standInProperties, withS3Server } from "./s3_support.ts";
import {
  appendRequest,
  call,
  makeTable,
  namesIn,
  newSnapshotId,
  SCHEMA,
  withServer,
} from "./support.ts";

async function withDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "ingest-place-" });
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function assertRefused(place: Place, locations: readonly string[]): void {
  for (const location of locations) {
    assert.throws(() => place.check(location), (error) => {
      assert.ok(error instanceof RequestFailure, `${location}: ${error}`);
      assert.equal(error.status, 400);
      assert.match(error.message, /outside of the warehouse|catalog's own files/);
      return true;
    }, location);
  }
}

Deno.test("LocalPlace.check() knows one place by all its names, and refuses what lies elsewhere", () =>
  withDirectory(async (directory) => {
    const root = `${directory}/lake`;
    const allowed = `${directory}/also`;
    const place = await openLocalPlace(root, { allowLocations: [`file:${allowed}/`] });
    for (const top of [root, allowed]) {
      for (const form of ["", "file:", "file://", "file://localhost"]) {
        assert.equal(place.check(`${form}${top}/ns/t`), `${top}/ns/t`);
        assert.equal(place.check(`${form}${top}/ns/t//`), `${top}/ns/t`);
      }
      assert.equal(place.check(`${top}/ü %20 x=1`), `${top}/ü %20 x=1`);
    }
    assertRefused(place, [
      root,
      allowed,
      directory,
      `${root}x/t`,
      `${root}/../out`,
      `${root}/a/../../out`,
      `${root}/./t`,
      `${root}//t`,
      `${root}/a%2e%2e/t`,
      `${root}/%2E%2E/out`,
      `${root}/a%2fb`,
      `${root}/a%5Cb`,
      `${root}/%252e%252e/out`,
      `${root}/a\\..\\b`,
      `${root}/a\0b`,
      `${root}/a\nb`,
      `${root}/\ud800`,
      `${root}/catalog.db`,
      `${root}/catalog.db-wal`,
      `${root}/CATALOG.db/t`,
      `${allowed}/other/catalog.db`,
      `file://other.host${root}/t`,
      `http://localhost${root}/t`,
      `s3://lake${root}/t`,
      "ns/t",
      "",
    ]);
  }));

Deno.test("LocalPlace.check() looks at what comes after its root, whatever that is called", () =>
  withDirectory(async (directory) => {
    const root = `${directory}/a%2fb/catalog.db.d/lake`;
    const place = await openLocalPlace(root);
    assert.equal(place.check(`file://${root}/ns/t`), `${root}/ns/t`);
    const { location } = await place.claim({ namespace: ["ns"], name: "t" });
    assert.equal(place.check(location), `${root}/ns/t`);
    assertRefused(place, [`${directory}/a/b/catalog.db.d/lake/ns/t`, `${root}/catalog.db`]);
  }));

Deno.test("LocalPlace never takes what holds the warehouse for a table, though it is allowed", () =>
  withDirectory(async (directory) => {
    const root = `${directory}/top/lake`;
    const place = await openLocalPlace(root, { allowLocations: ["file:///"] });
    assert.equal(place.check(`${directory}/t`), `${directory}/t`);
    assertRefused(place, [root, `${directory}/top`, directory]);
    for (const location of ["s3://lake/x", "relative", "file:/a/../b"]) {
      await assert.rejects(openLocalPlace(root, { allowLocations: [location] }), UsageError);
    }
  }));

Deno.test("LocalPlace.claim() gives each of many at once a directory of its own", () =>
  withDirectory(async (directory) => {
    const place = await openLocalPlace(`${directory}/lake`);
    const table = { namespace: ["a/b", ".."], name: "../t" };
    const claims = await Promise.all(Array.from({ length: 20 }, () => place.claim(table)));
    const locations = new Set(claims.map(({ location }) => location));
    assert.equal(locations.size, 20);
    for (const location of locations) {
      assert.match(place.check(location), /\/lake\/a_b\._\/_[\w.]*_t(?:-[0-9a-f]{8})?$/);
    }
    await claims[0]!.release();
    assert.equal((await namesIn(`${directory}/lake/a_b._`)).length, 19);
  }));

Deno.test("LocalPlace.purge() removes a table, and of a place that is only allowed no more than its files", () =>
  withDirectory(async (directory) => {
    const place = await openLocalPlace(`${directory}/lake`, {
      allowLocations: [`${directory}/also`],
    });
    const own = await place.claim({ namespace: ["ns"], name: "t" });
    await place.store.write(`${own.location}/data/1.parquet`, new Uint8Array(1));
    assert.equal(await place.exists(`${own.location}/data/1.parquet`), true);
    assert.equal(await place.exists(own.location), false);
    await place.purge(own.location);
    await place.purge(own.location);
    assert.deepEqual(await namesIn(`${directory}/lake/ns`), []);
    const also = `file:${directory}/also/t`;
    await place.prepare(also);
    for (const name of ["data/1.parquet", "metadata/1.json", "letters/mine.txt"]) {
      await place.store.write(`${also}/${name}`, new Uint8Array(1));
    }
    await place.purge(also);
    assert.deepEqual(await namesIn(`${directory}/also/t`), ["letters"]);
  }));

Deno.test("S3Place.check() knows one place by all its names, and refuses what lies elsewhere", async () => {
  const s3 = startS3StandIn();
  try {
    const place = await openS3Place("s3a://lake/wh/", {
      properties: standInProperties(s3),
      allowLocations: ["s3://lake/also/", "s3n://other-bucket"],
    });
    assert.equal(place.root, "s3://lake/wh");
    for (const scheme of ["s3", "s3a", "s3n"]) {
      assert.equal(place.check(`${scheme}://lake/wh/ns/t/`), "s3://lake/wh/ns/t");
      assert.equal(place.check(`${scheme}://lake/also/t`), "s3://lake/also/t");
      assert.equal(place.check(`${scheme}://other-bucket/t`), "s3://other-bucket/t");
    }
    assertRefused(place, [
      "s3://lake/wh",
      "s3://lake/wh/",
      "s3://lake/whx/t",
      "s3://lake",
      "s3://lake/",
      "s3://other-bucket",
      "s3://lakes/wh/t",
      "s3://lake/wh/../x",
      "s3://lake/wh/./t",
      "s3://lake/wh//t",
      "s3://lake/wh/%2e%2e/x",
      "s3://lake/wh/%2E%2E%2fx",
      "s3://lake/wh/a%252e",
      // These stand for others in a policy, or end the path of a URL.
      "s3://lake/wh/*",
      "s3://lake/wh/t?",
      "s3://lake/wh/${aws:username}",
      "s3://lake/wh/t#x",
      "s3://lake/wh/a\\b",
      "s3://lake/wh/a\nb",
      "s3://LAKE/wh/t",
      "s3://user@lake/wh/t",
      "s3://lake:80/wh/t",
      "S3://lake/wh/t",
      "s3:/lake/wh/t",
      "gs://lake/wh/t",
      "file:///lake/wh/t",
      "/lake/wh/t",
    ]);
    place.store.close();
    for (const root of ["s3://", "s3://x", "s3://lake/a//b", "s3://lake/*"]) {
      await assert.rejects(
        openS3Place(root, { properties: standInProperties(s3) }),
        UsageError,
        root,
      );
    }
  } finally {
    await s3.close();
  }
});

Deno.test("openS3Place() ends with a clear error when the bucket is missing or refused", async () => {
  const cases = [
    { fault: { status: 404, code: "NoSuchBucket" }, type: StorageError, reason: /NoSuchBucket/ },
    { fault: { status: 403, code: "AccessDenied" }, type: AuthError, reason: /AccessDenied/ },
  ] as const;
  for (const { fault, type, reason } of cases) {
    const s3 = startS3StandIn({ faultOf: () => fault });
    try {
      await assert.rejects(
        openS3Place("s3://lake/wh", { properties: standInProperties(s3) }),
        (error) => {
          assert.ok(error instanceof type);
          assert.match(error.message, /^Cannot use warehouse "s3:\/\/lake\/wh": /);
          assert.match(error.message, reason);
          return true;
        },
      );
    } finally {
      await s3.close();
    }
  }
});

Deno.test("serve keeps a table on S3: made, committed to, registered, dropped with its files", () =>
  withS3Server(async ({ uri, s3 }) => {
    const { url, metadata } = await makeTable(uri);
    assert.match(metadata.location, /^s3:\/\/lake\/wh\/ns\/t-[0-9a-f-]{36}$/);
    const committed = await call("POST", url, { body: appendRequest(metadata, newSnapshotId()) });
    assert.equal(committed.status, 200);
    const loaded = await call("GET", url);
    assert.equal(loaded.body["metadata-location"], committed.body["metadata-location"]);
    const names = [...s3.objects.keys()];
    assert.equal(names.length, 2);
    for (const name of names) assert.ok(name.startsWith(metadata.location.replace("s3:/", "")));

    const body = { name: "again", "metadata-location": loaded.body["metadata-location"] };
    await call("DELETE", url);
    const registered = await call("POST", `${uri}/namespaces/ns/register`, { body });
    assert.equal(registered.status, 200);
    for (
      const [location, status] of [
        ["s3://lake/wh/ns/none.metadata.json", 404],
        ["s3://lake/other/t.metadata.json", 400],
        ["file:///etc/passwd", 400],
      ] as const
    ) {
      const refused = await call("POST", `${uri}/namespaces/ns/register`, {
        body: { name: "no", "metadata-location": location },
      });
      assert.equal(refused.status, status, location);
    }
    const second = await makeTable(uri, "t");
    assert.notEqual(second.metadata.location, metadata.location);
    const dropped = await call("DELETE", `${uri}/namespaces/ns/tables/again?purgeRequested=true`);
    assert.equal(dropped.status, 204);
    assert.deepEqual(
      [...s3.objects.keys()].map((name) => name.includes(second.metadata.location.slice(5))),
      [true],
    );
  }));

Deno.test("serve remembers which warehouse on S3 its database belongs to", () =>
  withS3Server(async ({ uri, s3, stateDirectory }) => {
    await makeTable(uri);
    assert.deepEqual(await namesIn(stateDirectory), ["lake"]);
    const open = (name: string, root: string) =>
      startServer({
        warehouses: [{ name, root, stateDirectory, storeProperties: standInProperties(s3) }],
      });
    await assert.rejects(open("lake", "s3://lake/elsewhere"), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, /its database belongs to "s3:\/\/lake\/wh"/);
      return true;
    });
    await assert.rejects(open("../lake", "s3://lake/wh"), UsageError);
    const second = await open("lake", "s3a://lake/wh/");
    const loaded = await call("GET", `${second.uri}/v1/namespaces/ns/tables/t`);
    assert.equal(loaded.status, 200);
    await second.close();
  }));

Deno.test("serve takes table locations outside of the warehouse only where that is allowed", () =>
  withDirectory(async (directory) => {
    const make = (uri: string, name: string) =>
      call("POST", `${uri}/namespaces/ns/tables`, {
        body: { name, schema: SCHEMA, location: `file:${directory}/also/${name}` },
      });
    const root = `${directory}/lake`;
    await withServer(async ({ uri }) => {
      await call("POST", `${uri}/namespaces`, { body: { namespace: ["ns"] } });
      const refused = await make(uri, "t");
      assert.equal(refused.status, 400);
      assert.match(refused.body.error.message, /lies outside of the warehouse/);
    }, { warehouses: [{ name: "demo", root }] });
    const allowLocations = [`file://${directory}/also/`];
    await withServer(async ({ uri }) => {
      const made = await make(uri, "t");
      assert.equal(made.status, 200);
      assert.equal(made.body.metadata.location, `file:${directory}/also/t`);
    }, { warehouses: [{ name: "demo", root, allowLocations }] });
    // It is there still, but may not be written to or purged any more.
    await withServer(async ({ uri }) => {
      const url = `${uri}/namespaces/ns/tables/t`;
      assert.equal((await call("GET", url)).status, 200);
      assert.equal((await call("DELETE", `${url}?purgeRequested=true`)).status, 400);
      assert.equal((await call("GET", url)).status, 200);
      assert.equal((await call("DELETE", url)).status, 204);
    }, { warehouses: [{ name: "demo", root }] });
  }));
