/** Requests that are about to leave. */
import assert from "node:assert/strict";
import { Departures } from "../../lib/rest/departures.ts";

Deno.test("Departures.none() waits for all that have been begun, later in the same turn too", async () => {
  const departures = new Departures();
  const seen: string[] = [];
  const none = departures.none().then(() => seen.push("none"));
  const left = [1, 2].map((number) => departures.left().then(() => seen.push(`left ${number}`)));
  await Promise.all([none, ...left]);
  assert.deepEqual(seen, ["left 1", "left 2", "none"]);
});

Deno.test("Departures.none() does not wait when nothing is about to leave", async () => {
  const departures = new Departures();
  await departures.left();
  let turns = 0;
  const counting = setInterval(() => turns++, 0);
  await departures.none();
  clearInterval(counting);
  assert(turns <= 1, `${turns} turns of timers`);
});

Deno.test("Departures.left() lets a request leave, which else waits until the thread has time", async () => {
  // In a thread of its own, it tells when a request has come.
  const server = new Worker(
    "data:text/javascript," + encodeURIComponent(`
      Deno.serve({ port: 0, onListen: ({ port }) => postMessage(port) }, () => {
        postMessage(performance.timeOrigin + performance.now());
        return new Response("ok");
      });
    `),
    { type: "module" },
  );
  const client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  const next = () =>
    new Promise<number>((resolve) => server.onmessage = ({ data }) => resolve(data));
  try {
    const url = `http://127.0.0.1:${await next()}/`;
    const comesWhileBusy = async (wait: () => Promise<void>) => {
      const came = next();
      const answer = fetch(url, { method: "POST", body: "{}", client }).then((it) => it.text());
      await wait();
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
      const busyUntilMs = performance.timeOrigin + performance.now();
      const isInTime = await came < busyUntilMs;
      await answer;
      return isInTime;
    };
    const departures = new Departures();
    let inTime = 0;
    for (let tries = 0; tries < 20; tries++) {
      assert.equal(await comesWhileBusy(() => Promise.resolve()), false);
      if (await comesWhileBusy(() => departures.left())) inTime++;
    }
    // On a machine that is busy itself some take longer.
    assert(inTime >= 10, `${inTime} of 20 came in time`);
  } finally {
    client.close();
    server.terminate();
  }
});
