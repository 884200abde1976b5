/** The workloads beside appends, and catalogs that show the current snapshot only, judged by hand. */
// deno-lint-ignore-file camelcase -- fields are named as the history has them
import assert from "node:assert/strict";
import type { FinalRecord, IntentRecord } from "../../lib/probe/history.ts";
import { appendOf, found, Handmade, type Sent, TABLE } from "./handmade.ts";

/** The final read of a catalog that shows the current snapshot only, and that without a parent. */
function singleSnapshot(chain: readonly Sent[], more: Partial<FinalRecord> = {}) {
  const history = new Handmade();
  history.final(chain);
  const { snapshots, snapshot_log: log, ...final } = history.records.at(-1) as FinalRecord;
  return {
    ...final,
    snapshots: snapshots!.slice(-1).map((head) => ({ ...head, parent_snapshot_id: null })),
    snapshot_log: log!.slice(-1),
    history_complete: false,
    ...more,
  };
}

/** Two rounds, answered with numbers and no parents. */
function twoSingleRounds(numbers = [1, 2]) {
  const history = new Handmade();
  const told = (number: number) => ({ head_parent: null, last_sequence_number: number });
  const a = history.send({ answer: told(numbers[0]!) });
  const b = history.send({ writer: 1, status: 409 });
  const c = history.send({ round: 1, on: a, answer: told(numbers[1]!) });
  return { history, a, b, c };
}

function column(name: string, schema: number): IntentRecord {
  return {
    table: TABLE,
    columns: [name],
    requirements: [{ type: "assert-current-schema-id", "current-schema-id": schema }],
  };
}

function property(value: string, requirements: IntentRecord["requirements"] = []): IntentRecord {
  return { table: TABLE, properties: { p: value }, requirements };
}

Deno.test("checkHistory() judges a catalog of one snapshot by its files, and says what it could not check", () => {
  const { history, a, c } = twoSingleRounds();
  const verdict = history.final([], singleSnapshot([a, c])).judge();
  assert.equal(verdict.verdict, "valid");
  assert.deepEqual(verdict.runs[0]!.unchecked, [
    "the chain of snapshots, the snapshot log and vanished snapshots: the catalog shows the " +
    "current snapshot only",
  ]);
});

Deno.test("checkHistory() finds in a catalog of one snapshot what is lost, refused and there, or doubled", () => {
  const lost = twoSingleRounds();
  lost.history.final([], singleSnapshot([lost.a, lost.c], { files: fileRecords([lost.c]) }));
  assert.deepEqual(found(lost.history.judge()), ["lost 1"]);

  const phantom = twoSingleRounds();
  const files = fileRecords([phantom.a, phantom.b, phantom.c]);
  phantom.history.final([], singleSnapshot([phantom.a, phantom.c], { files }));
  assert.deepEqual(found(phantom.history.judge()), ["phantom 2"]);

  const doubled = twoSingleRounds();
  const twice = fileRecords([doubled.a, doubled.c, doubled.c]);
  doubled.history.final([], singleSnapshot([doubled.a, doubled.c], { files: twice }));
  assert.deepEqual(found(doubled.history.judge()), ["doubled 3"]);
});

Deno.test("checkHistory() finds in a catalog of one snapshot two winners on one base", () => {
  const history = new Handmade();
  const a = history.send();
  const b = history.send({ writer: 1 });
  history.final([], singleSnapshot([a, b]));
  assert.deepEqual(found(history.judge()), ["two-winners 1 2"]);
  const losing = new Handmade();
  const c = losing.send();
  const d = losing.send({ writer: 1 });
  losing.final([], singleSnapshot([d]));
  assert.deepEqual(found(losing.judge()), ["lost 1 2"]);
  assert.equal(c.op, 1);
});

Deno.test("checkHistory() reads parents and sequence numbers of a catalog of one snapshot from its answers", () => {
  const parents = new Handmade();
  const a = parents.send({ answer: {} });
  parents.send({ writer: 1, status: 409 });
  const c = parents.send({
    round: 1,
    on: a,
    answer: { head_parent: "55", last_sequence_number: 2 },
  });
  parents.final([], singleSnapshot([a, c]));
  assert.deepEqual(found(parents.judge()), ["broken-chain 3"]);

  for (const files of [undefined, "no sequence numbers"]) {
    const { history, a, c } = twoSingleRounds([1, 1]);
    const records = fileRecords([a, c]).map((file) => ({
      ...file,
      sequence_number: files === undefined ? 1 : null,
    }));
    history.final([], singleSnapshot([a, c], { files: records }));
    assert.deepEqual(found(history.judge()), ["sequence 3 1"]);
  }
});

Deno.test("checkHistory() finds in a catalog of one snapshot a number below the one it stands on", () => {
  const { history, a, c } = twoSingleRounds([5, 3]);
  const files = fileRecords([a, c]).map((file) => ({ ...file, sequence_number: null }));
  const verdict = history.final([], singleSnapshot([a, c], { files })).judge();
  assert.deepEqual(found(verdict), ["sequence 3 1"]);
  assert.match(
    verdict.violations[0]!.words,
    /has sequence number 3\. .*the snapshot below it has 5/,
  );
});

Deno.test("checkHistory() finds in a catalog of one snapshot two commits under one sequence number", () => {
  const history = new Handmade();
  const a = history.send();
  const b = history.send({ writer: 1, status: null });
  history.send({ writer: 1, status: 409 });
  const files = fileRecords([a, b]).map((file) => ({ ...file, sequence_number: 1 }));
  history.final([], singleSnapshot([a, b], { files }));
  assert.deepEqual(found(history.judge()), ["sequence 2 1"]);
});

Deno.test("checkHistory() compares rows and totals of a catalog of one snapshot", () => {
  const rows = twoSingleRounds();
  rows.history.final([], singleSnapshot([rows.a, rows.c], { rows_counted: 3 }));
  assert.deepEqual(found(rows.history.judge()), ["rows"]);
  const totals = twoSingleRounds();
  const final = singleSnapshot([totals.a, totals.c]);
  const summary = { ...final.snapshots[0]!.summary, "total-records": "9" };
  totals.history.final([], { ...final, snapshots: [{ ...final.snapshots[0]!, summary }] });
  assert.deepEqual(found(totals.history.judge()), ["totals"]);
});

Deno.test("checkHistory() is in doubt about a catalog of one snapshot whose files it does not know", () => {
  const { history, a, c } = twoSingleRounds();
  const { files: _files, ...final } = singleSnapshot([a, c], { unread: "HTTP 403" });
  history.records.push(final);
  const verdict = history.judge();
  assert.equal(verdict.verdict, "unknown");
  assert.match(verdict.reason!, /shows its current snapshot only, .*\(HTTP 403\)/);
});

Deno.test("checkHistory() finds in a catalog of one snapshot an unanswered commit of which a part is there", () => {
  const judge = (there: readonly string[], isHead: boolean) => {
    const history = new Handmade();
    const a = history.send();
    history.send({ writer: 1, status: 409 });
    const whole = appendOf(3, { on: a });
    const intent = { ...whole, files: [...whole.files!, { path: "second", rows: 1 }] };
    const b = history.send({ round: 1, on: a, status: null, intents: [intent] });
    const files = [
      ...fileRecords([a]),
      ...there.map((path) => ({
        ...{ path, rows: 1, snapshot_id: b.id, sequence_number: 2 },
      })),
    ];
    return found(
      history.final(
        [],
        singleSnapshot(isHead ? [a, b] : [a], { files, rows_counted: files.length }),
      ).judge(),
    );
  };
  assert.deepEqual(judge(["second"], false), ["rows 3"]);
  assert.deepEqual(judge([], true), ["rows 3"]);
});

function fileRecords(sent: readonly Sent[]) {
  return sent.map(({ intents, id }, at) => ({
    path: intents[0]!.files![0]!.path,
    rows: 1,
    snapshot_id: id,
    sequence_number: at + 1,
  }));
}

/** Writers that create one table. */
function creation(statuses: ReadonlyArray<number | null>, uuid = "u") {
  const history = new Handmade("create", { writers: statuses.length });
  const intents = [{ table: TABLE, requirements: [] }];
  statuses.forEach((status, writer) => {
    const answer = status === 200 ? { answer: { head: null, table_uuid: "u" } } : {};
    history.send({ kind: "create", writer, status, intents, ...answer });
  });
  history.final([], { table_uuid: uuid });
  return history;
}

Deno.test("checkHistory() wants one winner of a table's name, and 409 for the others", () => {
  assert.equal(creation([200, 409, 409]).judge().verdict, "valid");
  assert.deepEqual(found(creation([200, 200, 409]).judge()), ["create 1 2"]);
  assert.match(
    creation([200, 200, 200]).judge().violations[0]!.words,
    /200 \(3 in all\)\. Only one/,
  );
  assert.deepEqual(found(creation([409, 409]).judge()), ["create 1 2"]);
  assert.deepEqual(found(creation([200, 500, 409]).judge()), ["wrong-status 2 1"]);
  assert.deepEqual(found(creation([200, 400, 409]).judge()), ["wrong-status 2 1"]);
  assert.deepEqual(found(creation([200, 409], "other").judge()), ["create 1"]);
});

Deno.test("checkHistory() asks nothing of the data of tables that were only created", () => {
  const history = creation([200, 409]);
  const { files: _files, ...final } = history.records.pop() as FinalRecord;
  history.records.push({ ...final, unread: "not read" });
  assert.deepEqual(history.judge().runs[0]!.unchecked, []);
});

Deno.test("checkHistory() blames no creation without answer, and wants an acknowledged table to be there", () => {
  assert.deepEqual(found(creation([null, 409]).judge()), []);
  assert.equal(creation([200, null, 409]).judge().verdict, "valid");
  assert.deepEqual(found(creation([409, 403]).judge()), []);
  const nameless = creation([200, 409]);
  const { table_uuid: _uuid, ...final } = nameless.records.pop() as FinalRecord;
  nameless.records.push(final);
  const verdict = nameless.judge();
  assert.equal(verdict.verdict, "valid");
  assert.deepEqual(verdict.runs[0]!.unchecked, [
    "whose tables are there: their uuids were not read",
  ]);
  const gone = creation([200, 409]);
  gone.records.pop();
  gone.records.push({ type: "final", run: 1, time_us: 9, table: TABLE, missing: true });
  assert.deepEqual(found(gone.judge()), ["create 1"]);
});

Deno.test("checkHistory() wants each acknowledged column once, under an id of its own", () => {
  const judge = (columns: FinalRecord["columns"], second = 409) => {
    const history = new Handmade("schema");
    history.send({ intents: [column("x", 0)] });
    history.send({ writer: 1, status: second, intents: [column("y", 0)] });
    return found(history.final([], { columns: columns! }).judge());
  };
  const id = { id: 1, name: "id" };
  assert.deepEqual(judge([id, { id: 2, name: "x" }]), []);
  assert.deepEqual(judge([id]), ["lost-change 1"]);
  assert.deepEqual(judge([id, { id: 2, name: "y" }], 200), ["lost-change 1 2"]);
  assert.deepEqual(judge([id, { id: 2, name: "x" }, { id: 3, name: "y" }], 200), [
    "two-winners 1 2",
  ]);
  assert.deepEqual(judge([id, { id: 2, name: "x" }, { id: 3, name: "y" }]), ["phantom 2"]);
  assert.deepEqual(judge([id, { id: 2, name: "x" }, { id: 3, name: "x" }]), ["doubled 1"]);
  assert.deepEqual(judge([id, { id: 1, name: "x" }]), ["lost-change 1"]);
  assert.deepEqual(judge([id, { id: 2, name: "x" }], 500), ["wrong-status 2 1"]);
});

Deno.test("checkHistory() does not take a column for a phantom that a later try has added", () => {
  const history = new Handmade("schema");
  history.send({ status: 409, intents: [column("x", 0)] });
  history.send({ round: 1, intents: [column("x", 1)] });
  const columns = [{ id: 1, name: "id" }, { id: 2, name: "x" }];
  assert.equal(history.final([], { columns }).judge().verdict, "valid");
});

Deno.test("checkHistory() takes an append that lost to a change of the schema for a lost race", () => {
  const history = new Handmade("schema");
  history.send({ intents: [column("x", 0)] });
  history.send({ writer: 1, status: 500, intents: [appendOf(2, { schema: 0 })] });
  const columns = [{ id: 1, name: "id" }, { id: 2, name: "x" }];
  assert.deepEqual(found(history.final([], { columns }).judge()), ["wrong-status 2 1"]);
});

Deno.test("checkHistory() is in doubt when the columns or the properties were not read", () => {
  const columns = new Handmade("schema");
  columns.send({ intents: [column("x", 0)] });
  columns.send({ writer: 1, status: 409, intents: [column("y", 0)] });
  const { columns: _columns, ...schemaFinal } = columns.final([]).records.pop() as FinalRecord;
  columns.records.push(schemaFinal);
  assert.match(columns.judge().reason!, /the columns of ns\.t could not be read/);

  const properties = new Handmade("properties");
  properties.send({ intents: [property("1")] });
  const { properties: _properties, ...final } = properties.final([]).records.pop() as FinalRecord;
  properties.records.push(final);
  assert.match(properties.judge().reason!, /the properties of ns\.t could not be read/);
});

Deno.test("checkHistory() wants a transaction in all of its tables or in none", () => {
  const tables = ["ns.a", "ns.b"];
  const judge = (there: readonly string[], status: number | null) => {
    const history = new Handmade("multi-table", { tables });
    const intents = tables.map((table) => appendOf(1, { table }));
    const sent = history.send({ kind: "transaction", status, intents });
    history.send({
      kind: "transaction",
      writer: 1,
      status: 409,
      intents: tables.map((table) => appendOf(2, { table })),
    });
    for (const table of tables) history.final(there.includes(table) ? [sent] : [], { table });
    return found(history.judge({ minConflicts: 0 }));
  };
  assert.deepEqual(judge(tables, 204), []);
  assert.deepEqual(judge(tables, null), []);
  assert.deepEqual(judge([], null), []);
  assert.deepEqual(judge([], 409), []);
  assert.deepEqual(judge(["ns.a"], 204), ["torn 1"]);
  assert.deepEqual(judge(["ns.a"], 409), ["torn 1"]);
  assert.deepEqual(judge(["ns.b"], null), ["torn 1"]);
  assert.deepEqual(judge([], 204), ["lost 1"]);
  assert.deepEqual(judge(tables, 409), ["phantom 1"]);
});

Deno.test("checkHistory() tells a transaction that is in no table as lost, beside one that is torn", () => {
  const tables = ["ns.a", "ns.b"];
  const history = new Handmade("multi-table", { tables });
  const [torn] = [0, 1].map((writer) =>
    history.send({
      kind: "transaction",
      writer,
      status: 204,
      intents: tables.map((table) => appendOf(writer + 1, { table })),
    })
  );
  const verdict = history.final([torn!], { table: "ns.a" }).final([], { table: "ns.b" })
    .judge({ minConflicts: 0 });
  assert.deepEqual(found(verdict), ["torn 1", "lost 2 1"]);
  assert.match(
    verdict.violations[1]!.words,
    /head's manifests; nor is anything of the transaction in ns\.b, so it is lost as a whole\. Writer 0/,
  );
});

Deno.test("checkHistory() tears no transaction whose second table it could not read", () => {
  const history = new Handmade("multi-table", { tables: ["ns.a", "ns.b"] });
  const intents = ["ns.a", "ns.b"].map((table) => appendOf(1, { table }));
  const sent = history.send({ kind: "transaction", status: 204, intents });
  const verdict = history.final([sent], { table: "ns.a" }).judge({ minConflicts: 0 });
  assert.equal(verdict.verdict, "unknown");
  assert.match(verdict.reason!, /ns\.b was not read in the end/);
});

/** A request that is acknowledged, and sent again under its key. */
function resent(again: {
  readonly status: number | null;
  readonly error_type?: string;
  readonly inFlight?: boolean;
  readonly first?: number;
}) {
  const history = new Handmade("idempotency");
  const first = history.send({ key: "k", from: 1, to: 10, status: again.first ?? 200 });
  const { inFlight = false, first: _first, ...answer } = again;
  history.send({ resendOf: first, key: "k", from: inFlight ? 5 : 20, to: 30, ...answer });
  return { history, first };
}

Deno.test("checkHistory() wants the same answer to the same key, once the first is there", () => {
  const judge = (again: Parameters<typeof resent>[0]) => {
    const { history, first } = resent(again);
    return history.final([first]).judge();
  };
  assert.equal(judge({ status: 200 }).verdict, "valid");
  assert.equal(judge({ status: null }).verdict, "valid");
  assert.equal(judge({ status: 503 }).verdict, "valid");
  assert.equal(judge({ status: 429 }).verdict, "valid");
  assert.deepEqual(found(judge({ status: 409 })), ["not-idempotent 1 2"]);
  assert.deepEqual(found(judge({ status: 400 })), ["not-idempotent 1 2"]);
  const inProgress = { status: 409, error_type: "RequestInProgress" };
  assert.deepEqual(found(judge(inProgress)), ["not-idempotent 1 2"]);
  assert.deepEqual(judge({ ...inProgress, inFlight: true }).notes, []);
  const early = judge({ status: 409, inFlight: true });
  assert.equal(early.verdict, "valid");
  assert.match(early.notes[0]!, /still in flight was answered 409/);
  const late = judge({ status: 200, first: 409 });
  assert.equal(late.verdict, "valid");
  assert.match(late.notes[0]!, /had been answered 409 was carried out/);
});

Deno.test("checkHistory() asks nothing of a resend without a key, nor twice of one that was lost", () => {
  const bare = new Handmade("idempotency");
  const sent = bare.send({ from: 1, to: 10 });
  bare.send({ resendOf: sent, from: 20, to: 30, status: 409 });
  assert.equal(bare.final([sent]).judge().verdict, "valid");
  const lost = resent({ status: 409 });
  assert.deepEqual(found(lost.history.final([]).judge()), ["lost 1"]);
});

Deno.test("checkHistory() calls a key broken whose request was carried out twice", () => {
  const { history, first } = resent({ status: 200 });
  history.final([first], { files: fileRecords([first, first]) });
  assert.deepEqual(found(history.judge()), ["not-idempotent 1 2"]);
});

Deno.test("checkHistory() notes what another request under a used key got, and blames only what cannot be", () => {
  const judge = (
    status: number,
    options: { readonly there?: boolean; readonly showsOwn?: boolean } = {},
  ) => {
    const { history, first } = resent({ status: 200 });
    const other = history.send({
      key: "k",
      expect: "reused-key",
      round: 1,
      on: first,
      status,
      ...(options.showsOwn === undefined
        ? {}
        : { answer: { head: options.showsOwn ? "1003" : first.id, head_parent: first.id } }),
    });
    return history.final(options.there === true ? [first, other] : [first]).judge();
  };
  for (const status of [422, 409, 400]) {
    const verdict = judge(status);
    assert.equal(verdict.verdict, "valid");
    assert.deepEqual(verdict.notes, [
      `another request under a used key was answered ${status} and was not carried out`,
    ]);
  }
  const replayed = judge(200, { showsOwn: false });
  assert.equal(replayed.verdict, "valid");
  assert.match(replayed.notes[0]!, /with what was answered to the first and was not carried out/);
  assert.equal(judge(200, { showsOwn: true, there: true }).verdict, "valid");
  assert.deepEqual(found(judge(200, { showsOwn: true })), ["lost 3"]);
  assert.deepEqual(found(judge(409, { there: true })), ["phantom 3"]);
});

Deno.test("checkHistory() is in doubt about keys when nothing was sent again", () => {
  const history = new Handmade("idempotency");
  const verdict = history.final([history.send({ key: "k" })]).judge();
  assert.match(verdict.reason!, /nothing was sent again under its key/);
});

Deno.test("checkHistory() wants the last property that was acknowledged, by real time", () => {
  const judge = (value: string | undefined, third: Parameters<Handmade["send"]>[0] = {}) => {
    const history = new Handmade("properties");
    history.send({ intents: [property("first")], from: 1, to: 10 });
    history.send({ intents: [property("second")], from: 20, to: 40, writer: 1 });
    history.send({ intents: [property("third")], from: 30, to: 50, ...third });
    return found(
      history.final([], { properties: value === undefined ? {} : { p: value } }).judge(),
    );
  };
  assert.deepEqual(judge("second"), []);
  assert.deepEqual(judge("third"), []);
  assert.deepEqual(judge("first"), ["lost-change 1 3"]);
  assert.deepEqual(judge("other"), ["lost-change 3"]);
  assert.deepEqual(judge(undefined), ["lost-change 3"]);
  assert.deepEqual(judge("third", { status: null }), []);
  assert.deepEqual(judge("second", { status: null }), []);
  assert.deepEqual(judge("third", { status: 409 }), ["phantom 3"]);
});

Deno.test("checkHistory() tells who set a property, who set it after that, and what is found", () => {
  const wordsOf = (properties: Record<string, string>) => {
    const history = new Handmade("properties");
    history.send({ intents: [property("1")], from: 1, to: 10 });
    history.send({ intents: [property("2")], from: 20, to: 40, writer: 1 });
    return history.final([], { properties }).judge().violations[0]!.words;
  };
  assert.match(
    wordsOf({ p: "1" }),
    /^Writer 0 \(.*\) set property "p" of ns\.t to "1" and was answered 200\. After that writer 1 \(.*\) set it to "2" and was answered 200\. In the final read it is "1"\./,
  );
  assert.match(
    wordsOf({}),
    /^Writer 1 \(.*\) set property "p" of ns\.t to "2" and was answered 200\. In the final read it is not set\./,
  );
});

Deno.test("checkHistory() lets an unanswered property take effect as late as it likes", () => {
  const history = new Handmade("properties");
  history.send({ intents: [property("late")], from: 1, to: 10, status: null });
  history.send({ intents: [property("last")], from: 20, to: 30 });
  const verdict = history.final([], { properties: { p: "late" } }).judge();
  assert.equal(verdict.verdict, "valid");
  assert.equal(verdict.runs[0]!.recovered, 0);
});

Deno.test("checkHistory() notes property changes that were refused without a reason", () => {
  const notes = (requirements: IntentRecord["requirements"], status: number) => {
    const history = new Handmade("properties");
    history.send({ intents: [property("1", requirements)] });
    history.send({ intents: [property("2", requirements)], status });
    const verdict = history.final([], { properties: { p: "1" } }).judge();
    assert.deepEqual(verdict.violations, []);
    return verdict.notes;
  };
  const uuid = [{ type: "assert-table-uuid", uuid: "u" }];
  assert.deepEqual(notes(uuid, 409), [
    "in run 1 (properties, 2 writers) 1 of 2 property changes that asserted nothing but the " +
    "table's uuid was answered 409",
  ]);
  assert.equal(notes([], 409).length, 1);
  assert.deepEqual(notes(uuid, 429), []);
  assert.deepEqual(notes([{ type: "assert-current-schema-id", "current-schema-id": 0 }], 409), []);
});

Deno.test("checkHistory() wants 409 for an assertion that cannot hold, of a property or a snapshot", () => {
  const judge = (options: Parameters<Handmade["send"]>[0], there = false) => {
    const history = new Handmade("stale", { writers: 1 });
    const a = history.send();
    const b = history.send({ round: 1, on: a });
    const stale = history.send({ round: 2, on: a, expect: "conflict", ...options });
    return found(history.final(there ? [a, b, stale] : [a, b]).judge());
  };
  assert.deepEqual(judge({ status: 409 }), []);
  assert.deepEqual(judge({ status: 429 }), []);
  assert.deepEqual(judge({ status: null }), []);
  assert.deepEqual(judge({ status: 200 }), ["assertion-ignored 3"]);
  assert.deepEqual(judge({ status: 200 }, true), ["assertion-ignored 3"]);
  assert.deepEqual(judge({ status: 500 }, true), ["assertion-ignored 3"]);
  assert.deepEqual(judge({ status: 409 }, true), ["phantom 3"]);
  assert.deepEqual(judge({ status: 500 }), ["wrong-status 3"]);
  assert.deepEqual(judge({ status: 412 }), ["wrong-status 3"]);
  const uuid = [{ ...appendOf(3), requirements: [{ type: "assert-table-uuid", uuid: "wrong" }] }];
  assert.deepEqual(judge({ status: 200, intents: uuid }), ["assertion-ignored 3"]);
  const set = [property("x", [{ type: "assert-current-schema-id", "current-schema-id": 9 }])];
  assert.deepEqual(judge({ status: 409, intents: set }), []);
  assert.deepEqual(judge({ status: 200, intents: set }), ["assertion-ignored 3"]);
  assert.deepEqual(judge({ status: 500, intents: set }), ["wrong-status 3"]);
});

Deno.test("checkHistory() believes no workload that an assertion is stale when what made it so had no answer", () => {
  const judge = (second: Parameters<Handmade["send"]>[0], lands: boolean) => {
    const history = new Handmade("stale", { writers: 1 });
    const a = history.send();
    const move = history.send({ round: 1, on: a, status: null });
    const held = history.send({ round: 2, on: a, expect: "conflict", ...second });
    return history.final(lands ? [a, held] : [a, move]).judge();
  };
  const landed = judge({ status: 200 }, true);
  assert.deepEqual(found(landed), []);
  assert.match(landed.reason!, /no assertion was sent that could not hold/);
  assert.deepEqual(found(judge({ status: null }, true)), []);
  assert.deepEqual(found(judge({ status: 409 }, false)), []);
  // An error is no wrong answer to a race that nobody has won before it was given.
  assert.deepEqual(found(judge({ status: 500 }, true)), []);
  assert.deepEqual(found(judge({ status: 500 }, false)), ["wrong-status 3 2"]);
  const other = [{ ...appendOf(3), requirements: [{ type: "assert-ref-snapshot-id", ref: "x" }] }];
  assert.deepEqual(found(judge({ status: 500, intents: other }, false)), ["wrong-status 3"]);
});

Deno.test("checkHistory() tells of an assertion what it was, and how it was let through", () => {
  const wordsOf = (options: Parameters<Handmade["send"]>[0]) => {
    const history = new Handmade("stale", { writers: 1 });
    const a = history.send();
    const b = history.send({ round: 1, on: a });
    const stale = history.send({ round: 2, on: a, expect: "conflict", ...options });
    return history.final([a, b, stale]).judge().violations[0]!.words;
  };
  assert.match(
    wordsOf({ status: 500 }),
    /^Writer 0 \(operation 3, round 2\) sent snapshot 1003 on parent 1001 to ns\.t, asserting that the table's uuid is u and that main is at 1001\. That did not hold, and it was answered 500 and was carried out\. An assertion/,
  );
  const absent = new Handmade("stale", { writers: 1 });
  const first = absent.send();
  absent.send({ round: 1, on: null, expect: "conflict" });
  const [only] = absent.final([first]).judge().violations;
  assert.doesNotMatch(only!.words, /took the place/);
  const bare = [{ ...appendOf(3), requirements: [] }];
  assert.match(
    wordsOf({ intents: bare }),
    /with an assertion\. That did not hold, and it was answered 200\. /,
  );
});

Deno.test("checkHistory() tells what an ignored assertion put out of the branch with it", () => {
  const history = new Handmade("stale", { writers: 1 });
  const a = history.send();
  const b = history.send({ round: 1, on: a });
  const c = history.send({ round: 2, on: b });
  const stale = history.send({ round: 3, on: a, expect: "conflict" });
  const verdict = history.final([a, stale]).judge();
  assert.deepEqual(found(verdict), ["assertion-ignored 4 2"]);
  assert.match(
    verdict.violations[0]!.words,
    /asserting that the table's uuid is u and that main is at 1001\. .*took the place of 2 commits, the first by writer 0 \(operation 2, round 1\), which was answered 200; they are lost\./,
  );
  assert.equal(c.op, 3);
});

Deno.test("checkHistory() is in doubt about stale assertions when none was sent", () => {
  const history = new Handmade("stale", { writers: 1 });
  const verdict = history.final([history.send()]).judge();
  assert.match(verdict.reason!, /no assertion was sent that could not hold/);
});
