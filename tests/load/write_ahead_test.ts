/** Manifest lists that are written while the commit before is on its way. */
import assert from "node:assert/strict";
import { RacingSink } from "../../lib/load/commit_sink.ts";
import {
  filesOf,
  liveDataFiles,
  makeChunk,
  makeTable,
  makeWriter,
  TABLE,
  withCatalog,
} from "./support.ts";

const DELAY_MS = 300;

function listsIn(directory: string): string[] {
  return filesOf(directory, "metadata").filter((name) => name.startsWith("snap-"));
}

/** Waits until the condition holds; its time is over long before the delay is. */
async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    assert.ok(tries < 200, "it does not come");
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

Deno.test("RacingSink of one writer writes the next manifest list while a commit is on its way", async () => {
  let posts = 0;
  await withCatalog(async ({ proxy, client, directory }) => {
    const table = await makeTable(client);
    const { committer } = await makeWriter(proxy.uri, table, { isAlone: true });
    const sink = new RacingSink([committer]);
    const adding = [0, 1, 2].map((index) => sink.add(makeChunk(table, index)));
    for (const nth of [1, 2]) {
      await until(() => posts === nth);
      // Its own, those before, and the next one.
      await until(() => listsIn(directory).length === nth + 1);
      assert.equal(posts, nth);
    }
    for (const result of await Promise.all(adding)) {
      assert.equal(result.state, "committed");
      assert.equal(result.attempts, 1);
    }
    // None was written in vain.
    assert.equal(listsIn(directory).length, 3);
    const loaded = await client.loadTable(TABLE);
    assert.equal((await liveDataFiles(loaded!.metadata)).length, 3);
  }, ({ isCommit }) => {
    if (!isCommit) return undefined;
    posts++;
    return { delayMs: DELAY_MS };
  });
});

Deno.test("RacingSink writes another list where the one written ahead does not fit, and removes that", async () => {
  let other = () => Promise.resolve();
  let commits = 0;
  await withCatalog(async ({ uri, proxy, client, directory }) => {
    const table = await makeTable(client);
    const { committer } = await makeWriter(proxy.uri, table, { isAlone: true });
    const stranger = await makeWriter(uri, table, { loadId: "other" });
    const foreign = makeChunk(table, 9, "other");
    other = async () => {
      await stranger.committer.commit([foreign]);
    };
    const sink = new RacingSink([committer]);
    const chunks = [0, 1, 2].map((index) => makeChunk(table, index));
    const results = await Promise.all(chunks.map((chunk) => sink.add(chunk)));
    assert.deepEqual(results.map(({ state }) => state), ["committed", "committed", "committed"]);
    assert.ok(results.some(({ attempts }) => attempts > 1));
    assert.equal(listsIn(directory).length, 4);
    const loaded = await client.loadTable(TABLE);
    const live = await liveDataFiles(loaded!.metadata);
    assert.deepEqual(live.sort(), [...chunks, foreign].map(({ file }) => file.path).sort());
  }, ({ isCommit }) => {
    if (!isCommit) return undefined;
    commits++;
    // The stranger is quicker than the first; the second's list is built on the first by then.
    return { delayMs: DELAY_MS, silence: commits === 1 ? other() : Promise.resolve() };
  });
});
