/** Limits on what is under way at once. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Lanes, Places } from "../../lib/load/lanes.ts";

function tick(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("Lanes.use() gives each lane to one at a time, and uses them all", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.boolean(), { minLength: 5, maxLength: 20 }),
      async (count, works) => {
        const lanes = new Lanes(Array.from({ length: count }, (_, lane) => lane));
        const busy = new Set<number>();
        let most = 0;
        const results = await Promise.allSettled(
          works.map((fails, index) =>
            lanes.use(async (lane) => {
              assert.ok(!busy.has(lane), `lane ${lane} is used twice`);
              busy.add(lane);
              most = Math.max(most, busy.size);
              await tick();
              busy.delete(lane);
              if (fails) throw new Error("it fails");
              return index;
            })
          ),
        );
        assert.equal(most, Math.min(count, works.length));
        // A failure gives its lane back and is passed on, a result too.
        assert.deepEqual(
          results.map((result) => result.status === "fulfilled" ? result.value : -1),
          works.map((fails, index) => fails ? -1 : index),
        );
      },
    ),
    { numRuns: 30 },
  );
});

Deno.test("Places.take() waits when none is free, and is served in order", async () => {
  const places = new Places(2);
  const taken: number[] = [];
  const taking = [0, 1, 2, 3].map((who) => places.take().then(() => taken.push(who)));
  await tick();
  assert.deepEqual(taken, [0, 1]);
  places.give();
  await tick();
  assert.deepEqual(taken, [0, 1, 2]);
  places.give();
  await Promise.all(taking);
  assert.deepEqual(taken, [0, 1, 2, 3]);
  places.give();
  places.give();
  await Promise.all([places.take(), places.take()]);
});
