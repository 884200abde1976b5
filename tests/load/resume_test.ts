/** Loads that are run again under their load id, against the real embedded catalog. */
import assert from "node:assert/strict";
import { EXIT_CODE } from "../../lib/errors.ts";
import type { CommitMode, LoadEvent } from "../../lib/load/events.ts";
import type { LoadOptions } from "../../lib/load/options.ts";
import { GRACE_MS, Stop } from "../../lib/load/stop.ts";
import { uuidV7 } from "../../lib/table/uuid_v7.ts";
import { expireSnapshots, mergeManifests } from "./rewritten_table.ts";
import {
  changeTable,
  csvRows,
  filesAt,
  filesOf,
  idsFrom,
  idsInTable,
  liveDataFiles,
  type Load,
  load,
  lookAt,
  messagesOf,
  TABLE,
  type TestCatalog,
  withCatalog,
} from "./support.ts";

const MODES: readonly CommitMode[] = ["per-chunk", "grouped", "once"];
const ROWS = 205;

/** Loads, and ends it after so many chunks were committed. */
async function loadAndStop(
  uri: string,
  text: string,
  settings: Partial<LoadOptions> & { readonly after: number },
): Promise<Load> {
  const { after, ...rest } = settings;
  const stop = new Stop();
  let committed = 0;
  return await load(uri, text, {
    ...rest,
    stop,
    onEvent: (event: LoadEvent) => {
      // In `once` nothing is committed before the end: it is ended while it encodes.
      const counts = rest.commitMode === "once"
        ? event.type === "encoded"
        : event.type === "chunk" && event.state === "committed";
      if (counts && ++committed === after) stop.request();
    },
  });
}

async function checkWhole({ client }: TestCatalog, rows = ROWS): Promise<void> {
  assert.deepEqual(await idsInTable(client), idsFrom(1, rows));
  // Nothing is left that no snapshot refers to.
  const { metadata } = (await client.loadTable(TABLE))!;
  const live = await liveDataFiles(metadata);
  assert.equal(filesAt(metadata.location, "data").length, live.length, "data files");
}

for (const first of MODES) {
  for (const then of MODES) {
    Deno.test(`runLoad() finishes with ${then} what was interrupted in ${first}, by the recorded split`, async () => {
      await withCatalog(async (catalog) => {
        const { uri, client } = catalog;
        // What is ready while one commit is under way goes into the next: more than may wait.
        const rows = first === "grouped" ? 15 * ROWS : ROWS;
        const text = csvRows(rows);
        const begun = await loadAndStop(uri, text, { commitMode: first, after: 1, workers: 2 });
        assert.equal(begun.summary.exitCode, EXIT_CODE.interrupted);
        assert.equal(begun.summary.chunksUnknown, 0);
        const before = begun.summary.rowsCommitted;
        assert.ok(before < rows, "it had ended");
        assert.equal(before > 0, first !== "once");
        assert.equal((await idsInTable(client)).length, before);
        const finished = await load(uri, text, {
          commitMode: then,
          // Not of the same size, unless nothing is recorded.
          chunkSize: 7,
          workers: 3,
          mayResume: true,
        });
        const { summary } = finished;
        assert.equal(summary.exitCode, EXIT_CODE.ok, messagesOf(finished, "error").join("; "));
        assert.equal(summary.rowsRead, rows);
        assert.equal(summary.rowsRecorded, before);
        assert.equal(summary.rowsCommitted, rows - before);
        const chunkRows = finished.events.find((event) => event.type === "table")?.chunkRows;
        assert.equal(chunkRows, before > 0 ? 10 : 7);
        await checkWhole(catalog, rows);
        // And once more there is nothing to do.
        const again = await load(uri, text, { commitMode: first, mayResume: true });
        assert.equal(again.summary.exitCode, EXIT_CODE.ok);
        assert.equal(again.summary.rowsRecorded, rows);
        assert.equal(again.summary.rowsCommitted, 0);
        assert.deepEqual(again.summary.commitStatus, {});
        await checkWhole(catalog, rows);
      });
    });
  }
}

Deno.test("runLoad() that is interrupted removes the files of chunks that did not commit", async () => {
  for (const commitMode of MODES) {
    await withCatalog(async ({ uri, client, directory }) => {
      const begun = await loadAndStop(uri, csvRows(2000), { commitMode, after: 4, workers: 4 });
      assert.equal(begun.summary.exitCode, EXIT_CODE.interrupted);
      assert.deepEqual(messagesOf(begun, "error"), ["The load was interrupted before its end"]);
      const { dataFiles, chain } = await lookAt(client);
      assert.equal(filesOf(directory, "data").length, dataFiles.length);
      const own = filesOf(directory, "metadata").filter((name) => name.startsWith("load-"));
      assert.equal(own.length, chain.length === 0 ? 0 : own.length);
      assert.ok(begun.summary.rowsRead < 2000);
      for (const { state, failure } of begun.chunks) {
        if (state === "failed") assert.match(failure ?? "", /^(interrupted|abandoned)$/);
      }
    });
  }
});

Deno.test("runLoad() that is interrupted while the catalog is silent gives up after the grace", async () => {
  const stop = new Stop();
  const silence = Promise.withResolvers<void>();
  await withCatalog(async ({ proxy, client }) => {
    const startedMs = performance.now();
    const done = await load(proxy.uri, csvRows(50), { stop, workers: 1 });
    const elapsedMs = performance.now() - startedMs;
    silence.resolve();
    assert.equal(done.summary.exitCode, EXIT_CODE.unknown);
    assert.equal(done.summary.chunksUnknown, 1);
    assert.ok(elapsedMs >= GRACE_MS - 100, "the commit on its way was not waited for");
    assert.ok(elapsedMs < GRACE_MS + 5000, `${elapsedMs} ms`);
    assert.equal((await lookAt(client)).rows, 20);
  }, ({ isCommit, nthCommit }) => {
    if (!isCommit || nthCommit !== 2) return undefined;
    stop.request();
    return { silence: silence.promise, reply: "cut" };
  });
});

Deno.test("runLoad() that is interrupted before it has begun contacts nobody any more", async () => {
  const stop = new Stop();
  stop.request();
  await withCatalog(async ({ uri, client }) => {
    const done = await load(uri, csvRows(50), { stop });
    assert.equal(done.summary.exitCode, EXIT_CODE.interrupted);
    assert.equal(done.summary.rowsCommitted, 0);
    assert.deepEqual(await idsInTable(client), []);
  });
});

/** A load of 60 rows in which the chunks given, from 0, have lost a race that was never repeated. */
async function loadWithGaps(
  { proxy }: TestCatalog,
  text: string,
  gaps: readonly number[],
): Promise<void> {
  gapsOfPlan = gaps;
  const { summary } = await load(proxy.uri, text, { workers: 1, commitRetries: 0 });
  gapsOfPlan = [];
  assert.equal(summary.exitCode, EXIT_CODE.failed);
  assert.equal(summary.chunksFailed, gaps.length);
}

let gapsOfPlan: readonly number[] = [];
const gapPlan = ({ isCommit, nthCommit }: { isCommit: boolean; nthCommit: number }) =>
  isCommit && gapsOfPlan.includes(nthCommit - 1)
    ? { forwards: 0, reply: { status: 409 } }
    : undefined;

Deno.test("runLoad() fills gaps between what is recorded", async () => {
  for (const commitMode of MODES) {
    await withCatalog(async (catalog) => {
      const text = csvRows(60);
      await loadWithGaps(catalog, text, [0, 2, 3, 5]);
      const done = await load(catalog.uri, text, { commitMode, mayResume: true });
      assert.equal(done.summary.exitCode, EXIT_CODE.ok);
      assert.equal(done.summary.rowsRecorded, 20);
      assert.equal(done.summary.rowsCommitted, 40);
      assert.deepEqual(await idsInTable(catalog.client), idsFrom(1, 60));
      if (commitMode !== "once") return;
      // Three gaps are three ranges, with a manifest each.
      const last = (await lookAt(catalog.client)).chain.at(-1);
      assert.equal(last?.summary?.["ingest.ranges"]?.split(",").length, 3);
      assert.equal(last?.summary?.["manifests-created"], "3");
    }, gapPlan);
  }
});

/** Sources that are not the one that was begun, and what is said of them. */
const CHANGED: ReadonlyArray<readonly [string, (text: string) => string, RegExp]> = [
  [
    "changed in what is missing",
    (text) => text.replace("name 3\n", "NAME 3\n"),
    /its first \d+ bytes/,
  ],
  [
    "changed in what is there",
    (text) => text.replace("name 13\n", "NAME 13\n"),
    /its first \d+ bytes/,
  ],
  [
    "of other line lengths",
    (text) => text.replace("name 13\n", "n\n"),
    /its first \d+ bytes|no record ends/,
  ],
  [
    "with another column name",
    (text) => text.replace("name\n", "nome\n"),
    /its first \d+ bytes|"nome"/,
  ],
  ["shorter than it was", (text) => text.slice(0, text.indexOf("42,")), /it ends at byte \d+/],
  ["with its rows in another order", (text) => {
    const [head, ...rows] = text.trimEnd().split("\n");
    return [head, ...rows.slice(0, 9).reverse(), ...rows.slice(9), ""].join("\n");
  }, /its first \d+ bytes/],
];

for (const [name, change, message] of CHANGED) {
  for (const gaps of [[0, 3], [4, 5]]) {
    const text = csvRows(60);
    // The rows from 41 on are not recorded in the second case, so nobody can miss them.
    if (gaps[0] === 4 && name.startsWith("shorter")) continue;
    Deno.test(`runLoad() ends with 3 and writes nothing for a source ${name}, with gaps at ${gaps}`, async () => {
      await withCatalog(async (catalog) => {
        const { uri, client, directory } = catalog;
        await loadWithGaps(catalog, text, gaps);
        const before = [...filesOf(directory, "data"), ...filesOf(directory, "metadata")];
        for (const commitMode of MODES) {
          const done = await load(uri, change(text), { commitMode, mayResume: true });
          assert.equal(done.summary.exitCode, EXIT_CODE.input);
          assert.equal(done.summary.rowsCommitted, 0);
          assert.match(messagesOf(done, "error").join("; "), message);
          const after = [...filesOf(directory, "data"), ...filesOf(directory, "metadata")];
          assert.deepEqual(after, before);
        }
        assert.equal((await idsInTable(client)).length, 40);
      }, gapPlan);
    });
  }
}

Deno.test("runLoad() brings in what was added to the end of a source", async () => {
  await withCatalog(async ({ uri, client }) => {
    await load(uri, csvRows(25));
    const done = await load(uri, csvRows(40), { mayResume: true });
    assert.equal(done.summary.exitCode, EXIT_CODE.ok);
    assert.equal(done.summary.rowsRecorded, 25);
    assert.deepEqual(await idsInTable(client), idsFrom(1, 40));
  });
});

for (const commitMode of MODES) {
  Deno.test(`runLoad() of two runs with one load id at once brings every row in once, in ${commitMode}`, async () => {
    for (let round = 0; round < 2; round++) {
      await withCatalog(async (catalog) => {
        const text = csvRows(ROWS);
        const runs = await Promise.all(
          [1, 2].map((workers) =>
            load(catalog.uri, text, { commitMode, workers, mayResume: true })
          ),
        );
        for (const run of runs) {
          assert.equal(run.summary.exitCode, EXIT_CODE.ok, messagesOf(run, "error").join("; "));
          const { rowsCommitted, rowsRecorded } = run.summary;
          assert.equal(rowsCommitted + rowsRecorded, ROWS);
        }
        const committed = runs.reduce((sum, { summary }) => sum + summary.rowsCommitted, 0);
        assert.equal(committed, ROWS);
        await checkWhole(catalog);
      });
    }
  });
}

Deno.test("runLoad() of three modes with one load id at once brings every row in once", async () => {
  await withCatalog(async (catalog) => {
    const text = csvRows(ROWS);
    const runs = await Promise.all(
      MODES.map((commitMode) => load(catalog.uri, text, { commitMode, mayResume: true })),
    );
    for (const run of runs) {
      assert.equal(run.summary.exitCode, EXIT_CODE.ok, messagesOf(run, "error").join("; "));
    }
    await checkWhole(catalog);
  });
});

Deno.test("runLoad() of two runs with one load id that cut the source in other ways doubles nothing", async () => {
  for (const commitMode of MODES) {
    await withCatalog(async (catalog) => {
      const text = csvRows(ROWS);
      const runs = await Promise.all(
        [10, 17].map((chunkSize) =>
          load(catalog.uri, text, { commitMode, chunkSize, mayResume: true })
        ),
      );
      const ids = await idsInTable(catalog.client);
      assert.equal(new Set(ids).size, ids.length, "a row is there twice");
      for (const run of runs) {
        const split = run.chunks.filter(({ failure }) => failure === "split");
        const expected = split.length > 0 ? EXIT_CODE.failed : EXIT_CODE.ok;
        assert.equal(run.summary.exitCode, expected, messagesOf(run, "error").join("; "));
      }
      // Whatever is missing, the same command brings it in.
      const finished = await load(catalog.uri, text, { commitMode, mayResume: true });
      assert.equal(finished.summary.exitCode, EXIT_CODE.ok);
      await checkWhole(catalog);
    });
  }
});

Deno.test("runLoad() of two loads into one table at once brings both in", async () => {
  await withCatalog(async ({ uri, client }) => {
    await Promise.all(
      [1, 101].map((from) =>
        load(uri, csvRows(100, from), { workers: 4, loadId: `load-${from}`, mayResume: true })
      ),
    );
    assert.deepEqual(await idsInTable(client), idsFrom(1, 200));
    assert.equal((await lookAt(client)).rows, 200);
  });
});

const EXPIRED = /older history of the table has expired.*names of its files only/;

for (const isMerged of [false, true]) {
  const after = isMerged
    ? "manifests were merged and old snapshots expired"
    : "old snapshots expired";
  Deno.test(`runLoad() says so and doubles nothing when ${after} since it was begun`, async () => {
    for (const commitMode of MODES) {
      await withCatalog(async (catalog) => {
        const { uri, client } = catalog;
        const text = csvRows(60);
        await loadWithGaps(catalog, text, [1, 4]);
        if (isMerged) await mergeManifests(catalog);
        await expireSnapshots(catalog);
        const done = await load(uri, text, { commitMode, chunkSize: 10, mayResume: true });
        assert.equal(done.summary.exitCode, EXIT_CODE.ok, messagesOf(done, "error").join("; "));
        assert.equal(messagesOf(done, "notice").filter((text) => EXPIRED.test(text)).length, 1);
        assert.equal(done.summary.rowsRecorded, 40);
        assert.equal(done.summary.rowsCommitted, 20);
        assert.deepEqual(await idsInTable(client), idsFrom(1, 60));
      }, gapPlan);
    }
  });
}

Deno.test("runLoad() sees through a tag that keeps an old snapshot when the branch's history has expired", async () => {
  await withCatalog(async (catalog) => {
    const { uri, client } = catalog;
    const loadId = uuidV7();
    await load(uri, csvRows(10, 1001), { loadId: "older" });
    await load(uri, csvRows(30), { loadId });
    const { snapshots = [] } = (await client.loadTable(TABLE))!.metadata;
    await changeTable(uri, [{
      action: "set-snapshot-ref",
      "ref-name": "old",
      type: "tag",
      "snapshot-id": snapshots[0]!["snapshot-id"],
    }, {
      action: "remove-snapshots",
      "snapshot-ids": snapshots.slice(1, -1).map((snapshot) => snapshot["snapshot-id"]),
    }]);
    const done = await load(uri, csvRows(30), { loadId, mayResume: true });
    assert.equal(done.summary.rowsRecorded, 30);
    assert.deepEqual(await idsInTable(client), [...idsFrom(1, 30), ...idsFrom(1001, 1010)]);
  });
});
