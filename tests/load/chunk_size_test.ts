/** Rows of a chunk. */
import assert from "node:assert/strict";
import { readSample } from "../../lib/input/sample.ts";
import {
  CHUNK_ROWS_DEFAULT,
  estimateRows,
  piecesOfChunk,
  rowsOfChunk,
} from "../../lib/load/chunk_size.ts";
import type { LoadOptions } from "../../lib/load/options.ts";

const DIALECT = { delimiter: ",", nullValues: [], hasHeader: true };
const MIB = 2 ** 20;

function sourceOf(text: string, sizeBytes?: number) {
  return {
    name: "f.csv",
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    async *open() {
      yield await Promise.resolve(new TextEncoder().encode(text));
    },
  };
}

/** Rows of 10 bytes each. */
async function sampleOf(rows: number, sampled = Infinity) {
  const text = `a,b\n${"1234,5678\n".repeat(rows)}`;
  return await readSample(sourceOf(text), { dialect: DIALECT, rows: sampled });
}

function optionsOf(options: Partial<LoadOptions>): LoadOptions {
  return {
    chunkSize: undefined,
    commitMode: "once",
    targetFileSizeBytes: MIB,
    parquet: {},
    ...options,
  } as LoadOptions;
}

Deno.test("rowsOfChunk() takes what was asked for, in any mode", async () => {
  const sample = await sampleOf(10);
  for (const commitMode of ["per-chunk", "grouped", "once"] as const) {
    assert.equal(rowsOfChunk(optionsOf({ commitMode, chunkSize: 7 }), sample), 7);
  }
});

Deno.test("rowsOfChunk() is 1000 in per-chunk, and by the target size else", async () => {
  const sample = await sampleOf(100);
  assert.equal(rowsOfChunk(optionsOf({ commitMode: "per-chunk" }), sample), CHUNK_ROWS_DEFAULT);
  for (const commitMode of ["grouped", "once"] as const) {
    const rows = rowsOfChunk(optionsOf({ commitMode }), sample);
    // CSV shrinks three or four times on its way to Parquet.
    assert.equal(rows, Math.floor(3.5 * MIB / 10));
    assert.equal(rowsOfChunk(optionsOf({ commitMode, targetFileSizeBytes: 10 }), sample), 3);
    assert.equal(rowsOfChunk(optionsOf({ commitMode, targetFileSizeBytes: 1 }), sample), 1);
  }
});

Deno.test("rowsOfChunk() never asks for files of more than 1 GiB", async () => {
  const options = optionsOf({ targetFileSizeBytes: 2 ** 40 });
  assert.equal(rowsOfChunk(options, await sampleOf(100)), Math.floor(3.5 * 1024 * MIB / 10));
});

Deno.test("rowsOfChunk() takes more rows for a codec that makes smaller files", async () => {
  const sample = await sampleOf(100);
  const rows = (["zstd", "snappy", "uncompressed"] as const)
    .map((codec) => rowsOfChunk(optionsOf({ parquet: { codec } }), sample));
  assert.ok(rows[0]! > rows[1]! && rows[1]! > rows[2]!, `${rows}`);
});

Deno.test("piecesOfChunk() cuts what is larger than 32 MiB of CSV into four pieces and more", async () => {
  const sample = await sampleOf(100);
  const piecesAt = (targetMiB: number, more: Partial<LoadOptions> = {}) => {
    const options = optionsOf({ targetFileSizeBytes: targetMiB * MIB, ...more });
    return piecesOfChunk(rowsOfChunk(options, sample), { options, sample });
  };
  assert.equal(piecesAt(9), undefined);
  assert.equal(piecesAt(16)?.rows, Math.floor(3.5 * 16 * MIB / 10 / 4));
  assert.equal(piecesAt(128)?.rows, Math.floor(32 * MIB / 10));
  assert.equal(Math.round(piecesAt(128)!.fileBytes / MIB), 128);
  // Rows that were asked for are kept to.
  assert.equal(piecesAt(128, { chunkSize: 10_000_000 }), undefined);
  assert.equal(piecesAt(128, { commitMode: "per-chunk" }), undefined);
});

Deno.test("estimateRows() counts a whole sample, goes by the mean length else, and by nothing for a pipe", async () => {
  const whole = await sampleOf(50);
  assert.equal(estimateRows(optionsOf({ source: sourceOf("") }), whole), 50);
  const part = await sampleOf(50, 20);
  assert.equal(part.isWhole, false);
  const estimate = estimateRows(optionsOf({ source: sourceOf("", 10_000) }), part);
  assert.ok(estimate > 900 && estimate < 1100, `${estimate}`);
  assert.equal(estimateRows(optionsOf({ source: sourceOf("") }), part), 0);
});
