import assert from "node:assert/strict";
import fc from "fast-check";
import { parseJson, stringifyJson, toBigInt } from "../../lib/table/json.ts";

const INT64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

Deno.test("parseJson() and stringifyJson() keep every 64-bit integer", () => {
  fc.assert(fc.property(INT64, (id) => {
    const text = stringifyJson({ "snapshot-id": id, list: [id] });
    assert.equal(text, `{"snapshot-id":${id},"list":[${id}]}`);
    const read = parseJson(text) as { "snapshot-id": number | bigint; list: [number | bigint] };
    assert.equal(toBigInt(read["snapshot-id"]), id);
    assert.equal(toBigInt(read.list[0]), id);
    assert.equal(stringifyJson(read), text);
  }));
});

Deno.test("parseJson() leaves integers within ±(2^53−1) numbers and makes the next one a bigint", () => {
  assert.equal(parseJson("9007199254740991"), 9007199254740991);
  assert.equal(parseJson("9007199254740992"), 9007199254740992n);
  assert.equal(parseJson("-9007199254740992"), -9007199254740992n);
});

Deno.test("parseJson() reads any other JSON as JSON.parse() does", () => {
  fc.assert(fc.property(fc.json(), (text) => {
    const plain = JSON.stringify(
      JSON.parse(text),
      (_key, value) =>
        typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value)
          ? undefined
          : value,
    );
    const own = JSON.stringify(
      parseJson(text),
      (_key, value) =>
        typeof value === "bigint" ||
          typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value)
          ? undefined
          : value,
    );
    assert.equal(own, plain);
  }));
  for (const text of ["1e300", "1.5", "-0.1", "12345678901234567890.5"]) {
    assert.equal(parseJson(text), Number(text));
  }
});

Deno.test("parseJson() leaves digits within text alone", () => {
  assert.deepEqual(parseJson('{"9007199254740995":"9007199254740995"}'), {
    "9007199254740995": "9007199254740995",
  });
});

Deno.test("parseJson() throws SyntaxError for what is no JSON", () => {
  for (const text of ["", "<html>", "{", "[1n]"]) assert.throws(() => parseJson(text), SyntaxError);
});

Deno.test("stringifyJson() indents when asked to", () => {
  assert.equal(stringifyJson({ a: 1n }, 2), '{\n  "a": 1\n}');
});
