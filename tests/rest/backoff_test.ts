/** Waits between attempts. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { backoffMs, sleep } from "../../lib/rest/backoff.ts";

Deno.test("backoffMs() stays between 0 and the doubled minimum, and never above the maximum", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 10_000 }),
    fc.integer({ min: 0, max: 10_000 }),
    fc.integer({ min: 0, max: 100_000 }),
    (retry, minWaitMs, maxWaitMs) => {
      const bounds = { minWaitMs, maxWaitMs };
      const ceilingMs = Math.min(maxWaitMs, minWaitMs * 2 ** (retry - 1));
      assert.equal(backoffMs(retry, bounds, 0), 0);
      const most = backoffMs(retry, bounds, 1);
      assert.ok(Number.isFinite(most) && most <= maxWaitMs);
      if (retry <= 31) assert.equal(most, ceilingMs);
      const any = backoffMs(retry, bounds);
      assert.ok(any >= 0 && any <= most);
    },
  ));
});

Deno.test("backoffMs() doubles its ceiling with each retry", () => {
  const bounds = { minWaitMs: 100, maxWaitMs: 1000 };
  const ceilings = [1, 2, 3, 4, 5, 6].map((retry) => backoffMs(retry, bounds, 1));
  assert.deepEqual(ceilings, [100, 200, 400, 800, 1000, 1000]);
  assert.equal(backoffMs(2, bounds, 0.25), 50);
});

Deno.test("sleep() waits as long as told", async () => {
  const startedMs = performance.now();
  await sleep(50);
  assert.ok(performance.now() - startedMs >= 45);
});

Deno.test("sleep() ends at once when it is aborted, also before it began", async () => {
  const reason = new Error("enough");
  const aborter = new AbortController();
  const startedMs = performance.now();
  const sleeping = sleep(60_000, aborter.signal);
  setTimeout(() => aborter.abort(reason), 10);
  await assert.rejects(sleeping, reason);
  await assert.rejects(sleep(60_000, aborter.signal), reason);
  assert.ok(performance.now() - startedMs < 10_000);
});
