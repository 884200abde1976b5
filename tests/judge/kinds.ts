/** The catalogs that the probe has to judge: sound ones, and ones that are wrong in a known way. */
import type { Workload } from "../../lib/probe/history.ts";
import { Draw } from "../chaos/draw.ts";

/** What a catalog is like. */
export const KIND_NAMES = [
  "clean",
  "lost-race-400",
  "lost-race-500",
  "lost-update",
  "drop-response",
  "delay",
  "load-503",
  "honest-mix",
] as const;

/** One of {@link KIND_NAMES}. */
export type KindName = typeof KIND_NAMES[number];

/** What the one right judgement of a kind of catalog is. */
export type Truth =
  /** It keeps every promise, however slow or torn its answers are. */
  | { readonly is: "sound" }
  /** Every lost race is answered with this status. */
  | { readonly is: "era"; readonly status: number }
  /** As many acknowledged commits are lost as its log says. */
  | { readonly is: "loses-updates" };

/** One probe of one catalog, as drawn from a seed. */
export interface Case {
  readonly kind: KindName;
  readonly seed: number;
  readonly truth: Truth;
  /** Flags of `serve` that make the catalog what it is. */
  readonly serveFlags: readonly string[];
  /** Flags of `probe`. */
  readonly probeFlags: readonly string[];
}

/** Workloads that a case has beside `append`. */
const OTHERS: readonly Workload[] = [
  "first-commit",
  "create",
  "schema",
  "multi-table",
  "idempotency",
  "properties",
  "stale",
];
const OTHERS_A_CASE = 3;
/** Rounds of a run. */
const COMMITS_MIN = 10;
const COMMITS_MAX = 16;

/** Draws a case: the same kind and seed give the same. */
export function drawCase(kind: KindName, seed: number): Case {
  const draw = new Draw(seed, "judge", kind);
  const faults = drawFaults(kind, draw);
  const others = drawSome(OTHERS, { count: OTHERS_A_CASE, draw });
  return {
    kind,
    seed,
    truth: truthOf(kind),
    serveFlags: [
      ...eraFlags(kind),
      ...faults.flatMap((rule) => ["--fault", rule]),
      ...(faults.length === 0 ? [] : ["--fault-seed", String(seed)]),
    ],
    probeFlags: [
      ...["--writers", draw.pick(["2,8", "4", "3,6", "8"])],
      ...["--commits", String(draw.between(COMMITS_MIN, COMMITS_MAX))],
      ...["--workload", ["append", ...others].join(",")],
      ...["--mode", draw.pick(["rounds", "rounds", "both"])],
      ...["--seed", String(seed)],
    ],
  };
}

function truthOf(kind: KindName): Truth {
  switch (kind) {
    case "lost-race-400":
      return { is: "era", status: 400 };
    case "lost-race-500":
      return { is: "era", status: 500 };
    case "lost-update":
      return { is: "loses-updates" };
    default:
      return { is: "sound" };
  }
}

function eraFlags(kind: KindName): string[] {
  return kind.startsWith("lost-race-") ? ["--lost-race", kind.slice("lost-race-".length)] : [];
}

function drawFaults(kind: KindName, draw: Draw): string[] {
  const share = (percentMin: number, percentMax: number) =>
    (draw.between(percentMin, percentMax) / 100).toFixed(2);
  const delay = () => `any:delay=${draw.between(0, 5)}ms..${draw.between(10, 40)}ms`;
  const load503 = () =>
    `load:503=${share(3, 20)}${draw.pick(["", ";retry-after=0", ";retry-after=1"])}`;
  switch (kind) {
    case "lost-update":
      // So rarely at times that it does not strike, or once.
      return [`commit:lost-update=${draw.pick(["0.002", "0.01", "0.05", "0.3"])}`];
    case "drop-response":
      return [`commit:drop-response=${share(3, 40)}`];
    case "delay":
      return [delay()];
    case "load-503":
      return [load503()];
    case "honest-mix":
      return [
        `commit:drop-response=${share(1, 15)}`,
        `commit:drop-request=${share(1, 15)}`,
        `commit:truncate=${share(1, 10)}`,
        `create:drop-response=${share(1, 15)}`,
        `${delay()};p=0.3`,
        load503(),
        `load:drop-request=${share(1, 10)}`,
      ];
    default:
      return [];
  }
}

function drawSome<T>(
  things: readonly T[],
  { count, draw }: { readonly count: number; readonly draw: Draw },
): T[] {
  const left = [...things];
  return Array.from({ length: count }, () => left.splice(draw.between(0, left.length - 1), 1)[0]!);
}
