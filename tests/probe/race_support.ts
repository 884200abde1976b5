/** Probes of a real catalog on local disk, with a fault proxy before it. */
import { SeededRandom } from "../../lib/random.ts";
import { checkHistory } from "../../lib/probe/check/checker.ts";
import type { ProbeEvent } from "../../lib/probe/events.ts";
import type { CompleteRecord, HistoryRecord, InvokeRecord } from "../../lib/probe/history.ts";
import { type PlanOptions, planRuns } from "../../lib/probe/plan.ts";
import { type ProbeOptions, runProbe } from "../../lib/probe/run_probe.ts";
import type { Verdict } from "../../lib/probe/verdict.ts";
import { createHttp } from "../../lib/rest/http.ts";
import { type ServerOptions, startServer } from "../../lib/server/serve.ts";
import { type FaultPlan, type FaultProxy, startFaultProxy } from "../fault_proxy.ts";

/** A catalog that can be probed. */
export interface ProbedCatalog {
  /** Of the proxy. */
  readonly uri: string;
  /** Of the catalog itself. */
  readonly directUri: string;
  readonly directory: string;
  readonly proxy: FaultProxy;
}

/** What a probe has given. */
export interface Probed {
  readonly records: readonly HistoryRecord[];
  readonly events: readonly ProbeEvent[];
  readonly verdict: Verdict;
}

/** Runs a test with a catalog. Nothing fails on the way unless `plan` says so. */
export async function withProbedCatalog(
  test: (catalog: ProbedCatalog) => Promise<void>,
  plan: FaultPlan = () => undefined,
  options: Pick<ServerOptions, "idempotencyKeys"> = {},
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "probe-" });
  const server = await startServer({
    warehouses: [{ name: "demo", root: directory }],
    ...options,
  });
  const proxy = startFaultProxy(server.uri, plan);
  try {
    await test({ uri: proxy.uri, directUri: server.uri, directory, proxy });
  } finally {
    await proxy.close();
    await server.close();
    await Deno.remove(directory, { recursive: true });
  }
}

/** Options of {@linkcode probe}. */
export interface ProbeTestOptions
  extends Partial<Pick<ProbeOptions, "keep" | "signal" | "graceSignal" | "onRecords">> {
  readonly plan: Partial<PlanOptions>;
  readonly seed?: number;
  readonly namespace?: readonly string[];
  readonly onEvent?: (event: ProbeEvent) => void;
}

/** Probes a catalog and judges what came of it. */
export async function probe(uri: string, options: ProbeTestOptions): Promise<Probed> {
  const { plan, seed = 1, namespace = ["ns"], onEvent, ...rest } = options;
  const never = new AbortController().signal;
  const events: ProbeEvent[] = [];
  const records = await runProbe({
    catalog: { name: "test", uri, warehouse: "demo", token: "none", properties: {} },
    namespace,
    plans: planRuns({
      writers: [4],
      commits: 3,
      workloads: ["append"],
      mode: "rounds",
      withData: false,
      ...plan,
    }),
    keep: false,
    seed,
    command: "test",
    tool: { version: "test", runtime: "test", target: "test" },
    userAgent: "test/1",
    http: createHttp({ userAgent: "test/1", onEvent: () => {} }),
    signal: never,
    graceSignal: never,
    ...rest,
  }, (event) => {
    events.push(event);
    onEvent?.(event);
  });
  return { records, events, verdict: checkHistory(records, { minConflicts: 0 }) };
}

/** Requests of a history with their answers. */
export function requestsOf(
  records: readonly HistoryRecord[],
): { readonly invoke: InvokeRecord; readonly complete: CompleteRecord | undefined }[] {
  const completes = new Map(
    records.filter((record) => record.type === "complete").map((record) => [record.op, record]),
  );
  return records.filter((record) => record.type === "invoke")
    .map((invoke) => ({ invoke, complete: completes.get(invoke.op) }));
}

/** How often each status was answered. */
export function statuses(records: readonly HistoryRecord[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { complete } of requestsOf(records)) {
    const key = String(complete?.status ?? "none");
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

/** A seed for a random test, and a stream of it. */
export function seeded(): { readonly seed: number; readonly random: SeededRandom } {
  const given = Deno.env.get("PROBE_SEED");
  const seed = given === undefined ? crypto.getRandomValues(new Uint32Array(1))[0]! : Number(given);
  return { seed, random: new SeededRandom(seed) };
}

/** A plan that lets a catalog promise Idempotency-Keys, whether or not it keeps them. */
export const promisesKeys: FaultPlan = ({ target }) => {
  if (!target.includes("/v1/config")) return undefined;
  const config = { defaults: {}, overrides: {}, "idempotency-key-lifetime": "PT30M" };
  return { reply: { status: 200, body: JSON.stringify(config) } };
};
