/** Draws what a load of the chaos run is: its input, its mode, its weather. All of it by its seed. */
import type { CommitMode } from "../../lib/load/events.ts";
import { MODES } from "./attempt.ts";
import { Draw } from "./draw.ts";
import { type CsvFile, drawCsv } from "./rows.ts";
import { drawWeather, type Weather } from "./weather.ts";

/**
 * `single`: one run at a time. `twins`: two runs with the same load id and input at once. `pair`:
 * two loads with inputs of their own into one table at once.
 */
export const SCENARIOS = ["single", "twins", "pair"] as const;

/** One of {@linkcode SCENARIOS}. */
export type Scenario = typeof SCENARIOS[number];

/** How a run goes about its load. */
export interface RunPlan {
  readonly mode: CommitMode;
  readonly workers: number;
  readonly chunkSize: number;
}

/** A load, or two at once. */
export interface LoadPlan {
  readonly seed: number;
  readonly scenario: Scenario;
  /** `namespace.name` */
  readonly table: string;
  /** One, or two of a pair. */
  readonly inputs: ReadonlyArray<{ readonly loadId: string; readonly csv: CsvFile }>;
  readonly weather: Weather;
  /** Whether the tool runs as a process of its own. */
  readonly asProcess: boolean;
  /** Whether readers in other languages read the table in the end, too. */
  readonly readByOthers: boolean;
}

/** What may be asked of a drawn load. */
export interface PlanWishes {
  readonly scenario?: Scenario | undefined;
  readonly mode?: CommitMode | undefined;
  /** Share of the loads that run as processes. */
  readonly processShare: number;
  /** Share of the loads that readers in other languages read. */
  readonly readersShare: number;
}

/** Draws a load. */
export function drawLoad(seed: number, wishes: PlanWishes): LoadPlan {
  const draw = new Draw(seed, "load");
  const drawn = draw.weighted([[84, "single"], [8, "twins"], [8, "pair"]] as const);
  const scenario = wishes.scenario ?? drawn;
  const asProcess = draw.chance(wishes.processShare);
  const readByOthers = draw.chance(wishes.readersShare);
  const weather = drawWeather(new Draw(seed, "weather"));
  const count = scenario === "pair" ? 2 : 1;
  const inputs = Array.from({ length: count }, (_, nth) => ({
    loadId: `chaos-${seed}-${nth}`,
    csv: drawCsv(new Draw(seed, "rows", nth), {
      rows: draw.between(50, 400),
      firstId: 1 + nth * 1000,
      // The readers' reading of CSV knows no text that stands for null.
      nullTexts: !readByOthers,
    }),
  }));
  return { seed, scenario, table: `chaos.t_${seed}`, inputs, weather, asProcess, readByOthers };
}

/** Draws how the run of this round goes; a resumed one may go otherwise than the one before. */
export function drawRun(
  plan: LoadPlan,
  of: { readonly round: number; readonly runner: number; readonly mode?: CommitMode | undefined },
): RunPlan {
  const first = new Draw(plan.seed, "run", 0, of.runner);
  const firstPlan = drawRunPlan(first, plan);
  const draw = new Draw(plan.seed, "run", of.round, of.runner);
  const plannedAgain = of.round > 0 && draw.chance(0.4) ? drawRunPlan(draw, plan) : firstPlan;
  return of.mode === undefined ? plannedAgain : { ...plannedAgain, mode: of.mode };
}

function drawRunPlan(draw: Draw, plan: LoadPlan): RunPlan {
  const rows = plan.inputs[0]!.csv.rows.length;
  return {
    mode: draw.weighted([[2, MODES[0]], [1, MODES[1]], [1, MODES[2]]] as const),
    workers: plan.scenario === "pair" ? 8 : draw.pick([1, 2, 2, 3, 4, 4, 6, 8]),
    // Not more than about 40 chunks, so that a load ends within seconds.
    chunkSize: Math.max(Math.ceil(rows / 40), draw.between(5, 50)),
  };
}

/** What ends a run early: a short time for its commits, and the wish that it ends. */
export interface RunLimits {
  readonly commitTimeoutMs: number;
  readonly stopAfterRequests?: number;
}

/** Draws the limits of a run; the last rounds have none that matter. */
export function drawLimits(
  plan: LoadPlan,
  of: { readonly round: number; readonly runner: number },
): RunLimits {
  if (of.round >= CALM_FROM_ROUND) return { commitTimeoutMs: 60_000 };
  const draw = new Draw(plan.seed, "limits", of.round, of.runner);
  const commitTimeoutMs = draw.pick([100, 300, 1000, 4000]);
  const stops = draw.chance(0.35);
  const stopAfterRequests = draw.between(4, 80);
  return stops ? { commitTimeoutMs, stopAfterRequests } : { commitTimeoutMs };
}

/** The weather of a round: it gets better, and the last rounds are without faults. */
export function weatherOf(plan: LoadPlan, round: number): Weather {
  const { weather } = plan;
  if (round >= CALM_FROM_ROUND) {
    return { ...weather, name: "calm", catalog: 0, store: 0, bursts: [] };
  }
  const share = 1 / (1 + round);
  return {
    ...weather,
    catalog: weather.catalog * share,
    store: weather.store * share,
    bursts: round === 0 ? weather.bursts : [],
  };
}

/** Rounds with faults; a load that is not whole after {@linkcode ROUNDS_MAX} has failed. */
export const CALM_FROM_ROUND = 4;
/** The first run and its resumptions. */
export const ROUNDS_MAX = 7;
