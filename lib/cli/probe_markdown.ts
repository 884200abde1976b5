/** A probe's result in Markdown, for the summary of a CI job or for an issue. */
import { countOf, formatTime } from "../report/format.ts";
import { KIND_WORDS, VERDICT_WORDS, verdictSentence } from "../report/probe_words.ts";
import {
  alikeViolations,
  ceilingText,
  figures,
  type ProbeResult,
  reservations,
} from "./probe_result.ts";

const MARKS = { valid: "✅", violation: "❌", unknown: "❔" } as const;

/** The whole summary; it begins with a heading of the third level. */
export function markdownOf(result: ProbeResult): string {
  const { verdict, header } = result;
  const kind = verdict.verdict;
  const lines = [
    `### ${MARKS[kind]} Concurrent writers: ${VERDICT_WORDS[kind][1].toLowerCase()}`,
    "",
    escape(verdictSentence(verdict)),
    "",
  ];
  for (const [violation, ...others] of alikeViolations(verdict)) {
    const more = others.length === 0
      ? ""
      : ` The same happened ${countOf(others.length, "more time")} in this run.`;
    const witness = [
      ...(violation.ops.length === 0 ? [] : [`operations ${violation.ops.join(", ")}`]),
      ...(violation.snapshots.length === 0 ? [] : [`snapshots ${violation.snapshots.join(", ")}`]),
    ].join("; ");
    lines.push(
      `- **${KIND_WORDS[violation.kind]}** (run ${violation.run}, ${code(violation.table)}): ` +
        `${escape(violation.words)}${witness === "" ? "" : ` _Witness: ${witness}._`}${more}`,
    );
  }
  if (verdict.violations.length > 0) lines.push("");
  lines.push(...tableLines(result), "");
  const ceiling = ceilingText(result);
  if (ceiling !== undefined) lines.push(`Ceiling of a table: ${ceiling}.`, "");
  const beside = [...reservations(result), ...verdict.notes];
  if (beside.length > 0) lines.push(...beside.map((text) => `- ${escape(text)}`), "");
  if (header !== undefined) lines.push(...originLines(header));
  return `${lines.join("\n").trimEnd()}\n`;
}

function tableLines(result: ProbeResult): string[] {
  const { columns, rows } = figures(result);
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(columns.map(({ title }) => title)),
    line(columns.map(({ isFigure }) => isFigure ? "---:" : "---")),
    ...rows.map((row) => line(row.map(escape))),
  ];
}

function originLines(header: NonNullable<ProbeResult["header"]>): string[] {
  const { catalog, tool } = header;
  const server = catalog.server === null ? "" : `, server ${escape(catalog.server)}`;
  return [
    `Catalog ${code(catalog.uri)}, warehouse ${code(catalog.warehouse)}${server}; ` +
    `lakekeeper-ingest ${tool.version} (${tool.runtime}, ${tool.target}), ` +
    `${formatTime(header.started)}, seed ${header.seed}.`,
    "",
    "```sh",
    header.command.replaceAll("```", ""),
    "```",
  ];
}

/** What a catalog said must not become markup. */
function escape(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll(/[\\`*_{}[\]<>#|~]/g, "\\$&");
}

function code(text: string): string {
  return `\`${text.replaceAll(/[`\s|]+/g, " ")}\``;
}
