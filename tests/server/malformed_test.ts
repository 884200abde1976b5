/** Requests that are wrong in one place get a 4xx, whatever the place and whatever stands there. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { ANYTHING, placesIn, withPlace } from "./malformed.ts";
import { appendRequest, call, makeTable, newSnapshotId, SCHEMA, withServer } from "./support.ts";
import { makeView, replaceRequest, viewRequest, VIEWS } from "./view_support.ts";

Deno.test("a commit that is wrong in one place never gets a 5xx", async () => {
  await withServer(async ({ uri }) => {
    const { url } = await makeTable(uri);
    const base = (await call("GET", url)).body.metadata;
    const request = {
      identifier: { namespace: ["ns"], name: "t" },
      ...appendRequest(base, newSnapshotId()),
      more: 0,
    };
    const updates = [
      ...(request as unknown as { updates: unknown[] }).updates,
      { action: "add-schema", schema: SCHEMA, "last-column-id": 2 },
      { action: "set-current-schema", "schema-id": -1 },
      {
        action: "add-spec",
        spec: { fields: [{ name: "b", transform: "bucket[4]", "source-id": 1, "field-id": 1000 }] },
      },
      { action: "set-properties", updates: { a: "b" } },
      { action: "remove-properties", removals: ["a"] },
    ];
    // The stale requirement keeps the good ones from changing the table.
    const stale = { type: "assert-current-schema-id", "current-schema-id": 7 };
    const requirements = [
      ...(request as unknown as { requirements: unknown[] }).requirements,
      stale,
    ];
    const good = { ...request, requirements, updates };
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...placesIn(good)),
        ANYTHING,
        fc.boolean(),
        async (place, instead, keepsStale) => {
          const body = withPlace(keepsStale ? good : { ...good, requirements: [] }, place, instead);
          const answer = await call("POST", url, { body: body ?? null });
          assert.ok(answer.status < 500, `${answer.status} for ${place.join("/")}`);
          assert.equal((await call("GET", url)).status, 200);
        },
      ),
      { numRuns: 400 },
    );
  });
});

Deno.test("a create request that is wrong in one place never gets a 5xx", async () => {
  await withServer(async ({ uri }) => {
    await call("POST", `${uri}/namespaces`, { body: { namespace: ["ns"] } });
    const good = {
      name: "t",
      schema: { ...SCHEMA, "identifier-field-ids": [1] },
      "partition-spec": {
        fields: [{ name: "b", transform: "bucket[4]", "source-id": 1, "field-id": 1000 }],
      },
      "write-order": {
        "order-id": 1,
        fields: [{
          transform: "identity",
          "source-id": 2,
          direction: "asc",
          "null-order": "nulls-first",
        }],
      },
      properties: { "format-version": "2", a: "b" },
      "stage-create": false,
    };
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...placesIn(good)), ANYTHING, async (place, instead) => {
        const body = withPlace(good, place, instead);
        const answer = await call("POST", `${uri}/namespaces/ns/tables`, { body: body ?? null });
        assert.ok(answer.status < 500, `${answer.status} for ${place.join("/")}`);
      }),
      { numRuns: 400 },
    );
    assert.equal((await call("GET", `${uri}/namespaces/ns/tables`)).status, 200);
  });
});

Deno.test("a view request that is wrong in one place never gets a 5xx, nor changes anything when it is refused", async () => {
  await withServer(async ({ uri }) => {
    const { url, made } = await makeView(uri);
    const created = { ...viewRequest("w"), location: made.body.metadata.location };
    const changed = {
      identifier: { namespace: ["ns"], name: "v" },
      ...replaceRequest(made.body.metadata["view-uuid"], "select 2"),
    };
    const updates = [
      { action: "upgrade-format-version", "format-version": 1 },
      { action: "add-schema", schema: SCHEMA },
      ...changed.updates,
      { action: "set-location", location: made.body.metadata.location },
      { action: "set-properties", updates: { "version.history.num-entries": "3" } },
      { action: "remove-properties", removals: ["a"] },
    ];
    const requests = [
      { path: VIEWS, body: created },
      { path: `${VIEWS}/v`, body: { ...changed, updates } },
      {
        path: "/namespaces/ns/register-view",
        body: { name: "x", "metadata-location": made.body["metadata-location"] },
      },
      {
        path: "/views/rename",
        body: { source: { ...changed.identifier, name: "w" }, destination: changed.identifier },
      },
    ].flatMap(({ path, body }) => placesIn(body).map((place) => ({ path, body, place })));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...requests), ANYTHING, async (request, instead) => {
        const { path, body, place } = request;
        const before = await call("GET", url);
        const answer = await call("POST", uri + path, {
          body: withPlace(body, place, instead) ?? null,
        });
        assert.ok(answer.status < 500, `${answer.status} for ${place.join("/")} of ${path}`);
        const after = await call("GET", url);
        if (answer.status >= 400) assert.deepEqual(after.body, before.body);
        assert.equal(after.status, 200);
        // One that is made after all makes room for the next.
        for (const name of ["w", "x"]) await call("DELETE", `${uri}${VIEWS}/${name}`);
      }),
      { numRuns: 600 },
    );
  });
});
