/** Requests that are wrong in one place get a 4xx, whatever the place and whatever stands there. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Json } from "../../lib/table/json.ts";
import { appendRequest, call, makeTable, newSnapshotId, SCHEMA, withServer } from "./support.ts";

/** Every place in a value, as the keys that lead there. */
function placesIn(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [[...path]];
  return [
    [...path],
    ...Object.entries(value).flatMap(([key, item]) => placesIn(item, [...path, key])),
  ];
}

/** A copy of the value with something else in one place; undefined takes it out. */
function withPlace(value: unknown, path: readonly string[], instead: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return instead;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<
    string,
    unknown
  >;
  copy[key] = withPlace(copy[key], rest, instead);
  return copy;
}

const ANYTHING = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>,
  fc.constantFrom<unknown>(undefined, null, -1, 1.5, 2n ** 63n, "", "constructor", [], {}, [null]),
);

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
