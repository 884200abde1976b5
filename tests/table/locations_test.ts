import assert from "node:assert/strict";
import {
  chunkFileNames,
  dataDirectory,
  manifestListPath,
  metadataDirectory,
} from "../../lib/table/locations.ts";
import type { TableMetadata } from "../../lib/table/metadata.ts";
import { BIG_ID, emptyTable } from "./table_support.ts";

function tableAt(location: string, properties: Record<string, string> = {}): TableMetadata {
  return emptyTable(2, { location, properties });
}

Deno.test("dataDirectory() and metadataDirectory() lie below the table's location", () => {
  for (const location of ["s3://b/w/t", "s3://b/w/t/", "s3://b/w/t//"]) {
    assert.equal(dataDirectory(tableAt(location)), "s3://b/w/t/data");
    assert.equal(metadataDirectory(tableAt(location)), "s3://b/w/t/metadata");
  }
});

Deno.test("dataDirectory() follows write.data.path, and the older property behind it", () => {
  const older = { "write.folder-storage.path": "s3://b/older/" };
  assert.equal(dataDirectory(tableAt("s3://b/t", older)), "s3://b/older");
  const both = { ...older, "write.data.path": "s3://c/data//" };
  assert.equal(dataDirectory(tableAt("s3://b/t", both)), "s3://c/data");
  assert.equal(metadataDirectory(tableAt("s3://b/t", both)), "s3://b/t/metadata");
});

Deno.test("metadataDirectory() follows write.metadata.path", () => {
  const metadata = tableAt("s3://b/t", { "write.metadata.path": "s3://c/meta/" });
  assert.equal(metadataDirectory(metadata), "s3://c/meta");
  assert.equal(dataDirectory(metadata), "s3://b/t/data");
});

Deno.test("chunkFileNames() holds load id and chunk, and is new for each attempt", () => {
  const names = chunkFileNames(tableAt("s3://b/t"), { loadId: "load", index: 7 });
  assert.equal(names.dataFile("u1"), "s3://b/t/data/load-00007-u1.parquet");
  assert.equal(names.manifest("u1"), "s3://b/t/metadata/load-00007-u1-m0.avro");
  assert.notEqual(names.dataFile("u1"), names.dataFile("u2"));
});

Deno.test("chunkFileNames() has room for more than 100,000 chunks", () => {
  const names = chunkFileNames(tableAt("/w"), { loadId: "load", index: 1_234_567 });
  assert.equal(names.dataFile("u"), "/w/data/load-1234567-u.parquet");
});

Deno.test("manifestListPath() names snapshot and attempt", () => {
  const list = { snapshotId: BIG_ID, attempt: 3, attemptId: "u" };
  assert.equal(
    manifestListPath(tableAt("s3://b/t"), list),
    "s3://b/t/metadata/snap-9007199254740995-3-u.avro",
  );
});
