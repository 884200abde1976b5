import assert from "node:assert/strict";
import { InputError } from "../../lib/errors.ts";
import { ChunkParser } from "../../lib/input/parse.ts";
import { WorkMemory } from "../../lib/input/work_memory.ts";
import { DIALECT, targetsOf, valuesOf } from "./csv_support.ts";

Deno.test("WorkMemory.allocate() hands out aligned memory, one piece behind the other", () => {
  const memory = new WorkMemory();
  const first = memory.allocate(3);
  const second = memory.allocate(1, 64);
  assert.equal(first % 16, 0);
  assert.equal(second % 64, 0);
  assert.ok(second >= first + 3);
  assert.equal(memory.top, second + 1);
});

Deno.test("WorkMemory keeps what it holds when it grows, and its views are new ones", () => {
  const memory = new WorkMemory();
  const at = memory.allocate(4);
  memory.words[at / 4] = 7;
  const before = memory.bytes;
  const more = memory.allocate(10_000_000);
  assert.equal(before.length, 0);
  assert.equal(memory.words[at / 4], 7);
  assert.ok(memory.bytes.length >= more + 10_000_000);
});

Deno.test("WorkMemory.release() and reset() take memory back without giving it away", () => {
  const memory = new WorkMemory();
  const first = memory.allocate(8);
  const { top } = memory;
  memory.allocate(10_000_000);
  memory.release(top);
  assert.equal(memory.allocate(16), first + 16);
  memory.reset();
  assert.equal(memory.allocate(1), first);
  assert.ok(memory.buffer.byteLength > 10_000_000);
});

Deno.test("WorkMemory.allocate() says so when a chunk takes more than 4 GiB", () => {
  const memory = new WorkMemory();
  assert.throws(() => memory.allocate(2 ** 32), InputError);
});

/** Records of a long, a text and a decimal. */
function chunk(rows: number, from: number): Uint8Array {
  const lines = Array.from({ length: rows }, (_, row) => `${from + row},text ${row},${row}.25\n`);
  return new TextEncoder().encode(lines.join(""));
}

Deno.test("ChunkParser takes as much memory for a hundred chunks as for one", () => {
  const parser = new ChunkParser();
  const targets = targetsOf("id:long", "text:string", "price:decimal(9,2)");
  const options = { dialect: DIALECT, columnCount: 3, targets, firstLine: 1, file: "f" };
  parser.parse(chunk(20_000, 0), options);
  const { byteLength } = parser.memory.buffer;
  for (let index = 0; index < 100; index++) parser.parse(chunk(20_000, index), options);
  assert.equal(parser.memory.buffer.byteLength, byteLength);
});

Deno.test("ChunkParser gives columns that outlive the memory's growth", () => {
  const parser = new ChunkParser();
  const targets = targetsOf("id:long", "text:string");
  const [id, text] = parser.parse(new TextEncoder().encode("1,a\n,b\n"), {
    dialect: DIALECT,
    columnCount: 2,
    targets,
    firstLine: 1,
    file: "f",
  });
  assert.equal(id!.values.buffer, parser.memory.buffer);
  parser.memory.allocate(10_000_000);
  assert.equal(id!.values.buffer, parser.memory.buffer);
  assert.deepEqual([valuesOf(id!), valuesOf(text!)], [[1n, null], ["a", "b"]]);
});
