/** The event stream for people: a line a chunk and the summary on stdout, the rest on stderr. */
import type {
  ChunkEvent,
  CommitEvent,
  Emit,
  ErrorEvent,
  LoadEvent,
  SummaryEvent,
} from "../load/events.ts";
import type { HttpEvent } from "../rest/http.ts";
import { paint, type Terminal } from "./terminal.ts";
import { formatCount, formatDuration, formatMebibytes } from "./values.ts";

/** What a person wants to see. */
export interface TextViewOptions {
  /** Only errors and the summary. */
  readonly quiet: boolean;
  /** A line for each HTTP request on stderr. */
  readonly trace: boolean;
}

/** Makes the view; errors are held back to the end, where they are seen. */
export function createTextView(terminal: Terminal, options: TextViewOptions): Emit {
  const errors: ErrorEvent[] = [];
  const { out, err } = terminal;
  return (event: LoadEvent) => {
    switch (event.type) {
      case "start":
        if (!options.quiet) err.write(`${startLine(event)}\n`);
        return;
      case "table":
        if (!options.quiet) {
          const columns = event.columns.map(({ name, type }) => `${name} ${type}`).join(", ");
          err.write(
            `${event.created ? "Created" : "Found"} the table: ${columns}\n` +
              `Chunks of ${countOf(event.chunkRows, "row")}\n`,
          );
        }
        return;
      case "notice":
        err.write(`${event.message}\n`);
        return;
      case "http":
        if (options.trace) err.write(`${paint(err, "dim", httpLine(event))}\n`);
        return;
      case "commit":
        if (event.outcome !== "committed" && !options.quiet) out.write(`${refusalLine(event)}\n`);
        return;
      case "chunk":
        if (!options.quiet || event.state === "failed" || event.state === "unknown") {
          out.write(`${chunkLine(event, terminal)}\n`);
        }
        return;
      case "error":
        errors.push(event);
        return;
      case "summary":
        out.write(summaryText(event, terminal));
        for (const error of errors) err.write(errorText(error));
        return;
    }
  };
}

function startLine(event: LoadEvent & { type: "start" }): string {
  return `Loading ${event.input} into ${event.table} of ${event.catalog} ` +
    `(${event.uri}, warehouse ${event.warehouse}) with ${countOf(event.workers, "worker")}\n` +
    `Load id: ${event.loadId}`;
}

function httpLine(event: HttpEvent): string {
  return `${event.method} ${event.url} ${event.status ?? event.error} ` +
    `${formatDuration(event.elapsedMs)}`;
}

function refusalLine(event: CommitEvent): string {
  const status = event.status === undefined ? event.reason ?? "no answer" : `HTTP ${event.status}`;
  const body = event.body === undefined ? "" : `: ${event.body}`;
  return `  Chunk ${event.chunk}, attempt ${event.attempt}: ${status}${body}`;
}

/** `✓ Chunk 7: 1,000 rows, HTTP 200, 2 attempts`. */
function chunkLine(event: ChunkEvent, terminal: Terminal): string {
  const { out, usesUnicode } = terminal;
  const ok = event.state === "committed" || event.state === "recorded";
  const mark = usesUnicode ? (ok ? "✓" : "✗") : (ok ? "ok" : "FAILED");
  const attempts = countOf(event.attempts, "attempt");
  const answer = event.state === "recorded"
    ? "in the table already"
    : event.attempts === 0
    ? "not posted"
    : event.status === undefined
    ? `no answer, ${attempts}`
    : `HTTP ${event.status}, ${attempts}`;
  const end = ok ? "" : failureText(event);
  return `${paint(out, ok ? "green" : "red", mark)} Chunk ${event.chunk}: ` +
    `${countOf(event.rows, "row")}, ${answer}${end}`;
}

/** What the chunk failed of; an answer's own words stand on the line before. */
function failureText(event: ChunkEvent): string {
  const failure = event.failure ?? "rejected";
  const isExplained = failure === "rejected" && event.reason !== undefined;
  return `: ${STATE_WORDS[failure]}` + (isExplained ? `: ${event.reason}` : "") +
    (failure === "unknown" && event.snapshotId !== undefined
      ? `: snapshot ${event.snapshotId}`
      : "");
}

/** `1 row`, `1,000 rows`. */
function countOf(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

const STATE_WORDS: Readonly<Record<NonNullable<ChunkEvent["failure"]>, string>> = {
  lostRace: "lost the race, not committed",
  retriesSpent: "lost every race, not committed",
  input: "bad input, not committed",
  auth: "refused, not committed",
  unreachable: "catalog or store cannot be reached, not committed",
  rejected: "rejected, not committed",
  split: "cut in another way by another run of this load, not committed",
  interrupted: "interrupted, not committed",
  abandoned: "the load ended before its commit",
  lost: "acknowledged, and not in the table",
  unknown: "unknown whether committed",
};

function summaryText(event: SummaryEvent, terminal: Terminal): string {
  const times = terminal.usesUnicode ? "×" : "x";
  const chunks = [
    `${formatCount(event.chunksCommitted)} successful`,
    `${formatCount(event.chunksFailed)} failed`,
    ...(event.chunksRecorded === 0 ? [] : [`${formatCount(event.chunksRecorded)} there already`]),
    ...(event.chunksUnknown === 0 ? [] : [`${formatCount(event.chunksUnknown)} unknown`]),
  ].join(", ");
  const answers = Object.entries(event.commitStatus)
    .map(([status, count]) =>
      `${status === "none" ? "no answer" : status} ${times}${formatCount(count)}`
    )
    .join(", ");
  const rate = event.elapsedMs > 0 ? event.rowsCommitted / event.elapsedMs * 1000 : 0;
  const lines = [
    rowsLine(event),
    `Chunks:    ${chunks}`,
    `Commits:   ${answers === "" ? "none" : answers}` +
    (event.retries === 0
      ? ""
      : ` (${formatCount(event.retries)} ${event.retries === 1 ? "retry" : "retries"})`),
    `Snapshot:  ${event.snapshotId ?? "none"}`,
    `Elapsed:   ${formatDuration(event.elapsedMs)} (${formatCount(rate)} rows/s), ` +
    `peak memory ${formatMebibytes(event.peakRssBytes)}`,
  ];
  return `\n${lines.join("\n")}\n`;
}

function rowsLine(event: SummaryEvent): string {
  const present = formatCount(event.rowsCommitted + event.rowsRecorded);
  const before = event.rowsRecorded === 0
    ? ""
    : `, ${formatCount(event.rowsRecorded)} of them from before`;
  return `Rows:      ${present} of ${
    formatCount(event.rowsRead)
  } read are in ${event.table}${before}`;
}

/** An error and what can be done about it. */
export function errorText(error: { readonly message: string; readonly hint?: string }): string {
  const hint = error.hint === undefined ? "" : `Hint: ${error.hint}\n`;
  return `Error: ${error.message}\n${hint}`;
}
