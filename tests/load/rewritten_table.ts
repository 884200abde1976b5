/** What maintenance by others does to a table: manifests merged into one, old snapshots expired. */
import type { CatalogClient } from "../../lib/rest/catalog.ts";
import { openFileStore } from "../../lib/store/file_store.ts";
import { newSnapshotId } from "../../lib/table/append.ts";
import { toBigInt } from "../../lib/table/json.ts";
import { encodeManifest } from "../../lib/table/manifest.ts";
import { decodeManifestList, encodeManifestList } from "../../lib/table/manifest_list.ts";
import { decodeManifest } from "../../lib/table/manifest_reader.ts";
import {
  branchHead,
  currentSchema,
  defaultPartitionSpec,
  type TableMetadata,
} from "../../lib/table/metadata.ts";
import { changeTable, TABLE } from "./support.ts";

/** A catalog, and how its tables are changed. */
export interface RewrittenCatalog {
  readonly uri: string;
  readonly client: CatalogClient;
}

async function metadataOf(client: CatalogClient): Promise<TableMetadata> {
  return (await client.loadTable(TABLE))!.metadata;
}

/** Replaces the head by a snapshot whose one manifest holds all data files, under a foreign name. */
export async function mergeManifests({ uri, client }: RewrittenCatalog): Promise<void> {
  const metadata = await metadataOf(client);
  const store = openFileStore();
  const head = branchHead(metadata, "main")!;
  const parentSnapshotId = toBigInt(head["snapshot-id"]);
  const manifests = await decodeManifestList(await store.read(head["manifest-list"]));
  const entries = await Promise.all(
    manifests.map(async ({ path }) => await decodeManifest(await store.read(path))),
  );
  const files = entries.flat().filter(({ status }) => status !== "deleted").map((entry) => ({
    path: entry.filePath,
    recordCount: Number(entry.recordCount),
    sizeBytes: Number(entry.fileSizeBytes),
    splitOffsets: [4],
    columns: [],
  }));
  const snapshotId = newSnapshotId(metadata);
  const formatVersion = metadata["format-version"];
  const bytes = encodeManifest(files, {
    formatVersion,
    schema: currentSchema(metadata),
    spec: defaultPartitionSpec(metadata),
    snapshotId,
  });
  const path = `${metadata.location}/metadata/${crypto.randomUUID()}-m0.avro`;
  await store.write(path, bytes);
  const sequenceNumber = toBigInt(metadata["last-sequence-number"] ?? 0) + 1n;
  const list = `${metadata.location}/metadata/snap-${snapshotId}-1-${crypto.randomUUID()}.avro`;
  const merged = {
    ...manifests[0]!,
    path,
    lengthBytes: BigInt(bytes.length),
    sequenceNumber,
    addedSnapshotId: snapshotId,
    addedFilesCount: files.length,
    addedRowsCount: BigInt(files.reduce((sum, file) => sum + file.recordCount, 0)),
  };
  const options = { formatVersion, snapshotId, parentSnapshotId, sequenceNumber };
  await store.write(list, encodeManifestList([merged], options));
  await changeTable(uri, [{
    action: "add-snapshot",
    snapshot: {
      "snapshot-id": snapshotId,
      "parent-snapshot-id": parentSnapshotId,
      "sequence-number": sequenceNumber,
      "timestamp-ms": Math.max(Date.now(), metadata["last-updated-ms"]),
      "manifest-list": list,
      "schema-id": metadata["current-schema-id"],
      summary: { operation: "replace" },
    },
  }, {
    action: "set-snapshot-ref",
    "ref-name": "main",
    type: "branch",
    "snapshot-id": snapshotId,
  }]);
}

/** Expires every snapshot but the newest `kept` of the branch. */
export async function expireSnapshots(
  { uri, client }: RewrittenCatalog,
  kept = 1,
): Promise<void> {
  const { snapshots = [] } = await metadataOf(client);
  const oldest = snapshots
    .toSorted((one, other) =>
      Number(one["sequence-number"] ?? 0) - Number(other["sequence-number"] ?? 0)
    )
    .slice(0, -kept);
  await changeTable(uri, [{
    action: "remove-snapshots",
    "snapshot-ids": oldest.map((snapshot) => snapshot["snapshot-id"]),
  }]);
}

/** Sets the branch back to the first snapshot in the metadata. */
export async function rollBack({ uri, client }: RewrittenCatalog): Promise<void> {
  const { snapshots = [] } = await metadataOf(client);
  await changeTable(uri, [{
    action: "set-snapshot-ref",
    "ref-name": "main",
    type: "branch",
    "snapshot-id": snapshots[0]!["snapshot-id"],
  }]);
}
