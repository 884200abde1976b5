/** Commits into a table whose history others have cut or rewritten meanwhile. */
import assert from "node:assert/strict";
import type { Fault } from "../fault_proxy.ts";
import { expireSnapshots, mergeManifests, rollBack } from "./rewritten_table.ts";
import {
  filesOf,
  liveDataFiles,
  makeChunk,
  makeTable,
  makeWriter,
  pathOf,
  TABLE,
  type TestCatalog,
  type TestWriter,
  withCatalog,
} from "./support.ts";

/** What the other writer does after our commit has reached the catalog, and before we look. */
type Meddle = (catalog: TestCatalog, other: TestWriter) => Promise<unknown>;

/** Byte ranges of the load's files that the table refers to; each file must be there. */
async function rangesInTable({ client }: TestCatalog, loadId = "load"): Promise<string[]> {
  const files = await liveDataFiles((await client.loadTable(TABLE))!.metadata);
  for (const file of files) await Deno.stat(pathOf(file));
  const ranges = files.map((file) => new RegExp(`/${loadId}-(\\d+-\\d+)-`).exec(file)?.[1]);
  return ranges.filter((range) => range !== undefined).sort();
}

/** Commits chunk 1 of a load on top of chunk 0, with a fault, and someone who meddles after it. */
async function commitMeddled(
  settings: {
    readonly fault: Fault;
    readonly meddle: Meddle;
    readonly retriesMax?: number;
    readonly timeoutMs?: number;
  },
  check: (
    context: {
      readonly catalog: TestCatalog;
      readonly result: Awaited<ReturnType<TestWriter["committer"]["commit"]>>;
    },
  ) => Promise<void>,
): Promise<void> {
  const { fault, meddle, ...writerSettings } = settings;
  let onLook: (() => Promise<unknown>) | undefined;
  await withCatalog(async (catalog) => {
    const table = await makeTable(catalog.client);
    const other = await makeWriter(catalog.uri, table, { loadId: "other" });
    const { committer } = await makeWriter(catalog.proxy.uri, table, writerSettings);
    assert.equal((await committer.commit([makeChunk(table, 0)])).state, "committed");
    onLook = async () => {
      await other.committer.commit([makeChunk(table, 0, "other")]);
      await meddle(catalog, other);
    };
    const result = await committer.commit([makeChunk(table, 1)]);
    await check({ catalog, result });
  }, async ({ isCommit, nthCommit, target }) => {
    if (isCommit && nthCommit === 2) return fault;
    if (target.includes("snapshots=all") && onLook !== undefined) {
      const meddling = onLook();
      onLook = undefined;
      await meddling;
    }
    return undefined;
  });
}

const CONFLICT = { status: 409 };
const BROKEN = { status: 500 };

for (const reply of [CONFLICT, BROKEN]) {
  Deno.test(`Committer.commit() answered ${reply.status} finds its manifest where the history has expired`, async () => {
    await commitMeddled({ fault: { reply }, meddle: (catalog) => expireSnapshots(catalog) }, async (
      { catalog, result },
    ) => {
      assert.equal(result.state, "committed");
      assert.deepEqual(await rangesInTable(catalog), ["0-100", "100-200"]);
    });
  });

  Deno.test(`Committer.commit() answered ${reply.status} finds its data file where manifests were merged and the history has expired`, async () => {
    await commitMeddled({
      fault: { reply },
      meddle: async (catalog) => {
        await mergeManifests(catalog);
        await expireSnapshots(catalog);
      },
    }, async ({ catalog, result }) => {
      assert.equal(result.state, "committed");
      // The file of the commit lives, under another manifest.
      assert.deepEqual(await rangesInTable(catalog), ["0-100", "100-200"]);
    });
  });

  Deno.test(`Committer.commit() answered ${reply.status} finds itself in a history that was rewritten but not cut`, async () => {
    await commitMeddled(
      { fault: { reply }, meddle: mergeManifests },
      async ({ catalog, result }) => {
        assert.equal(result.state, "committed");
        assert.deepEqual(await rangesInTable(catalog), ["0-100", "100-200"]);
      },
    );
  });

  Deno.test(`Committer.commit() answered ${reply.status} says that its commit was rolled back, and keeps its files`, async () => {
    await commitMeddled({ fault: { reply }, meddle: rollBack }, async ({ catalog, result }) => {
      assert.equal(result.state === "failed" && result.failure, "rejected");
      assert.match(result.state === "failed" ? result.reason : "", /rolled the branch back/);
      assert.deepEqual(await rangesInTable(catalog), ["0-100"]);
      // Its snapshot is still in the metadata, and someone may go back to it.
      const own = filesOf(catalog.directory, "data").filter((name) => name.startsWith("load-100"));
      assert.equal(own.length, 1);
    });
  });
}

Deno.test("Committer.commit() that did not land goes on where the history has expired and nothing was rewritten", async () => {
  for (const reply of [CONFLICT, BROKEN]) {
    await commitMeddled({
      fault: { forwards: 0, reply },
      meddle: (catalog) => expireSnapshots(catalog),
    }, async ({ catalog, result }) => {
      assert.equal(result.state, "committed");
      assert.equal(result.attempts, 2);
      assert.deepEqual(await rangesInTable(catalog), ["0-100", "100-200"]);
    });
  }
});

Deno.test("Committer.commit() stays unknown where the history has expired and manifests were merged", async () => {
  await commitMeddled({
    fault: { forwards: 0, reply: BROKEN },
    meddle: async (catalog) => {
      await mergeManifests(catalog);
      await expireSnapshots(catalog);
    },
  }, async ({ catalog, result }) => {
    assert.equal(result.state, "unknown");
    assert.match(result.state === "unknown" ? result.reason : "", /history does not lead back/);
    assert.deepEqual(await rangesInTable(catalog), ["0-100"]);
    const own = filesOf(catalog.directory, "data").filter((name) => name.startsWith("load-100"));
    assert.equal(own.length, 1, "nothing is deleted");
  });
});

Deno.test("Committer.commit() finds that another run has brought its chunk in, by the names of files", async () => {
  await commitMeddled({
    fault: { forwards: 0, reply: CONFLICT },
    meddle: async (catalog) => {
      const table = (await catalog.client.loadTable(TABLE))!;
      const twin = await makeWriter(catalog.uri, table);
      await twin.committer.commit([makeChunk(table, 1)]);
      await mergeManifests(catalog);
      await expireSnapshots(catalog);
    },
  }, async ({ catalog, result }) => {
    assert.equal(result.state, "recorded");
    assert.deepEqual(await rangesInTable(catalog), ["0-100", "100-200"]);
    const own = filesOf(catalog.directory, "data").filter((name) => name.startsWith("load-100"));
    assert.equal(own.length, 1, "its own is removed, the other one lives");
  });
});

Deno.test("Committer.commit() of several chunks takes those that another run has out, and brings in the rest", async () => {
  await withCatalog(async (catalog) => {
    const table = await makeTable(catalog.client);
    const twin = await makeWriter(catalog.uri, table);
    const { committer } = await makeWriter(catalog.uri, table);
    await twin.committer.commit([1, 2].map((index) => makeChunk(table, index)));
    const result = await committer.commit([0, 1, 2, 3].map((index) => makeChunk(table, index)));
    assert.equal(result.state, "mixed");
    assert.deepEqual(await rangesInTable(catalog), ["100-200", "200-300"]);
    // All four are still there: whoever asked decides what becomes of each.
    assert.equal(filesOf(catalog.directory, "data").length, 6);
    assert.equal(filesOf(catalog.directory, "metadata").length, 2);
  });
});

Deno.test("Committer.commit() says that another run has cut the source in another way", async () => {
  await withCatalog(async (catalog) => {
    const table = await makeTable(catalog.client);
    const twin = await makeWriter(catalog.uri, table);
    const { committer } = await makeWriter(catalog.uri, table);
    await twin.committer.commit([makeChunk(table, 1)]);
    const chunk = makeChunk(table, 1);
    const across = { ...chunk, range: { ...chunk.range, start: 150, end: 250 } };
    const result = await committer.commit([across]);
    assert.equal(result.state === "failed" && result.failure, "split");
    assert.deepEqual(await rangesInTable(catalog), ["100-200"]);
    assert.equal(filesOf(catalog.directory, "data").length, 1);
  });
});
