import assert from "node:assert/strict";
import { join } from "node:path";
import { SchemaError, StorageError } from "../../lib/errors.ts";
import { openFileStore } from "../../lib/store/file_store.ts";
import { type AvroSchema, encodeAvro } from "../../lib/table/avro.ts";
import { dataFilePath } from "../../lib/table/locations.ts";
import { encodeManifest } from "../../lib/table/manifest.ts";
import { encodeManifestList, type ManifestFile } from "../../lib/table/manifest_list.ts";
import { manifestEntrySchema } from "../../lib/table/manifest_schema.ts";
import type { TableMetadata } from "../../lib/table/metadata.ts";
import { listTableFiles } from "../../lib/verify/table_files.ts";
import { BIG_ID, emptyTable, ID_FIELD, manifestFile } from "../table/table_support.ts";

/** A manifest in a test's directory: its entry in the list, and its bytes. */
interface TestManifest {
  readonly listed?: Partial<ManifestFile>;
  readonly bytes: Uint8Array;
}

async function listFiles(
  manifests: readonly TestManifest[],
  loadId?: string,
): Promise<ReadonlyArray<readonly [path: string, rows: number]>> {
  const directory = await Deno.makeTempDir({ prefix: "lakekeeper_ingest_verify_" });
  try {
    const store = openFileStore();
    const listed: ManifestFile[] = [];
    for (const [at, { listed: changes, bytes }] of manifests.entries()) {
      const path = join(directory, `m${at}.avro`);
      await store.write(path, bytes);
      listed.push(manifestFile({ path, ...changes }));
    }
    const list = join(directory, "list.avro");
    await store.write(
      list,
      encodeManifestList(listed, {
        formatVersion: 2,
        snapshotId: BIG_ID,
        parentSnapshotId: undefined,
        sequenceNumber: 1n,
      }),
    );
    const files = await listTableFiles(withHead(list), { store, table: "a.b", loadId });
    return files.map(({ path, recordCount }) => [path, recordCount]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function withHead(manifestList: string): TableMetadata {
  return emptyTable(2, {
    "current-snapshot-id": BIG_ID,
    refs: { main: { "snapshot-id": BIG_ID, type: "branch" } },
    snapshots: [{ "snapshot-id": BIG_ID, "timestamp-ms": 1, "manifest-list": manifestList }],
  });
}

function added(...paths: string[]): TestManifest {
  const bytes = encodeManifest(
    paths.map((path, at) => ({
      path,
      recordCount: at + 1,
      sizeBytes: 9,
      splitOffsets: [],
      columns: [],
    })),
    {
      formatVersion: 2,
      schema: { type: "struct", "schema-id": 0, fields: [ID_FIELD] },
      spec: { "spec-id": 0, fields: [] },
      snapshotId: BIG_ID,
    },
  );
  return { bytes };
}

/** A manifest with one entry of any kind. */
function entry(
  of: { readonly status?: number; readonly content?: number; readonly format?: string },
  listed: Partial<ManifestFile> = {},
): TestManifest {
  const schema: AvroSchema = manifestEntrySchema(2, { fields: [] });
  const absent = Object.fromEntries(
    ["column_sizes", "value_counts", "null_value_counts", "nan_value_counts", "lower_bounds"]
      .concat("upper_bounds", "key_metadata", "split_offsets", "equality_ids", "sort_order_id")
      .map((name) => [name, null]),
  );
  const bytes = encodeAvro([{
    status: of.status ?? 1,
    snapshot_id: BIG_ID,
    sequence_number: null,
    file_sequence_number: null,
    data_file: {
      ...absent,
      content: of.content ?? 0,
      file_path: "file:///w/t/data/x",
      file_format: of.format ?? "PARQUET",
      partition: {},
      record_count: 4n,
      file_size_in_bytes: 9n,
    },
  }], { schema, metadata: {} });
  return { bytes, listed };
}

Deno.test("listTableFiles() finds no file in a table without a snapshot", async () => {
  const store = openFileStore();
  const options = { store, table: "a.b", loadId: undefined };
  assert.deepEqual(await listTableFiles(emptyTable(), options), []);
});

Deno.test("listTableFiles() lists the live files of many manifests, and no deleted ones", async () => {
  const manifests = await Promise.all(
    Array.from({ length: 20 }, (_, at) => added(`a${at}`, `b${at}`)),
  );
  const files = await listFiles([
    ...manifests,
    await entry({ status: 2 }, { addedFilesCount: 1, deletedFilesCount: 1 }),
    await entry({ status: 0, format: "parquet" }),
    { bytes: new Uint8Array(3), listed: { addedFilesCount: 0, deletedFilesCount: 1 } },
  ]);
  assert.deepEqual(files, [
    ...Array.from({ length: 20 }, (_, at) => [[`a${at}`, 1], [`b${at}`, 2]]).flat(),
    ["file:///w/t/data/x", 4],
  ]);
});

Deno.test("listTableFiles() takes only the files of a load when one is named", async () => {
  const range = { start: 0, end: 10 };
  const mine = dataFilePath(emptyTable(), { loadId: "load-1", range });
  const theirs = dataFilePath(emptyTable(), { loadId: "load-1-2", range });
  const manifest = await added(mine, theirs, "file:///w/t/data/of-another-writer.parquet");
  assert.deepEqual(await listFiles([manifest], "load-1"), [[mine, 1]]);
  assert.deepEqual(await listFiles([manifest], "load"), []);
});

Deno.test("listTableFiles() says that delete files and other formats are not read", async () => {
  const refused: ReadonlyArray<readonly [TestManifest, RegExp]> = [
    [await entry({ content: 1 }, { content: 1 }), /the table has delete files/],
    [await entry({ content: 2 }, { content: 1 }), /the table has delete files/],
    [await entry({ content: 0 }, { content: 1 }), /the table has delete files/],
    [await entry({ format: "ORC" }), /data files of format ORC; only Parquet is read/],
  ];
  for (const [manifest, message] of refused) {
    await assert.rejects(listFiles([await added("a"), manifest], "load-1"), (error) => {
      assert.ok(error instanceof SchemaError);
      assert.equal(error.exitCode, 3);
      assert.match(error.message, message);
      return true;
    });
  }
  assert.deepEqual(await listFiles([await entry({ content: 1, status: 2 }, { content: 1 })]), []);
});

Deno.test("listTableFiles() names a manifest that it cannot read", async () => {
  await assert.rejects(listFiles([{ bytes: new Uint8Array(100) }]), (error) => {
    assert.ok(error instanceof StorageError);
    assert.match(error.message, /^Cannot read manifest ".*m0\.avro": /);
    return true;
  });
});
