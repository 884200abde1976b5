/** Commits of single chunks against the real embedded catalog: races, and other writers' changes. */
import assert from "node:assert/strict";
import type { CommitResult } from "../../lib/load/commit_context.ts";
import type { LoadedTable } from "../../lib/rest/catalog.ts";
import { addColumnUpdates } from "./schema_updates.ts";
import {
  changeTable,
  CHUNK_ROWS,
  dropTable,
  filesOf,
  liveDataFiles,
  lookAt,
  makeChunk,
  makeTable,
  makeWriter,
  TABLE,
  type TestCatalog,
  type TestWriter,
  withCatalog,
} from "./support.ts";

/** Runs a test with the table made and some writers on its first state. */
async function withWriters(
  settings: Parameters<typeof makeWriter>[2] & { readonly count?: number },
  test: (
    context: {
      readonly catalog: TestCatalog;
      readonly table: LoadedTable;
      readonly writers: readonly TestWriter[];
    },
  ) => Promise<void>,
): Promise<void> {
  const { count = 1, ...rest } = settings;
  const loadIds = count === 1
    ? ["load"]
    : count === 2
    ? ["quick", "slow"]
    : Array.from({ length: count }, (_, writer) => `writer-${writer}`);
  await withCatalog(async (catalog) => {
    const table = await makeTable(catalog.client);
    const writers = await Promise.all(
      loadIds.map((loadId) => makeWriter(catalog.uri, table, { loadId, ...rest })),
    );
    await test({ catalog, table, writers });
  });
}

function checkFailed(
  result: CommitResult,
  expected: { readonly failure: string; readonly attempts: number; readonly reason: RegExp },
): void {
  if (result.state !== "failed") assert.fail(`it is ${result.state}`);
  assert.equal(result.failure, expected.failure);
  assert.equal(result.attempts, expected.attempts);
  assert.match(result.reason, expected.reason);
}

function posts({ http }: TestWriter): number {
  return http.filter(({ method }) => method === "POST").length;
}

function loads({ http }: TestWriter): number {
  return http.filter(({ url }) => url.endsWith("/tables/t?snapshots=all")).length;
}

Deno.test("Committer.commit() makes the table's first snapshot, and the next without a reload", async () => {
  await withWriters({}, async ({ catalog, table, writers: [writer] }) => {
    for (const index of [0, 1]) {
      const result = await writer!.committer.commit([makeChunk(table, index)]);
      assert.equal(result.state, "committed");
      assert.equal(result.attempts, 1);
      assert.equal(result.status, 200);
      assert.equal(result.state === "committed" && result.sequenceNumber, BigInt(index + 1));
    }
    assert.equal(posts(writer!), 2);
    assert.equal(loads(writer!), 0);
    const { chain, rows } = await lookAt(catalog.client);
    assert.equal(rows, 2 * CHUNK_ROWS);
    assert.equal(chain[0]?.["parent-snapshot-id"], undefined);
    assert.equal(chain[0]?.summary?.operation, "append");
    assert.equal(chain[1]?.summary?.["ingest.load-id"], "load");
    assert.equal(chain[1]?.summary?.["ingest.chunk-rows"], String(CHUNK_ROWS));
    assert.match(chain[1]?.summary?.["ingest.ranges"] ?? "", /^100-200:0{31}1$/);
    assert.equal(chain[1]?.summary?.["manifests-kept"], "1");
    const outcomes = writer!.events.map((event) =>
      event.type === "commit" ? `${event.chunk} ${event.outcome} ${event.status}` : event.type
    );
    assert.deepEqual(outcomes, ["0 committed 200", "1 committed 200"]);
  });
});

Deno.test("Committer.commit() of eight writers at once gets every chunk in, in one line", async () => {
  await withWriters({ count: 8 }, async ({ catalog, table, writers }) => {
    const results = await Promise.all(writers.map(async ({ committer }, writer) => {
      const own: CommitResult[] = [];
      for (let index = 0; index < 10; index++) {
        own.push(await committer.commit([makeChunk(table, index, `writer-${writer}`)]));
      }
      return own;
    }));
    const all = results.flat();
    assert.deepEqual(all.filter(({ state }) => state !== "committed"), []);
    const { rows, chain, chunks } = await lookAt(catalog.client);
    assert.equal(chain.length, 80);
    assert.equal(rows, 80 * CHUNK_ROWS);
    assert.equal(new Set(chunks).size, 80);
    // The ids reported are those in the table, each with its own sequence number.
    assert.deepEqual(
      all.map((result) =>
        result.state === "committed" ? `${result.snapshotId} ${result.sequenceNumber}` : ""
      ).sort(),
      chain.map((snapshot) => `${snapshot["snapshot-id"]} ${snapshot["sequence-number"]}`).sort(),
    );
    const attempts = all.reduce((sum, { attempts }) => sum + attempts, 0);
    assert.ok(attempts > 80, "nobody ever lost a race");
    assert.equal(writers.reduce((sum, writer) => sum + posts(writer), 0), attempts);
  });
});

Deno.test("Committer.commit() without retries reports a lost race, and refreshes for its next chunk", async () => {
  await withWriters({ count: 2, retriesMax: 0 }, async ({ catalog, table, writers }) => {
    const [quick, slow] = writers as [TestWriter, TestWriter];
    assert.equal((await quick.committer.commit([makeChunk(table, 0, "quick")])).state, "committed");
    const lost = await slow.committer.commit([makeChunk(table, 0, "slow")]);
    checkFailed(lost, { failure: "lostRace", attempts: 1, reason: /HTTP 409.*CommitFailed/ });
    assert.equal(lost.status, 409);
    const event = slow.events[0];
    assert.equal(event?.type === "commit" && event.outcome, "conflict");
    assert.match(event?.type === "commit" ? event.body ?? "" : "", /CommitFailedException/);
    const next = await slow.committer.commit([makeChunk(table, 1, "slow")]);
    assert.equal(next.state, "committed");
    assert.equal(next.attempts, 1);
    assert.deepEqual((await lookAt(catalog.client)).chunks, ["quick/0-100", "slow/100-200"]);
  });
});

Deno.test("Committer.commit() keeps snapshot id, manifest and data file over its attempts", async () => {
  await withWriters({ count: 2 }, async ({ catalog, table, writers }) => {
    const [quick, slow] = writers as [TestWriter, TestWriter];
    await quick.committer.commit([makeChunk(table, 0, "quick")]);
    const result = await slow.committer.commit([makeChunk(table, 0, "slow")]);
    assert.equal(result.attempts, 2);
    const ids = slow.events.map((event) => event.type === "commit" ? event.snapshotId : "");
    assert.deepEqual(ids, [String(result.snapshotId), String(result.snapshotId)]);
    const files = filesOf(catalog.directory, "metadata");
    assert.equal(files.filter((name) => name.startsWith("slow-0-100-")).length, 1, "one manifest");
    // The one that lost is removed, since its only post has had a final answer.
    const lists = files.filter((name) => name.startsWith("snap-") && name.includes("-slow-"));
    assert.equal(lists.length, 1);
    assert.match(lists[0]!, new RegExp(`^snap-${result.snapshotId}-2-slow-`));
  });
});

Deno.test("Committer.commit() takes a column that was added meanwhile along", async () => {
  await withWriters({}, async ({ catalog, table, writers: [writer] }) => {
    await changeTable(catalog.uri, addColumnUpdates(table.metadata, { required: false }));
    for (const index of [0, 1]) {
      const result = await writer!.committer.commit([makeChunk(table, index)]);
      assert.equal(result.state, "committed", "reason" in result ? result.reason : "");
      assert.equal(result.attempts, index === 0 ? 2 : 1);
    }
    const { chain, rows } = await lookAt(catalog.client);
    assert.equal(rows, 2 * CHUNK_ROWS);
    assert.deepEqual(chain.map((snapshot) => snapshot["schema-id"]), [1, 1]);
  });
});

Deno.test("Committer.commit() refuses when a required column was added meanwhile", async () => {
  await withWriters({}, async ({ catalog, table, writers: [writer] }) => {
    await changeTable(catalog.uri, addColumnUpdates(table.metadata, { required: true }));
    const result = await writer!.committer.commit([makeChunk(table, 0)]);
    checkFailed(result, { failure: "rejected", attempts: 1, reason: /no longer fit/ });
    // The next chunk is not even posted.
    const next = await writer!.committer.commit([makeChunk(table, 1)]);
    checkFailed(next, { failure: "rejected", attempts: 0, reason: /no longer fit/ });
    assert.equal((await lookAt(catalog.client)).rows, 0);
  });
});

Deno.test("Committer.commit() goes on with its own partition spec when the default changes", async () => {
  await withWriters({ count: 2 }, async ({ catalog, table, writers }) => {
    const [quick, slow] = writers as [TestWriter, TestWriter];
    await quick.committer.commit([makeChunk(table, 0, "quick")]);
    await changeTable(catalog.uri, [
      {
        action: "add-spec",
        spec: { fields: [{ "source-id": 1, transform: "identity", name: "id" }] },
      },
      { action: "set-default-spec", "spec-id": -1 },
    ]);
    // One that only learns of it by a lost race, and one chunk after that.
    for (const index of [0, 1]) {
      const result = await slow.committer.commit([makeChunk(table, index, "slow")]);
      assert.equal(result.state, "committed", "reason" in result ? result.reason : "");
    }
    const { rows, metadata } = await lookAt(catalog.client);
    assert.equal(rows, 3 * CHUNK_ROWS);
    assert.notEqual(metadata["default-spec-id"], 0);
  });
});

Deno.test("Committer.commit() fails for good when the table has been dropped", async () => {
  await withWriters({ count: 2 }, async ({ catalog, table, writers }) => {
    const [quick, slow] = writers as [TestWriter, TestWriter];
    await quick.committer.commit([makeChunk(table, 0, "quick")]);
    await dropTable(catalog.uri);
    const result = await slow.committer.commit([makeChunk(table, 0, "slow")]);
    checkFailed(result, { failure: "rejected", attempts: 1, reason: /HTTP 404/ });
    const next = await slow.committer.commit([makeChunk(table, 1, "slow")]);
    checkFailed(next, { failure: "rejected", attempts: 0, reason: /has been dropped/ });
  });
});

Deno.test("Committer.commit() writes nothing into a table of the same name that took the place", async () => {
  await withWriters({ count: 2 }, async ({ catalog, table, writers }) => {
    const [quick, slow] = writers as [TestWriter, TestWriter];
    await quick.committer.commit([makeChunk(table, 0, "quick")]);
    await dropTable(catalog.uri);
    await makeTable(catalog.client);
    const result = await slow.committer.commit([makeChunk(table, 0, "slow")]);
    checkFailed(result, { failure: "rejected", attempts: 1, reason: /another table/ });
    const next = await quick.committer.commit([makeChunk(table, 1, "quick")]);
    checkFailed(next, { failure: "rejected", attempts: 1, reason: /another table/ });
    assert.equal((await lookAt(catalog.client)).rows, 0);
  });
});

Deno.test("Committer.commit() appends to a table of format version 3 with unbroken row ids", async () => {
  await withCatalog(async (catalog) => {
    const table = await makeTable(catalog.client, { "format-version": "3" });
    const writers = await Promise.all(
      [0, 1, 2].map((writer) => makeWriter(catalog.uri, table, { loadId: `writer-${writer}` })),
    );
    await Promise.all(writers.map(async ({ committer }, writer) => {
      for (let index = 0; index < 4; index++) {
        const result = await committer.commit([makeChunk(table, index, `writer-${writer}`)]);
        assert.equal(result.state, "committed");
      }
    }));
    const { chain, metadata } = await lookAt(catalog.client);
    assert.deepEqual(
      chain.map((snapshot) => Number(snapshot["first-row-id"])),
      chain.map((_, index) => index * CHUNK_ROWS),
    );
    assert.equal(Number(metadata["next-row-id"]), 12 * CHUNK_ROWS);
  });
});

Deno.test("Committer.commit() makes chunks that touch one manifest and one range, and others more", async () => {
  await withWriters({}, async ({ catalog, table, writers: [writer] }) => {
    // In the order in which they became ready.
    const chunks = [3, 0, 1, 5, 2].map((index) => makeChunk(table, index));
    const result = await writer!.committer.commit(chunks);
    assert.equal(result.state, "committed");
    const { chain, rows, chunks: ledger, dataFiles } = await lookAt(catalog.client);
    assert.equal(rows, 5 * CHUNK_ROWS);
    assert.equal(chain.length, 1);
    assert.deepEqual(ledger, ["load/0-400,500-600"]);
    assert.equal(chain[0]?.summary?.["manifests-created"], "2");
    assert.equal(dataFiles.length, 5);
    assert.equal(filesOf(catalog.directory, "metadata").length, 3, "two manifests and their list");
  });
});

Deno.test("Committer.commit() expects what the history tells when snapshots expire meanwhile", async () => {
  await withWriters({ count: 2 }, async ({ catalog, table, writers }) => {
    const [quick, slow] = writers as [TestWriter, TestWriter];
    for (const index of [0, 1, 2]) await quick.committer.commit([makeChunk(table, index, "quick")]);
    const { chain } = await lookAt(catalog.client);
    await changeTable(catalog.uri, [{
      action: "remove-snapshots",
      "snapshot-ids": chain.slice(0, 2).map((snapshot) => snapshot["snapshot-id"]),
    }]);
    const result = await slow.committer.commit([makeChunk(table, 0, "slow")]);
    assert.equal(result.state, "committed", "reason" in result ? result.reason : "");
    assert.equal(result.attempts, 2);
    const { metadata } = (await catalog.client.loadTable(TABLE))!;
    assert.equal((await liveDataFiles(metadata)).length, 4);
  });
});

Deno.test("Committer.commit() goes on from where someone has rolled the branch back to", async () => {
  await withWriters({ count: 2 }, async ({ catalog, table, writers }) => {
    const [quick, slow] = writers as [TestWriter, TestWriter];
    for (const index of [0, 1]) await quick.committer.commit([makeChunk(table, index, "quick")]);
    const { chain } = await lookAt(catalog.client);
    await changeTable(catalog.uri, [{
      action: "set-snapshot-ref",
      "ref-name": "main",
      type: "branch",
      "snapshot-id": chain[0]!["snapshot-id"],
    }]);
    for (const [writer, index, loadId] of [[slow, 0, "slow"], [quick, 2, "quick"]] as const) {
      const result = await writer.committer.commit([makeChunk(table, index, loadId)]);
      assert.equal(result.state, "committed", "reason" in result ? result.reason : "");
    }
    const { metadata } = (await catalog.client.loadTable(TABLE))!;
    const loads = (await liveDataFiles(metadata)).map((path) => /[a-z]+-\d+-\d+/.exec(path)?.[0]);
    assert.deepEqual(loads.sort(), ["quick-0-100", "quick-200-300", "slow-0-100"]);
  });
});
