/** The sections of a probe's report: one for each workload, and the table of all figures. */
import type { Workload } from "../probe/history.ts";
import type { RunVerdict } from "../probe/verdict.ts";
import { countOf, formatCount, formatMs, formatRate, formatShare, statusName } from "./format.ts";
import { type Content, html, type Markup } from "./html.ts";
import { legend } from "./marks.ts";
import {
  badge,
  countCell,
  latencyFigure,
  lineSample,
  linesFigure,
  statusBar,
  statusesOf,
  statusLines,
  timelineFigure,
  type Tone,
} from "./parts.ts";
import type { RunHistory } from "./probe_history.ts";
import type { RunNumbers } from "../probe/numbers.ts";
import { hasOneWinner, VERDICT_WORDS, WORKLOAD_WORDS } from "./probe_words.ts";
import { hasSweep, sweepLines } from "./sweep.ts";
import { countMarks, type Timeline } from "./timeline.ts";

/** A run with all that is known of it. */
export interface RunPart {
  /** The run's record, its operations and its final reads. */
  readonly history: RunHistory;
  /** Undefined when the checker has not judged the run. */
  readonly verdict: RunVerdict | undefined;
  /** Undefined when the catalog could not be asked. */
  readonly numbers: RunNumbers | undefined;
  /** Absent when nothing was asked. */
  readonly timeline: Timeline | undefined;
}

/** The runs of one workload. */
export interface WorkloadPart {
  /** What the writers raced with. */
  readonly workload: Workload;
  /** In the order of the history. */
  readonly runs: RunPart[];
}

/** What the runs of a workload come to: the worst of them. */
function worstOf(part: WorkloadPart): readonly [Tone, string] {
  const verdicts = part.runs.map(({ verdict }) => verdict?.verdict ?? "unknown");
  const worst = (["violation", "unknown", "valid"] as const).find((it) => verdicts.includes(it));
  return VERDICT_WORDS[worst ?? "not-offered"];
}

/** The section of one workload. */
export function workloadSection(part: WorkloadPart): Markup {
  const [title, words] = WORKLOAD_WORDS[part.workload];
  const [tone, word] = worstOf(part);
  const drawn = part.runs.filter(({ timeline }) => timeline !== undefined);
  const first = firstShown(drawn);
  return html`<section id="${part.workload}" ${
    first !== undefined && html`data-timeline="${first.history.record.run}"`
  }>
<h2>${title} ${badge(tone, word)}</h2>
<p>${words}</p>
${reasons(part)}
${statusTable(part)}
${hasSweep(part) && sweepFigures(part)}
${first !== undefined && [runChoice(part, { drawn, first }), runFigures(part, drawn)]}
</section>`;
}

/** What is shown before anybody chooses: a violation if there is one, else most writers. */
function firstShown(drawn: readonly RunPart[]): RunPart | undefined {
  const bad = drawn.find(({ verdict }) => verdict?.verdict === "violation");
  return bad ?? drawn.reduce<RunPart | undefined>(
    (most, run) =>
      most === undefined || run.history.record.writers > most.history.record.writers ? run : most,
    undefined,
  );
}

function reasons(part: WorkloadPart): Content {
  const words = new Set(
    part.runs.flatMap(({ verdict, history }) =>
      verdict?.reason ?? history.record.not_offered ?? []
    ),
  );
  return [...words].map((reason) => html`<p class="quiet">${reason}</p>`);
}

/** A run's name where several stand beside each other: its number of writers, and its mode. */
function runName({ history }: RunPart, part: WorkloadPart): string {
  const { writers, mode, with_data: withData } = history.record;
  const modes = new Set(part.runs.map((run) => run.history.record.mode));
  const data = new Set(part.runs.map((run) => run.history.record.with_data));
  return [
    String(writers),
    ...(modes.size > 1 ? [mode === "free" ? "free" : "in rounds"] : []),
    ...(data.size > 1 && withData ? ["with data"] : []),
  ].join(", ");
}

/** `8 writers, in rounds`. */
function runWords(run: RunPart, part: WorkloadPart): string {
  const { writers } = run.history.record;
  const [, ...rest] = runName(run, part).split(", ");
  return [countOf(writers, "writer"), ...rest].join(", ");
}

function statusTable(part: WorkloadPart): Content {
  const counted = part.runs.filter(({ numbers }) => numbers !== undefined && numbers.attempts > 0);
  if (counted.length === 0) return undefined;
  const statuses = statusesOf(counted.map(({ numbers }) => numbers!.status));
  return html`
    <h3>Answers by number of writers</h3>
    <div class="scroll" tabindex="0" role="group" aria-label="Answers by number of writers">
      <table>
        <thead>
          <tr><th scope="col">Writers</th><td class="bar"></td>${statuses.map((status) =>
            html`<th scope="col">${statusName(status)}</th>`
          )}<th scope="col">success</th><th scope="col">1/N</th><th scope="col">commits/s</th><th scope="col" class="text">Verdict</th></tr>
        </thead>
        <tbody>${counted.map((run) => {
          const numbers = run.numbers!;
          const [tone, word] = VERDICT_WORDS[run.verdict?.verdict ?? "unknown"];
          return html`<tr><th scope="row">${runName(run, part)}</th>
<td class="bar">${statusBar(numbers.status, { statuses })}</td>
${statuses.map((status) => countCell(numbers.status[status]))}
<td>${formatShare(numbers.success_rate)}</td><td class="quiet">${
            formatShare(hasOneWinner(part.workload) ? numbers.fair_rate : null)
          }</td><td>${formatRate(numbers.commits_per_s)}</td><td class="text">${
            badge(tone, word)
          }</td></tr>`;
        })}</tbody>
      </table>
    </div>
  `;
}

function sweepFigures(part: WorkloadPart): Markup {
  const lines = sweepLines(part);
  const keys = lines.map(({ label, tone, points }) =>
    html`
      <span>${lineSample(tone, { points })} ${lines.length > 1 ? label : "measured"}</span>
    `
  );
  const fair = hasOneWinner(part.workload) &&
    html`<span>${lineSample("refused", { dash: [5, 4] })} 1/N</span>`;
  const { workload } = part;
  return html`
    <div class="pair">
      <div><h3>Throughput against writers</h3>
    <p>Operations acknowledged a second, all writers together.</p>
    <p class="keys">${keys}</p>
    ${linesFigure(
      `${workload}-throughput`,
      "Operations acknowledged a second by number of writers.",
    )}</div>
      <div><h3>Success against writers</h3>
    <p>Share of the attempts that were acknowledged.</p>
    <p class="keys">${keys}${fair}</p>
    ${linesFigure(
      `${workload}-success`,
      "Share of the attempts acknowledged by number of writers.",
    )}</div>
    </div>
  `;
}

function runChoice(
  part: WorkloadPart,
  of: { readonly drawn: readonly RunPart[]; readonly first: RunPart },
): Content {
  if (of.drawn.length < 2) return undefined;
  return html`
    <fieldset class="choice">
      <legend>Run with so many writers</legend>
      <div class="segments">${of.drawn.map((run) => {
        const { run: number } = run.history.record;
        return html`<label><input type="radio" name="run-${part.workload}" value="${number}" ${
          run === of.first && html`checked`
        }>${runName(run, part)}</label>`;
      })}</div>
    </fieldset>
  `;
}

function runFigures(part: WorkloadPart, drawn: readonly RunPart[]): Markup {
  const [title] = WORKLOAD_WORDS[part.workload];
  return html`<h3>Operations of each writer over time</h3>
<p class="hint">Drag to zoom, double-click to see all, click an operation to read its answer.</p>
${
    timelineFigure(
      `${title}: operations of each writer over time.`,
      html`<div>${
        drawn.map((run) =>
          html`<div data-run="${run.history.record.run}">${legend(countMarks(run.timeline!))}</div>`
        )
      }</div>`,
    )
  }
<h3>Latency</h3>
<p>Share of the answers that had come within a time, by status.</p>
<div class="pair">
${latencyFigure(`${title}: share of the answers that had come within a time, by status.`)}
<div>${
    drawn.map((run) =>
      html`<div data-run="${run.history.record.run}">${latencyTable(run, part)}</div>`
    )
  }</div></div>`;
}

function latencyTable(run: RunPart, part: WorkloadPart): Content {
  const { numbers } = run;
  if (numbers === undefined) return undefined;
  const statuses = statusesOf([numbers.status]).filter((status) =>
    numbers.latency_ms[status] !== undefined
  );
  const lines = statusLines(statuses);
  return html`
    <div class="scroll" tabindex="0" role="group" aria-label="Latency">
      <table>
        <caption>Milliseconds, ${runWords(run, part)}</caption>
        <thead>
          <tr>
            <th scope="col" class="text">Status</th>
            <th scope="col">answers</th>
            <th scope="col">p50</th>
            <th scope="col">p95</th>
            <th scope="col">p99</th>
            <th scope="col">max</th>
          </tr>
        </thead>
        <tbody>${statuses.map((status) => {
          const latency = numbers.latency_ms[status]!;
          return html`
            <tr>
              <th scope="row" class="text">${lines.get(status)} ${statusName(status)}</th>
              <td>${formatCount(latency.count)}</td>
              <td>${formatMs(latency.p50)}</td>
              <td>${formatMs(latency.p95)}</td>
              <td>${formatMs(latency.p99)}</td>
              <td>${formatMs(latency.max)}</td>
            </tr>
          `;
        })}</tbody>
      </table>
    </div>
  `;
}

/** Every figure of every run. */
export function figuresTable(parts: readonly WorkloadPart[]): Content {
  const rows = parts.flatMap((part) =>
    part.runs.filter(({ numbers }) => numbers !== undefined && numbers.attempts > 0)
      .map((run) => ({ part, run, numbers: run.numbers! }))
  );
  if (rows.length === 0) return undefined;
  return html`
    <section id="figures">
      <h2>All figures</h2>
      <p>Latencies in milliseconds. Operations by status stand in the table of their workload.</p>
      <div class="scroll" tabindex="0" role="group" aria-label="All figures">
        <table>
          <thead>
            <tr>
              <th scope="col" class="text">Workload</th>
              <th scope="col">Writers</th>
              <th scope="col" class="text">Status</th>
              <th scope="col">answers</th>
              <th scope="col">p50</th>
              <th scope="col">p90</th>
              <th scope="col">p95</th>
              <th scope="col">p99</th>
              <th scope="col">max</th>
              <th scope="col">retries</th>
            </tr>
          </thead>
          <tbody>${rows.flatMap(({ part, run, numbers }) =>
            statusesOf([numbers.status]).map((status, index) => {
              const latency = numbers.latency_ms[status];
              return html`<tr><th scope="row" class="text">${
                index === 0 ? WORKLOAD_WORDS[part.workload][0] : ""
              }</th><td>${index === 0 ? runName(run, part) : ""}</td><td class="text">${
                statusName(status)
              }</td><td>${formatCount(numbers.status[status])}</td>${
                (["p50", "p90", "p95", "p99", "max"] as const).map((name) =>
                  html`<td>${formatMs(latency?.[name])}</td>`
                )
              }<td>${index === 0 ? formatCount(numbers.retries) : ""}</td></tr>`;
            })
          )}</tbody>
        </table>
      </div>
    </section>
  `;
}
