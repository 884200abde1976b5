/** The check at the end of a load: what was acknowledged must be in the table. */
import assert from "node:assert/strict";
import { EXIT_CODE } from "../../lib/errors.ts";
import { parseJson, stringifyJson } from "../../lib/table/json.ts";
import type { CommitRequest } from "../../lib/table/metadata.ts";
import { applyUpdates } from "../../lib/table/updates.ts";
import type { FaultPlan } from "../fault_proxy.ts";
import type { RawResponse } from "../raw_http.ts";
import { expireSnapshots, mergeManifests, rollBack } from "./rewritten_table.ts";
import {
  changeTable,
  csvRows,
  dropTable,
  idsFrom,
  idsInTable,
  load,
  messagesOf,
  TABLE,
  type TestCatalog,
  withCatalog,
} from "./support.ts";

/** The answer that the catalog would have given to a commit that never reached it. */
async function fabricated({ client }: TestCatalog, body: string): Promise<RawResponse> {
  const { metadata, metadataLocation } = (await client.loadTable(TABLE))!;
  const { updates } = parseJson(body) as unknown as CommitRequest;
  const made = applyUpdates(metadata, updates, { nowMs: Date.now() });
  const answer = { "metadata-location": metadataLocation, metadata: made };
  return { status: 200, body: stringifyJson(answer) };
}

for (const commitMode of ["per-chunk", "grouped", "once"] as const) {
  Deno.test(`runLoad() says that a commit was acknowledged and is not in the table, in ${commitMode}`, async () => {
    let catalog: TestCatalog | undefined;
    await withCatalog(async (made) => {
      catalog = made;
      const done = await load(made.proxy.uri, csvRows(30), { commitMode, workers: 1 });
      const { summary } = done;
      const rowsThere = (await idsInTable(made.client)).length;
      assert.ok(rowsThere < 30);
      assert.equal(summary.exitCode, EXIT_CODE.failed);
      assert.equal(summary.rowsCommitted, rowsThere);
      assert.equal(summary.chunksCommitted, rowsThere / 10);
      assert.equal(summary.chunksFailed, 3 - rowsThere / 10);
      assert.match(
        messagesOf(done, "error").join("; "),
        /^The catalog acknowledged \d+ chunks? \([\d, ]+\), and (it is|they are) not in the table$/,
      );
      // The same command brings in what was lost.
      const again = await load(made.uri, csvRows(30), { mayResume: true });
      assert.equal(again.summary.exitCode, EXIT_CODE.ok);
      assert.deepEqual(await idsInTable(made.client), idsFrom(1, 30));
    }, async ({ isCommit, nthCommit, body }) => {
      if (!isCommit || nthCommit > 1) return undefined;
      return { forwards: 0, reply: await fabricated(catalog!, body) };
    });
  });
}

/** Does something to the catalog before the last request of a load of `commits` commits. */
function beforeLastLook(
  commits: number,
  meddle: (catalog: TestCatalog) => Promise<unknown>,
): { plan: FaultPlan; begin: (catalog: TestCatalog) => void } {
  let catalog: TestCatalog | undefined;
  let seen = 0;
  return {
    begin: (made) => catalog = made,
    plan: async ({ isCommit, method }) => {
      if (isCommit) seen++;
      if (method === "GET" && seen === commits && catalog !== undefined) {
        const before = catalog;
        catalog = undefined;
        await meddle(before);
      }
      return undefined;
    },
  };
}

/** Rolls the branch back, and expires what was there. */
async function rollBackAndExpire(catalog: TestCatalog): Promise<void> {
  const { metadata } = (await catalog.client.loadTable(TABLE))!;
  const [first, second, ...rest] = metadata.snapshots!;
  await changeTable(catalog.uri, [{
    action: "set-snapshot-ref",
    "ref-name": "main",
    type: "branch",
    "snapshot-id": second!["snapshot-id"],
  }, {
    action: "remove-snapshots",
    "snapshot-ids": [first!, ...rest].map((snapshot) => snapshot["snapshot-id"]),
  }]);
}

const LOSSES: ReadonlyArray<readonly [string, (catalog: TestCatalog) => Promise<unknown>, number]> =
  [
    ["someone has rolled the branch back", rollBack, 10],
    ["they were rolled back and the history is cut", rollBackAndExpire, 20],
    ["the table has been dropped", ({ uri }) => dropTable(uri), 0],
  ];

for (const [name, meddle, rowsLeft] of LOSSES) {
  Deno.test(`runLoad() says that acknowledged chunks are not in the table when ${name}`, async () => {
    const { plan, begin } = beforeLastLook(3, meddle);
    await withCatalog(async (catalog) => {
      begin(catalog);
      const done = await load(catalog.proxy.uri, csvRows(30), { workers: 1 });
      assert.equal(done.summary.exitCode, EXIT_CODE.failed);
      assert.equal(done.summary.rowsCommitted, rowsLeft);
      assert.equal(done.summary.chunksFailed, 3 - rowsLeft / 10);
      assert.match(messagesOf(done, "error").join("; "), /acknowledged .* not in the table/);
    }, plan);
  });
}

for (const isMerged of [false, true]) {
  Deno.test(`runLoad() goes by the names of files when the history is cut at its end, merged: ${isMerged}`, async () => {
    const { plan, begin } = beforeLastLook(3, async (catalog) => {
      if (isMerged) await mergeManifests(catalog);
      await expireSnapshots(catalog);
    });
    await withCatalog(async (catalog) => {
      begin(catalog);
      const done = await load(catalog.proxy.uri, csvRows(30), { workers: 1 });
      assert.equal(done.summary.exitCode, EXIT_CODE.ok);
      assert.equal(done.summary.rowsCommitted, 30);
      assert.deepEqual(messagesOf(done, "error"), []);
    }, plan);
  });
}

Deno.test("runLoad() says so when the table cannot be loaded for the last check", async () => {
  let commits = 0;
  let fails = 0;
  await withCatalog(async ({ proxy }) => {
    const done = await load(proxy.uri, csvRows(30), { workers: 1 });
    assert.equal(done.summary.exitCode, EXIT_CODE.ok);
    assert.ok(fails > 1, "one try is few");
    assert.match(
      messagesOf(done, "notice").join("; "),
      /^The table could not be loaded for the last check: .*HTTP 503/,
    );
  }, ({ isCommit, method }) => {
    if (isCommit) commits++;
    if (method !== "GET" || commits < 3) return undefined;
    fails++;
    return { forwards: 0, reply: { status: 503 } };
  });
});
