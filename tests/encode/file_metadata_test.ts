// deno-lint-ignore-file camelcase -- the names are those of a Parquet footer
// The structs of Parquet files, byte by byte as hyparquet-writer makes them of the same content.

import assert from "node:assert/strict";
import fc from "fast-check";
import type { ColumnChunk, FileMetaData, RowGroup } from "hyparquet";
import { ByteWriter } from "hyparquet-writer/src/bytewriter.js";
import { writePageHeader as writeTheirHeader } from "hyparquet-writer/src/datapage.js";
import { writeIndexes } from "hyparquet-writer/src/indexes.js";
import { writeMetadata } from "hyparquet-writer/src/metadata.js";
import {
  writeColumnIndex,
  writeFileMetadata,
  writeOffsetIndex,
  writePageHeader,
} from "../../lib/encode/parquet/file_metadata.ts";
import type { FooterElement } from "../../lib/encode/parquet/footer.ts";
import { schemaElement } from "../../lib/encode/parquet/schema_element.ts";
import { ThriftWriter } from "../../lib/encode/parquet/thrift.ts";
import { parsePrimitiveType } from "../../lib/table/types.ts";

const TYPES = [
  ...["boolean", "int", "long", "float", "double", "date", "time", "timestamp", "timestamptz"],
  ...["timestamp_ns", "timestamptz_ns", "string", "binary", "uuid", "fixed[5]"],
  ...["decimal(9,2)", "decimal(18,0)", "decimal(38,10)"],
];

const I64 = fc.bigInt({ min: 0n, max: 2n ** 62n });
const I32 = fc.nat(2 ** 31 - 1);
const ENCODING = fc.constantFrom(
  ...["PLAIN", "RLE", "RLE_DICTIONARY", "DELTA_BINARY_PACKED", "DELTA_BYTE_ARRAY"] as const,
);

/** A value of a column as the statistics take it. */
function valueOf(element: FooterElement): fc.Arbitrary<boolean | number | bigint | Uint8Array> {
  if (element.converted_type === "DECIMAL") return fc.bigInt({ min: -9999n, max: 9999n });
  switch (element.type) {
    case "BOOLEAN":
      return fc.boolean();
    case "INT64":
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case "BYTE_ARRAY":
      return element.logical_type === undefined
        ? fc.uint8Array({ maxLength: 40 })
        : fc.string({ unit: "grapheme", maxLength: 40 }).map((text) =>
          new TextEncoder().encode(text)
        );
    case "FIXED_LEN_BYTE_ARRAY": {
      const length = element.type_length!;
      return fc.uint8Array({ minLength: length, maxLength: length });
    }
    case "INT32":
      return fc.integer();
    default:
      return fc.double({ noNaN: true });
  }
}

function chunkOf(element: FooterElement): fc.Arbitrary<ColumnChunk> {
  return fc.record({
    type: fc.constant(element.type!),
    encodings: fc.array(ENCODING, { minLength: 1, maxLength: 3 }),
    path_in_schema: fc.constant([element.name]),
    codec: fc.constantFrom(
      ...["UNCOMPRESSED", "SNAPPY", "GZIP", "BROTLI", "ZSTD", "LZ4_RAW"] as const,
    ),
    num_values: I64,
    total_uncompressed_size: I64,
    total_compressed_size: I64,
    data_page_offset: I64,
    dictionary_page_offset: fc.option(I64, { nil: undefined }),
    statistics: fc.record({
      null_count: I64,
      min_value: fc.option(valueOf(element), { nil: undefined }),
      max_value: fc.option(valueOf(element), { nil: undefined }),
    }),
    encoding_stats: fc.array(
      fc.record({
        page_type: fc.constantFrom(...["DATA_PAGE", "DICTIONARY_PAGE"] as const),
        encoding: ENCODING,
        count: I32,
      }),
      { minLength: 1, maxLength: 2 },
    ),
  }).map((meta_data) => ({ file_offset: 0n, meta_data }) as unknown as ColumnChunk);
}

const COLUMN = fc.record({
  type: fc.constantFrom(...TYPES),
  required: fc.boolean(),
  name: fc.string({ unit: "grapheme", minLength: 1, maxLength: 300 }),
  fieldId: I32,
});

const FILE = fc.uniqueArray(COLUMN, { minLength: 1, maxLength: 20, selector: ({ name }) => name })
  .map((columns) =>
    columns.map(({ type, ...rest }) =>
      schemaElement({ ...rest, type: parsePrimitiveType(type)! } as never)
    )
  )
  .chain((elements) =>
    fc.record({
      elements: fc.constant(elements),
      rows: I64,
      rowGroups: fc.array(
        fc.record({
          columns: fc.tuple(...elements.map(chunkOf)),
          total_byte_size: I64,
          num_rows: I64,
          file_offset: I64,
          total_compressed_size: I64,
        }),
        { minLength: 1, maxLength: 3 },
      ),
    })
  );

Deno.test("writeFileMetadata() writes what hyparquet-writer writes, for every type", () => {
  fc.assert(
    fc.property(FILE, ({ elements, rows, rowGroups }) => {
      const thrift = new ThriftWriter(1);
      writeFileMetadata(thrift, {
        version: 1,
        elements,
        rows,
        rowGroups: rowGroups as RowGroup[],
        createdBy: "somebody",
      });
      const theirs = new ByteWriter();
      writeMetadata(theirs, {
        version: 1,
        schema: [{ name: "schema", num_children: elements.length }, ...elements],
        num_rows: rows,
        row_groups: rowGroups,
        created_by: "somebody",
        metadata_length: 0,
      } as FileMetaData);
      // Behind it stands its length.
      assert.deepEqual(thrift.bytes(), theirs.getBytes().subarray(0, -4));
    }),
    { numRuns: 200 },
  );
});

Deno.test("writePageHeader() writes what hyparquet-writer writes", () => {
  const sizes = fc.record({ uncompressedBytes: I32, compressedBytes: I32, values: I32 });
  fc.assert(fc.property(sizes, fc.option(ENCODING), (of, encoding) => {
    const thrift = new ThriftWriter(1);
    const theirs = new ByteWriter();
    const common = {
      uncompressed_page_size: of.uncompressedBytes,
      compressed_page_size: of.compressedBytes,
    };
    if (encoding === null) {
      writePageHeader(thrift, { type: "DICTIONARY_PAGE", values: of.values }, of);
      const dictionary_page_header = { num_values: of.values, encoding: "PLAIN" as const };
      writeTheirHeader(theirs, { ...common, type: "DICTIONARY_PAGE", dictionary_page_header });
    } else {
      writePageHeader(thrift, { type: "DATA_PAGE", values: of.values, encoding }, of);
      const data_page_header = {
        num_values: of.values,
        encoding,
        definition_level_encoding: "RLE" as const,
        repetition_level_encoding: "RLE" as const,
      };
      writeTheirHeader(theirs, { ...common, type: "DATA_PAGE", data_page_header });
    }
    assert.deepEqual(thrift.bytes(), theirs.getBytes());
  }));
});

Deno.test("writeColumnIndex() and writeOffsetIndex() write what hyparquet-writer writes", () => {
  const page = fc.record({
    isNull: fc.boolean(),
    min: fc.uint8Array({ maxLength: 200 }),
    max: fc.uint8Array({ maxLength: 20 }),
    nulls: I64,
    offset: I64,
    size: I32,
    row: I64,
  });
  fc.assert(fc.property(fc.array(page, { minLength: 2, maxLength: 40 }), (pages) => {
    const columnIndex = {
      null_pages: pages.map(({ isNull }) => isNull),
      min_values: pages.map(({ min }) => min),
      max_values: pages.map(({ max }) => max),
      boundary_order: "UNORDERED" as const,
      null_counts: pages.map(({ nulls }) => nulls),
    };
    const offsetIndex = {
      page_locations: pages.map(({ offset, size, row }) => ({
        offset,
        compressed_page_size: size,
        first_row_index: row,
      })),
    };
    const thrift = new ThriftWriter(1);
    writeColumnIndex(thrift, columnIndex);
    writeOffsetIndex(thrift, offsetIndex);
    const theirs = new ByteWriter();
    writeIndexes(theirs, [{ chunk: { file_offset: 0n }, columnIndex, offsetIndex }]);
    assert.deepEqual(thrift.bytes(), theirs.getBytes());
  }));
});
