/** UUIDs that begin with the time. */
import assert from "node:assert/strict";
import { timeOfUuidV7, uuidV7 } from "../../lib/table/uuid_v7.ts";
import { LOAD_ID_PATTERN } from "../../lib/table/locations.ts";

Deno.test("uuidV7() is a UUID of version 7 and variant 10, new each time", () => {
  const made = Array.from({ length: 1000 }, () => uuidV7());
  for (const uuid of made) {
    assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.match(uuid, LOAD_ID_PATTERN);
  }
  assert.equal(new Set(made).size, made.length);
  // Every bit that is not fixed is drawn.
  for (const at of [15, 17, 20, 24, 35]) {
    assert.ok(new Set(made.map((uuid) => uuid[at])).size > 8, `digit ${at}`);
  }
});

Deno.test("timeOfUuidV7() gives back the time, and uuidV7() sorts by it", () => {
  const times = [0, 1, 65_535, 65_536, 1_795_393_125_700, 2 ** 48 - 1];
  const uuids = times.map((nowMs) => uuidV7(nowMs));
  assert.deepEqual(uuids.map(timeOfUuidV7), times);
  assert.deepEqual(uuids.toSorted(), uuids);
});

Deno.test("timeOfUuidV7() knows no time of other texts", () => {
  const version4 = "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d";
  for (const text of ["", "orders-2026", version4, `${uuidV7()}x`, uuidV7().replaceAll("-", "")]) {
    assert.equal(timeOfUuidV7(text), undefined, text);
  }
});
