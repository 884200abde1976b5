// Which level of zstd a column gets.

import assert from "node:assert/strict";
import { zstdCompress } from "../../lib/encode/parquet/codec/zstd.ts";
import { codecReady, Compressor } from "../../lib/encode/parquet/compression.ts";
import { SeededRandom } from "../../lib/random.ts";

await codecReady("zstd");

/** As much of a column as is never tried. */
const UNTRIED_BYTES = 1024 * 1024;

/** What the levels make of a page, as a copy: each overwrites the one before. */
function sizesByLevel(page: Uint8Array): number[] {
  return [1, 2, 3].map((level) => zstdCompress(page, level).length);
}

/** Words in any order: each level makes them smaller by a good part. */
function textPage(seed: number, lengthBytes: number): Uint8Array {
  const random = new SeededRandom(seed);
  const words = Array.from({ length: 4000 }, () => random.uint32().toString(36));
  let text = "";
  while (text.length < lengthBytes) text += `${words[random.uint32() % words.length]} `;
  return new TextEncoder().encode(text).subarray(0, lengthBytes);
}

function noisePage(seed: number, lengthBytes: number): Uint8Array {
  const random = new SeededRandom(seed);
  return Uint8Array.from({ length: lengthBytes }, () => random.uint32() % 256);
}

/** A compressor that has seen so much of each column that its next large page is tried. */
function experienced(columns: readonly number[]): Compressor {
  const compressor = new Compressor("zstd");
  for (const column of columns) compressor.compress(new Uint8Array(UNTRIED_BYTES), column);
  return compressor;
}

Deno.test("Compressor takes a slower level of zstd for a column that gets smaller by it, and a faster one for another", () => {
  const compressor = experienced([1, 2]);
  const text = textPage(1, 400_000);
  const noise = noisePage(2, 400_000);
  const [fast, ...slower] = sizesByLevel(text) as [number, number, number];
  assert.ok(Math.max(...slower) < fast * 0.9);
  assert.ok(slower.includes(compressor.compress(text, 1).length));
  assert.equal(compressor.compress(noise, 2).length, sizesByLevel(noise)[0]);
});

Deno.test("Compressor tries no levels for a column of which there is little, nor by a small page", () => {
  const text = textPage(3, 200_000);
  const small = textPage(4, 20_000);
  const compressor = new Compressor("zstd");
  assert.equal(compressor.compress(text, 1).length, sizesByLevel(text)[1]);
  const other = experienced([1]);
  assert.equal(other.compress(small, 1).length, sizesByLevel(small)[1]);
});

Deno.test("Compressor stays with the level that a column has shown to be right", () => {
  const compressor = experienced([1, 2]);
  compressor.compress(noisePage(4, 200_000), 1);
  const text = textPage(5, 200_000);
  assert.equal(compressor.compress(text, 1).length, sizesByLevel(text)[0]);
  // Another column is another matter.
  assert.notEqual(compressor.compress(text, 2).length, sizesByLevel(text)[0]);
});

Deno.test("Compressor of a level that was asked for tries no other", () => {
  const text = textPage(6, 200_000);
  const compressor = new Compressor("zstd", 1);
  assert.equal(compressor.compress(text, 1).length, sizesByLevel(text)[0]);
});
