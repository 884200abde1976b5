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
    out: { ...fake.out, isTerminal: true, animates: true },
    err: { ...fake.err, isTerminal: true, animates: true },
  };
}

Deno.test("createProgressView() draws a bar on a terminal and takes it away", async () => {
  const terminal = realTerminal();
  const { emit } = await createProgressView(terminal, { enabled: true });
  emit(START);
  assert.match(terminal.written.err, /░░ 0 %, 0 rows/);
  for (const event of CHUNKS) emit(event);
  emit(SUMMARY);
  assert.match(terminal.written.err, /█░+ 50 %, 1,000 rows, [\d,]+ rows\/s, /);
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

Deno.test("createProgressView() clears the bar's line before other text, and draws it again", async () => {
  const terminal = realTerminal();
  const { emit, terminal: beside, stop } = await createProgressView(terminal, { enabled: true });
  beside.out.write("before\n");
  emit(START);
  const drawn = terminal.written.err;
  beside.out.write("meanwhile\n");
  const more = terminal.written.err.slice(drawn.length);
  assert.ok(more.startsWith("\r\x1b[K"), "the line is not cleared");
  assert.match(more.slice(4), /^░+ 0 %, 0 rows, [^\r\n]*$/);
  stop();
  const stopped = terminal.written.err;
  beside.out.write("after\n");
  assert.equal(terminal.written.err, stopped);
  assert.equal(terminal.written.out, "before\nmeanwhile\nafter\n");
});

Deno.test("createProgressView() shows figures and no bar for an input of unknown size", async () => {
  const terminal = realTerminal();
  const { emit } = await createProgressView(terminal, { enabled: true });
  const { inputBytes: _, ...start } = START as LoadEvent & { inputBytes: number };
  for (const event of [start as LoadEvent, ...CHUNKS, SUMMARY]) emit(event);
  assert.match(terminal.written.err, /1,000 rows, [\d,]+ rows\/s/);
  assert.doesNotMatch(terminal.written.err, /[░█%]|left/);
});

/** A clock that goes when it is told to. */
function fakeClock() {
  let nowMs = 0;
  const timers = new Set<{ readonly ms: number; nextMs: number; readonly run: () => void }>();
  return {
    timers,
    nowMs: () => nowMs,
    every(ms: number, run: () => void) {
      const timer = { ms, nextMs: nowMs + ms, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    go(ms: number) {
      for (const endMs = nowMs + ms; nowMs < endMs;) {
        nowMs += 100;
        for (const timer of timers) {
          if (nowMs < timer.nextMs) continue;
          timer.nextMs += timer.ms;
          timer.run();
        }
      }
    },
  };
}

Deno.test("createProgressView() writes a line every 10 s without a terminal, also when nothing happens", async () => {
  const terminal = fakeTerminal();
  const clock = fakeClock();
  const { emit } = await createProgressView(terminal, { enabled: true, clock });
  emit(START);
  clock.go(9_500);
  assert.equal(terminal.written.err, "");
  clock.go(11_000);
  assert.equal(
    terminal.written.err,
    "Progress: 0 %, 0 rows, 0 rows/s, 0.0 MB/s, 0 chunks, 0 commits, 0 conflicts\n".repeat(2),
  );
  emit(SUMMARY);
  assert.equal(clock.timers.size, 0);
});

Deno.test("createProgressView() writes a line at each tenth without a terminal, but not for a quick load", async () => {
  const terminal = fakeTerminal();
  const clock = fakeClock();
  const { emit } = await createProgressView(terminal, { enabled: true, clock });
  const conflict: LoadEvent = {
    type: "commit",
    chunk: 0,
    chunks: 1,
    writer: 0,
    attempt: 1,
    outcome: "conflict",
    snapshotId: "1",
    status: 409,
    elapsedMs: 3,
  };
  emit(START);
  emit(conflict);
  emit({ ...conflict, outcome: "committed", status: 200 });
  clock.go(1_000);
  for (const event of CHUNKS) emit(event);
  assert.equal(terminal.written.err, "");
  clock.go(1_000);
  for (const event of CHUNKS) emit({ ...event, chunk: 1 } as LoadEvent);
  assert.equal(
    terminal.written.err,
    "Progress: 100 %, 2,000 rows, 1,000 rows/s, 0.0 MB/s, 2 chunks, 1 commit, 1 conflict, " +
      "0 ms left\n",
  );
  emit(SUMMARY);
});

Deno.test("createProgressView() counts what is encoded where all is committed at last", async () => {
  const terminal = fakeTerminal();
  const clock = fakeClock();
  const { emit } = await createProgressView(terminal, { enabled: true, clock });
  const [read, chunk] = CHUNKS as [LoadEvent, LoadEvent];
  const encoded: LoadEvent = {
    type: "encoded",
    chunk: 0,
    worker: 0,
    rows: 1000,
    fileBytes: 10,
    parseMs: 1,
    encodeMs: 1,
    uploadMs: 1,
  };
  emit({ ...START, commitMode: "once" } as LoadEvent);
  clock.go(2_000);
  emit(read);
  emit(encoded);
  const [half, ...none] = terminal.written.err.split("\n");
  assert.match(half!, /^Progress: 50 %, 1,000 rows encoded, 500 rows\/s, .* 2\.0 s left$/);
  assert.deepEqual(none, [""]);
  clock.go(2_000);
  // One that another run has put into the table is not encoded.
  emit({ ...read, chunk: 1 } as LoadEvent);
  emit({ ...chunk, chunk: 1, state: "recorded", attempts: 0 } as LoadEvent);
  const whole = terminal.written.err;
  assert.match(whole, /Progress: 100 %, 2,000 rows encoded, 500 rows\/s, .* 0 ms left\n$/);
  clock.go(2_000);
  emit(chunk);
  assert.equal(terminal.written.err, whole, "a chunk counts twice");
  emit(SUMMARY);
});

Deno.test("createProgressView() draws nothing over on a terminal without control codes", async () => {
  const terminal = realTerminal();
  const dumb = { ...terminal, err: { ...terminal.err, animates: false } };
  const { emit, stop } = await createProgressView(dumb, { enabled: true });
  for (const event of [START, ...CHUNKS]) emit(event);
  stop();
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
