import assert from "node:assert/strict";
import fc from "fast-check";
import { InputError } from "../../lib/errors.ts";
import type { Codec } from "../../lib/table/table_properties.ts";
import { parseText, valuesOf } from "../input/csv_support.ts";
import {
  columnsOf,
  encode,
  fieldsOf,
  footerOf,
  PARQUET,
  type ParquetField,
  readColumn,
} from "./encode_support.ts";

interface TypeCase {
  readonly type: string;
  /** What the table spec demands (Appendix A, "Parquet"). */
  readonly parquet: Omit<ParquetField, "repetition" | "fieldId" | "lengthBytes"> & {
    readonly lengthBytes?: number;
  };
  readonly texts: readonly string[];
}

function time(type: string, isAdjustedToUTC: boolean, unit: string): unknown {
  return { type, isAdjustedToUTC, unit };
}

const TYPES: readonly TypeCase[] = [
  {
    type: "boolean",
    parquet: { physical: "BOOLEAN", logical: undefined },
    texts: ["true", "false", "TRUE"],
  },
  {
    type: "int",
    parquet: { physical: "INT32", logical: undefined },
    texts: ["0", "-2147483648", "2147483647"],
  },
  {
    type: "long",
    parquet: { physical: "INT64", logical: undefined },
    texts: ["-9223372036854775808", "9223372036854775807", "9007199254740995"],
  },
  {
    type: "float",
    parquet: { physical: "FLOAT", logical: undefined },
    texts: ["1.5", "-0.0", "NaN", "Infinity", "1e-45"],
  },
  {
    type: "double",
    parquet: { physical: "DOUBLE", logical: undefined },
    texts: ["0.1", "-1e300", "-0.0", "NaN", "-Infinity", "5e-324"],
  },
  {
    type: "date",
    parquet: { physical: "INT32", logical: { type: "DATE" } },
    texts: ["1970-01-01", "1969-12-31", "9999-12-31", "0001-01-01"],
  },
  {
    type: "time",
    parquet: { physical: "INT64", logical: time("TIME", false, "MICROS") },
    texts: ["00:00:00", "23:59:59.999999"],
  },
  {
    type: "timestamp",
    parquet: { physical: "INT64", logical: time("TIMESTAMP", false, "MICROS") },
    texts: ["1969-12-31T23:59:59.999999", "9999-12-31T23:59:59.999999", "0001-01-01T00:00:00"],
  },
  {
    type: "timestamptz",
    parquet: { physical: "INT64", logical: time("TIMESTAMP", true, "MICROS") },
    texts: ["2024-02-29T12:00:00.000001+02:00", "1970-01-01T00:00:00Z"],
  },
  {
    type: "timestamp_ns",
    parquet: { physical: "INT64", logical: time("TIMESTAMP", false, "NANOS") },
    texts: ["1969-12-31T23:59:59.999999999", "2024-02-29T12:00:00.000000001"],
  },
  {
    type: "timestamptz_ns",
    parquet: { physical: "INT64", logical: time("TIMESTAMP", true, "NANOS") },
    texts: ["2024-02-29T12:00:00.000000001-05:30"],
  },
  {
    type: "string",
    parquet: { physical: "BYTE_ARRAY", logical: { type: "STRING" } },
    texts: ["x", '""', '"a ""q"", b"', "Zoë 𝔘", "\u{feff}mark", '"two\nlines"'],
  },
  {
    type: "binary",
    parquet: { physical: "BYTE_ARRAY", logical: undefined },
    texts: ["00ff", "0x01", "ff".repeat(300)],
  },
  {
    type: "uuid",
    parquet: { physical: "FIXED_LEN_BYTE_ARRAY", lengthBytes: 16, logical: { type: "UUID" } },
    texts: ["f79c3e09-677c-4bbd-a479-3f349cb785e7", "00000000-0000-0000-0000-000000000000"],
  },
  {
    type: "fixed[4]",
    parquet: { physical: "FIXED_LEN_BYTE_ARRAY", lengthBytes: 4, logical: undefined },
    texts: ["00010203", "ffffffff"],
  },
  {
    type: "decimal(9,2)",
    parquet: { physical: "INT32", logical: { type: "DECIMAL", precision: 9, scale: 2 } },
    texts: ["9999999.99", "-9999999.99", "0", "-0.01"],
  },
  {
    type: "decimal(10,0)",
    parquet: { physical: "INT64", logical: { type: "DECIMAL", precision: 10, scale: 0 } },
    texts: ["9999999999", "-1"],
  },
  {
    type: "decimal(18,4)",
    parquet: { physical: "INT64", logical: { type: "DECIMAL", precision: 18, scale: 4 } },
    texts: ["99999999999999.9999", "-99999999999999.9999"],
  },
  {
    type: "decimal(19,0)",
    parquet: {
      physical: "FIXED_LEN_BYTE_ARRAY",
      lengthBytes: 9,
      logical: { type: "DECIMAL", precision: 19, scale: 0 },
    },
    texts: ["9999999999999999999", "-9999999999999999999"],
  },
  {
    type: "decimal(38,10)",
    parquet: {
      physical: "FIXED_LEN_BYTE_ARRAY",
      lengthBytes: 16,
      logical: { type: "DECIMAL", precision: 38, scale: 10 },
    },
    texts: ["-1234567890123456789012345678.1234567890", "0.0000000001", "-0.0000000001"],
  },
];

for (const { type, parquet, texts } of TYPES) {
  Deno.test(`encodeChunk() writes ${type} as the table spec demands, with equal values`, async () => {
    // A null of type string cannot be told from text without a null value of the dialect.
    const dialect = { delimiter: ",", nullValues: ["NULL"], hasHeader: false };
    const optional = [...texts, "NULL", ...texts, "NULL"].map((text) => `${text}\n`).join("");
    const [parsed] = parseText(optional, [`v:${type}`], { dialect });
    const { bytes, file } = encode(optional, columnsOf(`v:${type}`), { dialect });
    assert.deepEqual(fieldsOf(bytes).get("v"), {
      lengthBytes: undefined,
      ...parquet,
      repetition: "OPTIONAL",
      fieldId: 11,
    });
    assert.deepEqual(await readColumn(bytes, "v"), valuesOf(parsed!));
    assert.equal(file.recordCount, texts.length * 2 + 2);

    const required = texts.map((text) => `${text}\n`).join("");
    const whole = encode(required, columnsOf(`v:${type}!`));
    assert.equal(fieldsOf(whole.bytes).get("v")?.repetition, "REQUIRED");
    assert.deepEqual(
      await readColumn(whole.bytes, "v"),
      valuesOf(parseText(required, [`v:${type}!`])[0]!),
    );
  });
}

Deno.test("encodeChunk() writes all types side by side, null in every column of a row", async () => {
  const columns = columnsOf(...TYPES.map(({ type }, at) => `c${at}:${type}`));
  const full = TYPES.map(({ texts }) => texts[0]).join(",");
  const text = `${full}\n${",".repeat(TYPES.length - 1)}\n${full}\n`;
  const { bytes, file } = encode(text, columns);
  const parsed = parseText(text, TYPES.map(({ type }, at) => `c${at}:${type}`));
  for (const [at, { type }] of TYPES.entries()) {
    const values = await readColumn(bytes, `c${at}`);
    assert.deepEqual(values, valuesOf(parsed[at]!), type);
    assert.equal(values[1], type === "string" ? "" : null, type);
  }
  assert.deepEqual(
    [...fieldsOf(bytes).values()].map((field) => field.fieldId),
    file.columns.map((column) => column.fieldId),
  );
});

Deno.test("encodeChunk() writes columns in the table's order, whatever the CSV's, and absent ones filled", async () => {
  const [a, b, c, d] = columnsOf("a:long", "b:string", "c:uuid", "d:int!");
  const columns = [
    { ...a!, csvIndex: 1 },
    { ...c!, csvIndex: undefined },
    { ...b!, csvIndex: 0 },
    { ...d!, csvIndex: undefined, defaultText: "7" },
  ];
  const { bytes, file } = encode("x,1\ny,2\n", columns);
  assert.deepEqual([...fieldsOf(bytes).keys()], ["a", "c", "b", "d"]);
  assert.deepEqual(await readColumn(bytes, "a"), [1n, 2n]);
  assert.deepEqual(await readColumn(bytes, "b"), ["x", "y"]);
  assert.deepEqual(await readColumn(bytes, "c"), [null, null]);
  assert.deepEqual(await readColumn(bytes, "d"), [7, 7]);
  assert.deepEqual(file.columns.map((column) => column.nullCount), [0, 2, 0, 0]);
  assert.equal(fieldsOf(bytes).get("d")?.repetition, "REQUIRED");
});

Deno.test("encodeChunk() keeps column names that are no identifiers", async () => {
  const names = ["a.b", "with space", "Zoë", "a:b", '"'];
  const { bytes } = encode("1,2,3,4,5\n6,7,8,9,10\n", columnsOf(...names.map((n) => `${n}:long`)));
  assert.deepEqual([...fieldsOf(bytes).keys()], names);
  for (const [at, name] of names.entries()) {
    assert.deepEqual(await readColumn(bytes, name), [BigInt(at + 1), BigInt(at + 6)]);
  }
});

const ROW = fc.record({
  id: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  name: fc.string({ unit: "binary", maxLength: 30 }),
  amount: fc.option(fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n })),
  flag: fc.option(fc.boolean()),
});

Deno.test("encodeChunk() loses no value of random rows", async () => {
  await fc.assert(
    fc.asyncProperty(
      // The same rows again and again make a dictionary, different ones none.
      fc.array(ROW, { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 4 }),
      async (rows, times) => {
        const all = Array.from({ length: times }, () => rows).flat();
        const text = all.map(({ id, name, amount, flag }) =>
          `${id ?? ""},"${name.replaceAll('"', '""')}",${amount ?? ""},${flag ?? ""}\n`
        ).join("");
        const columns = columnsOf("id:long", "name:string", "amount:decimal(38,0)", "flag:boolean");
        const { bytes } = encode(text, columns);
        for (const name of ["id", "name", "amount", "flag"] as const) {
          assert.deepEqual(await readColumn(bytes, name), all.map((row) => row[name]));
        }
      },
    ),
    { numRuns: 40 },
  );
});

for (const codec of ["zstd", "snappy", "gzip", "lz4", "brotli", "uncompressed"] as Codec[]) {
  Deno.test(`encodeChunk() writes files that others read, compressed by ${codec}`, async () => {
    const rows = Array.from({ length: 500 }, (_, at) => `${at},name ${at % 7}\n`).join("");
    const { bytes } = encode(rows, columnsOf("id:long", "name:string"), {
      parquet: { ...PARQUET, codec },
    });
    const names = { lz4: "LZ4_RAW" } as Partial<Record<Codec, string>>;
    for (const column of footerOf(bytes).row_groups[0]!.columns) {
      assert.equal(column.meta_data?.codec, names[codec] ?? codec.toUpperCase());
    }
    assert.deepEqual(
      await readColumn(bytes, "id"),
      Array.from({ length: 500 }, (_, at) => BigInt(at)),
    );
    assert.equal((await readColumn(bytes, "name"))[499], "name 2");
  });
}

Deno.test("encodeChunk() uses a dictionary where values recur, and none where they do not", () => {
  const rows = Array.from({ length: 500 }, (_, at) => `${at},name ${at % 7}\n`).join("");
  const { bytes, file } = encode(rows, columnsOf("id:long", "name:string"));
  const [id, name] = footerOf(bytes).row_groups[0]!.columns.map((column) => column.meta_data!);
  assert.equal(id!.dictionary_page_offset, undefined);
  assert.notEqual(name!.dictionary_page_offset, undefined);
  assert.deepEqual(file.splitOffsets, [Number(id!.data_page_offset)]);
});

Deno.test("encodeChunk() begins its split at the dictionary when the first column has one", () => {
  const { bytes, file } = encode("a\n".repeat(100), columnsOf("name:string"));
  const meta = footerOf(bytes).row_groups[0]!.columns[0]!.meta_data!;
  assert.deepEqual(file.splitOffsets, [Number(meta.dictionary_page_offset)]);
  assert.ok(meta.dictionary_page_offset! < meta.data_page_offset);
});

Deno.test("encodeChunk() names every row group of a large file, with sizes that agree with the footer", async () => {
  const rows = 1_100_000;
  const uuid = "f79c3e09-677c-4bbd-a479-3f349cb785e7";
  const text = `1,${uuid}\n`.repeat(rows - 1) + `2,${uuid}\n`;
  const { bytes, file } = encode(text, columnsOf("n:int!", "u:uuid"));
  const footer = footerOf(bytes);
  assert.ok(footer.row_groups.length > 1);
  assert.equal(file.splitOffsets.length, footer.row_groups.length);
  assert.deepEqual(file.splitOffsets, [...file.splitOffsets].sort((one, other) => one - other));
  assert.equal(file.recordCount, rows);
  assert.equal(footer.num_rows, BigInt(rows));
  assert.equal(file.sizeBytes, bytes.length);
  for (const [at, column] of file.columns.entries()) {
    const sizes = footer.row_groups.map((group) =>
      Number(group.columns[at]!.meta_data!.total_compressed_size)
    );
    assert.equal(column.sizeBytes, sizes.reduce((total, size) => total + size, 0));
  }
  const values = await readColumn(bytes, "n");
  assert.equal(values.length, rows);
  assert.equal(values.at(-1), 2);
});

Deno.test("encodeChunk() leaves the footer of a file with a UUID otherwise as it was written", () => {
  const types = TYPES.filter(({ type }) => type !== "uuid");
  const columns = columnsOf("u:uuid", ...types.map(({ type }, at) => `c${at}:${type}`));
  const uuid = "f79c3e09-677c-4bbd-a479-3f349cb785e7";
  const values = types.map(({ texts }) => texts[0]).join(",");
  const withUuid = footerOf(encode(`${uuid},${values}\n`, columns).bytes);
  const without = footerOf(
    encode(`${values}\n`, columns.slice(1).map((column, at) => ({ ...column, csvIndex: at })))
      .bytes,
  );
  assert.deepEqual(withUuid.schema.slice(2), without.schema.slice(1));
  assert.equal(withUuid.created_by, without.created_by);
  assert.equal(withUuid.version, without.version);
  assert.deepEqual(withUuid.row_groups[0]!.num_rows, without.row_groups[0]!.num_rows);
  for (const [at, { meta_data: expected }] of without.row_groups[0]!.columns.entries()) {
    const meta = withUuid.row_groups[0]!.columns[at + 1]!.meta_data!;
    assert.deepEqual(meta.encodings, expected!.encodings);
    assert.equal(meta.total_compressed_size, expected!.total_compressed_size);
  }
});

Deno.test("encodeChunk() keeps metrics as each column's mode asks", () => {
  const [a, b, c, d] = columnsOf("a:string", "b:string", "c:string", "d:string");
  const { file } = encode(`${"abcdefghijklmnopqrst,".repeat(3)}abcdefghijklmnopqrst\n`, [
    { ...a!, metrics: { kind: "none" } },
    { ...b!, metrics: { kind: "counts" } },
    { ...c!, metrics: { kind: "truncate", length: 2 } },
    { ...d!, metrics: { kind: "full" } },
  ]);
  const text = (bytes?: Uint8Array) =>
    bytes === undefined ? undefined : new TextDecoder().decode(bytes);
  assert.deepEqual(
    file.columns.map(({ valueCount, lowerBound, upperBound }) => [
      valueCount,
      text(lowerBound),
      text(upperBound),
    ]),
    [
      [undefined, undefined, undefined],
      [1, undefined, undefined],
      [1, "ab", "ac"],
      [1, "abcdefghijklmnopqrst", "abcdefghijklmnopqrst"],
    ],
  );
  assert.ok(file.columns.every((column) => column.sizeBytes! > 0));
});

Deno.test("encodeChunk() throws InputError with the place of the first value that does not fit", () => {
  assert.throws(() => encode("1,a\nx,b\n", columnsOf("id:long", "name:string")), (error) => {
    assert.ok(error instanceof InputError);
    assert.deepEqual(error.place, {
      file: "sample.csv",
      line: 2,
      column: "id",
      value: "x",
      expected: "long",
    });
    return true;
  });
});
