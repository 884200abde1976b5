import assert from "node:assert/strict";
import { commitsWaitedBy, Pace } from "../../lib/load/pace.ts";

const UNSET = { minWaitMs: undefined, maxWaitMs: 60_000 };

Deno.test("Pace waits after a lost race by the time that attempts take", () => {
  const pace = new Pace(UNSET);
  for (let count = 0; count < 50; count++) pace.observe(20);
  assert.deepEqual(pace.afterLostRace(), { minWaitMs: 20, maxWaitMs: 1280 });
});

Deno.test("Pace follows a catalog that gets slower, and is not thrown by one slow answer", () => {
  const pace = new Pace(UNSET);
  for (let count = 0; count < 50; count++) pace.observe(10);
  pace.observe(1000);
  assert.ok(pace.afterLostRace().minWaitMs < 400);
  for (let count = 0; count < 50; count++) pace.observe(1000);
  assert.ok(pace.afterLostRace().minWaitMs > 999);
});

Deno.test("Pace keeps to the waits that a table names", () => {
  const pace = new Pace({ minWaitMs: 5, maxWaitMs: 50 });
  pace.observe(1000);
  assert.deepEqual(pace.afterLostRace(), { minWaitMs: 5, maxWaitMs: 50 });
  const bounded = new Pace({ minWaitMs: undefined, maxWaitMs: 50 });
  bounded.observe(1000);
  assert.deepEqual(bounded.afterLostRace(), { minWaitMs: 50, maxWaitMs: 50 });
});

Deno.test("Pace waits longer after trouble than a fast catalog's commits take", () => {
  const pace = new Pace(UNSET);
  assert.deepEqual(pace.afterLostRace(), { minWaitMs: 100, maxWaitMs: 60_000 });
  pace.observe(1);
  assert.deepEqual(pace.afterTrouble(), { minWaitMs: 100, maxWaitMs: 60_000 });
});

Deno.test("Pace waits for as many commits as a load has writers, at most", () => {
  const pace = new Pace({ ...UNSET, commitsWaitedMax: commitsWaitedBy(16) });
  pace.observe(10);
  assert.deepEqual(pace.afterLostRace(), { minWaitMs: 10, maxWaitMs: 160 });
});

Deno.test("commitsWaitedBy() takes one writer for one among many that it does not know of", () => {
  assert.deepEqual([1, 2, 8, 32, 256].map(commitsWaitedBy), [64, 8, 8, 32, 64]);
});
