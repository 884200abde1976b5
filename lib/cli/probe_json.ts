/** A probe for machines: events as JSON lines, the verdict as the last one. */
import type { EmitProbe } from "../probe/events.ts";
import { jsonLine } from "./json_view.ts";
import { commitStatus, type ProbeResult } from "./probe_result.ts";
import type { Terminal } from "./terminal.ts";

/** Makes the view of a probe's events. */
export function createProbeJsonView(
  terminal: Pick<Terminal, "out">,
  options: { readonly trace: boolean },
): EmitProbe {
  return (event) => {
    if (event.type === "http" && !options.trace) return;
    // Any event has a line of the same form; only the parameter's type is narrower.
    const line = jsonLine(event, new Date());
    terminal.out.write(`${line}\n`);
  };
}

/** The last line. */
export function verdictLine(
  result: ProbeResult,
  of: { readonly exitCode: number; readonly history: string },
): string {
  const { verdict, numbers } = result;
  return jsonLine({
    type: "verdict",
    verdict: verdict.verdict,
    ...(verdict.reason === undefined ? {} : { reason: verdict.reason }),
    violations: verdict.violations,
    commitStatus: commitStatus(result),
    commitsPerS: numbers.ceiling?.commits_per_s ?? null,
    ceiling: numbers.ceiling,
    runs: verdict.runs,
    numbers: numbers.runs,
    notes: verdict.notes,
    history: of.history,
    exitCode: of.exitCode,
  }, new Date());
}
