/** Chains, sequence numbers and what has vanished, judged by hand. */
// deno-lint-ignore-file camelcase -- fields are named as the history has them
import assert from "node:assert/strict";
import type { FinalRecord } from "../../lib/probe/history.ts";
import { found, Handmade, snapshotsOf, TABLE, twoRounds } from "./handmade.ts";

Deno.test("checkHistory() calls a chain broken where a parent is not the one that was asserted", () => {
  const { history, a, c } = twoRounds();
  const e = history.send({ round: 2, on: c });
  const snapshots = snapshotsOf([a, c, e].map(({ intents }) => intents[0]!));
  snapshots[2] = { ...snapshots[2]!, parent_snapshot_id: a.id };
  const verdict = history.final([a, c, e], { snapshots }).judge();
  assert.deepEqual(found(verdict), ["broken-chain 5"]);
  assert.deepEqual(verdict.violations[0]!.snapshots, [e.id, c.id, a.id]);
});

Deno.test("checkHistory() tells a chain that leaves several commits out as one broken chain", () => {
  const { history, a, c } = twoRounds();
  const e = history.send({ round: 2, on: c });
  const g = history.send({ round: 3, on: e });
  const snapshots = snapshotsOf([a, c, e, g].map(({ intents }) => intents[0]!));
  snapshots[3] = { ...snapshots[3]!, parent_snapshot_id: a.id };
  const verdict = history.final([a, c, e, g], { snapshots }).judge();
  assert.deepEqual(found(verdict), ["broken-chain 6"]);
  assert.match(verdict.violations[0]!.words, /with parent 1005 .* its parent is 1001/);
});

Deno.test("checkHistory() tells a fork of several unanswered commits once, at its foot", () => {
  const { history, a, c } = twoRounds();
  const foot = history.send({ round: 1, writer: 1, on: a, status: null });
  const top = history.send({ round: 2, writer: 1, on: foot, status: null });
  const list = snapshotsOf([a, c].map(({ intents }) => intents[0]!));
  const side = snapshotsOf([a, foot, top].map(({ intents }) => intents[0]!)).slice(1);
  const verdict = history.final([a, c], { snapshots: [...list, ...side] }).judge();
  assert.deepEqual(found(verdict), ["broken-chain 5 3"]);
  assert.deepEqual(verdict.violations[0]!.snapshots, [foot.id, c.id]);
  assert.match(verdict.violations[0]!.words, /it and 1003, which is, stand on one parent, 1001/);
});

Deno.test("checkHistory() learns nothing of parents from answers that show another's head or table", () => {
  const history = new Handmade();
  const a = history.send({ answer: { head: "1003", head_parent: "1001" } });
  history.send({ writer: 1, status: 409 });
  const c = history.send({ round: 1, on: a, answer: { table: "ns.other", head_parent: "9" } });
  assert.equal(history.final([a, c]).judge().verdict, "valid");
});

Deno.test("checkHistory() calls a chain broken that forks, runs into itself or hangs in the air", () => {
  const forked = twoRounds();
  const unanswered = forked.history.send({ round: 1, writer: 1, on: forked.a, status: null });
  const intents = [forked.a, forked.c].map(({ intents }) => intents[0]!);
  const twin = { ...snapshotsOf([...intents, unanswered.intents[0]!])[2]!, sequence_number: 2 };
  forked.history.final([forked.a, forked.c], {
    snapshots: [...snapshotsOf(intents), { ...twin, parent_snapshot_id: forked.a.id }],
  });
  assert.deepEqual(found(forked.history.judge()), ["broken-chain 5 3"]);

  const circle = twoRounds();
  const bent = snapshotsOf([circle.a, circle.c].map(({ intents }) => intents[0]!));
  bent[0] = { ...bent[0]!, parent_snapshot_id: circle.c.id };
  circle.history.final([circle.a, circle.c], { snapshots: bent });
  assert.deepEqual(found(circle.history.judge()), ["broken-chain 3 1"]);

  const foreign = twoRounds();
  const hung = snapshotsOf([foreign.a, foreign.c].map(({ intents }) => intents[0]!));
  foreign.history.final([foreign.a, foreign.c], {
    snapshots: hung,
    head: "9",
    refs: { main: "9" },
  });
  const verdict = foreign.history.judge();
  assert.deepEqual(found(verdict), ["broken-chain"]);
  assert.deepEqual(verdict.violations[0]!.snapshots, ["9"]);
  assert.match(verdict.violations[0]!.words, /the head is 9, which is not in the list/);
});

Deno.test("checkHistory() calls a chain broken whose head went back, and tells nothing else of it", () => {
  for (const main of ["1001", "1003"]) {
    const { history, a, c } = twoRounds();
    const snapshots = snapshotsOf([a.intents[0]!, c.intents[0]!]);
    const file = { path: a.intents[0]!.files![0]!.path, rows: 1, snapshot_id: a.id };
    const verdict = history.final([a, c], {
      snapshots,
      head: a.id,
      refs: { main },
      files: [{ ...file, sequence_number: 1 }],
    }).judge();
    assert.deepEqual(found(verdict), ["broken-chain 3"]);
    assert.match(verdict.violations[0]!.words, /1 snapshot above it is out of the branch/);
  }
});

Deno.test("checkHistory() calls a chain broken when the current snapshot is not that of main", () => {
  const { history, a, c } = twoRounds();
  assert.deepEqual(found(history.final([a, c], { refs: { main: a.id } }).judge()), [
    "broken-chain",
  ]);
});

Deno.test("checkHistory() wants sequence numbers to rise from parent to child, and the table's last to hold", () => {
  for (const number of [1, 0]) {
    const { history, a, c } = twoRounds();
    const snapshots = snapshotsOf([a.intents[0]!, c.intents[0]!]);
    snapshots[1] = { ...snapshots[1]!, sequence_number: number };
    assert.deepEqual(found(history.final([a, c], { snapshots }).judge()), ["sequence 3 1"]);
  }
  const { history, a, c } = twoRounds();
  assert.deepEqual(found(history.final([a, c], { last_sequence_number: 1 }).judge()), ["sequence"]);
});

Deno.test("checkHistory() calls vanished what is in the branch and not in the log, and what only answers showed", () => {
  const log = twoRounds();
  log.history.final([log.a, log.c], {
    snapshot_log: [{ snapshot_id: log.c.id, timestamp_ms: 1 }],
  });
  assert.deepEqual(found(log.history.judge()), ["vanished 1"]);

  const { history, a, c } = twoRounds();
  const unanswered = history.send({ round: 2, on: c, status: null });
  const shows = history.send({ round: 2, writer: 1, on: c, answer: { head: unanswered.id } });
  assert.deepEqual(found(history.final([a, c, shows]).judge()), ["vanished 6"]);
});

Deno.test("checkHistory() calls vanished a parent that is named and not listed while its data are there", () => {
  const { history, a, c } = twoRounds();
  const snapshots = snapshotsOf([a.intents[0]!, c.intents[0]!]).slice(1);
  assert.deepEqual(found(history.final([a, c], { snapshots }).judge()), ["vanished 1"]);
  // Without files the child that names it is what tells that it was there.
  const { files: _files, ...unread } = history.records.pop() as FinalRecord;
  history.records.push(unread);
  assert.deepEqual(found(history.judge()), ["vanished 1"]);
});

Deno.test("checkHistory() calls vanished a table that is gone with its commits", () => {
  const history = new Handmade();
  history.send();
  history.send({ writer: 1, status: 409 });
  history.records.push({ type: "final", run: 1, time_us: 9, table: TABLE, missing: true });
  const verdict = history.judge();
  assert.deepEqual(found(verdict), ["vanished 1"]);
  assert.deepEqual(verdict.runs[0]!.unchecked, []);
});

Deno.test("checkHistory() tells two things that have nothing to do with each other", () => {
  const { history, a, c } = twoRounds();
  const snapshots = snapshotsOf([a.intents[0]!, c.intents[0]!]);
  snapshots[1] = { ...snapshots[1]!, sequence_number: 1, summary: { "total-records": "9" } };
  assert.deepEqual(found(history.final([a, c], { snapshots }).judge()), [
    "sequence 3 1",
    "totals",
  ]);
});
