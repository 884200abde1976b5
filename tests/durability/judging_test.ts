/** The judge of the durability run: it must see what is lost, torn or made up. */
import assert from "node:assert/strict";
import { type Found, type FoundTable, Model, type Operation, type Owned } from "./model.ts";

const WRITER = "w0";
const THING: Owned = { kind: "table", born: "a", mark: "a" };

const CREATE: Operation = {
  id: "a",
  label: "create table",
  method: "POST",
  path: "namespaces/own/tables",
  body: "{}",
  key: undefined,
  mayLose: false,
  own: (before) => new Map([...before, ["w0_1", THING]]),
  effects: [],
};

const TRANSACTION: Operation = {
  ...CREATE,
  id: "b",
  label: "transaction",
  own: (before) => before,
  effects: [
    { table: "one", snapshotId: 1n, property: ["w0", "b"] },
    { table: "two", snapshotId: 2n },
  ],
};

const DONE: Readonly<Record<string, FoundTable>> = {
  one: { chain: [1n], properties: { w0: "b" } },
  two: { chain: [2n], properties: {} },
};
const NONE: FoundTable = { chain: [], properties: {} };

function found(
  shared: Readonly<Record<string, FoundTable>>,
  more: { readonly owned?: ReadonlyMap<string, Owned>; readonly keys?: readonly string[] } = {},
): Found {
  return {
    shared: new Map(Object.entries(shared)),
    owned: () => more.owned ?? new Map(),
    hasSuccess: (key) => more.keys?.includes(key) ?? false,
  };
}

function judge(
  operations: readonly Operation[],
  state: Found,
  pending?: Operation,
): { model: Model; fate: string | undefined } {
  const model = new Model();
  for (const operation of operations) {
    model.begin(WRITER, operation);
    model.done(WRITER);
  }
  if (pending !== undefined) model.begin(WRITER, pending);
  const fate = model.judge(state, [WRITER]).get(WRITER);
  return { model, fate };
}

function faultsOf(model: Model): number[] {
  const { lost, torn, doubled } = model.counts;
  return [lost, torn, doubled];
}

Deno.test("Model.judge() finds nothing wrong where all is as it was acknowledged", () => {
  const state = found(DONE, { owned: new Map([["w0_1", THING]]) });
  const { model } = judge([CREATE, TRANSACTION], state);
  assert.deepEqual(faultsOf(model), [0, 0, 0]);
  assert.equal(model.counts.acknowledged, 2);
});

Deno.test("Model.judge() misses a snapshot, a property, a table and a change that are gone", () => {
  assert.deepEqual(faultsOf(judge([TRANSACTION], found({ ...DONE, two: NONE })).model), [1, 0, 0]);
  const { one: _, ...rest } = DONE;
  assert.deepEqual(faultsOf(judge([TRANSACTION], found(rest)).model), [1, 0, 0]);
  const bare = { ...DONE, one: { chain: [1n], properties: {} } };
  assert.deepEqual(faultsOf(judge([TRANSACTION], found(bare)).model), [1, 0, 0]);
  assert.deepEqual(faultsOf(judge([CREATE], found({})).model), [1, 0, 0]);
  const changed = new Map([["w0_1", { ...THING, mark: "older" }]]);
  assert.deepEqual(faultsOf(judge([CREATE], found({}, { owned: changed })).model), [1, 0, 0]);
});

Deno.test("Model.judge() notes a loss once, and goes on from what it found", () => {
  const { model } = judge([TRANSACTION], found({ one: NONE, two: NONE }));
  assert.deepEqual(faultsOf(model), [3, 0, 0]);
  model.judge(found({ one: NONE, two: NONE }), [WRITER]);
  assert.deepEqual(faultsOf(model), [3, 0, 0]);
});

Deno.test("Model.judge() takes what was cut off as done or not done, but never as half done", () => {
  const present = judge([], found(DONE), TRANSACTION);
  assert.equal(present.fate, "present");
  assert.deepEqual(faultsOf(present.model), [0, 0, 0]);
  const absent = judge([], found({ one: NONE, two: NONE }), TRANSACTION);
  assert.equal(absent.fate, "absent");
  assert.deepEqual(faultsOf(absent.model), [0, 0, 0]);
  const torn = judge([], found({ ...DONE, two: NONE }), TRANSACTION);
  assert.ok(torn.model.counts.torn > 0);
});

Deno.test("Model.judge() wants the reply of a keyed request exactly where its change is", () => {
  const keyed = { ...TRANSACTION, key: "k" };
  const both = judge([], found(DONE, { keys: ["k"] }), keyed);
  assert.deepEqual(faultsOf(both.model), [0, 0, 0]);
  const changeOnly = judge([], found(DONE), keyed);
  assert.deepEqual(faultsOf(changeOnly.model), [0, 1, 0]);
  const replyOnly = judge([], found({ one: NONE, two: NONE }, { keys: ["k"] }), keyed);
  assert.deepEqual(faultsOf(replyOnly.model), [0, 1, 0]);
});

Deno.test("Model.judge() notes a snapshot that nobody was told of, and what was refused", () => {
  const { model } = judge([], found({ one: { chain: [9n], properties: {} } }));
  assert.deepEqual(faultsOf(model), [0, 1, 0]);
  const refused = new Model();
  refused.begin(WRITER, TRANSACTION);
  refused.refused(WRITER);
  refused.judge(found(DONE), [WRITER]);
  assert.equal(refused.counts.torn, 2);
});
