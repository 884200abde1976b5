/** Views as data: how they are made, and what the updates of a commit do to them. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { readViewMetadata } from "../../lib/table/view_metadata.ts";
import { applyViewUpdates, newViewMetadata } from "../../lib/table/view_updates.ts";
import {
  addVersion,
  apply,
  idsOf,
  invalid,
  NOW_MS,
  schemaOf,
  setCurrent,
  versionOf,
  view,
  VIEW_UUID,
} from "./view_support.ts";

Deno.test("newViewMetadata() gives schema 0 and version 1, whatever ids they came with", () => {
  const metadata = newViewMetadata({
    schema: schemaOf(),
    "view-version": versionOf("select 1", { "version-id": 9, "schema-id": 7, extra: true }),
    properties: { comment: "c" },
  }, { uuid: VIEW_UUID, location: "file:///w/v", nowMs: NOW_MS });
  assert.deepEqual(metadata, {
    "view-uuid": VIEW_UUID,
    "format-version": 1,
    location: "file:///w/v",
    properties: { comment: "c" },
    schemas: [{ ...schemaOf(), "schema-id": 0 }],
    "current-version-id": 1,
    versions: [{
      "version-id": 1,
      "schema-id": 0,
      "timestamp-ms": 1000,
      summary: { "engine-name": "test" },
      "default-namespace": ["ns"],
      representations: [{ type: "sql", sql: "select 1", dialect: "spark" }],
    }],
    "version-log": [{ "timestamp-ms": 1000, "version-id": 1 }],
  });
});

Deno.test("newViewMetadata() refuses what the view spec does", () => {
  const good = { schema: schemaOf(), "view-version": versionOf("q"), properties: {} };
  const sql = { type: "sql", sql: "q", dialect: "spark" };
  const version = (overrides: Record<string, unknown>) => ({
    ...good,
    "view-version": { ...good["view-version"], ...overrides },
  });
  const cases: ReadonlyArray<[unknown, RegExp]> = [
    [{ ...good, schema: undefined }, /the schema: expected an object, found nothing/],
    [{ ...good, schema: { type: "struct", fields: [{}] } }, /name of a field/],
    [{ ...good, schema: { ...schemaOf(), "schema-id": "x" } }, /"schema-id"/],
    [{ ...good, "view-version": undefined }, /"view-version": expected an object/],
    [{ ...good, properties: { a: 1 } }, /"a" of "properties"/],
    [version({ representations: [] }), /it has no representation/],
    [version({ representations: undefined }), /"representations": expected an array/],
    [version({ representations: [{ ...sql, type: "png" }] }), /type "png" is not known/],
    [version({ representations: [{ ...sql, dialect: "" }] }), /an empty dialect/],
    [version({ representations: [{ ...sql, sql: 1 }] }), /"sql" of a representation/],
    [
      version({ representations: [sql, { ...sql, dialect: "SPARK" }] }),
      /^Invalid view version: Cannot add multiple queries for dialect spark$/,
    ],
    [version({ summary: undefined }), /"summary"/],
    [version({ "default-namespace": "ns" }), /"default-namespace": expected an array/],
    [version({ "default-namespace": [1] }), /a level of a namespace/],
    [version({ "default-catalog": 1 }), /"default-catalog"/],
    [version({ "timestamp-ms": -1 }), /a time in milliseconds/],
    [
      { ...good, properties: { "version.history.num-entries": "0" } },
      /^version\.history\.num-entries must be positive but was 0$/,
    ],
    [{ ...good, properties: { "version.history.num-entries": "ten" } }, /must be positive/],
  ];
  for (const [request, pattern] of cases) {
    assert.throws(
      () => newViewMetadata(request as never, { uuid: "u", location: "l", nowMs: 1 }),
      invalid(pattern),
    );
  }
});

Deno.test("applyViewUpdates() sets location and properties, and keeps the uuid", () => {
  const metadata = apply(
    view({ a: "1", b: "2", constructor: "3" }),
    { action: "assign-uuid", uuid: VIEW_UUID.toUpperCase() },
    { action: "upgrade-format-version", "format-version": 1 },
    { action: "set-location", location: "file:///w/other/" },
    { action: "set-properties", updates: { a: "9", c: "4" } },
    { action: "remove-properties", removals: ["b", "missing", "constructor"] },
  );
  assert.equal(metadata.location, "file:///w/other");
  assert.deepEqual(metadata.properties, { a: "9", c: "4" });
  assert.equal(metadata["view-uuid"], VIEW_UUID);
  assert.deepEqual(metadata["version-log"], view()["version-log"]);
});

Deno.test("applyViewUpdates() refuses updates that are unknown, malformed or impossible", () => {
  const cases: ReadonlyArray<[unknown, RegExp]> = [
    [{ action: "set-current-schema", "schema-id": 0 }, /to a view: it is not known/],
    [{ action: "add-snapshot", snapshot: {} }, /to a view: it is not known/],
    [{ action: "constructor" }, /it is not known/],
    [{}, /"action" of an update/],
    ["x", /an update: expected an object/],
    [{ action: "assign-uuid", uuid: "22222222-2222-3333-4444-555555555555" }, /change the uuid/],
    [{ action: "upgrade-format-version", "format-version": 2 }, /Unsupported format version/],
    [{ action: "upgrade-format-version", "format-version": 0 }, /Unsupported format version/],
    [{ action: "set-location", location: "" }, /empty location/],
    [{ action: "set-location" }, /"location": expected a string/],
    [{ action: "set-properties", updates: { a: null } }, /"a" of "updates"/],
    [{ action: "remove-properties", removals: "a" }, /"removals"/],
    [{ action: "add-schema", schema: { type: "list" } }, /its "type" is not "struct"/],
    [addVersion("q", { "schema-id": 23 }), /^Cannot add version with unknown schema: 23$/],
    [addVersion("q", { "schema-id": -1 }), /no schema has been added/],
    [addVersion("q", { dialects: ["a", "A"] }), /multiple queries for dialect a/],
    [setCurrent(), /no version has been added/],
    [setCurrent(23), /^Cannot set current version to unknown version: 23$/],
    [{ action: "set-current-view-version" }, /"view-version-id"/],
    [
      { action: "set-properties", updates: { "version.history.num-entries": "-1" } },
      /must be positive but was -1/,
    ],
  ];
  for (const [update, pattern] of cases) {
    assert.throws(() => apply(view(), update), invalid(pattern), JSON.stringify(update));
  }
  assert.throws(() => applyViewUpdates(view(), {}, { nowMs: 1 }), invalid(/"updates"/));
});

Deno.test("applyViewUpdates() replaces a view: the new version is the current one", () => {
  const metadata = apply(
    view(),
    { action: "add-schema", schema: schemaOf("other") },
    addVersion("select 2", { "version-id": 2, "schema-id": -1, "timestamp-ms": 2000 }),
    setCurrent(),
  );
  assert.equal(metadata["current-version-id"], 2);
  assert.equal(metadata.versions[1]?.["schema-id"], 1);
  assert.deepEqual(metadata.schemas.map((schema) => schema["schema-id"]), [0, 1]);
  assert.deepEqual(metadata["version-log"], [
    { "timestamp-ms": 1000, "version-id": 1 },
    { "timestamp-ms": 2000, "version-id": 2 },
  ]);
});

Deno.test("applyViewUpdates() gives an id that is taken anew, and keeps a higher one", () => {
  const taken = apply(view(), addVersion("select 2", { "version-id": 1 }), setCurrent());
  assert.deepEqual(idsOf(taken), { versions: [1, 2], log: [1, 2] });
  const higher = apply(view(), addVersion("select 2", { "version-id": 8 }), setCurrent(8));
  assert.deepEqual(idsOf(higher), { versions: [1, 8], log: [1, 8] });
  const highest = apply(view(), addVersion("select 2", { "version-id": 2 ** 31 - 1 }));
  assert.throws(() => apply(highest, addVersion("select 3")), invalid(/its id would be too high/));
});

Deno.test("applyViewUpdates() knows a version again, but for its id and its time", () => {
  const base = view();
  const again = addVersion("select 1", { "version-id": 2, "timestamp-ms": 9000 });
  assert.deepEqual(apply(base, again, setCurrent()), base);
  for (
    const other of [
      { summary: {} },
      { "default-namespace": ["other"] },
      { "default-catalog": "c" },
      { dialects: ["spark", "trino"] },
    ]
  ) {
    const metadata = apply(base, addVersion("select 1", other), setCurrent());
    assert.deepEqual(idsOf(metadata), { versions: [1, 2], log: [1, 2] }, JSON.stringify(other));
  }
  const moved = apply(
    base,
    { action: "add-schema", schema: schemaOf("other") },
    addVersion("select 1", { "schema-id": -1 }),
    setCurrent(),
  );
  assert.deepEqual(idsOf(moved).versions, [1, 2]);
});

Deno.test("applyViewUpdates() knows a schema again, which then counts as the last added", () => {
  const metadata = apply(
    view(),
    { action: "add-schema", schema: { ...schemaOf(), "schema-id": 3 } },
    addVersion("select 2", { "schema-id": -1 }),
    setCurrent(),
  );
  assert.equal(metadata.schemas.length, 1);
  assert.equal(metadata.versions[1]?.["schema-id"], 0);
});

Deno.test("applyViewUpdates() writes to the log only when another version became current", () => {
  const two = apply(view(), addVersion("select 2"));
  assert.deepEqual(idsOf(two), { versions: [1, 2], log: [1] });
  assert.deepEqual(idsOf(apply(two, setCurrent(1))).log, [1]);
  assert.deepEqual(idsOf(apply(two, setCurrent(2), setCurrent(1))).log, [1]);
  // An older version that becomes current again does so now, not when it was made.
  const forth = apply(two, setCurrent(2));
  assert.deepEqual(forth["version-log"][1], { "timestamp-ms": NOW_MS + 5, "version-id": 2 });
  assert.deepEqual(idsOf(apply(forth, setCurrent(1))).log, [1, 2, 1]);
});

Deno.test("applyViewUpdates() keeps ten versions unless told otherwise", () => {
  let metadata = view();
  for (let id = 2; id <= 13; id += 1) {
    metadata = apply(metadata, addVersion(`q${id}`), setCurrent());
  }
  const kept = [4, 5, 6, 7, 8, 9, 10, 11, 12, 13];
  assert.deepEqual(idsOf(metadata), { versions: kept, log: kept });
  const few = apply(metadata, {
    action: "set-properties",
    updates: { "version.history.num-entries": "2" },
  });
  assert.deepEqual(idsOf(few), { versions: [12, 13], log: [12, 13] });
  assert.throws(() => apply(few, setCurrent(4)), invalid(/unknown version: 4/));
});

Deno.test("applyViewUpdates() never expires the current version or one just added", () => {
  const one = view({ "version.history.num-entries": "1" });
  const four = apply(one, addVersion("q2"), addVersion("q3"), addVersion("q4"));
  assert.deepEqual(idsOf(four), { versions: [1, 2, 3, 4], log: [1] });
  assert.deepEqual(idsOf(apply(four)), { versions: [1], log: [1] });
  assert.deepEqual(idsOf(apply(four, setCurrent(2))), { versions: [2], log: [2] });
});

Deno.test("applyViewUpdates() cuts the log at a version that is gone", () => {
  const many = view({ "version.history.num-entries": "2" });
  const one = apply(many, addVersion("q2"), setCurrent());
  const back = apply(one, setCurrent(1));
  assert.deepEqual(idsOf(back), { versions: [1, 2], log: [1, 2, 1] });
  const on = apply(back, addVersion("q3"), setCurrent());
  assert.deepEqual(idsOf(on), { versions: [2, 3], log: [3] });
});

Deno.test("applyViewUpdates() loses no dialect of the current version unless that is allowed", () => {
  const allowed = "replace.drop-dialect.allowed";
  const allow = { action: "set-properties", updates: { [allowed]: "TRUE" } };
  const base = view();
  const trino = addVersion("select 1", { dialects: ["trino"] });
  const loss =
    /^Cannot replace view due to loss of view dialects \(replace\.drop-dialect\.allowed=false\): spark$/;
  assert.throws(() => apply(base, trino, setCurrent()), invalid(loss));
  assert.equal(apply(base, allow, trino, setCurrent())["current-version-id"], 2);
  const both = apply(base, addVersion("q", { dialects: ["SPARK", "trino"] }), setCurrent());
  assert.equal(both["current-version-id"], 2);
  // Going back to a version that lacks one is a loss, too.
  assert.throws(() => apply(both, setCurrent(1)), invalid(/loss of view dialects.*: trino$/));
});

Deno.test("readViewMetadata() reads what was written, and refuses what is no view", () => {
  const metadata = apply(view({ comment: "c" }), addVersion("select 2"), setCurrent());
  assert.deepEqual(readViewMetadata(JSON.parse(JSON.stringify(metadata))), metadata);
  const { properties: _, ...bare } = metadata;
  assert.deepEqual(readViewMetadata({ ...bare, other: 1 }).properties, {});
  const version = metadata.versions[0]!;
  const cases: ReadonlyArray<[unknown, RegExp]> = [
    [[], /the view metadata: expected an object/],
    [{ ...metadata, "view-uuid": undefined }, /"view-uuid"/],
    [{ ...metadata, "format-version": 23 }, /Unsupported format version of a view: 23/],
    [{ ...metadata, location: null }, /"location"/],
    [{ ...metadata, schemas: [] }, /unknown schema: 0/],
    [{ ...metadata, versions: [] }, /unknown version: 2/],
    [{ ...metadata, versions: [version, version] }, /two versions "1"/],
    [{ ...metadata, "current-version-id": 1234 }, /unknown version: 1234/],
    [{ ...metadata, "version-log": [{}] }, /"timestamp-ms" of the version log/],
  ];
  for (const [json, pattern] of cases) {
    assert.throws(() => readViewMetadata(json), invalid(pattern));
  }
});

Deno.test("applyViewUpdates() leaves a view that can be read, whatever is done to it", () => {
  const name = fc.constantFrom("a", "b", "c");
  const update = fc.oneof(
    fc.record({ action: fc.constant("add-schema"), schema: name.map(schemaOf) }),
    fc.tuple(name, fc.integer({ min: -1, max: 3 }), fc.integer({ min: 0, max: 30 })).map((
      [sql, schemaId, id],
    ) => addVersion(sql, { "schema-id": schemaId, "version-id": id })),
    fc.integer({ min: -1, max: 30 }).map(setCurrent),
    fc.integer({ min: 0, max: 4 }).map((count) => ({
      action: "set-properties",
      updates: { "version.history.num-entries": String(count) },
    })),
  );
  fc.assert(
    fc.property(fc.array(fc.array(update, { maxLength: 4 }), { maxLength: 12 }), (commits) => {
      let metadata = view();
      for (const updates of commits) {
        try {
          metadata = apply(metadata, ...updates);
        } catch (error) {
          if ((error as Error).name !== "MetadataError") throw error;
          continue;
        }
        assert.deepEqual(readViewMetadata(JSON.parse(JSON.stringify(metadata))), metadata);
        const { versions, log } = idsOf(metadata);
        assert.equal(log.at(-1), metadata["current-version-id"]);
        assert.ok(log.every((id) => versions.includes(id)));
        assert.equal(new Set(versions).size, versions.length);
      }
    }),
  );
});
