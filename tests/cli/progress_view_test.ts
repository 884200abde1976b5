// Progress on stderr: a bar on a terminal, which leaves it as it was, and few lines elsewhere.

import assert from "node:assert/strict";
import { createProgressView } from "../../lib/cli/progress_view.ts";
import type { LoadEvent } from "../../lib/load/events.ts";
import { fakeTerminal } from "./fake_terminal.ts";

const START: LoadEvent = {
  type: "start",
  input: "a.csv",
  table: "n.t",
  catalog: "c",
  uri: "http://h",
  warehouse: "w",
  workers: 2,
  loadId: "l",
  commitMode: "per-chunk",
  inputBytes: 200,
};

const SUMMARY: LoadEvent = {
  type: "summary",
  table: "n.t",
  loadId: "l",
  rowsRead: 1000,
  rowsCommitted: 1000,
  rowsRecorded: 0,
  chunksCommitted: 1,
  chunksRecorded: 0,
  chunksFailed: 0,
  chunksUnknown: 0,
  commitStatus: { 200: 1 },
  retries: 0,
  snapshotId: "1",
  elapsedMs: 5,
  peakRssBytes: 10,
  exitCode: 0,
};

const CHUNKS: LoadEvent[] = [
  { type: "read", chunk: 0, rows: 1000, bytes: 100 },
  {
    type: "chunk",
    chunk: 0,
    state: "committed",
    rows: 1000,
    attempts: 1,
    status: 200,
    elapsedMs: 5,
  },
];

/** A fake whose stderr, and stdout if asked for, is a terminal. */
function realTerminal() {
  const fake = fakeTerminal();
  return {
    ...fake,
    out: { ...fake.out, isTerminal: true },
    err: { ...fake.err, isTerminal: true },
  };
}

Deno.test("createProgressView() draws a bar on a terminal and takes it away", async () => {
  const terminal = realTerminal();
  const { emit } = await createProgressView(terminal, { enabled: true });
  emit(START);
  assert.match(terminal.written.err, /0% \| 0 rows/);
  for (const event of CHUNKS) emit(event);
  emit(SUMMARY);
  assert.match(terminal.written.err, /50% \| 1,000 rows/);
  assert.ok(terminal.written.err.endsWith("\x1b[1G\x1b[2K"), "the line is not cleared at last");
  assert.equal(terminal.written.out, "");
});

Deno.test("createProgressView() changes nothing of a terminal that a signal would leave so", async () => {
  const terminal = realTerminal();
  const { emit, stop } = await createProgressView(terminal, { enabled: true });
  emit(START);
  for (const event of CHUNKS) emit(event);
  stop();
  // Hidden cursor, no line wrapping, a saved place to go back to.
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(terminal.written.err, /\x1b\[\?25l|\x1b\[\?7l|\x1b[78]/);
});

Deno.test("createProgressView() clears the bar's line before other text", async () => {
  const terminal = realTerminal();
  const { emit, terminal: beside, stop } = await createProgressView(terminal, { enabled: true });
  beside.out.write("before\n");
  emit(START);
  const drawn = terminal.written.err;
  beside.out.write("meanwhile\n");
  assert.equal(terminal.written.err, `${drawn}\r\x1b[K`);
  stop();
  const stopped = terminal.written.err;
  beside.out.write("after\n");
  assert.equal(terminal.written.err, stopped);
  assert.equal(terminal.written.out, "before\nmeanwhile\nafter\n");
});

Deno.test("createProgressView() draws no bar for an input of unknown size", async () => {
  const terminal = realTerminal();
  const { emit } = await createProgressView(terminal, { enabled: true });
  const { inputBytes: _, ...start } = START as LoadEvent & { inputBytes: number };
  for (const event of [start as LoadEvent, ...CHUNKS, SUMMARY]) emit(event);
  assert.equal(terminal.written.err, "");
});

Deno.test("createProgressView() writes nothing when it is off, nor at once without a terminal", async () => {
  for (const enabled of [false, true]) {
    const terminal = enabled ? fakeTerminal() : realTerminal();
    const { emit, stop } = await createProgressView(terminal, { enabled });
    for (const event of [START, ...CHUNKS, SUMMARY]) emit(event);
    stop();
    assert.deepEqual(terminal.written, { out: "", err: "" });
  }
});
