// A probe's history as a real catalog would give it, drawn by a seed: races in rounds, lost races,
// retries, and what goes wrong when it is asked for. The verdict is made here, by who knows what was
// drawn.

import type {
  CompleteRecord,
  HeaderRecord,
  HistoryRecord,
  InvokeRecord,
  RunRecord,
  SnapshotRecord,
  Workload,
} from "../../lib/probe/history.ts";
import { HISTORY_FORMAT, HISTORY_VERSION } from "../../lib/probe/history.ts";
import { probeNumbers } from "../../lib/probe/numbers.ts";
import type { RunVerdict, Verdict, Violation } from "../../lib/probe/verdict.ts";
import type { ProbeReportInput } from "../../lib/report/probe_report.ts";

/** What the drawn probe is like. */
export interface DrawnProbe {
  readonly seed: number;
  /** @default [2, 4, 8, 16, 32] */
  readonly writers?: readonly number[];
  /** Rounds of each run. @default 50 */
  readonly rounds?: number;
  /** One acknowledged snapshot of the run with the most writers is missing in the end. */
  readonly loses?: boolean;
  /** Lost races of the run with eight writers are answered with 500. */
  readonly answers500?: boolean;
  /** Writers that lose try again in the same round. */
  readonly retries?: boolean;
  /** What the catalog writes into its messages. */
  readonly message?: string;
}

/** A generator of numbers from 0 to 1, the same for a seed (mulberry32). */
export function numbersFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const CONFLICT_MESSAGE = "Requirement failed: branch main has changed";

/** Draws a probe, and what there is to say of it. */
export function drawProbe(options: DrawnProbe): ProbeReportInput & {
  readonly records: HistoryRecord[];
} {
  const random = numbersFrom(options.seed);
  const { writers = [2, 4, 8, 16, 32], rounds = 50 } = options;
  const header = makeHeader(options.seed);
  const records: HistoryRecord[] = [header];
  const runs: RunVerdict[] = [];
  const violations: Violation[] = [];
  const most = Math.max(...writers);
  let op = 0;
  let timeUs = 0;
  let nextSnapshot = 4_000_000_000_000_000_000n + BigInt(options.seed) * 1_000_003n;
  const race = (workload: Workload, count: number, of: { rounds: number; number: number }) => {
    const table = `probe_ns.${workload}_${of.number}`;
    const run: RunRecord = {
      ...{ type: "run", run: of.number, workload, writers: count, mode: "rounds" },
      ...{ commits: of.rounds, with_data: false, tables: [table], time_us: timeUs },
    };
    records.push(run);
    const snapshots: SnapshotRecord[] = [];
    const losesRound = options.loses === true && count === most && workload === "append"
      ? Math.floor(of.rounds / 2)
      : -1;
    const wrong = options.answers500 === true && count === 8 && workload === "append";
    const answers: { invoke: InvokeRecord; complete: CompleteRecord }[] = [];
    for (let round = 0; round < of.rounds; round++) {
      const startUs = timeUs;
      let lastUs = startUs;
      const winner = Math.floor(random() * count);
      const contenders = Array.from({ length: count }, (_, writer) => writer);
      const tries = options.retries === true ? 3 : 1;
      let parent = snapshots.at(-1)?.snapshot_id ?? null;
      let left = contenders;
      for (let attempt = 0; attempt < tries && left.length > 0; attempt++) {
        const wins = attempt === 0 ? winner : left[Math.floor(random() * left.length)]!;
        const base = parent;
        const fromUs = lastUs + (attempt === 0 ? 0 : 4_000);
        for (const writer of left) {
          const snapshotId = String(nextSnapshot += 7_919n);
          const isUnanswered = random() < 0.002;
          const beginUs = Math.round(fromUs + random() * 900);
          const tookUs = Math.round((14_000 + 1_900 * count * random()) * (0.7 + random()));
          const invoke: InvokeRecord = {
            ...{ type: "invoke", run: of.number, op: op++, time_us: beginUs, writer, round },
            kind: "commit",
            intents: [{
              table,
              snapshot_id: snapshotId,
              parent_snapshot_id: base,
              sequence_number: snapshots.length + 1,
              manifest_list: `s3://warehouse/${snapshotId}.avro`,
              files: [{ path: `s3://warehouse/${snapshotId}.parquet`, rows: 1 }],
              requirements: [{ type: "assert-ref-snapshot-id", ref: "main", "snapshot-id": base }],
            }],
          };
          const complete: CompleteRecord = {
            ...{ type: "complete", op: invoke.op, time_us: beginUs + tookUs },
            ...(isUnanswered
              ? { outcome: "unknown", status: null, message: "no answer within 5 s" }
              : writer === wins
              ? { outcome: "ok", status: 200 }
              : wrong
              ? {
                ...{ outcome: "unknown", status: 500, error_type: "FailedToUpdateTables" },
                message: options.message ?? "Internal error",
              }
              : {
                ...{ outcome: "fail", status: 409, error_type: "CommitFailedException" },
                message: options.message ?? CONFLICT_MESSAGE,
              }),
          };
          answers.push({ invoke, complete });
          lastUs = Math.max(lastUs, complete.time_us);
          if (writer !== wins) continue;
          if (round === losesRound && attempt === 0) {
            violations.push(lostViolation(invoke, { run: of.number, table }));
            continue;
          }
          parent = snapshotId;
          snapshots.push({
            ...{ snapshot_id: snapshotId, parent_snapshot_id: base },
            sequence_number: snapshots.length + 1,
            timestamp_ms: 1_795_000_000_000 + Math.round(complete.time_us / 1000),
            manifest_list: `s3://warehouse/${snapshotId}.avro`,
            schema_id: 0,
            summary: { operation: "append" },
          });
        }
        left = left.filter((writer) => writer !== wins);
      }
      timeUs = lastUs + 3_000;
    }
    for (const { invoke, complete } of answers) records.push(invoke, complete);
    records.push({
      ...{ type: "final", run: of.number, time_us: timeUs, table, table_uuid: crypto.randomUUID() },
      head: snapshots.at(-1)?.snapshot_id ?? null,
      last_sequence_number: snapshots.length,
      snapshots,
      history_complete: true,
    });
    if (wrong) violations.push(wrongStatusViolation(answers, { run: of.number, table }));
    const conflicts = answers.filter(({ complete: { status } }) =>
      status === 409 || status === 500
    );
    const recovered = answers.filter(({ invoke, complete }) =>
      complete.outcome === "unknown" &&
      snapshots.some((it) => it.snapshot_id === invoke.intents[0]!.snapshot_id)
    ).length;
    runs.push({
      ...{ run: of.number, workload, writers: count },
      verdict: violations.some((it) => it.run === of.number) ? "violation" : "valid",
      conflicts: conflicts.length,
      acknowledged: answers.filter(({ complete }) => complete.outcome === "ok").length,
      recovered,
      unchecked: ["rows were not counted: commits without data"],
    });
    timeUs += 200_000;
  };
  let number = 0;
  for (const count of writers) race("append", count, { rounds, number: ++number });
  race("first-commit", Math.min(8, most), { rounds: Math.min(12, rounds), number: ++number });
  number++;
  records.push({
    ...{ type: "run", run: number, workload: "multi-table", writers: 4, mode: "rounds" },
    ...{ commits: rounds, with_data: false, tables: [], time_us: timeUs },
    not_offered: "the catalog does not list POST /v1/{prefix}/transactions/commit",
  });
  runs.push({
    ...{ run: number, workload: "multi-table", writers: 4, verdict: "not-offered" },
    reason: "The catalog does not list POST /v1/{prefix}/transactions/commit",
    ...{ conflicts: 0, acknowledged: 0, recovered: 0, unchecked: [] },
  });
  records.push({ type: "end", time_us: timeUs, records: records.length });
  const verdict: Verdict = {
    verdict: violations.length > 0 ? "violation" : "valid",
    violations,
    runs,
    notes: ["The catalog answers a resend under its key with the stored answer"],
  };
  return { header, verdict, numbers: probeNumbers(records), records };
}

function makeHeader(seed: number): HeaderRecord {
  return {
    ...{ type: "header", format: HISTORY_FORMAT, version: HISTORY_VERSION },
    started: "2026-11-23T08:44:07.120Z",
    tool: { version: "0.1.0", runtime: "deno 2.9.6", target: "x86_64-unknown-linux-gnu" },
    catalog: {
      ...{ uri: "http://127.0.0.1:8181/catalog", warehouse: "demo", server: null },
      endpoints: ["GET /v1/{prefix}/namespaces", "POST /v1/{prefix}/namespaces"],
      idempotency_key_lifetime: "PT30M",
    },
    ...{ namespace: "probe_ns", seed },
    command: "lakekeeper-ingest probe --writers 2,4,8,16,32 --commits 50 --report report.html",
  };
}

function lostViolation(invoke: InvokeRecord, of: { run: number; table: string }): Violation {
  const { snapshot_id: id, parent_snapshot_id: parent } = invoke.intents[0]!;
  return {
    ...{ kind: "lost", ...of, ops: [invoke.op], snapshots: [id!] },
    words:
      `Writer ${invoke.writer} (operation ${invoke.op}, round ${invoke.round}) sent snapshot ` +
      `${id} on parent ${parent} and was answered 200; it is not in the branch. What is ` +
      "acknowledged must be in the table.",
  };
}

function wrongStatusViolation(
  answers: readonly { invoke: InvokeRecord; complete: CompleteRecord }[],
  of: { run: number; table: string },
): Violation {
  const wrong = answers.filter(({ complete }) => complete.status === 500);
  return {
    ...{ kind: "wrong-status", ...of, snapshots: [] },
    ops: wrong.slice(0, 1).map(({ invoke }) => invoke.op),
    words:
      `${wrong.length} lost races were answered 500 FailedToUpdateTables. A lost race must be ` +
      "answered 409, or clients take it for a failure of the server.",
  };
}
