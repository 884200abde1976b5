/** Whole loads, workers and all, against the real embedded catalog. */
import assert from "node:assert/strict";
import { EXIT_CODE } from "../../lib/errors.ts";
import type { LoadEvent } from "../../lib/load/events.ts";
import type { FaultPlan } from "../fault_proxy.ts";
import { serveRaw } from "../raw_http.ts";
import {
  checkExact,
  csvRows,
  filesOf,
  idsFrom,
  idsInTable,
  type Load,
  load,
  lookAt,
  makeTable,
  withCatalog,
} from "./support.ts";

function attemptsOf({ events }: Load): number {
  return events.filter((event) => event.type === "commit").length;
}

function answers(status: number, from: number): FaultPlan {
  return ({ isCommit, nthCommit }) =>
    isCommit && nthCommit >= from ? { forwards: 0, reply: { status } } : undefined;
}

Deno.test("runLoad() of one worker commits chunk after chunk, into a table that it makes", async () => {
  await withCatalog(async ({ uri, client }) => {
    const done = await load(uri, csvRows(95), { workers: 1 });
    const { summary, events } = done;
    assert.equal(summary.exitCode, EXIT_CODE.ok);
    assert.equal(summary.rowsRead, 95);
    assert.equal(summary.rowsCommitted, 95);
    assert.equal(summary.chunksCommitted, 10);
    assert.deepEqual(summary.commitStatus, { "200": 10 });
    assert.equal(summary.retries, 0);
    assert.equal(summary.table, "ns.t");
    await checkExact(client, done);
    const { chain } = await lookAt(client);
    assert.equal(summary.snapshotId, String(chain.at(-1)?.["snapshot-id"]));
    const table = events.find((event) => event.type === "table");
    assert.equal(table?.created, true);
    assert.equal(table?.formatVersion, 2);
    assert.deepEqual(table?.columns, [{ name: "id", type: "long" }, {
      name: "name",
      type: "string",
    }]);
    // A second load appends to it.
    const again = await load(uri, csvRows(5, 96), { loadId: "again" });
    assert.equal(again.events.find((event) => event.type === "table")?.created, false);
    assert.equal((await lookAt(client)).rows, 100);
  });
});

Deno.test("runLoad() of eight racing workers gets every row in, once", async () => {
  await withCatalog(async ({ uri, client }) => {
    const table = { "commit.retry.min-wait-ms": "5", "commit.retry.max-wait-ms": "200" };
    await makeTable(client, table);
    const done = await load(uri, csvRows(800), { workers: 8 });
    const { summary } = done;
    assert.equal(summary.exitCode, EXIT_CODE.ok);
    assert.equal(summary.rowsCommitted, 800);
    assert.equal(summary.chunksCommitted, 80);
    assert.equal(summary.commitStatus["200"], 80);
    assert.ok((summary.commitStatus["409"] ?? 0) > 0, "no race was lost");
    assert.equal(summary.retries, summary.commitStatus["409"]);
    assert.equal(attemptsOf(done), 80 + summary.retries);
    await checkExact(client, done);
    const last = (await lookAt(client)).chain.at(-1);
    assert.equal(summary.snapshotId, String(last?.["snapshot-id"]));
  });
});

Deno.test("runLoad() without retries shows lost races, and the table has just the other chunks", async () => {
  await withCatalog(async ({ uri, client }) => {
    const done = await load(uri, csvRows(400), { workers: 4, commitRetries: 0 });
    const { summary, chunks } = done;
    assert.equal(summary.exitCode, EXIT_CODE.failed);
    assert.equal(summary.rowsRead, 400);
    assert.ok(summary.chunksFailed > 0, "no race was lost");
    assert.ok(summary.chunksCommitted > 0);
    assert.equal(summary.chunksCommitted + summary.chunksFailed, 40);
    assert.equal(summary.commitStatus["409"], summary.chunksFailed);
    assert.equal(summary.retries, 0);
    for (const chunk of chunks) {
      if (chunk.state === "committed") continue;
      assert.equal(chunk.failure, "lostRace");
      assert.equal(chunk.status, 409);
      assert.equal(chunk.attempts, 1);
    }
    await checkExact(client, done);
  });
});

Deno.test("runLoad() takes the count of retries from the table, and spends it", async () => {
  await withCatalog(async ({ proxy, client }) => {
    await makeTable(client, {
      "commit.retry.num-retries": "1",
      "commit.retry.min-wait-ms": "1",
    });
    const { summary } = await load(proxy.uri, csvRows(30), { workers: 1 });
    assert.equal(summary.exitCode, EXIT_CODE.conflicts);
    assert.equal(summary.chunksFailed, 3);
    assert.deepEqual(summary.commitStatus, { "409": 6 });
    assert.equal((await lookAt(client)).rows, 0);
  }, answers(409, 1));
});

Deno.test("runLoad() settles commits whose answers are lost", async () => {
  await withCatalog(async ({ proxy, client, directory }) => {
    const done = await load(proxy.uri, csvRows(50), { workers: 1 });
    const { summary } = done;
    assert.equal(summary.exitCode, EXIT_CODE.ok);
    assert.equal(summary.chunksCommitted, 5);
    assert.deepEqual(summary.commitStatus, { "200": 4, "500": 1, "none": 1 });
    assert.equal(summary.retries, 1);
    await checkExact(client, done);
    assert.equal(filesOf(directory, "data").length, 5);
  }, ({ isCommit, nthCommit }) => {
    if (!isCommit) return undefined;
    if (nthCommit === 2) return { reply: { status: 500, body: "lost" } };
    return nthCommit === 3 ? { forwards: 0, reply: "cut" } : undefined;
  });
});

Deno.test("runLoad() ends with an unknown chunk when its time ends first, and deletes nothing", async () => {
  let unanswered: string | undefined = "none yet";
  await withCatalog(async ({ proxy, client, directory }) => {
    const { summary, chunks } = await load(proxy.uri, csvRows(30), {
      workers: 1,
      commitTimeoutMs: 300,
    });
    assert.equal(summary.exitCode, EXIT_CODE.unknown);
    assert.equal(summary.chunksUnknown, 1);
    assert.equal(summary.chunksCommitted, 2);
    const unknown = chunks.filter(({ state }) => state === "unknown");
    assert.deepEqual(unknown.map(({ chunk, failure }) => `${chunk} ${failure}`), ["1 unknown"]);
    assert.match(unknown[0]?.snapshotId ?? "", /^\d+$/);
    assert.deepEqual(await idsInTable(client), [...idsFrom(1, 10), ...idsFrom(21, 30)]);
    assert.equal(filesOf(directory, "data").length, 3);
    // What the ledger does not tell of is brought in by the same load.
    const again = await load(proxy.uri, csvRows(30), { mayResume: true });
    assert.equal(again.summary.exitCode, EXIT_CODE.ok);
    assert.equal(again.summary.rowsCommitted, 10);
    assert.deepEqual(await idsInTable(client), idsFrom(1, 30));
  }, ({ isCommit, nthCommit, body }) => {
    if (!isCommit) return undefined;
    // Every post of the second chunk's snapshot; the next load brings it in under another id.
    const snapshotId = /"add-snapshot".*?"snapshot-id":(\d+)/.exec(body)?.[1];
    if (nthCommit === 2) unanswered = snapshotId;
    return snapshotId === unanswered ? { forwards: 0, reply: "cut" } : undefined;
  });
});

Deno.test("runLoad() takes its own landed commits behind 409s for committed", async () => {
  await withCatalog(
    async ({ proxy, client }) => {
      const done = await load(proxy.uri, csvRows(60), { workers: 2 });
      assert.equal(done.summary.exitCode, EXIT_CODE.ok);
      assert.equal(done.summary.rowsCommitted, 60);
      await checkExact(client, done);
    },
    ({ isCommit, nthCommit }) =>
      isCommit && nthCommit % 2 === 0 ? { reply: { status: 409 } } : undefined,
  );
});

Deno.test("runLoad() stops taking chunks when the catalog refuses the token", async () => {
  await withCatalog(async ({ proxy, client }) => {
    const done = await load(proxy.uri, csvRows(1000), { workers: 2 });
    const { summary } = done;
    assert.equal(summary.exitCode, EXIT_CODE.auth);
    assert.ok(summary.chunksCommitted > 0 && summary.chunksCommitted <= 3);
    assert.ok(summary.rowsRead < 1000, `${summary.rowsRead} rows read`);
    assert.equal(summary.chunksCommitted + summary.chunksFailed, summary.rowsRead / 10);
    await checkExact(client, done);
  }, ({ isCommit, nthCommit }) => {
    if (isCommit && nthCommit > 3) return { forwards: 0, reply: { status: 401 } };
    return undefined;
  });
});

Deno.test("runLoad() keeps at most workers + 2 chunks alive, however slow the commits are", async () => {
  for (const workers of [1, 3]) {
    await withCatalog(async ({ proxy }) => {
      const { events, summary } = await load(proxy.uri, csvRows(300), { workers });
      let alive = 0;
      let most = 0;
      for (const event of events) {
        if (event.type === "read") alive++;
        if (event.type === "chunk") alive--;
        most = Math.max(most, alive);
      }
      assert.equal(alive, 0);
      assert.equal(most, workers + 2);
      assert.equal(summary.rowsCommitted, 300);
    }, ({ isCommit }) => isCommit ? { delayMs: 5 } : undefined);
  }
});

Deno.test("runLoad() stops at a bad value: chunks in flight are finished, none is taken after", async () => {
  const rows = csvRows(4000).split("\n");
  // Behind the sample. Chunk 18 holds the rows 1801 to 1900; line 1 is the header.
  rows[1850] = "1850x,bad";
  await withCatalog(async ({ uri, client }) => {
    const done = await load(uri, rows.join("\n"), { workers: 2, chunkSize: 100 });
    const { summary, events, chunks } = done;
    assert.equal(summary.exitCode, EXIT_CODE.input);
    assert.equal(summary.chunksUnknown, 0);
    const failed = chunks.filter(({ state }) => state === "failed");
    assert.deepEqual(failed.map(({ chunk, failure }) => `${chunk} ${failure}`), ["18 input"]);
    const last = chunks.reduce((most, { chunk }) => Math.max(most, chunk), 0);
    assert.ok(last >= 18 && last < 18 + 4, `chunk ${last} was still taken`);
    assert.equal(summary.chunksCommitted, last);
    const error = events.find((event) => event.type === "error");
    assert.equal(error?.line, 1851);
    assert.equal(error?.column, "id");
    assert.equal(error?.value, "1850x");
    assert.equal(error?.expected, "long");
    await checkExact(client, done);
  });
});

Deno.test("runLoad() ends with 3 when a later record has too many fields", async () => {
  const rows = csvRows(3000).split("\n");
  rows[2345] = "2345,a,b";
  await withCatalog(async ({ uri, client }) => {
    const done = await load(uri, rows.join("\n"), { workers: 2, chunkSize: 100 });
    assert.equal(done.summary.exitCode, EXIT_CODE.input);
    assert.equal(done.events.find((event) => event.type === "error")?.line, 2346);
    assert.ok(done.summary.chunksCommitted >= 23, `${done.summary.chunksCommitted} committed`);
    await checkExact(client, done);
  });
});

Deno.test("runLoad() of a header without rows is done at once and contacts nobody", async () => {
  const { events, summary } = await load("http://127.0.0.1:9/catalog", "id,name\n");
  assert.equal(summary.exitCode, EXIT_CODE.ok);
  assert.equal(summary.rowsRead, 0);
  assert.equal(summary.snapshotId, null);
  assert.deepEqual(events.map(({ type }) => type), ["start", "notice", "summary"]);
  const notice = events.find((event) => event.type === "notice");
  assert.match(notice?.message ?? "", /"test\.csv" has a header and no rows/);
});

Deno.test("runLoad() of bad input waits for no catalog, though it has asked one", async () => {
  const asked: string[] = [];
  const server = serveRaw(async (connection) => {
    asked.push((await connection.read())?.target ?? "nothing");
    await connection.read();
  });
  try {
    const text = `id,id\n${"1,2\n".repeat(20_000)}`;
    const { events, summary } = await load(server.origin, text);
    assert.equal(summary.exitCode, EXIT_CODE.input);
    assert.deepEqual(events.map(({ type }) => type), ["start", "http", "error", "summary"]);
    const error = events.find((event) => event.type === "error");
    assert.match(error?.message ?? "", /columns 1 and 2 are both named "id"/);
    assert.ok(asked.length <= 1);
  } finally {
    await server.close();
  }
});

Deno.test("runLoad() ends with 7 when the catalog is not there", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const { events, summary } = await load(`http://127.0.0.1:${port}/catalog`, csvRows(5));
  assert.equal(summary.exitCode, EXIT_CODE.unreachable);
  const types = events.map(({ type }) => type);
  assert.deepEqual(types, ["start", "http", "error", "summary"]);
  const error = events.find((event) => event.type === "error");
  assert.match(error?.message ?? "", /no answer \(refused: .*Connection refused/);
});

Deno.test("runLoad() ends when the catalog goes away, and the table has what was reported", async () => {
  let stop: (() => void) | undefined;
  await withCatalog(async ({ proxy, client }) => {
    stop = () => void proxy.close();
    const done = await load(proxy.uri, csvRows(400), { workers: 2, commitTimeoutMs: 500 });
    const { summary } = done;
    // What was under way when it went is unknown; nothing is taken for failed that may be in.
    const expected = summary.chunksUnknown > 0 ? EXIT_CODE.unknown : EXIT_CODE.unreachable;
    assert.equal(summary.exitCode, expected);
    assert.ok(summary.chunksCommitted < 40);
    const ids = new Set(await idsInTable(client));
    for (const { chunk, state } of done.chunks) {
      const isThere = ids.has(chunk * 10 + 1);
      if (state === "committed") assert.ok(isThere, `${chunk} is lost`);
      if (state === "failed") assert.ok(!isThere, `${chunk} is there`);
    }
  }, ({ nthCommit }) => {
    if (nthCommit === 6) stop?.();
    return undefined;
  });
});

Deno.test("runLoad() writes nothing into a table that the CSV does not fit", async () => {
  await withCatalog(async ({ uri, client, directory }) => {
    await makeTable(client);
    const text = "id,nickname\nx,a\n";
    const { events, summary } = await load(uri, text);
    assert.equal(summary.exitCode, EXIT_CODE.input);
    const error = events.find((event) => event.type === "error");
    assert.match(error?.message ?? "", /"id" is long .*looks like string/);
    assert.match(error?.message ?? "", /"nickname" is not in the table/);
    assert.equal((await lookAt(client)).rows, 0);
    const names = await Array.fromAsync(Deno.readDir(`${directory}/ns/t`));
    assert.deepEqual(names.map(({ name }) => name), ["metadata"]);
  });
});

Deno.test("runLoad() says before it starts that it will make very many snapshots", async () => {
  const noticesOf = (events: readonly LoadEvent[]) =>
    events.filter((event) => event.type === "notice").map(({ message }) => message);
  await withCatalog(async ({ proxy }) => {
    const { events } = await load(proxy.uri, csvRows(1001), { chunkSize: 1, inferRows: 5000 });
    assert.equal(noticesOf(events).length, 1);
    assert.match(noticesOf(events)[0] ?? "", /about 1001 snapshots of 1 row each.*--commit once/);
    // That table refuses every commit, so that this test is short.
  }, answers(403, 1));
  await withCatalog(async ({ proxy }) => {
    const { events } = await load(proxy.uri, csvRows(1000), { chunkSize: 1, inferRows: 5000 });
    assert.deepEqual(noticesOf(events), []);
  }, answers(403, 1));
});

Deno.test("runLoad() grouped folds what is ready into few snapshots, and never races with itself", async () => {
  await withCatalog(async ({ uri, client }) => {
    const done = await load(uri, csvRows(400), { workers: 4, commitMode: "grouped" });
    const { summary } = done;
    assert.equal(summary.exitCode, EXIT_CODE.ok);
    assert.equal(summary.chunksCommitted, 40);
    assert.equal(summary.commitStatus["409"], undefined);
    const { chain, rows } = await lookAt(client);
    assert.equal(rows, 400);
    assert.ok(chain.length < 40, `${chain.length} snapshots`);
    assert.equal(summary.commitStatus["200"], chain.length);
    assert.deepEqual(await idsInTable(client), idsFrom(1, 400));
  });
});

Deno.test("runLoad() once makes one snapshot of the whole load", async () => {
  for (const workers of [1, 2, 4]) {
    await withCatalog(async ({ uri, client }) => {
      const text = csvRows(205);
      const done = await load(uri, text, { workers, commitMode: "once" });
      assert.equal(done.summary.exitCode, EXIT_CODE.ok);
      assert.equal(done.summary.chunksCommitted, 21);
      assert.deepEqual(done.summary.commitStatus, { "200": 1 });
      const { chain, chunks } = await lookAt(client);
      assert.equal(chain.length, 1);
      // From behind the header to the end.
      assert.deepEqual(chunks, [`load/8-${text.length}`]);
      assert.equal(chain[0]?.summary?.["manifests-created"], "1");
      assert.deepEqual(await idsInTable(client), idsFrom(1, 205));
    });
  }
});

Deno.test("runLoad() once commits nothing when a row is bad, and leaves no file", async () => {
  for (const bad of [1850, 3995]) {
    const rows = csvRows(4000).split("\n");
    rows[bad] = "x,bad";
    await withCatalog(async ({ uri, client, directory }) => {
      const done = await load(uri, rows.join("\n"), { chunkSize: 100, commitMode: "once" });
      assert.equal(done.summary.exitCode, EXIT_CODE.input);
      assert.equal(done.summary.chunksCommitted, 0);
      assert.deepEqual(done.summary.commitStatus, {});
      const kinds = new Set(done.chunks.map(({ failure }) => failure));
      assert.deepEqual([...kinds].sort(), ["abandoned", "input"]);
      assert.equal((await lookAt(client)).rows, 0);
      assert.deepEqual([...filesOf(directory, "data"), ...filesOf(directory, "metadata")], []);
    });
  }
});

Deno.test("runLoad() without --chunk-size makes large chunks in grouped and once", async () => {
  for (const [commitMode, chunks] of [["grouped", 1], ["once", 1], ["per-chunk", 3]] as const) {
    await withCatalog(async ({ uri, client }) => {
      const done = await load(uri, csvRows(2500), { commitMode, chunkSize: undefined });
      assert.equal(done.summary.chunksCommitted, chunks);
      assert.equal((await lookAt(client)).rows, 2500);
    });
  }
});
