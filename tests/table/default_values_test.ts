import assert from "node:assert/strict";
import { isDefaultOf } from "../../lib/table/default_values.ts";
import type { Json } from "../../lib/table/json.ts";
import type { TypeJson } from "../../lib/table/metadata.ts";

const LIST: TypeJson = {
  type: "list",
  "element-id": 2,
  element: "int",
  "element-required": true,
};
const MAP: TypeJson = {
  type: "map",
  "key-id": 2,
  key: "string",
  "value-id": 3,
  value: "int",
  "value-required": false,
};
const STRUCT: TypeJson = {
  type: "struct",
  fields: [{ id: 2, name: "x", type: "int", required: false }],
};

const TAKEN: ReadonlyArray<[TypeJson, Json]> = [
  ["boolean", false],
  ["int", -(2 ** 31)],
  ["long", -(2n ** 63n)],
  ["double", 1.5],
  ["float", 1],
  ["decimal(4,2)", "14.20"],
  ["decimal(4,2)", "-0.05"],
  ["decimal(2,2)", "0.99"],
  ["decimal(9,0)", "123"],
  ["date", "2017-11-16"],
  ["time", "22:31:08.123456"],
  ["timestamp", "2017-11-16T22:31:08"],
  ["timestamptz", "2017-11-16T22:31:08.123456+00:00"],
  ["timestamp_ns", "2017-11-16T22:31:08.123456789"],
  ["timestamptz_ns", "2017-11-16T22:31:08.123456789+00:00"],
  ["string", ""],
  ["uuid", "f79c3e09-677c-4bbd-a479-3f349cb785e7"],
  ["fixed[4]", "000102ff"],
  ["binary", "000102ff"],
  ["binary", ""],
  [STRUCT, {}],
  [LIST, [1, 2]],
  [MAP, { keys: ["a", "b"], values: [1, null] }],
];

const REFUSED: ReadonlyArray<[TypeJson, Json]> = [
  ["boolean", "false"],
  ["int", 2 ** 31],
  ["int", 1.5],
  ["long", 2n ** 63n],
  ["double", "1.5"],
  ["decimal(4,2)", 14.2],
  ["decimal(4,2)", "14.2"],
  ["decimal(4,2)", "114.20"],
  ["date", "2017-13-16"],
  ["date", 17486],
  ["time", "24:00:00"],
  ["timestamp", "2017-11-16 22:31:08"],
  ["timestamp", "2017-11-16T22:31:08.123456789"],
  ["timestamptz", "2017-11-16T22:31:08+01:00"],
  ["timestamptz", "2017-11-16T22:31:08"],
  ["string", 1],
  ["uuid", "f79c3e09"],
  ["fixed[4]", "0001"],
  ["binary", "0g"],
  ["unknown", 1],
  ["variant", {}],
  ["geometry", "POINT(1 1)"],
  [STRUCT, { x: 1 }],
  [LIST, [null]],
  [MAP, { keys: ["a"], values: [] }],
];

for (
  const { cases, expected } of [
    { cases: TAKEN, expected: true },
    { cases: REFUSED, expected: false },
  ]
) {
  for (const [type, value] of cases) {
    const text = JSON.stringify(value, (_key, item) => typeof item === "bigint" ? `${item}` : item);
    const name = typeof type === "string" ? type : type.type;
    Deno.test(`isDefaultOf() ${expected ? "takes" : "refuses"} ${text} for ${name}`, () => {
      assert.equal(isDefaultOf(type, value), expected);
    });
  }
}
