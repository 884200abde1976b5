// The line of progress: what it says, and what is left out where it does not fit.

import assert from "node:assert/strict";
import { lineText, type Progress, progressBar } from "../../lib/cli/progress_text.ts";

const PROGRESS: Progress = {
  counts: "committed",
  share: 0.45,
  rows: 22_500,
  rowsPerS: 41_384.4,
  bytesPerS: 3_140_000,
  leftMs: 2_900,
  chunks: 23,
  commits: 22,
  conflicts: 8,
};

Deno.test("lineText() says everything", () => {
  assert.equal(
    lineText(PROGRESS),
    "Progress: 45 %, 22,500 rows, 41,384 rows/s, 3.1 MB/s, 23 chunks, 22 commits, 8 conflicts, " +
      "2.9 s left",
  );
});

Deno.test("lineText() says when rows are encoded, and not yet in the table", () => {
  const text = lineText({ ...PROGRESS, counts: "encoded", commits: 0, conflicts: 0 });
  assert.match(text, /^Progress: 45 %, 22,500 rows encoded, 41,384 rows\/s, /);
});

Deno.test("progressBar() never fills the line, and drops the least wanted figures first", () => {
  for (let columns = 30; columns <= 220; columns++) {
    const text = progressBar(PROGRESS, { columns, usesUnicode: true });
    assert.ok(text.length < columns, `${columns}: ${text}`);
    assert.match(text, /^[█░]{8,40} 45 %, /);
  }
  assert.equal(
    progressBar(PROGRESS, { columns: 80, usesUnicode: true }),
    "████░░░░░ 45 %, 22,500 rows, 41,384 rows/s, 22 commits, 8 conflicts, 2.9 s left",
  );
  assert.match(progressBar(PROGRESS, { columns: 200, usesUnicode: true }), /MB\/s, 23 chunks, /);
  assert.match(progressBar(PROGRESS, { columns: 40, usesUnicode: true }), /45 %, 22,500 rows$/);
});

Deno.test("progressBar() is ASCII where UTF-8 cannot be shown", () => {
  const text = progressBar(PROGRESS, { columns: 80, usesUnicode: false });
  assert.match(text, /^[\x20-\x7e]+$/);
  assert.match(text, /^#+-+ 45 %/);
});

Deno.test("progressBar() has no bar without a known end", () => {
  const { share: _, leftMs: _left, ...rest } = PROGRESS;
  const text = progressBar({ ...rest, share: undefined, leftMs: undefined }, {
    columns: 80,
    usesUnicode: true,
  });
  assert.match(text, /^22,500 rows, 41,384 rows\/s, /);
});
