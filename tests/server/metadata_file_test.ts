import assert from "node:assert/strict";
import {
  MetadataCache,
  metadataText,
  nextMetadataName,
  readMetadataText,
} from "../../lib/server/metadata_file.ts";
import { parseJson } from "../../lib/table/json.ts";
import { newTableMetadata } from "../../lib/table/new_table.ts";

const TABLE = newTableMetadata({
  schema: { type: "struct", fields: [{ id: 1, name: "id", type: "long", required: true }] },
}, { uuid: "u", location: "file:///w/t", nowMs: 7 });

Deno.test("metadataText() writes what readMetadataText() reads, with int64 whole", () => {
  const snapshot = {
    "snapshot-id": 9007199254740995n,
    "timestamp-ms": 1,
    "manifest-list": 'a"b',
    summary: { operation: "append" },
  };
  const metadata = { ...TABLE, "current-snapshot-id": 9007199254740995n, snapshots: [snapshot] };
  for (let time = 0; time < 2; time += 1) {
    const text = metadataText(metadata);
    assert.ok(text.includes('"snapshot-id":9007199254740995,'));
    assert.deepEqual(readMetadataText(text), metadata);
  }
});

Deno.test("nextMetadataName() counts on from the file before", () => {
  const uuid = "[0-9a-f-]{36}\\.metadata\\.json$";
  for (
    const [previous, number] of [
      [undefined, "00000"],
      ["file:///w/t/metadata/00041-aa.metadata.json", "00042"],
      ["file:///w/7/metadata/v9.metadata.json", "00010"],
      ["file:///w/7/metadata/99999-x.metadata.json", "100000"],
      ["file:///w/7/metadata/other.json", "00000"],
    ] as const
  ) {
    assert.match(nextMetadataName(previous), new RegExp(`^${number}-${uuid}`));
  }
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
  const file = (length: number) => ({ metadata: TABLE, text: "x".repeat(length) });
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
