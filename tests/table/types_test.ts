import assert from "node:assert/strict";
import fc from "fast-check";
import { formatPrimitiveType, parsePrimitiveType } from "../../lib/table/types.ts";

const SIMPLE = [
  "boolean",
  "int",
  "long",
  "float",
  "double",
  "date",
  "time",
  "timestamp",
  "timestamptz",
  "timestamp_ns",
  "timestamptz_ns",
  "string",
  "uuid",
  "binary",
];

Deno.test("parsePrimitiveType() and formatPrimitiveType() are each other's inverse", () => {
  for (const text of SIMPLE) {
    assert.deepEqual(parsePrimitiveType(text), { kind: text });
    assert.equal(formatPrimitiveType(parsePrimitiveType(text)!), text);
  }
  fc.assert(fc.property(fc.integer({ min: 1, max: 38 }), fc.nat(38), (precision, scale) => {
    const text = `decimal(${precision},${scale})`;
    const type = parsePrimitiveType(text);
    if (scale > precision) assert.equal(type, undefined);
    else assert.equal(formatPrimitiveType(type!), text);
  }));
  assert.equal(formatPrimitiveType(parsePrimitiveType("fixed[16]")!), "fixed[16]");
});

Deno.test("parsePrimitiveType() allows for spaces within the brackets, as some writers put them", () => {
  assert.deepEqual(parsePrimitiveType("decimal(9, 2)"), {
    kind: "decimal",
    precision: 9,
    scale: 2,
  });
  assert.deepEqual(parsePrimitiveType("fixed[ 4 ]"), { kind: "fixed", lengthBytes: 4 });
});

Deno.test("parsePrimitiveType() knows no nested type, none of no CSV value, and nothing misspelt", () => {
  const others = [
    "",
    "Long",
    "struct",
    "list",
    "variant",
    "unknown",
    "geometry",
    "fixed",
    "fixed[0]",
    "fixed[2147483648]",
    "decimal",
    "decimal(0,0)",
    "decimal(39,0)",
    "decimal(9,-2)",
    "constructor",
  ];
  for (const text of others) assert.equal(parsePrimitiveType(text), undefined, text);
});
