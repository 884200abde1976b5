import assert from "node:assert/strict";
import { constantColumn } from "../../lib/encode/constant_column.ts";
import { InputError } from "../../lib/errors.ts";
import { parseText, valuesOf } from "../input/csv_support.ts";
import { columnsOf, encode, readColumn } from "./encode_support.ts";

/** The form of Appendix D, "JSON single-value serialization". */
const DEFAULTS: ReadonlyArray<readonly [type: string, text: string]> = [
  ["boolean", "true"],
  ["int", "-34"],
  ["long", "9007199254740995"],
  ["float", "1.5"],
  ["double", "1e+21"],
  ["date", "2017-11-16"],
  ["time", "22:31:08.123456"],
  ["timestamp", "2017-11-16T22:31:08.123456"],
  ["timestamptz", "2017-11-16T22:31:08.123456+00:00"],
  ["timestamp_ns", "2017-11-16T22:31:08.123456789"],
  ["timestamptz_ns", "2017-11-16T22:31:08.123456789+00:00"],
  ["string", "iceberg"],
  ["uuid", "f79c3e09-677c-4bbd-a479-3f349cb785e7"],
  ["fixed[4]", "00010203"],
  ["binary", "000102ff"],
  ["decimal(9,2)", "14.20"],
  ["decimal(38,10)", "-1234567890123456789012345678.1234567890"],
];

for (const [type, text] of DEFAULTS) {
  Deno.test(`constantColumn() repeats the default of ${type}`, () => {
    const [column] = columnsOf(`v:${type}!`);
    const constant = constantColumn({ ...column!, defaultText: text }, 9);
    const [value] = valuesOf(parseText(`${text}\n`, [`v:${type}`])[0]!);
    assert.notEqual(value, null);
    assert.deepEqual(valuesOf(constant), Array(9).fill(value));
    assert.equal(constant.nullCount, 0);
    assert.equal(constant.name, "v");
  });

  Deno.test(`constantColumn() without a default is all null for ${type}, and can be written`, async () => {
    const [column, other] = columnsOf(`v:${type}`, "n:long");
    for (const rows of [0, 1, 8, 9]) {
      const constant = constantColumn(column!, rows);
      assert.deepEqual(valuesOf(constant), Array(rows).fill(null));
      assert.equal(constant.nullCount, rows);
    }
    const columns = [{ ...column!, csvIndex: undefined }, { ...other!, csvIndex: 0 }];
    const { bytes, file } = encode("1\n2\n3\n", columns);
    assert.deepEqual(await readColumn(bytes, "v"), [null, null, null]);
    assert.deepEqual(await readColumn(bytes, "n"), [1n, 2n, 3n]);
    assert.equal(file.columns[0]?.nullCount, 3);
    assert.equal(file.columns[0]?.lowerBound, undefined);
  });
}

Deno.test("constantColumn() takes a text default as it is: empty, quotes, delimiters, line ends, spaces", () => {
  const [column] = columnsOf("v:string");
  for (const text of ["", '"', '""', "a,b", "a\r\nb", "\n", " x ", "\u{feff}x", "NULL", "𝔘"]) {
    const constant = constantColumn({ ...column!, defaultText: text }, 3);
    assert.deepEqual(valuesOf(constant), [text, text, text], JSON.stringify(text));
  }
});

Deno.test("constantColumn() makes no rows of a default when there are none", () => {
  const [column] = columnsOf("v:long");
  assert.deepEqual(valuesOf(constantColumn({ ...column!, defaultText: "1" }, 0)), []);
});

Deno.test("constantColumn() throws InputError that names the column whose default does not fit its type", () => {
  const [column] = columnsOf("age:int");
  assert.throws(() => constantColumn({ ...column!, defaultText: "many" }, 2), (error) => {
    assert.ok(error instanceof InputError);
    assert.match(error.message, /default value of table column "age".*"many" is not an int/);
    return true;
  });
});
