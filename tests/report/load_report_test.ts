// The page of a load's report, from events as a load emits them.

import assert from "node:assert/strict";
import type { LoadEvent } from "../../lib/load/events.ts";
import { addEvent, EMPTY_TALLY, summarize } from "../../lib/load/summary.ts";
import { createLoadRecorder, type LoadRecording } from "../../lib/report/load_recording.ts";
import { loadReport } from "../../lib/report/load_report.ts";
import { bodyOf, dataOf, factsOf, resourcesOf, tablesOf, textOf } from "./page_reading.ts";

const START: LoadEvent = {
  ...{ type: "start", input: "data.csv", table: "default.t", catalog: "my_catalog" },
  ...{ uri: "http://user:hush@127.0.0.1:8181/catalog", warehouse: "demo", workers: 2 },
  ...{ loadId: "load-1", commitMode: "per-chunk" },
};

/** A load with its clock: each entry is milliseconds and what happens then. */
function record(
  happenings: readonly (readonly [atMs: number, event: LoadEvent])[],
): LoadRecording {
  let nowMs = 1_000;
  const recorder = createLoadRecorder({
    now: () => nowMs,
    started: new Date("2026-11-23T08:00:00Z"),
  });
  let tally = EMPTY_TALLY;
  let lastMs = 0;
  for (const [atMs, event] of happenings) {
    nowMs = 1_000 + atMs;
    lastMs = atMs;
    tally = addEvent(tally, event);
    recorder.emit(event);
  }
  recorder.emit(
    summarize(tally, {
      ...{ table: "default.t", loadId: "load-1", elapsedMs: lastMs, peakRssBytes: 200 * 2 ** 20 },
    }),
  );
  return recorder.recording();
}

const encoded = (chunk: number, worker: number): LoadEvent => ({
  ...{ type: "encoded", chunk, worker, rows: 100, fileBytes: 2_000 },
  ...{ parseMs: 1, encodeMs: 7, uploadMs: 2 },
});

const commit = (
  chunk: number,
  rest: Partial<LoadEvent & { type: "commit" }>,
): LoadEvent => ({
  ...{ type: "commit", chunk, chunks: 1, writer: chunk % 2, attempt: 1, outcome: "committed" },
  ...{ snapshotId: String(chunk), status: 200, elapsedMs: 5 },
  ...rest,
});

const chunkEnd = (
  chunk: number,
  rest: Partial<LoadEvent & { type: "chunk" }>,
): LoadEvent => ({
  ...{ type: "chunk", chunk, state: "committed", rows: 100, attempts: 1, elapsedMs: 30 },
  ...{ status: 200, snapshotId: String(chunk), sequenceNumber: chunk + 1 },
  ...rest,
});

const read = (chunk: number): LoadEvent => ({ type: "read", chunk, rows: 100, bytes: 1_000 });

const EVIL = `</script><script>alert(1)</script><img src=x>`;

const HAPPENINGS: readonly (readonly [number, LoadEvent])[] = [
  [0, START],
  [1, { type: "notice", message: "This is a notice" }],
  [10, read(0)],
  [11, read(1)],
  [12, read(2)],
  [20, encoded(0, 0)],
  [21, encoded(1, 1)],
  [32, encoded(2, 0)],
  [40, commit(0, {})],
  [41, commit(1, { outcome: "conflict", status: 409, reason: "lost" })],
  [45, chunkEnd(0, {})],
  [150, commit(1, { attempt: 2, outcome: "unknown", reason: "no answer", status: undefined! })],
  [250, chunkEnd(1, { attempts: 2 })],
  [260, commit(2, { outcome: "conflict", status: 500, reason: EVIL })],
  [
    261,
    chunkEnd(2, { state: "failed", failure: "lostRace", reason: EVIL, status: 500 }),
  ],
  [270, { type: "error", failure: "rejected", message: EVIL, exitCode: 1, hint: "Try again" }],
];

const JSON_PARTS = { start: null, table: null, summary: null, errors: [], failed: [] };
const RECORDING = record(HAPPENINGS);
const PAGE = loadReport({
  recording: RECORDING,
  json: { ...JSON_PARTS, summary: { rows_committed: 200 } },
  command: `lakekeeper-ingest data.csv ${EVIL}`,
  toolVersion: "0.1.0",
  runtime: "deno 2.9.6, x86_64-unknown-linux-gnu",
});

Deno.test("createLoadRecorder() keeps what workers and writers did, each in its lane and time", () => {
  assert.deepEqual(
    RECORDING.operations.map(({ op, lane, mark, startUs, endUs }) => [
      ...[op, lane, mark, startUs / 1000, endUs / 1000],
    ]),
    [
      [0, 0, "work", 10, 20],
      [1, 1, "work", 11, 21],
      [2, 0, "work", 22, 32],
      [0, 2, "ok", 35, 40],
      [1, 3, "conflict", 36, 41],
      [1, 3, "recovered", 145, 150],
      [2, 2, "wrong", 255, 260],
    ],
  );
});

Deno.test("createLoadRecorder() counts each committed row in the slot of its time", () => {
  assert.deepEqual(RECORDING.rowsOverTime, { slotMs: 100, rows: [100, 0, 100] });
});

Deno.test("createLoadRecorder() keeps no more of a long load, and loses no row of it", () => {
  let nowMs = 0;
  const recorder = createLoadRecorder({ now: () => nowMs, started: new Date(0) });
  const chunks = 30_000;
  for (let chunk = 0; chunk < chunks; chunk++) {
    nowMs += 37;
    recorder.emit(encoded(chunk, chunk % 4));
    recorder.emit(commit(chunk, {}));
    recorder.emit(chunkEnd(chunk, {}));
  }
  const { operations, operationsLeftOut, rowsOverTime, stages } = recorder.recording();
  assert.equal(operations.length, 20_000);
  assert.equal(operations.length + operationsLeftOut, 2 * chunks);
  assert.ok(rowsOverTime.rows.length <= 400, `${rowsOverTime.rows.length} slots`);
  assert.equal(rowsOverTime.rows.reduce((sum, rows) => sum + rows, 0), chunks * 100);
  assert.equal(stages.files, chunks);
});

Deno.test("loadReport() says first whether the rows are in", () => {
  const body = textOf(bodyOf(PAGE));
  assert.match(
    body,
    /Incomplete 200 of 300 rows read from data\.csv are in default\.t; 1 chunk failed\./,
  );
  const whole = loadReport({
    ...{ json: JSON_PARTS, command: "", toolVersion: "0.1.0", runtime: "" },
    recording: record(
      HAPPENINGS.slice(0, 7).concat([[20, chunkEnd(0, {})], [30, chunkEnd(1, {})], [
        40,
        chunkEnd(2, {}),
      ]]),
    ),
  });
  assert.match(textOf(bodyOf(whole)), /Loaded All 300 rows of data\.csv are in default\.t\./);
});

Deno.test("loadReport() says that it is not known when it is not known", () => {
  const page = loadReport({
    ...{ json: JSON_PARTS, command: "", toolVersion: "0.1.0", runtime: "" },
    recording: record([
      [0, START],
      [1, read(0)],
      [2, chunkEnd(0, { state: "unknown", failure: "unknown", reason: "no answer" })],
    ]),
  });
  assert.match(textOf(bodyOf(page)), /Unknown 0 of 100 rows read .* of 1 chunk it is not known/);
});

Deno.test("loadReport() shows figures, statuses and reasons of the summary", () => {
  const facts = factsOf(PAGE);
  assert.equal(facts.get("rows committed"), "200");
  assert.equal(facts.get("chunks committed"), "2");
  assert.equal(facts.get("retries"), "1");
  const [statuses] = tablesOf(PAGE, "Commits by status");
  assert.deepEqual(
    statuses!.slice(1).map(([status, , commits, share]) => [status, commits, share]),
    [
      ["200", "1", "25.0 %"],
      ["409", "1", "25.0 %"],
      ["500", "1", "25.0 %"],
      ["no answer", "1", "25.0 %"],
    ],
  );
  const [failed] = tablesOf(PAGE, "Chunks that failed");
  assert.deepEqual(failed![1]!.slice(0, 4), ["2", "100", "1", "500"]);
  assert.ok(failed![1]![4]!.startsWith("lost the race: "));
});

Deno.test("loadReport() escapes what comes from outside and shows no credentials", () => {
  assert.deepEqual(resourcesOf(PAGE), []);
  assert.equal([...PAGE.matchAll(/<script\b/g)].length, 3);
  assert.doesNotMatch(PAGE, /<img|hush/);
  assert.equal(dataOf(PAGE).command, `lakekeeper-ingest data.csv ${EVIL}`);
});

Deno.test("loadReport() tells of a load that was cut off before its summary", () => {
  const recorder = createLoadRecorder({ now: () => 0, started: new Date(0) });
  recorder.emit(START);
  const page = loadReport({
    ...{ json: JSON_PARTS, command: "", toolVersion: "0.1.0", runtime: "" },
    recording: recorder.recording(),
  });
  assert.match(textOf(bodyOf(page)), /Cut off The load ended before it could say/);
});
