/** Whole loads into a table that another writer changes meanwhile. */
import assert from "node:assert/strict";
import { EXIT_CODE } from "../../lib/errors.ts";
import type { CommitMode } from "../../lib/load/events.ts";
import { expireSnapshots, mergeManifests, rollBack } from "./rewritten_table.ts";
import { addColumnUpdates } from "./schema_updates.ts";
import {
  changeTable,
  csvRows,
  dropTable,
  idsFrom,
  idsInTable,
  type Load,
  load,
  makeTable,
  messagesOf,
  TABLE,
  type TestCatalog,
  withCatalog,
} from "./support.ts";

const MODES: readonly CommitMode[] = ["per-chunk", "grouped", "once"];

/** What another writer does, and what becomes of the load. */
interface Change {
  readonly name: string;
  readonly make: (catalog: TestCatalog) => Promise<unknown>;
  /** Absent when every row is to be in the table at the end. */
  readonly failure?: {
    readonly exitCode: number;
    readonly says: RegExp;
    /** Rows that may be in the table at the end. */
    readonly rows: (commitMode: CommitMode) => readonly number[];
  };
}

async function addColumn(catalog: TestCatalog, required: boolean): Promise<void> {
  const { metadata } = (await catalog.client.loadTable(TABLE))!;
  await changeTable(catalog.uri, addColumnUpdates(metadata, { required }));
}

const CHANGES: readonly Change[] = [
  { name: "adds a column", make: (catalog) => addColumn(catalog, false) },
  {
    name: "adds a required column",
    make: (catalog) => addColumn(catalog, true),
    failure: {
      exitCode: EXIT_CODE.failed,
      says: /files written no longer fit it/,
      rows: (mode) => mode === "once" ? [0] : [10, 20, 30, 40, 50],
    },
  },
  {
    name: "changes the default partition spec",
    make: ({ uri }) =>
      changeTable(uri, [
        {
          action: "add-spec",
          spec: { fields: [{ "source-id": 1, transform: "identity", name: "id" }] },
        },
        { action: "set-default-spec", "spec-id": -1 },
      ]),
  },
  {
    name: "drops the table",
    make: ({ uri }) => dropTable(uri),
    failure: { exitCode: EXIT_CODE.failed, says: /HTTP 404|has been dropped/, rows: () => [0] },
  },
  {
    name: "replaces the table by one of the same name",
    make: async ({ uri, client }) => {
      await dropTable(uri);
      await makeTable(client);
    },
    failure: {
      exitCode: EXIT_CODE.failed,
      says: /another table of the same name/,
      rows: () => [0],
    },
  },
  {
    name: "expires snapshots",
    make: async (catalog) => {
      const { snapshots = [] } = (await catalog.client.loadTable(TABLE))!.metadata;
      if (snapshots.length > 1) await expireSnapshots(catalog);
    },
  },
  {
    name: "merges manifests",
    make: async (catalog) => {
      const { snapshots = [] } = (await catalog.client.loadTable(TABLE))!.metadata;
      if (snapshots.length > 0) await mergeManifests(catalog);
    },
  },
];

/** Loads 60 rows while another writer makes its change, before a commit reaches the catalog. */
async function loadMeddled(
  settings: { readonly commitMode: CommitMode; readonly make: Change["make"] },
  check: (catalog: TestCatalog, done: Load) => Promise<void>,
): Promise<void> {
  const { commitMode, make } = settings;
  let meddle: (() => Promise<unknown>) | undefined;
  const nth = { "per-chunk": 3, grouped: 2, once: 1 }[commitMode];
  await withCatalog(async (catalog) => {
    meddle = () => make(catalog);
    // One worker, so that each mode makes more than one commit where it can.
    const done = await load(catalog.proxy.uri, csvRows(60), { commitMode, workers: 1 });
    await check(catalog, done);
  }, async ({ isCommit, nthCommit }) => {
    if (isCommit && nthCommit === nth) await meddle?.();
    // So that a group is not the whole rest.
    return isCommit ? { delayMs: 20 } : undefined;
  });
}

for (const { name, make, failure } of CHANGES) {
  for (const commitMode of MODES) {
    Deno.test(`runLoad() has a defined end when another writer ${name}, in ${commitMode}`, async () => {
      await loadMeddled({ commitMode, make }, async ({ client }, done) => {
        const { summary } = done;
        const reasons = [
          ...messagesOf(done, "error"),
          ...done.chunks.map(({ reason }) => reason ?? ""),
        ].join("; ");
        const table = await client.loadTable(TABLE);
        const ids = table === undefined ? [] : await idsInTable(client);
        assert.equal(summary.rowsCommitted, ids.length, reasons);
        assert.equal(summary.exitCode, failure?.exitCode ?? EXIT_CODE.ok, reasons);
        if (failure === undefined) return assert.deepEqual(ids, idsFrom(1, 60));
        assert.match(reasons, failure.says);
        assert.ok(failure.rows(commitMode).includes(ids.length), `${ids.length} rows`);
      });
    });
  }
}

Deno.test("runLoad() says which chunks are gone when another writer rolls the branch back", async () => {
  await loadMeddled({ commitMode: "per-chunk", make: rollBack }, async ({ uri, client }, done) => {
    assert.equal(done.summary.exitCode, EXIT_CODE.failed);
    assert.match(messagesOf(done, "error").join("; "), /acknowledged 1 chunk \(1\)/);
    const left = [...idsFrom(1, 10), ...idsFrom(21, 60)];
    assert.deepEqual(await idsInTable(client), left);
    assert.equal(done.summary.rowsCommitted, left.length);
    await load(uri, csvRows(60), { mayResume: true });
    assert.deepEqual(await idsInTable(client), idsFrom(1, 60));
  });
});
