import assert from "node:assert/strict";
import { WORKLOADS } from "../../lib/probe/history.ts";
import { isWholeHistory } from "../../lib/probe/race/final_read.ts";
import { connectCatalog } from "../../lib/rest/catalog.ts";
import { createHttp } from "../../lib/rest/http.ts";
import { tableOf } from "../load/metadata_support.ts";
import type { RawResponse } from "../raw_http.ts";
import {
  probe,
  promisesKeys,
  requestsOf,
  seeded,
  statuses,
  withProbedCatalog,
} from "./race_support.ts";

/** One more than a single read of the catalog puts up with. */
const FAILED_LOADS = 6;

function connect(uri: string) {
  const http = createHttp({ userAgent: "test/1", onEvent: () => {} });
  return connectCatalog({ uri, warehouse: "demo", token: "none", http });
}

Deno.test("runProbe() finds the embedded catalog valid in every workload that it offers", async () => {
  await withProbedCatalog(async ({ uri }) => {
    const { records, verdict } = await probe(uri, {
      plan: { writers: [6], workloads: WORKLOADS, mode: "both", commits: 4 },
    });
    assert.deepEqual(verdict.violations, []);
    const verdicts = Object.fromEntries(verdict.runs.map((run) => [run.workload, run.verdict]));
    assert.deepEqual(verdicts, {
      append: "valid",
      "first-commit": "valid",
      create: "valid",
      schema: "valid",
      "multi-table": "valid",
      idempotency: "valid",
      properties: "valid",
      stale: "valid",
    });
    assert.equal(verdict.verdict, "valid");
    for (const run of verdict.runs) {
      assert.ok(run.conflicts > 0, `${run.workload} had no conflict`);
      assert.deepEqual(run.unchecked, [], run.workload);
    }
    assert.equal(records.at(-1)?.type, "end");
  });
});

Deno.test("runProbe() in rounds has one winner of each round, and every file of it is read", async () => {
  await withProbedCatalog(async ({ uri }) => {
    const { records } = await probe(uri, { plan: { writers: [8], commits: 5 } });
    assert.deepEqual(statuses(records), { 200: 5, 409: 35 });
    const [final] = records.filter((record) => record.type === "final");
    assert.equal(final?.snapshots?.length, 5);
    assert.equal(final?.files?.length, 5);
    assert.equal(final?.rows_counted, 10);
    assert.equal(final?.history_complete, true);
    const paths = requestsOf(records).flatMap(({ invoke }) => invoke.intents)
      .flatMap((intent) => intent.files ?? []).map((file) => file.path);
    assert.equal(new Set(paths).size, 40, "every attempt has a file of its own");
  });
});

Deno.test("runProbe() running freely writes the files of what has landed, and of nothing else", async () => {
  await withProbedCatalog(async ({ uri, directory }) => {
    const { records, verdict } = await probe(uri, {
      plan: { writers: [4], commits: 10, mode: "free" },
      keep: true,
    });
    assert.equal(verdict.verdict, "valid");
    const [final] = records.filter((record) => record.type === "final");
    // One commit opens the branch.
    assert.equal(final?.files?.length, 41);
    assert.equal(final?.rows_counted, 82);
    assert.equal(
      (await namesBelow(directory)).filter((name) => /\.parquet$/.test(name)).length,
      41,
    );
  });
});

Deno.test("runProbe() with fresh data writes a chunk of rows for each commit", async () => {
  await withProbedCatalog(async ({ uri }) => {
    const { records, verdict } = await probe(uri, {
      plan: { writers: [2], commits: 2, withData: true, mode: "both" },
    });
    assert.equal(verdict.verdict, "valid");
    const finals = records.filter((record) => record.type === "final");
    assert.deepEqual(finals.map((final) => final.rows_counted), [2000, 5000]);
  });
});

Deno.test("runProbe() drops its tables and the namespace that it made, with all files", async () => {
  await withProbedCatalog(async ({ uri, directUri, directory }) => {
    await probe(uri, { plan: { workloads: ["append", "create"] }, namespace: ["mine", "deep"] });
    const catalog = await connect(directUri);
    assert.equal(await catalog.ensureNamespace(["mine"]), true, "the namespace was left");
    const files = (await namesBelow(directory)).filter((name) => !/catalog\.db/.test(name));
    assert.deepEqual(files, []);
  });
});

Deno.test("runProbe() leaves a namespace and a table that it has not made", async () => {
  await withProbedCatalog(async ({ uri, directUri }) => {
    const catalog = await connect(directUri);
    await catalog.ensureNamespace(["ns"]);
    const theirs = { namespace: ["ns"], name: "probe_of_somebody_else" };
    await catalog.createTable(theirs, {
      schema: { type: "struct", "schema-id": 0, fields: [] },
      properties: {},
    });
    await probe(uri, { plan: {} });
    assert.notEqual(await catalog.loadTable(theirs), undefined);
  });
});

Deno.test("runProbe() keeps its tables when told to", async () => {
  await withProbedCatalog(async ({ uri, directUri }) => {
    const { records } = await probe(uri, { plan: {}, keep: true });
    const [run] = records.filter((record) => record.type === "run");
    const [namespace, name] = run!.tables[0]!.split(".");
    const table = await (await connect(directUri)).loadTable({
      namespace: [namespace!],
      name: name!,
    });
    assert.equal(table?.metadata.snapshots?.length, 3);
  });
});

Deno.test("runProbe() calls transactions not offered when the catalog does not know them", async () => {
  await withProbedCatalog(async ({ uri }) => {
    const { records, verdict } = await probe(uri, { plan: { workloads: ["multi-table"] } });
    assert.equal(verdict.runs[0]?.verdict, "not-offered");
    assert.match(verdict.runs[0]?.reason ?? "", /does not list/);
    assert.deepEqual(records.map(({ type }) => type), ["header", "run", "end"]);
  }, ({ target }) => {
    if (!target.startsWith("/catalog/v1/config")) return undefined;
    return { reply: json(200, { defaults: {}, overrides: {}, endpoints: ["GET /v1/x"] }) };
  });
});

Deno.test("runProbe() calls transactions not offered when their path answers 404", async () => {
  await withProbedCatalog(async ({ uri }) => {
    const { verdict } = await probe(uri, { plan: { workloads: ["multi-table"] } });
    assert.match(verdict.runs[0]?.reason ?? "", /HTTP 404/);
  }, ({ target }) => {
    if (target.startsWith("/catalog/v1/config")) {
      return { reply: json(200, { defaults: {}, overrides: {} }) };
    }
    if (!target.endsWith("/transactions/commit")) return undefined;
    return { reply: { status: 404, body: "no such path" } };
  });
});

Deno.test("runProbe() finds a catalog that keeps Idempotency-Keys valid", async () => {
  await withProbedCatalog(async ({ uri }) => {
    const { records, verdict } = await probe(uri, { plan: { workloads: ["idempotency"] } });
    assert.equal(verdict.verdict, "valid", JSON.stringify(verdict, null, 1));
    const requests = requestsOf(records);
    assert.equal(new Set(requests.map(({ invoke }) => invoke.idempotency_key)).size, 12);
    // Each round: four twice at once, the winner's once more, and another under its key.
    assert.equal(requests.length, 3 * (8 + 2));
    assert.equal(requests.filter(({ invoke }) => invoke.expect === "reused-key").length, 3);
    const resends = requests.filter(({ invoke }) => invoke.resend_of !== undefined);
    assert.equal(resends.length, 3 * 5);
    for (const { invoke } of resends) {
      const first = requests.find((request) => request.invoke.op === invoke.resend_of)!.invoke;
      assert.deepEqual(first.intents, invoke.intents);
      assert.equal(first.idempotency_key, invoke.idempotency_key);
    }
  });
});

Deno.test("runProbe() calls Idempotency-Keys not offered when the catalog names none", async () => {
  await withProbedCatalog(
    async ({ uri }) => {
      const { records, verdict } = await probe(uri, { plan: { workloads: ["idempotency"] } });
      assert.equal(verdict.runs[0]?.verdict, "not-offered");
      assert.deepEqual(records.map(({ type }) => type), ["header", "run", "end"]);
    },
    () => undefined,
    { idempotencyKeys: false },
  );
});

Deno.test("runProbe() names a catalog that does not keep the Idempotency-Keys that it offers", async () => {
  await withProbedCatalog(
    async ({ uri }) => {
      const { verdict } = await probe(uri, { plan: { workloads: ["idempotency"] } });
      const kinds = new Set(verdict.violations.map(({ kind }) => kind));
      assert.deepEqual([...kinds], ["not-idempotent"]);
    },
    promisesKeys,
    { idempotencyKeys: false },
  );
});

Deno.test("runProbe() that is to end early reads and judges what has happened", async () => {
  await withProbedCatalog(async ({ uri, directUri }) => {
    const stop = new AbortController();
    const { records, verdict } = await probe(uri, {
      plan: { writers: [2, 4], commits: 1000 },
      signal: stop.signal,
      onEvent: ({ type }) => {
        if (type === "progress") stop.abort();
      },
    });
    assert.deepEqual(verdict.violations, []);
    assert.equal(records.filter((record) => record.type === "run").length, 1);
    assert.equal(records.filter((record) => record.type === "final").length, 1);
    assert.equal(records.at(-1)?.type, "end");
    assert.equal(await (await connect(directUri)).ensureNamespace(["ns"]), true);
  });
});

Deno.test("runProbe() names a 500 for a lost race", async () => {
  await withProbedCatalog(async ({ uri }) => {
    const { verdict, records } = await probe(uri, { plan: {} });
    assert.deepEqual(statuses(records), { 200: 3, 500: 9 });
    assert.deepEqual(verdict.violations.map(({ kind }) => kind), ["wrong-status"]);
  }, ({ isCommit }) =>
    isCommit
      ? {
        rewrite: (answer) =>
          answer.status === 409
            ? json(500, { error: { type: "FailedToUpdateTables", message: "lost", code: 500 } })
            : answer,
      }
      : undefined);
});

Deno.test("runProbe() names a commit that was acknowledged and is lost", async () => {
  let told = false;
  await withProbedCatalog(async ({ uri }) => {
    const { verdict, records } = await probe(uri, { plan: {} });
    assert.equal(told, true);
    assert.deepEqual(verdict.violations.map(({ kind }) => kind), ["lost"]);
    const lost = verdict.violations[0]!;
    const blamed = requestsOf(records).find(({ invoke }) => invoke.op === lost.ops[0]);
    assert.equal(blamed?.complete?.status, 200);
  }, ({ isCommit }) =>
    isCommit
      ? {
        rewrite: (answer) => {
          if (answer.status !== 409 || told) return answer;
          told = true;
          return json(200, {
            "metadata-location": "file:///nowhere",
            metadata: { "table-uuid": "a", "last-updated-ms": 1, "last-sequence-number": 1 },
          });
        },
      }
      : undefined);
});

Deno.test("runProbe() never sends a commit twice by itself, and blames nobody for dropped answers", async () => {
  const { seed, random } = seeded();
  let dropped = 0;
  await withProbedCatalog(async ({ uri, proxy }) => {
    const { verdict, records } = await probe(uri, {
      plan: { writers: [4], commits: 20, mode: "both" },
      seed,
    });
    const requests = requestsOf(records);
    const replay = `replay with PROBE_SEED=${seed}`;
    assert.ok(dropped > 0, `no answer was dropped; ${replay}`);
    assert.equal(proxy.requests.filter(({ isCommit }) => isCommit).length, requests.length, replay);
    assert.equal(statuses(records).none, dropped, replay);
    assert.deepEqual(verdict.violations, [], replay);
    assert.equal(verdict.verdict, "valid", replay);
  }, ({ isCommit }) => {
    if (!isCommit || random.below(8) > 0) return undefined;
    dropped++;
    return { reply: "cut" };
  });
});

Deno.test("runProbe() reads its tables in the end though the catalog cannot answer for a while", async () => {
  let commits = 0;
  let failed = 0;
  await withProbedCatalog(async ({ uri }) => {
    const { verdict, records } = await probe(uri, { plan: { writers: [2], commits: 2 } });
    assert.equal(failed, FAILED_LOADS);
    const [final] = records.filter((record) => record.type === "final");
    assert.equal(final?.error, undefined);
    assert.equal(final?.snapshots?.length, 2);
    assert.equal(verdict.verdict, "valid");
  }, ({ method, target, isCommit }) => {
    if (isCommit) commits++;
    // Four commits are the whole race.
    if (method !== "GET" || !target.includes("/tables/") || commits < 4) return undefined;
    if (failed === FAILED_LOADS) return undefined;
    failed++;
    return failed % 2 === 0
      ? { reply: "cut" }
      : { forwards: 0, reply: { ...json(503, {}), headers: { "retry-after": "0" } } };
  });
});

Deno.test("runProbe() expects a conflict only where the commit that makes it was acknowledged", async () => {
  for (const workload of ["stale", "properties"] as const) {
    await withProbedCatalog(
      async ({ uri }) => {
        const { verdict, records } = await probe(uri, {
          plan: { writers: [3], commits: 4, workloads: [workload] },
        });
        const requests = requestsOf(records);
        assert.ok(requests.some(({ complete }) => complete?.outcome === "unknown"));
        assert.equal(requests.some(({ invoke }) => invoke.expect === "conflict"), false);
        assert.deepEqual(verdict.violations, []);
        // The property stands for itself; of stale assertions nothing was seen.
        assert.equal(verdict.verdict, workload === "stale" ? "unknown" : "valid");
      },
      ({ isCommit, body }) =>
        isCommit && body.includes('"add-snapshot"') ? { reply: "cut" } : undefined,
    );
  }
});

Deno.test("runProbe() writes files before each post when the catalog asks for them", async () => {
  let refused = 0;
  await withProbedCatalog(async ({ uri }) => {
    const { verdict, events } = await probe(uri, {
      plan: { writers: [3], commits: 5, mode: "free" },
    });
    assert.equal(refused, 1);
    assert.equal(verdict.verdict, "valid");
    assert.ok(
      events.some((event) => event.type === "notice" && /not there yet/.test(event.message)),
    );
  }, async ({ isCommit, body }) => {
    const list = /"manifest-list":"file:\/\/([^"]+)"/.exec(body)?.[1] ??
      /"manifest-list":"([^"]+)"/.exec(body)?.[1];
    if (!isCommit || list === undefined) return undefined;
    const isThere = await Deno.stat(list).then(() => true, () => false);
    if (isThere) return undefined;
    refused++;
    const error = { type: "BadRequestException", message: "no manifest list", code: 400 };
    return { forwards: 0, reply: json(400, { error }) };
  });
});

Deno.test("runProbe() fails with the catalog's own reason when nothing could be raced", async () => {
  await withProbedCatalog(async ({ uri }) => {
    await assert.rejects(probe(uri, { plan: {} }), /Cannot create table .* no room/);
  }, ({ method, target }) =>
    method === "POST" && target.endsWith("/tables")
      ? {
        forwards: 0,
        reply: json(400, { error: { type: "BadRequest", message: "no room", code: 400 } }),
      }
      : undefined);
});

Deno.test("runProbe() gives the records of each run when it is over", async () => {
  await withProbedCatalog(async ({ uri }) => {
    const batches: string[][] = [];
    const { records } = await probe(uri, {
      plan: { writers: [2, 3], commits: 2 },
      onRecords: (some) => {
        batches.push(some.map(({ type }) => type));
        return Promise.resolve();
      },
    });
    assert.equal(batches.length, 3);
    assert.equal(batches[0]?.[0], "header");
    assert.deepEqual(batches[2], ["end"]);
    assert.equal(batches.flat().length, records.length);
  });
});

Deno.test("isWholeHistory() is false for a head alone that has a past", () => {
  assert.equal(isWholeHistory(tableOf([])), true);
  assert.equal(isWholeHistory(tableOf([{ id: 1 }], 1)), true);
  assert.equal(isWholeHistory(tableOf([{ id: 2, parent: 1 }], 2)), false);
  assert.equal(isWholeHistory(tableOf([{ id: 2 }], 2)), false, "its parent is not even named");
  assert.equal(isWholeHistory(tableOf([{ id: 1 }, { id: 3, parent: 2 }], 3)), true);
});

function json(status: number, body: unknown): RawResponse {
  return {
    status,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  };
}

async function namesBelow(directory: string): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of Deno.readDir(directory)) {
    const path = `${directory}/${entry.name}`;
    if (entry.isDirectory) names.push(...await namesBelow(path));
    else names.push(path);
  }
  return names;
}
