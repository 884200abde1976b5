/** The judge of the probe: it must see a verdict that is not the truth, either way. */
import assert from "node:assert/strict";
import { falsehoods } from "./compare.ts";
import { drawCase, KIND_NAMES, type Truth } from "./kinds.ts";
import {
  type LoggedRequest,
  type Observed,
  type PrintedViolation,
  readBranch,
  readFigures,
  readLog,
  readOperations,
  type RecordedOperation,
} from "./observed.ts";

const SOUND: Truth = { is: "sound" };
const ERA: Truth = { is: "era", status: 500 };
const LOSES: Truth = { is: "loses-updates" };
const TABLE = "default.probe_1a_r1";
const ERA_TYPE = "FailedToUpdateTables";

/** The nth operation, with the snapshot `s<n>`. */
function operation(op: number, of: Partial<RecordedOperation> = {}): RecordedOperation {
  return {
    op,
    run: 1,
    status: 200,
    errorType: undefined,
    snapshotIds: [`s${op}`],
    fromMs: op * 1000,
    toMs: op * 1000 + 500,
    ...of,
  };
}

/** The nth commit as the catalog has logged it. */
function commit(op: number, of: Partial<LoggedRequest> = {}): LoggedRequest {
  return {
    method: "POST",
    route: "/v1/{prefix}/namespaces/{namespace}/tables/{table}",
    path: "/catalog/v1/namespaces/default/tables/probe_1a_r1",
    status: 200,
    resultStatus: undefined,
    errorType: undefined,
    faults: [],
    fromMs: op * 1000 + 100,
    toMs: op * 1000 + 200,
    ...of,
  };
}

/** Two commits race, the second one loses; nothing is wrong. */
function observed(
  of: Partial<Observed> & { readonly violations?: PrintedViolation[] } = {},
): Observed {
  const { violations = [], ...rest } = of;
  const verdict = violations.length > 0 ? "violation" : "valid";
  return {
    exitCode: violations.length > 0 ? 10 : 0,
    verdict: {
      verdict,
      violations,
      runs: [{
        run: 1,
        workload: "append",
        verdict,
        conflicts: 1,
        acknowledged: 1,
        recovered: 0,
      }],
      numbers: [{ run: 1, mode: "rounds" }],
    },
    operations: new Map([
      [1, operation(1)],
      [2, operation(2, { status: 409, errorType: "CommitFailedException" })],
    ]),
    log: [commit(1), commit(2, { status: 409, errorType: "CommitFailedException" })],
    figures: { faults: {}, conflicts: 1 },
    branches: new Map(),
    ...rest,
  };
}

function violation(of: Partial<PrintedViolation>): PrintedViolation {
  return { kind: "lost", run: 1, table: TABLE, words: "", ops: [], snapshots: [], ...of };
}

/** The second commit is answered as in an old era, and is told of so. */
function era(of: { readonly told?: Partial<PrintedViolation> | null } = {}): Observed {
  const { told = {} } = of;
  const wrong = violation({
    kind: "wrong-status",
    ops: [2, 1],
    words: `was answered 500 ${ERA_TYPE}`,
    ...told,
  });
  return observed({
    violations: told === null ? [] : [wrong],
    operations: new Map([
      [1, operation(1)],
      [2, operation(2, { status: 500, errorType: ERA_TYPE })],
    ]),
    log: [commit(1), commit(2, { status: 500, errorType: ERA_TYPE })],
  });
}

/** The second commit replaces the first one, and is told of so. */
function loss(of: {
  readonly told?: Partial<PrintedViolation> | null;
  readonly branch?: readonly string[];
} = {}): Observed {
  const { told = {}, branch = ["s2"] } = of;
  const whole = observed({
    violations: told === null ? [] : [violation({ ops: [1, 2], ...told })],
    operations: new Map([[1, operation(1)], [2, operation(2)]]),
    log: [commit(1), commit(2, { faults: ["lost-update"] })],
    figures: { faults: { "lost-update": 1 }, conflicts: 0 },
    branches: new Map([[TABLE, new Set(branch)]]),
  });
  const runs = whole.verdict.runs.map((run) => ({ ...run, acknowledged: 2, conflicts: 0 }));
  return { ...whole, verdict: { ...whole.verdict, runs } };
}

function assertFalse(found: readonly string[], pattern: RegExp): void {
  assert.ok(found.some((text) => pattern.test(text)), found.join("\n"));
}

Deno.test("falsehoods() has nothing to say of verdicts that are the truth", () => {
  assert.deepEqual(falsehoods(SOUND, observed()), []);
  assert.deepEqual(falsehoods(ERA, era()), []);
  assert.deepEqual(falsehoods(LOSES, loss()), []);
  assert.deepEqual(falsehoods(LOSES, observed()), []);
});

Deno.test("falsehoods() sees a sound catalog that is blamed, or not judged", () => {
  assertFalse(falsehoods(SOUND, observed({ violations: [violation({})] })), /called violation/);
  const sound = observed();
  const unknown = { ...sound, exitCode: 11, verdict: { ...sound.verdict, verdict: "unknown" } };
  assertFalse(falsehoods(SOUND, unknown), /called unknown/);
  assertFalse(falsehoods(SOUND, { ...sound, exitCode: 10 }), /exit code 10 for valid, not 0/);
});

Deno.test("falsehoods() sees counts that are not those of the catalog's log", () => {
  const cut = commit(3, { status: 0, resultStatus: 200, faults: ["drop-response"] });
  const figures = { faults: { "drop-response": 1 }, conflicts: 1 };
  const { log } = observed();
  assertFalse(falsehoods(SOUND, observed({ log: [...log, cut], figures })), /recovered 0.*log 1/);
  assertFalse(falsehoods(SOUND, observed({ log: log.slice(1) })), /acknowledged 1.*log 0/);
  assertFalse(falsehoods(SOUND, observed({ log: log.slice(0, 1) })), /conflicts 1.*log 0/);
  assertFalse(falsehoods(SOUND, observed({ figures })), /disagree on faults/);
});

Deno.test("falsehoods() sees an era that was missed, miscounted, misnamed or made worse", () => {
  assertFalse(falsehoods(ERA, era({ told: null })), /run 1: 500 FailedToUpdateTables: 0 and 1/);
  assertFalse(falsehoods(ERA, era({ told: { times: 2 } })), /FailedToUpdateTables: 2 and 1/);
  assertFalse(falsehoods(ERA, era({ told: { words: "answered 400" } })), /not named/);
  assertFalse(falsehoods(ERA, era({ told: { kind: "lost" } })), /only answers are wrong/);
  assertFalse(falsehoods(ERA, era({ told: { ops: [2, 2] } })), /was not acknowledged/);
  assertFalse(falsehoods(ERA, era({ told: { ops: [1, 1] } })), /witness/);
  const untried = { ...era(), figures: { faults: {}, conflicts: 0 } };
  assertFalse(falsehoods(ERA, untried), /nothing was tried/);
});

Deno.test("falsehoods() sees a loss that was missed, made up, miscounted or proved by the wrong ones", () => {
  assertFalse(falsehoods(LOSES, loss({ told: null })), /1 updates were lost.*none was found/);
  assertFalse(falsehoods(LOSES, observed({ violations: [violation({})] })), /nothing was lost/);
  assertFalse(falsehoods(LOSES, loss({ told: { kind: "torn" } })), /only losses/);
  assertFalse(falsehoods(LOSES, loss({ branch: ["s1", "s2"] })), /the lost commit is there/);
  assertFalse(falsehoods(LOSES, loss({ branch: [] })), /is not there/);
  assertFalse(falsehoods(LOSES, loss({ told: { ops: [1] } })), /nothing is named/);
  assertFalse(
    falsehoods(LOSES, loss({ told: { ops: [2, 1] }, branch: ["s1"] })),
    /replaced nothing/,
  );
  const once = loss();
  const { violations } = once.verdict;
  const twice = { ...once.verdict, violations: [...violations, ...violations] };
  assertFalse(falsehoods(LOSES, { ...once, verdict: twice }), /1 updates were lost.*2 were found/);
  const numbers = [{ run: 1, mode: "free" }];
  assert.deepEqual(falsehoods(LOSES, { ...once, verdict: { ...twice, numbers } }), []);
});

Deno.test("drawCase() draws the same for a seed, and others for other seeds", () => {
  for (const kind of KIND_NAMES) {
    assert.deepEqual(drawCase(kind, 7), drawCase(kind, 7));
    const drawn = Array.from({ length: 20 }, (_, seed) => drawCase(kind, seed));
    assert.ok(new Set(drawn.map(({ probeFlags }) => probeFlags.slice(0, -1).join())).size > 10);
    const workloads = drawn.flatMap(({ probeFlags }) => probeFlags[5]!.split(","));
    assert.equal(new Set(workloads).size, 8, "some workload is never drawn");
  }
});

Deno.test("readLog(), readOperations(), readFigures() and readBranch() read what the tool writes", () => {
  const log = readLog(
    'Warning: no line of the log\n{"type":"start"}\n' +
      '{"type":"request","time":"2026-01-02T03:04:05.006Z","method":"POST","path":"/p","route":"/r",' +
      '"status":0,"result_status":200,"elapsed_ms":1.5,"faults":["drop-response"]}\n',
  );
  assert.equal(log.length, 1);
  assert.equal(log[0]!.resultStatus, 200);
  assert.equal(log[0]!.toMs - log[0]!.fromMs, 1.5);
  const operations = readOperations(
    [
      { type: "header", started: "2026-01-02T03:04:05.000Z" },
      { type: "invoke", run: 1, op: 1, time_us: 1000, intents: [{ snapshot_id: "5" }, {}] },
      { type: "complete", op: 1, time_us: 2000, status: 409, error_type: "X" },
      { type: "invoke", run: 1, op: 2, time_us: 3000, intents: [] },
    ].map((record) => JSON.stringify(record)).join("\n"),
  );
  assert.deepEqual(operations.get(1)!.snapshotIds, ["5"]);
  assert.equal(operations.get(1)!.errorType, "X");
  assert.equal(operations.get(1)!.toMs - operations.get(1)!.fromMs, 1);
  assert.equal(operations.get(2)!.toMs, Infinity);
  const figures = readFigures('x_faults_total{fault="503"} 4\nx_commit_conflicts_total 9\n');
  assert.deepEqual(figures, { faults: { 503: 4 }, conflicts: 9 });
  const branch = readBranch(
    '{"metadata":{"refs":{"main":{"snapshot-id":9007199254740995}},"snapshots":[' +
      '{"snapshot-id":9007199254740993},' +
      '{"snapshot-id":9007199254740995,"parent-snapshot-id":9007199254740993}]}}',
  );
  assert.deepEqual([...branch], ["9007199254740995", "9007199254740993"]);
});
