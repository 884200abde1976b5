// The event stream as JSON lines.

import assert from "node:assert/strict";
import { createJsonView, jsonLine } from "../../lib/cli/json_view.ts";
import type { LoadEvent } from "../../lib/load/events.ts";
import { fakeTerminal } from "./fake_terminal.ts";

const TIME = new Date("2026-01-02T03:04:05.678Z");

const COMMIT: LoadEvent = {
  type: "commit",
  chunk: 3,
  chunks: 1,
  writer: 0,
  attempt: 2,
  outcome: "conflict",
  snapshotId: "9007199254740993",
  status: 409,
  reason: "lost",
  body: "a\nb",
  elapsedMs: 1.23456,
};

const HTTP: LoadEvent = {
  type: "http",
  method: "GET",
  url: "http://127.0.0.1/v1/config",
  status: 200,
  elapsedMs: 1,
};

Deno.test("jsonLine() begins with type and time and has names in snake_case", () => {
  const line = jsonLine(COMMIT, TIME);
  assert.deepEqual(Object.keys(JSON.parse(line)), [
    ...[
      "type",
      "time",
      "chunk",
      "chunks",
      "writer",
      "attempt",
      "outcome",
      "snapshot_id",
      "status",
      "reason",
      "body",
    ],
    "elapsed_ms",
  ]);
  assert.equal(JSON.parse(line).time, "2026-01-02T03:04:05.678Z");
});

Deno.test("jsonLine() gives 64-bit ids as strings and keeps every digit", () => {
  assert.equal(JSON.parse(jsonLine(COMMIT, TIME)).snapshot_id, "9007199254740993");
});

Deno.test("jsonLine() rounds fractions to three digits", () => {
  assert.equal(JSON.parse(jsonLine(COMMIT, TIME)).elapsed_ms, 1.235);
});

Deno.test("jsonLine() is one line whatever the values hold", () => {
  assert.equal(jsonLine(COMMIT, TIME).includes("\n"), false);
});

Deno.test("jsonLine() keeps keys that are status codes, and null", () => {
  const summary: LoadEvent = {
    type: "summary",
    table: "n.t",
    loadId: "l",
    rowsRead: 2,
    rowsCommitted: 1,
    rowsRecorded: 0,
    chunksCommitted: 1,
    chunksRecorded: 0,
    chunksFailed: 1,
    chunksUnknown: 0,
    commitStatus: { 200: 1, 409: 3, none: 1 },
    retries: 2,
    snapshotId: null,
    elapsedMs: 5,
    peakRssBytes: 10,
    exitCode: 1,
  };
  assert.deepEqual(JSON.parse(jsonLine(summary, TIME)), {
    "type": "summary",
    "time": TIME.toISOString(),
    "table": "n.t",
    "load_id": "l",
    "rows_read": 2,
    "rows_committed": 1,
    "rows_recorded": 0,
    "chunks_committed": 1,
    "chunks_recorded": 0,
    "chunks_failed": 1,
    "chunks_unknown": 0,
    "commit_status": { 200: 1, 409: 3, none: 1 },
    "retries": 2,
    "snapshot_id": null,
    "elapsed_ms": 5,
    "peak_rss_bytes": 10,
    "exit_code": 1,
  });
});

Deno.test("createJsonView() prints one line an event on stdout", () => {
  const terminal = fakeTerminal();
  const view = createJsonView(terminal, { trace: false });
  view(COMMIT);
  view({ type: "notice", message: "m" });
  const lines = terminal.written.out.split("\n");
  assert.equal(lines.length, 3);
  assert.equal(lines[2], "");
  assert.equal(JSON.parse(lines[1]!).message, "m");
  assert.equal(terminal.written.err, "");
});

Deno.test("createJsonView() shows requests only when traced", () => {
  for (const trace of [false, true]) {
    const terminal = fakeTerminal();
    createJsonView(terminal, { trace })(HTTP);
    assert.equal(terminal.written.out !== "", trace);
  }
});

Deno.test("createJsonView() prints an error on both streams", () => {
  const terminal = fakeTerminal();
  createJsonView(terminal, { trace: false })({ type: "error", message: "m", exitCode: 3 });
  assert.equal(JSON.parse(terminal.written.err).exit_code, 3);
  assert.equal(terminal.written.out, terminal.written.err);
});
