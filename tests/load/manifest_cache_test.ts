/** The cache of manifest lists, over real files. */
import assert from "node:assert/strict";
import { StorageError } from "../../lib/errors.ts";
import { ManifestCache } from "../../lib/load/manifest_cache.ts";
import { openFileStore } from "../../lib/store/file_store.ts";
import type { Store } from "../../lib/store/store.ts";
import { encodeManifestList, type ManifestFile } from "../../lib/table/manifest_list.ts";
import type { TableMetadata } from "../../lib/table/metadata.ts";

const MANIFEST: ManifestFile = {
  path: "/t/metadata/m0.avro",
  lengthBytes: 10n,
  partitionSpecId: 0,
  content: 0,
  sequenceNumber: 1n,
  minSequenceNumber: 1n,
  addedSnapshotId: 7n,
  addedFilesCount: 1,
  existingFilesCount: 0,
  deletedFilesCount: 0,
  addedRowsCount: 3n,
  existingRowsCount: 0n,
  deletedRowsCount: 0n,
  partitions: [],
  keyMetadata: undefined,
  firstRowId: undefined,
};

/** Metadata of a table whose head has this manifest list. */
function tableWith(manifestList: string | undefined): TableMetadata {
  const snapshots = manifestList === undefined
    ? []
    : [{ "snapshot-id": 7, "timestamp-ms": 1, "manifest-list": manifestList }];
  return {
    "format-version": 2,
    "table-uuid": "u",
    location: "/t",
    "last-updated-ms": 1,
    "last-column-id": 1,
    schemas: [],
    "current-schema-id": 0,
    "partition-specs": [],
    "default-spec-id": 0,
    snapshots,
    refs: snapshots.length === 0 ? {} : { main: { "snapshot-id": 7, type: "branch" } },
  };
}

/** A directory with a store that counts its reads. */
async function withStore(
  test: (context: { directory: string; store: Store; reads: string[] }) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "ingest-cache-" });
  const files = openFileStore();
  const reads: string[] = [];
  const store: Store = {
    ...files,
    read(location) {
      reads.push(location);
      return files.read(location);
    },
  };
  try {
    await test({ directory, store, reads });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function writeList(store: Store, location: string): Promise<void> {
  const bytes = encodeManifestList([MANIFEST], {
    formatVersion: 2,
    snapshotId: 7n,
    parentSnapshotId: undefined,
    sequenceNumber: 1n,
  });
  await store.write(location, bytes);
}

Deno.test("ManifestCache.manifestsOf() reads nothing for a table without snapshots", async () => {
  await withStore(async ({ store, reads }) => {
    assert.deepEqual(await new ManifestCache(store).manifestsOf(tableWith(undefined)), []);
    assert.deepEqual(reads, []);
  });
});

Deno.test("ManifestCache.manifestsOf() reads a list once, however many ask at once", async () => {
  await withStore(async ({ directory, store, reads }) => {
    const location = `${directory}/list.avro`;
    await writeList(store, location);
    const cache = new ManifestCache(store);
    const table = tableWith(location);
    const answers = await Promise.all([1, 2, 3].map(() => cache.manifestsOf(table)));
    for (const manifests of [...answers, await cache.manifestsOf(table)]) {
      assert.equal(manifests.length, 1);
      assert.equal(manifests[0]?.path, MANIFEST.path);
      assert.equal(manifests[0]?.addedRowsCount, 3n);
    }
    assert.deepEqual(reads, [location]);
  });
});

Deno.test("ManifestCache.keep() spares the reading of a list that was written here", async () => {
  await withStore(async ({ directory, store, reads }) => {
    const cache = new ManifestCache(store);
    cache.keep(`${directory}/own.avro`, [MANIFEST]);
    assert.deepEqual(await cache.manifestsOf(tableWith(`${directory}/own.avro`)), [MANIFEST]);
    assert.deepEqual(reads, []);
  });
});

Deno.test("ManifestCache.manifestsOf() tries again what could not be read", async () => {
  await withStore(async ({ directory, store, reads }) => {
    const location = `${directory}/list.avro`;
    const cache = new ManifestCache(store);
    const table = tableWith(location);
    await assert.rejects(cache.manifestsOf(table), StorageError);
    await store.write(location, new TextEncoder().encode("no Avro"));
    await assert.rejects(cache.manifestsOf(table), (error) => {
      assert.ok(error instanceof StorageError);
      assert.ok(error.message.includes(`manifest list "${location}"`), error.message);
      return true;
    });
    await writeList(store, location);
    assert.equal((await cache.manifestsOf(table)).length, 1);
    assert.equal(reads.length, 3);
  });
});

Deno.test("ManifestCache forgets the oldest lists, so that it stays small", async () => {
  await withStore(async ({ directory, store, reads }) => {
    const cache = new ManifestCache(store);
    const location = (list: number) => `${directory}/${list}.avro`;
    await writeList(store, location(0));
    for (let list = 0; list < 65; list++) cache.keep(location(list), [MANIFEST]);
    await cache.manifestsOf(tableWith(location(64)));
    assert.deepEqual(reads, []);
    await cache.manifestsOf(tableWith(location(0)));
    assert.deepEqual(reads, [location(0)]);
  });
});
