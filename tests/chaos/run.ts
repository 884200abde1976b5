/**
 * `deno task chaos`: many loads through proxies that let requests fail, each table read back and
 * compared with its input. The last line counts what must not be; the exit code is 0 when all of
 * it is 0 and every load came to its end.
 */
import { areCounts, drawSeed, readGiven } from "../run_flags.ts";
import type { CommitMode } from "../../lib/load/events.ts";
import { MODES } from "./attempt.ts";
import { playKill } from "./kill.ts";
import { drawLoad, type PlanWishes, type Scenario, SCENARIOS } from "./load_plan.ts";
import { type Played, playLoad } from "./play.ts";
import { type ChaosSite, SITE_NAMES, type SiteName, startServeSite, startSite } from "./site.ts";
import { isSound, Totals } from "./verdict.ts";

const HELP = `deno task chaos [flags]: loads under faults, each judged by its table

  --loads N         loads (default: 100)
  --seed S          seed of the first load; the next one has S + 1 (default: drawn)
  --catalog NAME    ${SITE_NAMES.join(", ")} (default: embedded)
  --kill            kill -9 at a random moment, then resume, instead of faults
  --mode MODE       ${MODES.join(", ")} for every run (default: drawn)
  --scenario NAME   ${SCENARIOS.join(", ")} for every load (default: drawn)
  --parallel N      loads at once (default: 2)
  --processes P     share of the loads that run the tool as a process (default: 0.02)
  --readers P       share of the tables that pyiceberg and DuckDB read, too (default: 0)
  --verbose         a line for each load
`;

interface Flags {
  readonly loads: number;
  readonly seed: number;
  readonly catalog: SiteName;
  readonly kill: boolean;
  readonly mode: CommitMode | undefined;
  readonly scenario: Scenario | undefined;
  readonly parallel: number;
  readonly processes: number;
  readonly readers: number;
  readonly verbose: boolean;
}

function readFlags(args: readonly string[]): Flags | undefined {
  const given = readGiven(args, { valued: VALUED, switches: SWITCHES });
  if (given === undefined) return undefined;
  const flags: Flags = {
    loads: given.number("--loads", 100),
    seed: given.number("--seed", drawSeed()),
    catalog: (given.text("--catalog") ?? "embedded") as SiteName,
    kill: given.isOn("--kill"),
    mode: given.text("--mode") as CommitMode | undefined,
    scenario: given.text("--scenario") as Scenario | undefined,
    parallel: given.number("--parallel", 2),
    processes: given.number("--processes", 0.02),
    readers: given.number("--readers", 0),
    verbose: given.isOn("--verbose"),
  };
  const isWhole = areCounts([flags.loads, flags.seed, flags.parallel]);
  const isKnown = SITE_NAMES.includes(flags.catalog) &&
    (flags.mode === undefined || MODES.includes(flags.mode)) &&
    (flags.scenario === undefined || SCENARIOS.includes(flags.scenario));
  const isShare = flags.processes >= 0 && flags.readers >= 0;
  return isWhole && isKnown && isShare && flags.parallel > 0 ? flags : undefined;
}

const SWITCHES = ["--kill", "--verbose"];
const VALUED = [
  ...["--loads", "--seed", "--catalog", "--mode", "--scenario"],
  ...["--parallel", "--processes", "--readers"],
];

/** The command that plays one load again. */
function replayCommand(flags: Flags, seed: number): string {
  const words = ["deno task chaos", "--seed", String(seed), "--loads 1"];
  if (flags.kill) words.push("--kill");
  if (flags.catalog !== "embedded") words.push("--catalog", flags.catalog);
  if (flags.mode !== undefined) words.push("--mode", flags.mode);
  if (flags.scenario !== undefined) words.push("--scenario", flags.scenario);
  // These decide what is drawn for the load, too.
  if (flags.processes !== 0.02) words.push("--processes", String(flags.processes));
  if (flags.readers !== 0) words.push("--readers", String(flags.readers));
  return words.join(" ");
}

async function main(args: readonly string[]): Promise<number> {
  const flags = readFlags(args);
  if (flags === undefined) {
    console.error(HELP);
    return 2;
  }
  const { loads, seed, catalog, parallel } = flags;
  const what = flags.kill ? "killed loads" : "loads";
  console.log(`chaos: ${loads} ${what} on the ${catalog} catalog from seed ${seed}`);
  const site = await (flags.kill ? startServeSite() : startSite(catalog));
  const run = new Run(flags, site);
  const progress = setInterval(() => console.log(run.progress()), PROGRESS_MS);
  try {
    let next = 0;
    await Promise.all(Array.from({ length: parallel }, async () => {
      while (next < loads) await run.play(seed + next++);
    }));
  } finally {
    clearInterval(progress);
    await site.stop();
  }
  for (const line of run.account()) console.log(line);
  console.log(String(run.totals));
  return run.totals.isClean && run.totals.loads === loads ? 0 : 1;
}

const PROGRESS_MS = 10_000;

/** A whole run: plays loads and adds up what came of them. */
class Run {
  readonly totals = new Totals();
  readonly #flags: Flags;
  readonly #site: ChaosSite;
  readonly #startMs = performance.now();
  readonly #faults = new Map<string, number>();
  #runs = 0;
  #snapshots = 0;
  #rows = 0;

  constructor(flags: Flags, site: ChaosSite) {
    this.#flags = flags;
    this.#site = site;
  }

  async play(seed: number): Promise<void> {
    const { mode, scenario, processes, readers } = this.#flags;
    const startMs = performance.now();
    try {
      const wishes: PlanWishes = {
        // Two runs at once would make two first commits.
        scenario: this.#flags.kill || !this.#site.refusesSecondFirst ? "single" : scenario,
        processShare: processes,
        readersShare: readers,
      };
      const plan = drawLoad(seed, wishes);
      const play = this.#flags.kill ? playKill : playLoad;
      const played = await play(this.#site, plan, { mode });
      this.#rows += plan.inputs.reduce((sum, { csv }) => sum + csv.rows.length, 0);
      const title = `seed ${seed}: ${plan.scenario}, ${plan.weather.name}` +
        `${plan.asProcess ? ", as a process" : ""}`;
      this.#add(seed, played, { title, elapsedMs: performance.now() - startMs });
    } catch (error) {
      this.totals.loads++;
      this.totals.failed++;
      const reason = error instanceof Error ? error.stack ?? error.message : String(error);
      console.log(`!!! seed ${seed}: ${reason}\n    ${replayCommand(this.#flags, seed)}`);
    }
  }

  #add(
    seed: number,
    played: Played,
    of: { readonly title: string; readonly elapsedMs: number },
  ): void {
    this.totals.add(played.verdict);
    this.#runs += played.rounds;
    this.#snapshots += played.snapshots;
    for (const [name, count] of played.faults) {
      this.#faults.set(name, (this.#faults.get(name) ?? 0) + count);
    }
    const isGood = isSound(played.verdict) && played.failures.length === 0;
    if (this.#flags.verbose) {
      const word = this.#flags.kill ? "kills" : "faults";
      const faults = [...played.faults.values()].reduce((sum, count) => sum + count, 0);
      const runs = `${played.rounds} run${played.rounds === 1 ? "" : "s"}`;
      const line = `${of.title}, ${faults} ${word}, ${runs}, ${played.snapshots} snapshots, ` +
        `${Math.round(of.elapsedMs)} ms`;
      console.log(line);
      for (const text of played.complaints.slice(0, 6)) console.log(`      ${text.slice(0, 300)}`);
    }
    if (isGood) return;
    this.totals.failed++;
    const { lost, doubled, corrupted, liveFilesDeleted } = played.verdict;
    console.log(
      `!!! ${of.title}: lost ${lost}, doubled ${doubled}, corrupted ${corrupted ? 1 : 0}, ` +
        `live files deleted ${liveFilesDeleted}`,
    );
    for (const text of [...played.failures, ...played.verdict.findings]) {
      console.log(`      ${text.slice(0, 500)}`);
    }
    for (const text of played.complaints) console.log(`      said: ${text.slice(0, 300)}`);
    console.log(`    ${replayCommand(this.#flags, seed)}`);
  }

  progress(): string {
    const seconds = Math.round((performance.now() - this.#startMs) / 1000);
    return `${seconds} s: ${this.totals}, of ${this.#flags.loads}`;
  }

  /** What was done, for the one who reads the log. */
  account(): string[] {
    const faults = [...this.#faults].sort(([, one], [, other]) => other - one);
    const total = faults.reduce((sum, [, count]) => sum + count, 0);
    const seconds = ((performance.now() - this.#startMs) / 1000).toFixed(1);
    return [
      `${this.totals.loads} loads of ${this.#rows} rows took ${this.#runs} runs and made ` +
      `${this.#snapshots} snapshots in ${seconds} s`,
      `${total} ${this.#flags.kill ? "kills" : "faults"}: ${
        faults.map(([name, count]) => `${name} ${count}`).join(", ")
      }`,
      ...(this.totals.failed > 0 ? [`${this.totals.failed} loads failed, see above`] : []),
    ];
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
