import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type AppendAttempt,
  type AppendBase,
  buildAppend,
  MAIN_BRANCH,
  metadataAfter,
  newSnapshotId,
  type PreparedAppend,
} from "../../lib/table/append.ts";
import { toBigInt } from "../../lib/table/json.ts";
import { branchHead, type SnapshotJson, type TableMetadata } from "../../lib/table/metadata.ts";
import { checkRequirements } from "../../lib/table/requirements.ts";
import { applyUpdates } from "../../lib/table/updates.ts";
import { BIG_ID, emptyTable, manifestFile, NOW_MS } from "./table_support.ts";

const PREPARED: PreparedAppend = {
  snapshotId: BIG_ID,
  manifests: [{
    path: "file:///w/t/metadata/new-m0.avro",
    lengthBytes: 999,
    partitionSpecId: 0,
    files: 1,
    rows: 10,
  }],
  schemaId: 0,
  addedFiles: 1,
  addedRows: 10,
  addedSizeBytes: 1000,
  summary: { "engine-name": "lakekeeper-ingest" },
};

/** The manifests of a commit that adds so many rows in one file. */
function manifestsOf(rows: number): PreparedAppend["manifests"] {
  return PREPARED.manifests.map((manifest) => ({ ...manifest, rows }));
}

function build(
  base: Partial<AppendBase> & { readonly metadata: TableMetadata },
  prepared: Partial<PreparedAppend> = {},
  options: { readonly nowMs?: number; readonly manifestListPath?: string } = {},
): AppendAttempt {
  return buildAppend({ manifests: [], ...base }, { ...PREPARED, ...prepared }, {
    manifestListPath: "file:///w/t/metadata/snap-1.avro",
    nowMs: NOW_MS + 50,
    ...options,
  });
}

/** The table after a catalog took the attempt, which checks the requirements first. */
function land(metadata: TableMetadata, attempt: AppendAttempt): TableMetadata {
  assert.equal(checkRequirements(metadata, attempt.request.requirements), undefined);
  return applyUpdates(metadata, attempt.request.updates, {
    nowMs: attempt.snapshot["timestamp-ms"],
  });
}

/** A table with one snapshot of one file. */
function tableWithHead(
  formatVersion = 2,
  snapshot: Partial<SnapshotJson> = {},
): { metadata: TableMetadata; manifests: AppendAttempt["manifests"] } {
  const metadata = emptyTable(formatVersion);
  const attempt = build({ metadata }, {
    snapshotId: 7n,
    manifests: manifestsOf(5),
    addedRows: 5,
    addedSizeBytes: 500,
  });
  const landed = land(metadata, attempt);
  const [head] = landed.snapshots!;
  return {
    metadata: { ...landed, snapshots: [{ ...head!, ...snapshot }] },
    manifests: attempt.manifests,
  };
}

Deno.test("buildAppend() begins a branch: null is asserted and no parent named", () => {
  const { request, snapshot, parentSnapshotId } = build({ metadata: emptyTable() });
  const requirement = request.requirements.find(({ type }) => type === "assert-ref-snapshot-id");
  assert.deepEqual(requirement, {
    type: "assert-ref-snapshot-id",
    ref: "main",
    "snapshot-id": null,
  });
  assert.equal("parent-snapshot-id" in snapshot, false);
  assert.equal(parentSnapshotId, undefined);
  assert.match(JSON.stringify(requirement), /"snapshot-id":null/);
});

Deno.test("buildAppend() goes on from the head: its id is asserted and named as parent", () => {
  const base = tableWithHead();
  const { request, snapshot, parentSnapshotId } = build(base);
  assert.deepEqual(request.requirements, [
    { type: "assert-table-uuid", uuid: base.metadata["table-uuid"] },
    { type: "assert-ref-snapshot-id", ref: "main", "snapshot-id": 7n },
    { type: "assert-current-schema-id", "current-schema-id": 0 },
  ]);
  assert.equal(snapshot["parent-snapshot-id"], 7n);
  assert.equal(parentSnapshotId, 7n);
});

Deno.test("buildAppend() asserts the table's current schema id", () => {
  const metadata = emptyTable(2, { "current-schema-id": 4 });
  const { request, snapshot } = build({ metadata }, { schemaId: 4 });
  const requirement = request.requirements.find(({ type }) => type === "assert-current-schema-id");
  assert.deepEqual(requirement, { type: "assert-current-schema-id", "current-schema-id": 4 });
  assert.equal(snapshot["schema-id"], 4);
});

Deno.test("buildAppend() adds the snapshot and moves main to it, and does nothing else", () => {
  const { request, snapshot } = build(tableWithHead());
  assert.deepEqual(request.updates, [
    { action: "add-snapshot", snapshot },
    {
      action: "set-snapshot-ref",
      "ref-name": MAIN_BRANCH,
      type: "branch",
      "snapshot-id": PREPARED.snapshotId,
    },
  ]);
});

Deno.test("buildAppend() puts the new manifest beside the head's, which stay as they are", () => {
  const metadata = emptyTable(2, { "last-sequence-number": 41 });
  const kept = [
    manifestFile({ path: "file:///one.avro", sequenceNumber: 3n, minSequenceNumber: 2n }),
    manifestFile({ path: "file:///deletes.avro", content: 1 }),
  ];
  const [manifest] = PREPARED.manifests;
  const attempt = build({ metadata, manifests: kept }, {
    manifests: [{ ...manifest!, files: 3 }],
  });
  assert.equal(attempt.sequenceNumber, 42n);
  assert.equal(attempt.snapshot["sequence-number"], 42n);
  assert.deepEqual(attempt.manifests, [
    manifestFile({
      path: manifest!.path,
      lengthBytes: 999n,
      sequenceNumber: 42n,
      minSequenceNumber: 42n,
      addedSnapshotId: PREPARED.snapshotId,
      addedFilesCount: 3,
      addedRowsCount: 10n,
    }),
    ...kept,
  ]);
});

Deno.test("buildAppend() summarises what is added, made and kept, all as text", () => {
  const base = tableWithHead();
  const { summary } = build(base, { addedFiles: 2 }).snapshot;
  assert.deepEqual(summary, {
    operation: "append",
    "engine-name": "lakekeeper-ingest",
    "added-data-files": "2",
    "added-records": "10",
    "added-files-size": "1000",
    "changed-partition-count": "1",
    "total-data-files": "3",
    "total-records": "15",
    "total-files-size": "1500",
    "total-delete-files": "0",
    "total-position-deletes": "0",
    "total-equality-deletes": "0",
    "manifests-created": "1",
    "manifests-kept": "1",
    "manifests-replaced": "0",
  });
});

Deno.test("buildAppend() lets no summary key of the caller's take the place of its own", () => {
  const summary = { operation: "delete", "added-records": "999", "total-records": "1" };
  const { summary: written } = build(tableWithHead(), { summary }).snapshot;
  assert.equal(written?.operation, "append");
  assert.equal(written?.["added-records"], "10");
  assert.equal(written?.["total-records"], "15");
});

Deno.test("buildAppend() leaves out a total that the parent lacks or has malformed, and keeps the others", () => {
  const base = tableWithHead(2, {
    summary: {
      operation: "append",
      "total-data-files": "many",
      "total-files-size": "9007199254740993",
      "total-position-deletes": "3",
    },
  });
  const { summary } = build(base).snapshot;
  const totals = Object.entries(summary!).filter(([key]) => key.startsWith("total-"));
  assert.deepEqual(Object.fromEntries(totals), {
    "total-files-size": "9007199254741993",
    "total-position-deletes": "3",
  });
});

Deno.test("buildAppend() knows no totals when the parent has no summary", () => {
  const base = tableWithHead();
  const [{ summary: _summary, ...bare }] = base.metadata.snapshots as [SnapshotJson];
  const metadata = { ...base.metadata, snapshots: [bare] };
  const { summary } = build({ ...base, metadata }).snapshot;
  assert.deepEqual(Object.keys(summary!).filter((key) => key.startsWith("total-")), []);
  assert.equal(summary?.["added-records"], "10");
});

Deno.test("buildAppend() never dates a snapshot before the table's last change", () => {
  const metadata = emptyTable(2, { "last-updated-ms": NOW_MS });
  const dated = (nowMs: number) => build({ metadata }, {}, { nowMs }).snapshot["timestamp-ms"];
  assert.equal(dated(NOW_MS - 1), NOW_MS);
  assert.equal(dated(NOW_MS - 86_400_000), NOW_MS);
  assert.equal(dated(NOW_MS + 1), NOW_MS + 1);
});

Deno.test("buildAppend() says nothing of row lineage before format version 3", () => {
  const attempt = build(tableWithHead(2));
  assert.equal(attempt.firstRowId, undefined);
  assert.equal("first-row-id" in attempt.snapshot, false);
  assert.equal("added-rows" in attempt.snapshot, false);
  assert.ok(attempt.manifests.every((manifest) => manifest.firstRowId === undefined));
});

Deno.test("buildAppend() gives the new manifest of a v3 table the next row ids", () => {
  const metadata = emptyTable(3, { "next-row-id": 2n ** 60n });
  const kept = manifestFile({ firstRowId: 0n });
  const attempt = build({ metadata, manifests: [kept] });
  assert.equal(attempt.firstRowId, 2n ** 60n);
  assert.equal(attempt.snapshot["first-row-id"], 2n ** 60n);
  assert.equal(attempt.snapshot["added-rows"], 10n);
  assert.deepEqual(attempt.manifests.map((manifest) => manifest.firstRowId), [2n ** 60n, 0n]);
});

Deno.test("buildAppend() gives row ids to kept data manifests of an upgraded table, and counts them", () => {
  const metadata = emptyTable(3, { "next-row-id": 100 });
  const kept = [
    manifestFile({ addedRowsCount: 5n, existingRowsCount: 3n, deletedRowsCount: 50n }),
    manifestFile({ content: 1, addedRowsCount: 40n }),
    manifestFile({ firstRowId: 7n, addedRowsCount: 60n }),
    manifestFile({ addedRowsCount: 1n }),
  ];
  const attempt = build({ metadata, manifests: kept });
  assert.deepEqual(
    attempt.manifests.map((manifest) => manifest.firstRowId),
    [100n, 110n, undefined, 7n, 118n],
  );
  assert.equal(attempt.snapshot["added-rows"], 19n);
  assert.equal(kept[0]!.firstRowId, undefined);
});

Deno.test("buildAppend() on a new base keeps snapshot id and manifest and makes a new list", () => {
  for (const formatVersion of [2, 3]) {
    const metadata = emptyTable(formatVersion);
    const first = build({ metadata }, {}, { manifestListPath: "file:///snap-1.avro" });
    const rival = build({ metadata }, {
      snapshotId: 7n,
      manifests: manifestsOf(4),
      addedRows: 4,
    });
    const newBase = { metadata: land(metadata, rival), manifests: rival.manifests };
    assert.match(checkRequirements(newBase.metadata, first.request.requirements)!, /main/);
    const second = build(newBase, {}, { manifestListPath: "file:///snap-2.avro" });
    assert.equal(second.snapshot["snapshot-id"], first.snapshot["snapshot-id"]);
    assert.equal(second.manifests[0]!.path, first.manifests[0]!.path);
    assert.equal(second.manifests[0]!.lengthBytes, first.manifests[0]!.lengthBytes);
    assert.equal(second.snapshot["manifest-list"], "file:///snap-2.avro");
    assert.equal(second.manifests.length, 2);
    assert.equal(second.parentSnapshotId, 7n);
    assert.equal(second.sequenceNumber, first.sequenceNumber + 1n);
    assert.equal(second.firstRowId, formatVersion === 3 ? 4n : undefined);
    assert.equal(second.snapshot.summary?.["total-records"], "14");
    land(newBase.metadata, second);
  }
});

Deno.test("newSnapshotId() gives positive 64-bit ids that differ", () => {
  const ids = Array.from({ length: 1000 }, () => newSnapshotId(emptyTable()));
  assert.equal(new Set(ids).size, ids.length);
  assert.ok(ids.every((id) => id > 0n && id < 2n ** 63n));
  // A thousand of them below 2^53 would be no accident.
  assert.ok(ids.some((id) => id > BigInt(Number.MAX_SAFE_INTEGER)));
});

const APPEND = fc.record({
  files: fc.integer({ min: 1, max: 3 }),
  rows: fc.nat({ max: 1_000_000 }),
  sizeBytes: fc.nat(),
  clockMs: fc.integer({ min: -5000, max: 5000 }),
});

Deno.test("a chain of appends has totals equal to the sums, rising sequence numbers and row ids without gap", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(2, 3),
      fc.array(APPEND, { minLength: 1, maxLength: 12 }),
      (version, appends) => {
        let metadata = emptyTable(version);
        let manifests: AppendAttempt["manifests"] = [];
        const sums = { files: 0, rows: 0, sizeBytes: 0 };
        appends.forEach((append, at) => {
          const attempt = build({ metadata, manifests }, {
            snapshotId: BIG_ID + BigInt(at),
            addedFiles: append.files,
            manifests: manifestsOf(append.rows),
            addedRows: append.rows,
            addedSizeBytes: append.sizeBytes,
          }, { nowMs: NOW_MS + append.clockMs });
          const rowsBefore = sums.rows;
          sums.files += append.files;
          sums.rows += append.rows;
          sums.sizeBytes += append.sizeBytes;
          const { summary } = attempt.snapshot;
          assert.equal(summary?.["total-data-files"], String(sums.files));
          assert.equal(summary?.["total-records"], String(sums.rows));
          assert.equal(summary?.["total-files-size"], String(sums.sizeBytes));
          assert.equal(summary?.["manifests-kept"], String(at));
          assert.equal(attempt.sequenceNumber, BigInt(at + 1));
          assert.equal(attempt.firstRowId, version === 3 ? BigInt(rowsBefore) : undefined);
          metadata = land(metadata, attempt);
          manifests = attempt.manifests;
          const head = branchHead(metadata, MAIN_BRANCH);
          assert.equal(toBigInt(head!["snapshot-id"]), BIG_ID + BigInt(at));
        });
        assert.equal(manifests.length, appends.length);
        const counted = manifests.reduce((total, entry) => total + entry.addedRowsCount, 0n);
        assert.equal(counted, BigInt(sums.rows));
        if (version === 3) assert.equal(toBigInt(metadata["next-row-id"]!), BigInt(sums.rows));
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("metadataAfter() foretells what the next append is built on", () => {
  for (const formatVersion of [2, 3]) {
    const { metadata, manifests } = tableWithHead(formatVersion);
    for (const base of [emptyTable(formatVersion), metadata]) {
      const first = build({ metadata: base, manifests });
      const buildNext = (after: TableMetadata) =>
        build({ metadata: after, manifests: first.manifests }, { snapshotId: 8n });
      assert.deepEqual(buildNext(metadataAfter(base, first)), buildNext(land(base, first)));
    }
  }
});
