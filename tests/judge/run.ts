/**
 * `deno task judge`: the probe judged. Catalogs that are sound, slow, torn or wrong in a known way
 * are probed, and each verdict is compared with what the catalog says that it did. The last line
 * counts the verdicts that are not the truth; the exit code is 0 when there is none.
 */
import { areCounts, drawSeed, readGiven } from "../run_flags.ts";
import { falsehoods, losses } from "./compare.ts";
import { drawCase, KIND_NAMES, type KindName } from "./kinds.ts";
import type { Observed } from "./observed.ts";
import { playCase } from "./play.ts";

const HELP = `deno task judge [flags]: probes of catalogs that are known to be right or wrong

  --seeds N         probes of each kind of catalog (default: 20)
  --seed S          the first seed; the next one is S + 1 (default: drawn)
  --kind NAME       ${KIND_NAMES.join(", ")} (default: all)
  --parallel N      probes at once (default: 1)
  --verbose         a line for each probe
`;

interface Flags {
  readonly seeds: number;
  readonly seed: number;
  readonly kinds: readonly KindName[];
  readonly parallel: number;
  readonly verbose: boolean;
}

const SWITCHES = ["--verbose"];
const VALUED = ["--seeds", "--seed", "--kind", "--parallel"];
const PROGRESS_MS = 10_000;
const WORDS_MAX = 500;

function readFlags(args: readonly string[]): Flags | undefined {
  const given = readGiven(args, { valued: VALUED, switches: SWITCHES });
  if (given === undefined) return undefined;
  const kind = given.text("--kind") as KindName | undefined;
  if (kind !== undefined && !KIND_NAMES.includes(kind)) return undefined;
  const flags: Flags = {
    seeds: given.number("--seeds", 20),
    seed: given.number("--seed", drawSeed()),
    kinds: kind === undefined ? KIND_NAMES : [kind],
    parallel: given.number("--parallel", 1),
    verbose: given.isOn("--verbose"),
  };
  const isWhole = areCounts([flags.seeds, flags.seed, flags.parallel]);
  return isWhole && flags.parallel > 0 ? flags : undefined;
}

async function main(args: readonly string[]): Promise<number> {
  const flags = readFlags(args);
  if (flags === undefined) {
    console.error(HELP);
    return 2;
  }
  const { seeds, seed, kinds } = flags;
  console.log(
    `judge: ${seeds} probes of each of ${kinds.length} kinds of catalog from seed ${seed}`,
  );
  const run = new Run(flags);
  const progress = setInterval(() => console.log(run.progress()), PROGRESS_MS);
  try {
    const left = Array.from(
      { length: seeds },
      (_, index) => kinds.map((kind) => ({ kind, seed: seed + index })),
    ).flat();
    await Promise.all(Array.from({ length: flags.parallel }, async () => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) await run.play(next);
    }));
  } finally {
    clearInterval(progress);
  }
  for (const line of run.account()) console.log(line);
  console.log(String(run));
  return run.isClean ? 0 : 1;
}

/** What came of the probes of one kind. */
interface KindTotal {
  runs: number;
  valid: number;
  violation: number;
  unknown: number;
  requests: number;
  faults: number;
  lostUpdates: number;
}

class Run {
  readonly #flags: Flags;
  readonly #startMs = performance.now();
  readonly #totals = new Map<KindName, KindTotal>();
  #runs = 0;
  #false = 0;

  constructor(flags: Flags) {
    this.#flags = flags;
  }

  async play(of: { readonly kind: KindName; readonly seed: number }): Promise<void> {
    const { kind, seed } = of;
    const drawn = drawCase(kind, seed);
    const startMs = performance.now();
    let found: string[];
    let line: string;
    try {
      const observed = await playCase(drawn);
      found = falsehoods(drawn.truth, observed);
      this.#add(kind, observed);
      line = `${observed.verdict.verdict}, ${observed.log.length} requests, ` +
        `${observed.log.flatMap(({ faults }) => faults).length} faults`;
    } catch (error) {
      line = "no verdict";
      found = [error instanceof Error ? error.stack ?? error.message : String(error)];
    }
    this.#runs++;
    const title = `${kind}, seed ${seed}: ${line}, ${Math.round(performance.now() - startMs)} ms`;
    if (this.#flags.verbose) console.log(title);
    if (found.length === 0) return;
    this.#false++;
    console.log(`!!! ${title}`);
    for (const text of found) console.log(`      ${text.slice(0, WORDS_MAX)}`);
    console.log(`    serve ${drawn.serveFlags.join(" ")}; probe ${drawn.probeFlags.join(" ")}`);
    console.log(`    deno task judge --kind ${kind} --seed ${seed} --seeds 1`);
  }

  #add(kind: KindName, observed: Observed): void {
    const total = this.#totals.get(kind) ??
      { runs: 0, valid: 0, violation: 0, unknown: 0, requests: 0, faults: 0, lostUpdates: 0 };
    this.#totals.set(kind, total);
    total.runs++;
    total[observed.verdict.verdict as "valid" | "violation" | "unknown"]++;
    total.requests += observed.operations.size;
    total.faults += observed.log.flatMap(({ faults }) => faults).length;
    total.lostUpdates += losses(observed).length;
  }

  get isClean(): boolean {
    const { seeds, kinds } = this.#flags;
    return this.#false === 0 && this.#runs === seeds * kinds.length;
  }

  progress(): string {
    const { seeds, kinds } = this.#flags;
    const seconds = Math.round((performance.now() - this.#startMs) / 1000);
    return `${seconds} s: ${this}, of ${seeds * kinds.length}`;
  }

  /** What was done, for the one who reads the log. */
  account(): string[] {
    const lines = [...this.#totals].map(([kind, total]) => {
      const losses = total.lostUpdates > 0 ? `, ${total.lostUpdates} updates lost` : "";
      return `${kind}: ${total.runs} probes of ${total.requests} racing requests, ` +
        `${total.faults} faults${losses}: valid ${total.valid}, violation ${total.violation}, ` +
        `unknown ${total.unknown}`;
    });
    const seconds = ((performance.now() - this.#startMs) / 1000).toFixed(1);
    return [...lines, `in ${seconds} s`];
  }

  /** The line that says it all. */
  toString(): string {
    return `runs ${this.#runs}, false verdicts ${this.#false}`;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
