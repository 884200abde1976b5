/** Whatever a commit does, what its table's metadata names is there afterwards. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { parseJson, stringifyJson } from "../../lib/table/json.ts";
import type { TableMetadata } from "../../lib/table/metadata.ts";
import { MetadataError } from "../../lib/table/metadata_error.ts";
import { readTableMetadata } from "../../lib/table/metadata_reader.ts";
import { newTableMetadata } from "../../lib/table/new_table.ts";
import type { JsonObject } from "../../lib/table/shape.ts";
import { applyUpdates, checkActions } from "../../lib/table/updates.ts";
import { emptyTable, ID_FIELD, NAME_FIELD, NOW_MS } from "./table_support.ts";

const DAY = { id: 3, name: "day", type: "date", required: false };

function apply(metadata: TableMetadata, ...updates: unknown[]): TableMetadata {
  return applyUpdates(metadata, updates, { nowMs: NOW_MS + 5 });
}

function addSchema(...fields: unknown[]) {
  return { action: "add-schema", schema: { type: "struct", fields } };
}

function addSnapshot(id: number, fields: Record<string, unknown> = {}) {
  return {
    action: "add-snapshot",
    snapshot: {
      "snapshot-id": id,
      "sequence-number": id,
      "timestamp-ms": NOW_MS + id,
      "manifest-list": `file:///w/t/metadata/snap-${id}.avro`,
      summary: { operation: "append" },
      "schema-id": 0,
      ...fields,
    },
  };
}

const toRef = (name: string, id: number, type = "branch") => ({
  action: "set-snapshot-ref",
  "ref-name": name,
  type,
  "snapshot-id": id,
});

function refused(pattern: RegExp) {
  return { name: "MetadataError", kind: "invalid", message: pattern };
}

Deno.test("applyUpdates() keeps the schema that a snapshot was written with", () => {
  const table = apply(
    emptyTable(),
    addSnapshot(1),
    toRef("main", 1),
    addSchema(ID_FIELD),
    { action: "set-current-schema", "schema-id": -1 },
  );
  const remove = { action: "remove-schemas", "schema-ids": [0] };
  assert.throws(() => apply(table, remove), refused(/Cannot remove schema "0": snapshot 1/));
  const without = apply(table, { action: "remove-snapshots", "snapshot-ids": [1] }, remove);
  assert.deepEqual(without.schemas.map((schema) => schema["schema-id"]), [1]);
});

Deno.test("applyUpdates() lets a partition field id stand for one field, but in v1", () => {
  const spec = (...fields: unknown[]) => ({ action: "add-spec", spec: { fields } });
  const bucket = { name: "b", transform: "bucket[4]", "source-id": 1, "field-id": 1000 };
  const other = { name: "c", transform: "bucket[8]", "source-id": 1, "field-id": 1000 };
  const table = apply(emptyTable(2), spec(bucket));
  assert.throws(() => apply(table, spec(other)), refused(/another field of the table has it/));
  apply(table, spec({ ...bucket, name: "renamed" }));
  apply(table, spec({ ...other, transform: "void" }));
  apply(apply(emptyTable(1), spec(bucket)), spec(other));
});

Deno.test("applyUpdates() wants the encryption key of a snapshot by the end of the commit", () => {
  const rows = { "first-row-id": 0, "added-rows": 1, "key-id": "k" };
  const key = {
    action: "add-encryption-key",
    "encryption-key": { "key-id": "k", "encrypted-key-metadata": "AA==" },
  };
  assert.throws(() => apply(emptyTable(3), addSnapshot(1, rows)), refused(/no encryption key "k"/));
  apply(emptyTable(3), addSnapshot(1, rows), key);
});

Deno.test("applyUpdates() refuses a snapshot after which no row id would be left", () => {
  const rows = { "first-row-id": 2n ** 63n - 2n, "added-rows": 5 };
  assert.throws(() => apply(emptyTable(3), addSnapshot(1, rows)), refused(/"next-row-id"/));
});

Deno.test("applyUpdates() counts row ids on from the snapshot's own first one", () => {
  const table = apply(
    emptyTable(3),
    addSnapshot(1, { "first-row-id": 0, "added-rows": 10 }),
    addSnapshot(2, { "first-row-id": 15, "added-rows": 0 }),
    addSnapshot(3, { "first-row-id": 15, "added-rows": 5 }),
  );
  assert.equal(table["next-row-id"], 20);
  assert.throws(
    () => apply(table, addSnapshot(4, { "first-row-id": 19, "added-rows": 1 })),
    { name: "MetadataError", kind: "lostRace" },
  );
});

Deno.test("applyUpdates() lets row ids begin when a table is upgraded to v3", () => {
  const upgrade = { action: "upgrade-format-version", "format-version": 3 };
  const table = apply(emptyTable(2), addSnapshot(1), toRef("main", 1), upgrade);
  assert.equal(table["next-row-id"], 0);
  const rows = { "first-row-id": 0, "added-rows": 7 };
  assert.equal(apply(table, addSnapshot(2, rows))["next-row-id"], 7);
  assert.throws(() => apply(table, addSnapshot(2)), refused(/"first-row-id"/));
});

Deno.test("applyUpdates() drops the fields of a snapshot that its version does not have", () => {
  const rows = { "first-row-id": 0, "added-rows": 7 };
  const v1 = apply(emptyTable(1), addSnapshot(1, rows)).snapshots![0]!;
  assert.equal(v1["sequence-number"], undefined);
  const v2 = apply(emptyTable(2), addSnapshot(1, rows)).snapshots![0]!;
  assert.deepEqual([v2["sequence-number"], v2["first-row-id"]], [1, undefined]);
});

Deno.test("applyUpdates() keeps the snapshot log when main is replaced", () => {
  const table = apply(emptyTable(), addSnapshot(1), toRef("main", 1));
  const replaced = apply(
    table,
    { action: "remove-snapshot-ref", "ref-name": "main" },
    addSnapshot(2),
    toRef("main", 2),
  );
  assert.deepEqual(replaced["snapshot-log"]?.map((entry) => entry["snapshot-id"]), [1, 2]);
});

Deno.test("applyUpdates() logs only the last main of a commit that expires snapshots too", () => {
  let table = emptyTable();
  for (const id of [1, 2, 3]) table = apply(table, addSnapshot(id), toRef("main", id));
  const after = apply(
    table,
    { action: "remove-snapshots", "snapshot-ids": [1, 2] },
    addSnapshot(4),
    toRef("main", 4),
    addSnapshot(5),
    toRef("main", 5),
  );
  assert.deepEqual(after["snapshot-log"]?.map((entry) => entry["snapshot-id"]), [3, 5]);
});

Deno.test("applyUpdates() refuses a type of the partition source that its transform does not take", () => {
  const table = apply(
    emptyTable(),
    addSchema(ID_FIELD, DAY),
    { action: "set-current-schema", "schema-id": -1 },
    {
      action: "add-spec",
      spec: { fields: [{ name: "m", transform: "month", "source-id": 3 }] },
    },
    { action: "set-default-spec", "spec-id": -1 },
  );
  assert.throws(
    () =>
      apply(table, addSchema(ID_FIELD, { ...DAY, type: "string" }), {
        action: "set-current-schema",
        "schema-id": -1,
      }),
    refused(/Cannot change the type of "day": month of it/),
  );
});

const BAD_FIELDS: ReadonlyArray<[string, unknown[]]> = [
  ["an id that is reserved", [{ ...ID_FIELD, id: 2_147_483_448 }]],
  ["a required field of type unknown", [{ ...ID_FIELD, type: "unknown" }]],
  ["a default of another type", [{ ...ID_FIELD, "write-default": "x" }]],
  ["a type with parameters that it does not take", [{ ...ID_FIELD, type: "timestamp_ns(3)" }]],
  ["a name that a nested field has in full", [
    { id: 1, name: "a.b", type: "int", required: false },
    {
      id: 2,
      name: "a",
      required: false,
      type: { type: "struct", fields: [{ id: 3, name: "b", type: "int", required: false }] },
    },
  ]],
];

for (const [what, fields] of BAD_FIELDS) {
  Deno.test(`applyUpdates() refuses a schema with ${what}`, () => {
    assert.throws(() => apply(emptyTable(3), addSchema(...fields)), refused(/^Cannot use /));
  });
}

Deno.test("applyUpdates() refuses an identifier field within an optional struct", () => {
  const struct = (required: boolean) => ({
    action: "add-schema",
    schema: {
      type: "struct",
      fields: [{ id: 3, name: "s", required, type: { type: "struct", fields: [ID_FIELD] } }],
      "identifier-field-ids": [1],
    },
  });
  apply(emptyTable(), struct(true));
  assert.throws(() => apply(emptyTable(), struct(false)), refused(/as identifier field/));
});

Deno.test("newTableMetadata() refuses a transform that its source does not take", () => {
  const request = {
    schema: { type: "struct", fields: [ID_FIELD, NAME_FIELD] },
    "partition-spec": { fields: [{ name: "d", transform: "day", "source-id": 1 }] },
  };
  assert.throws(
    () =>
      newTableMetadata(request as unknown as JsonObject, {
        uuid: "u",
        location: "file:///w/t",
        nowMs: 1,
      }),
    refused(/day cannot be made of "id", which is long/),
  );
});

Deno.test("checkActions() refuses an unknown update without looking at the table", () => {
  checkActions([addSnapshot(1), toRef("main", 1)]);
  for (const updates of [[addSnapshot(1), { action: "do-magic" }], [{}], [null], {}, undefined]) {
    assert.throws(() => checkActions(updates), { name: "MetadataError", kind: "invalid" });
  }
});

const id = fc.integer({ min: -1, max: 5 });
const snapshotId = fc.integer({ min: 1, max: 6 });
const fieldOf = fc.constantFrom(ID_FIELD, NAME_FIELD, DAY, { ...DAY, id: 4, name: "later" });
const partition = fc.record({
  name: fc.constantFrom("p", "q", "id"),
  transform: fc.constantFrom("identity", "bucket[4]", "day", "void"),
  "source-id": fc.integer({ min: 1, max: 4 }),
  "field-id": fc.integer({ min: 1000, max: 1003 }),
}, { requiredKeys: ["name", "transform", "source-id"] });
const statistics = (key: string) =>
  snapshotId.map((of) => ({
    action: `set-${key}`,
    [key]: {
      "snapshot-id": of,
      "statistics-path": "file:///w/t/metadata/s.puffin",
      "file-size-in-bytes": 10,
      "file-footer-size-in-bytes": 5,
      "blob-metadata": [],
    },
  }));

/** Updates of the right shape, whose ids may or may not be there. */
const UPDATE = fc.oneof(
  fc.record({
    action: fc.constant("upgrade-format-version"),
    "format-version": fc.constantFrom(1, 2, 3),
  }),
  fc.uniqueArray(fieldOf, { minLength: 1, selector: (item) => item.id })
    .map((fields) => addSchema(...fields)),
  fc.record({ action: fc.constant("set-current-schema"), "schema-id": id }),
  fc.record({ action: fc.constant("remove-schemas"), "schema-ids": fc.array(id) }),
  fc.record({
    action: fc.constant("add-spec"),
    spec: fc.record({ fields: fc.array(partition, { maxLength: 2 }) }),
  }),
  fc.record({ action: fc.constant("set-default-spec"), "spec-id": id }),
  fc.record({ action: fc.constant("remove-partition-specs"), "spec-ids": fc.array(id) }),
  partition.map((item) => ({
    action: "add-sort-order",
    "sort-order": {
      "order-id": 1,
      fields: [{ ...item, direction: "asc", "null-order": "nulls-first" }],
    },
  })),
  fc.record({ action: fc.constant("set-default-sort-order"), "sort-order-id": id }),
  fc.tuple(snapshotId, fc.integer({ min: 0, max: 30 }), id).map(([of, first, schemaId]) =>
    addSnapshot(of, {
      "first-row-id": first,
      "added-rows": of,
      ...(schemaId < 0 ? {} : { "schema-id": schemaId }),
    })
  ),
  fc.tuple(fc.constantFrom("main", "dev", "__proto__"), snapshotId, fc.boolean()).map((
    [name, of, isTag],
  ) => toRef(name, of, isTag ? "tag" : "branch")),
  fc.record({ action: fc.constant("remove-snapshots"), "snapshot-ids": fc.array(snapshotId) }),
  fc.record({
    action: fc.constant("remove-snapshot-ref"),
    "ref-name": fc.constantFrom("main", "dev"),
  }),
  statistics("statistics"),
  statistics("partition-statistics"),
);

Deno.test("applyUpdates() leaves metadata whose every reference stands, whatever it is asked", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(1, 2, 3),
      fc.array(fc.array(UPDATE, { maxLength: 3 }), { maxLength: 12 }),
      (version, commits) => {
        let table = emptyTable(version);
        for (const updates of commits) {
          try {
            table = apply(table, ...parseJson(stringifyJson(updates)) as unknown[]);
          } catch (error) {
            if (!(error instanceof MetadataError)) throw error;
          }
        }
        checkStanding(table);
      },
    ),
    { numRuns: 500 },
  );
});

function checkStanding(table: TableMetadata): void {
  assert.deepEqual(readTableMetadata(parseJson(stringifyJson(table))), table);
  const ids = new Set(table.snapshots?.map((snapshot) => snapshot["snapshot-id"]));
  const schemas = new Set(table.schemas.map((schema) => schema["schema-id"]));
  for (const snapshot of table.snapshots ?? []) {
    if (snapshot["schema-id"] !== undefined) assert.ok(schemas.has(snapshot["schema-id"]));
  }
  for (const key of ["statistics", "partition-statistics"] as const) {
    const named = (table[key] ?? []).map((file) => (file as JsonObject)["snapshot-id"] as number);
    assert.equal(new Set(named).size, named.length);
    for (const of of named) assert.ok(ids.has(of));
  }
  for (const entry of table["snapshot-log"] ?? []) assert.ok(ids.has(entry["snapshot-id"]));
  const current = table["current-snapshot-id"];
  if (current !== undefined) {
    assert.equal(table["snapshot-log"]?.at(-1)?.["snapshot-id"], current);
  }
  if (table["format-version"] > 1) {
    const last = Number(table["last-sequence-number"]);
    for (const snapshot of table.snapshots ?? []) {
      assert.ok(Number(snapshot["sequence-number"] ?? 0) <= last);
    }
  }
  assert.ok(table["last-column-id"] >= 2);
}

const STATISTICS = {
  "snapshot-id": 1,
  "statistics-path": "file:///w/t/metadata/s.puffin",
  "file-size-in-bytes": 10,
  "file-footer-size-in-bytes": 5,
};
const BLOB = {
  type: "apache-datasketches-theta-v1",
  "snapshot-id": 1,
  "sequence-number": 1,
  fields: [1],
  properties: { ndv: "5" },
};

Deno.test("applyUpdates() takes statistics with blobs, and none that readers could not read", () => {
  const set = (blob: unknown) => ({
    action: "set-statistics",
    statistics: { ...STATISTICS, "blob-metadata": [blob] },
  });
  const table = apply(emptyTable(), addSnapshot(1));
  assert.equal(apply(table, set(BLOB)).statistics?.length, 1);
  for (
    const wrong of [
      { type: 1 },
      { "snapshot-id": "1" },
      { "sequence-number": undefined },
      { fields: ["id"] },
      { properties: { ndv: 5 } },
    ]
  ) {
    assert.throws(() => apply(table, set({ ...BLOB, ...wrong })), refused(/^Cannot read /));
  }
});
