import assert from "node:assert/strict";
import fc from "fast-check";
import type { Int64, TableMetadata } from "../../lib/table/metadata.ts";
import { newTableMetadata } from "../../lib/table/new_table.ts";
import { applyUpdates } from "../../lib/table/updates.ts";

const UUID = "11111111-2222-3333-4444-555555555555";
const NOW_MS = 1_700_000_000_000;
const ID = { id: 1, name: "id", type: "long", required: true };
const NAME = { id: 2, name: "name", type: "string", required: false };
const DAY = { id: 3, name: "day", type: "date", required: false };

function table(version = 2): TableMetadata {
  return newTableMetadata({
    schema: { type: "struct", fields: [ID, NAME] },
    properties: { "format-version": String(version), a: "1" },
  }, { uuid: UUID, location: "file:///w/t", nowMs: NOW_MS });
}

/** Applies updates and checks that the input was left alone. */
function apply(metadata: TableMetadata | undefined, ...updates: unknown[]): TableMetadata {
  const before = structuredClone(metadata);
  const after = applyUpdates(metadata, updates, { nowMs: NOW_MS + 5 });
  assert.deepEqual(metadata, before);
  return after;
}

function invalid(pattern: RegExp) {
  return { name: "MetadataError", kind: "invalid", message: pattern };
}

function snapshot(id: Int64, fields: Record<string, unknown> = {}) {
  return {
    action: "add-snapshot",
    snapshot: {
      "snapshot-id": id,
      "sequence-number": 1,
      "timestamp-ms": NOW_MS + 10,
      "manifest-list": `file:///w/t/metadata/snap-${id}.avro`,
      summary: { operation: "append" },
      "schema-id": 0,
      ...fields,
    },
  };
}

function toMain(id: Int64, fields: Record<string, unknown> = {}) {
  return {
    action: "set-snapshot-ref",
    "ref-name": "main",
    type: "branch",
    "snapshot-id": id,
    ...fields,
  };
}

/** A table with the snapshots 1 and 2 on main. */
function twoSnapshots(version = 2): TableMetadata {
  const rows = (first: number) => version > 2 ? { "first-row-id": first, "added-rows": 10 } : {};
  const one = apply(table(version), snapshot(1, rows(0)), toMain(1));
  return apply(
    one,
    snapshot(2, {
      "parent-snapshot-id": 1,
      "sequence-number": 2,
      "timestamp-ms": NOW_MS + 20,
      ...rows(10),
    }),
    toMain(2),
  );
}

Deno.test("applyUpdates() with add-snapshot and set-snapshot-ref moves main and its log", () => {
  const metadata = twoSnapshots();
  assert.equal(metadata["current-snapshot-id"], 2);
  assert.deepEqual(metadata.refs, { main: { "snapshot-id": 2, type: "branch" } });
  assert.equal(metadata["last-sequence-number"], 2);
  assert.equal(metadata["last-updated-ms"], NOW_MS + 20);
  assert.deepEqual(metadata["snapshot-log"], [
    { "snapshot-id": 1, "timestamp-ms": NOW_MS + 10 },
    { "snapshot-id": 2, "timestamp-ms": NOW_MS + 20 },
  ]);
});

Deno.test("applyUpdates() keeps int64 ids whole", () => {
  const id = 9007199254740995n;
  const metadata = apply(table(), snapshot(id), toMain(id));
  assert.equal(metadata["current-snapshot-id"], id);
  assert.throws(() => apply(metadata, snapshot(id)), invalid(/already exists for id: 90071992547/));
});

Deno.test("applyUpdates() with add-snapshot alone stages a snapshot", () => {
  const metadata = apply(table(), snapshot(1));
  assert.equal(metadata.snapshots?.length, 1);
  assert.equal(metadata["current-snapshot-id"], undefined);
  assert.deepEqual(metadata["snapshot-log"], []);
});

Deno.test("applyUpdates() calls a sequence number that was overtaken a lost race", () => {
  const late = snapshot(3, { "parent-snapshot-id": 1, "sequence-number": 2 });
  assert.throws(() => apply(twoSnapshots(), late), {
    kind: "lostRace",
    message: /sequence number 2 is not above the last sequence number 2/,
  });
});

Deno.test("applyUpdates() lets a snapshot without parent keep the last sequence number", () => {
  const metadata = apply(twoSnapshots(), snapshot(3), toMain(3));
  assert.equal(metadata["last-sequence-number"], 2);
  assert.equal(metadata["current-snapshot-id"], 3);
});

Deno.test("applyUpdates() keeps the row ids of v3 apart", () => {
  const metadata = twoSnapshots(3);
  assert.equal(metadata["next-row-id"], 20);
  const next = { "parent-snapshot-id": 2, "sequence-number": 3 };
  assert.throws(
    () => apply(metadata, snapshot(3, { ...next, "first-row-id": 19, "added-rows": 1 })),
    { kind: "lostRace", message: /first-row-id 19 is below the next-row-id 20/ },
  );
  assert.throws(() => apply(metadata, snapshot(3, next)), invalid(/first-row-id/));
  const gap = apply(metadata, snapshot(3, { ...next, "first-row-id": 30, "added-rows": 5 }));
  assert.equal(gap["next-row-id"], 35);
  assert.throws(
    () => apply(metadata, snapshot(3, { ...next, "first-row-id": 20 })),
    invalid(/added-rows/),
  );
});

Deno.test("applyUpdates() allows clocks to differ by a minute and not more", () => {
  const at = (ms: number) => snapshot(9, { "timestamp-ms": NOW_MS + ms });
  const behind = apply(table(), at(-60_000));
  assert.equal(behind["last-updated-ms"], NOW_MS);
  assert.throws(() => apply(table(), at(-60_001)), invalid(/more than a minute before/));
});

const BAD_SNAPSHOTS: ReadonlyArray<[string, unknown]> = [
  ["no snapshot", { action: "add-snapshot" }],
  ["a known id", snapshot(2, { "sequence-number": 3 })],
  ["a negative id", snapshot(-1)],
  ["an id beyond int64", snapshot(2n ** 63n)],
  ["an id that is text", snapshot("7" as unknown as number)],
  ["no sequence number", snapshot(3, { "sequence-number": null })],
  ["no manifest list", snapshot(3, { "manifest-list": null })],
  ["no summary", snapshot(3, { summary: null })],
  ["a summary without operation", snapshot(3, { summary: {} })],
  ["an unknown operation", snapshot(3, { summary: { operation: "merge" } })],
  ["a summary value that is no string", snapshot(3, { summary: { operation: "append", n: 1 } })],
  ["an unknown schema", snapshot(3, { "schema-id": 7 })],
  ["a timestamp that is text", snapshot(3, { "timestamp-ms": "now" })],
];

for (const [what, update] of BAD_SNAPSHOTS) {
  Deno.test(`applyUpdates() refuses a snapshot with ${what}`, () => {
    assert.throws(() => apply(twoSnapshots(), update), { name: "MetadataError", kind: "invalid" });
  });
}

Deno.test("applyUpdates() logs a rollback at the time of the commit, in order", () => {
  const later = applyUpdates(twoSnapshots(), [toMain(1)], { nowMs: NOW_MS + 50 });
  assert.equal(later["snapshot-log"]?.at(-1)?.["timestamp-ms"], NOW_MS + 50);
  const metadata = apply(twoSnapshots(), toMain(1));
  assert.equal(metadata["current-snapshot-id"], 1);
  assert.deepEqual(metadata["snapshot-log"]?.at(-1), {
    "snapshot-id": 1,
    "timestamp-ms": NOW_MS + 20,
  });
  assert.equal(metadata["last-updated-ms"], NOW_MS + 20);
});

Deno.test("applyUpdates() logs of several snapshots in one commit only the last", () => {
  const metadata = apply(
    twoSnapshots(),
    snapshot(3, { "parent-snapshot-id": 2, "sequence-number": 3 }),
    toMain(3),
    snapshot(4, { "parent-snapshot-id": 3, "sequence-number": 4 }),
    toMain(4),
  );
  assert.deepEqual(metadata["snapshot-log"]?.map((entry) => entry["snapshot-id"]), [1, 2, 4]);
});

Deno.test("applyUpdates() sets branches and tags, whatever their names", () => {
  const metadata = apply(
    twoSnapshots(),
    { action: "set-snapshot-ref", "ref-name": "constructor", type: "tag", "snapshot-id": 1 },
    {
      action: "set-snapshot-ref",
      "ref-name": "dev",
      type: "branch",
      "snapshot-id": 1,
      "min-snapshots-to-keep": 2,
      "max-ref-age-ms": 3,
    },
  );
  assert.deepEqual(Object.keys(metadata.refs!).sort(), ["constructor", "dev", "main"]);
  assert.equal(metadata.refs?.["dev"]?.["min-snapshots-to-keep"], 2);
  assert.equal(metadata["current-snapshot-id"], 2);
  const without = apply(metadata, { action: "remove-snapshot-ref", "ref-name": "constructor" }, {
    action: "remove-snapshot-ref",
    "ref-name": "not there",
  });
  assert.deepEqual(Object.keys(without.refs!).sort(), ["dev", "main"]);
});

Deno.test("applyUpdates() with remove-snapshot-ref of main leaves no current snapshot, and keeps the log", () => {
  const before = twoSnapshots();
  const metadata = apply(before, { action: "remove-snapshot-ref", "ref-name": "main" });
  assert.equal(metadata["current-snapshot-id"], undefined);
  assert.deepEqual(metadata["snapshot-log"], before["snapshot-log"]);
});

const BAD_REFS: ReadonlyArray<[string, unknown]> = [
  ["an unknown snapshot", toMain(9)],
  ["main as a tag", toMain(1, { type: "tag" })],
  ["an unknown type", toMain(1, { type: "twig" })],
  ["an empty name", toMain(1, { "ref-name": "" })],
  [
    "a tag that keeps snapshots",
    toMain(1, {
      "ref-name": "v1",
      type: "tag",
      "min-snapshots-to-keep": 1,
    }),
  ],
  ["a retention of 0", toMain(1, { "max-ref-age-ms": 0 })],
];

for (const [what, update] of BAD_REFS) {
  Deno.test(`applyUpdates() refuses a branch or tag with ${what}`, () => {
    assert.throws(() => apply(twoSnapshots(), update), { name: "MetadataError", kind: "invalid" });
  });
}

Deno.test("applyUpdates() with remove-snapshots removes what hangs on them", () => {
  const statistics = (id: number) => ({
    action: "set-statistics",
    statistics: {
      "snapshot-id": id,
      "statistics-path": "file:///w/t/metadata/s.puffin",
      "file-size-in-bytes": 10,
      "file-footer-size-in-bytes": 5,
      "blob-metadata": [],
    },
  });
  const partitions = (id: number) => ({
    action: "set-partition-statistics",
    "partition-statistics": {
      "snapshot-id": id,
      "statistics-path": "file:///w/t/metadata/p.parquet",
      "file-size-in-bytes": 10,
    },
  });
  const base = apply(
    twoSnapshots(),
    { action: "set-snapshot-ref", "ref-name": "v1", type: "tag", "snapshot-id": 1 },
    statistics(1),
    statistics(2),
    statistics(2),
    partitions(1),
  );
  assert.equal(base.statistics?.length, 2);
  const metadata = apply(base, { action: "remove-snapshots", "snapshot-ids": [1n, 77] });
  assert.deepEqual(metadata.snapshots?.map((item) => item["snapshot-id"]), [2]);
  assert.deepEqual(Object.keys(metadata.refs!), ["main"]);
  assert.deepEqual(metadata["snapshot-log"]?.map((entry) => entry["snapshot-id"]), [2]);
  assert.equal(metadata.statistics?.length, 1);
  assert.deepEqual(metadata["partition-statistics"], []);
  const bare = apply(
    metadata,
    { action: "remove-statistics", "snapshot-id": 2 },
    { action: "remove-partition-statistics", "snapshot-id": 2 },
  );
  assert.deepEqual(bare.statistics, []);
  assert.throws(() => apply(table(), statistics(1)), invalid(/unknown snapshot: 1/));
  assert.throws(() => apply(table(), partitions(1)), invalid(/unknown snapshot: 1/));
});

Deno.test("applyUpdates() with add-schema gives the next id, and -1 means that schema", () => {
  const schema = { type: "struct", "schema-id": 42, fields: [ID, NAME, DAY] };
  const metadata = apply(
    table(),
    { action: "add-schema", schema, "last-column-id": 3 },
    { action: "set-current-schema", "schema-id": -1 },
  );
  assert.equal(metadata["current-schema-id"], 1);
  assert.equal(metadata["last-column-id"], 3);
  assert.deepEqual(metadata.schemas[1], { ...schema, "schema-id": 1 });
  const back = apply(metadata, { action: "set-current-schema", "schema-id": 0 });
  assert.equal(back["current-schema-id"], 0);
  const again = apply(
    back,
    { action: "add-schema", schema: { ...schema, "schema-id": 0 } },
    { action: "set-current-schema", "schema-id": -1 },
  );
  assert.equal(again.schemas.length, 2);
  assert.equal(again["current-schema-id"], 1);
  assert.throws(
    () => apply(again, { action: "remove-schemas", "schema-ids": [1] }),
    invalid(/current schema/),
  );
  const one = apply(again, { action: "remove-schemas", "schema-ids": [0, 5] });
  assert.deepEqual(one.schemas.map((item) => item["schema-id"]), [1]);
});

Deno.test("applyUpdates() refuses -1 and ids that nothing stands for", () => {
  for (
    const update of [
      { action: "set-current-schema", "schema-id": -1 },
      { action: "set-current-schema", "schema-id": 7 },
      { action: "set-default-spec", "spec-id": -1 },
      { action: "set-default-spec", "spec-id": 7 },
      { action: "set-default-sort-order", "sort-order-id": -1 },
      { action: "set-default-sort-order", "sort-order-id": 7 },
    ]
  ) {
    assert.throws(() => apply(table(), update), invalid(/Cannot set/));
  }
});

const BUCKET = { name: "id_bucket", transform: "bucket[8]", "source-id": 1 };
const BY_NAME = { name: "name", transform: "identity", "source-id": 2 };
const addSpec = (...fields: unknown[]) => ({ action: "add-spec", spec: { fields } });
const USE_SPEC = { action: "set-default-spec", "spec-id": -1 };

Deno.test("applyUpdates() makes a table whose schema is chosen last, as DuckDB does", () => {
  const updates = [
    { action: "assign-uuid", uuid: UUID },
    { action: "upgrade-format-version", "format-version": 2 },
    { action: "add-schema", schema: { type: "struct", "schema-id": 0, fields: [ID, NAME] } },
    addSpec({ ...BY_NAME, "field-id": 1000 }),
    { action: "set-default-spec", "spec-id": 0 },
    { action: "add-sort-order", "sort-order": { "order-id": 0, fields: [] } },
    { action: "set-default-sort-order", "sort-order-id": 0 },
    { action: "set-location", location: "file:///w/t" },
    { action: "set-current-schema", "schema-id": 0 },
  ];
  const made = apply(undefined, ...updates);
  assert.equal(made["current-schema-id"], 0);
  assert.deepEqual(made["partition-specs"][0]!.fields, [{ ...BY_NAME, "field-id": 1000 }]);
  const unknownSource = updates.with(3, addSpec({ ...BY_NAME, "source-id": 9 }));
  assert.throws(() => apply(undefined, ...unknownSource), invalid(/9/));
  assert.throws(() => apply(undefined, updates[3]), invalid(/no current schema/));
});

Deno.test("applyUpdates() with add-spec gives field ids, and the old ones to equal fields", () => {
  const one = apply(table(), addSpec(BUCKET, BY_NAME), USE_SPEC);
  assert.equal(one["default-spec-id"], 1);
  assert.equal(one["last-partition-id"], 1001);
  const two = apply(one, addSpec({ ...BY_NAME, name: "who" }), USE_SPEC);
  assert.deepEqual(two["partition-specs"].at(-1), {
    "spec-id": 2,
    fields: [{ ...BY_NAME, name: "who", "field-id": 1001 }],
  });
  assert.equal(two["last-partition-id"], 1001);
  const back = apply(two, addSpec(BUCKET, BY_NAME), USE_SPEC);
  assert.equal(back["default-spec-id"], 1);
  assert.equal(back["partition-specs"].length, 3);
  assert.throws(
    () => apply(back, { action: "remove-partition-specs", "spec-ids": [1] }),
    invalid(/default partition spec/),
  );
  const fewer = apply(back, { action: "remove-partition-specs", "spec-ids": [2] });
  assert.deepEqual(fewer["partition-specs"].map((spec) => spec["spec-id"]), [0, 1]);
});

Deno.test("applyUpdates() wants the field ids of a v1 spec in sequence", () => {
  const gap = addSpec({ ...BUCKET, "field-id": 1005 });
  assert.throws(() => apply(table(1), gap), invalid(/in sequence from 1000/));
  assert.equal(apply(table(2), gap)["last-partition-id"], 1005);
});

const SORTED = {
  transform: "identity",
  "source-id": 1,
  direction: "desc",
  "null-order": "nulls-last",
};

Deno.test("applyUpdates() with add-sort-order gives the next id, and 0 to unsorted", () => {
  const add = (...fields: unknown[]) => ({
    action: "add-sort-order",
    "sort-order": { "order-id": 9, fields },
  });
  const use = { action: "set-default-sort-order", "sort-order-id": -1 };
  const one = apply(table(), add(SORTED), use);
  assert.equal(one["default-sort-order-id"], 1);
  const unsorted = apply(one, add(), use);
  assert.equal(unsorted["default-sort-order-id"], 0);
  assert.equal(unsorted["sort-orders"]?.length, 2);
  for (const bad of [{ direction: "up" }, { "null-order": "none" }, { "source-id": 9 }]) {
    assert.throws(() => apply(table(), add({ ...SORTED, ...bad })), { kind: "invalid" });
  }
});

Deno.test("applyUpdates() keeps the columns that the default spec needs", () => {
  const drop = [
    { action: "add-schema", schema: { type: "struct", fields: [NAME] } },
    { action: "set-current-schema", "schema-id": -1 },
  ];
  const partitioned = apply(table(), addSpec(BUCKET), USE_SPEC);
  assert.throws(() => apply(partitioned, ...drop), invalid(/Cannot remove field "1"/));
  const freed = apply(partitioned, { action: "set-default-spec", "spec-id": 0 }, ...drop);
  assert.equal(freed["current-schema-id"], 1);
});

Deno.test("applyUpdates() sets and removes properties, whatever their names", () => {
  const metadata = apply(
    table(),
    { action: "set-properties", updates: JSON.parse('{"b":"2","__proto__":"x"}') },
    { action: "remove-properties", removals: ["a", "not there"] },
  );
  assert.deepEqual(Object.entries(metadata.properties!), [["b", "2"], ["__proto__", "x"]]);
  assert.throws(
    () => apply(table(), { action: "set-properties", updates: { a: null } }),
    invalid(/expected a string, found null/),
  );
});

Deno.test("applyUpdates() upgrades the format version and never goes back", () => {
  const upgrade = (version: unknown) => ({
    action: "upgrade-format-version",
    "format-version": version,
  });
  const v2 = apply(table(1), upgrade(2));
  assert.equal(v2["last-sequence-number"], 0);
  const v3 = apply(v2, upgrade(2), upgrade(3));
  assert.equal(v3["next-row-id"], 0);
  assert.throws(() => apply(v3, upgrade(2)), invalid(/Cannot downgrade v3 table to v2/));
  assert.throws(() => apply(v3, upgrade(4)), invalid(/Unsupported format version: v4/));
  assert.throws(() => apply(v3, upgrade("3")), invalid(/expected an integer/));
});

Deno.test("applyUpdates() takes the table's own uuid and no other", () => {
  assert.equal(apply(table(), { action: "assign-uuid", uuid: UUID })["table-uuid"], UUID);
  const other = { action: "assign-uuid", uuid: UUID.replace("1", "2") };
  assert.throws(() => apply(table(), other), invalid(/Cannot change the uuid/));
});

Deno.test("applyUpdates() sets the location without a slash at its end", () => {
  const update = { action: "set-location", location: "file:///w/other/" };
  assert.equal(apply(table(), update).location, "file:///w/other");
});

Deno.test("applyUpdates() keeps encryption keys in v3", () => {
  const add = {
    action: "add-encryption-key",
    "encryption-key": { "key-id": "k", "encrypted-key-metadata": "AA==" },
  };
  const metadata = apply(table(3), add, add);
  assert.deepEqual(metadata["encryption-keys"], [add["encryption-key"]]);
  const without = apply(metadata, { action: "remove-encryption-key", "key-id": "k" });
  assert.deepEqual(without["encryption-keys"], []);
  assert.throws(() => apply(table(2), add), invalid(/not supported until v3/));
});

for (const update of [null, 5, {}, { action: "do-magic" }, { action: "constructor" }]) {
  Deno.test(`applyUpdates() refuses ${JSON.stringify(update)}`, () => {
    assert.throws(() => apply(table(), update), { name: "MetadataError", kind: "invalid" });
  });
}

Deno.test("applyUpdates() makes a table from nothing", () => {
  const metadata = apply(
    undefined,
    { action: "assign-uuid", uuid: UUID },
    { action: "upgrade-format-version", "format-version": 1 },
    { action: "add-schema", schema: { type: "struct", fields: [ID, NAME] } },
    { action: "set-current-schema", "schema-id": -1 },
    addSpec(BUCKET),
    USE_SPEC,
    { action: "add-sort-order", "sort-order": { "order-id": 0, fields: [] } },
    { action: "set-default-sort-order", "sort-order-id": -1 },
    { action: "set-location", location: "file:///w/t" },
    { action: "set-properties", updates: { a: "b" } },
  );
  assert.equal(metadata["format-version"], 1);
  assert.equal(metadata["table-uuid"], UUID);
  assert.equal(metadata["default-spec-id"], 0);
  assert.equal(metadata["last-column-id"], 2);
  assert.equal(metadata["default-sort-order-id"], 0);
});

Deno.test("applyUpdates() fills in what a new table was not given, but not its schema", () => {
  const created = { uuid: UUID, location: "file:///w/made" };
  const updates = [
    { action: "add-schema", schema: { type: "struct", fields: [ID] } },
    { action: "set-current-schema", "schema-id": -1 },
  ];
  const metadata = applyUpdates(undefined, updates, { nowMs: NOW_MS, created });
  assert.equal(metadata["table-uuid"], UUID);
  assert.equal(metadata.location, "file:///w/made");
  assert.deepEqual(metadata["partition-specs"], [{ "spec-id": 0, fields: [] }]);
  assert.throws(
    () => applyUpdates(undefined, [], { nowMs: NOW_MS, created }),
    invalid(/no update sets its current schema/),
  );
  assert.throws(
    () => applyUpdates(undefined, updates, { nowMs: NOW_MS }),
    invalid(/no uuid or no location/),
  );
});

Deno.test("applyUpdates() answers any JSON with metadata or a MetadataError", () => {
  const actions = [
    "assign-uuid",
    "upgrade-format-version",
    "add-schema",
    "set-current-schema",
    "add-spec",
    "set-default-spec",
    "add-sort-order",
    "set-default-sort-order",
    "add-snapshot",
    "set-snapshot-ref",
    "remove-snapshots",
    "remove-snapshot-ref",
    "set-location",
    "set-properties",
    "remove-properties",
    "set-statistics",
    "remove-statistics",
    "set-partition-statistics",
    "remove-partition-statistics",
    "remove-partition-specs",
    "remove-schemas",
    "add-encryption-key",
    "remove-encryption-key",
  ];
  const keys = [
    "uuid",
    "format-version",
    "schema",
    "fields",
    "type",
    "schema-id",
    "spec",
    "spec-id",
    "sort-order",
    "sort-order-id",
    "snapshot",
    "snapshot-id",
    "ref-name",
    "snapshot-ids",
    "location",
    "updates",
    "removals",
    "statistics",
    "partition-statistics",
    "spec-ids",
    "schema-ids",
    "encryption-key",
    "key-id",
  ];
  const value = fc.jsonValue({ maxDepth: 4 });
  const update = fc.tuple(
    fc.constantFrom(...actions),
    fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 6 }),
  ).map(([action, fields]) => ({ ...fields, action }));
  fc.assert(
    fc.property(fc.array(update, { maxLength: 4 }), (updates) => {
      try {
        apply(twoSnapshots(3), ...updates);
      } catch (error) {
        assert.equal((error as Error).name, "MetadataError", String((error as Error).stack));
      }
    }),
    { numRuns: 500 },
  );
});
