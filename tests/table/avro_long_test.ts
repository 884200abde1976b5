import assert from "node:assert/strict";
import avro from "avsc";
import fc from "fast-check";
import { decodeLong, encodeLong } from "../../lib/table/avro_long.ts";

const EDGES = [0, 1, 6, 7, 8, 13, 14, 31, 32, 47, 48, 49, 50, 52, 53, 55, 56, 61, 62, 63]
  .flatMap((bits) => [-1n, 0n, 1n].flatMap((by) => [(1n << BigInt(bits)) + by]))
  .flatMap((value) => [value, -value])
  .filter((value) => BigInt.asIntN(64, value) === value);

Deno.test("decodeLong() gives what encodeLong() was given, at every length and both ends", () => {
  for (const value of [...EDGES, 2n ** 63n - 1n, -(2n ** 63n)]) {
    assert.equal(decodeLong(encodeLong(value)), value, String(value));
  }
  fc.assert(
    fc.property(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), (value) => {
      assert.equal(decodeLong(encodeLong(value)), value);
    }),
  );
});

Deno.test("encodeLong() writes the bytes that avsc writes for the longs it can hold", () => {
  const long = avro.Type.forSchema("long");
  // Its zigzag is a double, too.
  const safe = EDGES.filter((value) => value >= -(2n ** 52n) && value <= 2n ** 52n);
  for (const value of safe) {
    assert.deepEqual([...encodeLong(value)], [...long.toBuffer(Number(value))], String(value));
  }
});

Deno.test("encodeLong() writes the longest longs as ten bytes", () => {
  assert.deepEqual([...encodeLong(2n ** 63n - 1n)], [254, ...Array(8).fill(255), 1]);
  assert.deepEqual([...encodeLong(-(2n ** 63n))], [...Array(9).fill(255), 1]);
});
