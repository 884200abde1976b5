import assert from "node:assert/strict";
import { KeyedLock } from "../../lib/server/keyed_lock.ts";

Deno.test("KeyedLock.run() lets one at a time work under a key, in the order of arrival", async () => {
  const lock = new KeyedLock(10_000);
  const order: number[] = [];
  let working = 0;
  await Promise.all(
    Array.from(
      { length: 20 },
      (_, index) =>
        lock.run(index % 3 === 0 ? ["a", "b"] : ["b"], async () => {
          working += 1;
          assert.equal(working, 1);
          await new Promise((resolve) => setTimeout(resolve, 1));
          order.push(index);
          working -= 1;
        }),
    ),
  );
  assert.equal(order.length, 20);
});

Deno.test("KeyedLock.run() lets others work under other keys", async () => {
  const lock = new KeyedLock(10_000);
  const gate = Promise.withResolvers<void>();
  const first = lock.run(["a"], () => gate.promise);
  assert.equal(await lock.run(["b"], () => Promise.resolve("done")), "done");
  gate.resolve();
  await first;
});

Deno.test("KeyedLock.run() gives up after its time, and those behind keep their turn", async () => {
  const lock = new KeyedLock(20);
  const gate = Promise.withResolvers<void>();
  const first = lock.run(["a"], () => gate.promise);
  await assert.rejects(lock.run(["a"], () => Promise.resolve()), {
    status: 503,
    type: "ServiceUnavailableException",
  });
  let began = false;
  const behind = lock.run(["a"], () => {
    began = true;
    return Promise.resolve();
  });
  assert.equal(began, false);
  gate.resolve();
  await Promise.all([first, behind]);
  assert.equal(began, true);
});

Deno.test("KeyedLock.run() frees its keys when the work fails", async () => {
  const lock = new KeyedLock(1000);
  await assert.rejects(lock.run(["a", "b"], () => Promise.reject(new Error("no"))), /no/);
  assert.equal(await lock.run(["b", "a"], () => Promise.resolve(7)), 7);
});
