import assert from "node:assert/strict";
import { CatalogError, SchemaError } from "../../lib/errors.ts";
import type { FieldJson, TableMetadata } from "../../lib/table/metadata.ts";
import { compareColumns, readNameMapping } from "../../lib/verify/table_columns.ts";
import { emptyTable } from "../table/table_support.ts";

function tableOf(fields: readonly FieldJson[], overrides: Partial<TableMetadata> = {}) {
  return emptyTable(3, {
    schemas: [{ type: "struct", "schema-id": 0, fields: [...fields] }],
    ...overrides,
  });
}

function columnsOf(metadata: TableMetadata, csvNames: readonly string[]) {
  return compareColumns(metadata, { csvNames, file: "x.csv", table: "a.b" });
}

const LONG: FieldJson = { id: 4, name: "n", type: "long", required: false };

Deno.test("compareColumns() matches by name, and keeps defaults of columns that the CSV lacks", () => {
  const metadata = tableOf([
    { id: 9, name: "t", type: "string", required: true },
    { ...LONG, "initial-default": 1, "write-default": 2 },
    {
      id: 5,
      name: "tags",
      type: {
        type: "list",
        "element-id": 6,
        element: "string",
        "element-required": false,
      },
      required: false,
    },
    { id: 7, name: "shape", type: "geometry", required: false },
  ]);
  const columns = columnsOf(metadata, ["t"]);
  assert.deepEqual(
    columns.map((
      { fieldId, csvIndex, defaultText, initialDefaultText, opaqueType },
    ) => [fieldId, csvIndex, defaultText, initialDefaultText, opaqueType]),
    [
      [9, 0, undefined, undefined, undefined],
      [4, undefined, "2", "1", undefined],
      [5, undefined, undefined, undefined, "list"],
      [7, undefined, undefined, undefined, "geometry"],
    ],
  );
});

Deno.test("compareColumns() marks what a file may leave to its partition, by every spec", () => {
  const metadata = tableOf([LONG, { ...LONG, id: 5, name: "m" }], {
    "partition-specs": [
      { "spec-id": 0, fields: [{ name: "n", transform: "identity", "source-id": 4 }] },
      { "spec-id": 1, fields: [{ name: "m", transform: "bucket[4]", "source-id": 5 }] },
    ],
  });
  assert.deepEqual(columnsOf(metadata, ["n", "m"]).map((column) => column.isInPartition), [
    true,
    false,
  ]);
});

Deno.test("compareColumns() names every column that does not fit", () => {
  const required = { ...LONG, id: 5, name: "must", required: true };
  assert.throws(() => columnsOf(tableOf([LONG, required]), ["N", "other"]), (error) => {
    assert.ok(error instanceof SchemaError);
    for (const name of ["must", "N", "other"]) assert.ok(error.message.includes(`"${name}"`), name);
    return true;
  });
});

Deno.test("compareColumns() refuses versions to come, encryption and broken metadata", () => {
  assert.throws(() => columnsOf(tableOf([LONG], { "format-version": 4 }), ["n"]), SchemaError);
  const encrypted = { properties: { "encryption.key-id": "k" } };
  assert.throws(() => columnsOf(tableOf([LONG], encrypted), ["n"]), SchemaError);
  assert.throws(() => columnsOf(tableOf([LONG], { "current-schema-id": 7 }), ["n"]), CatalogError);
});

Deno.test("readNameMapping() reads every name of a field, and refuses what is no JSON", () => {
  const of = (text: string) =>
    readNameMapping(tableOf([LONG], { properties: { "schema.name-mapping.default": text } }));
  const mapping = of('[{"field-id":4,"names":["n","old"]},{"names":["none"]}]');
  assert.deepEqual([...mapping], [["n", 4], ["old", 4]]);
  assert.throws(() => of("{"), SchemaError);
  assert.equal(readNameMapping(tableOf([LONG])).size, 0);
});
