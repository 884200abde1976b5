import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type AvroSchema, decodeAvro, encodeAvro } from "../../lib/table/avro.ts";
import { encodeManifest } from "../../lib/table/manifest.ts";
import type { ManifestFile } from "../../lib/table/manifest_list.ts";
import {
  chooseMerges,
  encodeMergedManifest,
  existingEntries,
} from "../../lib/table/manifest_merge.ts";
import { decodeManifest } from "../../lib/table/manifest_reader.ts";
import { manifestEntrySchema } from "../../lib/table/manifest_schema.ts";
import { BIG_ID, ID_FIELD, manifestFile } from "./table_support.ts";

const RULES = {
  isEnabled: true,
  minCount: 4,
  targetBytes: 1000,
  formatVersion: 2,
  partitionSpecId: 0,
  added: 1,
};

/** Manifests of so many bytes each, newest first. */
function listed(...lengths: number[]): ManifestFile[] {
  return lengths.map((length, at) =>
    manifestFile({ path: `m${at}`, lengthBytes: BigInt(length), firstRowId: BigInt(at) })
  );
}

function paths(groups: readonly (readonly ManifestFile[])[]): string[] {
  return groups.map((group) => group.map(({ path }) => path).join(" "));
}

Deno.test("chooseMerges() merges nothing before the manifests are as many as the table asks for", () => {
  assert.deepEqual(chooseMerges(listed(10, 10), RULES), []);
  assert.deepEqual(paths(chooseMerges(listed(10, 10, 10), RULES)), ["m0 m1 m2"]);
});

Deno.test("chooseMerges() merges nothing in a table that has it switched off", () => {
  assert.deepEqual(chooseMerges(listed(10, 10, 10, 10, 10), { ...RULES, isEnabled: false }), []);
});

Deno.test("chooseMerges() fills manifests of the target size from the oldest on, and leaves full ones", () => {
  const groups = chooseMerges(listed(10, 10, 10, 900, 2000, 600, 300), RULES);
  assert.deepEqual(paths(groups), ["m5 m6", "m0 m1 m2 m3"]);
});

Deno.test("chooseMerges() leaves manifests of deletes, of other specs, and those with a key", () => {
  const others = [
    manifestFile({ path: "d", content: 1 }),
    manifestFile({ path: "s", partitionSpecId: 7 }),
    manifestFile({ path: "k", keyMetadata: Uint8Array.of(1) }),
  ];
  assert.deepEqual(chooseMerges([...others, ...listed(10, 10)], RULES), []);
  assert.deepEqual(paths(chooseMerges([...others, ...listed(10, 10, 10)], RULES)), ["m0 m1 m2"]);
});

Deno.test("chooseMerges() leaves manifests of format version 3 that have no row ids yet", () => {
  const upgraded = [...listed(10, 10, 10), manifestFile({ path: "old" })];
  assert.deepEqual(paths(chooseMerges(upgraded, { ...RULES, formatVersion: 3 })), ["m0 m1 m2"]);
});

const FILE = {
  path: "file:///w/t/data/a.parquet",
  recordCount: 7,
  sizeBytes: 500,
  splitOffsets: [4],
  columns: [{
    fieldId: 1,
    sizeBytes: 40,
    valueCount: 7,
    nullCount: 1,
    lowerBound: Uint8Array.of(1),
    upperBound: Uint8Array.of(9),
  }],
};

function optionsOf(formatVersion: number) {
  return {
    formatVersion,
    schema: { type: "struct" as const, "schema-id": 3, fields: [ID_FIELD] },
    spec: { "spec-id": 5, fields: [] },
  };
}

Deno.test("existingEntries() writes out what entries inherit, and keeps all of their files' metrics", async () => {
  const files = [FILE, { ...FILE, path: "b", recordCount: 5 }];
  const bytes = encodeManifest(files, { ...optionsOf(3), snapshotId: BIG_ID });
  const manifest = manifestFile({ sequenceNumber: 12n, firstRowId: 70n });
  const entries = await existingEntries(bytes, manifest);
  const merged = await decodeAvro(encodeMergedManifest(entries, optionsOf(3)));
  const source = await decodeAvro(bytes);
  assert.deepEqual(merged.schema, source.schema);
  assert.deepEqual([...merged.metadata], [...source.metadata]);
  assert.deepEqual(
    merged.records.map(plain),
    source.records.map((record, at) => ({
      ...plain(record),
      status: 0,
      snapshot_id: BIG_ID,
      sequence_number: 12n,
      file_sequence_number: 12n,
      data_file: {
        ...plain(record["data_file"] as Record<string, unknown>),
        first_row_id: [70n, 77n][at],
      },
    })),
  );
});

/** avsc gives records classes of their own. */
function plain<T>(value: T): T {
  if (Array.isArray(value)) return value.map(plain) as T;
  if (typeof value !== "object" || value === null || Buffer.isBuffer(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)])) as T;
}

Deno.test("existingEntries() keeps what entries say themselves, and leaves deleted ones out", async () => {
  const bytes = encodeManifest([FILE], { ...optionsOf(2), snapshotId: BIG_ID });
  const [entry] = (await decodeAvro(bytes)).records.map(plain);
  const own = { ["snapshot_id"]: 8n, ["sequence_number"]: 3n, ["file_sequence_number"]: 4n };
  const schema = manifestEntrySchema(2, { fields: [] });
  const manifest = encodeAvro([
    { ...entry, ...own, status: 0 },
    { ...entry, status: 2, sequence_number: 1n, file_sequence_number: 1n },
  ], { schema, metadata: {} });
  const entries = await existingEntries(manifest, manifestFile({ sequenceNumber: 12n }));
  assert.equal(entries.length, 1);
  const { data_file: _, ...rest } = entries[0]!;
  assert.deepEqual(rest, { status: 0, ...own });
});

/** Another writer's names; the ids are the spec's. */
function renamed(schema: AvroSchema): AvroSchema {
  const text = JSON.stringify(schema, (key, value) => key === "name" ? `x_${value}` : value);
  return JSON.parse(text) as AvroSchema;
}

function renamedRecord(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(renamedRecord);
  if (typeof value !== "object" || value === null || Buffer.isBuffer(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [`x_${key}`, renamedRecord(item)]),
  );
}

Deno.test("existingEntries() finds fields by their ids, whatever their names, in maps too", async () => {
  const bytes = encodeManifest([FILE], { ...optionsOf(2), snapshotId: BIG_ID });
  const source = await decodeAvro(bytes);
  const foreign = encodeAvro(
    source.records.map((record) => renamedRecord(plain(record)) as Record<string, unknown>),
    { schema: renamed(source.schema), metadata: {} },
  );
  const manifest = manifestFile({ sequenceNumber: 12n });
  const [one, other] = [
    await existingEntries(bytes, manifest),
    await existingEntries(foreign, manifest),
  ];
  assert.deepEqual(plain(other), plain(one));
  const merged = await decodeManifest(encodeMergedManifest(other, optionsOf(2)));
  assert.deepEqual(merged, [{
    status: "existing",
    snapshotId: BIG_ID,
    sequenceNumber: 12n,
    content: "data",
    filePath: FILE.path,
    fileFormat: "PARQUET",
    recordCount: 7n,
    fileSizeBytes: 500n,
  }]);
});
