import assert from "node:assert/strict";
import type { FieldJson, SchemaJson, TypeJson } from "../../lib/table/metadata.ts";
import {
  filesFitSchema,
  matchColumns,
  refusalOfTable,
  type WriteColumn,
} from "../../lib/table/write_plan.ts";
import { emptyTable } from "./table_support.ts";

function field(id: number, name: string, overrides: Partial<FieldJson> = {}): FieldJson {
  return { id, name, type: "long", required: false, ...overrides };
}

function schemaOf(...fields: FieldJson[]): SchemaJson {
  return { type: "struct", "schema-id": 0, fields };
}

function csv(...names: string[]): Array<{ name: string; index: number }> {
  return names.map((name, index) => ({ name, index }));
}

const LIST: TypeJson = {
  type: "list",
  "element-id": 9,
  element: "int",
  "element-required": false,
};

Deno.test("matchColumns() finds columns by name in any order and writes them in the table's", () => {
  const schema = schemaOf(
    field(3, "a"),
    field(1, "b", { type: "decimal(9,2)", required: true }),
    field(2, "c", { type: "string" }),
  );
  assert.deepEqual(matchColumns(schema, csv("c", "b", "a")), {
    problems: [],
    columns: [
      {
        fieldId: 3,
        name: "a",
        type: { kind: "long" },
        required: false,
        csvIndex: 2,
        defaultText: undefined,
      },
      {
        fieldId: 1,
        name: "b",
        type: { kind: "decimal", precision: 9, scale: 2 },
        required: true,
        csvIndex: 1,
        defaultText: undefined,
      },
      {
        fieldId: 2,
        name: "c",
        type: { kind: "string" },
        required: false,
        csvIndex: 0,
        defaultText: undefined,
      },
    ],
  });
});

Deno.test("matchColumns() writes an absent optional column as nulls", () => {
  const { columns, problems } = matchColumns(schemaOf(field(1, "a"), field(2, "b")), csv("a"));
  assert.deepEqual(problems, []);
  assert.equal(columns[1]?.name, "b");
  assert.equal(columns[1]?.csvIndex, undefined);
  assert.equal(columns[1]?.defaultText, undefined);
});

Deno.test("matchColumns() writes an absent column's write-default, not its initial-default", () => {
  const defaults: Array<[TypeJson, FieldJson["write-default"], string | undefined]> = [
    ["boolean", true, "true"],
    ["int", 0, "0"],
    ["long", 9_007_199_254_740_995n, "9007199254740995"],
    ["double", 1.5, "1.5"],
    ["decimal(9,2)", "14.20", "14.20"],
    ["date", "2017-11-16", "2017-11-16"],
    ["string", "", ""],
    ["string", null, undefined],
  ];
  for (const [type, value, text] of defaults) {
    const schema = schemaOf(
      field(1, "a"),
      field(2, "b", { type, "write-default": value!, "initial-default": 7 }),
    );
    assert.equal(matchColumns(schema, csv("a")).columns[1]?.defaultText, text);
  }
});

Deno.test("matchColumns() fills a required column with its write-default when the CSV lacks it", () => {
  const required = field(2, "b", { required: true, "write-default": 5 });
  const { columns, problems } = matchColumns(schemaOf(field(1, "a"), required), csv("a"));
  assert.deepEqual(problems, []);
  assert.equal(columns[1]?.defaultText, "5");
  assert.equal(columns[1]?.required, true);
});

Deno.test("matchColumns() does not use a default for a column that the CSV has", () => {
  const schema = schemaOf(field(1, "a", { "write-default": 5 }));
  assert.equal(matchColumns(schema, csv("a")).columns[0]?.defaultText, undefined);
});

Deno.test("matchColumns() leaves absent optional columns out that no value can be written for", () => {
  const schema = schemaOf(
    field(1, "a"),
    field(2, "b", { type: LIST }),
    field(3, "c", {
      type: "variant",
    }),
  );
  const { columns, problems } = matchColumns(schema, csv("a"));
  assert.deepEqual(problems, []);
  assert.deepEqual(columns.map((column) => column.name), ["a"]);
});

Deno.test("matchColumns() names every problem at once", () => {
  const schema = schemaOf(
    field(1, "id", { required: true }),
    field(2, "tags", { type: LIST }),
    field(3, "shape", { type: "geometry" }),
    field(4, "map", { type: LIST, required: true, "write-default": [] }),
    field(5, "Name", { type: "string" }),
  );
  const { problems } = matchColumns(schema, csv("tags", "shape", "name", "other"));
  assert.deepEqual(problems, [
    'column "id" is required by the table, long, and not in the CSV',
    'column "tags" has type list in the table, which CSV cannot fill',
    'column "shape" has type geometry in the table, which CSV cannot fill',
    'column "map" is required by the table, list, and not in the CSV',
    'column "name" is not in the table (it has "Name": names are case-sensitive)',
    'column "other" is not in the table',
  ]);
});

Deno.test("refusalOfTable() takes unpartitioned tables of versions 2 and 3", () => {
  assert.equal(refusalOfTable(emptyTable(2)), undefined);
  assert.equal(refusalOfTable(emptyTable(3)), undefined);
});

Deno.test("refusalOfTable() refuses the versions before and behind, and says which", () => {
  for (const version of [1, 4]) {
    const metadata = emptyTable(2, { "format-version": version });
    assert.equal(
      refusalOfTable(metadata),
      `has format version ${version}; versions 2 and 3 are written`,
    );
  }
});

function partitioned(...transforms: string[]) {
  const fields = transforms.map((transform, at) => ({
    name: `p${at}`,
    transform,
    "source-id": 1,
    "field-id": 1000 + at,
  }));
  return emptyTable(2, {
    "partition-specs": [{ "spec-id": 0, fields: [] }, { "spec-id": 1, fields }],
    "default-spec-id": 1,
  });
}

Deno.test("refusalOfTable() refuses partitioned tables, and names the live partition fields", () => {
  assert.equal(
    refusalOfTable(partitioned("void", "day", "bucket[4]")),
    "is partitioned by day(p1), bucket[4](p2); only unpartitioned tables are written",
  );
  assert.match(refusalOfTable(partitioned("void"))!, /void fields/);
});

Deno.test("refusalOfTable() looks at the default spec only", () => {
  assert.equal(refusalOfTable({ ...partitioned("day"), "default-spec-id": 0 }), undefined);
});

Deno.test("refusalOfTable() refuses encrypted tables", () => {
  const metadata = emptyTable(3, { properties: { "encryption.key-id": "k" } });
  assert.match(refusalOfTable(metadata)!, /encrypted/);
});

function written(...fields: FieldJson[]): readonly WriteColumn[] {
  return matchColumns(schemaOf(...fields), csv(...fields.map(({ name }) => name))).columns;
}

Deno.test("filesFitSchema() goes by field ids: order, new names and dropped columns do not matter", () => {
  const files = written(field(1, "a"), field(2, "b"), field(3, "c"));
  assert.ok(filesFitSchema(files, schemaOf(field(2, "x"), field(1, "y"))));
});

Deno.test("filesFitSchema() allows the promotions of the spec and no other change of type", () => {
  const fits = (from: TypeJson, to: TypeJson) =>
    filesFitSchema(written(field(1, "a", { type: from })), schemaOf(field(1, "a", { type: to })));
  for (
    const [from, to] of [
      ["int", "int"],
      ["int", "long"],
      ["float", "double"],
      ["decimal(9,2)", "decimal(18,2)"],
      ["decimal(9,2)", "decimal(9, 2)"],
    ] as const
  ) assert.ok(fits(from, to), `${from} to ${to}`);
  for (
    const [from, to] of [
      ["long", "int"],
      ["double", "float"],
      ["int", "double"],
      ["decimal(9,2)", "decimal(8,2)"],
      ["decimal(9,2)", "decimal(9,3)"],
      ["string", "binary"],
      ["timestamp", "timestamptz"],
      ["fixed[4]", "fixed[5]"],
    ] as const
  ) assert.ok(!fits(from, to), `${from} to ${to}`);
  assert.ok(!fits("int", LIST));
});

Deno.test("filesFitSchema() refuses a column made required that was written optional", () => {
  const required = field(1, "a", { required: true });
  assert.ok(!filesFitSchema(written(field(1, "a")), schemaOf(required)));
  assert.ok(filesFitSchema(written(required), schemaOf(field(1, "a"))));
});

Deno.test("filesFitSchema() allows new columns when they are optional or have an initial default", () => {
  const files = written(field(1, "a"));
  assert.ok(filesFitSchema(files, schemaOf(field(1, "a"), field(2, "b"))));
  const required = field(2, "b", { required: true });
  assert.ok(!filesFitSchema(files, schemaOf(field(1, "a"), required)));
  const defaulted = { ...required, "initial-default": 0 };
  assert.ok(filesFitSchema(files, schemaOf(field(1, "a"), defaulted)));
});
