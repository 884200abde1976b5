/** Threads that encode. */
import assert from "node:assert/strict";
import { readSample } from "../../lib/input/sample.ts";
import type { Source } from "../../lib/input/source.ts";
import {
  encodingThreads,
  isSurelyLoaded,
  likelyTakesThread,
} from "../../lib/load/encoding_threads.ts";
import type { LoadOptions } from "../../lib/load/options.ts";

const KIB = 2 ** 10;
const MIB = 2 ** 20;
const CORES = Math.max(1, navigator.hardwareConcurrency);

/** A source that says it has so many bytes, in rows of ten. */
function sourceOf(sizeBytes: number | undefined, once = false): Source {
  return {
    name: "f.csv",
    once,
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    async *open() {
      yield await Promise.resolve(new TextEncoder().encode("1234,5678\n".repeat(2000)));
    },
  };
}

async function threadsOf(options: Partial<LoadOptions> & Pick<LoadOptions, "source">) {
  const dialect = { delimiter: ",", nullValues: [], hasHeader: false };
  const sample = await readSample(options.source, { dialect, rows: 1000 });
  return encodingThreads({
    chunkSize: undefined,
    commitMode: "per-chunk",
    targetFileSizeBytes: 4 * MIB,
    parquet: {},
    workers: 16,
    ...options,
  } as LoadOptions, sample);
}

Deno.test("encodingThreads() are none for one small job, whatever the mode", async () => {
  for (const commitMode of ["per-chunk", "grouped", "once"] as const) {
    assert.equal(await threadsOf({ commitMode, source: sourceOf(10_000) }), 0, commitMode);
  }
  assert.equal(await threadsOf({ commitMode: "once", source: sourceOf(8 * MIB) }), 0);
  assert.equal(await threadsOf({ chunkSize: 1_000_000, source: sourceOf(8 * MIB) }), 0);
});

Deno.test("encodingThreads() are one for one job that is larger, or of a size that is not known", async () => {
  const commitMode = "once";
  assert.equal(await threadsOf({ commitMode, source: sourceOf(8 * MIB + 10) }), 1);
  const workers = 1;
  assert.equal(await threadsOf({ commitMode, workers, source: sourceOf(undefined) }), 1);
});

Deno.test("encodingThreads() are no more than workers, cores or jobs", async () => {
  assert.equal(await threadsOf({ source: sourceOf(100 * MIB) }), Math.min(16, CORES));
  assert.equal(
    await threadsOf({ workers: 1, commitMode: "grouped", source: sourceOf(100 * MIB) }),
    1,
  );
  assert.equal(await threadsOf({ source: sourceOf(20_000) }), Math.min(2, CORES));
});

Deno.test("encodingThreads() are none for the small chunks of one writer", async () => {
  const source = sourceOf(100 * MIB);
  assert.equal(await threadsOf({ workers: 1, source }), 0);
  assert.equal(await threadsOf({ workers: 1, source: sourceOf(undefined, true) }), 0);
  const rows = 128 * KIB / 10;
  assert.equal(await threadsOf({ workers: 1, chunkSize: Math.floor(rows), source }), 0);
  assert.equal(await threadsOf({ workers: 1, chunkSize: Math.ceil(rows), source }), 1);
  assert.equal(await threadsOf({ workers: 2, source }), Math.min(2, CORES));
});

Deno.test("isSurelyLoaded() is said of files that are more than a header, and of no pipe", () => {
  assert.equal(isSurelyLoaded(sourceOf(64 * KIB)), true);
  assert.equal(isSurelyLoaded(sourceOf(64 * KIB - 1)), false);
  assert.equal(isSurelyLoaded(sourceOf(undefined)), false);
  assert.equal(isSurelyLoaded(sourceOf(64 * KIB, true)), false);
});

Deno.test("likelyTakesThread() is said of what is cut into many chunks, or large", () => {
  const likely = (
    commitMode: LoadOptions["commitMode"],
    source: Source,
    options: Partial<LoadOptions> = {},
  ) => likelyTakesThread({ commitMode, source, workers: 2, ...options } as LoadOptions);
  assert.equal(likely("per-chunk", sourceOf(64 * KIB)), true);
  assert.equal(likely("per-chunk", sourceOf(1000)), false);
  assert.equal(likely("once", sourceOf(8 * MIB)), false);
  assert.equal(likely("grouped", sourceOf(9 * MIB)), true);
  assert.equal(likely("grouped", sourceOf(9 * MIB, true)), false);
  const workers = 1;
  assert.equal(likely("per-chunk", sourceOf(9 * MIB), { workers }), false);
  assert.equal(likely("per-chunk", sourceOf(9 * MIB), { workers, chunkSize: 100_000 }), true);
  assert.equal(likely("once", sourceOf(9 * MIB), { workers }), true);
});
