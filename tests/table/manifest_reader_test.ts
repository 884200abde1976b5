import assert from "node:assert/strict";
import { type AvroSchema, encodeAvro } from "../../lib/table/avro.ts";
import type { DataFile } from "../../lib/table/data_file.ts";
import { encodeManifest } from "../../lib/table/manifest.ts";
import { decodeManifest } from "../../lib/table/manifest_reader.ts";
import { BIG_ID, ID_FIELD } from "./table_support.ts";

const FILE: DataFile = {
  path: "file:///w/t/data/a.parquet",
  recordCount: 7,
  sizeBytes: 5_000_000_000,
  splitOffsets: [4],
  columns: [{ fieldId: 1, valueCount: 7 }],
};

Deno.test("decodeManifest() reads what encodeManifest() writes", async () => {
  for (const formatVersion of [2, 3]) {
    const bytes = encodeManifest([FILE, { ...FILE, path: "s3://b/é", recordCount: 0 }], {
      formatVersion,
      schema: { type: "struct", "schema-id": 0, fields: [ID_FIELD] },
      spec: { "spec-id": 0, fields: [] },
      snapshotId: BIG_ID,
    });
    const entry = {
      status: "added",
      snapshotId: BIG_ID,
      sequenceNumber: undefined,
      content: "data",
      filePath: FILE.path,
      fileFormat: "PARQUET",
      recordCount: 7n,
      fileSizeBytes: 5_000_000_000n,
    };
    assert.deepEqual(await decodeManifest(bytes), [
      entry,
      { ...entry, filePath: "s3://b/é", recordCount: 0n },
    ]);
  }
});

/** The fields that every version demands, under other names; version 1 knows no content. */
function foreignSchema(options: { readonly withContent: boolean }): AvroSchema {
  return {
    type: "record",
    name: "manifest_entry",
    fields: [
      { name: "state", type: "int", "field-id": 0 },
      { name: "snapshot", type: ["null", "long"], "field-id": 1 },
      ...(options.withContent ? [{ name: "sequence", type: ["null", "long"], "field-id": 3 }] : []),
      {
        name: "file",
        "field-id": 2,
        type: {
          type: "record",
          name: "r2",
          fields: [
            ...(options.withContent ? [{ name: "what", type: "int", "field-id": 134 }] : []),
            { name: "place", type: "string", "field-id": 100 },
            { name: "form", type: "string", "field-id": 101 },
            {
              name: "partition",
              "field-id": 102,
              type: {
                type: "record",
                name: "r102",
                fields: [{ name: "d_day", type: ["null", "int"], "field-id": 1000 }],
              },
            },
            { name: "rows", type: "long", "field-id": 103 },
            { name: "bytes", type: "long", "field-id": 104 },
          ],
        },
      },
    ],
  };
}

const FOREIGN_FILE = {
  what: 0,
  place: "s3://b/x.orc",
  form: "orc",
  partition: { d_day: 20_000 },
  rows: 3n,
  bytes: 99n,
};

Deno.test("decodeManifest() reads version 1, which has data files only, by field ids", async () => {
  const bytes = encodeAvro([{ state: 0, snapshot: null, file: FOREIGN_FILE }], {
    schema: foreignSchema({ withContent: false }),
    metadata: {},
  });
  assert.deepEqual(await decodeManifest(bytes), [{
    status: "existing",
    snapshotId: undefined,
    sequenceNumber: undefined,
    content: "data",
    filePath: "s3://b/x.orc",
    fileFormat: "ORC",
    recordCount: 3n,
    fileSizeBytes: 99n,
  }]);
});

Deno.test("decodeManifest() tells every status and content, and sequence numbers that are given", async () => {
  const records = [0, 1, 2].map((code) => ({
    state: code,
    snapshot: BIG_ID,
    sequence: BigInt(code),
    file: { ...FOREIGN_FILE, what: code },
  }));
  const schema = foreignSchema({ withContent: true });
  const entries = await decodeManifest(encodeAvro(records, { schema, metadata: {} }));
  assert.deepEqual(
    entries.map(({ status, content, sequenceNumber }) => [status, content, sequenceNumber]),
    [
      ["existing", "data", 0n],
      ["added", "positionDeletes", 1n],
      ["deleted", "equalityDeletes", 2n],
    ],
  );
});

Deno.test("decodeManifest() refuses other Avro files, and codes that it does not know", async () => {
  const list = encodeAvro([], {
    schema: { type: "record", name: "m", fields: [{ name: "p", type: "string", "field-id": 500 }] },
    metadata: {},
  });
  await assert.rejects(decodeManifest(list), /no field with id 100 \(file_path\)/);
  const schema = foreignSchema({ withContent: true });
  const record = { state: 3, snapshot: null, sequence: null, file: FOREIGN_FILE };
  await assert.rejects(
    decodeManifest(encodeAvro([record], { schema, metadata: {} })),
    /unknown status 3/,
  );
});
