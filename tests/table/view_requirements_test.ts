/** The conditions of a change to a view. */
import assert from "node:assert/strict";
import { checkViewRequirements } from "../../lib/table/view_requirements.ts";
import { invalid, view, VIEW_UUID } from "./view_support.ts";

const uuid = (text: string) => ({ type: "assert-view-uuid", uuid: text });
const OTHER = VIEW_UUID.replace("1", "2");

Deno.test("checkViewRequirements() finds those that hold and those that do not", () => {
  assert.equal(checkViewRequirements(view(), []), undefined);
  assert.equal(checkViewRequirements(view(), [uuid(VIEW_UUID), uuid(VIEW_UUID)]), undefined);
  assert.equal(
    checkViewRequirements(view(), [uuid(VIEW_UUID), uuid(OTHER), uuid("x")]),
    `Requirement failed: view UUID does not match: expected ${OTHER} != ${VIEW_UUID}`,
  );
});

Deno.test("checkViewRequirements() refuses unknown and malformed ones, even after a failure", () => {
  for (
    const [requirement, pattern] of [
      [{ type: "assert-table-uuid", uuid: VIEW_UUID }, /of a view: it is not known/],
      [{ type: "assert-create" }, /of a view: it is not known/],
      [{}, /"type" of a requirement/],
      [uuid(1 as never), /"uuid" of a requirement/],
      [null, /a requirement: expected an object/],
    ] as const
  ) {
    assert.throws(
      () => checkViewRequirements(view(), [uuid(OTHER), requirement]),
      invalid(pattern),
    );
  }
  assert.throws(() => checkViewRequirements(view(), "x"), invalid(/"requirements"/));
});
