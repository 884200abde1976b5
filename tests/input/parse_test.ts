import assert from "node:assert/strict";
import fc from "fast-check";
import { InputError } from "../../lib/errors.ts";
import type { CsvDialect } from "../../lib/input/columns.ts";
import { parseChunk } from "../../lib/input/parse.ts";
import { type CsvValue, parseValue } from "../../lib/input/values.ts";
import {
  DIALECT,
  hex,
  parseText,
  type PlainValue,
  split,
  targetsOf,
  typeOf,
  valuesOf,
} from "./csv_support.ts";

function parseOne(text: string, column: string, dialect: CsvDialect = DIALECT): PlainValue[] {
  return valuesOf(parseText(text, [column], { dialect })[0]!);
}

function failure(run: () => unknown): InputError {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof InputError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: "nothing was thrown" });
}

const ALL_TYPES = [
  "boolean",
  "int",
  "long",
  "float",
  "double",
  "decimal(9,2)",
  "decimal(38,10)",
  "date",
  "time",
  "timestamp",
  "timestamptz",
  "timestamp_ns",
  "timestamptz_ns",
  "string",
  "uuid",
  "fixed[3]",
  "binary",
];

Deno.test("parseChunk() puts typed columns into Arrow's layout", () => {
  const columns = parseText("1,true,x,1.5,2024-01-02\n,,,,\n-3,FALSE,é,-2,1969-12-31\n", [
    "a:long",
    "b:boolean",
    "c:string",
    "d:double",
    "e:date",
  ], { rows: 3 });
  assert.deepEqual(columns, [
    {
      name: "a",
      type: { kind: "long" },
      length: 3,
      nullCount: 1,
      validity: Uint8Array.of(0b101),
      values: BigInt64Array.of(1n, 0n, -3n),
    },
    {
      name: "b",
      type: { kind: "boolean" },
      length: 3,
      nullCount: 1,
      validity: Uint8Array.of(0b101),
      values: Uint8Array.of(0b001),
    },
    {
      name: "c",
      type: { kind: "string" },
      length: 3,
      nullCount: 0,
      validity: undefined,
      values: Uint8Array.of(0x78, 0xc3, 0xa9),
      offsets: Int32Array.of(0, 1, 1, 3),
    },
    {
      name: "d",
      type: { kind: "double" },
      length: 3,
      nullCount: 1,
      validity: Uint8Array.of(0b101),
      values: Float64Array.of(1.5, 0, -2),
    },
    {
      name: "e",
      type: { kind: "date" },
      length: 3,
      nullCount: 1,
      validity: Uint8Array.of(0b101),
      values: Int32Array.of(19724, 0, -1),
    },
  ]);
});

Deno.test("parseChunk() stores a decimal as 128 bits with its sign", () => {
  const [column] = parseText("1.25\n-0.01\n-18446744073709551616.00\n", ["a:decimal(38,2)"]);
  assert.deepEqual(
    column?.values,
    Uint32Array.of(
      ...[125, 0, 0, 0],
      ...[0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      ...[0, 0, 0xffffff9c, 0xffffffff],
    ),
  );
});

Deno.test("parseChunk() gives the targets in their order and leaves other columns out", () => {
  const targets = targetsOf("a:long", "b:long", "c:long").toReversed().slice(0, 2);
  const columns = parseChunk(new TextEncoder().encode("1,2,3\n4,5,6\n"), {
    dialect: DIALECT,
    columnCount: 3,
    targets,
    firstLine: 1,
    file: "x.csv",
  });
  assert.deepEqual(columns.map((column) => [column.name, valuesOf(column)]), [
    ["c", [3n, 6n]],
    ["b", [2n, 5n]],
  ]);
});

Deno.test("parseChunk() makes an empty unquoted field null for every type but string", () => {
  for (const type of ALL_TYPES.filter((type) => type !== "string")) {
    const [, column] = parseText("1,\n2,", ["a:long", `b:${type}`]);
    assert.deepEqual(valuesOf(column!), [null, null], type);
    assert.equal(column?.nullCount, 2);
  }
  assert.deepEqual(parseOne("\n\n", "a:string"), ["", ""]);
});

Deno.test("parseChunk() never takes a quoted empty field as null", () => {
  const fits = new Set(["string", "binary"]);
  for (const type of ALL_TYPES) {
    if (fits.has(type)) assert.deepEqual(parseOne('""\n', `a:${type}`), [""]);
    else {
      const { message } = failure(() => parseOne('""\n', `a:${type}`));
      assert.match(message, /^sample\.csv:1: column "a": "" is not an? /);
    }
  }
});

Deno.test("parseChunk() makes listed texts null in every column, when unquoted", () => {
  const dialect = { ...DIALECT, nullValues: ["NULL", "\\N"] };
  for (const type of ALL_TYPES) {
    assert.deepEqual(parseOne("NULL\n\\N\n", `a:${type}`, dialect), [null, null], type);
  }
  assert.deepEqual(parseOne('"NULL"\nNULLS\nnull\n\n', "a:string", dialect), [
    "NULL",
    "NULLS",
    "null",
    "",
  ]);
  failure(() => parseOne('"NULL"\n', "a:long", dialect));
});

Deno.test("parseChunk() makes empty strings null when the empty text is listed", () => {
  const dialect = { ...DIALECT, nullValues: [""] };
  assert.deepEqual(parseOne('\n""\nx\n', "a:string", dialect), [null, "", "x"]);
});

Deno.test("parseChunk() takes a listed text as null even where it would be a value", () => {
  const dialect = { ...DIALECT, nullValues: ["-1", "0"] };
  assert.deepEqual(parseOne("-1\n0\n1\n", "a:long", dialect), [null, null, 1n]);
});

Deno.test("parseChunk() reads quoted values of every type", () => {
  assert.deepEqual(parseOne('"12"\n"-3"\n', "a:long"), [12n, -3n]);
  assert.deepEqual(parseOne('"1.5"\n', "a:double"), [1.5]);
  assert.deepEqual(parseOne('"TRUE"\n"false"\n', "a:boolean"), [true, false]);
  assert.deepEqual(parseOne('"1970-01-02"\n', "a:date"), [1]);
  assert.deepEqual(parseOne('"1970-01-01 00:00:01"\n', "a:timestamp"), [1000000n]);
  assert.deepEqual(parseOne('"0aFf"\n', "a:binary"), ["0aff"]);
});

Deno.test("parseChunk() reads quotes, commas, newlines and spaces as RFC 4180 has them", () => {
  const text = '"a,b","c""d"\r\n"e\r\nf", g \r\nh"i,"""j"""';
  const [left, right] = parseText(text, ["a:string", "b:string"]);
  assert.deepEqual(valuesOf(left!), ["a,b", "e\r\nf", 'h"i']);
  assert.deepEqual(valuesOf(right!), ['c"d', " g ", '"j"']);
});

Deno.test("parseChunk() takes a carriage return at the very end as part of a line end", () => {
  const [left, right] = parseText('1,a\r\n2,"b"\r', ["a:long", "b:string"]);
  assert.deepEqual(valuesOf(left!), [1n, 2n]);
  assert.deepEqual(valuesOf(right!), ["a", "b"]);
  assert.deepEqual(parseOne("1\r\n2\r", "a:long"), [1n, 2n]);
});

Deno.test("parseChunk() skips blank lines between records of several columns", () => {
  const [left] = parseText("\n1,2\n\r\n\n3,4\n\n\r", ["a:long", "b:long"]);
  assert.deepEqual(valuesOf(left!), [1n, 3n]);
});

Deno.test("parseChunk() names file, line, column, value and type of a misfit", () => {
  const error = failure(() => parseText('1,"x\n"\n2,y\nabc,z\n', ["age:long", "name:string"]));
  assert.equal(error.message, 'sample.csv:4: column "age": "abc" is not a long');
  assert.equal(error.exitCode, 3);
  assert.deepEqual(error.place, {
    file: "sample.csv",
    line: 4,
    column: "age",
    value: "abc",
    expected: "long",
  });
});

Deno.test("parseChunk() counts the lines from the chunk's first line", () => {
  const error = failure(() =>
    parseChunk(new TextEncoder().encode("1\n\nx\n"), {
      dialect: DIALECT,
      columnCount: 1,
      targets: targetsOf("a:int"),
      firstLine: 1001,
      file: "x.csv",
    })
  );
  assert.equal(error.message, 'x.csv:1003: column "a": "x" is not an int');
});

Deno.test("parseChunk() reports the first bad row, whatever column it is in", () => {
  const error = failure(() => parseText("1,1\n1,x\ny,1\n", ["a:long", "b:long"]));
  assert.equal(error.message, 'sample.csv:2: column "b": "x" is not a long');
  const earlier = failure(() => parseText("1,1\n1,x\n1\n", ["a:long", "b:long"]));
  assert.equal(earlier.message, 'sample.csv:2: column "b": "x" is not a long');
});

Deno.test("parseChunk() reports a bad value far into a chunk", () => {
  const good = "1,a\n".repeat(50_000);
  const error = failure(() => parseText(`${good}x,a\n${good}`, ["a:long", "b:string"]));
  assert.equal(error.place.line, 50_001);
});

Deno.test("parseChunk() shortens a long value and escapes control characters", () => {
  const error = failure(() => parseText(`"${"é".repeat(59)}\n""${"x".repeat(1e6)}"`, ["a:long"]));
  assert.equal(error.message, `sample.csv:1: column "a": "${"é".repeat(59)}\\n…" is not a long`);
});

Deno.test("parseChunk() refuses a null in a required column", () => {
  const error = failure(() => parseText("1\n\n", ["a:long!"]));
  assert.equal(error.message, 'sample.csv:2: column "a": "" is null, and the column is required');
  const dialect = { ...DIALECT, nullValues: ["NA"] };
  const named = failure(() => parseText("x\nNA\n", ["a:string!"], { dialect }));
  assert.equal(named.message, 'sample.csv:2: column "a": "NA" is null, and the column is required');
  for (const type of ALL_TYPES) {
    const { message } = failure(() => parseText("NA\n", [`a:${type}!`], { dialect }));
    assert.match(message, /"NA" is null/, type);
  }
  assert.deepEqual(parseOne("\n", "a:string!"), [""]);
});

Deno.test("parseChunk() refuses a record with too few or too many fields", () => {
  const columns = ["a:long", "b:long", "c:long"];
  const few = failure(() => parseText('1,2,3\n4,"5"\n', columns));
  assert.equal(few.message, "sample.csv:2: found 2 fields, expected 3");
  assert.deepEqual(few.place, { file: "sample.csv", line: 2 });
  const many = failure(() => parseText("1,2,3\n1,2,3,4,\n", columns));
  assert.equal(many.message, "sample.csv:2: found 5 fields, expected 3");
  const one = failure(() => parseText("1\n", columns));
  assert.equal(one.message, "sample.csv:1: found 1 field, expected 3");
});

Deno.test("parseChunk() refuses text behind a closing quote", () => {
  for (const text of ['1,"a"b\n', '1,"a" \n', '1,"a"\rb\n']) {
    const error = failure(() => parseText(`0,x\n${text}`, ["a:long", "b:string"]));
    assert.equal(error.message, "sample.csv:2: text after a closing quote");
  }
});

Deno.test("parseChunk() refuses an open quote", () => {
  const error = failure(() => parseText('1,a\n2,"b\n', ["a:long", "b:string"]));
  assert.equal(error.message, "sample.csv:2: a quote is opened and never closed");
});

Deno.test("parseChunk() refuses bytes that are not UTF-8 where they stand", () => {
  const latin1 = Uint8Array.from("a\nJ\xf6rg\n", (char) => char.charCodeAt(0));
  const error = failure(() => parseText(latin1, ["name:string"]));
  assert.equal(error.message, 'sample.csv:2: column "name": "J\ufffdrg" is not valid UTF-8');
  assert.match(error.hint ?? "", /iconv/);
  const quoted = Uint8Array.from('"\xf6"\n', (char) => char.charCodeAt(0));
  assert.match(failure(() => parseText(quoted, ["name:string"])).message, /not valid UTF-8/);
  // Two halves of one character in neighbouring fields are no text either.
  const halves = Uint8Array.of(0xc3, 0x0a, 0xa9, 0x0a);
  assert.equal(failure(() => parseText(halves, ["name:string"])).place.line, 1);
});

Deno.test("parseChunk() keeps a byte order mark inside the data", () => {
  assert.deepEqual(parseOne("\ufeffa\n", "a:string"), ["\ufeffa"]);
});

Deno.test("parseChunk() makes nothing of no bytes", () => {
  for (const type of ALL_TYPES) {
    const [column] = parseText("", [`a:${type}`]);
    assert.equal(column?.length, 0);
    assert.equal(column?.values.length, 0);
  }
});

Deno.test("parseChunk() copes with a field of 1 MB and with 10,000 columns", () => {
  const long = "é".repeat(500_000);
  assert.deepEqual(parseOne(`${long}\n"${long}"\n`, "a:string"), [long, long]);
  const names = Array.from({ length: 10_000 }, (_, index) => `c${index}:int`);
  const record = names.map((_, index) => index).join(",");
  const columns = parseText(`${record}\n${record}\n`, names);
  assert.deepEqual(valuesOf(columns[9_999]!), [9_999, 9_999]);
});

/** Texts that are near each form, so that fast and careful path are both met, right and wrong. */
const nearValue = fc.oneof(
  fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map(String),
  fc.integer().map(String),
  fc.tuple(fc.bigInt({ min: 0n, max: 10n ** 20n }), fc.integer({ min: 0, max: 25 })).map(
    ([digits, scale]) => {
      const text = String(digits).padStart(scale + 1, "0");
      return `${text.slice(0, text.length - scale)}.${text.slice(text.length - scale)}`;
    },
  ),
  fc.double().map(String),
  fc.date({ noInvalidDate: true, min: new Date(-7e13), max: new Date(2.6e14) })
    .map((date) => date.toISOString()),
  fc.date({ noInvalidDate: true, min: new Date(-1e13), max: new Date(2.6e14) }).chain((date) =>
    fc.constantFrom(10, 16, 19, 21, 23).map((length) => date.toISOString().slice(0, length))
  ),
  fc.stringMatching(/^[0-2]\d:[0-5]\d(:[0-6]\d(\.\d{1,7})?)?$/),
  fc.stringMatching(/^[-+]?[0-9]{1,20}(\.[0-9]{0,18})?([eE][-+]?[0-9]{1,2})?$/),
  fc.stringMatching(/^(0x)?([0-9a-fA-F]{2}){1,4}$/),
  fc.uuid(),
  fc.constantFrom("true", "FALSE", "tRUE", "nan", "-inf", "9223372036854775808", "-", ".", " 1"),
  fc.constantFrom("9007199254740993", "-9223372036854775808", "0001-01-01", "9999-12-31 23:59:59"),
);

function plain(value: CsvValue): PlainValue {
  return value instanceof Uint8Array ? hex(value) : value;
}

for (const type of ALL_TYPES) {
  Deno.test(`parseChunk() agrees with parseValue() on every ${type}, quoted or not`, () => {
    fc.assert(
      fc.property(nearValue, fc.boolean(), (text, isQuoted) => {
        const wanted = parseValue(text, typeOf(type));
        const field = isQuoted ? `"${text}"` : text;
        if (wanted === undefined) {
          failure(() => parseOne(`${field}\n`, `a:${type}`));
        } else {
          assert.deepEqual(parseOne(`${field}\n`, `a:${type}`), [plain(wanted)]);
        }
      }),
      { numRuns: 1500 },
    );
  });
}

Deno.test("splitChunks() and parseChunk() give back any table, however it is written", async () => {
  const cell = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 8 }),
    fc.stringMatching(/^[a",\n\r ]{0,6}$/),
  );
  const row = fc.record({
    id: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
    text: cell,
    number: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
    isTrue: fc.option(fc.boolean()),
    quotes: fc.integer({ min: 0, max: 15 }),
    lineEnd: fc.constantFrom("\n", "\r\n"),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { maxLength: 30 }),
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 1, max: 40 }),
      fc.boolean(),
      async (rows, rowsPerChunk, blockBytes, hasLastLineEnd) => {
        const lines = rows.map(({ id, text, number, isTrue, quotes, lineEnd }) => {
          const cells = [id, text, number, isTrue].map((value, index) => {
            if (value === null) return "";
            const plain = Object.is(value, -0) ? "-0" : String(value);
            const mustQuote = /[",\r\n]/.test(plain);
            return mustQuote || (quotes >> index & 1) === 1
              ? `"${plain.replaceAll('"', '""')}"`
              : plain;
          });
          return cells.join(",") + lineEnd;
        });
        let csv = `id,text,number,is_true\n${lines.join("")}`;
        if (!hasLastLineEnd && rows.length > 0) csv = csv.replace(/\r?\n$/, "");
        const targets = targetsOf("id:long", "text:string", "number:double", "is_true:boolean");
        const found: PlainValue[][] = [[], [], [], []];
        for (const chunk of await split(csv, { rowsPerChunk, blockBytes })) {
          const columns = parseChunk(chunk.bytes, {
            dialect: DIALECT,
            columnCount: 4,
            targets,
            firstLine: chunk.firstLine,
            file: "sample.csv",
            rows: chunk.rows,
          });
          for (const [index, column] of columns.entries()) {
            assert.equal(column.length, chunk.rows);
            found[index]?.push(...valuesOf(column));
          }
        }
        assert.deepEqual(found, [
          rows.map(({ id }) => id),
          rows.map(({ text }) => text),
          rows.map(({ number }) => number),
          rows.map(({ isTrue }) => isTrue),
        ]);
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("parseChunk() gives the same columns with and without a row count", () => {
  const text = Array.from(
    { length: 20_000 },
    (_, row) => `${row},${"x".repeat(row % 50)},${row % 3 === 0 ? "" : row}`,
  ).join("\n");
  const columns = ["a:long", "b:string", "c:double"];
  assert.deepEqual(parseText(text, columns), parseText(text, columns, { rows: 20_000 }));
});
