/** The events of a comparison for people: what differs and the verdict on stdout, the rest on stderr. */
import type { HttpEvent } from "../rest/http.ts";
import type {
  DifferenceEvent,
  EmitVerify,
  VerifyStartEvent,
  VerifySummaryEvent,
  VerifyTableEvent,
} from "../verify/events.ts";
import { paint, type Terminal } from "./terminal.ts";
import { formatCount, formatDuration, formatMebibytes } from "./values.ts";

/** Makes the view; `quiet` leaves out what was begun and found. */
export function createVerifyView(
  terminal: Terminal,
  options: { readonly quiet: boolean; readonly trace: boolean },
): EmitVerify {
  const { out, err } = terminal;
  let shown = 0;
  let input = "";
  return (event) => {
    switch (event.type) {
      case "start":
        input = event.input;
        if (!options.quiet) err.write(`${startLine(event)}\n`);
        return;
      case "table":
        if (!options.quiet) err.write(`${tableLine(event)}\n`);
        return;
      case "notice":
        err.write(`${event.message}\n`);
        return;
      case "http":
        if (options.trace) err.write(`${paint(err, "dim", httpLine(event))}\n`);
        return;
      case "difference":
        shown++;
        out.write(`${differenceLine(event)}\n`);
        return;
      case "summary":
        out.write(summaryText(event, { input, shown, terminal }));
        return;
    }
  };
}

function startLine(event: VerifyStartEvent): string {
  const load = event.loadId === undefined ? "" : `load ${event.loadId} in `;
  return `Comparing ${event.input} with ${load}${event.table} of ${event.catalog} ` +
    `(${event.uri}, warehouse ${event.warehouse})`;
}

function tableLine(event: VerifyTableEvent): string {
  const files = countOf(event.files, "data file");
  const snapshot = event.snapshotId === null ? "no snapshot" : `snapshot ${event.snapshotId}`;
  return `Found the table: ${countOf(event.rows, "row")} in ${files}, ${snapshot}`;
}

function httpLine(event: HttpEvent): string {
  return `${event.method} ${event.url} ${event.status ?? event.error} ` +
    `${formatDuration(event.elapsedMs)}`;
}

/** `Only in the source (line 4): id=3, name="Ann"`. */
function differenceLine(event: DifferenceEvent): string {
  const values = event.values.map(({ column, value }) => `${column}=${value}`).join(", ");
  const { source, table } = event;
  if (table === 0) {
    const often = source === 1 ? "" : `, ${countOf(source, "time")}`;
    return `Only in the source${often} (${linesText(event)}): ${values}`;
  }
  if (source === 0) {
    const often = table === 1 ? "" : `, ${countOf(table, "time")}`;
    return `Only in the table${often}: ${values}`;
  }
  return `In the source ${countOf(source, "time")} (${linesText(event)}), ` +
    `in the table ${countOf(table, "time")}: ${values}`;
}

function linesText({ source, lines }: DifferenceEvent): string {
  const more = source > lines.length ? ", …" : "";
  return `line${source === 1 ? "" : "s"} ${lines.join(", ")}${more}`;
}

function summaryText(
  event: VerifySummaryEvent,
  of: { readonly input: string; readonly shown: number; readonly terminal: Terminal },
): string {
  const { out, usesUnicode } = of.terminal;
  const lines = [
    `Rows:      ${formatCount(event.sourceRows)} in ${of.input}, ` +
    `${formatCount(event.tableRows)} in ${event.table}`,
    ...(event.equal ? [] : differenceLines(event, of.shown)),
    `Elapsed:   ${formatDuration(event.elapsedMs)}, ` +
    `peak memory ${formatMebibytes(event.peakRssBytes)}`,
    event.equal
      ? paint(out, "green", usesUnicode ? "✓ Equal" : "ok Equal")
      : paint(out, "red", usesUnicode ? "✗ Different" : "FAILED Different"),
  ];
  return `${of.shown === 0 ? "" : "\n"}${lines.join("\n")}\n`;
}

function differenceLines(event: VerifySummaryEvent, shown: number): string[] {
  const { missingRows, surplusRows } = event;
  if (missingRows === undefined || surplusRows === undefined) return [];
  const atLeast = event.isCountWhole ? "" : "at least ";
  const lines = [
    `Missing:   ${atLeast}${countOf(missingRows, "row")} of the source not in the table`,
    `Surplus:   ${atLeast}${countOf(surplusRows, "row")} of the table not in the source`,
  ];
  if (shown > 0 && (!event.isCountWhole || missingRows + surplusRows > shown)) {
    lines.push(`Shown:     ${countOf(shown, "differing row")}, not all of them`);
  }
  return lines;
}

/** `1 row`, `1,000 rows`. */
function countOf(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}
