import assert from "node:assert/strict";
import { type AvroFile, decodeAvro } from "../../lib/table/avro.ts";
import type { DataFile } from "../../lib/table/data_file.ts";
import { encodeManifest, type ManifestOptions } from "../../lib/table/manifest.ts";
import { BIG_ID, ID_FIELD, NAME_FIELD } from "./table_support.ts";

const OPTIONS: ManifestOptions = {
  formatVersion: 2,
  schema: { type: "struct", "schema-id": 3, fields: [ID_FIELD, NAME_FIELD] },
  spec: { "spec-id": 5, fields: [] },
  snapshotId: BIG_ID,
};

const FILE: DataFile = {
  path: "file:///w/t/data/a.parquet",
  recordCount: 7,
  sizeBytes: 5_000_000_000,
  splitOffsets: [4, 3_000_000_000],
  columns: [
    {
      fieldId: 1,
      sizeBytes: 40,
      valueCount: 7,
      nullCount: 0,
      lowerBound: Uint8Array.of(1),
      upperBound: Uint8Array.of(9),
    },
    { fieldId: 2, sizeBytes: 50, valueCount: 7, nullCount: 7, nanCount: 1 },
    { fieldId: 3 },
  ],
};

async function read(
  files: readonly DataFile[] = [FILE],
  options: Partial<ManifestOptions> = {},
): Promise<AvroFile> {
  return await decodeAvro(encodeManifest(files, { ...OPTIONS, ...options }));
}

interface FieldSchema {
  readonly name: string;
  readonly type: unknown;
  readonly default?: unknown;
  readonly "field-id": number;
}

function fieldsOf(record: unknown): FieldSchema[] {
  return (record as { fields: FieldSchema[] }).fields;
}

/** `id name type`, a `?` behind optional ones: the tables of the spec's section "Manifests". */
function describe(record: unknown): string[] {
  return fieldsOf(record).map((field) => {
    const optional = Array.isArray(field.type);
    if (optional) assert.equal(field.default, null);
    const type = optional ? (field.type as unknown[])[1] : field.type;
    return `${field["field-id"]} ${field.name} ${describeType(type)}${optional ? "?" : ""}`;
  });
}

function describeType(type: unknown): string {
  if (typeof type === "string") return type;
  const shape = type as Record<string, unknown>;
  if (shape.logicalType === "map") return `map<${describe(shape.items).join(", ")}>`;
  if (shape.type === "array") return `list<${shape["element-id"]} ${describeType(shape.items)}>`;
  return `${shape.type}`;
}

const ENTRY = [
  "0 status int",
  "1 snapshot_id long?",
  "3 sequence_number long?",
  "4 file_sequence_number long?",
  "2 data_file record",
];

const DATA_FILE = [
  "134 content int",
  "100 file_path string",
  "101 file_format string",
  "102 partition record",
  "103 record_count long",
  "104 file_size_in_bytes long",
  "108 column_sizes map<117 key int, 118 value long>?",
  "109 value_counts map<119 key int, 120 value long>?",
  "110 null_value_counts map<121 key int, 122 value long>?",
  "137 nan_value_counts map<138 key int, 139 value long>?",
  "125 lower_bounds map<126 key int, 127 value bytes>?",
  "128 upper_bounds map<129 key int, 130 value bytes>?",
  "131 key_metadata bytes?",
  "132 split_offsets list<133 long>?",
  "135 equality_ids list<136 int>?",
  "140 sort_order_id int?",
];

Deno.test("encodeManifest() gives every field the spec's id, type and nullability", async () => {
  for (const formatVersion of [2, 3]) {
    const { schema } = await read([FILE], { formatVersion });
    assert.deepEqual(describe(schema), ENTRY);
    const dataFile = fieldsOf(schema).find((field) => field.name === "data_file")?.type;
    const rowLineage = formatVersion === 3 ? ["142 first_row_id long?"] : [];
    assert.deepEqual(describe(dataFile), [...DATA_FILE, ...rowLineage]);
  }
});

Deno.test("encodeManifest() writes every key/value that the spec requires", async () => {
  for (const formatVersion of [2, 3]) {
    const { metadata } = await read([FILE], { formatVersion });
    assert.deepEqual(JSON.parse(metadata.get("schema")!), OPTIONS.schema);
    assert.equal(metadata.get("schema-id"), "3");
    assert.equal(metadata.get("partition-spec"), "[]");
    assert.equal(metadata.get("partition-spec-id"), "5");
    assert.equal(metadata.get("format-version"), String(formatVersion));
    assert.equal(metadata.get("content"), "data");
  }
});

Deno.test("encodeManifest() counts a schema and a spec without an id as 0", async () => {
  const { metadata } = await read([FILE], {
    schema: { type: "struct", fields: [ID_FIELD] },
    spec: { fields: [] },
  });
  assert.equal(metadata.get("schema-id"), "0");
  assert.equal(metadata.get("partition-spec-id"), "0");
});

Deno.test("encodeManifest() leaves sequence numbers and the first row id null, to be inherited", async () => {
  const { records: [entry] } = await read([FILE], { formatVersion: 3 });
  assert.equal(entry!.status, 1);
  assert.equal(entry!.snapshot_id, BIG_ID);
  assert.equal(entry!.sequence_number, null);
  assert.equal(entry!.file_sequence_number, null);
  assert.equal((entry!.data_file as Record<string, unknown>).first_row_id, null);
});

function pairs(map: unknown): unknown[] {
  return (map as Array<{ key: unknown; value: unknown }>).map(({ key, value }) => [
    key,
    value instanceof Uint8Array ? [...value] : value,
  ]);
}

Deno.test("encodeManifest() writes a file's place, counts, metrics and split offsets", async () => {
  const { records: [entry] } = await read();
  const file = entry!.data_file as Record<string, unknown>;
  assert.equal(file.content, 0);
  assert.equal(file.file_path, FILE.path);
  assert.equal(file.file_format, "PARQUET");
  assert.deepEqual({ ...(file.partition as object) }, {});
  assert.equal(file.record_count, 7n);
  assert.equal(file.file_size_in_bytes, 5_000_000_000n);
  assert.deepEqual(pairs(file.column_sizes), [[1, 40n], [2, 50n]]);
  assert.deepEqual(pairs(file.value_counts), [[1, 7n], [2, 7n]]);
  assert.deepEqual(pairs(file.null_value_counts), [[1, 0n], [2, 7n]]);
  assert.deepEqual(pairs(file.nan_value_counts), [[2, 1n]]);
  assert.deepEqual(pairs(file.lower_bounds), [[1, [1]]]);
  assert.deepEqual(pairs(file.upper_bounds), [[1, [9]]]);
  assert.deepEqual(file.split_offsets, [4n, 3_000_000_000n]);
  for (const absent of ["key_metadata", "equality_ids"]) assert.equal(file[absent], null);
  assert.equal(file.sort_order_id, 0);
});

Deno.test("encodeManifest() writes null for split offsets that a file does not have", async () => {
  const { records: [entry] } = await read([{ ...FILE, splitOffsets: [] }]);
  assert.equal((entry!.data_file as Record<string, unknown>).split_offsets, null);
});

Deno.test("encodeManifest() keeps the order of many files", async () => {
  const files = Array.from({ length: 3000 }, (_, at) => ({ ...FILE, path: `file:///d/${at}` }));
  const { records } = await read(files);
  const paths = records.map((entry) => (entry.data_file as { file_path: string }).file_path);
  assert.deepEqual(paths, files.map((file) => file.path));
});

Deno.test("encodeManifest() refuses a partitioned spec", () => {
  const spec = { "spec-id": 1, fields: [{ name: "d", transform: "day", "source-id": 1 }] };
  assert.throws(() => encodeManifest([FILE], { ...OPTIONS, spec }), RangeError);
});
