import assert from "node:assert/strict";
import { WORKLOADS } from "../../lib/probe/history.ts";
import { type PlanOptions, planRuns } from "../../lib/probe/plan.ts";

const DEFAULTS: PlanOptions = {
  writers: [2, 8, 32],
  commits: 50,
  workloads: WORKLOADS,
  mode: "both",
  withData: false,
};

function shown(options: Partial<PlanOptions>): string[] {
  return planRuns({ ...DEFAULTS, ...options }).map(({ workload, writers, mode, commits }) =>
    `${workload} ${mode} ${writers} ${commits}`
  );
}

Deno.test("planRuns() races appends with every number of writers, the others with one", () => {
  assert.deepEqual(shown({}), [
    "append rounds 2 50",
    "append rounds 8 50",
    "append rounds 32 50",
    "append free 2 50",
    "append free 8 50",
    "append free 32 50",
    "first-commit rounds 8 10",
    "create rounds 8 10",
    "schema rounds 8 50",
    "multi-table rounds 8 50",
    "idempotency rounds 8 50",
    "properties rounds 8 50",
    "stale rounds 1 10",
  ]);
});

Deno.test("planRuns() races a workload that is asked for alone with every number of writers", () => {
  assert.deepEqual(shown({ workloads: ["create"], commits: 5 }), [
    "create rounds 2 5",
    "create rounds 8 5",
    "create rounds 32 5",
  ]);
});

Deno.test("planRuns() takes the least number of writers when all are many", () => {
  assert.deepEqual(shown({ workloads: ["append", "create"], writers: [16, 32], mode: "free" }), [
    "append free 16 50",
    "append free 32 50",
    "create rounds 16 10",
  ]);
});

Deno.test("planRuns() writes fresh data for appends only", () => {
  const plans = planRuns({ ...DEFAULTS, withData: true });
  assert.deepEqual(
    [...new Set(plans.filter(({ withData }) => withData).map(({ workload }) => workload))],
    ["append"],
  );
});
