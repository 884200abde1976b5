/** Contenders that are one part of a load alone: parsing, encoding, bare commits, a start. */
import { PROJECT_ROOT } from "../tests/real/parts/cache.ts";
import { type WithCatalog, withCatalog } from "./catalog_run.ts";
import type { Contender } from "./comparison.ts";
import type { ParseSet } from "./data.ts";
import { mustRunMeasured } from "./measured.ts";
import { peerScript } from "./peers.ts";
import { RawTable } from "./raw_table.ts";
import { median } from "./statistics.ts";

/** Repetitions within one process, the first of which is not counted. */
const REPETITIONS = 7;

/** What the parser of `lib/input` does with a file that is in memory, in a process of its own. */
export function toolParse(name: string, set: ParseSet): Contender {
  return parseContender(name, { set, command: [...denoScript("parse_alone.ts"), set.file] });
}

/** The same by pyarrow's CSV reader on one thread. */
export function arrowParse(name: string, set: ParseSet & { readonly python: string }): Contender {
  const script = [set.python, peerScript("arrow_parse.py"), set.file];
  return parseContender(name, { set, command: script });
}

/** Both print the milliseconds of each repetition. */
function parseContender(
  name: string,
  of: { readonly set: ParseSet; readonly command: readonly string[] },
): Contender {
  const run = async () => {
    const words = [...of.command, String(REPETITIONS), JSON.stringify(of.set.types)];
    const { stdout } = await mustRunMeasured(words, { cwd: PROJECT_ROOT });
    const timesMs: number[] = JSON.parse(stdout);
    return { rowsPerS: of.set.rows / median(timesMs) * 1000 };
  };
  return { name, run };
}

/** A pool of encoding workers that is fed from memory. */
export function encodeWith(
  name: string,
  options: { readonly file: string; readonly rows: number; readonly workers: number },
): Contender {
  const run = async () => {
    const words = [...denoScript("encode_alone.ts"), options.file, String(options.workers)];
    const { stdout } = await mustRunMeasured(words, { cwd: PROJECT_ROOT });
    return { rowsPerS: JSON.parse(stdout).rowsPerS };
  };
  return { name, run };
}

function denoScript(name: string): string[] {
  return [Deno.execPath(), "run", "-A", "--quiet", new URL(name, import.meta.url).pathname];
}

/** Commits of empty snapshots to a new table by one writer that does nothing else. */
export function rawCommits(
  name: string,
  options: { readonly commits: number; readonly within?: WithCatalog },
): Contender {
  const { within = withCatalog } = options;
  const run = () =>
    within(async (catalog) => {
      const table = await RawTable.create(catalog);
      await table.commit();
      const startMs = performance.now();
      for (let count = 1; count < options.commits; count++) await table.commit();
      return { chunksPerS: (options.commits - 1) / (performance.now() - startMs) * 1000 };
    });
  return { name, run };
}

const STARTS_PER_ROUND = 7;

/** From before a program's start to after its end, the middle of several. */
export function startOf(name: string, command: readonly string[]): Contender {
  const run = async () => {
    const timesMs: number[] = [];
    for (let start = 0; start < STARTS_PER_ROUND; start++) {
      timesMs.push((await mustRunMeasured(command, { cwd: PROJECT_ROOT })).elapsedS * 1000);
    }
    return { elapsedMs: median(timesMs) };
  };
  return { name, run };
}
