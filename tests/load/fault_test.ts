/** Commits whose answers are lost, late or wrong, through a proxy before the real catalog. */
import assert from "node:assert/strict";
import { Stop } from "../../lib/load/stop.ts";
import type { LoadEvent } from "../../lib/load/events.ts";
import { MAIN_BRANCH } from "../../lib/table/append.ts";
import { branchHead } from "../../lib/table/metadata.ts";
import type { Fault, FaultPlan } from "../fault_proxy.ts";
import type { RawResponse } from "../raw_http.ts";
import { keyedCatalog } from "./keyed_catalog.ts";
import { addColumnUpdates } from "./schema_updates.ts";
import {
  changeTable,
  CHUNK_ROWS,
  filesOf,
  lookAt,
  makeChunk,
  makeTable,
  makeWriter,
  withCatalog,
} from "./support.ts";

const CONFLICT = errorAnswer(409, { type: "CommitFailedException", message: "main has changed" });

const HTML = { "content-type": "text/html" };

function errorAnswer(
  status: number,
  error: { readonly type: string; readonly message?: string },
): RawResponse {
  return { status, body: JSON.stringify({ error: { message: "no", ...error, code: status } }) };
}

function failing(status: number): RawResponse {
  return { status, headers: HTML, body: "<html>sorry</html>" };
}

/** The same fault for the first `count` commits. */
function faultyCommits(fault: Fault, count = 1): FaultPlan {
  return ({ isCommit, nthCommit }) => isCommit && nthCommit <= count ? fault : undefined;
}

function commitEvents(events: readonly LoadEvent[]) {
  return events.filter((event) => event.type === "commit");
}

function noticesOf(events: readonly LoadEvent[]): string[] {
  return events.flatMap((event) => event.type === "notice" ? [event.message] : []);
}

/** Every form of an answer that leaves open whether the commit was carried out. */
const UNKNOWN_REPLIES: ReadonlyArray<{
  readonly name: string;
  readonly reply: NonNullable<Fault["reply"]>;
  readonly status?: number;
}> = [
  ...[500, 502, 503, 504, 599].map((status) => ({
    name: `an HTML page with ${status}`,
    reply: failing(status),
    status,
  })),
  {
    name: "500 of the catalog's own",
    reply: errorAnswer(500, { type: "InternalServerError" }),
    status: 500,
  },
  {
    name: "503 with Retry-After",
    reply: { ...failing(503), headers: { "retry-after": "0" } },
    status: 503,
  },
  { name: "a cut", reply: "cut" },
  { name: "a cut within the body", reply: "cutBody", status: 200 },
  { name: "an empty 200", reply: { status: 200 }, status: 200 },
  {
    name: "a 200 that is no JSON",
    reply: { status: 200, headers: HTML, body: "<html>Welcome</html>" },
    status: 200,
  },
  { name: "a 200 without metadata", reply: { status: 200, body: "{}" }, status: 200 },
  { name: "204", reply: { status: 204 }, status: 204 },
  { name: "a redirect", reply: { status: 307, headers: { location: "/x" } }, status: 307 },
  {
    name: "409 RequestInProgress",
    reply: errorAnswer(409, { type: "RequestInProgress" }),
    status: 409,
  },
];

for (const { name, reply, status } of UNKNOWN_REPLIES) {
  Deno.test(`Committer.commit() that is answered with ${name} after it was applied finds itself`, async () => {
    await withCatalog(async ({ client, proxy, directory }) => {
      const table = await makeTable(client);
      const { committer, events } = await makeWriter(proxy.uri, table);
      const result = await committer.commit([makeChunk(table, 0)]);
      assert.equal(result.state, "committed");
      assert.equal(result.attempts, 1);
      const [event] = commitEvents(events);
      assert.equal(event?.outcome, "unknown");
      assert.equal(event?.status, status === 200 && reply === "cutBody" ? 200 : status);
      assert.deepEqual((await lookAt(client)).chunks, ["load/0-100"]);
      assert.equal(filesOf(directory, "metadata").length, 2, "manifest and manifest list");
      // It goes on from there without a reload.
      assert.equal((await committer.commit([makeChunk(table, 1)])).attempts, 1);
      assert.equal((await lookAt(client)).rows, 2 * CHUNK_ROWS);
    }, faultyCommits({ reply }));
  });

  Deno.test(`Committer.commit() that is answered with ${name} after it was applied is told so under its key`, async () => {
    await withCatalog(
      async ({ client, proxy, directory }) => {
        const table = await makeTable(client);
        const { committer } = await makeWriter(proxy.uri, table);
        for (const index of [0, 1]) {
          assert.equal((await committer.commit([makeChunk(table, index)])).state, "committed");
        }
        const looked = await lookAt(client);
        assert.equal(looked.rows, 2 * CHUNK_ROWS);
        assert.deepEqual(looked.chunks, ["load/0-100", "load/100-200"]);
        assert.equal(filesOf(directory, "metadata").length, 4, "manifests and manifest lists");
      },
      faultyCommits({ reply }),
      { idempotencyKeys: true },
    );
  });

  Deno.test(`Committer.commit() that is answered with ${name} before it was applied sends the same again`, async () => {
    await withCatalog(async ({ client, proxy, directory }) => {
      const table = await makeTable(client);
      const { committer } = await makeWriter(proxy.uri, table);
      const result = await committer.commit([makeChunk(table, 0)]);
      assert.equal(result.state, "committed");
      assert.equal(result.attempts, 3);
      const bodies = proxy.requests.filter(({ isCommit }) => isCommit).map(({ body }) => body);
      assert.equal(bodies.length, 3);
      assert.equal(new Set(bodies).size, 1, "another body");
      assert.deepEqual((await lookAt(client)).chunks, ["load/0-100"]);
      assert.equal(filesOf(directory, "metadata").length, 2, "manifest and manifest list");
    }, faultyCommits({ forwards: 0, reply }, 2));
  });
}

Deno.test("Committer.commit() that gets no answer in time finds itself, or sends the same again", async () => {
  for (const forwards of [0, 1]) {
    const silence = Promise.withResolvers<void>();
    await withCatalog(async ({ client, proxy }) => {
      const table = await makeTable(client);
      const { committer, events } = await makeWriter(proxy.uri, table, { requestTimeoutMs: 400 });
      const result = await committer.commit([makeChunk(table, 0)]);
      silence.resolve();
      assert.equal(result.state, "committed");
      assert.equal(result.attempts, 2 - forwards);
      const [event] = commitEvents(events);
      assert.equal(event?.outcome, "unknown");
      assert.match(event?.reason ?? "", /timeout/);
      assert.deepEqual((await lookAt(client)).chunks, ["load/0-100"]);
    }, faultyCommits({ forwards, reply: "cut", silence: silence.promise }));
  }
});

Deno.test("Committer.commit() under keys is sent by nobody else: a refusal after a lost answer is not taken for that of the first post", async () => {
  // The second commit is carried out and its answer cut off; on a kept connection a client that
  // sends it again by itself would see nothing but what comes after.
  for (const [status, type] of [[429, "TooManyRequests"], [403, "Forbidden"]] as const) {
    const refused = errorAnswer(status, { type });
    const plan: FaultPlan = ({ isCommit, nthCommit }) => {
      if (!isCommit || nthCommit === 1) return undefined;
      return nthCommit === 2 ? { reply: "cut" } : { forwards: 0, reply: refused };
    };
    await withCatalog(
      async ({ client, proxy, directory }) => {
        const table = await makeTable(client);
        const { committer, events } = await makeWriter(proxy.uri, table, { timeoutMs: 1500 });
        await committer.commit([makeChunk(table, 0)]);
        const result = await committer.commit([makeChunk(table, 1)]);
        assert.equal(result.state, "committed");
        assert.equal(commitEvents(events)[1]?.outcome, "unknown");
        assert.deepEqual((await lookAt(client)).chunks, ["load/0-100", "load/100-200"]);
        assert.equal(filesOf(directory, "metadata").length, 4, "manifests and manifest lists");
      },
      plan,
      { idempotencyKeys: true },
    );
  }
});

for (const retriesMax of [undefined, 0, 3]) {
  Deno.test(`Committer.commit() finds its own landed commit behind a 409, with ${retriesMax} retries`, async () => {
    await withCatalog(async ({ client, proxy }) => {
      const table = await makeTable(client);
      const { committer } = await makeWriter(proxy.uri, table, { retriesMax });
      const result = await committer.commit([makeChunk(table, 0)]);
      assert.equal(result.state, "committed");
      assert.equal(result.attempts, 1);
      assert.equal(result.status, 409);
      const { metadata, chunks } = await lookAt(client);
      assert.deepEqual(chunks, ["load/0-100"]);
      assert.equal(branchHead(metadata, MAIN_BRANCH)?.["snapshot-id"], result.snapshotId);
      // It goes on from there without a reload.
      assert.equal((await committer.commit([makeChunk(table, 1)])).attempts, 1);
      assert.equal((await lookAt(client)).rows, 2 * CHUNK_ROWS);
    }, faultyCommits({ reply: CONFLICT }));
  });
}

Deno.test("Committer.commit() waits no longer after a trouble for the races that it lost before", async () => {
  const racesLost = 11;
  const troubles = 3;
  const faults: FaultPlan = ({ isCommit, nthCommit }) => {
    if (!isCommit || nthCommit > racesLost + troubles) return undefined;
    return { forwards: 0, reply: nthCommit <= racesLost ? CONFLICT : failing(503) };
  };
  await withCatalog(async ({ client, proxy }) => {
    const table = await makeTable(client);
    // Waits that doubled with every post would come to a minute each.
    const { committer } = await makeWriter(proxy.uri, table, {
      timeoutMs: 8000,
      backoff: { minWaitMs: undefined, maxWaitMs: 60_000 },
    });
    const result = await committer.commit([makeChunk(table, 0)]);
    assert.equal(result.state, "committed");
    assert.equal(result.attempts, racesLost + troubles + 1);
    assert.deepEqual((await lookAt(client)).chunks, ["load/0-100"]);
  }, faults);
});

Deno.test("Committer.commit() counts a request that arrived twice once", async () => {
  await withCatalog(async ({ client, proxy }) => {
    const table = await makeTable(client);
    const { committer, events } = await makeWriter(proxy.uri, table);
    const result = await committer.commit([makeChunk(table, 0)]);
    assert.equal(result.state, "committed");
    // The server's answer to the second one came through.
    assert.equal(commitEvents(events)[0]?.status, 409);
    assert.deepEqual((await lookAt(client)).chunks, ["load/0-100"]);
  }, faultyCommits({ forwards: 2 }));
});

for (const reply of [CONFLICT, failing(500)]) {
  Deno.test(`Committer.commit() finds a landed commit that was answered ${reply.status} behind newer ones of others`, async () => {
    /** Commits on top, once. */
    let overtake: (() => Promise<unknown>) | undefined;
    await withCatalog(async ({ uri, client, proxy }) => {
      const table = await makeTable(client);
      const other = await makeWriter(uri, table, { loadId: "other" });
      const { committer, events } = await makeWriter(proxy.uri, table);
      overtake = () => other.committer.commit([makeChunk(table, 0, "other")]);
      const result = await committer.commit([makeChunk(table, 0)]);
      assert.equal(result.state, "committed");
      assert.equal(result.state === "committed" && result.sequenceNumber, 1n);
      assert.deepEqual((await lookAt(client)).chunks, ["load/0-100", "other/0-100"]);
      assert.deepEqual(noticesOf(events), []);
    }, async ({ isCommit, target }) => {
      if (isCommit) return { reply };
      if (target.includes("snapshots=all")) await overtake?.();
      overtake = undefined;
      return undefined;
    });
  });
}

/** Answers of catalogs that do not say 409 to a lost race. */
const LOST_RACES_OF_400 = [
  { type: "ConcurrentUpdateError" },
  { type: "TableMetadataBuildFailed" },
  { type: "BadRequestException", message: "Commit validation failed: x" },
  {
    type: "ValidationException",
    message: "Cannot add snapshot with sequence number 1 older than last",
  },
];

for (const error of LOST_RACES_OF_400) {
  Deno.test(`Committer.commit() takes a 400 for a lost race: ${error.message ?? error.type}`, async () => {
    await withCatalog(async ({ client, proxy }) => {
      const table = await makeTable(client);
      const { committer, events } = await makeWriter(proxy.uri, table);
      const result = await committer.commit([makeChunk(table, 0)]);
      assert.equal(result.state, "committed");
      assert.deepEqual(commitEvents(events).map(({ outcome }) => outcome), [
        "conflict",
        "committed",
      ]);
      assert.deepEqual((await lookAt(client)).chunks, ["load/0-100"]);
    }, faultyCommits({ forwards: 0, reply: errorAnswer(400, error) }));
  });
}

Deno.test("Committer.commit() says of a lost race that was answered with 500 what it is", async () => {
  await withCatalog(async ({ uri, client, proxy }) => {
    const table = await makeTable(client);
    const quick = await makeWriter(uri, table, { loadId: "quick" });
    assert.equal((await quick.committer.commit([makeChunk(table, 0, "quick")])).state, "committed");
    const { committer, events } = await makeWriter(proxy.uri, table);
    const result = await committer.commit([makeChunk(table, 7)]);
    assert.equal(result.state, "committed");
    assert.equal(result.attempts, 2);
    assert.deepEqual(noticesOf(events), ["Chunk 7: a lost race answered with 500"]);
    assert.deepEqual((await lookAt(client)).chunks, ["quick/0-100", "load/700-800"]);
  }, faultyCommits({ reply: failing(500) }));
});

Deno.test("Committer.commit() without retries shows a lost race that was answered with 500 as one", async () => {
  await withCatalog(async ({ uri, client, proxy, directory }) => {
    const table = await makeTable(client);
    const quick = await makeWriter(uri, table, { loadId: "quick" });
    await quick.committer.commit([makeChunk(table, 0, "quick")]);
    const { committer } = await makeWriter(proxy.uri, table, { retriesMax: 0 });
    const result = await committer.commit([makeChunk(table, 0)]);
    assert.equal(result.state === "failed" && result.failure, "lostRace");
    assert.deepEqual((await lookAt(client)).chunks, ["quick/0-100"]);
    // One post has had no final answer, so what it names stays.
    assert.equal(filesOf(directory, "data").length, 2);
  }, faultyCommits({ reply: failing(500) }));
});

for (const status of [400, 403, 404, 409, 422, 429]) {
  Deno.test(`Committer.commit() takes ${status} in answer to a resend for no final answer`, async () => {
    // The first try is still on its way when the resend is refused, and lands after that.
    const landing = Promise.withResolvers<void>();
    await withCatalog(async ({ uri, client, proxy, directory }) => {
      const table = await makeTable(client);
      const { committer } = await makeWriter(proxy.uri, table);
      landLate = async (body) => {
        await post(uri, body);
        landing.resolve();
      };
      const result = await committer.commit([makeChunk(table, 0)]);
      assert.equal(result.state, "committed");
      await landing.promise;
      assert.deepEqual((await lookAt(client)).chunks, ["load/0-100"]);
      assert.equal(filesOf(directory, "data").length, 1);
    }, async ({ isCommit, nthCommit, body }) => {
      if (isCommit && nthCommit === 1) return { forwards: 0, reply: failing(502) };
      if (isCommit && nthCommit === 2) return { forwards: 0, reply: { status } };
      if (isCommit && nthCommit === 3) await landLate(body);
      return undefined;
    });
  });
}

/** Brings a commit to the catalog behind the proxy's back. */
let landLate: (body: string) => Promise<void> = () => Promise.resolve();

async function post(uri: string, body: string): Promise<void> {
  const response = await fetch(`${uri}/v1/namespaces/ns/tables/t`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  assert.equal(response.status, 200, await response.text());
}

Deno.test("Committer.commit() stays unknown when the first try is open and every resend is refused", async () => {
  for (const status of [400, 403, 404]) {
    await withCatalog(
      async ({ client, proxy, directory }) => {
        const table = await makeTable(client);
        const { committer } = await makeWriter(proxy.uri, table, { timeoutMs: 1500 });
        const result = await committer.commit([makeChunk(table, 0)]);
        assert.equal(result.state, "unknown");
        assert.ok(result.attempts > 1);
        assert.notEqual(result.snapshotId, undefined);
        assert.equal(filesOf(directory, "data").length, 1);
        assert.equal(filesOf(directory, "metadata").length, 2);
      },
      ({ isCommit, nthCommit }) =>
        isCommit ? { forwards: 0, reply: nthCommit === 1 ? failing(500) : { status } } : undefined,
    );
  }
});

Deno.test("Committer.commit() is unknown when the time ends first, and deletes nothing", async () => {
  for (const reply of ["cut", failing(504), { status: 200 }] as const) {
    await withCatalog(async ({ client, proxy, directory }) => {
      const table = await makeTable(client);
      const settings = { timeoutMs: 300, backoff: { minWaitMs: 20, maxWaitMs: 40 } };
      const { committer } = await makeWriter(proxy.uri, table, settings);
      const startedMs = performance.now();
      const result = await committer.commit([makeChunk(table, 0)]);
      const elapsedMs = performance.now() - startedMs;
      assert.equal(result.state === "unknown" && result.failure, "unknown");
      assert.notEqual(result.snapshotId, undefined);
      assert.ok(result.attempts > 1, `${result.attempts} attempts`);
      assert.ok(elapsedMs < 5000, `${elapsedMs} ms`);
      assert.equal(filesOf(directory, "data").length, 1);
      assert.equal(filesOf(directory, "metadata").length, 2);
      assert.equal((await lookAt(client)).rows, 0);
      // The next one begins with a look, and does not bring in what is unknown.
      const next = await makeWriter(proxy.uri, table, settings);
      assert.equal((await next.committer.commit([makeChunk(table, 1)])).state, "unknown");
    }, faultyCommits({ forwards: 0, reply }, Infinity));
  }
});

Deno.test("Committer.commit() after an unknown one sees the table as it is", async () => {
  await withCatalog(async ({ client, proxy }) => {
    const table = await makeTable(client);
    const { committer } = await makeWriter(proxy.uri, table, { timeoutMs: 250 });
    const result = await committer.commit([makeChunk(table, 0)]);
    assert.equal(result.state, "unknown");
    isDown = false;
    // What was unknown is found by it, too, since it had landed.
    const next = await committer.commit([makeChunk(table, 1)]);
    assert.equal(next.state, "committed");
    assert.equal(next.attempts, 1);
    assert.equal((await committer.commit([makeChunk(table, 0)])).state, "recorded");
    assert.deepEqual((await lookAt(client)).chunks, ["load/0-100", "load/100-200"]);
  }, ({ isCommit, target }) => {
    if (isCommit && isDown) return { reply: "cut" };
    return target.includes("snapshots=all") && isDown
      ? { forwards: 0, reply: failing(503) }
      : undefined;
  });
});

let isDown = true;

Deno.test("Committer.commit() gives up after the retries that it may have, and removes its files", async () => {
  await withCatalog(async ({ uri, client, proxy, directory }) => {
    const table = await makeTable(client);
    const other = await makeWriter(uri, table, { loadId: "other" });
    await other.committer.commit([makeChunk(table, 0, "other")]);
    const { committer, events } = await makeWriter(proxy.uri, table, { retriesMax: 2 });
    const result = await committer.commit([makeChunk(table, 0)]);
    assert.equal(result.state, "failed");
    assert.equal(result.state === "failed" && result.failure, "retriesSpent");
    assert.equal(result.attempts, 3);
    assert.equal(result.status, 409);
    assert.equal(events.length, 3);
    assert.deepEqual((await lookAt(client)).chunks, ["other/0-100"]);
    const left = [...filesOf(directory, "data"), ...filesOf(directory, "metadata")];
    assert.equal(left.length, 3, left.join(", "));
    assert.ok(left.every((name) => name.includes("other-")), left.join(", "));
  }, faultyCommits({ forwards: 0, reply: CONFLICT }, Infinity));
});

Deno.test("Committer.commit() gives up when its time is over", async () => {
  await withCatalog(async ({ client, proxy }) => {
    const table = await makeTable(client);
    const settings = { timeoutMs: 300, backoff: { minWaitMs: 20, maxWaitMs: 40 } };
    const { committer } = await makeWriter(proxy.uri, table, settings);
    const startedMs = performance.now();
    const result = await committer.commit([makeChunk(table, 0)]);
    const elapsedMs = performance.now() - startedMs;
    assert.equal(result.state === "failed" && result.failure, "retriesSpent");
    assert.ok(result.attempts > 1, `${result.attempts} attempts`);
    assert.ok(elapsedMs < 5000, `${elapsedMs} ms`);
  }, faultyCommits({ forwards: 0, reply: CONFLICT }, Infinity));
});

Deno.test("Committer.commit() calls a conflict unknown when it cannot look", async () => {
  for (const applied of [0, 1]) {
    await withCatalog(async ({ client, proxy, directory }) => {
      const table = await makeTable(client);
      const { committer } = await makeWriter(proxy.uri, table, { timeoutMs: 300 });
      const result = await committer.commit([makeChunk(table, 0)]);
      assert.equal(result.state, "unknown");
      assert.equal(result.attempts, 1);
      assert.match(result.state === "unknown" ? result.reason : "", /HTTP 409.*; then: .*HTTP 502/);
      assert.equal(filesOf(directory, "data").length, 1);
      assert.equal((await lookAt(client)).rows, applied * CHUNK_ROWS);
    }, ({ isCommit, target }) => {
      if (isCommit) return { forwards: applied, reply: CONFLICT };
      return target.includes("snapshots=all") ? { forwards: 0, reply: failing(502) } : undefined;
    });
  }
});

Deno.test("Committer.commit() looks again and again while the catalog cannot be asked", async () => {
  let failures = 4;
  await withCatalog(async ({ client, proxy }) => {
    const table = await makeTable(client);
    const { committer } = await makeWriter(proxy.uri, table);
    const result = await committer.commit([makeChunk(table, 0)]);
    assert.equal(result.state, "committed");
    assert.equal(failures, 0);
    assert.deepEqual((await lookAt(client)).chunks, ["load/0-100"]);
  }, ({ isCommit, target }) => {
    if (isCommit) return { reply: "cut" };
    if (!target.includes("snapshots=all") || failures === 0) return undefined;
    failures--;
    return { forwards: 0, reply: failures % 2 === 0 ? "cut" : failing(503) };
  });
});

const FAILED_ENDS = [
  { name: "401", response: { status: 401 }, failure: "auth" },
  { name: "403", response: { status: 403 }, failure: "auth" },
  { name: "419", response: { status: 419 }, failure: "auth" },
  { name: "400", response: { status: 400 }, failure: "rejected" },
  { name: "404", response: { status: 404 }, failure: "rejected" },
  { name: "422", response: { status: 422 }, failure: "rejected" },
] as const;

for (const { name, response, failure } of FAILED_ENDS) {
  Deno.test(`Committer.commit() fails a chunk that is answered ${name} as ${failure}, and removes its files`, async () => {
    await withCatalog(async ({ client, proxy, directory }) => {
      const table = await makeTable(client);
      const { committer } = await makeWriter(proxy.uri, table);
      const result = await committer.commit([makeChunk(table, 0)]);
      assert.equal(result.state === "failed" && result.failure, failure);
      assert.equal(result.attempts, 1);
      assert.equal((await lookAt(client)).rows, 0);
      assert.deepEqual([...filesOf(directory, "data"), ...filesOf(directory, "metadata")], []);
    }, faultyCommits({ forwards: 0, reply: response }));
  });
}

Deno.test("Committer.commit() waits as long as a 429 says, and sends the same again", async () => {
  await withCatalog(async ({ client, proxy }) => {
    const table = await makeTable(client);
    const { committer } = await makeWriter(proxy.uri, table);
    const startedMs = performance.now();
    const result = await committer.commit([makeChunk(table, 0)]);
    assert.equal(result.state, "committed");
    assert.equal(result.attempts, 3);
    assert.ok(performance.now() - startedMs >= 1000, "it did not wait");
    const commits = proxy.requests.filter(({ isCommit }) => isCommit);
    assert.equal(new Set(commits.map(({ body }) => body)).size, 1);
    assert.deepEqual((await lookAt(client)).chunks, ["load/0-100"]);
  }, ({ isCommit, nthCommit }) => {
    if (!isCommit || nthCommit > 2) return undefined;
    const headers: Record<string, string> = nthCommit === 1 ? { "retry-after": "1" } : {};
    return { forwards: 0, reply: { status: 429, headers } };
  });
});

Deno.test("Committer.commit() fails at once when a 429 says to wait beyond its time", async () => {
  await withCatalog(async ({ client, proxy, directory }) => {
    const table = await makeTable(client);
    const { committer } = await makeWriter(proxy.uri, table, { timeoutMs: 5000 });
    const startedMs = performance.now();
    const result = await committer.commit([makeChunk(table, 0)]);
    assert.equal(result.state === "failed" && result.failure, "unreachable");
    assert.equal(result.attempts, 1);
    assert.ok(performance.now() - startedMs < 2500, "it waited");
    assert.deepEqual(filesOf(directory, "data"), []);
  }, faultyCommits({ forwards: 0, reply: { status: 429, headers: { "retry-after": "60" } } }));
});

Deno.test("Committer.commit() fails a chunk whose connection is refused, and goes on when it is not", async () => {
  await withCatalog(async ({ uri, client, proxy, directory }) => {
    const table = await makeTable(client);
    const { committer } = await makeWriter(proxy.uri, table, { timeoutMs: 300 });
    await proxy.close();
    const result = await committer.commit([makeChunk(table, 0)]);
    assert.equal(result.state === "failed" && result.failure, "unreachable");
    assert.equal(result.status, undefined);
    assert.match(result.state === "failed" ? result.reason : "", /refused/);
    assert.deepEqual(filesOf(directory, "data"), []);
    const other = await makeWriter(uri, table);
    assert.equal((await other.committer.commit([makeChunk(table, 0)])).state, "committed");
  });
});

Deno.test("Committer.commit() removes the manifest lists of lost attempts only when every post is final", async () => {
  for (const first of [CONFLICT, failing(500)]) {
    /** Lets another writer in before the second attempt. */
    let overtake: (() => Promise<unknown>) | undefined;
    await withCatalog(async ({ uri, client, proxy, directory }) => {
      const table = await makeTable(client);
      const other = await makeWriter(uri, table, { loadId: "other" });
      const { committer } = await makeWriter(proxy.uri, table);
      overtake = () => other.committer.commit([makeChunk(table, 0, "other")]);
      const result = await committer.commit([makeChunk(table, 0)]);
      assert.equal(result.state, "committed");
      assert.equal(result.attempts, 2);
      const lists = filesOf(directory, "metadata")
        .filter((name) => name.startsWith(`snap-${result.snapshotId}-`));
      assert.equal(lists.length, first === CONFLICT ? 1 : 2, lists.join(", "));
      assert.equal((await lookAt(client)).rows, 2 * CHUNK_ROWS);
    }, async ({ isCommit, nthCommit }) => {
      if (!isCommit || nthCommit > 1) return undefined;
      await overtake?.();
      return { forwards: 0, reply: first };
    });
  }
});

Deno.test("Committer.commit() sends an Idempotency-Key only where the catalog offers it", async () => {
  for (const isOffered of [true, false]) {
    const { plan, keys } = keyedCatalog(() => undefined, { isOffered });
    await withCatalog(async ({ client, proxy }) => {
      const table = await makeTable(client);
      const { committer } = await makeWriter(proxy.uri, table);
      for (const index of [0, 1]) await committer.commit([makeChunk(table, index)]);
      assert.equal(keys.length, 2);
      if (!isOffered) return assert.deepEqual(keys, [null, null]);
      assert.notEqual(keys[0], keys[1]);
      for (const key of keys) assert.match(key ?? "", /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    }, plan);
  }
});

Deno.test("Committer.commit() sends an unanswered commit again under its key, and is told of its success", async () => {
  const { plan, keys, bodies } = keyedCatalog(faultyCommits({ reply: "cut" }));
  await withCatalog(async ({ client, proxy }) => {
    const table = await makeTable(client);
    const { committer, http } = await makeWriter(proxy.uri, table);
    const result = await committer.commit([makeChunk(table, 0)]);
    assert.equal(result.state, "committed");
    // Under a key some versions of the runtime send it again by themselves.
    assert.ok(result.attempts <= 2, `${result.attempts} attempts`);
    assert.equal(keys.length, 2);
    assert.equal(keys[0], keys[1]);
    assert.equal(bodies[0], bodies[1]);
    const loads = http.filter(({ method, url }) => method === "GET" && url.includes("/tables/"));
    assert.equal(loads.length, 0, "no look was needed");
    assert.deepEqual((await lookAt(client)).chunks, ["load/0-100"]);
  }, plan);
});

Deno.test("Committer.commit() gives an attempt on a new base a new key", async () => {
  let overtake: (() => Promise<unknown>) | undefined;
  const { plan, keys } = keyedCatalog(async ({ nthCommit }) => {
    if (nthCommit === 1) await overtake?.();
    return nthCommit === 1 ? { forwards: 0, reply: failing(500) } : undefined;
  });
  await withCatalog(async ({ uri, client, proxy }) => {
    const table = await makeTable(client);
    const other = await makeWriter(uri, table, { loadId: "other" });
    overtake = () => other.committer.commit([makeChunk(table, 0, "other")]);
    const { committer } = await makeWriter(proxy.uri, table);
    const result = await committer.commit([makeChunk(table, 0)]);
    assert.equal(result.state, "committed");
    // The resend is refused as overtaken; what follows is another request.
    assert.equal(keys.length, 3);
    assert.equal(keys[0], keys[1]);
    assert.notEqual(keys[1], keys[2]);
    assert.deepEqual((await lookAt(client)).chunks, ["other/0-100", "load/0-100"]);
  }, plan);
});

Deno.test("Committer.commit() looks at what a replayed answer shows of others, before it goes on", async () => {
  // Another run of the same load gets chunk 1 in between the commit and its replay.
  let other: ((body: string) => Promise<unknown>) | undefined;
  let lastMetadata: (() => Promise<string>) | undefined;
  const { plan } = keyedCatalog(() => undefined);
  await withCatalog(async ({ uri, client, proxy }) => {
    const table = await makeTable(client);
    const twin = await makeWriter(uri, table);
    const { committer } = await makeWriter(proxy.uri, table);
    other = async (body) => {
      await post(uri, body);
      assert.equal((await twin.committer.commit([makeChunk(table, 1)])).state, "committed");
    };
    lastMetadata = async () => {
      const response = await fetch(`${uri}/v1/namespaces/ns/tables/t?snapshots=all`);
      return await response.text();
    };
    assert.equal((await committer.commit([makeChunk(table, 0)])).state, "committed");
    assert.equal((await committer.commit([makeChunk(table, 1)])).state, "recorded");
    assert.deepEqual((await lookAt(client)).chunks, ["load/0-100", "load/100-200"]);
  }, async (request) => {
    if (!request.isCommit || request.nthCommit > 1) return await plan(request);
    await other?.(request.body);
    return { forwards: 0, reply: { status: 200, body: await lastMetadata!() } };
  });
});

Deno.test("Committer.commit() that is asked to end stops within the grace, and is unknown", async () => {
  const stop = new Stop();
  try {
    await withCatalog(async ({ client, proxy, directory }) => {
      const table = await makeTable(client);
      const { committer } = await makeWriter(proxy.uri, table, { stop });
      const startedMs = performance.now();
      const result = await committer.commit([makeChunk(table, 0)]);
      const elapsedMs = performance.now() - startedMs;
      assert.equal(result.state, "unknown");
      assert.ok(elapsedMs < 7000, `${elapsedMs} ms`);
      assert.equal(filesOf(directory, "data").length, 1);
    }, ({ isCommit, nthCommit }) => {
      if (!isCommit) return undefined;
      if (nthCommit === 2) stop.request();
      return { forwards: 0, reply: failing(500) };
    });
  } finally {
    stop.close();
  }
});

Deno.test("Committer.commit() that is open when a column is added goes on with the new schema", async () => {
  for (const forwards of [0, 1]) {
    let addColumn: (() => Promise<unknown>) | undefined;
    // A catalog that keeps the 409 of a resend would repeat it for ever.
    const { plan, keys } = keyedCatalog(async ({ nthCommit }) => {
      if (nthCommit !== 1) return undefined;
      if (forwards === 0) await addColumn?.();
      return { forwards, reply: failing(500) };
    });
    await withCatalog(async ({ uri, client, proxy }) => {
      const table = await makeTable(client);
      addColumn = () => changeTable(uri, addColumnUpdates(table.metadata, { required: false }));
      const { committer } = await makeWriter(proxy.uri, table, { timeoutMs: 5000 });
      const result = await committer.commit([makeChunk(table, 0)]);
      assert.equal(result.state, "committed", "reason" in result ? result.reason : "");
      const { chain, chunks } = await lookAt(client);
      assert.deepEqual(chunks, ["load/0-100"]);
      assert.equal(chain[0]?.["schema-id"], 1 - forwards);
      assert.equal(new Set(keys).size, 2 - forwards);
    }, plan);
  }
});
