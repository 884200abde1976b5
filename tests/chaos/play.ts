/** Plays a drawn load to its end: runs it, resumes it, and judges the table after each run. */
import type { CommitMode } from "../../lib/load/events.ts";
import {
  accessBy,
  type AttemptPlan,
  type AttemptResult,
  runAsProcess,
  runHere,
} from "./attempt.ts";
import { Draw } from "./draw.ts";
import { drawLimits, drawRun, type LoadPlan, ROUNDS_MAX, weatherOf } from "./load_plan.ts";
import { type ChaosProxy, startChaosProxy } from "./proxy.ts";
import { readByOthers } from "./other_readers.ts";
import type { ChaosSite } from "./site.ts";
import { readTable } from "./table_reading.ts";
import { isSound, judge, type Verdict } from "./verdict.ts";
import { faultPlan, sparingFirstCommits } from "./weather.ts";

/** How a load went. */
export interface Played {
  readonly verdict: Verdict;
  /** Claims of the tool that were not so, and that it never came to its end. */
  readonly failures: readonly string[];
  /** Runs that it took. */
  readonly rounds: number;
  readonly snapshots: number;
  /** How often each fault happened. */
  readonly faults: ReadonlyMap<string, number>;
  /** What the runs said went wrong. */
  readonly complaints: readonly string[];
}

/** Plays a load. */
export async function playLoad(
  site: ChaosSite,
  plan: LoadPlan,
  wishes: { readonly mode?: CommitMode | undefined } = {},
): Promise<Played> {
  const proxies = startProxies(site);
  try {
    return await playThrough(proxies, { site, plan, mode: wishes.mode });
  } finally {
    await proxies.catalog.close();
    await proxies.store?.close();
  }
}

interface Proxies {
  readonly catalog: ChaosProxy;
  readonly store: ChaosProxy | undefined;
}

function startProxies(site: ChaosSite): Proxies {
  const pass = () => undefined;
  return {
    catalog: startChaosProxy(new URL(site.uri).origin, pass),
    store: site.s3Endpoint === undefined ? undefined : startChaosProxy(site.s3Endpoint, pass),
  };
}

async function playThrough(
  proxies: Proxies,
  of: { readonly site: ChaosSite; readonly plan: LoadPlan; readonly mode: CommitMode | undefined },
): Promise<Played> {
  const { site, plan, mode } = of;
  const expected = plan.inputs.flatMap(({ csv }) => csv.rows);
  const failures: string[] = [];
  const complaints: string[] = [];
  for (let round = 0;; round++) {
    const weather = weatherOf(plan, round);
    // Another seed each round, or a resumed run would meet the same faults again.
    const seed = plan.seed + round * 2 ** 40;
    const faults = faultPlan(seed, "catalog", weather);
    proxies.catalog.plan = site.refusesSecondFirst ? faults : sparingFirstCommits(faults);
    if (proxies.store !== undefined) proxies.store.plan = faultPlan(seed, "store", weather);
    const results = await runAll(proxies, { site, plan, round, mode });
    const whole = results.every(({ exitCode }) => exitCode === 0);
    // What is still on its way lands before the table is judged, or while the load is resumed.
    if (whole || new Draw(plan.seed, "settle", round).chance(0.5)) {
      await proxies.catalog.settled();
      await proxies.store?.settled();
    }
    for (const { complaints: some } of results) complaints.push(...some);
    const reading = await readTable(site, plan.table);
    const verdict = judge(reading, expected);
    failures.push(...falseClaims(plan, { results, rows: reading.rows.length, round }));
    const damaged = verdict.corrupted || verdict.doubled > 0 || verdict.liveFilesDeleted > 0;
    if (!whole && !damaged && failures.length === 0 && round + 1 < ROUNDS_MAX) continue;
    if (!whole) {
      const codes = results.map(({ exitCode }) => exitCode).join(" and ");
      failures.push(`not whole after ${round + 1} runs, exit code ${codes}`);
    }
    if (whole && plan.readByOthers && isSound(verdict)) {
      failures.push(...await readByOthers(site, plan));
    }
    if (isSound(verdict) && failures.length === 0 && reading.location !== undefined) {
      await site.forget(reading.location);
    }
    return {
      verdict,
      failures,
      rounds: round + 1,
      snapshots: reading.snapshots,
      faults: new Map([...proxies.catalog.faults, ...proxies.store?.faults ?? []]),
      complaints,
    };
  }
}

/** Runs the load, or both of two at once. */
function runAll(
  proxies: Proxies,
  of: {
    readonly site: ChaosSite;
    readonly plan: LoadPlan;
    readonly round: number;
    readonly mode: CommitMode | undefined;
  },
): Promise<AttemptResult[]> {
  const { site, plan, round, mode } = of;
  const access = accessBy(site, {
    catalog: proxies.catalog.origin,
    store: proxies.store?.origin,
  });
  const runners = plan.scenario === "twins" ? [plan.inputs[0]!, plan.inputs[0]!] : plan.inputs;
  return Promise.all(runners.map(({ loadId, csv }, runner) => {
    const attempt: AttemptPlan = {
      ...drawRun(plan, { round, runner: plan.scenario === "twins" ? 0 : runner, mode }),
      csv: csv.bytes,
      table: plan.table,
      loadId,
      ...drawLimits(plan, { round, runner }),
    };
    return plan.asProcess ? runAsProcess(attempt, access) : runHere(attempt, access);
  }));
}

/** Rows in the table beside the rows that the runs say are there, or may be. */
function falseClaims(
  plan: LoadPlan,
  of: {
    readonly results: readonly AttemptResult[];
    readonly rows: number;
    readonly round: number;
  },
): string[] {
  const { results, rows, round } = of;
  const claims = results.map(({ rowsClaimed, rowsUnknown }) => ({
    least: rowsClaimed,
    most: rowsClaimed + rowsUnknown,
  }));
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  // Twins load the same rows: each may know of what the other has done, or not.
  const least = plan.scenario === "pair"
    ? sum(claims.map((claim) => claim.least))
    : Math.max(...claims.map((claim) => claim.least));
  const most = sum(claims.map((claim) => claim.most));
  const faults = [];
  if (rows < least) faults.push(`${least} rows were said to be in the table, which has ${rows}`);
  // A resumed run that ends early does not tell of all that the runs before it have committed.
  if (plan.scenario !== "twins" && round === 0 && rows > most) {
    faults.push(`at most ${most} rows could be in the table by what was said, and it has ${rows}`);
  }
  return faults;
}
