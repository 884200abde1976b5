// The snapshots that are drawn beside a violation, on handmade histories.

import assert from "node:assert/strict";
import type { FinalRecord, InvokeRecord, SnapshotRecord } from "../../lib/probe/history.ts";
import type { Violation } from "../../lib/probe/verdict.ts";
import { chainAround, type ChainNode } from "../../lib/report/chain.ts";
import { type Operation, type RunHistory, timelineOfRun } from "../../lib/report/probe_history.ts";

const TABLE = "ns.t";

interface Made {
  readonly id: string;
  readonly parent: string | null;
  readonly outcome: "ok" | "fail" | "unknown";
  readonly status: number | null;
  readonly present: boolean;
  readonly resendOf?: number;
}

/** A run of one writer's commits, and what the final read shows of them. */
function makeRun(made: readonly Made[], head: string, complete = true): RunHistory {
  const operations = made.map((of, op): Operation => {
    const invoke: InvokeRecord = {
      ...{ type: "invoke", run: 1, op, time_us: op * 100, writer: op % 3, kind: "commit" },
      intents: [{
        ...{ table: TABLE, snapshot_id: of.id, parent_snapshot_id: of.parent, requirements: [] },
        files: [{ path: `f${of.id}`, rows: 1 }],
      }],
      ...(of.resendOf === undefined ? {} : { resend_of: of.resendOf }),
    };
    const { outcome, status } = of;
    return { invoke, complete: { type: "complete", op, time_us: op * 100 + 50, outcome, status } };
  });
  const present = made.filter((it) => it.present);
  const shown = complete ? present : present.filter(({ id }) => id === head);
  const final: FinalRecord = {
    ...{ type: "final", run: 1, time_us: 9_000, table: TABLE, head, history_complete: complete },
    snapshots: shown.map(({ id, parent }, at): SnapshotRecord => ({
      ...{ snapshot_id: id, parent_snapshot_id: parent, sequence_number: at + 1, timestamp_ms: at },
      ...{ manifest_list: "", schema_id: 0, summary: {} },
    })),
    files: present.map(({ id }, at) => ({
      ...{ path: `f${id}`, snapshot_id: id, sequence_number: at + 1, rows: 1 },
    })),
  };
  return {
    record: {
      ...{ type: "run", run: 1, workload: "append", writers: 3, mode: "rounds", commits: 1 },
      ...{ with_data: false, tables: [TABLE], time_us: 0 },
    },
    operations,
    finals: new Map([[TABLE, final]]),
  };
}

const ok = (id: string, parent: string | null, present = true): Made => ({
  ...{ id, parent, outcome: "ok", status: 200, present },
});

const LINE = [ok("1", null), ok("2", "1"), ok("3", "2"), ok("4", "3"), ok("5", "4"), ok("6", "5")];

function violation(rest: Partial<Violation>): Violation {
  return { kind: "lost", run: 1, table: TABLE, words: "", ops: [], snapshots: [], ...rest };
}

/** `1`, `(2)` beside the branch, `-3` missing, `*4` a witness, `…2` left out. */
function drawn(run: RunHistory, of: Partial<Violation>): string {
  return chainAround(violation(of), run).map((item) => {
    if ("omitted" in item) return `…${item.omitted}`;
    const name = `${item.isPresent ? "" : "-"}${item.isWitness ? "*" : ""}${item.snapshotId}`;
    return item.isOnMain ? name : `(${name})`;
  }).join(" ");
}

Deno.test("chainAround() draws a missing snapshot beside the one that it stood on", () => {
  const run = makeRun([...LINE, ok("9", "2", false)], "6");
  assert.equal(drawn(run, { ops: [6], snapshots: ["9"] }), "1 2 (-*9) 3 …2 6");
  const node = chainAround(violation({ ops: [6] }), run).find((item) =>
    !("omitted" in item) && item.snapshotId === "9"
  ) as ChainNode;
  assert.equal(node.isAcknowledged, true);
  assert.equal(node.who, "Writer 0, op 6");
});

Deno.test("chainAround() draws a fork as a branch of the chain", () => {
  const run = makeRun([...LINE, ok("7", "3"), ok("8", "7")], "6");
  assert.equal(drawn(run, { snapshots: ["4", "8"] }), "…2 3 (7) (*8) *4 5 6");
});

Deno.test("chainAround() draws the first snapshots of an empty table beside each other", () => {
  const run = makeRun([...LINE.slice(0, 2), ok("9", null)], "2");
  assert.equal(drawn(run, { snapshots: ["1", "9"] }), "(*9) *1 2");
});

Deno.test("chainAround() tells a refused snapshot that is there", () => {
  const refused = { ...ok("7", "6"), outcome: "fail", status: 409 } as const;
  const run = makeRun([...LINE, refused], "7");
  const node = chainAround(violation({ kind: "phantom", ops: [6] }), run).at(-1) as ChainNode;
  assert.deepEqual([node.isRefused, node.isPresent, node.isHead], [true, true, true]);
});

Deno.test("chainAround() knows from files and answers what a catalog does not list", () => {
  const run = makeRun([...LINE, ok("9", "2", false)], "6", false);
  assert.equal(drawn(run, { ops: [6] }), "1 2 (-*9) 3 …2 6");
});

Deno.test("chainAround() is empty when a violation is about no snapshot, and bounded when about many", () => {
  const run = makeRun(LINE, "6");
  assert.deepEqual(chainAround(violation({ kind: "lost-change" }), run), []);
  const long = Array.from({ length: 400 }, (_, at) => ok(`${at + 1}`, at === 0 ? null : `${at}`));
  const every = long.filter((_, at) => at % 5 === 0).map(({ id }) => id);
  const chain = chainAround(violation({ snapshots: every }), makeRun(long, "400"));
  assert.ok(chain.length < 50, `${chain.length} items`);
});

Deno.test("timelineOfRun() marks unknown outcomes by what is found in the table", () => {
  const open = { outcome: "unknown", status: null } as const;
  const run = makeRun([
    ok("1", null),
    { ...ok("2", "1"), ...open },
    { ...ok("3", "2", false), ...open },
    { ...ok("3", "2", false), outcome: "fail", status: 409, resendOf: 2 },
    { ...ok("4", "2", false), outcome: "fail", status: 422 },
  ], "2");
  const verdict = { verdict: "valid", violations: [], runs: [], notes: [] } as const;
  const { marks, mark, detail } = timelineOfRun(run, verdict);
  assert.deepEqual(mark.map((index) => marks[index]), [
    ...["ok", "recovered", "unknown", "conflict", "refused"],
  ]);
  assert.equal(detail[3], "op 2 sent again");
});
