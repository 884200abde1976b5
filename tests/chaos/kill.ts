/**
 * `kill -9` of the tool at a random moment, against the embedded catalog in a process of its own,
 * then resumption with the same load id until the load is whole.
 */
import type { CommitMode } from "../../lib/load/events.ts";
import {
  accessBy,
  type AttemptPlan,
  startTool,
  toolArguments,
  type ToolProcess,
} from "./attempt.ts";
import { Draw } from "./draw.ts";
import { drawRun, type LoadPlan, type RunPlan } from "./load_plan.ts";
import type { Played } from "./play.ts";
import {
  type ChaosProxy,
  type Fault,
  type FaultPlan,
  type PassingRequest,
  startChaosProxy,
} from "./proxy.ts";
import type { ChaosSite } from "./site.ts";
import { readTable } from "./table_reading.ts";
import { judge } from "./verdict.ts";

/** When a run is killed; a run that ends before is not. */
interface Moment {
  readonly name: string;
  /** So many ms after the process was made, or after it began the load. */
  readonly afterMs?: { readonly since: "process" | "start"; readonly ms: number };
  /** When this many chunks have been said to be committed. */
  readonly afterChunks?: number;
  /** When this request has come to the proxy. */
  readonly atRequest?: {
    readonly kind: PassingRequest["kind"];
    readonly nth: number;
    /** Whether the catalog has it before the kill, some time after it, or never. */
    readonly then: "answered" | "late" | "lost";
  };
  /** Time from the moment to the kill. */
  readonly waitMs: number;
}

/** Draws a moment that a run of so many commits is likely to see. */
function drawMoment(draw: Draw, commits: number): Moment {
  const early = Math.max(1, Math.ceil(commits * 0.7));
  const waitMs = draw.between(0, 20);
  const atTime = (): Moment => {
    const since = draw.pick(["process", "start", "start"] as const);
    const ms = draw.between(0, since === "process" ? 1200 : 400);
    return { name: `after ${since}`, afterMs: { since, ms }, waitMs: 0 };
  };
  const afterChunks = (): Moment => ({
    name: "after chunks",
    afterChunks: draw.between(1, early),
    waitMs,
  });
  const atRequest = (): Moment => {
    const kind = draw.weighted([[1, "createTable"], [1, "loadTable"], [8, "commit"]] as const);
    const nth = kind === "commit" ? draw.between(1, early) : 1;
    const then = draw.pick(["answered", "late", "lost"] as const);
    return { name: `at ${kind}, ${then}`, atRequest: { kind, nth, then }, waitMs: 0 };
  };
  return draw.weighted([[3, atTime], [3, afterChunks], [6, atRequest]] as const)();
}

/** Kills a load, resumes it, and judges the table. */
export async function playKill(
  site: ChaosSite,
  plan: LoadPlan,
  wishes: { readonly mode?: CommitMode | undefined } = {},
): Promise<Played> {
  const proxy = startChaosProxy(new URL(site.uri).origin, () => undefined);
  const directory = await Deno.makeTempDir({ prefix: "lakekeeper-ingest-chaos-kill-" });
  try {
    return await new Killing(proxy, { site, plan, directory, mode: wishes.mode }).play();
  } finally {
    await proxy.close();
    await Deno.remove(directory, { recursive: true });
  }
}

/** Requests take a little, as over a network, so that there is more time for a kill. */
const SLOW: Fault = { name: "", delayMs: 15 };

/** Kills before the last run. */
const KILLS_MAX = 3;

interface KillingOptions {
  readonly site: ChaosSite;
  readonly plan: LoadPlan;
  /** Where the input's file goes. */
  readonly directory: string;
  readonly mode: CommitMode | undefined;
}

class Killing {
  readonly #proxy: ChaosProxy;
  readonly #of: KillingOptions;
  readonly #draw: Draw;
  readonly #failures: string[] = [];
  readonly #complaints: string[] = [];
  /** By the moment's name. */
  readonly #kills = new Map<string, number>();

  constructor(proxy: ChaosProxy, of: KillingOptions) {
    this.#proxy = proxy;
    this.#of = of;
    this.#draw = new Draw(of.plan.seed, "kill");
  }

  async play(): Promise<Played> {
    const { site, plan } = this.#of;
    const input = plan.inputs[0]!;
    const path = `${this.#of.directory}/input.csv`;
    await Deno.writeFile(path, input.csv.bytes);
    const kills = this.#draw.between(1, KILLS_MAX);
    let round = 0;
    for (; round < kills; round++) {
      const run = this.#drawRun(round);
      const chunks = Math.ceil(input.csv.rows.length / run.chunkSize);
      const commits = { "per-chunk": chunks, grouped: Math.ceil(chunks / 3), once: 1 }[run.mode];
      const moment = drawMoment(this.#draw, commits);
      const tool = this.#start(path, { run, moment });
      const { exitCode, killed } = await tool.ended;
      if (killed) {
        this.#kills.set(moment.name, (this.#kills.get(moment.name) ?? 0) + 1);
      } else if (exitCode !== 0) {
        this.#failures.push(`exit code ${exitCode} without a kill`);
        this.#complaints.push(...tool.said.result(exitCode).complaints);
      }
      await this.#checkAcknowledged(tool);
    }
    // What a dead process had sent may still land while the last run is at work.
    const last = this.#start(path, { run: this.#drawRun(round), moment: undefined });
    const { exitCode } = await last.ended;
    this.#complaints.push(...last.said.result(exitCode).complaints);
    await this.#proxy.settled();
    const reading = await readTable(site, plan.table);
    const verdict = judge(reading, input.csv.rows);
    if (exitCode !== 0) this.#failures.push(`the resumed run ended with exit code ${exitCode}`);
    if (reading.location !== undefined && this.#failures.length === 0) {
      await site.forget(reading.location);
    }
    return {
      verdict,
      failures: this.#failures,
      rounds: round + 1,
      snapshots: reading.snapshots,
      faults: this.#kills,
      complaints: this.#complaints,
    };
  }

  #drawRun(round: number): RunPlan {
    const { plan, mode } = this.#of;
    return drawRun(plan, { round, runner: 0, mode });
  }

  #start(
    path: string,
    of: { readonly run: RunPlan; readonly moment: Moment | undefined },
  ): ToolProcess {
    const { site, plan } = this.#of;
    const { moment } = of;
    const attempt: Omit<AttemptPlan, "csv"> = {
      ...of.run,
      table: plan.table,
      loadId: plan.inputs[0]!.loadId,
      commitTimeoutMs: 30_000,
    };
    const access = accessBy(site, { catalog: this.#proxy.origin, store: undefined });
    const timers: Array<ReturnType<typeof setTimeout>> = [];
    const killAfter = (ms: number) => timers.push(setTimeout(() => tool.kill(), ms));
    let chunks = 0;
    const tool = startTool(toolArguments(path, attempt, access), (event) => {
      const { type, state } = event;
      if (type === "start" && moment?.afterMs?.since === "start") killAfter(moment.afterMs.ms);
      if (type !== "chunk" || state !== "committed") return;
      if (++chunks === moment?.afterChunks) killAfter(moment.waitMs);
    });
    if (moment?.afterMs?.since === "process") killAfter(moment.afterMs.ms);
    tool.ended.finally(() => timers.forEach((timer) => clearTimeout(timer)));
    this.#proxy.plan = moment?.atRequest === undefined
      ? () => SLOW
      : killAt(moment.atRequest, { draw: this.#draw, kill: () => tool.kill() });
    return tool;
  }

  /** Whatever was said to be committed before the kill is in the table right after it. */
  async #checkAcknowledged(tool: ToolProcess): Promise<void> {
    const { site, plan } = this.#of;
    const { rowsClaimed } = tool.said;
    if (rowsClaimed === 0) return;
    const rows = (await readTable(site, plan.table)).rows.length;
    if (rows < rowsClaimed) {
      this.#failures.push(
        `${rowsClaimed} rows were acknowledged before the kill, ${rows} are there`,
      );
    }
  }
}

/** Kills when a request has come, which reaches the catalog before, after, or never. */
function killAt(
  moment: NonNullable<Moment["atRequest"]>,
  of: { readonly draw: Draw; readonly kill: () => void },
): FaultPlan {
  let seen = 0;
  return ({ kind }) => {
    if (kind !== moment.kind || ++seen !== moment.nth) return SLOW;
    switch (moment.then) {
      case "answered":
        return { name: "kill answered", reply: "cut", beforeReply: of.kill };
      case "late":
        of.kill();
        return {
          name: "kill late",
          forwards: 0,
          lateMs: of.draw.between(0, 3000),
          reply: "cut",
        };
      case "lost":
        of.kill();
        return { name: "kill lost", forwards: 0, reply: "cut" };
    }
  };
}
