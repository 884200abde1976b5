import assert from "node:assert/strict";
import fc from "fast-check";
import {
  dataDirectory,
  dataFilePath,
  isFileOfLoad,
  LOAD_ID_PATTERN,
  manifestListPath,
  manifestPath,
  metadataDirectory,
  rangeOfFile,
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

const NAME = { loadId: "load.1-a_b", range: { start: 52, end: 3_281_479 } };

Deno.test("dataFilePath() and manifestPath() hold load id and byte range, and are new each time", () => {
  const metadata = tableAt("s3://b/t");
  const data = dataFilePath(metadata, NAME);
  const manifest = manifestPath(metadata, NAME);
  assert.match(data, /^s3:\/\/b\/t\/data\/load\.1-a_b-52-3281479-[0-9a-f-]{36}\.parquet$/);
  assert.match(manifest, /^s3:\/\/b\/t\/metadata\/load\.1-a_b-52-3281479-[0-9a-f-]{36}-m0\.avro$/);
  assert.notEqual(dataFilePath(metadata, NAME), data);
  assert.notEqual(manifestPath(metadata, NAME), manifest);
});

Deno.test("manifestListPath() names snapshot, attempt and load, and is new each time", () => {
  const list = { loadId: "load", snapshotId: BIG_ID, attempt: 3 };
  const path = manifestListPath(tableAt("s3://b/t"), list);
  assert.match(
    path,
    /^s3:\/\/b\/t\/metadata\/snap-9007199254740995-3-load-[0-9a-f-]{36}\.avro$/,
  );
  assert.notEqual(manifestListPath(tableAt("s3://b/t"), list), path);
});

Deno.test("rangeOfFile() reads the range of a load's own data files and manifests only", () => {
  const metadata = tableAt("/w");
  for (const path of [dataFilePath(metadata, NAME), manifestPath(metadata, NAME)]) {
    assert.deepEqual(rangeOfFile(path, NAME.loadId), NAME.range);
    // A load id that is the beginning or the end of another is another one.
    for (const other of ["load", "a_b", "load.1-a_b-52", "load.1-a_b-52-3281479", "loadX1-a_b"]) {
      assert.equal(rangeOfFile(path, other), undefined);
    }
  }
  const uuid = crypto.randomUUID();
  for (const foreign of [`/w/data/00000-1-${uuid}.parquet`, `/w/data/load.1-a_b-${uuid}.parquet`]) {
    assert.equal(rangeOfFile(foreign, NAME.loadId), undefined);
  }
});

Deno.test("isFileOfLoad() knows all files of a load, whatever its id, and no others", () => {
  fc.assert(fc.property(
    fc.stringMatching(LOAD_ID_PATTERN),
    fc.stringMatching(LOAD_ID_PATTERN),
    fc.nat(),
    fc.nat(),
    (loadId, other, start, length) => {
      const metadata = tableAt("/w");
      const name = { loadId, range: { start, end: start + length } };
      const files = [
        dataFilePath(metadata, name),
        manifestPath(metadata, name),
        manifestListPath(metadata, { loadId, snapshotId: BIG_ID, attempt: 1 }),
      ];
      for (const file of files) {
        assert.equal(isFileOfLoad(file, loadId), true);
        if (other !== loadId) assert.equal(isFileOfLoad(file, other), false);
      }
    },
  ));
});
