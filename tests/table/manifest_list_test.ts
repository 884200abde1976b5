import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { type AvroSchema, decodeAvro, encodeAvro } from "../../lib/table/avro.ts";
import {
  decodeManifestList,
  encodeManifestList,
  type ManifestFile,
  type ManifestListOptions,
} from "../../lib/table/manifest_list.ts";
import { manifestFileSchema } from "../../lib/table/manifest_schema.ts";
import { BIG_ID, manifestFile } from "./table_support.ts";

const OPTIONS: ManifestListOptions = {
  formatVersion: 2,
  snapshotId: BIG_ID,
  parentSnapshotId: 2n ** 62n,
  sequenceNumber: 12n,
};

/** Byte arrays as such, whatever class they came as. */
function plain(manifests: readonly ManifestFile[]): unknown {
  const bytes = (value: Uint8Array | undefined) => value === undefined ? undefined : [...value];
  return manifests.map((manifest) => ({
    ...manifest,
    keyMetadata: bytes(manifest.keyMetadata),
    partitions: manifest.partitions?.map((summary) => ({
      ...summary,
      lowerBound: bytes(summary.lowerBound),
      upperBound: bytes(summary.upperBound),
    })),
  }));
}

/** `id name type`, a `?` behind optional ones: the table of the spec's section "Manifest Lists". */
const FIELDS = [
  "500 manifest_path string",
  "501 manifest_length long",
  "502 partition_spec_id int",
  "517 content int",
  "515 sequence_number long",
  "516 min_sequence_number long",
  "503 added_snapshot_id long",
  "504 added_files_count int",
  "505 existing_files_count int",
  "506 deleted_files_count int",
  "512 added_rows_count long",
  "513 existing_rows_count long",
  "514 deleted_rows_count long",
  "507 partitions array?",
  "519 key_metadata bytes?",
];

const SUMMARY_FIELDS = [
  "509 contains_null boolean",
  "518 contains_nan boolean?",
  "510 lower_bound bytes?",
  "511 upper_bound bytes?",
];

interface FieldSchema {
  readonly name: string;
  readonly type: unknown;
  readonly default?: unknown;
  readonly "field-id": number;
}

interface ListSchema {
  readonly items: { readonly fields: FieldSchema[] };
  readonly "element-id": number;
}

function describe(fields: readonly FieldSchema[]): string[] {
  return fields.map((field) => {
    const optional = Array.isArray(field.type);
    if (optional) assert.equal(field.default, null);
    const type = optional ? (field.type as unknown[])[1] : field.type;
    const name = typeof type === "string" ? type : (type as { type: string }).type;
    return `${field["field-id"]} ${field.name} ${name}${optional ? "?" : ""}`;
  });
}

Deno.test("encodeManifestList() gives every field the spec's id, type and nullability", async () => {
  for (const formatVersion of [2, 3]) {
    const { schema } = await decodeAvro(
      encodeManifestList([], { ...OPTIONS, formatVersion }),
    );
    const { fields } = schema as unknown as { fields: FieldSchema[] };
    const rowLineage = formatVersion === 3 ? ["520 first_row_id long?"] : [];
    assert.deepEqual(describe(fields), [...FIELDS, ...rowLineage]);
    const partitions = fields.find((field) => field.name === "partitions")!;
    const list = (partitions.type as unknown[])[1] as ListSchema;
    assert.equal(list["element-id"], 508);
    assert.deepEqual(describe(list.items.fields), SUMMARY_FIELDS);
  }
});

async function headerOf(options: ManifestListOptions): Promise<Record<string, string>> {
  const { metadata } = await decodeAvro(encodeManifestList([manifestFile()], options));
  const own = [...metadata].filter(([key]) => !key.startsWith("avro."));
  return Object.fromEntries(own);
}

Deno.test("encodeManifestList() says in its header which snapshot it belongs to", async () => {
  assert.deepEqual(await headerOf(OPTIONS), {
    "snapshot-id": "9007199254740995",
    "parent-snapshot-id": "4611686018427387904",
    "sequence-number": "12",
    "format-version": "2",
  });
});

Deno.test("encodeManifestList() writes the text null for a parent that is not there", async () => {
  const header = await headerOf({ ...OPTIONS, parentSnapshotId: undefined });
  assert.equal(header["parent-snapshot-id"], "null");
});

Deno.test("encodeManifestList() names the first row id from format version 3 on", async () => {
  const header = await headerOf({ ...OPTIONS, formatVersion: 3, firstRowId: 70n });
  assert.equal(header["first-row-id"], "70");
  assert.equal(header["format-version"], "3");
});

const INT64 = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
const COUNT = fc.nat();
const BYTES = fc.option(fc.uint8Array({ maxLength: 8 }), { nil: undefined });
const MANIFEST: fc.Arbitrary<ManifestFile> = fc.record({
  path: fc.string({ unit: "binary" }),
  lengthBytes: INT64,
  partitionSpecId: COUNT,
  content: fc.constantFrom(0, 1),
  sequenceNumber: INT64,
  minSequenceNumber: INT64,
  addedSnapshotId: INT64,
  addedFilesCount: COUNT,
  existingFilesCount: COUNT,
  deletedFilesCount: COUNT,
  addedRowsCount: INT64,
  existingRowsCount: INT64,
  deletedRowsCount: INT64,
  partitions: fc.option(
    fc.array(
      fc.record({
        containsNull: fc.boolean(),
        containsNan: fc.option(fc.boolean(), { nil: undefined }),
        lowerBound: BYTES,
        upperBound: BYTES,
      }, { noNullPrototype: true }),
      { maxLength: 3 },
    ),
    { nil: undefined },
  ),
  keyMetadata: BYTES,
  firstRowId: fc.option(INT64, { nil: undefined }),
}, { noNullPrototype: true });

Deno.test("decodeManifestList() gives back what encodeManifestList() was given", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(MANIFEST, { maxLength: 8 }), async (manifests) => {
      const bytes = encodeManifestList(manifests, { ...OPTIONS, formatVersion: 3 });
      assert.deepEqual(plain(await decodeManifestList(bytes)), plain(manifests));
    }),
    { numRuns: 40 },
  );
});

interface MutableField {
  name: string;
  type: unknown;
  "field-id"?: number;
}

/** A list as another writer makes it: our schema, changed, and one record in that schema. */
function foreignList(
  change: (fields: MutableField[]) => MutableField[],
  entry: Record<string, unknown> = record(),
): Uint8Array {
  const schema = structuredClone(manifestFileSchema(2)) as { fields: MutableField[] };
  schema.fields = change(schema.fields);
  return encodeAvro([entry], { schema: schema as unknown as AvroSchema, metadata: {} });
}

/** What `manifestFile()` is in Avro. */
function record(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    manifest_path: "file:///w/t/metadata/m0.avro",
    manifest_length: 4321n,
    partition_spec_id: 0,
    content: 0,
    sequence_number: 1n,
    min_sequence_number: 1n,
    added_snapshot_id: BIG_ID,
    added_files_count: 1,
    existing_files_count: 0,
    deleted_files_count: 0,
    added_rows_count: 5n,
    existing_rows_count: 0n,
    deleted_rows_count: 0n,
    partitions: [],
    key_metadata: null,
    ...overrides,
  };
}

function renameKeys(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [`x_${key}`, value]));
}

function renameFields(fields: readonly MutableField[]): MutableField[] {
  return fields.map((field) => ({ ...field, name: `x_${field.name}` }));
}

Deno.test("decodeManifestList() finds fields by their ids, whatever their names and order", async () => {
  const bytes = await foreignList((fields) => renameFields(fields).reverse(), renameKeys(record()));
  assert.deepEqual(plain(await decodeManifestList(bytes)), plain([manifestFile()]));
});

Deno.test("decodeManifestList() finds the fields of partition summaries by their ids, too", async () => {
  const summary = renameKeys({
    contains_null: true,
    contains_nan: null,
    lower_bound: Buffer.from([1]),
    upper_bound: Buffer.from([2]),
  });
  const bytes = await foreignList(
    (fields) => {
      const list = (fields.find((field) => field["field-id"] === 507)!.type as unknown[])[1] as {
        items: { fields: MutableField[] };
      };
      list.items.fields = renameFields(list.items.fields);
      return fields;
    },
    record({ partitions: [summary] }),
  );
  const partitions = [{
    containsNull: true,
    containsNan: undefined,
    lowerBound: Uint8Array.of(1),
    upperBound: Uint8Array.of(2),
  }];
  assert.deepEqual(plain(await decodeManifestList(bytes)), plain([manifestFile({ partitions })]));
});

Deno.test("decodeManifestList() takes 0 for what format version 1 did not have", async () => {
  const absent = new Set([515, 516, 517, 519]);
  const bytes = await foreignList(
    (fields) => fields.filter((field) => !absent.has(field["field-id"]!)),
  );
  const expected = manifestFile({ sequenceNumber: 0n, minSequenceNumber: 0n });
  assert.deepEqual(plain(await decodeManifestList(bytes)), plain([expected]));
});

Deno.test("decodeManifestList() throws for an entry without counts, and names the field", async () => {
  const counts = new Map([
    [504, "added_files_count"],
    [505, "existing_files_count"],
    [506, "deleted_files_count"],
    [512, "added_rows_count"],
    [513, "existing_rows_count"],
    [514, "deleted_rows_count"],
  ]);
  for (const [id, name] of counts) {
    const left = await foreignList(
      (fields) => fields.filter((field) => field["field-id"] !== id),
    );
    await assert.rejects(decodeManifestList(left), new RegExp(`no ${name} \\(field ${id}\\)`));
    const nulled = await foreignList(
      (fields) =>
        fields.map((field) =>
          field["field-id"] === id ? { ...field, type: ["null", field.type] } : field
        ),
      record({ [name]: null }),
    );
    await assert.rejects(decodeManifestList(nulled), new RegExp(`no ${name} \\(field ${id}\\)`));
  }
});

Deno.test("decodeManifestList() throws for Avro that is no manifest list, and for no Avro", async () => {
  const schema = { type: "record", name: "r", fields: [{ name: "a", type: "int" }] };
  const other = encodeAvro([{ a: 1 }], { schema, metadata: {} });
  await assert.rejects(decodeManifestList(other), /no field with id 500/);
  await assert.rejects(decodeManifestList(new TextEncoder().encode("<html>")), Error);
});
