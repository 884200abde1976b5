import assert from "node:assert/strict";
import {
  branchHead,
  currentSchema,
  defaultPartitionSpec,
  type SnapshotJson,
  type TableMetadata,
} from "../../lib/table/metadata.ts";
import { BIG_ID, emptyTable, NOW_MS } from "./table_support.ts";

function snapshot(id: number | bigint): SnapshotJson {
  return { "snapshot-id": id, "timestamp-ms": NOW_MS, "manifest-list": `file:///l/${id}.avro` };
}

function withBranch(overrides: Partial<TableMetadata>): TableMetadata {
  return emptyTable(2, { snapshots: [snapshot(5), snapshot(BIG_ID)], ...overrides });
}

Deno.test("branchHead() finds the snapshot of a branch, whichever number type its id came as", () => {
  const metadata = withBranch({
    refs: {
      main: { "snapshot-id": BIG_ID, type: "branch" },
      audit: { "snapshot-id": 5n, type: "branch" },
    },
  });
  assert.equal(branchHead(metadata, "main")?.["snapshot-id"], BIG_ID);
  assert.equal(branchHead(metadata, "audit")?.["snapshot-id"], 5);
});

Deno.test("branchHead() of main falls back to current-snapshot-id, and no other branch does", () => {
  const metadata = withBranch({ refs: {}, "current-snapshot-id": 5 });
  assert.equal(branchHead(metadata, "main")?.["snapshot-id"], 5);
  assert.equal(branchHead(metadata, "audit"), undefined);
});

Deno.test("branchHead() takes null and -1 for a branch without a snapshot", () => {
  for (const id of [null, -1, -1n]) {
    assert.equal(
      branchHead(withBranch({ refs: {}, "current-snapshot-id": id }), "main"),
      undefined,
    );
  }
  assert.equal(branchHead(emptyTable(), "main"), undefined);
});

Deno.test("branchHead() throws when the branch names a snapshot that is not there", () => {
  const refs = { main: { "snapshot-id": 7, type: "branch" } } as const;
  assert.throws(() => branchHead(withBranch({ refs }), "main"), {
    name: "RangeError",
    message: /branch "main" names snapshot 7/,
  });
});

Deno.test("currentSchema() picks by id; a schema without one counts as 0", () => {
  const metadata = emptyTable(2, {
    schemas: [{ type: "struct", fields: [] }, { type: "struct", "schema-id": 4, fields: [] }],
  });
  assert.equal(currentSchema({ ...metadata, "current-schema-id": 0 }), metadata.schemas[0]);
  assert.equal(currentSchema({ ...metadata, "current-schema-id": 4 }), metadata.schemas[1]);
  assert.throws(() => currentSchema({ ...metadata, "current-schema-id": 1 }), RangeError);
});

Deno.test("defaultPartitionSpec() picks by id; a spec without one counts as 0", () => {
  const metadata = emptyTable(2, {
    "partition-specs": [{ fields: [] }, { "spec-id": 2, fields: [] }],
  });
  const specs = metadata["partition-specs"];
  assert.equal(defaultPartitionSpec({ ...metadata, "default-spec-id": 0 }), specs[0]);
  assert.equal(defaultPartitionSpec({ ...metadata, "default-spec-id": 2 }), specs[1]);
  assert.throws(() => defaultPartitionSpec({ ...metadata, "default-spec-id": 1 }), RangeError);
});
