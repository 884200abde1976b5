/**
 * `deno task profile`: where the time of a load goes, and how near each step is to what the machine
 * can do.
 *
 * A load of generated rows by the executable, with `--commit once` and two workers, says for each
 * chunk how long parsing, encoding and uploading took. Reading and cutting, which it does not tell,
 * are run by themselves over the same file. Beside them stand, on the same bytes: a bare read of the
 * file, a copy within memory, parquet-wasm's own writer given columns that are there already, a bare
 * write with a sync, and a bare POST of an empty commit. All are milliseconds of one thread for a
 * million rows by the clock, the middle of several runs: on a busy machine the steps come to more
 * than the processors worked.
 *
 * Options: `--rows 2000000`, `--runs 5`, `--json FILE`.
 */
import { parseArgs } from "node:util";
import { openSource } from "../lib/input/source.ts";
import { type RawChunk, splitChunks } from "../lib/input/split.ts";
import { BareEncoder } from "./bare_encode.ts";
import { BENCH_NAMESPACE, parquetBytesBelow, withCatalog } from "./catalog_run.ts";
import { chunksInMemory, DIALECT } from "./chunks_in_memory.ts";
import { provideGenerated } from "./data.ts";
import { provideExecutable } from "./executables.ts";
import { GENERATED_TYPES } from "./generated_types.ts";
import { withoutLeftovers } from "./leftovers.ts";
import { describeMachine } from "./machine.ts";
import { mustRunMeasured } from "./measured.ts";
import { RawTable } from "./raw_table.ts";
import { median } from "./statistics.ts";
import { readEvents } from "./tool_events.ts";

const { values: args } = parseArgs({
  options: {
    rows: { type: "string", default: "2000000" },
    runs: { type: "string", default: "5" },
    json: { type: "string" },
  },
});

const WORKERS = 2;
const BLOCK_BYTES = 2 ** 20;
const RAW_COMMITS = 50;

/** Milliseconds by step, of one run. */
type Steps = Readonly<Record<string, number>>;

/** What the tool says of its own load. */
async function loadSteps(executable: string, file: string): Promise<Steps & { fileBytes: number }> {
  return await withCatalog(async ({ uri, warehouse, directory }) => {
    const where = [
      "--uri",
      uri,
      "--warehouse",
      warehouse,
      "--table",
      `${BENCH_NAMESPACE}.profiled`,
    ];
    const flags = ["--workers", String(WORKERS), "--commit", "once", "--json"];
    const measured = await mustRunMeasured([executable, file, ...where, ...flags], {
      cwd: directory,
    });
    const events = readEvents(measured.stdout);
    const sum = (type: string, name: string) =>
      events.filter((event) => event.type === type)
        .reduce((total, event) => total + Number(event[name] ?? 0), 0);
    const timeOf = (type: string) =>
      Date.parse(events.find((event) => event.type === type)?.time ?? "");
    return {
      whole: measured.elapsedS * 1000,
      processor: (measured.userS + measured.systemS) * 1000,
      start: measured.elapsedS * 1000 - (timeOf("summary") - timeOf("read")),
      parse: sum("encoded", "parse_ms"),
      encode: sum("encoded", "encode_ms"),
      upload: sum("encoded", "upload_ms"),
      commit: sum("commit", "elapsed_ms"),
      fileBytes: await parquetBytesBelow(directory),
    };
  });
}

async function timed(work: () => void | Promise<void>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

/** The tool's reader alone, and a bare one. */
async function readSteps(file: string): Promise<Steps> {
  return {
    read: await timed(async () => {
      const source = await openSource(file);
      for await (const block of source.open()) void block;
      source.close?.();
    }),
    bareRead: await timed(async () => {
      using opened = await Deno.open(file);
      const block = new Uint8Array(BLOCK_BYTES);
      while (await opened.read(block) !== null);
    }),
  };
}

async function* blocksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    yield bytes.subarray(at, at + BLOCK_BYTES);
  }
}

/** Cutting into chunks of the size that the load has, and a copy of the same bytes. */
async function splitSteps(bytes: Uint8Array, rowsPerChunk: number): Promise<Steps> {
  const copy = new Uint8Array(bytes.length);
  copy.fill(1);
  return {
    split: await timed(async () => {
      const chunks = splitChunks(blocksOf(bytes), { dialect: DIALECT, rowsPerChunk });
      for await (const chunk of chunks) void chunk;
    }),
    bareCopy: await timed(() => copy.set(bytes)),
  };
}

function encodeSteps(encoder: BareEncoder, chunks: readonly RawChunk<ArrayBufferLike>[]): Steps {
  return { bareEncode: chunks.reduce((sum, chunk) => sum + encoder.encodeMs(chunk), 0) };
}

async function writeSteps(sizeBytes: number): Promise<Steps> {
  const directory = await Deno.makeTempDir({ prefix: "lakekeeper-ingest-bench-" });
  const bytes = new Uint8Array(sizeBytes).fill(1);
  try {
    return {
      bareWrite: await timed(async () => {
        using file = await Deno.open(`${directory}/file`, { write: true, create: true });
        for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
        await file.syncData();
      }),
    };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function postSteps(): Promise<Steps> {
  return await withCatalog(async (catalog) => {
    const table = await RawTable.create(catalog);
    const times: number[] = [];
    for (let count = 0; count < RAW_COMMITS; count++) times.push(await table.commit());
    return { barePost: median(times) };
  });
}

/** A step, the bare work beside it, and where it is done. */
interface Row {
  readonly name: string;
  readonly step: string;
  readonly bare?: string;
  readonly bareName?: string;
}

const ROWS: readonly Row[] = [
  { name: "read, main thread", step: "read", bare: "bareRead", bareName: "bare read of the file" },
  { name: "split, main thread", step: "split", bare: "bareCopy", bareName: "copy within memory" },
  { name: "parse, workers", step: "parse", bare: "bareCopy", bareName: "copy within memory" },
  {
    name: "encode, workers",
    step: "encode",
    bare: "bareEncode",
    bareName: "bare parquet-wasm encode",
  },
  { name: "upload, workers", step: "upload", bare: "bareWrite", bareName: "bare write and sync" },
  {
    name: "commit, once",
    step: "commit",
    bare: "barePost",
    bareName: "bare POST of an empty commit",
  },
  { name: "start and end of the process", step: "start" },
];
/** Once a load, however many rows it has. */
const ONCE = new Set(["commit", "start", "barePost"]);

function printProfile(middle: (step: string) => number, millions: number): void {
  console.log(
    "| step | ms a million rows | share of the steps | the machine alone | ms | times that |\n" +
      "| --- | ---: | ---: | --- | ---: | ---: |",
  );
  const all = ROWS.filter(({ step }) => !ONCE.has(step))
    .reduce((sum, { step }) => sum + middle(step), 0);
  const perMillion = (step: string) => middle(step) / (ONCE.has(step) ? 1 : millions);
  for (const { name, step, bare, bareName } of ROWS) {
    const share = ONCE.has(step) ? "" : `${(100 * middle(step) / all).toFixed(0)} %`;
    const beside = bare === undefined
      ? ["", "", ""]
      : [bareName, perMillion(bare).toFixed(1), (perMillion(step) / perMillion(bare)).toFixed(2)];
    console.log(`| ${[name, perMillion(step).toFixed(1), share, ...beside].join(" | ")} |`);
  }
  const ideal = (middle("read") + middle("split") + middle("parse") + middle("encode")) / WORKERS;
  console.log(
    `\nThe whole process: ${(middle("whole") / millions).toFixed(0)} ms a million rows, ` +
      `${
        (middle("processor") / millions).toFixed(0)
      } ms of them on processors. Reading, cutting, ` +
      `parsing and encoding, shared without loss by ${WORKERS} cores: ` +
      `${(ideal / millions).toFixed(0)} ms.`,
  );
}

const rows = Number(args.rows);
const executable = await provideExecutable();
const { file } = await provideGenerated(rows, { executable });
const encoder = new BareEncoder(GENERATED_TYPES);
const runs: Steps[] = [];
await withoutLeftovers(async () => {
  for (let run = 0; run <= Number(args.runs); run++) {
    const load = await loadSteps(executable, file);
    const chunks = await chunksInMemory(file);
    const steps = {
      ...load,
      ...await readSteps(file),
      ...await splitSteps(await Deno.readFile(file), chunks[0]!.rows),
      ...encodeSteps(encoder, chunks),
      ...await writeSteps(load.fileBytes),
      ...await postSteps(),
    };
    // In the first run this process compiles what it measures.
    if (run > 0) runs.push(steps);
    console.error(`run ${run}: ${(load.whole! / 1000).toFixed(2)} s`);
  }
});
console.log(`${await describeMachine(executable)}; ${rows.toLocaleString("en-US")} rows\n`);
printProfile((step) => median(runs.map((steps) => steps[step]!)), rows / 1e6);
if (args.json !== undefined) {
  await Deno.writeTextFile(args.json, `${JSON.stringify(runs, null, 2)}\n`);
}
