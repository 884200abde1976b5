// Every encoding, codec and size of page and row group, read by a reader that is not ours.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import type { ParquetSettings } from "../../lib/encode/parquet/settings.ts";
import { parquetSettings } from "../../lib/encode/parquet/settings.ts";
import { SeededRandom } from "../../lib/random.ts";
import { parseText, type PlainValue, valuesOf } from "../input/csv_support.ts";
import { emptyTable } from "../table/table_support.ts";
import { columnsOf, encode, footerOf, PARQUET, readColumn } from "./encode_support.ts";

const SMALL: ParquetSettings = { ...PARQUET, pageBytes: 64, pageRows: 24, rowGroupBytes: 1500 };

const TYPES = [
  "id:long",
  "text:string",
  "word:string",
  "count:int",
  "ratio:double",
  "share:float",
  "flag:boolean",
  "cents:decimal(9,2)",
  "wide:decimal(30,2)",
  "at:timestamp",
  "day:date",
  "key:uuid",
  "raw:binary",
];

const cents = fc.integer({ min: -99_999, max: 99_999 }).map((value) => (value / 100).toFixed(2));
const cells = [
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  fc.stringMatching(/^[a-zé"', ]{0,12}$/),
  fc.constantFrom("HR", "Sales", "", "Engineering"),
  fc.integer({ min: 0, max: 5 }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.constantFrom("0.5", "-0", "1.25", "NaN"),
  fc.constantFrom("true", "false"),
  cents,
  cents,
  fc.date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 23)),
  fc.constantFrom("1969-12-31", "2024-02-29"),
  fc.uuid(),
  fc.stringMatching(/^([0-9a-f]{2}){1,9}$/),
].map((cell) => fc.option(cell, { freq: 4, nil: "\\N" }));

const dialect = { delimiter: ",", nullValues: ["\\N"], hasHeader: false };

function quoted(text: string): string {
  return text === "\\N" ? text : `"${text.replaceAll('"', '""')}"`;
}

const settings = fc.record({
  codec: fc.constantFrom(
    "zstd",
    "snappy",
    "gzip",
    "lz4",
    "brotli",
    "uncompressed",
  ) as fc.Arbitrary<ParquetSettings["codec"]>,
  codecLevel: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
  encoding: fc.constantFrom("plain", "compact") as fc.Arbitrary<ParquetSettings["encoding"]>,
  pageBytes: fc.constantFrom(1, 64, 1000, 2 ** 20),
  pageRows: fc.constantFrom(8, 24, 131_072),
  dictionaryBytes: fc.constantFrom(1, 40, 2 ** 20),
  rowGroupBytes: fc.constantFrom(1, 1500, 2 ** 27),
});

Deno.test("encodeChunk() loses no value of any type, whatever the encoding, codec and sizes", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(...cells), { minLength: 1, maxLength: 90 }),
      settings,
      fc.boolean(),
      async (rows, parquet, repeats) => {
        const all = repeats ? Array.from({ length: 5 }, () => rows).flat() : rows;
        const text = all.map((row) => `${row.map(quoted).join(",")}\n`).join("");
        const { bytes, file } = encode(text, columnsOf(...TYPES), { parquet, dialect });
        const expected = parseText(text, TYPES, { dialect });
        assert.equal(file.recordCount, all.length);
        for (const column of expected) {
          assert.deepEqual(await readColumn(bytes, column.name), valuesOf(column), column.name);
        }
      },
    ),
    { numRuns: 150 },
  );
});

Deno.test("encodeChunk() writes PLAIN and dictionary pages alone, unless compact is asked for", () => {
  const text = Array.from({ length: 300 }, (_, at) => `${at},name ${at},${at % 3}\n`).join("");
  const encodings = (parquet: ParquetSettings) =>
    footerOf(encode(text, columnsOf("a:long", "b:string", "c:int"), { parquet }).bytes)
      .row_groups.flatMap(({ columns }) =>
        columns.flatMap(({ meta_data }) => meta_data!.encodings)
      );
  const plain = new Set(encodings(PARQUET));
  assert.deepEqual([...plain].sort(), ["PLAIN", "RLE", "RLE_DICTIONARY"]);
  const compact = new Set(encodings({ ...PARQUET, encoding: "compact" }));
  assert.ok(compact.has("DELTA_BINARY_PACKED") && compact.has("DELTA_BYTE_ARRAY"));
});

Deno.test("encodeChunk() cuts pages and row groups to the sizes asked for, and indexes the pages", () => {
  const text = Array.from({ length: 400 }, (_, at) => `${at},name ${at}\n`).join("");
  const { bytes, file } = encode(text, columnsOf("a:long", "b:string"), { parquet: SMALL });
  const { row_groups: groups } = footerOf(bytes);
  assert.ok(groups.length > 3, `${groups.length} row groups`);
  assert.deepEqual(file.splitOffsets, groups.map((group) => Number(group.file_offset)));
  for (const { columns, num_rows } of groups) {
    for (const { meta_data, offset_index_offset, column_index_offset } of columns) {
      const pages = meta_data!.encoding_stats!.at(-1)!.count;
      assert.ok(pages >= Number(num_rows) / SMALL.pageRows, `${pages} pages`);
      assert.ok(offset_index_offset! > 0n && column_index_offset! > 0n);
    }
  }
});

Deno.test("encodeChunk() keeps least and greatest values and counts of nulls in the footer", () => {
  const columns = columnsOf("a:long", "b:double", "c:boolean", "d:decimal(30,2)", "e:string");
  const text = '5,-0,true,-1.5,b\n,NaN,false,7,""\n-9,2.5,,,zz\n';
  const [group] = footerOf(encode(text, columns).bytes).row_groups;
  const found = group!.columns.map(({ meta_data }) => {
    const { min_value, max_value, null_count } = meta_data!.statistics!;
    return [min_value, max_value, null_count];
  });
  assert.deepEqual(found, [
    [-9n, 5n, 1n],
    [-0, 2.5, 0n],
    [false, true, 1n],
    [-1.5, 7, 1n],
    ["", "zz", 0n],
  ] as PlainValue[][]);
});

Deno.test("encodeChunk() copes with a dictionary at the limit of its indexes", async () => {
  const distinct = 41_000;
  const random = new SeededRandom(1);
  const ids = Array.from({ length: distinct * 8 }, () => random.below(distinct - 1000));
  const { bytes } = encode(ids.map((id) => `${id}\n`).join(""), columnsOf("a:long!"));
  const meta = footerOf(bytes).row_groups[0]!.columns[0]!.meta_data!;
  assert.notEqual(meta.dictionary_page_offset, undefined);
  assert.deepEqual(await readColumn(bytes, "a"), ids.map(BigInt));
});

Deno.test("parquetSettings() takes the table's properties where nothing is chosen", () => {
  const metadata = emptyTable(2, {
    properties: {
      "write.parquet.compression-codec": "gzip",
      "write.parquet.compression-level": "4",
      "write.parquet.row-group-size-bytes": "1000",
    },
  });
  const { codec, codecLevel, rowGroupBytes, encoding } = parquetSettings(metadata);
  assert.deepEqual([codec, codecLevel, rowGroupBytes, encoding], ["gzip", 4, 1000, "plain"]);
  const chosen = parquetSettings(metadata, {
    codec: "zstd",
    encoding: "compact",
    rowGroupBytes: 5,
  });
  // A level of gzip says nothing of zstd.
  assert.deepEqual(
    [chosen.codec, chosen.codecLevel, chosen.rowGroupBytes, chosen.encoding],
    ["zstd", undefined, 5, "compact"],
  );
});

Deno.test("encodeChunk() tells apart long values that begin alike, in a dictionary and in its bounds", async () => {
  const words = [
    "",
    "a",
    "seventeen letters",
    "seventeen letterz",
    "seventeen letter",
    "z\u0000",
    "z",
  ]
    .flatMap((word) => [word, word + "é".repeat(20), word + "é".repeat(20) + "!"]);
  const random = new SeededRandom(3);
  const texts = Array.from({ length: 3000 }, () => words[random.below(words.length)]!);
  const parquet = { ...PARQUET, pageRows: 1000 };
  const { bytes } = encode(texts.map((text) => `"${text}"\n`).join(""), columnsOf("t:string"), {
    parquet,
  });
  const [column] = footerOf(bytes).row_groups[0]!.columns;
  assert.equal(column!.meta_data!.encodings.includes("RLE_DICTIONARY"), true);
  const sorted = [...new Set(texts)].map((text) => new TextEncoder().encode(text))
    .sort((one, other) => Buffer.compare(one, other));
  const { min_value: min, max_value: max } = column!.meta_data!.statistics!;
  assert.equal(min, new TextDecoder().decode(sorted[0]));
  // Shortened, and raised.
  const raised = new TextEncoder().encode(max as string);
  assert.ok(Buffer.compare(raised, sorted.at(-1)!) > 0);
  assert.ok(Buffer.compare(raised.subarray(0, -2), sorted.at(-1)!) < 0);
  assert.deepEqual(await readColumn(bytes, "t"), texts);
});
