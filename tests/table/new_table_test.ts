import assert from "node:assert/strict";
import { MetadataError } from "../../lib/table/metadata_error.ts";
import { newTableMetadata } from "../../lib/table/new_table.ts";
import type { JsonObject } from "../../lib/table/shape.ts";

const OPTIONS = { uuid: "11111111-2222-3333-4444-555555555555", location: "file:///w/t", nowMs: 7 };

function make(request: unknown) {
  return newTableMetadata(request as JsonObject, OPTIONS);
}

function schemaOf(...fields: unknown[]) {
  return { type: "struct", fields };
}

const ID = { id: 1, name: "id", type: "long", required: true };

Deno.test("newTableMetadata() makes an empty v2 table by default", () => {
  assert.deepEqual(make({ schema: schemaOf(ID) }), {
    "format-version": 2,
    "table-uuid": OPTIONS.uuid,
    location: "file:///w/t",
    "last-sequence-number": 0,
    "last-updated-ms": 7,
    "last-column-id": 1,
    "current-schema-id": 0,
    schemas: [{ type: "struct", fields: [ID], "schema-id": 0 }],
    "default-spec-id": 0,
    "partition-specs": [{ "spec-id": 0, fields: [] }],
    "last-partition-id": 999,
    "default-sort-order-id": 0,
    "sort-orders": [{ "order-id": 0, fields: [] }],
    properties: {},
    refs: {},
    snapshots: [],
    "snapshot-log": [],
    "metadata-log": [],
  });
});

Deno.test("newTableMetadata() honours the property format-version and does not keep it", () => {
  const schema = schemaOf(ID);
  const v1 = make({ schema, properties: { "format-version": "1", a: "b" } });
  assert.equal(v1["format-version"], 1);
  assert.equal(v1["last-sequence-number"], undefined);
  assert.deepEqual(v1.properties, { a: "b" });
  const v3 = make({ schema, properties: { "format-version": "3" } });
  assert.equal(v3["format-version"], 3);
  assert.equal(v3["next-row-id"], 0);
  for (const version of ["0", "4", "two", ""]) {
    assert.throws(() => make({ schema, properties: { "format-version": version } }), MetadataError);
  }
});

Deno.test("newTableMetadata() gives field ids level by level and moves their references along", () => {
  const metadata = make({
    schema: {
      ...schemaOf(
        {
          id: 10,
          name: "point",
          required: true,
          type: schemaOf({ id: 20, name: "x", type: "int", required: true }, {
            id: 21,
            name: "tags",
            required: false,
            type: { type: "list", "element-id": 30, element: "string", "element-required": true },
          }),
        },
        {
          id: 11,
          name: "map",
          required: false,
          type: {
            type: "map",
            "key-id": 40,
            key: "string",
            "value-id": 41,
            value: schemaOf({ id: 50, name: "deep", type: "int", required: false }),
            "value-required": false,
          },
        },
        { id: 12, name: "id", type: "long", required: true, doc: "the key" },
      ),
      "identifier-field-ids": [12],
    },
    "partition-spec": {
      fields: [
        { name: "x_bucket", transform: "bucket[16]", "source-id": 20, "field-id": 1 },
        { name: "id", transform: "identity", "source-id": 12 },
      ],
    },
    "write-order": {
      "order-id": 9,
      fields: [{
        transform: "identity",
        "source-id": 12,
        direction: "asc",
        "null-order": "nulls-first",
      }],
    },
  });
  assert.deepEqual(metadata.schemas[0], {
    type: "struct",
    "schema-id": 0,
    "identifier-field-ids": [3],
    fields: [
      {
        id: 1,
        name: "point",
        required: true,
        type: schemaOf({ id: 4, name: "x", type: "int", required: true }, {
          id: 5,
          name: "tags",
          required: false,
          type: { type: "list", "element-id": 6, element: "string", "element-required": true },
        }),
      },
      {
        id: 2,
        name: "map",
        required: false,
        type: {
          type: "map",
          "key-id": 7,
          key: "string",
          "value-id": 8,
          value: schemaOf({ id: 9, name: "deep", type: "int", required: false }),
          "value-required": false,
        },
      },
      { id: 3, name: "id", type: "long", required: true, doc: "the key" },
    ],
  });
  assert.equal(metadata["last-column-id"], 9);
  assert.deepEqual(metadata["partition-specs"], [{
    "spec-id": 0,
    fields: [
      { name: "x_bucket", transform: "bucket[16]", "source-id": 4, "field-id": 1000 },
      { name: "id", transform: "identity", "source-id": 3, "field-id": 1001 },
    ],
  }]);
  assert.equal(metadata["last-partition-id"], 1001);
  assert.equal(metadata["default-sort-order-id"], 1);
  assert.equal((metadata["sort-orders"]![0]!.fields[0] as JsonObject)["source-id"], 3);
});

Deno.test("newTableMetadata() leaves the request as it is", () => {
  const request = { schema: schemaOf({ ...ID, id: 5 }), properties: { "format-version": "3" } };
  const before = structuredClone(request);
  make(request);
  assert.deepEqual(request, before);
});

const BAD_SCHEMAS: ReadonlyArray<[string, unknown]> = [
  ["no schema", undefined],
  ["a schema that is no struct", { type: "list", fields: [] }],
  ["a column name twice", schemaOf(ID, { ...ID, id: 2 })],
  ["a field id twice", schemaOf(ID, { ...ID, name: "other" })],
  ["an empty name", schemaOf({ ...ID, name: "" })],
  ["an unknown type", schemaOf({ ...ID, type: "int128" })],
  ["an unknown nested type", schemaOf({ ...ID, type: { type: "set" } })],
  ["an id that is no integer", schemaOf({ ...ID, id: 1.5 })],
  ["required that is no boolean", schemaOf({ ...ID, required: "yes" })],
  ["a v3 type in a v2 table", schemaOf({ ...ID, type: "timestamp_ns" })],
  ["a default in a v2 table", schemaOf({ ...ID, "initial-default": 1 })],
  ["an optional identifier field", {
    ...schemaOf({ ...ID, required: false }),
    "identifier-field-ids": [1],
  }],
  ["an identifier field that is a double", {
    ...schemaOf({ ...ID, type: "double" }),
    "identifier-field-ids": [1],
  }],
  ["an identifier field that is not there", { ...schemaOf(ID), "identifier-field-ids": [2] }],
];

for (const [what, schema] of BAD_SCHEMAS) {
  Deno.test(`newTableMetadata() refuses ${what}`, () => {
    assert.throws(() => make({ schema }), { name: "MetadataError", kind: "invalid" });
  });
}

Deno.test("newTableMetadata() takes the types and defaults of v3 in a v3 table", () => {
  const fields = ["timestamp_ns", "unknown", "variant", "geometry(OGC:CRS84)"].map((
    type,
    index,
  ) => ({ id: index + 1, name: `c${index}`, type, required: false }));
  const schema = schemaOf(...fields, { ...ID, id: 9, "initial-default": 1 });
  const metadata = make({ schema, properties: { "format-version": "3" } });
  assert.equal(metadata["last-column-id"], 5);
  assert.equal(metadata.schemas[0]!.fields[4]!["initial-default"], 1);
});

const BAD_SPECS: ReadonlyArray<[string, unknown]> = [
  ["an unknown transform", { name: "p", transform: "hash[4]", "source-id": 1 }],
  ["a source that is not there", { name: "p", transform: "identity", "source-id": 9 }],
  ["a source that is no primitive", { name: "p", transform: "identity", "source-id": 2 }],
  ["the name of another column", { name: "id", transform: "bucket[4]", "source-id": 1 }],
  ["no name", { transform: "identity", "source-id": 1 }],
];

for (const [what, partition] of BAD_SPECS) {
  Deno.test(`newTableMetadata() refuses a partition field with ${what}`, () => {
    const struct = { id: 2, name: "s", type: schemaOf({ ...ID, id: 3 }), required: false };
    const request = { schema: schemaOf(ID, struct), "partition-spec": { fields: [partition] } };
    assert.throws(() => make(request), { name: "MetadataError", kind: "invalid" });
  });
}

Deno.test("newTableMetadata() refuses properties that are no strings", () => {
  assert.throws(() => make({ schema: schemaOf(ID), properties: { a: 1 } }), {
    message: 'Cannot read "a" of "properties": expected a string, found "1"',
  });
});
