/** `probe`: races writers against a catalog and judges it; `probe check` judges a history again. */
import { EXIT_CODE, InputError, UsageError } from "../errors.ts";
import { Stop } from "../load/stop.ts";
import { checkHistory } from "../probe/check/checker.ts";
import type { HeaderRecord, HistoryRecord } from "../probe/history.ts";
import { HISTORY_FORMAT } from "../probe/history.ts";
import { HistorySink, readHistory } from "../probe/history_file.ts";
import { probeNumbers } from "../probe/numbers.ts";
import { runProbe } from "../probe/run_probe.ts";
import type { Verdict } from "../probe/verdict.ts";
import { createHttp } from "../rest/http.ts";
import { buildInfo } from "./build_info.ts";
import { chooseCatalog, processEnvironment } from "./catalog_choice.ts";
import type { FlagValues } from "./flags.ts";
import { nearest } from "./nearest.ts";
import { PROBE, readRaceFlags } from "./probe_flags.ts";
import { createProbeJsonView, verdictLine } from "./probe_json.ts";
import { markdownOf } from "./probe_markdown.ts";
import type { ProbeResult } from "./probe_result.ts";
import { createProbeView, resultText } from "./probe_view.ts";
import { openReport, shownCommand } from "./report_view.ts";
import { listenForSignals } from "./signals.ts";
import { type Terminal, withoutReaders } from "./terminal.ts";
import { readVerbFlags, type VerbCall } from "./verb.ts";

/**
 * Runs `probe`.
 *
 * @throws {ToolError} when nothing could be raced, or a history cannot be read.
 */
export async function runProbeVerb(call: VerbCall): Promise<number> {
  // The verdict is the exit code, whether or not somebody reads to the end (`… | head`).
  const terminal = withoutReaders(call.terminal);
  const values = await readVerbFlags(call, PROBE);
  if (values === undefined) return EXIT_CODE.ok;
  const [word, ...operands] = values.operands;
  if (word === undefined) return await race(values, { ...call, terminal });
  if (word !== "check") {
    throw new UsageError(
      `Cannot use "${word}": probe takes flags only, or check HISTORY`,
      nearest(word, ["check"]) === undefined ? {} : { hint: 'Did you mean "check"?' },
    );
  }
  return await check(values, { terminal, operands });
}

async function race(values: FlagValues, call: VerbCall): Promise<number> {
  const { terminal } = call;
  const flags = readRaceFlags(values);
  const historyPath = values.text("history")!;
  const outputs = await openOutputs(values);
  const history = await openHistory(historyPath);
  const stop = new Stop();
  const signals = listenForSignals(stop, call.exitNow);
  const catalog = await chooseCatalog(values, processEnvironment);
  try {
    if (catalog.notice !== undefined) terminal.err.write(`${catalog.notice}\n`);
    stop.signal.addEventListener("abort", () => {
      terminal.err.write("Ending the race; what has happened is read and judged\n");
    }, { once: true });
    const emit = values.isOn("json")
      ? createProbeJsonView(terminal, { trace: values.isOn("trace") })
      : createProbeView(terminal, { quiet: values.isOn("quiet"), trace: values.isOn("trace") });
    const { version, deno, target } = buildInfo();
    const userAgent = `lakekeeper-ingest/${version}`;
    const records = await runProbe({
      ...flags,
      catalog: catalog.target,
      command: shownCommand(["probe", ...call.args]),
      tool: { version, runtime: `deno ${deno}`, target },
      userAgent,
      http: createHttp({ userAgent, onEvent: emit }),
      signal: stop.signal,
      graceSignal: stop.graceSignal,
      onRecords: (some) => history.add(some),
    }, emit);
    if (stop.isRequested) {
      const raced = records.filter(({ type }) => type === "run").length;
      terminal.err.write(`Interrupted: ${raced} of ${flags.plans.length} runs were raced\n`);
    }
    const result = judge(records);
    const exitCode = exitCodeOf(result.verdict, stop.isRequested ? stop.exitCode : undefined);
    await outputs.write(result, { records, exitCode, history: historyPath, terminal });
    return exitCode;
  } finally {
    signals.close();
    stop.close();
    await catalog.close();
  }
}

async function check(
  values: FlagValues,
  of: { readonly terminal: Terminal; readonly operands: readonly string[] },
): Promise<number> {
  const [path, ...others] = of.operands;
  if (path === undefined || others.length > 0) {
    throw new UsageError("Cannot check: it takes one HISTORY", {
      hint: "See: lakekeeper-ingest probe --help",
    });
  }
  const outputs = await openOutputs(values);
  const records: HistoryRecord[] = [];
  for await (const record of readHistory(await openForReading(path), { name: path })) {
    records.push(record);
  }
  const result = judge(records);
  const exitCode = exitCodeOf(result.verdict, undefined);
  await outputs.write(result, { records, exitCode, history: path, terminal: of.terminal });
  return exitCode;
}

function judge(records: readonly HistoryRecord[]): ProbeResult {
  return {
    header: records.find((record): record is HeaderRecord => record.type === "header"),
    verdict: checkHistory(records),
    numbers: probeNumbers(records),
  };
}

/** A violation is one, however the race ended. */
function exitCodeOf(verdict: Verdict, interruptedCode: number | undefined): number {
  if (verdict.verdict === "violation") return EXIT_CODE.violation;
  if (interruptedCode !== undefined) return interruptedCode;
  return verdict.verdict === "valid" ? EXIT_CODE.ok : EXIT_CODE.undecided;
}

/** Where the result goes beside the terminal. */
interface Outputs {
  write(result: ProbeResult, of: {
    readonly records: readonly HistoryRecord[];
    readonly exitCode: number;
    readonly history: string;
    readonly terminal: Terminal;
  }): Promise<void>;
}

/** Opens files before anything is raced. @throws {UsageError} when one cannot be written. */
async function openOutputs(values: FlagValues): Promise<Outputs> {
  const markdown = values.text("markdown");
  const reportPath = values.text("report");
  const asJson = values.isOn("json");
  if (markdown === "-" && asJson) {
    throw new UsageError("Cannot print both --json and --markdown - on standard output");
  }
  const markdownFile = markdown === undefined || markdown === "-"
    ? undefined
    : await openReport(markdown);
  const report = reportPath === undefined ? undefined : await openReport(reportPath);
  return {
    async write(result, { records, exitCode, history, terminal }) {
      const { out, err } = terminal;
      if (report !== undefined && result.header !== undefined) {
        const { probeReport } = await import("../report/probe_report.ts");
        const { header, verdict, numbers } = result;
        await report.write(probeReport({ header, verdict, numbers, records }));
      }
      await markdownFile?.write(markdownOf(result));
      if (markdown === "-") out.write(markdownOf(result));
      else if (asJson) out.write(`${verdictLine(result, { exitCode, history })}\n`);
      else out.write(resultText(result, { terminal, quiet: values.isOn("quiet") }));
      if (asJson || values.isOn("quiet")) return;
      err.write(
        `History: ${history}${reportPath === undefined ? "" : `, report: ${reportPath}`}\n`,
      );
    },
  };
}

/** A file that the history of a probe goes into. */
interface HistoryFile {
  /** Adds records and waits until they are written. */
  add(records: readonly HistoryRecord[]): Promise<void>;
}

/**
 * Makes sure that a history can be written. A history that is there already is written over as soon
 * as there is another one; any other file is not.
 *
 * @throws {UsageError}
 */
async function openHistory(path: string): Promise<HistoryFile> {
  const cannot = (reason: string, cause?: unknown) =>
    new UsageError(`Cannot write the history "${path}": ${reason}`, {
      cause,
      hint: "Name another file with --history",
    });
  try {
    using file = await Deno.open(path, { read: true, append: true, create: true });
    const start = new Uint8Array(500);
    const length = await file.read(start) ?? 0;
    const text = new TextDecoder().decode(start.subarray(0, length));
    if (text !== "" && !text.includes(`"${HISTORY_FORMAT}"`)) {
      throw cannot("a file of that name is there, and is no history");
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw cannot(error instanceof Error ? error.message : String(error), error);
  }
  let sink: HistorySink | undefined;
  return {
    async add(records) {
      sink ??= new HistorySink(
        (await Deno.open(path, { write: true, create: true, truncate: true })).writable,
      );
      for (const record of records) {
        if (record.type === "end") return await sink.end(record.time_us);
        sink.add(record);
      }
      await sink.flush();
    },
  };
}

/** @throws {InputError} when there is no such file. */
async function openForReading(path: string): Promise<ReadableStream<Uint8Array>> {
  try {
    return (await Deno.open(path)).readable;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InputError(`Cannot read "${path}": ${reason}`, { cause: error });
  }
}
