/** `clean`: removes what a load has left behind. */
import { EXIT_CODE, UsageError } from "../errors.ts";
import { type CleanEvent, type CleanSummary, type FileCount, runClean } from "../load/clean.ts";
import { formatTableName } from "../rest/catalog.ts";
import { createHttp } from "../rest/http.ts";
import { LOAD_ID_PATTERN } from "../table/locations.ts";
import { buildInfo } from "./build_info.ts";
import {
  CATALOG_FLAGS,
  CATALOG_VARIABLES,
  chooseCatalog,
  processEnvironment,
} from "./catalog_choice.ts";
import type { Flag, FlagValues } from "./flags.ts";
import { jsonLine } from "./json_view.ts";
import { readTableName, TABLE_FLAGS } from "./table_flags.ts";
import { paint, type Terminal } from "./terminal.ts";
import { formatCount, formatDuration, formatMebibytes, parseDurationMs } from "./values.ts";
import { readVerbFlags, type VerbCall, type VerbDefinition } from "./verb.ts";

const CLEAN_FLAGS: readonly Flag[] = [
  {
    flags: "--load-id <ID>",
    description: "the load whose files are looked for, as it printed it",
    group: "Files",
  },
  {
    flags: "--older-than <DURATION>",
    description: "leave files that are younger: a commit may still be under way, or land late",
    group: "Files",
    fallback: "1h",
  },
  {
    flags: "-n, --dry-run",
    description: "show what would be removed, and remove nothing",
    group: "Files",
    withoutVariables: true,
  },
  {
    flags: "--history-expired",
    description: "take snapshots that the history lacks for expired, not for hidden",
    group: "Files",
    withoutVariables: true,
  },
  ...TABLE_FLAGS,
  ...CATALOG_FLAGS,
  { flags: "--json", description: "print events as JSON lines", group: "Output" },
  {
    flags: "--trace",
    description: "show method, URL and status of every request",
    group: "Output",
  },
];

/** The command line of `clean`. */
export const CLEAN: VerbDefinition = {
  name: "clean",
  usage: "--load-id ID [flags]",
  description: "Remove files of a load that no snapshot refers to",
  flags: CLEAN_FLAGS,
  examples: [
    "lakekeeper-ingest clean --load-id 2026-03-01 --dry-run",
    "lakekeeper-ingest clean --load-id 2026-03-01 --table sales.orders --older-than 2h",
  ],
  notes: [
    "Removed are files of this load's own, known by their names, in the table's data and metadata " +
    "directories, that no snapshot on any branch or tag refers to. All manifests are read first; " +
    "when one cannot be read, nothing is removed. What stays in any case:",
    {
      lines: [
        "- files that a snapshot refers to, and files younger than --older-than",
        "- files outside of the table's location (write.data.path), where another",
        "  table's may lie",
        "- where the history is cut (a snapshot's parent is missing): every file that a",
        "  missing snapshot may refer to, unless --history-expired says that those have",
        "  expired",
        "- where the catalog keeps branches of its own (Nessie): every file that one of",
        "  them may refer to; such catalogs have a garbage collector of their own",
      ],
    },
    "Do not clean a table that is registered in two catalogs, each with its own snapshots.",
  ],
  variables: CATALOG_VARIABLES,
  exitStatus: [
    ["0", "nothing is left to remove, whether or not something was found"],
    ["1", "there is no such table, or it was replaced meanwhile"],
    ["2", "wrong command line or configuration"],
    ["6", "the catalog or the store refused access"],
    ["7", "the catalog or the store cannot be reached, or a manifest cannot be read"],
  ],
};

/**
 * Runs `clean`.
 *
 * @throws {ToolError} when the files cannot be judged or removed.
 */
export async function runCleanVerb(call: VerbCall): Promise<number> {
  const values = await readVerbFlags(call, CLEAN);
  if (values === undefined) return EXIT_CODE.ok;
  const { terminal } = call;
  if (values.operands.length > 0) {
    throw new UsageError(`Cannot use "${values.operands[0]}": clean takes flags only`);
  }
  const loadId = readLoadId(values);
  const table = readTableName(values);
  const olderThan = values.text("older-than")!;
  const olderThanMs = parseDurationMs(olderThan, { flag: "--older-than" });
  const catalog = await chooseCatalog(values, processEnvironment);
  try {
    if (catalog.notice !== undefined) terminal.err.write(`${catalog.notice}\n`);
    if (!values.isOn("json")) {
      const { name, uri, warehouse } = catalog.target;
      terminal.err.write(
        `Looking for files of load ${loadId} in ${formatTableName(table)} of ${name} ` +
          `(${uri}, warehouse ${warehouse})\n`,
      );
    }
    const emit = createView(values, { terminal, olderThanMs });
    await runClean({
      catalog: catalog.target,
      table,
      loadId,
      olderThanMs,
      dryRun: values.isOn("dry-run"),
      historyExpired: values.isOn("history-expired"),
      http: createHttp({ userAgent: `lakekeeper-ingest/${buildInfo().version}`, onEvent: emit }),
    }, emit);
    return EXIT_CODE.ok;
  } finally {
    await catalog.close();
  }
}

function readLoadId(values: FlagValues): string {
  const text = values.text("load-id");
  if (text === undefined) {
    throw new UsageError("Cannot clean: --load-id is missing", {
      hint: "A load prints its id before the first commit",
    });
  }
  if (text === "auto" || !LOAD_ID_PATTERN.test(text)) {
    throw new UsageError(`Cannot use --load-id "${text}": it takes the id that a load has printed`);
  }
  return text;
}

function createView(
  values: FlagValues,
  of: { readonly terminal: Terminal; readonly olderThanMs: number },
): (event: CleanEvent) => void {
  const { out, err } = of.terminal;
  const trace = values.isOn("trace");
  const asJson = values.isOn("json");
  return (event) => {
    if (event.type === "http" && !trace) return;
    if (asJson) {
      const shown = event.type === "wouldRemove" ? { ...event, type: "would_remove" } : event;
      // Any event has a line of the same form; only the parameter's type is narrower.
      out.write(`${jsonLine(shown, new Date())}\n`);
      return;
    }
    switch (event.type) {
      case "http": {
        const { method, url, status, error, elapsedMs } = event;
        const line = `${method} ${url} ${status ?? error} ${formatDuration(elapsedMs)}`;
        err.write(`${paint(err, "dim", line)}\n`);
        return;
      }
      case "removed":
      case "wouldRemove": {
        const verb = event.type === "removed" ? "Removed" : "Would remove";
        out.write(`${verb} ${event.location} (${formatBytes(event.bytes)})\n`);
        return;
      }
      case "clean":
        out.write(summaryText(event, of.olderThanMs));
    }
  };
}

function summaryText(summary: CleanSummary, olderThanMs: number): string {
  const { kept } = summary;
  const reasons: ReadonlyArray<readonly [FileCount, string]> = [
    [kept.referenced, "a snapshot refers to them"],
    [kept.young, `younger than ${formatDuration(olderThanMs)}`],
    [kept.outside, "outside of the table's location, where another table's files may lie"],
    [
      kept.hidden,
      summary.hiddenSnapshots === "elsewhere"
        ? "another branch of the catalog may refer to them"
        : "a snapshot that the history lacks may refer to them; if those have expired, add " +
          "--history-expired",
    ],
  ];
  const lines = [
    `Found:     ${filesText(summary.found)} of load ${summary.loadId} in ${summary.table}`,
    ...reasons.filter(([{ files }]) => files > 0)
      .map(([count, why]) => `Kept:      ${filesText(count)}: ${why}`),
    `${summary.dryRun ? "To remove:" : "Removed:  "} ${filesText(summary.removed)}`,
  ];
  return `${lines.join("\n")}\n`;
}

function filesText({ files, bytes }: FileCount): string {
  const size = files === 0 ? "" : `, ${formatBytes(bytes)}`;
  return `${formatCount(files)} ${files === 1 ? "file" : "files"}${size}`;
}

function formatBytes(bytes: number): string {
  return bytes < 2 ** 20 ? `${formatCount(bytes)} bytes` : formatMebibytes(bytes);
}
