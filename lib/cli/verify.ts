/** `verify`: compares a table with its source, row by row, in any order. */
import { EXIT_CODE, UsageError } from "../errors.ts";
import { openSource, type Source } from "../input/source.ts";
import { createHttp } from "../rest/http.ts";
import { LOAD_ID_PATTERN } from "../table/locations.ts";
import type { EmitVerify, VerifyEvent } from "../verify/events.ts";
import { runVerify } from "../verify/run.ts";
import { buildInfo } from "./build_info.ts";
import {
  CATALOG_FLAGS,
  CATALOG_VARIABLES,
  chooseCatalog,
  processEnvironment,
} from "./catalog_choice.ts";
import type { Flag, FlagValues } from "./flags.ts";
import { CSV_FLAGS, readDialect } from "./input_flags.ts";
import { jsonLine } from "./json_view.ts";
import { measurePeakRss } from "./peak_rss.ts";
import { readTableName, TABLE_FLAGS } from "./table_flags.ts";
import { type Terminal, withoutReaders } from "./terminal.ts";
import { parseCount } from "./values.ts";
import { createVerifyView } from "./verify_view.ts";
import { readVerbFlags, type VerbCall, type VerbDefinition } from "./verb.ts";

const SHOW_DEFAULT = 10;
const SHOW_MAX = 10_000;

/** More would wait for the one thread that reads the source. */
const WORKERS_MAX = 4;

const VERIFY_FLAGS: readonly Flag[] = [
  {
    flags: "--load-id <ID>",
    description: "compare only the data files that this load has written",
    group: "Comparison",
  },
  {
    flags: "--show <N>",
    description: "differing rows that are printed; 0 only tells whether any differ",
    group: "Comparison",
    fallback: String(SHOW_DEFAULT),
  },
  ...CSV_FLAGS,
  ...TABLE_FLAGS,
  ...CATALOG_FLAGS,
  { flags: "--json", description: "print events as JSON lines", group: "Output" },
  {
    flags: "--trace",
    description: "show method, URL and status of every request",
    group: "Output",
  },
  {
    flags: "-q, --quiet",
    description: "print differing rows and the summary only",
    group: "Output",
  },
];

/** The command line of `verify`. */
export const VERIFY: VerbDefinition = {
  name: "verify",
  usage: "FILE [flags]",
  operands: [{ path: "file" }],
  description: "Compare a table with the CSV file that it was loaded from",
  flags: VERIFY_FLAGS,
  examples: [
    "lakekeeper-ingest verify sample_data.csv",
    "lakekeeper-ingest verify orders.csv --table sales.orders --load-id 2026-03-01",
  ],
  notes: [
    "Rows are compared by their values in the table's types, whatever their order. A column that " +
    "the file lacks must be null in the table, or have its write default. -0 and 0 differ; all " +
    "NaN are the same.",
  ],
  variables: CATALOG_VARIABLES,
  exitStatus: [
    ["0", "the table has the rows of the file, no more and no fewer"],
    ["1", "they differ, or the file or the table is missing"],
    ["2", "wrong command line or configuration"],
    ["3", "bad input, or input that does not fit the table, or a table that cannot be compared"],
    ["6", "the catalog or the store refused access"],
    ["7", "the catalog or the store cannot be reached"],
  ],
};

/**
 * Runs `verify`.
 *
 * @throws {ToolError} when the comparison cannot be made.
 */
export async function runVerifyVerb(call: VerbCall): Promise<number> {
  // The verdict is the exit code, whether or not somebody reads to the end (`… | head`).
  const terminal = withoutReaders(call.terminal);
  const values = await readVerbFlags(call, VERIFY);
  if (values === undefined) return EXIT_CODE.ok;
  const dialect = readDialect(values);
  const table = readTableName(values);
  const loadId = readLoadId(values);
  const show = parseCount(values.text("show")!, { flag: "--show", min: 0, max: SHOW_MAX });
  const source = await openFile(values);
  const peakRss = measurePeakRss();
  const catalog = await chooseCatalog(values, processEnvironment);
  try {
    if (catalog.notice !== undefined) terminal.err.write(`${catalog.notice}\n`);
    const emit = createView(values, terminal);
    const summary = await runVerify({
      source,
      dialect,
      table,
      loadId,
      show,
      catalog: catalog.target,
      workers: Math.max(1, Math.min(WORKERS_MAX, navigator.hardwareConcurrency)),
      http: createHttp({ userAgent: `lakekeeper-ingest/${buildInfo().version}`, onEvent: emit }),
      peakRssBytes: () => peakRss.bytes(),
    }, emit);
    return summary.exitCode;
  } finally {
    peakRss.stop();
    await catalog.close();
  }
}

async function openFile(values: FlagValues): Promise<Source> {
  const [path, ...others] = values.operands;
  if (path === undefined || others.length > 0) {
    throw new UsageError("Cannot compare: verify takes one FILE", {
      hint: "See: lakekeeper-ingest verify --help",
    });
  }
  if (path === "-") throw new UsageError("Cannot compare standard input: name a file");
  return await openSource(path);
}

function readLoadId(values: FlagValues): string | undefined {
  const text = values.text("load-id");
  if (text === undefined) return undefined;
  if (text === "auto" || !LOAD_ID_PATTERN.test(text)) {
    throw new UsageError(`Cannot use --load-id "${text}": it takes the id that a load has printed`);
  }
  return text;
}

function createView(values: FlagValues, terminal: Terminal): EmitVerify {
  const trace = values.isOn("trace");
  if (!values.isOn("json")) {
    return createVerifyView(terminal, { quiet: values.isOn("quiet"), trace });
  }
  return (event: VerifyEvent) => {
    if (event.type === "http" && !trace) return;
    // Any event has a line of the same form; only the parameter's type is narrower.
    const line = jsonLine(event, new Date());
    terminal.out.write(`${line}\n`);
  };
}
