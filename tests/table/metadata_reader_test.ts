import assert from "node:assert/strict";
import { parseJson, stringifyJson } from "../../lib/table/json.ts";
import type { TableMetadata } from "../../lib/table/metadata.ts";
import { readTableMetadata } from "../../lib/table/metadata_reader.ts";
import { applyUpdates } from "../../lib/table/updates.ts";
import { BIG_ID, emptyTable, ID_FIELD, NOW_MS } from "./table_support.ts";

function withSnapshot(formatVersion: number): TableMetadata {
  return applyUpdates(emptyTable(formatVersion), [
    {
      action: "add-snapshot",
      snapshot: {
        "snapshot-id": BIG_ID,
        "sequence-number": 1,
        "timestamp-ms": NOW_MS + 1,
        "manifest-list": "file:///w/t/metadata/l.avro",
        summary: { operation: "append" },
        "schema-id": 0,
        "first-row-id": 0,
        "added-rows": 5,
      },
    },
    { action: "set-snapshot-ref", "ref-name": "main", type: "branch", "snapshot-id": BIG_ID },
    { action: "set-snapshot-ref", "ref-name": "v1", type: "tag", "snapshot-id": BIG_ID },
  ], { nowMs: NOW_MS + 1 });
}

function again(metadata: unknown): TableMetadata {
  return readTableMetadata(parseJson(stringifyJson(metadata)));
}

for (const version of [1, 2, 3]) {
  Deno.test(`readTableMetadata() reads what applyUpdates() makes of v${version}`, () => {
    assert.deepEqual(again(withSnapshot(version)), withSnapshot(version));
  });
}

const OLD = {
  "format-version": 1,
  location: "file:///w/old",
  "last-updated-ms": NOW_MS,
  "last-column-id": 1,
  schema: { type: "struct", fields: [ID_FIELD] },
  "partition-spec": [
    { name: "id_bucket", transform: "bucket[4]", "source-id": 1 },
    { name: "id", transform: "identity", "source-id": 1 },
  ],
  "current-snapshot-id": 7,
  snapshots: [{ "snapshot-id": 7, "timestamp-ms": NOW_MS, "manifest-list": "file:///w/old/l" }],
};

Deno.test("readTableMetadata() fills in what the first writers of v1 left out", () => {
  const metadata = again(OLD);
  assert.deepEqual(metadata.schemas, [{ "schema-id": 0, type: "struct", fields: [ID_FIELD] }]);
  assert.deepEqual(metadata["partition-specs"][0]?.fields.map((item) => item["field-id"]), [
    1000,
    1001,
  ]);
  assert.equal(metadata["last-partition-id"], 1001);
  assert.deepEqual(metadata.refs, { main: { "snapshot-id": 7, type: "branch" } });
  assert.deepEqual(metadata["sort-orders"], [{ "order-id": 0, fields: [] }]);
});

Deno.test("readTableMetadata() gives a table without uuid the same one every time", () => {
  const uuid = again(OLD)["table-uuid"];
  assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(again(OLD)["table-uuid"], uuid);
  assert.notEqual(again({ ...OLD, location: "file:///w/other" })["table-uuid"], uuid);
});

Deno.test("readTableMetadata() takes -1 for no current snapshot", () => {
  const metadata = again({ ...emptyTable(), "current-snapshot-id": -1 });
  assert.deepEqual(metadata.refs, {});
});

const DANGLING: ReadonlyArray<[string, Record<string, unknown>]> = [
  ["a current schema that is not there", { "current-schema-id": 3 }],
  ["a default spec that is not there", { "default-spec-id": 3 }],
  ["a default sort order that is not there", { "default-sort-order-id": 3 }],
  ["a current snapshot that is not there", { "current-snapshot-id": 3 }],
  ["a main that is not at the current snapshot", { "current-snapshot-id": null }],
  ["a tag on a snapshot that is not there", {
    refs: {
      main: { "snapshot-id": BIG_ID, type: "branch" },
      v1: { "snapshot-id": 3, type: "tag" },
    },
  }],
  ["a ref of an unknown type", { refs: { main: { "snapshot-id": BIG_ID, type: "twig" } } }],
  ["a snapshot twice", { snapshots: [1, 2].map(() => withSnapshot(3).snapshots![0]) }],
  ["a schema id twice", { schemas: [1, 2].map(() => emptyTable().schemas[0]) }],
  ["no next row id in v3", { "next-row-id": undefined }],
  ["no last sequence number in v3", { "last-sequence-number": undefined }],
  ["no last partition id in v3", { "last-partition-id": undefined }],
  ["no sort orders in v3", { "sort-orders": undefined }],
  ["properties that are no strings", { properties: { a: 1 } }],
  ["a log entry without a time", { "snapshot-log": [{ "snapshot-id": 1 }] }],
];

for (const [what, change] of DANGLING) {
  Deno.test(`readTableMetadata() refuses ${what}`, () => {
    assert.throws(() => again({ ...withSnapshot(3), ...change }), {
      name: "MetadataError",
      kind: "invalid",
    });
  });
}
