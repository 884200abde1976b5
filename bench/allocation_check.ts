/**
 * `deno task bench:allocations`: the bytes that parsing and encoding allocate for a fixed input,
 * beside the figures that `bench/allocations.json` has recorded. It does not look at the clock, so a
 * busy machine changes nothing; it fails when a figure is more than a tenth, and more than four bytes
 * a row, over the recorded one. Whoever makes a string or an object for each field or row is over it
 * by far. A figure that fell as much is told, so that it gets recorded.
 *
 * Counted are bytes of the JavaScript heap, by V8's own count of what was ever allocated, in the round
 * that allocates the least: compiling allocates, too, and before it the slower code does. That all
 * happens in one thread, to be the same each time, takes flags, so this program starts itself again
 * with them. Memory of buffers is not on the heap and not counted.
 *
 * Options: `--record` writes the figures down; `--waste` makes a string of each field on the way, to
 * show that it is found.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { getHeapStatistics } from "node:v8";
import { ChunkEncoder } from "../lib/encode/chunk_encoder.ts";
import { codecsReady } from "../lib/encode/parquet/compression.ts";
import { ChunkParser, type ParseOptions } from "../lib/input/parse.ts";
import { type AllocationCase, allocationCases } from "./allocation_cases.ts";
import { encodeSetup } from "./encode_setup.ts";

const RECORD = fileURLToPath(new URL("allocations.json", import.meta.url));
/** Set in the process that measures. */
const MEASURES = "--measure";
const FLAGS = ["--v8-flags=--predictable,--hash-seed=1,--random-seed=1"];
/** Until the code of every part of it has been compiled for speed. */
const ROUNDS = 60;
const TOLERANCE = 0.1;
const TOLERANCE_BYTES_A_ROW = 4;

/** Bytes of the heap a row, by case and step. */
type Figures = Readonly<Record<string, number>>;

const { values: args } = parseArgs({
  options: {
    record: { type: "boolean", default: false },
    waste: { type: "boolean", default: false },
    measure: { type: "boolean", default: false },
  },
});

function allocatedBytes(work: () => void): number {
  const before = heapBytesEver();
  work();
  return heapBytesEver() - before;
}

function heapBytesEver(): number {
  const { total_allocated_bytes: bytes } = getHeapStatistics() as unknown as Record<string, number>;
  if (bytes === undefined) throw new Error("Cannot count allocations: this Deno does not; use 2.9");
  return bytes;
}

function measureCase(of: AllocationCase): Figures {
  const setup = encodeSetup(of.types, { directory: "/nowhere" });
  const parser = new ChunkParser();
  const encoder = new ChunkEncoder(setup);
  const options: ParseOptions = {
    dialect: setup.dialect,
    columnCount: setup.columnCount,
    targets: setup.columns.map((column) => ({ ...column, index: column.csvIndex! })),
    firstLine: 1,
    file: setup.inputName,
    rows: of.rows,
  };
  const job = { index: 0, rows: of.rows, firstLine: 1, path: "file:///nowhere/0.parquet" };
  let [parseLeast, bothLeast] = [Infinity, Infinity];
  for (let round = 0; round < ROUNDS; round++) {
    const parse = allocatedBytes(() => {
      if (args.waste) wasteStrings(of.bytes);
      parser.parse(of.bytes, options);
    });
    // It may take the bytes away.
    const bytes = of.bytes.slice();
    const both = allocatedBytes(() => {
      if (args.waste) wasteStrings(bytes);
      encoder.encode({ ...job, bytes });
    });
    parseLeast = Math.min(parseLeast, parse);
    bothLeast = Math.min(bothLeast, both);
  }
  return {
    [`${of.name}, parse`]: parseLeast / of.rows,
    [`${of.name}, parse and encode`]: bothLeast / of.rows,
  };
}

const decoder = new TextDecoder();
let wasted = 0;

/** What must not happen to every field. */
function wasteStrings(bytes: Uint8Array): void {
  let start = 0;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] !== 0x2c && bytes[at] !== 0x0a) continue;
    wasted += decoder.decode(bytes.subarray(start, at)).length;
    start = at + 1;
  }
}

async function measureApart(): Promise<Figures> {
  const script = fileURLToPath(import.meta.url);
  const output = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", ...FLAGS, script, MEASURES, ...args.waste ? ["--waste"] : []],
    stderr: "inherit",
  }).output();
  if (!output.success) throw new Error("Cannot measure: the measuring process failed");
  return JSON.parse(new TextDecoder().decode(output.stdout));
}

/** Prints the figures. @returns how many are over the recorded ones. */
function compare(found: Figures, recorded: Figures): number {
  let over = 0;
  for (const [name, bytes] of Object.entries(found)) {
    const limit = recorded[name] ?? 0;
    const slack = Math.max(limit * TOLERANCE, TOLERANCE_BYTES_A_ROW);
    const verdict = bytes > limit + slack
      ? "MORE"
      : bytes < limit - slack
      ? "less: run with --record"
      : "ok";
    if (verdict === "MORE") over++;
    console.log(
      `${name.padEnd(30)} ${bytes.toFixed(1).padStart(8)} bytes a row, recorded ` +
        `${limit.toFixed(1).padStart(8)}  ${verdict}`,
    );
  }
  return over;
}

if (args.measure) {
  await codecsReady();
  const figures = Object.assign({}, ...allocationCases().map(measureCase));
  console.log(JSON.stringify(figures));
} else {
  const found = await measureApart();
  if (args.record) await Deno.writeTextFile(RECORD, `${JSON.stringify(found, null, 2)}\n`);
  if (compare(found, JSON.parse(await Deno.readTextFile(RECORD))) > 0) Deno.exit(1);
}
