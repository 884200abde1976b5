/** The HTML report of a probe: the verdict first, then the proofs, the races, the figures. */
import type { HeaderRecord, HistoryRecord } from "../probe/history.ts";
import type { RunVerdict, Verdict } from "../probe/verdict.ts";
import { countOf, formatCount, formatRate, formatTime } from "./format.ts";
import { html, type Markup } from "./html.ts";
import { renderPage } from "./page.ts";
import { facts, notes, pairs, symbol } from "./parts.ts";
import { type RunHistory, runsOf, timelineOfRun } from "./probe_history.ts";
import type { ProbeNumbers } from "../probe/numbers.ts";
import { figuresTable, type WorkloadPart, workloadSection } from "./probe_sections.ts";
import {
  byKind,
  KIND_WORDS,
  VERDICT_WORDS,
  verdictSentence,
  WORKLOAD_WORDS,
} from "./probe_words.ts";
import { sweepCharts } from "./sweep.ts";
import type { Timeline } from "./timeline.ts";
import { witnessSection } from "./witnesses.ts";

/** Format of the data in the page of a probe's report. */
const REPORT_FORMAT = "lakekeeper-ingest/probe-report";
/** Its version: within it fields may be added. */
const REPORT_VERSION = 1;

/** What a probe's report is made from. */
export interface ProbeReportInput {
  /** The first line of the history. */
  readonly header: HeaderRecord;
  /** What the checker says of the records. */
  readonly verdict: Verdict;
  /** The figures counted from the records. */
  readonly numbers: ProbeNumbers;
  /** The whole history, in its order. */
  readonly records: Iterable<HistoryRecord>;
}

/** Makes the report of a probe: one HTML file that needs nothing else. */
export function probeReport(input: ProbeReportInput): string {
  const { header, verdict, numbers } = input;
  const runs = runsOf(input.records);
  const timelines: Record<string, Timeline> = {};
  for (const run of runs) {
    if (run.operations.length > 0) {
      timelines[String(run.record.run)] = timelineOfRun(run, verdict);
    }
  }
  const workloads = partsOf(runs, { verdict, numbers, timelines });
  const charts = Object.assign({}, ...workloads.map(sweepCharts));
  const [tone, word] = VERDICT_WORDS[verdict.verdict];
  const body = html`
    <div class="verdict ${tone}">
    <h1>${symbol(tone)}<span>${word}</span></h1>
    <p class="lead">${verdictSentence(verdict)}</p>
    ${foundList(verdict)}
    </div>
    ${keyFigures(verdict, numbers)}
    ${witnessSection(verdict.violations, new Map(runs.map((run) => [run.record.run, run])))}
    ${workloads.map(workloadSection)}
    ${figuresTable(workloads)}
    ${uncheckedSection(verdict)}
    ${originSection(header)}
  `;
  return renderPage({
    title: `${word}: probe of ${header.catalog.uri}`,
    kind: "probe",
    started: header.started,
    toolVersion: header.tool.version,
    body,
    data: {
      format: REPORT_FORMAT,
      version: REPORT_VERSION,
      header,
      verdict,
      numbers,
      charts,
      timelines,
    },
  });
}

/** Violations by kind, each with a way to its proof. */
function foundList({ violations }: Verdict): Markup | undefined {
  if (violations.length === 0) return undefined;
  const items = byKind(violations).map(([kind, group]) => {
    const times = group.reduce((sum, violation) => sum + (violation.times ?? 1), 0);
    const often = times > 1 && `, ${formatCount(times)} times`;
    return html`<li><a href="#${kind}-1">${KIND_WORDS[kind]}</a>${often}: ${group[0]!.words}</li>`;
  });
  return html`<ul class="found">${items}</ul>`;
}

function keyFigures(verdict: Verdict, numbers: ProbeNumbers): Markup {
  const sum = (of: (run: RunVerdict) => number) =>
    verdict.runs.reduce((all, run) => all + of(run), 0);
  const attempts = numbers.runs.reduce((all, run) => all + run.attempts, 0);
  return facts([
    ["operations", formatCount(attempts)],
    ["acknowledged", formatCount(sum((run) => run.acknowledged))],
    ["conflicts", formatCount(sum((run) => run.conflicts))],
    ["unanswered, found in the table", formatCount(sum((run) => run.recovered))],
    ["violations", formatCount(verdict.violations.length)],
    ...(numbers.ceiling === undefined || numbers.ceiling === null ? [] : [
      [
        `commits/s at best, with ${countOf(numbers.ceiling.writers, "writer")}`,
        formatRate(numbers.ceiling.commits_per_s),
      ] as const,
    ]),
  ]);
}

/** Runs by workload, in the order of the history. */
function partsOf(
  runs: readonly RunHistory[],
  of: {
    readonly verdict: Verdict;
    readonly numbers: ProbeNumbers;
    readonly timelines: Readonly<Record<string, Timeline>>;
  },
): WorkloadPart[] {
  const parts = new Map<string, WorkloadPart>();
  for (const history of runs) {
    const { workload, run } = history.record;
    const part = parts.get(workload) ?? { workload, runs: [] };
    part.runs.push({
      history,
      verdict: of.verdict.runs.find((verdict) => verdict.run === run),
      numbers: of.numbers.runs.find((numbers) => numbers.run === run),
      timeline: of.timelines[String(run)],
    });
    parts.set(workload, part);
  }
  return [...parts.values()];
}

function uncheckedSection(verdict: Verdict): Markup | undefined {
  const byWords = new Map<string, RunVerdict[]>();
  for (const run of verdict.runs) {
    for (const words of run.unchecked) byWords.set(words, [...byWords.get(words) ?? [], run]);
  }
  if (byWords.size === 0 && verdict.notes.length === 0) return undefined;
  return html`<section><h2>What could not be checked, and what else was seen</h2>
${
    notes([
      ...[...byWords].map(([words, runs]) => `${words} (${runNames(runs)})`),
      ...verdict.notes,
    ])
  }</section>`;
}

/** `Append with 2 and 4 writers; Create with 8`. */
function runNames(runs: readonly RunVerdict[]): string {
  const names = new Map<string, number[]>();
  for (const { workload, writers } of runs) {
    const title = WORKLOAD_WORDS[workload][0];
    names.set(title, [...names.get(title) ?? [], writers]);
  }
  return [...names].map(([title, writers]) => {
    const list = [...new Set(writers)];
    const last = list.pop();
    const all = list.length === 0 ? `${last}` : `${list.join(", ")} and ${last}`;
    return `${title.toLowerCase()} with ${all} ${all === "1" ? "writer" : "writers"}`;
  }).join("; ");
}

function originSection(header: HeaderRecord): Markup {
  const { catalog, tool } = header;
  return html`<section><h2>How it was made</h2>
${
    pairs([
      ["Catalog", html`<code>${catalog.uri}</code>`],
      ["Warehouse", catalog.warehouse],
      ["Server", catalog.server ?? "did not say"],
      [
        "Endpoints listed",
        catalog.endpoints === null ? "none" : formatCount(catalog.endpoints.length),
      ],
      ["Idempotency-Keys kept", catalog.idempotency_key_lifetime ?? "not offered"],
      ["Namespace", header.namespace],
      ["Seed", String(header.seed)],
      ["Began", formatTime(header.started)],
      ["Tool", `lakekeeper-ingest ${tool.version}`],
      ["Runtime", `${tool.runtime}, ${tool.target}`],
    ])
  }
<pre><code>${header.command}</code></pre></section>`;
}
