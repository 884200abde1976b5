/** Trying again: how often, how long, and who ends it. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { retry, type RetryOptions, SpentError } from "../../lib/store/retry.ts";

const WAITS = { waitMsMin: 1, waitMsMax: 4 };

/** Fails so many times, then gives its count. */
function failing(times: number) {
  let count = 0;
  return {
    attempts: () => count,
    run: () => {
      count++;
      return count > times ? Promise.resolve(count) : Promise.reject(new Error(`failure ${count}`));
    },
  };
}

const always = (options: Partial<RetryOptions> = {}): RetryOptions => ({
  budgetMsOf: () => 60_000,
  waits: WAITS,
  ...options,
});

Deno.test("retry() gives what the first success gives, and stops there", async () => {
  for (const times of [0, 1, 5]) {
    const { run, attempts } = failing(times);
    assert.equal(await retry(run, always()), times + 1);
    assert.equal(attempts(), times + 1);
  }
});

Deno.test("retry() throws a failure without a budget as it came, after one attempt", async () => {
  const { run, attempts } = failing(9);
  await assert.rejects(retry(run, always({ budgetMsOf: () => 0 })), { message: "failure 1" });
  assert.equal(attempts(), 1);
});

Deno.test("retry() ends when the budget is spent, and tells of the last failure and the attempts", async () => {
  const { run, attempts } = failing(Infinity);
  const startedMs = performance.now();
  await assert.rejects(
    retry(run, always({ budgetMsOf: () => 60, waits: { waitMsMin: 5, waitMsMax: 20 } })),
    (error) => {
      assert.ok(error instanceof SpentError);
      assert.equal(error.attempts, attempts());
      assert.equal((error.cause as Error).message, `failure ${attempts()}`);
      return true;
    },
  );
  assert.ok(attempts() > 2, `${attempts()} attempts`);
  // No wait is begun that would end beyond the budget.
  assert.ok(performance.now() - startedMs < 1000);
});

Deno.test("retry() goes by the last failure's budget: one for good ends it", async () => {
  const { run, attempts } = failing(Infinity);
  const budgetMsOf = (error: unknown) => (error as Error).message === "failure 3" ? 0 : 60_000;
  await assert.rejects(retry(run, always({ budgetMsOf })), SpentError);
  assert.equal(attempts(), 3);
});

Deno.test("retry() waits between 0 and a ceiling that doubles up to the longest", async () => {
  await fc.assert(
    fc.asyncProperty(fc.double({ min: 0, max: 1, noNaN: true }), async (share) => {
      const { run } = failing(5);
      const startedMs = performance.now();
      await retry(run, always({ random: () => share }));
      const waitedMs = performance.now() - startedMs;
      // 1, 2, 4, 4, 4: timers may round down by less than one ms each.
      assert.ok(waitedMs >= 15 * share - 5, `${waitedMs} ms for a share of ${share}`);
    }),
    { numRuns: 20 },
  );
});

Deno.test("retry() stops waiting when the signal is aborted, and does not begin after it", async () => {
  const { run, attempts } = failing(Infinity);
  const controller = new AbortController();
  const waits = { waitMsMin: 60_000, waitMsMax: 60_000 };
  const budgetMsOf = () => Infinity;
  const running = retry(run, { budgetMsOf, waits, signal: controller.signal, random: () => 1 });
  controller.abort();
  await assert.rejects(running, { name: "AbortError" });
  await assert.rejects(retry(run, always({ signal: controller.signal })), { name: "AbortError" });
  assert.ok(attempts() <= 1);
});
