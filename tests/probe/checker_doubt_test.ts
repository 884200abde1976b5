/** What a verdict rests on, judged by hand: conflicts, final reads, what could not be checked. */
// deno-lint-ignore-file camelcase -- fields are named as the history has them
import assert from "node:assert/strict";
import { checkHistory } from "../../lib/probe/check/checker.ts";
import type { FinalRecord } from "../../lib/probe/history.ts";
import { appendOf, found, Handmade, TABLE, twoRounds } from "./handmade.ts";

Deno.test("checkHistory() takes no offence at two that run freely and never meet", () => {
  const history = new Handmade("append", { mode: "free" });
  const a = history.send();
  history.final([a, history.send({ writer: 1, on: a })]);
  for (let run = 2; run < 7; run++) {
    history.run("append");
    const first = history.send();
    for (const writer of [1, 2]) history.send({ writer, status: 409 });
    history.final([first]);
  }
  const verdict = checkHistory(history.end());
  assert.equal(verdict.verdict, "valid", verdict.reason);
  assert.deepEqual(verdict.runs.map(({ conflicts }) => conflicts), [0, 2, 2, 2, 2, 2]);
});

Deno.test("checkHistory() is in doubt when too little happened, was read or was kept", () => {
  const reasonOf = (make: (history: Handmade) => void, minConflicts?: number) => {
    const history = new Handmade();
    make(history);
    const verdict = checkHistory(
      history.end(),
      minConflicts === undefined ? {} : { minConflicts },
    );
    assert.equal(verdict.verdict, "unknown");
    return verdict.reason!;
  };
  const won = (history: Handmade) => history.final([history.send()]);
  assert.match(reasonOf(won), /run 1 \(append, 2 writers\): no writer lost a race/);
  const few = (history: Handmade) => {
    const a = history.send();
    history.send({ writer: 1, status: 409 });
    history.final([a]);
  };
  assert.match(reasonOf(few), /^too few conflicts: 1 in all, and a verdict rests on 10 or more$/);
  assert.match(reasonOf(few, 2), /too few conflicts/);
  assert.match(
    reasonOf((history) => {
      history.send();
      history.send({ writer: 1, status: 409 });
    }),
    /ns\.t was not read in the end: there is no final read/,
  );
  assert.match(
    reasonOf((history) => {
      history.send();
      const final = { type: "final", run: 1, time_us: 9, table: TABLE } as const;
      history.records.push({ ...final, error: "HTTP 500" });
    }),
    /not read in the end: HTTP 500/,
  );
  assert.match(
    reasonOf((history) => {
      history.send({ status: 409 });
      history.final([]);
    }),
    /nothing was acknowledged/,
  );
  assert.match(reasonOf(() => {}), /nothing was sent/);
  assert.match(
    reasonOf((history) => {
      few(history);
      history.records.push({ type: "complete", op: 9, time_us: 1, outcome: "ok", status: 200 });
    }, 1),
    /contradicts itself: operation 9 is answered and was never sent/,
  );
});

Deno.test("checkHistory() is in doubt about a history that was cut, and still tells what it proves", () => {
  const { history, a, c } = twoRounds();
  history.final([a, c]);
  const cut = checkHistory(history.records, { minConflicts: 1 });
  assert.equal(cut.verdict, "unknown");
  assert.match(cut.reason!, /was cut/);
  const losing = new Handmade();
  losing.send();
  losing.final([]);
  assert.equal(checkHistory(losing.records).verdict, "violation");
});

Deno.test("checkHistory() needs no conflict of a single writer, and wants none when told so", () => {
  const alone = new Handmade("append", { writers: 1, mode: "free" });
  assert.equal(alone.final([alone.send()]).judge({ minConflicts: 10 }).verdict, "valid");
  const history = new Handmade();
  assert.equal(history.final([history.send()]).judge({ minConflicts: 0 }).verdict, "valid");
});

Deno.test("checkHistory() does not judge what a catalog does not offer", () => {
  const { history, a, c } = twoRounds();
  history.final([a, c]).run("multi-table", { not_offered: "no transactions/commit" });
  const verdict = history.judge();
  assert.equal(verdict.verdict, "valid");
  assert.deepEqual(verdict.runs.map((run) => run.verdict), ["valid", "not-offered"]);
  const none = new Handmade("multi-table", { not_offered: "no transactions/commit" });
  assert.equal(none.judge().verdict, "unknown");
});

Deno.test("checkHistory() judges commits without data files, or with unread ones, by the chain", () => {
  const withoutFiles = (op: number, on: { id: string } | null) => {
    const { files: _files, ...intent } = appendOf(op, { on });
    return [intent];
  };
  const history = new Handmade();
  const a = history.send({ intents: withoutFiles(1, null) });
  history.send({ writer: 1, status: 409 });
  const c = history.send({ round: 1, on: a, intents: withoutFiles(3, a) });
  assert.equal(history.final([a, c]).judge().verdict, "valid");
  history.records.pop();
  assert.deepEqual(found(history.final([a]).judge()), ["lost 3"]);

  const unread = twoRounds();
  const e = unread.history.send({ round: 2, on: unread.c });
  unread.history.final([unread.a, unread.c, e]);
  const { files: _files, ...final } = unread.history.records.pop() as FinalRecord;
  const without = (id: string) => final.snapshots!.filter((each) => each.snapshot_id !== id);
  // The gap is known by its child, and what it stood on by what was sent.
  unread.history.records.push({ ...final, snapshots: without(unread.c.id) });
  assert.deepEqual(found(unread.history.judge()), ["vanished 3"]);
  // Below a foreign gap nothing is known of what is listed; what is not listed is lost.
  unread.history.records.pop();
  const [, , last] = final.snapshots!;
  const hung = { ...last!, snapshot_id: "9", parent_snapshot_id: "8" };
  unread.history.records.push({
    ...final,
    snapshots: [...without(e.id).slice(0, 1), hung],
    head: "9",
    refs: { main: "9" },
    snapshot_log: [],
  });
  assert.deepEqual(found(unread.history.judge()), ["lost 3", "lost 5", "broken-chain"]);
});

Deno.test("checkHistory() reads a resend of a resend as the same operation, and refuses others", () => {
  const history = new Handmade();
  const a = history.send({ status: null });
  const again = history.send({ resendOf: a, status: null });
  history.send({ resendOf: { ...again, op: again.op }, status: 200 });
  history.send({ writer: 1, status: 409 });
  const verdict = history.final([a]).judge();
  assert.equal(verdict.verdict, "valid");
  assert.equal(verdict.runs[0]!.acknowledged, 1);
  for (const op of [1, 2, 77]) {
    const { history, a, c } = twoRounds();
    const at = history.records.findIndex((each) => each.type === "invoke");
    history.records[at] = { ...history.records[at] as object, resend_of: op } as never;
    assert.match(
      history.final([a, c]).judge().reason!,
      new RegExp(`operation 1 is a resend of ${op}, which is not there`),
    );
  }
});

Deno.test("checkHistory() needs no final read of a table that nobody wrote to", () => {
  const { history, a, c } = twoRounds();
  history.final([a, c]);
  const final = { type: "final", run: 1, time_us: 9, table: "ns.unused" } as const;
  history.records.push({ ...final, error: "HTTP 500" });
  assert.equal(history.judge().verdict, "valid");
});

Deno.test("checkHistory() notes no round that was lost to something else than the race", () => {
  const history = new Handmade();
  history.send({ status: 429 });
  history.send({ writer: 1, status: 409 });
  const c = history.send({ round: 1 });
  assert.deepEqual(history.final([c]).judge().notes, []);
});

Deno.test("checkHistory() says what it could not check, and notes rounds that nobody won", () => {
  const history = new Handmade();
  history.send({ status: 409 });
  history.send({ writer: 1, status: 409 });
  const c = history.send({ round: 1 });
  history.send({ round: 1, writer: 1, status: 409 });
  const { files: _files, ...final } = history.final([c], {
    snapshot_log: [],
    unread: "no credentials",
  }).records.pop() as unknown as Record<string, unknown>;
  history.records.push(final as never);
  const verdict = history.judge();
  assert.equal(verdict.verdict, "valid");
  assert.deepEqual(verdict.runs[0]!.unchecked, [
    "the snapshot log, which the catalog does not show",
    "data files, rows and totals, which could not be read (no credentials)",
  ]);
  assert.deepEqual(verdict.notes, [
    "in 1 round of run 1 (append, 2 writers) all writers were answered 409, and nobody won",
  ]);
});
