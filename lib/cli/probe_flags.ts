/** The flags of `probe`, and what they say when they are read. */
import { UsageError } from "../errors.ts";
import { type Workload, WORKLOADS } from "../probe/history.ts";
import { type PlanOptions, planRuns, type RunPlan } from "../probe/plan.ts";
import { CATALOG_FLAGS, CATALOG_VARIABLES } from "./catalog_choice.ts";
import type { Flag, FlagValues } from "./flags.ts";
import { nearest } from "./nearest.ts";
import { TABLE_FLAGS } from "./table_flags.ts";
import { parseChoice, parseCount } from "./values.ts";
import type { VerbDefinition } from "./verb.ts";

const MODES = ["rounds", "free", "both"] as const;
const WRITERS_MAX = 256;
const COMMITS_MAX = 10_000;
const SEED_MAX = 2 ** 32 - 1;

const PROBE_FLAGS: readonly Flag[] = [
  {
    flags: "--writers <N,…>",
    description: "numbers of writers that race, one run for each",
    group: "Race",
    fallback: "2,4,8,16,32",
  },
  {
    flags: "--commits <N>",
    description: "rounds of a run; when running freely, commits of each writer",
    group: "Race",
    fallback: "50",
  },
  {
    flags: "--workload <NAME,…>",
    description: `races to run: all, or some of ${WORKLOADS.join(", ")}`,
    group: "Race",
    fallback: "all",
    values: ["all", ...WORKLOADS],
  },
  {
    flags: "--mode <MODE>",
    description: "how writers append: rounds that start together, free for throughput, or both",
    group: "Race",
    fallback: "both",
    values: MODES,
    withoutVariables: true,
  },
  {
    flags: "--with-data",
    description: "write fresh Parquet for each append, as a load does",
    group: "Race",
    withoutVariables: true,
  },
  {
    flags: "--seed <N>",
    description: "decides the order in which writers are sent off; random unless given",
    group: "Race",
    withoutVariables: true,
  },
  {
    ...TABLE_FLAGS[0]!,
    description: "namespace of the probe's own tables, made when missing; dots part its levels",
    group: "Table",
  },
  {
    flags: "--keep",
    description: "leave the tables that were made",
    group: "Table",
    withoutVariables: true,
  },
  ...CATALOG_FLAGS,
  {
    flags: "--history <FILE>",
    description: "file that every request and answer is written to",
    path: "file",
    group: "Output",
    fallback: "history.jsonl",
    withoutVariables: true,
  },
  {
    flags: "--report <FILE>",
    description: "write a report as one HTML file",
    path: "file",
    group: "Output",
    withoutVariables: true,
  },
  {
    flags: "--markdown <FILE>",
    description: "write a summary in Markdown, for a CI job or an issue; - is standard output",
    path: "file",
    group: "Output",
    withoutVariables: true,
  },
  { flags: "--json", description: "print events and verdict as JSON lines", group: "Output" },
  {
    flags: "--trace",
    description: "show method, URL and status of requests outside of the races",
    group: "Output",
  },
  { flags: "-q, --quiet", description: "print the verdict only", group: "Output" },
];

/** The command line of `probe`. */
export const PROBE: VerbDefinition = {
  name: "probe",
  usage: "[flags] | check HISTORY [flags]",
  description: "Race writers against a catalog and judge what it answers",
  flags: PROBE_FLAGS,
  operands: [{ values: ["check"] }, { path: "file" }],
  examples: [
    "lakekeeper-ingest probe --uri http://localhost:8181/catalog --warehouse demo",
    "lakekeeper-ingest probe --writers 8 --commits 20 --workload append --report race.html",
    "lakekeeper-ingest probe check history.jsonl --markdown -",
  ],
  notes: [
    "Writers with connections of their own race for tables that the probe makes, and drops at the " +
    "end. Every request and answer goes into the history; then the tables are read, and a checker " +
    'compares both. The right answer to a lost race is 409. "probe check FILE" judges a history ' +
    "again, offline.",
    "Workloads:",
    {
      terms: [
        ["append", "all append to one branch, in rounds and freely"],
        ["first-commit", "all make the first snapshot of an empty table"],
        ["create", "all create the same table"],
        ["schema", "some add a column while others append"],
        ["multi-table", "transactions over two tables, all or nothing"],
        [
          "idempotency",
          "a request sent again under its Idempotency-Key, later and while in flight",
        ],
        ["properties", "all set one property, with and without an assertion"],
        ["stale", "assertions that no longer hold, one after the other"],
      ],
    },
    "With several workloads, those beside append run with one number of writers, 8 at most. A " +
    "workload that the catalog does not offer is told so, not failed. Free running ends after 5 s " +
    "a run.",
  ],
  variables: CATALOG_VARIABLES,
  exitStatus: [
    ["0", "valid: no promise was broken"],
    ["1", "the history cannot be written, or the probe failed otherwise"],
    ["2", "wrong command line or configuration"],
    ["3", "a history that cannot be read"],
    ["6", "the catalog or the store refused access"],
    ["7", "the catalog or the store cannot be reached"],
    ["10", "violation: the catalog broke a promise"],
    ["11", "unknown: too little happened or could be read to judge by"],
    ["130, 143", "interrupted by SIGINT, SIGTERM, and no violation was found until then"],
  ],
};

/** The race that the flags ask for. */
export interface RaceFlags {
  /** Names of the levels of the namespace in which the tables are made. */
  readonly namespace: readonly string[];
  /** One after the other. */
  readonly plans: readonly RunPlan[];
  /** What the random choices follow from. */
  readonly seed: number;
  /** Whether the tables stay when the race is over. */
  readonly keep: boolean;
}

/** Reads the flags of the race. @throws {UsageError} when one of them cannot be. */
export function readRaceFlags(values: FlagValues): RaceFlags {
  const namespace = values.text("namespace")!.split(".");
  if (namespace.includes("")) {
    throw new UsageError(`Cannot use namespace "${values.text("namespace")}": empty name`);
  }
  const options: PlanOptions = {
    writers: readWriters(values.text("writers")!),
    commits: parseCount(values.text("commits")!, { flag: "--commits", min: 1, max: COMMITS_MAX }),
    workloads: readWorkloads(values.text("workload")!),
    mode: readMode(values.text("mode")!),
    withData: values.isOn("with-data"),
  };
  const seed = values.text("seed");
  return {
    namespace,
    plans: planRuns(options),
    seed: seed === undefined
      ? crypto.getRandomValues(new Uint32Array(1))[0]!
      : parseCount(seed, { flag: "--seed", min: 0, max: SEED_MAX }),
    keep: values.isOn("keep"),
  };
}

function readWriters(text: string): number[] {
  const counts = text.split(",").map((part) =>
    parseCount(part, { flag: "--writers", min: 1, max: WRITERS_MAX })
  );
  return [...new Set(counts)].sort((one, other) => one - other);
}

function readWorkloads(text: string): readonly Workload[] {
  if (text === "all") return WORKLOADS;
  const names = text.split(",").map((part) => part.trim());
  for (const name of names) {
    if (WORKLOADS.some((known) => known === name)) continue;
    const near = nearest(name, WORKLOADS);
    throw new UsageError(
      `Cannot use --workload "${name}": it takes all, or some of ${WORKLOADS.join(", ")}`,
      near === undefined ? {} : { hint: `Did you mean "${near}"?` },
    );
  }
  return WORKLOADS.filter((known) => names.includes(known));
}

function readMode(text: string): PlanOptions["mode"] {
  return parseChoice(text, { flag: "--mode", choices: MODES });
}
