import assert from "node:assert/strict";
import { fromErrorData, toErrorData } from "../../lib/encode/error_data.ts";
import {
  AuthError,
  CatalogError,
  InputError,
  StorageError,
  ToolError,
  UsageError,
} from "../../lib/errors.ts";

/** What a message channel does to the error's data. */
function cross(error: unknown): ToolError {
  return fromErrorData(structuredClone(toErrorData(error)));
}

Deno.test("fromErrorData() makes an error of the class, message, exit code and hint that it was", () => {
  const options = { hint: "Try again" };
  for (
    const error of [
      new InputError("Cannot parse", options),
      new AuthError("Cannot write", options),
      new StorageError("Cannot write", options),
    ]
  ) {
    const crossed = cross(error);
    assert.equal(crossed.constructor, error.constructor);
    assert.equal(crossed.name, error.name);
    assert.equal(crossed.message, error.message);
    assert.equal(crossed.exitCode, error.exitCode);
    assert.equal(crossed.hint, "Try again");
  }
});

Deno.test("fromErrorData() keeps the place of an InputError", () => {
  const place = { file: "a.csv", line: 3, column: "id", value: "x", expected: "long" };
  const crossed = cross(new InputError("Cannot parse", { place }));
  assert.ok(crossed instanceof InputError);
  assert.deepEqual(crossed.place, place);
  assert.equal(crossed.hint, undefined);
});

Deno.test("fromErrorData() keeps message, exit code and hint of any other error of the tool", () => {
  for (
    const error of [
      new UsageError("Cannot open the store", { hint: "Use s3:" }),
      new CatalogError("Cannot reach it"),
    ]
  ) {
    const crossed = cross(error);
    assert.equal(crossed.message, error.message);
    assert.equal(crossed.exitCode, error.exitCode);
    assert.equal(crossed.hint, error.hint);
  }
});

Deno.test("fromErrorData() makes a ToolError with exit code 1 of what is no error of the tool", () => {
  for (const error of [new TypeError("no function"), "no function"]) {
    const crossed = cross(error);
    assert.ok(crossed instanceof ToolError);
    assert.equal(crossed.message, "no function");
    assert.equal(crossed.exitCode, 1);
  }
});
