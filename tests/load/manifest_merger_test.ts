/** Manifests merged on the way to a commit, in real tables. */
import assert from "node:assert/strict";
import { openFileStore } from "../../lib/store/file_store.ts";
import { toBigInt } from "../../lib/table/json.ts";
import { decodeManifestList, type ManifestFile } from "../../lib/table/manifest_list.ts";
import { decodeManifest } from "../../lib/table/manifest_reader.ts";
import { branchHead } from "../../lib/table/metadata.ts";
import {
  filesOf,
  liveDataFiles,
  makeChunk,
  makeTable,
  makeWriter,
  pathOf,
  TABLE,
  type TestCatalog,
  withCatalog,
} from "./support.ts";

const MIN_COUNT = "commit.manifest.min-count-to-merge";

async function listed({ client }: TestCatalog) {
  const { metadata } = (await client.loadTable(TABLE))!;
  const head = branchHead(metadata, "main")!;
  const manifests = await decodeManifestList(await openFileStore().read(head["manifest-list"]));
  return { metadata, head, manifests };
}

async function tableOf(catalog: TestCatalog) {
  const table = await listed(catalog);
  return { ...table, dataFiles: await liveDataFiles(table.metadata) };
}

function rowsOf(manifests: readonly ManifestFile[]): number {
  return manifests.reduce(
    (sum, { addedRowsCount, existingRowsCount }) =>
      sum + Number(addedRowsCount + existingRowsCount),
    0,
  );
}

/** Every file below `metadata` is one that some snapshot refers to. */
async function assertNoLitter(catalog: TestCatalog): Promise<void> {
  const { metadata } = await tableOf(catalog);
  const store = openFileStore();
  const named = new Set<string>();
  for (const { "manifest-list": list } of metadata.snapshots ?? []) {
    named.add(list);
    for (const { path } of await decodeManifestList(await store.read(list))) named.add(path);
  }
  const names = [...named].map((location) => pathOf(location).split("/").at(-1)!).sort();
  assert.deepEqual(filesOf(catalog.directory, "metadata"), names);
}

for (const formatVersion of ["2", "3"]) {
  Deno.test(`Committer.commit() merges manifests of a v${formatVersion} table that asks for it, and no file is lost`, async () => {
    await withCatalog(async (catalog) => {
      const table = await makeTable(catalog.client, {
        [MIN_COUNT]: "4",
        "format-version": formatVersion,
      });
      const { committer } = await makeWriter(catalog.uri, table);
      for (let index = 0; index < 14; index++) {
        const { state } = await committer.commit([makeChunk(table, index)]);
        assert.equal(state, "committed");
        const { manifests } = await tableOf(catalog);
        assert.ok(
          manifests.length <= 4,
          `${manifests.length} manifests after ${index + 1} commits`,
        );
        assert.equal(rowsOf(manifests), (index + 1) * 10);
      }
      const { metadata, manifests, dataFiles, head } = await tableOf(catalog);
      assert.equal(new Set(dataFiles).size, 14);
      assert.equal(head.summary?.["total-records"], "140");
      const bySnapshot = new Map(
        metadata.snapshots?.map((one) => [toBigInt(one["snapshot-id"]), one["sequence-number"]]),
      );
      const store = openFileStore();
      let existing = 0;
      for (const { path } of manifests) {
        for (const entry of await decodeManifest(await store.read(path))) {
          if (entry.status !== "existing") continue;
          existing++;
          assert.equal(entry.sequenceNumber, toBigInt(bySnapshot.get(entry.snapshotId!)!));
        }
      }
      assert.ok(existing >= 10, `${existing} existing entries`);
      await assertNoLitter(catalog);
    });
  });
}

Deno.test("Committer.commit() of writers that race merges without losing a file or leaving one behind", async () => {
  await withCatalog(async (catalog) => {
    const table = await makeTable(catalog.client, { [MIN_COUNT]: "3" });
    const writers = await Promise.all(
      Array.from({ length: 4 }, () => makeWriter(catalog.uri, table)),
    );
    await Promise.all(writers.map(async ({ committer }, writer) => {
      for (let index = writer; index < 24; index += writers.length) {
        const { state } = await committer.commit([makeChunk(table, index)]);
        assert.equal(state, "committed");
      }
    }));
    const { manifests, dataFiles, metadata } = await tableOf(catalog);
    assert.equal(new Set(dataFiles).size, 24);
    assert.equal(dataFiles.length, 24);
    assert.equal(metadata.snapshots?.length, 24);
    assert.ok(manifests.length <= 3, `${manifests.length} manifests`);
    await assertNoLitter(catalog);
  });
});

Deno.test("Committer.commit() leaves manifests alone where merging is switched off, or one cannot be read", async () => {
  await withCatalog(async (catalog) => {
    const table = await makeTable(catalog.client, {
      [MIN_COUNT]: "3",
      "commit.manifest-merge.enabled": "false",
    });
    const { committer } = await makeWriter(catalog.uri, table);
    for (let index = 0; index < 5; index++) await committer.commit([makeChunk(table, index)]);
    assert.equal((await tableOf(catalog)).manifests.length, 5);
  });
  await withCatalog(async (catalog) => {
    const table = await makeTable(catalog.client, { [MIN_COUNT]: "3" });
    const { committer } = await makeWriter(catalog.uri, table);
    for (let index = 0; index < 2; index++) await committer.commit([makeChunk(table, index)]);
    const { manifests } = await tableOf(catalog);
    await Deno.writeTextFile(pathOf(manifests[0]!.path), "no Avro");
    const { state } = await committer.commit([makeChunk(table, 2)]);
    assert.equal(state, "committed");
    assert.equal((await listed(catalog)).manifests.length, 3);
  });
});
