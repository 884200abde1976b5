/** The wish to end a load. */
import assert from "node:assert/strict";
import { GRACE_MS, Stop } from "../../lib/load/stop.ts";

Deno.test("Stop is requested once, and shortens deadlines to the grace", () => {
  const stop = new Stop();
  const farMs = performance.now() + 1e9;
  assert.equal(stop.isRequested, false);
  assert.equal(stop.deadlineMs(farMs), farMs);
  stop.request();
  const deadlineMs = stop.deadlineMs(farMs);
  assert.ok(deadlineMs <= performance.now() + GRACE_MS);
  stop.request();
  assert.equal(stop.deadlineMs(farMs), deadlineMs, "asking twice gives no more time");
  assert.equal(stop.deadlineMs(5), 5);
  assert.equal(stop.isRequested, true);
  assert.equal(stop.signal.aborted, true);
  assert.equal(stop.graceSignal.aborted, false);
  stop.close();
});
