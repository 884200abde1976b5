/** `ingest`: loads a CSV file, or generated rows, into a table. */
import { EXIT_CODE, MissingInputError, UsageError } from "../errors.ts";
import type { Emit, SummaryEvent } from "../load/events.ts";
import { runLoad } from "../load/run.ts";
import { Stop } from "../load/stop.ts";
import { createHttp } from "../rest/http.ts";
import { buildInfo } from "./build_info.ts";
import { chooseCatalog, processEnvironment } from "./catalog_choice.ts";
import type { FlagValues } from "./flags.ts";
import { INGEST } from "./ingest_flags.ts";
import { openInput, readLoadFlags, readLoadId } from "./ingest_options.ts";
import { createJsonView } from "./json_view.ts";
import { nearest } from "./nearest.ts";
import { measurePeakRss } from "./peak_rss.ts";
import { resumeCommand } from "./resume_command.ts";
import { listenForSignals } from "./signals.ts";
import { createReportView, openReport, type ReportView } from "./report_view.ts";
import { createProgressView } from "./progress_view.ts";
import { printShortHelp } from "./short_help.ts";
import { type Terminal, withoutReaders } from "./terminal.ts";
import { createTextView } from "./text_view.ts";
import { readVerbFlags, type VerbCall } from "./verb.ts";
import { VERB_NAMES } from "./verbs.ts";

/**
 * Runs `ingest`.
 *
 * @throws {ToolError} for what is wrong before the load begins.
 */
export async function runIngest(call: VerbCall): Promise<number> {
  // A load goes on to its end when nobody reads of it any more (`… | head`).
  const terminal = withoutReaders(call.terminal);
  const values = await readVerbFlags(call, INGEST).catch(async (error) => {
    throw await withVerb(error, call.args[0]);
  });
  if (values === undefined) return EXIT_CODE.ok;
  const flagged = readLoadFlags(values);
  const source = await openInput(values).catch((error) => {
    throw withSuggestion(error, values.operands[0]);
  });
  if (source === undefined) {
    printShortHelp(terminal.err, terminal);
    return EXIT_CODE.usage;
  }
  if (values.text("load-id") === "auto" && tellsMore(values)) {
    terminal.err.write(`Reading ${source.name} whole, since its content decides the load id\n`);
  }
  const load = await readLoadId(values, source);
  if (values.isOn("dry-run")) {
    const { runDryRun } = await import("./dry_run.ts");
    return await runDryRun(values, { flagged, source, load, terminal });
  }
  const stop = new Stop();
  const signals = listenForSignals(stop, call.exitNow);
  const peakRss = measurePeakRss();
  const catalog = await chooseCatalog(values, processEnvironment);
  const progress = await createProgressView(terminal, { enabled: showsProgress(values) });
  let report: ReportView | undefined;
  try {
    if (catalog.notice !== undefined) terminal.err.write(`${catalog.notice}\n`);
    const view = createView(values, progress.terminal);
    report = await createReport(values, call.args);
    const emit: Emit = (event) => {
      report?.emit(event);
      // The bar goes before the summary comes.
      if (event.type === "summary") progress.emit(event);
      view(event);
      if (event.type !== "summary") progress.emit(event);
    };
    const summary = await runLoad({
      ...flagged,
      source,
      catalog: catalog.target,
      ...load,
      stop,
      http: createHttp({ userAgent: `lakekeeper-ingest/${buildInfo().version}`, onEvent: emit }),
      peakRssBytes: () => peakRss.bytes(),
    }, emit);
    const isDone = summary.exitCode === EXIT_CODE.ok && summary.rowsCommitted > 0;
    if (isDone && catalog.afterwards !== undefined && tellsMore(values)) {
      terminal.err.write(`${catalog.afterwards}\n`);
    }
    // Quiet or not: who does not read it now may never learn the load id.
    if (canBeFinished(summary) && !values.isOn("json")) {
      terminal.err.write(`To finish it: ${resumeCommand(call.args, load.loadId)}\n`);
    }
    return summary.exitCode;
  } finally {
    signals.close();
    progress.stop();
    await report?.finish(terminal.err);
    peakRss.stop();
    await catalog.close();
  }
}

/** @throws {UsageError} when it cannot be written. */
async function createReport(
  values: FlagValues,
  args: readonly string[],
): Promise<ReportView | undefined> {
  const path = values.text("report");
  if (path === undefined) return undefined;
  const file = await openReport(path, { keeps: values.operands });
  return await createReportView(file, { args });
}

/** Whether the same command can bring in what is missing; bad input has to be mended first. */
function canBeFinished(summary: SummaryEvent): boolean {
  const { exitCode, rowsRead } = summary;
  return exitCode !== EXIT_CODE.ok && exitCode !== EXIT_CODE.input && rowsRead > 0;
}

function tellsMore(values: FlagValues): boolean {
  return !values.isOn("json") && !values.isOn("quiet");
}

function showsProgress(values: FlagValues): boolean {
  return !values.isOn("no-progress") && !values.isOn("quiet");
}

function createView(values: FlagValues, terminal: Terminal): Emit {
  const trace = values.isOn("trace");
  return values.isOn("json")
    ? createJsonView(terminal, { trace })
    : createTextView(terminal, { quiet: values.isOn("quiet"), trace });
}

/** A bare word that is no file may have been meant as a verb. */
function withSuggestion(error: unknown, word: string | undefined): unknown {
  if (!(error instanceof MissingInputError)) return error;
  const verb = verbLike(word);
  if (verb === undefined) return error;
  return new MissingInputError(error.message, { cause: error, hint: `Did you mean "${verb}"?` });
}

/** A flag that ingest does not have may be one of the verb that was meant. */
async function withVerb(error: unknown, word: string | undefined): Promise<unknown> {
  const verb = verbLike(word);
  if (!(error instanceof UsageError) || verb === undefined) return error;
  if (await Deno.stat(word!).then(() => true, () => false)) return error;
  return new UsageError(`${error.message}, and "${word}" is no file`, {
    cause: error,
    hint: `Did you mean "${verb}"?`,
  });
}

function verbLike(word: string | undefined): string | undefined {
  if (word === undefined || !/^[a-z]+$/i.test(word)) return undefined;
  return nearest(word.toLowerCase(), VERB_NAMES);
}
