/** `generate`: sample data, the same bytes for the same seed. */
import { EXIT_CODE, StorageError, UsageError } from "../errors.ts";
import { generateCsv } from "../input/generate.ts";
import type { Flag } from "./flags.ts";
import { OutputClosedError } from "./terminal.ts";
import { formatCount, parseCount } from "./values.ts";
import { readVerbFlags, type VerbCall, type VerbDefinition } from "./verb.ts";

const GENERATE_FLAGS: readonly Flag[] = [
  { flags: "--rows <N>", description: "rows", group: "Output", fallback: "50000" },
  { flags: "--seed <S>", description: "seed", group: "Output", fallback: "42" },
  {
    flags: "-o, --output <FILE>",
    description: "file to write; else stdout",
    group: "Output",
    path: "file",
  },
];

/** The command line of `generate`. */
export const GENERATE: VerbDefinition = {
  name: "generate",
  usage: "[flags]",
  description: "Make sample data as CSV, the same bytes for the same seed",
  flags: GENERATE_FLAGS,
  examples: [
    "lakekeeper-ingest generate --rows 1m -o big.csv",
    "lakekeeper-ingest generate --rows 10 --seed 7",
  ],
  exitStatus: [
    ["0", "all rows are written"],
    ["1", "the file cannot be written"],
    ["2", "wrong command line"],
  ],
};

/**
 * Runs `generate`.
 *
 * @throws {UsageError | StorageError}
 */
export async function runGenerate(call: VerbCall): Promise<number> {
  const values = await readVerbFlags(call, GENERATE);
  if (values === undefined) return EXIT_CODE.ok;
  if (values.operands.length > 0) {
    throw new UsageError(`Cannot use "${values.operands[0]}": generate takes flags only`, {
      hint: "Name the file with -o FILE",
    });
  }
  const rows = parseCount(values.text("rows")!, { flag: "--rows", min: 0 });
  const seed = parseCount(values.text("seed")!, { flag: "--seed", min: 0 });
  const path = values.text("output");
  await writeAll(generateCsv({ rows, seed }), path);
  if (path !== undefined) call.terminal.err.write(`${formatCount(rows)} rows are in ${path}\n`);
  return EXIT_CODE.ok;
}

async function writeAll(
  blocks: AsyncIterable<Uint8Array>,
  path: string | undefined,
): Promise<void> {
  if (path === undefined) {
    try {
      for await (const block of blocks) await writeBlock(Deno.stdout, block);
    } catch (error) {
      if (error instanceof Deno.errors.BrokenPipe) throw new OutputClosedError("Output is closed");
      throw error;
    }
    return;
  }
  try {
    using file = await Deno.open(path, { write: true, create: true, truncate: true });
    for await (const block of blocks) await writeBlock(file, block);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StorageError(`Cannot write "${path}": ${reason}`, {
      cause,
      exitCode: EXIT_CODE.failed,
    });
  }
}

async function writeBlock(
  to: { write(bytes: Uint8Array): Promise<number> },
  block: Uint8Array,
): Promise<void> {
  for (let at = 0; at < block.length;) at += await to.write(block.subarray(at));
}
