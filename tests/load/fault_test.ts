/** Commits whose answers are lost, late or wrong, through a proxy before the real catalog. */
import assert from "node:assert/strict";
import { MAIN_BRANCH } from "../../lib/table/append.ts";
import { branchHead } from "../../lib/table/metadata.ts";
import type { Fault, FaultPlan } from "../fault_proxy.ts";
import type { RawResponse } from "../raw_http.ts";
import { CHUNK_ROWS, lookAt, makeChunk, makeTable, makeWriter, withCatalog } from "./support.ts";

const CONFLICT: RawResponse = {
  status: 409,
  body: `{"error":{"message":"main has changed","type":"CommitFailedException","code":409}}`,
};

function failing(status: number): RawResponse {
  return { status, headers: { "content-type": "text/html" }, body: "<html>sorry</html>" };
}

/** The same fault for the first `count` commits. */
function faultyCommits(fault: Fault, count = 1): FaultPlan {
  return ({ isCommit, nthCommit }) => isCommit && nthCommit <= count ? fault : undefined;
}

async function filesOf(directory: string): Promise<string[]> {
  const files = await Array.fromAsync(Deno.readDir(`${directory}/ns/t/metadata`));
  return files.map(({ name }) => name).filter((name) => name.endsWith(".avro"));
}

const UNKNOWN_ENDS: ReadonlyArray<{
  readonly name: string;
  readonly fault: Fault;
  readonly landed: boolean;
  readonly status?: number;
}> = [
  {
    name: "500 after it was applied",
    fault: { reply: failing(500) },
    landed: true,
    status: 500,
  },
  {
    name: "500 before it arrived",
    fault: { forwards: 0, reply: failing(500) },
    landed: false,
    status: 500,
  },
  { name: "503 after it was applied", fault: { reply: failing(503) }, landed: true, status: 503 },
  { name: "a cut after it was applied", fault: { reply: "cut" }, landed: true },
  { name: "a cut before it arrived", fault: { forwards: 0, reply: "cut" }, landed: false },
  {
    name: "a cut within the body",
    fault: { reply: "cutBody" },
    landed: true,
    status: 200,
  },
  {
    name: "an empty 200",
    fault: { reply: { status: 200 } },
    landed: true,
    status: 200,
  },
];

for (const { name, fault, landed, status } of UNKNOWN_ENDS) {
  Deno.test(`Committer.commit() calls a commit that ends with ${name} unknown, and deletes nothing`, async () => {
    await withCatalog(async ({ client, proxy, directory }) => {
      const table = await makeTable(client);
      const { committer, events } = await makeWriter(proxy.uri, table);
      const result = await committer.commit(makeChunk(table, 0));
      assert.equal(result.state, "unknown");
      assert.equal(result.state === "unknown" && result.failure, "unknown");
      assert.equal(result.attempts, 1);
      assert.equal(result.status, status);
      const event = events[0];
      assert.equal(event?.type === "commit" && event.outcome, "unknown");
      assert.equal((await filesOf(directory)).length, 2, "manifest and manifest list are there");
      assert.equal((await lookAt(client)).rows, landed ? CHUNK_ROWS : 0);
      // The next chunk sees the table as it is, whatever became of this one.
      const next = await committer.commit(makeChunk(table, 1));
      assert.equal(next.state, "committed");
      assert.equal(next.attempts, 1);
      assert.deepEqual(
        (await lookAt(client)).chunks,
        landed ? ["load/0", "load/1"] : ["load/1"],
      );
    }, faultyCommits(fault));
  });
}

for (const retriesMax of [undefined, 0, 3]) {
  Deno.test(`Committer.commit() finds its own landed commit behind a 409, with ${retriesMax} retries`, async () => {
    await withCatalog(async ({ client, proxy }) => {
      const table = await makeTable(client);
      const { committer } = await makeWriter(proxy.uri, table, { retriesMax });
      const result = await committer.commit(makeChunk(table, 0));
      assert.equal(result.state, "committed");
      assert.equal(result.attempts, 1);
      assert.equal(result.status, 409);
      const { metadata, chunks } = await lookAt(client);
      assert.deepEqual(chunks, ["load/0"]);
      assert.equal(branchHead(metadata, MAIN_BRANCH)?.["snapshot-id"], result.snapshotId);
      // It goes on from there without a reload.
      assert.equal((await committer.commit(makeChunk(table, 1))).attempts, 1);
      assert.equal((await lookAt(client)).rows, 2 * CHUNK_ROWS);
    }, faultyCommits({ reply: CONFLICT }));
  });
}

Deno.test("Committer.commit() counts a request that arrived twice once", async () => {
  await withCatalog(async ({ client, proxy }) => {
    const table = await makeTable(client);
    const { committer, events } = await makeWriter(proxy.uri, table);
    const result = await committer.commit(makeChunk(table, 0));
    assert.equal(result.state, "committed");
    const event = events[0];
    // The server's answer to the second one came through.
    assert.equal(event?.type === "commit" && event.status, 409);
    assert.deepEqual((await lookAt(client)).chunks, ["load/0"]);
  }, faultyCommits({ forwards: 2 }));
});

Deno.test("Committer.commit() finds a landed commit behind newer ones of others", async () => {
  /** Commits on top, once. */
  let overtake: (() => Promise<unknown>) | undefined;
  await withCatalog(async ({ uri, client, proxy }) => {
    const table = await makeTable(client);
    const other = await makeWriter(uri, table);
    const { committer } = await makeWriter(proxy.uri, table);
    overtake = () => other.committer.commit(makeChunk(table, 0, "other"));
    const result = await committer.commit(makeChunk(table, 0));
    assert.equal(result.state, "committed");
    assert.equal(result.state === "committed" && result.sequenceNumber, 1n);
    assert.deepEqual((await lookAt(client)).chunks, ["load/0", "other/0"]);
  }, async ({ isCommit, target }) => {
    if (isCommit) return { reply: CONFLICT };
    if (target.includes("snapshots=all")) await overtake?.();
    overtake = undefined;
    return undefined;
  });
});

Deno.test("Committer.commit() gives up after the retries that it may have", async () => {
  await withCatalog(async ({ client, proxy }) => {
    const table = await makeTable(client);
    const { committer, events } = await makeWriter(proxy.uri, table, { retriesMax: 2 });
    const result = await committer.commit(makeChunk(table, 0));
    assert.equal(result.state, "failed");
    assert.equal(result.state === "failed" && result.failure, "retriesSpent");
    assert.equal(result.attempts, 3);
    assert.equal(result.status, 409);
    assert.equal(events.length, 3);
    assert.equal((await lookAt(client)).rows, 0);
  }, faultyCommits({ forwards: 0, reply: CONFLICT }, Infinity));
});

Deno.test("Committer.commit() gives up when its time is over", async () => {
  await withCatalog(async ({ client, proxy }) => {
    const table = await makeTable(client);
    const settings = { timeoutMs: 300, backoff: { minWaitMs: 20, maxWaitMs: 40 } };
    const { committer } = await makeWriter(proxy.uri, table, settings);
    const startedMs = performance.now();
    const result = await committer.commit(makeChunk(table, 0));
    const elapsedMs = performance.now() - startedMs;
    assert.equal(result.state === "failed" && result.failure, "retriesSpent");
    assert.ok(result.attempts > 1, `${result.attempts} attempts`);
    assert.ok(elapsedMs < 5000, `${elapsedMs} ms`);
  }, faultyCommits({ forwards: 0, reply: CONFLICT }, Infinity));
});

Deno.test("Committer.commit() calls a conflict unknown when it cannot look", async () => {
  for (const applied of [0, 1]) {
    await withCatalog(async ({ client, proxy }) => {
      const table = await makeTable(client);
      const { committer } = await makeWriter(proxy.uri, table);
      const result = await committer.commit(makeChunk(table, 0));
      assert.equal(result.state, "unknown");
      assert.equal(result.attempts, 1);
      assert.match(result.state === "unknown" ? result.reason : "", /HTTP 409.*; then: .*HTTP 502/);
      assert.equal((await lookAt(client)).rows, applied * CHUNK_ROWS);
    }, ({ isCommit, target }) => {
      if (isCommit) return { forwards: applied, reply: CONFLICT };
      return target.includes("snapshots=all") ? { forwards: 0, reply: failing(502) } : undefined;
    });
  }
});

const FAILED_ENDS = [
  { name: "401", response: { status: 401 }, failure: "auth" },
  { name: "403", response: { status: 403 }, failure: "auth" },
  { name: "419", response: { status: 419 }, failure: "auth" },
  { name: "400", response: { status: 400 }, failure: "rejected" },
  { name: "429", response: { status: 429 }, failure: "unreachable" },
] as const;

for (const { name, response, failure } of FAILED_ENDS) {
  Deno.test(`Committer.commit() fails a chunk that is answered ${name} as ${failure}`, async () => {
    await withCatalog(async ({ client, proxy }) => {
      const table = await makeTable(client);
      const { committer } = await makeWriter(proxy.uri, table);
      const result = await committer.commit(makeChunk(table, 0));
      assert.equal(result.state === "failed" && result.failure, failure);
      assert.equal(result.attempts, 1);
      assert.equal((await lookAt(client)).rows, 0);
    }, faultyCommits({ forwards: 0, reply: response }));
  });
}

Deno.test("Committer.commit() fails a chunk whose connection is refused, and goes on when it is not", async () => {
  await withCatalog(async ({ uri, client, proxy }) => {
    const table = await makeTable(client);
    const { committer } = await makeWriter(proxy.uri, table);
    await proxy.close();
    const result = await committer.commit(makeChunk(table, 0));
    assert.equal(result.state === "failed" && result.failure, "unreachable");
    assert.equal(result.status, undefined);
    assert.match(result.state === "failed" ? result.reason : "", /refused/);
    const other = await makeWriter(uri, table);
    assert.equal((await other.committer.commit(makeChunk(table, 0))).state, "committed");
  });
});
