/** `--report FILE.html`: what a report is written to, and the view of a load that fills it. */
import { UsageError } from "../errors.ts";
import type { Emit } from "../load/events.ts";
import { redactUrl } from "../rest/http.ts";
import { buildInfo } from "./build_info.ts";
import { snakeKeys } from "./json_view.ts";
import { quoteForShell } from "./resume_command.ts";
import type { Output } from "./terminal.ts";

/** A file that a report will stand in. */
export interface ReportFile {
  /** As it was given. */
  readonly path: string;
  /**
   * Puts the report there, whatever stood there before.
   *
   * @throws {Error} of the system when it cannot be written after all.
   */
  write(page: string): Promise<void>;
}

/**
 * Makes sure that a report can be written before anything is done that it would tell of. A file that
 * is there already keeps its content until then.
 *
 * @param options.keeps paths of files that the report must not replace.
 * @throws {UsageError} when it cannot be written.
 */
export async function openReport(
  path: string,
  options: { readonly keeps?: readonly string[] } = {},
): Promise<ReportFile> {
  const refuse = (reason: string, cause?: unknown) =>
    new UsageError(`Cannot write the report "${path}": ${reason}`, { cause });
  try {
    const file = await Deno.open(path, { create: true, append: true });
    file.close();
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : String(error), error);
  }
  const own = await Deno.realPath(path);
  for (const kept of options.keeps ?? []) {
    const isSame = await Deno.realPath(kept).then((other) => other === own, () => false);
    if (isSame) throw refuse("it is the input");
  }
  return { path, write: (page) => Deno.writeTextFile(path, page) };
}

/** A view of a load that makes its report. */
export interface ReportView {
  /** Takes the events of the load. */
  readonly emit: Emit;
  /** Writes the report; says on stderr when that fails, since the load is done. */
  finish(err: Output): Promise<void>;
}

/** Makes the view. What makes the page is loaded only now, since most loads have no report. */
export async function createReportView(
  file: ReportFile,
  options: { readonly args: readonly string[] },
): Promise<ReportView> {
  const [{ createLoadRecorder }, { loadReport }] = await Promise.all([
    import("../report/load_recording.ts"),
    import("../report/load_report.ts"),
  ]);
  const recorder = createLoadRecorder({ now: () => performance.now(), started: new Date() });
  return {
    emit: recorder.emit,
    async finish(err) {
      const recording = recorder.recording();
      const { start, table, summary, errors, failed } = recording;
      const { version, deno, target } = buildInfo();
      const page = loadReport({
        recording,
        json: {
          start: snakeKeys(start ?? null),
          table: snakeKeys(table ?? null),
          summary: snakeKeys(summary ?? null),
          errors: errors.map(snakeKeys),
          failed: failed.map(snakeKeys),
        },
        command: shownCommand(options.args),
        toolVersion: version,
        runtime: `deno ${deno}, ${target}`,
      });
      try {
        await file.write(page);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        err.write(`Cannot write the report "${file.path}": ${reason}\n`);
      }
    },
  };
}

/** A command line for people, who may pass it on: credentials in its URLs are left out. */
export function shownCommand(args: readonly string[]): string {
  return ["lakekeeper-ingest", ...args.map((arg) => quoteForShell(redactUrl(arg)))].join(" ");
}
