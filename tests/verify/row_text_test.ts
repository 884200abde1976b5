import assert from "node:assert/strict";
import { valueText } from "../../lib/verify/row_text.ts";
import { parseText } from "../input/csv_support.ts";
import { NULLABLE } from "./verify_support.ts";

function textsOf(fields: readonly string[], type: string): string[] {
  const text = fields.map((field) => `${field},x\n`).join("");
  const [column] = parseText(text, [`a:${type}`, "b:string"], { dialect: NULLABLE });
  return fields.map((_, row) => valueText(column!, row));
}

const SAME: ReadonlyArray<readonly [type: string, fields: readonly string[]]> = [
  ["boolean", ["true", "false"]],
  ["int", ["-2147483648", "0"]],
  ["long", ["9223372036854775807", "-1"]],
  ["float", ["0.1", "-0", "NaN", "Infinity", "3.4028235e+38", "16777216", "1e-45"]],
  ["double", ["0.1", "-0", "NaN", "-Infinity", "5e-324", "1e+21"]],
  ["decimal(9,2)", ["-0.05", "0.00", "1234567.89"]],
  ["decimal(38,0)", ["-99999999999999999999999999999999999999"]],
  ["date", ["1969-12-31", "0001-01-01", "2024-02-29"]],
  ["time", ["00:00:00", "23:59:59.9"]],
  ["timestamp", ["1969-12-31T23:59:59.999999", "2024-02-29T00:00:00"]],
  ["timestamptz", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.5Z"]],
  ["timestamp_ns", ["1969-12-31T23:59:59.999999999"]],
  ["timestamptz_ns", ["1970-01-01T00:00:00.000000001Z"]],
  ["binary", ["00ff"]],
  ["fixed[3]", ["0a0b0c"]],
  ["uuid", ["f81d4fae-7dec-11d0-a765-00a0c91e6bf6"]],
];

Deno.test("valueText() writes values as they can stand in CSV", () => {
  for (const [type, fields] of SAME) assert.deepEqual(textsOf(fields, type), fields, type);
});

Deno.test("valueText() tells null from texts, and shows control characters", () => {
  assert.deepEqual(textsOf(["\\N", "null", "", "a\tb"], "string"), [
    "null",
    '"null"',
    '""',
    '"a\\tb"',
  ]);
});

Deno.test("valueText() shortens and then says how long a text is", () => {
  const [text] = textsOf(["a".repeat(1000)], "string");
  assert.equal(text, `"${"a".repeat(60)}…" (1000 bytes)`);
  const [hex] = textsOf(["ab".repeat(1000)], "binary");
  assert.equal(hex, `${"ab".repeat(30)}… (1000 bytes)`);
});
