/** The look through what is new in a table. */
import assert from "node:assert/strict";
import { LOAD_ID_KEY } from "../../lib/load/ledger.ts";
import { look } from "../../lib/load/look.ts";
import { line, tableOf } from "./metadata_support.ts";

const ENTRY = { [LOAD_ID_KEY]: "load", "ingest.ranges": "5-9:ab" };
const OF = { loadId: "load", snapshotId: 4n };

Deno.test("look() finds the own snapshot as the head, and below newer ones", () => {
  for (const count of [4, 6]) {
    const finding = look(tableOf(line(count), count), { ...OF, baseHead: 3n });
    assert.equal(finding.own?.["snapshot-id"], 4);
    assert.equal(finding.isWhole, true);
    assert.equal(finding.isRolledBack, false);
  }
});

Deno.test("look() that goes from head to base without a find is proof", () => {
  const finding = look(tableOf(line(3), 3), { ...OF, baseHead: 2n });
  assert.deepEqual(finding, { own: undefined, isRolledBack: false, entries: [], isWhole: true });
  const atBase = look(tableOf(line(3), 3), { ...OF, baseHead: 3n });
  assert.equal(atBase.isWhole, true);
});

Deno.test("look() from an empty table is proof when the history goes back to its first snapshot", () => {
  assert.equal(look(tableOf([]), { ...OF, baseHead: undefined }).isWhole, true);
  assert.equal(look(tableOf(line(3), 3), { ...OF, baseHead: undefined }).isWhole, true);
  const cut = look(tableOf(line(3).slice(1), 3), { ...OF, baseHead: undefined });
  assert.equal(cut.isWhole, false);
});

Deno.test("look() is no proof where the history is cut before the base", () => {
  const finding = look(tableOf(line(9).slice(6), 9), { ...OF, baseHead: 3n });
  assert.equal(finding.isWhole, false);
  assert.equal(finding.own, undefined);
});

Deno.test("look() is no proof where the branch no longer leads to the base", () => {
  // Someone set it back behind the base: 3 is not among the ancestors of 2.
  const finding = look(tableOf(line(3), 2), { ...OF, baseHead: 3n });
  assert.equal(finding.isWhole, false);
  assert.equal(look(tableOf([]), { ...OF, baseHead: 3n }).isWhole, false);
});

Deno.test("look() tells of an own snapshot that someone has rolled back", () => {
  const finding = look(tableOf(line(4), 3), { ...OF, baseHead: 3n });
  assert.equal(finding.own, undefined);
  assert.equal(finding.isRolledBack, true);
});

Deno.test("look() takes an own snapshot behind a cut for one in the table", () => {
  // A tag keeps it, while those above it have expired.
  const snapshots = line(9).filter(({ id }) => id === 4 || id > 6);
  const finding = look(tableOf(snapshots, 9), { ...OF, baseHead: 3n });
  assert.equal(finding.own?.["snapshot-id"], 4);
  assert.equal(finding.isRolledBack, false);
  assert.equal(finding.isWhole, false);
});

Deno.test("look() collects what others brought in of the load, between base and head only", () => {
  const summaries = { 2: ENTRY, 4: ENTRY, 5: ENTRY, 6: { [LOAD_ID_KEY]: "other" } };
  const finding = look(tableOf(line(7, summaries), 7), { ...OF, baseHead: 3n });
  // Not its own, and not what was there before.
  assert.deepEqual(finding.entries.map(({ snapshotId }) => snapshotId), [5n]);
  assert.equal(finding.own?.["snapshot-id"], 4);
});
