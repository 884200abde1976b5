/** Appends judged by hand: each kind of violation, alone and with what is not to be blamed. */
// deno-lint-ignore-file camelcase -- fields are named as the history has them
import assert from "node:assert/strict";
import type { FinalRecord } from "../../lib/probe/history.ts";
import { appendOf, found, Handmade, snapshotsOf, TABLE, twoRounds } from "./handmade.ts";

Deno.test("checkHistory() finds nothing where one wins each round and the others get 409", () => {
  const { history, a, c } = twoRounds();
  const verdict = history.final([a, c]).judge();
  assert.deepEqual(verdict, {
    verdict: "valid",
    violations: [],
    notes: [],
    runs: [{
      run: 1,
      workload: "append",
      writers: 2,
      verdict: "valid",
      conflicts: 2,
      acknowledged: 2,
      recovered: 0,
      unchecked: [],
    }],
  });
});

Deno.test("checkHistory() calls lost what was acknowledged and is absent, with what stands in its place", () => {
  const history = new Handmade();
  const a = history.send();
  const b = history.send({ writer: 1 });
  const c = history.send({ round: 1, on: b });
  const verdict = history.final([b, c]).judge();
  assert.deepEqual(found(verdict), ["lost 1 2"]);
  assert.deepEqual(verdict.violations[0]!.snapshots, [a.id, b.id]);
  assert.match(
    verdict.violations[0]!.words,
    /^Writer 0 \(operation 1, round 0\) sent snapshot 1001, the first of its branch, to ns\.t and was answered 200\. .* not in the table.*not in the head's manifests.*Writer 1 \(operation 2, round 0\)/,
  );
});

Deno.test("checkHistory() tells a lost commit once, also when its child names it and totals count it", () => {
  const { history, a, c } = twoRounds();
  const e = history.send({ round: 2, on: c });
  history.final([a, c, e]);
  const final = history.records.pop() as FinalRecord;
  const gone = (id: string) => id !== c.id;
  history.records.push({
    ...final,
    snapshots: final.snapshots!.filter(({ snapshot_id: id }) => gone(id)),
    snapshot_log: final.snapshot_log!.filter(({ snapshot_id: id }) => gone(id)),
    files: final.files!.filter(({ snapshot_id: id }) => gone(id!)),
    rows_counted: 2,
  });
  assert.deepEqual(found(history.judge()), ["lost 3"]);
});

Deno.test("checkHistory() calls lost a commit whose snapshot stands without its data files", () => {
  const { history, a, c } = twoRounds();
  history.final([a, c], {
    files: [{
      path: c.intents[0]!.files![0]!.path,
      rows: 1,
      snapshot_id: c.id,
      sequence_number: 2,
    }],
  });
  assert.deepEqual(found(history.judge()), ["lost 1"]);
});

Deno.test("checkHistory() calls lost what a 200 said to a writer that lost its race", () => {
  const history = new Handmade();
  const a = history.send();
  history.send({ writer: 1 });
  assert.deepEqual(found(history.final([a]).judge()), ["lost 2 1"]);
});

Deno.test("checkHistory() calls phantom what was refused and is in the branch, or only in the list", () => {
  const inBranch = new Handmade();
  const a = inBranch.send({ status: 409 });
  const b = inBranch.send({ writer: 1, on: a });
  assert.deepEqual(found(inBranch.final([a, b]).judge()), ["phantom 1"]);

  const { history, a: first, b: refused, c } = twoRounds();
  const snapshots = snapshotsOf([first.intents[0]!, c.intents[0]!]);
  const listed = { ...snapshots[0]!, snapshot_id: refused.id, manifest_list: "other" };
  const verdict = history.final([first, c], { snapshots: [...snapshots, listed] }).judge();
  assert.deepEqual(found(verdict), ["phantom 2"]);
});

Deno.test("checkHistory() calls doubled a file, a snapshot or a manifest list that is there twice", () => {
  const files = twoRounds();
  const file = (sent: { id: string }, sequence: number) => ({
    path: `${TABLE}/${sent.id}.parquet`,
    rows: 1,
    snapshot_id: sent.id,
    sequence_number: sequence,
  });
  files.history.final([files.a, files.c], {
    files: [file(files.a, 1), file(files.c, 2), file(files.c, 2)],
  });
  assert.deepEqual(found(files.history.judge()), ["doubled 3"]);

  for (const twin of [{}, { snapshot_id: "7", parent_snapshot_id: "1003", sequence_number: 3 }]) {
    const { history, a, c } = twoRounds();
    const snapshots = snapshotsOf([a.intents[0]!, c.intents[0]!]);
    history.final([a, c], {
      snapshots: [...snapshots, { ...snapshots[1]!, ...twin }],
      ...("snapshot_id" in twin ? { head: "7", refs: { main: "7" }, last_sequence_number: 3 } : {}),
    });
    assert.deepEqual(found(history.judge()), ["doubled 3"]);
  }
});

Deno.test("checkHistory() tells what is doubled once, whoever added it, with the words that fit", () => {
  const { history, a, c } = twoRounds();
  const own = c.intents[0]!.files![0]!;
  const ofFile = (path: string, id: string | null) => ({
    ...{ path, rows: 1, snapshot_id: id, sequence_number: 2 },
  });
  const foreign = ["x", "x", "y", "y"].map((path) => ofFile(path, null));
  history.final([a, c], {
    files: [
      ofFile(a.intents[0]!.files![0]!.path, a.id),
      ...[own, own].map(({ path }) => ofFile(path, c.id)),
      ...foreign,
    ],
  });
  const verdict = history.judge();
  assert.deepEqual(found(verdict), ["doubled 3", "doubled"]);
  assert.deepEqual(verdict.violations[0]!.snapshots, [c.id]);
  assert.match(
    verdict.violations[0]!.words,
    /It is the commit of writer 0 \(operation 3, round 1\)/,
  );
  assert.match(verdict.violations[1]!.words, /No operation of this run added it/);

  const twins = twoRounds();
  const [first] = snapshotsOf([twins.a.intents[0]!]);
  const stranger = { ...first!, snapshot_id: "5", manifest_list: "foreign" };
  const list = snapshotsOf([twins.a, twins.c].map(({ intents }) => intents[0]!));
  twins.history.final([twins.a, twins.c], { snapshots: [...list, stranger, stranger] });
  assert.deepEqual(found(twins.history.judge()), ["doubled"]);
});

Deno.test("checkHistory() does not tell of what is doubled in a commit that is blamed already", () => {
  const history = new Handmade("stale", { writers: 1 });
  const a = history.send();
  const stale = history.send({ round: 1, on: null, expect: "conflict" });
  const files = [a, stale, stale].map(({ intents, id }, at) => ({
    path: intents[0]!.files![0]!.path,
    rows: 1,
    snapshot_id: id,
    sequence_number: at + 1,
  }));
  assert.deepEqual(found(history.final([a, stale], { files }).judge()), ["assertion-ignored 2"]);
});

Deno.test("checkHistory() calls doubled a resend without key that made a snapshot of its own", () => {
  const history = new Handmade();
  const a = history.send({ status: null });
  const b = history.send({ writer: 1, status: 409 });
  const again = history.send({ resendOf: a });
  const invoke = history.records.findIndex((each) =>
    each.type === "invoke" && each.op === again.op
  );
  const twin = appendOf(again.op, { on: a });
  history.records[invoke] = { ...history.records[invoke] as object, intents: [twin] } as never;
  const verdict = history.final([a, { ...again, intents: [twin] }]).judge();
  assert.deepEqual(found(verdict), ["doubled 1 3"]);
  assert.equal(b.op, 2);
});

Deno.test("checkHistory() counts as recovered what had no answer and is there, and blames nobody", () => {
  const history = new Handmade();
  const a = history.send({ status: null });
  history.send({ writer: 1, status: 409 });
  const c = history.send({ on: a, round: 1, status: 500, error_type: "CommitStateUnknown" });
  const e = history.send({ on: c, round: 2, open: true });
  const d = history.send({ on: e, round: 3 });
  const verdict = history.final([a, c, e, d]).judge();
  assert.equal(verdict.verdict, "valid");
  assert.equal(verdict.runs[0]!.recovered, 3);
  assert.equal(verdict.runs[0]!.acknowledged, 1);
});

Deno.test("checkHistory() takes a 409 to a resend for no proof of anything", () => {
  for (const landed of [true, false]) {
    const history = new Handmade();
    const a = history.send({ status: null });
    const b = history.send({ writer: 1, status: landed ? 409 : 200 });
    history.send({ resendOf: a, status: 409 });
    const verdict = history.final([landed ? a : b]).judge({ minConflicts: 0 });
    assert.deepEqual(found(verdict), []);
    assert.equal(verdict.runs[0]!.recovered, landed ? 1 : 0);
  }
});

Deno.test("checkHistory() takes an operation as failed only when each of its tries failed", () => {
  const history = new Handmade();
  const a = history.send({ status: 409 });
  history.send({ resendOf: a, status: 409 });
  const verdict = history.final([a]).judge();
  assert.deepEqual(found(verdict), ["phantom 1"]);
  assert.match(verdict.violations[0]!.words, /was sent 2 times and answered 409, then 409/);
});

Deno.test("checkHistory() finds two winners on one base when both are there", () => {
  const { history, a, c } = twoRounds();
  const late = history.send({ round: 1, writer: 1, on: a });
  const verdict = history.final([a, c, late]).judge();
  assert.deepEqual(found(verdict), ["two-winners 3 5"]);
  assert.match(verdict.violations[0]!.words, /Both asserted that main is at 1001, and both were/);
});

Deno.test("checkHistory() finds an assertion ignored that had ceased to hold before it was sent", () => {
  const history = new Handmade("schema");
  const column = history.send({
    intents: [{
      table: TABLE,
      columns: ["x"],
      requirements: [{ type: "assert-current-schema-id", "current-schema-id": 0 }],
    }],
    to: 100,
  });
  history.send({ writer: 1, status: 409, from: 5 });
  const late = appendOf(3, { schema: 0 });
  const append = history.send({ from: 200, to: 300, intents: [late] });
  const columns = [{ id: 1, name: "id" }, { id: 2, name: "x" }];
  assert.deepEqual(found(history.final([append], { columns }).judge()), ["assertion-ignored 1 3"]);
  assert.equal(column.op, 1);
});

Deno.test("checkHistory() counts as conflicts the operations that lost a race, and nothing else", () => {
  const history = new Handmade("idempotency", { writers: 6 });
  const a = history.send({ key: "a", status: null });
  history.send({ key: "b", writer: 1, status: 409 });
  history.send({ key: "c", writer: 2, status: 429 });
  history.send({ key: "d", writer: 3, status: 409, error_type: "RequestInProgress" });
  history.send({ key: "e", writer: 4, status: null });
  history.send({ key: "a", resendOf: a, status: 409 });
  history.send({ key: "a", writer: 5, status: 409, expect: "reused-key" });
  const b = history.send({ round: 1, key: "f", on: a });
  const c = history.send({ round: 2, key: "g", on: b });
  history.send({ round: 2, key: "g", resendOf: c, status: 409, from: 2000 });
  const verdict = history.final([a, b, c]).judge();
  assert.equal(verdict.verdict, "valid");
  assert.equal(verdict.runs[0]!.conflicts, 1);
});

Deno.test("checkHistory() tells of two winners once, whatever else their success broke", () => {
  const history = new Handmade("schema");
  history.send({
    intents: [{
      table: TABLE,
      columns: ["x"],
      requirements: [{ type: "assert-current-schema-id", "current-schema-id": 0 }],
    }],
    to: 10,
  });
  const b = history.send({ from: 20, to: 30, intents: [appendOf(2, { schema: 1 })] });
  const late = appendOf(3, { schema: 0 });
  const c = history.send({ from: 20, to: 30, intents: [late] });
  const columns = [{ id: 1, name: "id" }, { id: 2, name: "x" }];
  const verdict = history.final([b, c], { columns }).judge({ minConflicts: 0 });
  assert.deepEqual(found(verdict), ["two-winners 2 3"]);
});

Deno.test("checkHistory() does not take one for the winner of a race who is not there", () => {
  const history = new Handmade("append", { writers: 3 });
  history.send({ status: null });
  history.send({ writer: 1, status: 500 });
  history.send({ writer: 2, status: 409 });
  assert.deepEqual(found(history.final([]).judge()), []);
});

Deno.test("checkHistory() calls every status but 409 wrong for a lost race, once for all alike", () => {
  for (const status of [400, 404, 422, 500, 502, 503]) {
    const history = new Handmade("append", { writers: 4 });
    const a = history.send();
    history.send({ writer: 1, status, error_type: "Odd" });
    history.send({ writer: 2, status, error_type: "Odd" });
    history.send({ writer: 3, status: 409 });
    const verdict = history.final([a]).judge();
    assert.deepEqual(found(verdict), ["wrong-status 2 1"]);
    assert.equal(verdict.violations[0]!.times, 2);
    assert.match(verdict.violations[0]!.words, new RegExp(`was answered ${status} Odd\\.`));
    assert.equal(verdict.runs[0]!.conflicts, 3);
  }
});

Deno.test("checkHistory() does not take a 429, a missing answer or an error outside of a race for a wrong status", () => {
  const history = new Handmade("append", { writers: 4 });
  history.send({ status: 503, from: 1, to: 5 });
  const a = history.send({ from: 10, to: 50 });
  history.send({ writer: 1, status: 429, from: 11, to: 51 });
  history.send({ writer: 2, status: null, from: 11, to: 51 });
  history.send({ writer: 3, status: 401, from: 11, to: 51 });
  history.send({ writer: 3, status: 409, from: 12, to: 52 });
  assert.equal(history.final([a]).judge().verdict, "valid");
});

Deno.test("checkHistory() compares the totals of each summary with manifests and parent", () => {
  for (const key of ["total-data-files", "total-records"]) {
    for (const [at, expected] of [[1, ["totals"]], [0, ["totals 1"]]] as const) {
      const { history, a, c } = twoRounds();
      const snapshots = snapshotsOf([a.intents[0]!, c.intents[0]!]);
      const { summary } = snapshots[at]!;
      snapshots[at] = { ...snapshots[at]!, summary: { ...summary, [key]: "7" } };
      const verdict = history.final([a, c], { snapshots }).judge();
      assert.deepEqual(found(verdict), expected);
      assert.deepEqual(verdict.violations[0]!.snapshots, [at === 1 ? c.id : a.id]);
    }
  }
  const { history, a, c } = twoRounds();
  const e = history.send({ round: 2, on: c });
  const snapshots = snapshotsOf([a, c, e].map(({ intents }) => intents[0]!));
  snapshots[1] = { ...snapshots[1]!, summary: { "total-records": "7" } };
  const verdict = history.final([a, c, e], { snapshots }).judge();
  assert.deepEqual(found(verdict), ["totals 3"]);
  assert.deepEqual(verdict.violations[0]!.snapshots, [c.id, a.id]);
});

Deno.test("checkHistory() passes over totals that are not given, and takes other texts for wrong", () => {
  const judge = (summaries: readonly Record<string, string>[]) => {
    const { history, a, c } = twoRounds();
    const snapshots = snapshotsOf([a.intents[0]!, c.intents[0]!])
      .map((snapshot, at) => ({ ...snapshot, summary: summaries[at]! }));
    return history.final([a, c], { snapshots }).judge();
  };
  const whole = { "total-data-files": "2", "total-records": "2" };
  assert.equal(judge([{}, whole]).verdict, "valid");
  const none = judge([{}, {}]);
  assert.equal(none.verdict, "valid");
  assert.deepEqual(none.runs[0]!.unchecked, [
    "the summary's total-data-files, which is not given",
    "the summary's total-records, which is not given",
  ]);
  assert.deepEqual(found(judge([{}, { ...whole, "total-records": "two" }])), ["totals"]);
});

Deno.test("checkHistory() takes what stood in a table before the run as it is", () => {
  const before = { intents: [{ ...appendOf(-1), files: [{ path: "old", rows: 5 }] }] };
  const history = new Handmade();
  const a = history.send({ on: { op: 0, id: "999", intents: [] } });
  history.send({ writer: 1, on: { op: 0, id: "999", intents: [] }, status: 409 });
  assert.equal(history.final([{ op: 0, id: "999", ...before }, a]).judge().verdict, "valid");
});

Deno.test("checkHistory() compares the rows of the files with the manifests and with what was committed", () => {
  const counted = twoRounds();
  counted.history.final([counted.a, counted.c], { rows_counted: 1 });
  const verdict = counted.history.judge();
  assert.deepEqual(found(verdict), ["rows"]);
  assert.deepEqual(verdict.violations[0]!.snapshots, [counted.c.id]);
  for (const uncounted of [null, undefined]) {
    const { history, a, c } = twoRounds();
    const { rows_counted: _rows, ...final } = history.final([a, c]).records.pop() as FinalRecord;
    history.records.push(uncounted === null ? { ...final, rows_counted: null } : final);
    const { verdict, runs } = history.judge();
    assert.equal(verdict, "valid");
    assert.match(runs[0]!.unchecked[0]!, /rows in the data files themselves/);
  }

  const { history, a, c } = twoRounds();
  history.final([a, c], {
    files: [a, c].map(({ intents }, at) => ({
      path: intents[0]!.files![0]!.path,
      rows: at + 1,
      snapshot_id: null,
      sequence_number: at + 1,
    })),
  });
  assert.deepEqual(found(history.judge()), ["rows 3"]);
});

Deno.test("checkHistory() finds an unanswered commit of which a part is there", () => {
  const history = new Handmade();
  const whole = appendOf(1);
  const intent = { ...whole, files: [...whole.files!, { path: "second", rows: 1 }] };
  const a = history.send({ status: null, intents: [intent] });
  history.send({ writer: 1, status: 409 });
  const b = history.send({ round: 1, on: a });
  const file = (path: string, sequence: number) => ({
    ...{ path, rows: 1, snapshot_id: null, sequence_number: sequence },
  });
  history.final([a, b], {
    files: [file("second", 1), file(b.intents[0]!.files![0]!.path, 2)],
  });
  assert.deepEqual(found(history.judge()), ["rows 1"]);
});

Deno.test("checkHistory() takes assertions about other branches for no race for main", () => {
  const history = new Handmade();
  const onBranch = (op: number, on: { id: string } | null) => ({
    ...appendOf(op, { on }),
    requirements: [{ type: "assert-ref-snapshot-id", ref: "audit", "snapshot-id": "5" }],
  });
  const a = history.send({ intents: [onBranch(1, null)] });
  const b = history.send({ writer: 1, on: a, intents: [onBranch(2, a)] });
  assert.deepEqual(found(history.final([a, b]).judge()), []);
});
