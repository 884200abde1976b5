import assert from "node:assert/strict";
import fc from "fast-check";
import { findMisfits } from "../../lib/input/infer.ts";
import { readSample } from "../../lib/input/sample.ts";
import { parseValue } from "../../lib/input/values.ts";
import { formatPrimitiveType } from "../../lib/table/types.ts";
import { DIALECT, NO_HEADER, targetsOf, textSource } from "./csv_support.ts";

async function inferred(values: readonly string[], nullValues: string[] = []): Promise<string> {
  const source = textSource(values.map((value) => `${value}\n`).join(""));
  const dialect = { ...NO_HEADER, nullValues };
  const sample = await readSample(source, { dialect, rows: 10_000 });
  return formatPrimitiveType(sample.columns[0]!.type);
}

const CASES: readonly [string, readonly string[]][] = [
  ["boolean", ["true", "FALSE", "True"]],
  ["string", ["true", "1"]],
  ["string", ["yes", "no"]],
  ["long", ["1", "-2", "0"]],
  ["long", ["9223372036854775807", "-9223372036854775808"]],
  ["string", ["9223372036854775808"]],
  ["string", ["123456789012345678901234567890"]],
  ["string", ["007"]],
  ["string", ["-01"]],
  ["string", ["1", "00"]],
  ["string", ["+1"]],
  ["string", ["1_000"]],
  ["string", ["0x10"]],
  ["string", [" 1"]],
  ["string", ["1 "]],
  ["double", ["1.5", "2", "-0.25"]],
  ["double", ["0.5", "0", ".5"]],
  ["double", ["50000.10", "123456.00"]],
  ["double", ["1e5", "2.5E-3"]],
  ["double", ["0.30000000000000004"]],
  ["string", ["0.300000000000000040001"]],
  ["string", ["0.1234567890123456789"]],
  ["string", ["00.5"]],
  ["string", ["+0.5"]],
  ["string", ["5."]],
  ["string", ["1e400"]],
  ["string", ["1e-400"]],
  ["string", ["NaN"]],
  ["string", ["Infinity"]],
  ["string", ["1.5", "nan"]],
  ["long", ["9007199254740993"]],
  ["string", ["9007199254740993", "1.5"]],
  ["double", ["9007199254740992", "1.5"]],
  ["date", ["2024-02-29", "0001-01-01"]],
  ["string", ["2023-02-29"]],
  ["string", ["2024-01-01", "1"]],
  ["timestamp", ["2024-01-01T00:00:00", "2024-01-01 00:00:00.123456"]],
  ["timestamp", ["2024-01-01", "2024-01-01T00:00:00"]],
  ["string", ["2024-01-01T00:00:00.1234567"]],
  ["timestamptz", ["2024-01-01T00:00:00Z", "2024-01-01T00:00:00+02:00"]],
  ["string", ["2024-01-01T00:00:00Z", "2024-01-01T00:00:00"]],
  ["string", ["2024-01-01T00:00:00Z", "2024-01-01"]],
  ["string", ["12:00:00"]],
  ["long", ["", "1"]],
  ["long", ['"1"', '"2"']],
  ["string", ["1", '""']],
  ["string", ["1", "abc"]],
];

for (const [type, values] of CASES) {
  Deno.test(`readSample() infers ${type} from ${JSON.stringify(values)}`, async () => {
    assert.equal(await inferred(values), type);
    assert.equal(await inferred(values.toReversed()), type);
  });
}

Deno.test("readSample() infers string for a column with no value at all", async () => {
  const sample = await readSample(textSource("a,b\n1,\n2,\n"), { dialect: DIALECT, rows: 10 });
  assert.deepEqual(sample.columns.map(({ type }) => type.kind), ["long", "string"]);
});

Deno.test("readSample() leaves null texts out of the inference, unless they are quoted", async () => {
  assert.equal(await inferred(["1", "NULL", "2"], ["NULL"]), "long");
  assert.equal(await inferred(["1", '"NULL"'], ["NULL"]), "string");
});

Deno.test("readSample() infers a type that every value fits, and loses no number's digits", async () => {
  const number = fc.stringMatching(/^-?(0|[1-9][0-9]{0,19})(\.[0-9]{1,18})?(e-?[1-9][0-9]?)?$/);
  await fc.assert(
    fc.asyncProperty(fc.array(number, { minLength: 1, maxLength: 3 }), async (values) => {
      const type = await inferred(values);
      for (const text of values) {
        if (type === "long") assert.equal(parseValue(text, { kind: "long" }), BigInt(text));
        else if (type === "double") {
          const value = parseValue(text, { kind: "double" }) as number;
          assert.equal(exact(String(value)), exact(text));
        } else assert.equal(type, "string");
      }
    }),
  );
});

/** Exact value of a decimal text, as a count of 10^-700. */
function exact(text: string): bigint {
  const [mantissa = "", exponent = "0"] = text.toLowerCase().split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  return BigInt(whole + fraction) * 10n ** BigInt(700 + Number(exponent) - fraction.length);
}

Deno.test("findMisfits() names the first misfit of each column, all columns at once", async () => {
  const text = "id,name,day\n1,a,2024-01-01\nx,b,soon\ny,,later\n";
  const sample = await readSample(textSource(text), { dialect: DIALECT, rows: 100 });
  assert.deepEqual(findMisfits(sample, targetsOf("id:long", "name:string!", "day:date")), [
    {
      column: "id",
      line: 3,
      value: "x",
      expected: "long",
      reason: '"x" is not a long',
      inferred: { kind: "string" },
    },
    {
      column: "day",
      line: 3,
      value: "soon",
      expected: "date",
      reason: '"soon" is not a date',
      inferred: { kind: "string" },
    },
  ]);
});

Deno.test("findMisfits() finds a null in a required column", async () => {
  const sample = await readSample(textSource("a,b\n1,2\n,3\n"), { dialect: DIALECT, rows: 100 });
  const [misfit] = findMisfits(sample, targetsOf("a:int!", "b:int"));
  assert.equal(misfit?.reason, '"" is null, and the column is required');
  assert.equal(misfit?.line, 3);
  assert.deepEqual(misfit?.inferred, { kind: "long" });
});

Deno.test("findMisfits() finds nothing where all fits, and goes through all kept rows", async () => {
  const rows = Array.from({ length: 5000 }, (_, row) => `${row}\n`).join("");
  const good = await readSample(textSource(`a\n${rows}`), { dialect: DIALECT, rows: 10_000 });
  assert.deepEqual(findMisfits(good, targetsOf("a:decimal(4,0)")), []);
  const bad = await readSample(textSource(`a\n${rows}x\n`), { dialect: DIALECT, rows: 10_000 });
  assert.equal(findMisfits(bad, targetsOf("a:long"))[0]?.line, 5002);
});

Deno.test("findMisfits() takes explicit forms that inference leaves strings", async () => {
  const source = textSource("a,b\n007,NaN\n+1,-inf\n");
  const sample = await readSample(source, { dialect: DIALECT, rows: 10 });
  assert.deepEqual(sample.columns.map(({ type }) => type.kind), ["string", "string"]);
  assert.deepEqual(findMisfits(sample, targetsOf("a:int", "b:double")), []);
});
