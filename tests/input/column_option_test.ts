import assert from "node:assert/strict";
import { UsageError } from "../../lib/errors.ts";
import { parseColumnOption } from "../../lib/input/column_option.ts";

Deno.test("parseColumnOption() reads name and type", () => {
  assert.deepEqual(parseColumnOption("zip:string"), { name: "zip", type: { kind: "string" } });
  assert.deepEqual(parseColumnOption("price:decimal(9,2)"), {
    name: "price",
    type: { kind: "decimal", precision: 9, scale: 2 },
  });
});

Deno.test("parseColumnOption() parts a name with colons at the last one", () => {
  assert.deepEqual(parseColumnOption("ns:a:b:long"), { name: "ns:a:b", type: { kind: "long" } });
});

Deno.test("parseColumnOption() takes a type in capitals", () => {
  assert.deepEqual(parseColumnOption("a:LONG").type, { kind: "long" });
});

Deno.test("parseColumnOption() refuses what is not name:type", () => {
  for (const text of ["zip", ":long", ""]) {
    assert.throws(() => parseColumnOption(text), (error: unknown) => {
      assert.ok(error instanceof UsageError);
      assert.equal(error.message, `Cannot read --column "${text}": it must be name:type`);
      return true;
    });
  }
});

Deno.test("parseColumnOption() names an unknown type and lists the known ones", () => {
  assert.throws(() => parseColumnOption("a:integer"), (error: unknown) => {
    assert.ok(error instanceof UsageError);
    assert.equal(error.message, 'Cannot read --column "a:integer": "integer" is no type');
    assert.match(error.hint ?? "", /decimal\(p,s\)/);
    return true;
  });
});
