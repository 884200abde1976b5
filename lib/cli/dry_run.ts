/** `ingest --dry-run`: shows what the load would do, and does nothing. */
import { EXIT_CODE } from "../errors.ts";
import type { Source } from "../input/source.ts";
import type { Emit } from "../load/events.ts";
import type { LoadOptions } from "../load/options.ts";
import { type LoadPlan, planLoad } from "../load/plan_load.ts";
import { Stop } from "../load/stop.ts";
import { createHttp } from "../rest/http.ts";
import { buildInfo } from "./build_info.ts";
import {
  type CatalogDecision,
  type ChosenCatalog,
  decideCatalog,
  openCatalog,
  processEnvironment,
} from "./catalog_choice.ts";
import { embeddedExists } from "./embedded_place.ts";
import type { FlagValues } from "./flags.ts";
import type { FlaggedLoad } from "./ingest_options.ts";
import { jsonLine } from "./json_view.ts";
import { inAscii, paint, type Terminal } from "./terminal.ts";
import { formatCount, formatDuration, formatMebibytes } from "./values.ts";

/** What the flags have already said. */
export interface DryRun {
  /** What the flags say of the load. */
  readonly flagged: FlaggedLoad;
  /** The input. */
  readonly source: Source;
  /** Its id, and whether that may have been used before. */
  readonly load: Pick<LoadOptions, "loadId" | "mayResume">;
  /** Where the plan is shown. */
  readonly terminal: Terminal;
}

/**
 * Shows the plan of a load. Only GET requests are sent, and an embedded catalog that is not there
 * is not made.
 *
 * @throws {ToolError} for whatever would keep the load from beginning, with the load's exit code.
 */
export async function runDryRun(values: FlagValues, of: DryRun): Promise<number> {
  const { flagged, source, load, terminal } = of;
  const decision = await decideCatalog(values, processEnvironment);
  const exists = decision.kind === "rest" || await embeddedExists(decision.directory);
  const catalog = exists ? await openCatalog(decision) : notThere(decision);
  const stop = new Stop();
  try {
    if (decision.notice !== undefined) terminal.err.write(`${decision.notice}\n`);
    const emit = createView(values, terminal);
    const plan = await planLoad({
      ...flagged,
      ...load,
      source,
      catalog: catalog.target,
      catalogExists: exists,
      stop,
      http: createHttp({ userAgent: `lakekeeper-ingest/${buildInfo().version}`, onEvent: emit }),
      peakRssBytes: () => 0,
    }, emit);
    if (values.isOn("json")) {
      terminal.out.write(`${jsonLine(plan, new Date())}\n`);
    } else {
      const text = planText(plan, { hasNewId: values.text("load-id") === undefined });
      terminal.out.write(terminal.usesUnicode ? text : inAscii(text));
    }
    return EXIT_CODE.ok;
  } finally {
    stop.close();
    await catalog.close();
  }
}

/** An embedded catalog that the load would make. */
function notThere(decision: CatalogDecision): ChosenCatalog {
  const { target, notice } = decision;
  const uri = decision.kind === "embedded" ? `embedded:${decision.directory}` : decision.uri;
  return {
    target: { ...target, uri },
    notice,
    afterwards: undefined,
    close: () => Promise.resolve(),
  };
}

/** Requests when traced, and notices. */
function createView(values: FlagValues, terminal: Terminal): Emit {
  const { out, err } = terminal;
  const trace = values.isOn("trace");
  const asJson = values.isOn("json");
  return (event) => {
    if (event.type === "http" && !trace) return;
    if (asJson) out.write(`${jsonLine(event, new Date())}\n`);
    else if (event.type === "notice") err.write(`${event.message}\n`);
    else if (event.type === "http") {
      const { method, url, status, error, elapsedMs } = event;
      const line = `${method} ${url} ${status ?? error} ${formatDuration(elapsedMs)}`;
      err.write(`${paint(err, "dim", line)}\n`);
    }
  };
}

/** The plan for people. */
export function planText(plan: LoadPlan, of: { readonly hasNewId: boolean }): string {
  const lines = [
    "Dry run: nothing is written.",
    "",
    ...columnLines(plan),
    "",
    ...[...factsOf(plan, of)].map(([name, value]) => `${`${name}:`.padEnd(10)} ${value}`),
    "",
    plan.steps.length === 0 ? "Nothing would be sent." : "Would be sent, lost races apart:",
    ...plan.steps.map(({ action, target, purpose, count }) =>
      `  ${action} ${target}: ${purpose}${count === 1 ? "" : ` ×${formatCount(count)}`}`
    ),
  ];
  return `${lines.join("\n")}\n`;
}

function columnLines(plan: LoadPlan): string[] {
  const rows = [
    ["Column", "Type", "Required", "Nulls"],
    ...plan.columns.map(({ name, type, required, nulls }) => [
      name,
      type,
      required ? "yes" : "no",
      nulls === null ? "not in the input" : formatCount(nulls),
    ]),
  ];
  const widths = [0, 1, 2].map((at) => Math.max(...rows.map((row) => row[at]!.length)));
  const seen = plan.typesAreOfAllRows ? "all" : `the first ${formatCount(plan.rowsSampled)}`;
  const counted = plan.rowsCounted === plan.rowsSampled
    ? ""
    : `, nulls of the first ${formatCount(plan.rowsCounted)}`;
  return [
    ...rows.map((row) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("  ").trimEnd()),
    `Types are those of ${seen} rows${counted}${
      plan.typesAreOfAllRows ? "" : "; --infer-rows all looks at every row"
    }.`,
  ];
}

function* factsOf(
  plan: LoadPlan,
  of: { readonly hasNewId: boolean },
): Generator<readonly [string, string]> {
  const about = plan.rowsAreExact ? "" : "about ";
  const rows = plan.rows === null ? "rows not known" : `${about}${rowsText(plan.rows)}`;
  const size = plan.inputBytes === null ? "" : `, ${formatSize(plan.inputBytes)}`;
  yield ["Input", `${plan.input}, ${rows}${size}`];
  yield ["Catalog", `${plan.uri}, warehouse ${plan.warehouse}`];
  const made = plan.namespacesMissing.length === 0
    ? ""
    : `, and namespace ${plan.namespacesMissing.join(", ")} with it`;
  yield [
    "Table",
    plan.tableExists
      ? `${plan.table}, there at ${plan.location} (format version ${plan.formatVersion})`
      : `${plan.table}, would be made${made} (format version ${plan.formatVersion})`,
  ];
  for (const difference of plan.differences) yield ["Differs", difference];
  yield ["Load id", of.hasNewId ? "a new one each time" : plan.loadId];
  if (plan.mayResume) {
    yield [
      "Loaded",
      `${rowsText(plan.rowsLoaded)} (${formatSize(plan.bytesLoaded)} of the input) already in ` +
      "the table under this id",
    ];
  }
  const chunks = plan.chunks === null
    ? "chunks"
    : `${about}${formatCount(plan.chunks)} ${plan.chunks === 1 ? "chunk" : "chunks"}`;
  const workers = `${plan.workers} ${plan.workers === 1 ? "worker" : "workers"}`;
  yield ["Plan", `${chunks} of ${rowsText(plan.chunkRows)}, by ${workers}`];
  yield ["Commits", commitsText(plan)];
}

function commitsText(plan: LoadPlan): string {
  const { snapshots, commitMode } = plan;
  if (snapshots === null) return `--commit ${commitMode}`;
  const some = commitMode === "grouped" ? "at most " : "";
  const word = snapshots === 1 ? "snapshot" : "snapshots";
  // Above this the history of a table gets slow to read for everyone.
  const many = snapshots > SNAPSHOTS_MAX ? "; --commit once makes one" : "";
  return `${some}${formatCount(snapshots)} ${word} (--commit ${commitMode}${many})`;
}

const SNAPSHOTS_MAX = 1000;

function rowsText(rows: number): string {
  return `${formatCount(rows)} ${rows === 1 ? "row" : "rows"}`;
}

function formatSize(bytes: number): string {
  return bytes < 2 ** 20 ? `${formatCount(bytes)} bytes` : formatMebibytes(bytes);
}
