// The choice of files, for tables of every shape: manifests shared by snapshots, files in several
// manifests, snapshots that are seen and such that are not.

import assert from "node:assert/strict";
import fc from "fast-check";
import { belongsToLoad, directoriesOf, judge } from "../../lib/load/clean_plan.ts";
import { hiddenSnapshots, References } from "../../lib/load/references.ts";
import { openFileStore } from "../../lib/store/file_store.ts";
import type { StoredObject } from "../../lib/store/store.ts";
import { dataFilePath, manifestListPath, manifestPath } from "../../lib/table/locations.ts";
import { encodeManifest } from "../../lib/table/manifest.ts";
import { encodeManifestList } from "../../lib/table/manifest_list.ts";
import type { SnapshotJson, TableMetadata } from "../../lib/table/metadata.ts";
import { emptyTable, ID_FIELD, manifestFile } from "../table/table_support.ts";

const LOAD = { loadId: "load", range: { start: 0, end: 10 } };
const NOW_MS = 1_000_000;

/** Which snapshot has which manifests, and which manifest has which files; all by number. */
interface Shape {
  readonly files: number;
  readonly manifests: ReadonlyArray<readonly number[]>;
  readonly snapshots: ReadonlyArray<{
    readonly manifests: readonly number[];
    readonly visible: boolean;
  }>;
  /** Ages of all files, in ms; taken in turn. */
  readonly agesMs: readonly number[];
}

const shapes: fc.Arbitrary<Shape> = fc.record({
  files: fc.integer({ min: 0, max: 8 }),
  manifests: fc.array(fc.uniqueArray(fc.nat(7)), { maxLength: 6 }),
  snapshots: fc.array(
    fc.record({ manifests: fc.uniqueArray(fc.nat(5)), visible: fc.boolean() }),
    { maxLength: 5 },
  ),
  agesMs: fc.array(fc.constantFrom(0, 999, 1000, 1001, 100_000), { minLength: 1, maxLength: 9 }),
});

interface Built {
  readonly metadata: TableMetadata;
  readonly all: readonly StoredObject[];
  /** Names of what a visible snapshot needs, worked out from the shape alone. */
  readonly needed: ReadonlySet<string>;
}

async function build(shape: Shape, directory: string): Promise<Built> {
  const table = emptyTable(2, { location: `file://${directory}` });
  const store = openFileStore();
  const dataFiles = Array.from({ length: shape.files }, () => dataFilePath(table, LOAD));
  const spec = { "spec-id": 0, fields: [] };
  const manifests = shape.manifests.map((members) => ({
    path: manifestPath(table, LOAD),
    files: members.filter((n) => n < shape.files).map((n) => dataFiles[n]!),
  }));
  for (const { path, files } of manifests) {
    const bytes = encodeManifest(
      files.map((file) => ({
        path: file,
        recordCount: 1,
        sizeBytes: 1,
        splitOffsets: [],
        columns: [],
      })),
      {
        formatVersion: 2,
        schema: { type: "struct", fields: [ID_FIELD] },
        spec,
        snapshotId: 1n,
      },
    );
    await store.write(path, bytes, { sync: false });
  }
  const needed = new Set<string>();
  const visible: SnapshotJson[] = [];
  const lists: string[] = [];
  for (const [index, snapshot] of shape.snapshots.entries()) {
    const snapshotId = BigInt(index + 1);
    const list = manifestListPath(table, { loadId: "load", snapshotId, attempt: 1 });
    const members = snapshot.manifests.filter((n) => n < manifests.length).map((n) =>
      manifests[n]!
    );
    const bytes = encodeManifestList(members.map(({ path }) => manifestFile({ path })), {
      formatVersion: 2,
      snapshotId,
      parentSnapshotId: undefined,
      sequenceNumber: snapshotId,
    });
    await store.write(list, bytes, { sync: false });
    lists.push(list);
    if (!snapshot.visible) continue;
    visible.push({ "snapshot-id": snapshotId, "timestamp-ms": 1, "manifest-list": list });
    for (const path of [list, ...members.flatMap((one) => [one.path, ...one.files])]) {
      needed.add(path);
    }
  }
  const all = [...dataFiles, ...manifests.map(({ path }) => path), ...lists];
  return {
    metadata: { ...table, snapshots: visible },
    all: all.map((location, index) => ({
      location,
      sizeBytes: 1,
      modifiedMs: NOW_MS - shape.agesMs[index % shape.agesMs.length]!,
    })),
    needed,
  };
}

Deno.test("judge() never removes what a snapshot needs, and all else that is old enough", async () => {
  const seed = Number(Deno.env.get("CLEAN_SEED") ?? Math.floor(Math.random() * 2 ** 31));
  console.log(
    `seed ${seed}; replay: CLEAN_SEED=${seed} deno test -A tests/load/clean_plan_test.ts`,
  );
  await fc.assert(
    fc.asyncProperty(shapes, async (shape) => {
      const directory = await Deno.makeTempDir({ prefix: "ingest-clean-plan-" });
      try {
        const { metadata, all, needed } = await build(shape, directory);
        const references = new References(openFileStore());
        await references.add(metadata);
        const rules = {
          cutoffMs: NOW_MS - 1000,
          tableLocation: metadata.location,
          referenced: references.names,
          manifestLists: references.manifestLists,
        };
        for (const file of all) {
          const isOld = NOW_MS - file.modifiedMs > 1000;
          const expected = needed.has(file.location) ? "referenced" : isOld ? "remove" : "young";
          assert.equal(judge(file, { ...rules, hidden: undefined }), expected);
          // With snapshots unseen, no file goes that might be one's.
          for (const hidden of ["cut", "elsewhere"] as const) {
            const careful = judge(file, { ...rules, hidden });
            assert.equal(careful, expected === "remove" ? "hidden" : expected);
          }
        }
      } finally {
        await Deno.remove(directory, { recursive: true });
      }
    }),
    { numRuns: 60, seed },
  );
});

Deno.test("judge() knows a file by its name, however its location is written", () => {
  const table = emptyTable(2, { location: "s3://b/t" });
  const path = dataFilePath(table, LOAD);
  const name = path.slice(path.lastIndexOf("/") + 1);
  const rules = {
    cutoffMs: 10,
    tableLocation: "s3a://b/t/",
    manifestLists: new Map(),
    hidden: undefined,
  };
  const file = { location: path, sizeBytes: 1, modifiedMs: 1 };
  assert.equal(judge(file, { ...rules, referenced: new Set([name]) }), "referenced");
  assert.equal(judge(file, { ...rules, referenced: new Set() }), "remove");
  const elsewhere = { ...rules, referenced: new Set<string>(), tableLocation: "s3://b/t/data/x" };
  assert.equal(judge(file, elsewhere), "outside");
  assert.equal(judge({ ...file, modifiedMs: 10 }, { ...rules, referenced: new Set() }), "young");
});

Deno.test("belongsToLoad() takes the load's files, whole or cut short, and nobody else's", () => {
  const table = emptyTable(2, { location: "/w/t" });
  const own = [
    dataFilePath(table, LOAD),
    manifestPath(table, LOAD),
    manifestListPath(table, { loadId: "load", snapshotId: 5n, attempt: 2 }),
  ];
  for (const path of own) {
    assert.ok(belongsToLoad(path, "load"), path);
    assert.ok(belongsToLoad(`${path}.${crypto.randomUUID()}.part`, "load"), path);
    for (const other of ["loa", "oad", "load-0", "load-0-10", "other"]) {
      assert.ok(!belongsToLoad(path, other), `${path} of ${other}`);
    }
  }
  for (
    const name of [
      "00000-1.metadata.json",
      "load.parquet",
      "load-0-10.parquet",
      "version-hint.text",
    ]
  ) {
    assert.ok(!belongsToLoad(`/w/t/data/${name}`, "load"), name);
  }
});

Deno.test("directoriesOf() names each place once, none within another", () => {
  const at = (properties: Record<string, string>) =>
    directoriesOf(emptyTable(2, { location: "s3://b/t", properties })).sort();
  const usual = ["s3://b/t/data", "s3://b/t/metadata"];
  assert.deepEqual(at({}), usual);
  assert.deepEqual(at({ "write.data.path": "s3a://b/t" }), ["s3a://b/t"]);
  assert.deepEqual(at({ "write.data.path": "s3://c/d" }), [...usual, "s3://c/d"].sort());
  assert.deepEqual(at({ "write.metadata.path": "s3://b/t/data/x" }), usual);
});

Deno.test("hiddenSnapshots() tells a history that is whole from one that is not", () => {
  const snapshot = (id: number, parent?: number) => ({
    "snapshot-id": id,
    "timestamp-ms": 1,
    "manifest-list": `l${id}`,
    ...(parent === undefined ? {} : { "parent-snapshot-id": parent }),
  });
  const hidden = (
    metadata: TableMetadata,
    of: { properties?: Record<string, string>; adding?: readonly bigint[] } = {},
  ) =>
    hiddenSnapshots(metadata, {
      catalogProperties: of.properties ?? {},
      addingSnapshots: new Set(of.adding),
    });
  const whole = emptyTable(2, { snapshots: [snapshot(1), snapshot(2, 1)] });
  assert.equal(hidden(whole, { adding: [1n, 2n] }), undefined);
  assert.equal(hidden(emptyTable()), undefined);
  assert.equal(hidden({ ...whole, "current-snapshot-id": -1 }), undefined);
  assert.equal(hidden(emptyTable(2, { snapshots: [snapshot(2, 1)] })), "cut");
  assert.equal(hidden({ ...whole, "current-snapshot-id": 3 }), "cut");
  // Nessie does not tell the parent of the one snapshot that it shows.
  assert.equal(hidden(emptyTable(2, { snapshots: [snapshot(2)] }), { adding: [1n, 2n] }), "cut");
  const refs = { b: { "snapshot-id": 9, type: "tag" } } as const;
  assert.equal(hidden({ ...whole, refs }), "cut");
  assert.equal(hidden(whole, { properties: { "nessie.is-nessie-catalog": "true" } }), "elsewhere");
});
