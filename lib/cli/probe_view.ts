/** A probe for people: how it goes on stderr, the verdict on stdout. */
import type { EmitProbe, RunStartEvent } from "../probe/events.ts";
import type { Violation } from "../probe/verdict.ts";
import { countOf } from "../report/format.ts";
import { KIND_WORDS, VERDICT_WORDS, verdictSentence } from "../report/probe_words.ts";
import {
  alikeViolations,
  ceilingText,
  figures,
  type ProbeResult,
  reservations,
} from "./probe_result.ts";
import { paint, type Terminal } from "./terminal.ts";
import { formatDuration } from "./values.ts";
import { wrap } from "./wrap.ts";

/** Operations that are named of violations that are alike. */
const OPERATIONS_SHOWN_MAX = 10;
const LINE_CHARACTERS_MAX = 100;
const CLEAR_LINE = "\r\x1b[K";

/** Makes the view of a probe's events. */
export function createProbeView(
  terminal: Terminal,
  options: { readonly quiet: boolean; readonly trace: boolean },
): EmitProbe {
  const { err } = terminal;
  let runs = 0;
  let current: RunStartEvent | undefined;
  const say = (text: string) => err.write(`${err.animates ? CLEAR_LINE : ""}${text}\n`);
  return (event) => {
    switch (event.type) {
      case "start":
        runs = event.runs;
        if (options.quiet) return;
        say(
          `Probing ${event.catalog} (${event.uri}, warehouse ${event.warehouse}) with tables in ` +
            `namespace ${event.namespace}, seed ${event.seed}`,
        );
        return;
      case "run_start":
        current = event;
        return;
      case "progress":
        if (options.quiet || !err.animates || current === undefined) return;
        err.write(`${CLEAR_LINE}${runText(current, runs)}: ${event.done} of ${event.total}`);
        return;
      case "run_end": {
        if (options.quiet || current === undefined) return;
        const outcome = event.notOffered === undefined
          ? `${countOf(event.attempts, "request")}, ${event.acknowledged} acknowledged, ` +
            formatDuration(event.elapsedMs)
          : `not offered, ${event.notOffered}`;
        say(`${runText(current, runs)}: ${outcome}`);
        return;
      }
      case "notice":
        say(event.message);
        return;
      case "http":
        if (!options.trace) return;
        say(paint(
          err,
          "dim",
          `${event.method} ${event.url} ${event.status ?? event.error} ` +
            formatDuration(event.elapsedMs),
        ));
    }
  };
}

function runText(run: RunStartEvent, runs: number): string {
  const mode = run.mode === "free" ? ", running freely" : "";
  return `Run ${run.run} of ${runs}: ${run.workload}, ${countOf(run.writers, "writer")}${mode}`;
}

const COLORS = { valid: "green", violation: "red", unknown: "yellow" } as const;
const MARKS = { valid: "✓", violation: "✗", unknown: "?" } as const;

/** The verdict, what proves it, and the figures. */
export function resultText(
  result: ProbeResult,
  options: { readonly terminal: Terminal; readonly quiet: boolean },
): string {
  const { terminal, quiet } = options;
  const { verdict } = result;
  const kind = verdict.verdict;
  const mark = terminal.usesUnicode ? `${MARKS[kind]} ` : "";
  const head = paint(terminal.out, COLORS[kind], `${mark}${VERDICT_WORDS[kind][1]}`);
  const width = terminal.out.isTerminal
    ? Math.min(LINE_CHARACTERS_MAX, terminal.out.columns())
    : LINE_CHARACTERS_MAX;
  const lines = [`${head}: ${verdictSentence(verdict)}`];
  for (const alike of alikeViolations(verdict)) {
    const [violation, ...others] = alike;
    lines.push(
      "",
      `${paint(terminal.out, "red", KIND_WORDS[violation.kind])} (run ${violation.run}, ` +
        `${violation.table})`,
      ...wrap(violation.words, { width, indent: "  " }),
      ...wrap(witnessText(violation), { width, indent: "  " }),
      ...wrap(othersText(others), { width, indent: "  " }),
    );
  }
  if (quiet) return `${lines.join("\n")}\n`;
  lines.push("", ...tableLines(result, terminal));
  const ceiling = ceilingText(result);
  if (ceiling !== undefined) lines.push("", `Ceiling of a table: ${ceiling}`);
  const beside = [...reservations(result), ...verdict.notes];
  if (beside.length > 0) {
    lines.push("", ...beside.flatMap((text) => wrap(`- ${text}`, { width, hanging: "  " })));
  }
  return `${lines.join("\n")}\n`;
}

/** One root cause shows in many rounds: what is alike is told once, with the others by number. */
function othersText(others: readonly Violation[]): string {
  if (others.length === 0) return "";
  const ops = others.map((violation) => violation.ops[0]).filter((op) => op !== undefined);
  const shown = ops.slice(0, OPERATIONS_SHOWN_MAX).join(", ");
  const more = ops.length > OPERATIONS_SHOWN_MAX ? ", …" : "";
  return `The same happened ${countOf(others.length, "more time")} in this run: ` +
    `operations ${shown}${more}`;
}

function witnessText(
  of: { readonly ops: readonly number[]; readonly snapshots: readonly string[] },
): string {
  const parts = [
    ...(of.ops.length === 0 ? [] : [`Operations ${of.ops.join(", ")}`]),
    ...(of.snapshots.length === 0 ? [] : [`snapshots ${of.snapshots.join(", ")}`]),
  ];
  return parts.length === 0 ? "" : `Witness: ${parts.join("; ")}`;
}

function tableLines(result: ProbeResult, terminal: Terminal): string[] {
  const { columns, rows } = figures(result);
  const shown = (text: string) =>
    terminal.usesUnicode ? text : text.replaceAll("×", "x").replaceAll("–", "-");
  const lines = [columns.map(({ title }) => title), ...rows.map((row) => row.map(shown))];
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => line[at]!.length)));
  return lines.map((line) =>
    line.map((cell, at) =>
      columns[at]!.isFigure ? cell.padStart(widths[at]!) : cell.padEnd(widths[at]!)
    ).join("  ").trimEnd()
  );
}
