/** Files put together of row groups that were encoded one by one, read by a reader that is not ours. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { ChunkEncoder } from "../../lib/encode/chunk_encoder.ts";
import { JoinedFile } from "../../lib/encode/joined_file.ts";
import type { EncodedPart } from "../../lib/encode/job.ts";
import type { ParquetSettings } from "../../lib/encode/parquet/settings.ts";
import type { ColumnMetrics } from "../../lib/table/data_file.ts";
import { parseText, valuesOf } from "../input/csv_support.ts";
import { columnsOf, encode, footerOf, PARQUET, readColumn, setupOf } from "./encode_support.ts";

const TYPES = [
  "id:long",
  "text:string",
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
const row = fc.tuple(...[
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  // Such as cannot be raised to an upper bound of sixteen characters, too.
  fc.oneof(fc.stringMatching(/^[a-zé]{1,20}$/), fc.constant("\u{10ffff}".repeat(17))),
  fc.integer({ min: -5, max: 5 }).map(String),
  fc.oneof(fc.double({ noDefaultInfinity: true }).map(String), fc.constantFrom("0", "-0", "NaN")),
  fc.constantFrom("0.5", "-0", "1.25", "NaN"),
  fc.constantFrom("true", "false"),
  cents,
  cents,
  fc.date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 23)),
  fc.constantFrom("1969-12-31", "2024-02-29"),
  fc.uuid(),
  fc.stringMatching(/^([0-9a-f]{2}){1,9}$/),
].map((cell) => fc.option(cell, { freq: 3, nil: "\\N" })));

const dialect = { delimiter: ",", nullValues: ["\\N"], hasHeader: false };

/** A part whose answer has crossed from one thread to another. */
function partOf(text: string, encoder: ChunkEncoder): EncodedPart {
  const bytes = new TextEncoder().encode(text);
  const rows = text.split("\n").length - 1;
  return structuredClone(encoder.encodePart({ index: 0, bytes, rows, firstLine: 1 }));
}

function withoutSize({ sizeBytes: _, ...rest }: ColumnMetrics): Omit<ColumnMetrics, "sizeBytes"> {
  return rest;
}

Deno.test("JoinedFile loses no value of any part, and its metrics are those of one file of all rows", async () => {
  const settings = fc.record({
    encoding: fc.constantFrom("plain", "compact") as fc.Arbitrary<ParquetSettings["encoding"]>,
    pageBytes: fc.constantFrom(64, 2 ** 20),
    pageRows: fc.constantFrom(8, 131_072),
    dictionaryBytes: fc.constantFrom(1, 2 ** 20),
    rowGroupBytes: fc.constantFrom(1500, 2 ** 27),
  });
  const parts = fc.array(fc.array(row, { minLength: 1, maxLength: 30 }), {
    minLength: 1,
    maxLength: 4,
  });
  await fc.assert(
    fc.asyncProperty(parts, settings, async (rowsOfParts, chosen) => {
      const parquet = { ...PARQUET, ...chosen };
      const setup = setupOf(columnsOf(...TYPES), { parquet, dialect });
      const encoder = new ChunkEncoder(setup);
      const joined = new JoinedFile(setup);
      const texts = rowsOfParts.map((rows) => rows.map((row) => `${row.join(",")}\n`).join(""));
      // The second file takes the place of the first.
      for (let turn = 0; turn < 2; turn++) {
        joined.clear(1000);
        for (const text of texts) joined.add(partOf(text, encoder));
      }
      const { bytes, file } = joined.finish("file:///none/a.parquet");
      const text = texts.join("");
      const whole = encode(text, setup.columns, { parquet, dialect });
      assert.equal(file.recordCount, whole.file.recordCount);
      assert.equal(file.sizeBytes, bytes.length);
      assert.deepEqual(file.columns.map(withoutSize), whole.file.columns.map(withoutSize));
      for (const column of parseText(text, TYPES, { dialect })) {
        assert.deepEqual(await readColumn(bytes, column.name), valuesOf(column), column.name);
      }
      const { row_groups: groups } = footerOf(bytes);
      assert.deepEqual(file.splitOffsets, groups.map((group) => Number(group.file_offset)));
      for (const [at, { sizeBytes }] of file.columns.entries()) {
        const sizes = groups.map(({ columns }) =>
          Number(columns[at]!.meta_data!.total_compressed_size)
        );
        assert.equal(sizeBytes, sizes.reduce((total, size) => total + size, 0));
      }
    }),
    { numRuns: 100 },
  );
});

Deno.test("JoinedFile takes a part of nothing but nulls, whose bounds say nothing", () => {
  const setup = setupOf(columnsOf("a:long", "b:double"), { dialect });
  const encoder = new ChunkEncoder(setup);
  const joined = new JoinedFile(setup);
  joined.clear(1000);
  for (const text of ["\\N,NaN\n", "5,1\n-3,\\N\n", "\\N,NaN\n"]) joined.add(partOf(text, encoder));
  const { file } = joined.finish("file:///none/a.parquet");
  const whole = encode("\\N,NaN\n5,1\n-3,\\N\n\\N,NaN\n", setup.columns, { dialect });
  assert.deepEqual(file.columns.map(withoutSize), whole.file.columns.map(withoutSize));
});
