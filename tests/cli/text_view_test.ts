// The event stream for people: every kind of line.

import assert from "node:assert/strict";
import { createTextView, errorText } from "../../lib/cli/text_view.ts";
import type { ChunkEvent, LoadEvent, SummaryEvent } from "../../lib/load/events.ts";
import { fakeTerminal } from "./fake_terminal.ts";

type Options = Parameters<typeof fakeTerminal>[0] & { quiet?: boolean; trace?: boolean };

/** What the view writes for these events. */
function show(events: readonly LoadEvent[], options: Options = {}) {
  const terminal = fakeTerminal(options);
  const view = createTextView(terminal, {
    quiet: options.quiet ?? false,
    trace: options.trace ?? false,
  });
  for (const event of events) view(event);
  return terminal.written;
}

const START: LoadEvent = {
  type: "start",
  input: "a.csv",
  table: "n.t",
  catalog: "c",
  uri: "http://h/catalog",
  warehouse: "w",
  workers: 2,
  loadId: "l",
  commitMode: "per-chunk",
};

const CHUNK: ChunkEvent = {
  type: "chunk",
  chunk: 7,
  state: "committed",
  rows: 1000,
  attempts: 1,
  status: 200,
  elapsedMs: 10,
};

const SUMMARY: SummaryEvent = {
  type: "summary",
  table: "n.t",
  loadId: "l",
  rowsRead: 50_000,
  rowsCommitted: 49_000,
  rowsRecorded: 0,
  chunksCommitted: 49,
  chunksRecorded: 0,
  chunksFailed: 1,
  chunksUnknown: 0,
  commitStatus: { 200: 49, 409: 31 },
  retries: 30,
  snapshotId: "123",
  elapsedMs: 2000,
  peakRssBytes: 100 * 2 ** 20,
  exitCode: 5,
};

Deno.test("createTextView() says on stderr what is loaded where", () => {
  const { out, err } = show([START]);
  assert.equal(out, "");
  assert.equal(
    err,
    "Loading a.csv into n.t of c (http://h/catalog, warehouse w) with 2 workers\n" +
      "Load id: l\n",
  );
});

Deno.test("createTextView() tells of the table and its columns", () => {
  const table = {
    type: "table",
    tableUuid: "u",
    location: "l",
    formatVersion: 2,
    columns: [{ name: "a", type: "long" }, { name: "b", type: "string" }],
    chunkRows: 1000,
  } as const;
  assert.equal(
    show([{ ...table, created: true }]).err,
    "Created the table: a long, b string\nChunks of 1,000 rows\n",
  );
  assert.equal(
    show([{ ...table, created: false }]).err,
    "Found the table: a long, b string\nChunks of 1,000 rows\n",
  );
});

Deno.test("createTextView() marks a chunk that is in", () => {
  assert.equal(show([CHUNK]).out, "✓ Chunk 7: 1,000 rows, HTTP 200, 1 attempt\n");
  assert.equal(
    show([{ ...CHUNK, rows: 1, attempts: 3 }]).out,
    "✓ Chunk 7: 1 row, HTTP 200, 3 attempts\n",
  );
});

/** How chunks that are not in, or not known to be, are told of. */
const FAILED: ReadonlyArray<readonly [Partial<ChunkEvent>, string]> = [
  [{ failure: "lostRace", status: 409 }, "HTTP 409, 1 attempt: lost the race, not committed"],
  [
    { failure: "retriesSpent", status: 409, attempts: 4 },
    "HTTP 409, 4 attempts: lost every race, not committed",
  ],
  [{ failure: "auth", status: 403 }, "HTTP 403, 1 attempt: refused, not committed"],
  [{ failure: "rejected", status: 400 }, "HTTP 400, 1 attempt: rejected, not committed"],
  [
    { failure: "unknown", state: "unknown", status: 500 },
    "HTTP 500, 1 attempt: unknown whether committed",
  ],
];

for (const [fields, end] of FAILED) {
  Deno.test(`createTextView() marks a chunk that failed: ${fields.failure}`, () => {
    const { out } = show([{ ...CHUNK, state: "failed", ...fields }]);
    assert.equal(out, `✗ Chunk 7: 1,000 rows, ${end}\n`);
  });
}

Deno.test("createTextView() says when a chunk was not posted, or not answered", () => {
  const { status: _, ...unanswered } = CHUNK;
  assert.equal(
    show([{ ...unanswered, state: "failed", failure: "input", attempts: 0 }]).out,
    "✗ Chunk 7: 1,000 rows, not posted: bad input, not committed\n",
  );
  assert.equal(
    show([{ ...unanswered, state: "unknown", failure: "unknown" }]).out,
    "✗ Chunk 7: 1,000 rows, no answer, 1 attempt: unknown whether committed\n",
  );
});

Deno.test("createTextView() shows the body of every refused commit and no other", () => {
  const commit = {
    type: "commit",
    chunk: 7,
    chunks: 1,
    writer: 0,
    attempt: 2,
    snapshotId: "1",
    elapsedMs: 1,
  } as const;
  const { out } = show([
    { ...commit, outcome: "committed", status: 200 },
    { ...commit, outcome: "conflict", status: 409, reason: "r", body: '{"error":{}}' },
    { ...commit, outcome: "unknown", reason: "no answer (cut)" },
  ]);
  assert.equal(
    out,
    '  Chunk 7, attempt 2: HTTP 409: {"error":{}}\n  Chunk 7, attempt 2: no answer (cut)\n',
  );
});

Deno.test("createTextView() shows requests on stderr only when traced", () => {
  const http = {
    type: "http",
    method: "POST",
    url: "http://h/v1/x",
    elapsedMs: 12.3,
  } as const;
  const events: LoadEvent[] = [{ ...http, status: 409 }, { ...http, error: "refused: nobody" }];
  assert.deepEqual(show(events), { out: "", err: "" });
  assert.deepEqual(show(events, { trace: true }), {
    out: "",
    err: "POST http://h/v1/x 409 12 ms\nPOST http://h/v1/x refused: nobody 12 ms\n",
  });
});

Deno.test("createTextView() sums up", () => {
  assert.equal(
    show([SUMMARY]).out,
    "\nRows:      49,000 of 50,000 read are in n.t\n" +
      "Chunks:    49 successful, 1 failed\n" +
      "Commits:   200 ×49, 409 ×31 (30 retries)\n" +
      "Snapshot:  123\n" +
      "Elapsed:   2.0 s (24,500 rows/s), peak memory 100 MiB\n",
  );
});

Deno.test("createTextView() sums up a load that came to nothing", () => {
  const { out } = show([{
    ...SUMMARY,
    rowsRead: 0,
    rowsCommitted: 0,
    chunksCommitted: 0,
    chunksRecorded: 0,
    chunksFailed: 0,
    commitStatus: {},
    retries: 0,
    snapshotId: null,
    elapsedMs: 0,
  }]);
  assert.match(out, /^Rows: {6}0 of 0 read/m);
  assert.match(out, /^Commits: {3}none$/m);
  assert.match(out, /^Snapshot: {2}none$/m);
  assert.match(out, /^Elapsed: {3}0 ms \(0 rows\/s\)/m);
});

Deno.test("createTextView() counts unknown chunks and commits without an answer", () => {
  const { out } = show([{ ...SUMMARY, chunksUnknown: 2, commitStatus: { none: 2 }, retries: 1 }]);
  assert.match(out, /^Chunks: {4}49 successful, 1 failed, 2 unknown$/m);
  assert.match(out, /^Commits: {3}no answer ×2 \(1 retry\)$/m);
});

Deno.test("createTextView() keeps errors to the end, behind the summary", () => {
  const order: string[] = [];
  const terminal = fakeTerminal();
  const recording = {
    ...terminal,
    out: { ...terminal.out, write: () => order.push("out") },
    err: { ...terminal.err, write: (text: string) => order.push(text) },
  };
  const view = createTextView(recording, { quiet: false, trace: false });
  view({ type: "error", message: "It broke", exitCode: 3, hint: "Mend it" });
  view(SUMMARY);
  assert.deepEqual(order, ["out", "Error: It broke\nHint: Mend it\n"]);
});

Deno.test("createTextView() marks in ASCII where UTF-8 is not shown", () => {
  const { out } = show(
    [CHUNK, { ...CHUNK, state: "failed", failure: "lostRace", status: 409 }, SUMMARY],
    { usesUnicode: false },
  );
  assert.match(out, /^ok Chunk 7: /m);
  assert.match(out, /^FAILED Chunk 7: /m);
  assert.match(out, /200 x49, 409 x31/);
  // deno-lint-ignore no-control-regex
  assert.match(out, /^[\x00-\x7f]*$/);
});

Deno.test("createTextView() colours only where colours are shown", () => {
  assert.equal(show([CHUNK]).out.includes("\x1b["), false);
  assert.equal(
    show([CHUNK], { usesColor: true }).out.startsWith("\x1b[32m✓\x1b[39m Chunk 7"),
    true,
  );
});

Deno.test("createTextView() shows only failures and the summary when quiet", () => {
  const { out, err } = show([START, CHUNK, { ...CHUNK, state: "failed" }, SUMMARY], {
    quiet: true,
  });
  assert.equal(err, "");
  assert.equal(out.match(/Chunk 7/g)?.length, 1);
  assert.match(out, /^✗ Chunk 7/);
  assert.match(out, /^Rows:/m);
});

Deno.test("errorText() has the hint on a line of its own", () => {
  assert.equal(errorText({ message: "M" }), "Error: M\n");
  assert.equal(errorText({ message: "M", hint: "H" }), "Error: M\nHint: H\n");
});

Deno.test("createTextView() names the snapshot of a chunk of which nothing is known", () => {
  const { out } = show([{
    ...CHUNK,
    state: "unknown",
    failure: "unknown",
    status: 500,
    snapshotId: "7305934218309",
  }]);
  assert.equal(
    out,
    "✗ Chunk 7: 1,000 rows, HTTP 500, 1 attempt: unknown whether committed: " +
      "snapshot 7305934218309\n",
  );
});

Deno.test("createTextView() says why a chunk can never be committed", () => {
  const reason = "the table has been dropped meanwhile";
  const { out } = show([{ ...CHUNK, state: "failed", failure: "rejected", status: 409, reason }]);
  assert.equal(
    out,
    `✗ Chunk 7: 1,000 rows, HTTP 409, 1 attempt: rejected, not committed: ${reason}\n`,
  );
});

Deno.test("createTextView() marks a chunk that was there before, and counts it apart", () => {
  const { status: _, ...recorded } = { ...CHUNK, state: "recorded" as const, attempts: 0 };
  const { out } = show([recorded, {
    ...SUMMARY,
    rowsRecorded: 1000,
    chunksRecorded: 1,
  }]);
  assert.match(out, /^✓ Chunk 7: 1,000 rows, in the table already$/m);
  assert.match(out, /^Rows: {6}50,000 of 50,000 read are in n\.t, 1,000 of them from before$/m);
  assert.match(out, /^Chunks: {4}49 successful, 1 failed, 1 there already$/m);
});
