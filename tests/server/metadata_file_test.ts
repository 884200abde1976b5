import assert from "node:assert/strict";
import {
  decodeMetadataBytes,
  MetadataCache,
  nextMetadataLocation,
  packMetadata,
  readMetadataText,
} from "../../lib/server/metadata_file.ts";
import { metadataBytes } from "../../lib/server/metadata_bytes.ts";
import { parseJson } from "../../lib/table/json.ts";
import type { TableMetadata } from "../../lib/table/metadata.ts";
import { newTableMetadata } from "../../lib/table/new_table.ts";

function metadataText(metadata: TableMetadata): string {
  return new TextDecoder().decode(metadataBytes(metadata));
}

const TABLE = newTableMetadata({
  schema: { type: "struct", fields: [{ id: 1, name: "id", type: "long", required: true }] },
}, { uuid: "u", location: "file:///w/t", nowMs: 7 });

Deno.test("metadataBytes() writes what readMetadataText() reads, with int64 whole", () => {
  const snapshot = {
    "snapshot-id": 9007199254740995n,
    "timestamp-ms": 1,
    "manifest-list": 'a"b',
    summary: { operation: "append" },
  };
  const metadata = {
    ...TABLE,
    "current-snapshot-id": 9007199254740995n,
    snapshots: [snapshot],
    refs: { main: { "snapshot-id": 9007199254740995n, type: "branch" as const } },
  };
  for (let time = 0; time < 2; time += 1) {
    const text = metadataText(metadata);
    assert.ok(text.includes('"snapshot-id":9007199254740995,'));
    assert.deepEqual(readMetadataText(text), metadata);
  }
});

Deno.test("nextMetadataLocation() counts on from the file before", () => {
  const uuid = "[0-9a-f-]{36}\\.metadata\\.json$";
  for (
    const [previous, number] of [
      [undefined, "00000"],
      ["file:///w/t/metadata/00041-aa.metadata.json", "00042"],
      ["file:///w/7/metadata/00007-aa.gz.metadata.json", "00008"],
      ["file:///w/7/metadata/v9.metadata.json", "00010"],
      ["file:///w/7/metadata/99999-x.metadata.json", "100000"],
      ["file:///w/7/metadata/other.json", "00000"],
    ] as const
  ) {
    const pattern = new RegExp(`^file:///w/t/metadata/${number}-${uuid}`);
    assert.match(nextMetadataLocation(TABLE, previous), pattern);
  }
});

Deno.test("nextMetadataLocation() goes where the table's properties say, packed as they say", () => {
  const of = (properties: Record<string, string>) =>
    nextMetadataLocation({ location: "file:///w/t", properties });
  assert.match(of({ "write.metadata.path": "file:///w/m/" }), /^file:\/\/\/w\/m\/00000-[^/]*$/);
  assert.match(of({ "write.metadata.compression-codec": "GZIP" }), /\.gz\.metadata\.json$/);
  assert.match(of({ "write.metadata.compression-codec": "none" }), /[0-9a-f]\.metadata\.json$/);
  assert.throws(() => of({ "write.metadata.compression-codec": "zstd" }), /neither none nor gzip/);
});

Deno.test("packMetadata() packs what is named so, and decodeMetadataBytes() unpacks it", async () => {
  const text = metadataText(TABLE);
  const packed = await packMetadata(
    metadataBytes(TABLE),
    "file:///w/t/metadata/00001-u.gz.metadata.json",
  );
  const plain = await packMetadata(
    metadataBytes(TABLE),
    "file:///w/t/metadata/00001-u.metadata.json",
  );
  assert.equal(new TextDecoder().decode(plain), text);
  assert.deepEqual([...packed.subarray(0, 2)], [0x1f, 0x8b]);
  for (const bytes of [packed, plain]) assert.equal(await decodeMetadataBytes(bytes), text);
});

Deno.test("readMetadataText() refuses what is no metadata", () => {
  const good = parseJson(metadataText(TABLE)) as Record<string, unknown>;
  for (const key of ["format-version", "location", "schemas", "table-uuid", "partition-specs"]) {
    const { [key]: _, ...rest } = good;
    assert.throws(() => readMetadataText(JSON.stringify(rest)), { name: "MetadataError" }, key);
  }
  assert.throws(() => readMetadataText(JSON.stringify({ ...good, "format-version": 4 })), /v4/);
  assert.throws(() => readMetadataText("{"), /no JSON/);
});

Deno.test("MetadataCache lets go of what was not used for longest", () => {
  const file = (length: number) => ({ metadata: TABLE, bytes: new Uint8Array(length) });
  const cache = new MetadataCache(10);
  cache.set("a", file(4));
  cache.set("b", file(4));
  cache.get("a");
  cache.set("c", file(4));
  assert.equal(cache.get("b"), undefined);
  assert.ok(cache.get("a"));
  cache.set("huge", file(11));
  assert.equal(cache.get("huge"), undefined);
  cache.set("d", file(10));
  cache.delete("d");
  cache.set("e", file(10));
  assert.ok(cache.get("e"));
});

Deno.test("metadataBytes() writes what JSON would, however a history goes on, is cut or forks", () => {
  const snapshot = (id: number) => ({
    "snapshot-id": id,
    "timestamp-ms": id,
    "manifest-list": `file:///w/t/metadata/snap-${id}-é-\u{1f600}.avro`,
  });
  const all = Array.from({ length: 300 }, (_, index) => snapshot(index));
  const own = snapshot(1000);
  const histories = [
    [],
    all.slice(0, 1),
    all.slice(0, 200),
    all,
    // Another commit on the same base, one on an older base, and histories that were cut.
    [...all.slice(0, 299), own],
    [...all.slice(0, 10), own],
    all,
    all.slice(50),
    all.slice(50, 60),
    all.slice(0, 2),
    [all[0]!, all[7]!, all[3]!],
  ];
  for (const snapshots of histories) {
    const metadata = { ...TABLE, snapshots };
    assert.deepEqual(JSON.parse(metadataText(metadata)), JSON.parse(JSON.stringify(metadata)));
  }
});
