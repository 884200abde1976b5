// Memory does not grow with the input: a million rows need no more than a few chunks do.

import assert from "node:assert/strict";
import { type JsonLine, load, summaryOf, tableState, testInDir } from "./support.ts";

/**
 * At most workers + 2 chunks are alive, so a load of that many chunks reaches the peak that any
 * longer load may have. The rest is the garbage collector's freedom. Were chunks kept, the other
 * 600,000 rows would add some 100 MB (bytes, columns and file of each), a third of the peak.
 */
const GROWTH_MAX = 1.3;
const WORKERS = 2;
const CHUNK_ROWS = 100_000;
const FEW_CHUNKS = WORKERS + 2;

async function loadRows(directory: string, rows: number): Promise<JsonLine> {
  const result = await load(directory, [
    ...["--rows", String(rows), "--table", `t.rows_${rows}`, "--json"],
    ...["--workers", String(WORKERS), "--chunk-size", String(CHUNK_ROWS)],
  ], { timeoutMs: 180_000 });
  assert.equal(result.code, 0, result.stderr);
  const summary = summaryOf(result);
  assert.equal(summary.rows_committed, rows);
  const state = await tableState(directory, `/v1/namespaces/t/tables/rows_${rows}`);
  assert.equal(state?.records, rows);
  assert.equal(state?.snapshots, rows / CHUNK_ROWS);
  return summary;
}

testInDir("ingest loads 1,000,000 rows in bounded memory", async (directory) => {
  const few = await loadRows(directory, FEW_CHUNKS * CHUNK_ROWS);
  const million = await loadRows(directory, 1_000_000);
  const mebibytes = (summary: JsonLine) => Math.round(summary.peak_rss_bytes / 2 ** 20);
  console.log(
    `Peak RSS: ${mebibytes(few)} MiB for ${few.rows_committed} rows, ` +
      `${mebibytes(million)} MiB for ${million.rows_committed} rows ` +
      `(${Math.round(million.elapsed_ms)} ms)`,
  );
  assert.ok(
    million.peak_rss_bytes <= few.peak_rss_bytes * GROWTH_MAX,
    `peak ${mebibytes(million)} MiB is more than ${GROWTH_MAX} × ${mebibytes(few)} MiB`,
  );
});
