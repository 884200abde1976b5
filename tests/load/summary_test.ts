/** The counts of a load, and the exit code, from its events. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { EXIT_CODE } from "../../lib/errors.ts";
import type { ChunkEvent, CommitEvent, FailureKind, LoadEvent } from "../../lib/load/events.ts";
import { addEvent, EMPTY_TALLY, exitCodeOf, summarize } from "../../lib/load/summary.ts";

const REST = { table: "ns.t", loadId: "load", elapsedMs: 5, peakRssBytes: 6 };

function summaryOf(events: readonly LoadEvent[]) {
  return summarize(events.reduce(addEvent, EMPTY_TALLY), REST);
}

const FAILURES: readonly FailureKind[] = [
  "lostRace",
  "retriesSpent",
  "input",
  "auth",
  "unreachable",
  "rejected",
  "split",
  "interrupted",
  "lost",
  "unknown",
];

/** Worst first, as the design has it; an interruption of chunks that just failed says more. */
const EXIT_CODES: readonly number[] = [4, 6, 7, 3, 5, 1, 130];

const OWN_CODE: Readonly<Record<FailureKind, number>> = {
  unknown: EXIT_CODE.unknown,
  auth: EXIT_CODE.auth,
  unreachable: EXIT_CODE.unreachable,
  input: EXIT_CODE.input,
  retriesSpent: EXIT_CODE.conflicts,
  lostRace: EXIT_CODE.failed,
  rejected: EXIT_CODE.failed,
  split: EXIT_CODE.failed,
  interrupted: EXIT_CODE.interrupted,
  abandoned: EXIT_CODE.failed,
  lost: EXIT_CODE.failed,
};

const rows = fc.integer({ min: 1, max: 1_000_000 });
const status = fc.constantFrom(200, 400, 409, 500, undefined);

const commit: fc.Arbitrary<CommitEvent> = fc.record({
  attempt: fc.integer({ min: 1, max: 9 }),
  status,
}).map(({ attempt, status }) => ({
  type: "commit",
  chunk: 0,
  chunks: 1,
  writer: 0,
  attempt,
  outcome: "conflict",
  snapshotId: "1",
  elapsedMs: 1,
  ...(status === undefined ? {} : { status }),
}));

const chunk: fc.Arbitrary<ChunkEvent> = fc.oneof(
  fc.record({ rows, sequenceNumber: fc.integer({ min: 1, max: 1000 }) }).map((
    { rows, sequenceNumber },
  ) => ({
    type: "chunk" as const,
    chunk: 0,
    state: "committed" as const,
    rows,
    attempts: 1,
    elapsedMs: 1,
    sequenceNumber,
    snapshotId: `snapshot-${sequenceNumber}`,
  })),
  fc.record({ rows, failure: fc.constantFrom(...FAILURES) }).map(({ rows, failure }) => ({
    type: "chunk" as const,
    chunk: 0,
    state: failure === "unknown" ? "unknown" as const : "failed" as const,
    rows,
    attempts: 1,
    elapsedMs: 1,
    failure,
    reason: "so",
  })),
);

const read: fc.Arbitrary<LoadEvent> = rows.map((rows) => ({
  type: "read",
  chunk: 0,
  rows,
  bytes: rows * 2,
}));

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

Deno.test("summarize() counts just what the events say, in any order", () => {
  fc.assert(fc.property(fc.array(fc.oneof(commit, chunk, read)), (events) => {
    const summary = summaryOf(events);
    const chunks = events.filter((event) => event.type === "chunk");
    const commits = events.filter((event) => event.type === "commit");
    const inState = (state: ChunkEvent["state"]) => chunks.filter((event) => event.state === state);
    const reads = events.filter((event) => event.type === "read");
    assert.equal(summary.rowsRead, sum(reads, (event) => event.rows));
    assert.equal(summary.rowsCommitted, sum(inState("committed"), (event) => event.rows));
    assert.equal(summary.chunksCommitted, inState("committed").length);
    assert.equal(summary.chunksFailed, inState("failed").length);
    assert.equal(summary.chunksUnknown, inState("unknown").length);
    assert.equal(sum(Object.values(summary.commitStatus), (count) => count), commits.length);
    for (const [status, count] of Object.entries(summary.commitStatus)) {
      const same = commits.filter((event) => String(event.status ?? "none") === status);
      assert.equal(count, same.length, status);
    }
    assert.equal(summary.retries, commits.filter((event) => event.attempt > 1).length);
    const newest = Math.max(0, ...inState("committed").map((event) => event.sequenceNumber ?? 0));
    assert.equal(summary.snapshotId, newest === 0 ? null : `snapshot-${newest}`);
    const codes = new Set(chunks.flatMap(({ failure }) => failure ? [OWN_CODE[failure]] : []));
    assert.equal(summary.exitCode, EXIT_CODES.find((code) => codes.has(code)) ?? EXIT_CODE.ok);
  }));
});

Deno.test("exitCodeOf() lets the worst failure decide: 4, 6, 7, 3, 5, 1", () => {
  assert.equal(exitCodeOf(new Set()), EXIT_CODE.ok);
  fc.assert(fc.property(fc.subarray([...FAILURES], { minLength: 1 }), (failures) => {
    const codes = failures.map((failure) => EXIT_CODES.indexOf(OWN_CODE[failure]));
    assert.equal(exitCodeOf(new Set(failures)), EXIT_CODES[Math.min(...codes)]);
  }));
});

Deno.test("exitCodeOf() counts an abandoned chunk only when nothing else says why", () => {
  assert.equal(exitCodeOf(new Set(["abandoned"])), EXIT_CODE.failed);
  assert.equal(exitCodeOf(new Set(["abandoned", "interrupted"])), EXIT_CODE.interrupted);
  assert.equal(exitCodeOf(new Set(["abandoned", "input"])), EXIT_CODE.input);
});

Deno.test("summarize() counts rows that were there before apart", () => {
  const recorded: LoadEvent = {
    type: "chunk",
    chunk: 0,
    state: "recorded",
    rows: 7,
    attempts: 0,
    elapsedMs: 1,
  };
  const { rowsRecorded, chunksRecorded, rowsCommitted, exitCode } = summaryOf([recorded, recorded]);
  assert.deepEqual([rowsRecorded, chunksRecorded, rowsCommitted, exitCode], [14, 2, 0, 0]);
});

Deno.test("summarize() takes what was acknowledged and lost from the committed to the failed", () => {
  const committed: LoadEvent = {
    type: "chunk",
    chunk: 0,
    state: "committed",
    rows: 10,
    attempts: 1,
    elapsedMs: 1,
  };
  const lost: LoadEvent = { type: "lost", chunks: [1, 2], rows: 20 };
  const summary = summaryOf([committed, committed, committed, lost]);
  assert.equal(summary.rowsCommitted, 10);
  assert.equal(summary.chunksCommitted, 1);
  assert.equal(summary.chunksFailed, 2);
  assert.equal(summary.exitCode, EXIT_CODE.failed);
});

Deno.test("summarize() takes the exit code of an error that kept the load from beginning", () => {
  const early: LoadEvent = { type: "error", message: "no", exitCode: EXIT_CODE.usage };
  assert.equal(summaryOf([early]).exitCode, EXIT_CODE.usage);
  const later: LoadEvent = { ...early, failure: "input", exitCode: EXIT_CODE.input };
  assert.equal(summaryOf([later]).exitCode, EXIT_CODE.input);
});

Deno.test("summarize() passes on what it does not count", () => {
  const summary = summaryOf([]);
  assert.deepEqual(summary, {
    type: "summary",
    ...REST,
    rowsRead: 0,
    rowsCommitted: 0,
    rowsRecorded: 0,
    chunksCommitted: 0,
    chunksRecorded: 0,
    chunksFailed: 0,
    chunksUnknown: 0,
    commitStatus: {},
    retries: 0,
    snapshotId: null,
    exitCode: 0,
  });
});
