/** The HTML report of a load: whether the rows are in, what went wrong, and where the time went. */
import { percentile } from "../statistics.ts";
import type { ChunkEvent, FailureKind, SummaryEvent } from "../load/events.ts";
import { redactUrl } from "../rest/http.ts";
import {
  countOf,
  formatBytes,
  formatCount,
  formatDuration,
  formatMs,
  formatShare,
  formatTime,
  statusName,
} from "./format.ts";
import { type Content, html, type Markup } from "./html.ts";
import type { LoadRecording } from "./load_recording.ts";
import { legend } from "./marks.ts";
import { renderPage } from "./page.ts";
import {
  facts,
  lineSample,
  linesFigure,
  notes,
  pairs,
  statusBar,
  statusesOf,
  symbol,
  timelineFigure,
  type Tone,
} from "./parts.ts";
import type { LineChart } from "./sweep.ts";
import { countMarks, makeTimeline, type Timeline } from "./timeline.ts";

/** Format of the data in the page of a load's report. */
const LOAD_REPORT_FORMAT = "lakekeeper-ingest/load-report";
/** Its version: within it fields may be added. */
const LOAD_REPORT_VERSION = 1;

/** What a load's report is made from. */
export interface LoadReportInput {
  /** What was collected of the load, finished or not. */
  readonly recording: LoadRecording;
  /** The load's events as `--json` prints them; they stand in the page's data. */
  readonly json: {
    readonly start: unknown;
    readonly table: unknown;
    readonly summary: unknown;
    readonly errors: readonly unknown[];
    readonly failed: readonly unknown[];
  };
  /** Command line that made the load, without secrets. */
  readonly command: string;
  /** Version of this program, such as `0.1.0`. */
  readonly toolVersion: string;
  /** Such as `deno 2.9.6, x86_64-unknown-linux-gnu`. */
  readonly runtime: string;
}

/** Why a chunk is not in the table, in words. */
const FAILURE_WORDS: Readonly<Record<FailureKind, string>> = {
  lostRace: "lost the race",
  retriesSpent: "lost every race",
  input: "bad input",
  auth: "refused access",
  unreachable: "catalog or store cannot be reached",
  rejected: "rejected",
  split: "cut in another way by another run of this load",
  interrupted: "interrupted",
  abandoned: "the load ended before its commit",
  lost: "acknowledged, and not in the table",
  unknown: "unknown whether committed",
};

/** Makes the report of a load, finished or not: one HTML file that needs nothing else. */
export function loadReport(input: LoadReportInput): string {
  const { recording, json } = input;
  const { summary } = recording;
  const [tone, word] = outcomeOf(summary);
  const timeline = timelineOf(recording);
  const charts = throughputChart(recording);
  const body = html`
        <div class="verdict ${tone}">
      <h1>${symbol(tone)}<span>${word}</span></h1>
      <p class="lead">${sentenceOf(recording)}</p>
    </div>
        ${summary !== undefined && keyFigures(summary)}
        ${failureSection(recording)}
        ${timelineSection(timeline, recording)}
        ${commitSection(recording)}
        ${stageSection(recording)}
    ${failedSection(recording)}
        ${recording.notices.length > 0 &&
          html`<section><h2>Notices</h2>${notes(recording.notices)}</section>`}
        ${originSection(input)}
  `;
  return renderPage({
    title: `${word}: ${recording.start?.table ?? "load"}`,
    kind: "load",
    started: recording.started,
    toolVersion: input.toolVersion,
    body,
    data: {
      format: LOAD_REPORT_FORMAT,
      version: LOAD_REPORT_VERSION,
      started: recording.started,
      command: input.command,
      ...json,
      charts,
      timelines: timeline === undefined ? {} : { load: timeline },
    },
  });
}

function outcomeOf(summary: SummaryEvent | undefined): readonly [Tone, string] {
  if (summary === undefined) return ["open", "Cut off"];
  if (summary.chunksUnknown > 0) return ["open", "Unknown"];
  if (summary.exitCode !== 0) return ["bad", "Incomplete"];
  return summary.rowsRead === 0 ? ["none", "Nothing to load"] : ["good", "Loaded"];
}

function sentenceOf({ start, summary }: LoadRecording): string {
  if (summary === undefined) return "The load ended before it could say what it had done.";
  const present = summary.rowsCommitted + summary.rowsRecorded;
  const from = start === undefined ? "" : ` of ${start.input}`;
  const share = present === summary.rowsRead && present > 0
    ? `All ${countOf(present, "row")}${from} are in ${summary.table}`
    : `${formatCount(present)} of ${countOf(summary.rowsRead, "row")} read${
      from.replace(" of ", " from ")
    } are in ${summary.table}`;
  const counts = [
    ...(summary.chunksFailed > 0 ? [`${countOf(summary.chunksFailed, "chunk")} failed`] : []),
    ...(summary.chunksUnknown > 0
      ? [`of ${countOf(summary.chunksUnknown, "chunk")} it is not known`]
      : []),
    ...(summary.rowsRecorded > 0
      ? [`${countOf(summary.rowsRecorded, "row")} had been there from before`]
      : []),
  ];
  return `${[share, ...counts].join("; ")}.`;
}

function keyFigures(summary: SummaryEvent): Markup {
  const seconds = summary.elapsedMs / 1000;
  return facts([
    ["rows committed", formatCount(summary.rowsCommitted)],
    ["chunks committed", formatCount(summary.chunksCommitted)],
    ["chunks failed", formatCount(summary.chunksFailed)],
    ["retries", formatCount(summary.retries)],
    ["rows/s", formatCount(seconds > 0 ? summary.rowsCommitted / seconds : 0)],
    ["elapsed", formatDuration(summary.elapsedMs)],
    ["peak memory", formatBytes(summary.peakRssBytes)],
  ]);
}

function failureSection(recording: LoadRecording): Content {
  const { errors, failed, lostChunks } = recording;
  if (errors.length === 0 && failed.length === 0 && lostChunks.length === 0) return undefined;
  return html`<section id="failures"><h2>What went wrong</h2>
${
    notes([
      ...errors.map(({ message, hint }) => hint === undefined ? message : `${message}. ${hint}`),
      ...(lostChunks.length > 0
        ? [`Acknowledged, and not in the table: chunks ${lostChunks.join(", ")}`]
        : []),
    ])
  }
${failed.length > 0 && failedByKind(failed)}</section>`;
}

/** Chunks that failed alike, with the first reason that was given. */
function failedByKind(failed: readonly ChunkEvent[]): Markup {
  const kinds = Map.groupBy(failed, ({ failure }) => failure ?? "rejected");
  return html`
    <div class="scroll" tabindex="0" role="group" aria-label="Failures by kind">
      <table>
        <thead>
          <tr>
            <th scope="col">Chunks</th>
            <th scope="col">rows</th>
            <th scope="col" class="text">Why</th>
          </tr>
        </thead>
        <tbody>${[...kinds].map(([kind, chunks]) =>
          html`
            <tr>
              <th scope="row">${formatCount(chunks.length)}</th>
              <td>${formatCount(chunks.reduce((sum, { rows }) => sum + rows, 0))}</td>
              <td class="words">${FAILURE_WORDS[kind]}${chunks[0]!.reason !== undefined &&
                html`, such as: ${chunks[0]!.reason}`}</td>
            </tr>
          `
        )}</tbody>
      </table>
    </div>
  `;
}

function failedSection({ failed, lostChunks, summary }: LoadRecording): Content {
  if (failed.length === 0) return undefined;
  const counted = (summary?.chunksFailed ?? 0) + (summary?.chunksUnknown ?? 0);
  const more = counted - failed.length - lostChunks.length;
  return html`<section id="failed"><h2>Chunks that failed</h2>
${failedTable([...failed].sort((a, b) => a.chunk - b.chunk))}
${more > 0 && html`<p class="quiet">and ${countOf(more, "chunk")} more</p>`}</section>`;
}

function failedTable(failed: readonly ChunkEvent[]): Markup {
  return html`
    <div class="scroll" tabindex="0" role="group" aria-label="Chunks that failed">
      <table>
        <thead>
          <tr>
            <th scope="col">Chunk</th>
            <th scope="col">rows</th>
            <th scope="col">attempts</th>
            <th scope="col">last status</th>
            <th scope="col" class="text">Why</th>
          </tr>
        </thead>
        <tbody>${failed.map((chunk) =>
          html`
            <tr>
              <th scope="row">${chunk.chunk}</th>
              <td>${formatCount(chunk.rows)}</td>
              <td>${chunk.attempts}</td>
              <td>${chunk.status ?? "–"}</td>
              <td class="words">${[
                FAILURE_WORDS[chunk.failure ?? "rejected"],
                ...(chunk.reason === undefined ? [] : [chunk.reason]),
                ...(chunk.state === "unknown" && chunk.snapshotId !== undefined
                  ? [`snapshot ${chunk.snapshotId}`]
                  : []),
              ].join(": ")}</td>
            </tr>
          `
        )}</tbody>
      </table>
    </div>
  `;
}

function timelineOf(recording: LoadRecording): Timeline | undefined {
  if (recording.operations.length === 0) return undefined;
  const { workers, writers } = recording;
  return makeTimeline(recording.operations, {
    originUs: 0,
    lanes: [
      ...Array.from({ length: workers }, (_, worker) => `Worker ${worker}`),
      ...Array.from({ length: writers }, (_, writer) => `Writer ${writer}`),
    ],
  });
}

function throughputChart({ rowsOverTime }: LoadRecording): Record<string, LineChart> {
  const { slotMs, rows } = rowsOverTime;
  if (rows.length < 2) return {};
  return {
    throughput: {
      // Each slot's rate holds from its beginning to the next one's.
      x: Array.from({ length: rows.length + 1 }, (_, index) => index * slotMs),
      x_label: "Time since the beginning",
      x_unit: "ms",
      step: true,
      fill: true,
      series: [{
        label: "rows/s",
        values: [...rows, rows.at(-1)!].map((count) => count / slotMs * 1000),
        tone: "ok",
      }],
    },
  };
}

function timelineSection(timeline: Timeline | undefined, recording: LoadRecording): Content {
  if (timeline === undefined) return undefined;
  const hasThroughput = Object.keys(throughputChart(recording)).length > 0;
  const { operationsLeftOut: more, start } = recording;
  return html`<section id="time" data-timeline="load"><h2>Over time</h2>
${
    hasThroughput &&
    html`<h3>Throughput</h3><p>${lineSample("ok")} rows committed a second</p>
${linesFigure("throughput", "Rows committed per second over time.")}`
  }
<h3>What each worker did</h3>
<p>Workers parse, encode and upload chunks; ${
    start?.commitMode === "per-chunk" ? "writers commit them and race" : "one writer commits them"
  }.
<span class="hint">Drag to zoom, double-click to see all, click a mark to read its answer.</span></p>
${
    timelineFigure(
      "Chunks of each worker and commits of each writer over time.",
      legend(countMarks(timeline), {
        words: { work: "chunks parsed, encoded, uploaded", ok: "commits acknowledged" },
      }),
    )
  }
${
    more > 0 &&
    html`<p class="quiet">The first ${formatCount(timeline.op.length)} are drawn; ${
      formatCount(more)
    } more are counted only.</p>`
  }</section>`;
}

function commitSection({ summary, commitMs }: LoadRecording): Content {
  const counts = summary?.commitStatus ??
    Object.fromEntries(Object.entries(commitMs).map(([status, all]) => [status, all.length]));
  const statuses = statusesOf([counts]);
  if (statuses.length === 0) return undefined;
  const total = statuses.reduce((sum, status) => sum + counts[status]!, 0);
  return html`
    <section id="commits">
      <h2>Commits by status</h2>
      <div class="scroll" tabindex="0" role="group" aria-label="Commits by status">
        <table>
          <thead>
            <tr>
              <th scope="col" class="text">Status</th>
              <td class="bar"></td>
              <th scope="col">commits</th>
              <th scope="col">share</th>
              <th scope="col">p50 ms</th>
              <th scope="col">p95 ms</th>
              <th scope="col">max ms</th>
            </tr>
          </thead>
          <tbody>${statuses.map((status) => {
            const sorted = [...commitMs[status] ?? []].sort((a, b) => a - b);
            return html`
              <tr>
                <th scope="row" class="text">${statusName(status)}</th>
                <td class="bar">${statusBar(counts, { statuses: [status], total })}</td>
                <td>${formatCount(counts[status])}</td>
                <td>${formatShare(counts[status]! / total)}</td>
                <td>${formatMs(percentile(sorted, 50))}</td>
                <td>${formatMs(percentile(sorted, 95))}</td>
                <td>${formatMs(sorted.at(-1))}</td>
              </tr>
            `;
          })}</tbody>
        </table>
      </div>
    </section>
  `;
}

function stageSection({ stages, summary, workers }: LoadRecording): Content {
  if (stages.files === 0) return undefined;
  const rows = [
    ["Parsing", stages.parseMs],
    ["Encoding", stages.encodeMs],
    ["Uploading", stages.uploadMs],
    ["Waiting for answers to commits", stages.commitMs],
  ] as const;
  return html`
    <section id="stages">
      <h2>Where the time went</h2>
      <p>Work of all workers together, ${formatCount(workers)} at a time${summary !== undefined &&
        `, within ${formatDuration(summary.elapsedMs)}`}.</p>
      <div class="scroll" tabindex="0" role="group" aria-label="Where the time went">
        <table>
          <thead>
            <tr>
              <th scope="col" class="text">Stage</th>
              <th scope="col">in all</th>
              <th scope="col">ms a chunk</th>
            </tr>
          </thead>
          <tbody>${rows.map(([name, ms]) =>
            html`
              <tr>
                <th scope="row" class="text">${name}</th>
                <td>${formatDuration(ms)}</td>
                <td>${formatMs(ms / stages.files)}</td>
              </tr>
            `
          )}</tbody>
        </table>
      </div>
      <p class="quiet">${countOf(stages.files, "data file")}, ${formatBytes(
        stages.fileBytes,
      )} in all.</p>
    </section>
  `;
}

function originSection(input: LoadReportInput): Markup {
  const { start, table, summary, started } = input.recording;
  return html`<section><h2>How it was made</h2>
${
    pairs([
      ["Input", start?.input],
      ["Table", start?.table],
      ["Table was", table && (table.created ? "created by this load" : "there before")],
      ["Columns", table?.columns.map(({ name, type }) => `${name} ${type}`).join(", ")],
      ["Location", table && html`<code>${table.location}</code>`],
      ["Catalog", start && html`<code>${redactUrl(start.uri)}</code>`],
      ["Warehouse", start?.warehouse],
      ["Workers", start && formatCount(start.workers)],
      ["Commit mode", start?.commitMode],
      ["Rows of a chunk", table && formatCount(table.chunkRows)],
      ["Load id", start && html`<code>${start.loadId}</code>`],
      ["Newest snapshot", summary?.snapshotId && html`<code>${summary.snapshotId}</code>`],
      ["Exit code", summary && String(summary.exitCode)],
      ["Began", formatTime(started)],
      ["Tool", `lakekeeper-ingest ${input.toolVersion}`],
      ["Runtime", input.runtime],
    ])
  }
<pre><code>${input.command}</code></pre></section>`;
}
