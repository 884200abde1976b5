/** The figures of a history. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { probeNumbers } from "../../lib/probe/numbers.ts";
import { percentile } from "../../lib/statistics.ts";
import { Handmade } from "./handmade.ts";

Deno.test("probeNumbers() counts attempts, conflicts, retries and resends, and rates them", () => {
  const history = new Handmade("append", { writers: 2 });
  const a = history.send({ from: 0, to: 10_000 });
  history.send({ writer: 1, status: 409, from: 0, to: 20_000 });
  history.send({ writer: 1, on: a, status: 503, from: 20_000, to: 40_000 });
  // Between the rounds nobody races.
  const late = { round: 1, from: 1_000_000 };
  const d = history.send({ ...late, on: a, status: null, to: 1_030_000 });
  history.send({ ...late, resendOf: d, status: 200, from: 1_040_000, to: 1_060_000 });
  history.send({ ...late, writer: 1, on: a, open: true });
  const { runs, sweep, ceiling } = probeNumbers(history.end());
  assert.deepEqual(runs, [{
    run: 1,
    workload: "append",
    mode: "rounds",
    writers: 2,
    attempts: 6,
    acknowledged: 2,
    conflicts: 1,
    retries: 1,
    resends: 1,
    unanswered: 2,
    racing_s: 0.1,
    commits_per_s: 20,
    success_rate: 2 / 6,
    fair_rate: 0.5,
    status: { "200": 2, "409": 1, "503": 1, none: 2 },
    latency_ms: {
      "200": { count: 2, p50: 10, p90: 20, p95: 20, p99: 20, max: 20 },
      "409": { count: 1, p50: 20, p90: 20, p95: 20, p99: 20, max: 20 },
      "503": { count: 1, p50: 20, p90: 20, p95: 20, p99: 20, max: 20 },
      none: { count: 1, p50: 30, p90: 30, p95: 30, p99: 30, max: 30 },
    },
  }]);
  const { run: _run, workload: _workload, ...same } = runs[0]!;
  assert.deepEqual(sweep, [same]);
  assert.deepEqual(ceiling, { writers: 2, mode: "rounds", commits_per_s: 20 });
});

Deno.test("probeNumbers() takes a free run from its first request to its last answer", () => {
  const history = new Handmade("append", { writers: 1, mode: "free" });
  const a = history.send({ from: 0, to: 10_000 });
  history.send({ on: a, from: 990_000, to: 1_000_000 });
  assert.equal(probeNumbers(history.end()).runs[0]!.commits_per_s, 2);
});

Deno.test("probeNumbers() finds the ceiling among the appends, and orders them by mode and writers", () => {
  const history = new Handmade("create", { writers: 64 });
  history.send({ kind: "create", from: 0, to: 1 });
  for (const [mode, writers, toUs] of [["free", 8, 5000], ["free", 2, 1000], ["rounds", 2, 2000]]) {
    history.run("append", { mode: mode as "free", writers: writers as number });
    history.send({ from: 0, to: toUs as number });
  }
  const { runs, sweep, ceiling } = probeNumbers(history.end());
  assert.equal(runs.length, 4);
  assert.deepEqual(sweep.map(({ mode, writers }) => [mode, writers]), [
    ["rounds", 2],
    ["free", 2],
    ["free", 8],
  ]);
  assert.deepEqual(ceiling, { writers: 2, mode: "free", commits_per_s: 1000 });
});

Deno.test("probeNumbers() puts runs of one kind together for the sweep", () => {
  const history = new Handmade("append", { writers: 4 });
  history.send({ from: 0, to: 1000 });
  history.run("append", { writers: 4 });
  history.send({ from: 0, to: 3000, status: 409 });
  const { sweep } = probeNumbers(history.end());
  assert.equal(sweep.length, 1);
  assert.equal(sweep[0]!.attempts, 2);
  assert.equal(sweep[0]!.commits_per_s, 250);
});

Deno.test("probeNumbers() gives no rates where nothing was sent, and nothing of what is not offered", () => {
  const history = new Handmade("append").run("create", { not_offered: "no" });
  const { runs, ceiling } = probeNumbers(history.end());
  assert.equal(runs.length, 1);
  assert.equal(runs[0]!.commits_per_s, null);
  assert.equal(runs[0]!.success_rate, null);
  assert.equal(ceiling, null);
});

Deno.test("probeNumbers() does not count a key that is being worked on as a conflict", () => {
  const history = new Handmade("idempotency");
  const a = history.send({ key: "k" });
  history.send({ resendOf: a, key: "k", status: 409, error_type: "RequestInProgress" });
  assert.equal(probeNumbers(history.end()).runs[0]!.conflicts, 0);
});

Deno.test("percentile() is the smallest value that so many of a hundred do not exceed", () => {
  const hundred = Array.from({ length: 100 }, (_, at) => at + 1);
  assert.deepEqual([50, 90, 95, 99, 100].map((p) => percentile(hundred, p)), [50, 90, 95, 99, 100]);
  fc.assert(fc.property(
    fc.array(fc.integer(), { minLength: 1 }),
    fc.integer({ min: 1, max: 100 }),
    (values, percent) => {
      const sorted = values.toSorted((one, other) => one - other);
      const value = percentile(sorted, percent);
      const share = (test: (each: number) => boolean) => sorted.filter(test).length / sorted.length;
      assert.ok(share((each) => each <= value) * 100 >= percent - 1e-9);
      assert.ok(share((each) => each < value) * 100 < percent);
    },
  ));
});
