/** The full help of a verb as text, made from its definition. */
import { type Flag, variablesOf } from "./flags.ts";
import { inAscii, paint, type Terminal } from "./terminal.ts";
import type { Note, Term, VerbDefinition } from "./verb.ts";
import { wrap } from "./wrap.ts";

/** Name of the tool, as it is called. */
export const PROGRAM = "lakekeeper-ingest";

/** Longer lines are hard to read, however wide the terminal. */
const WIDTH_MAX = 110;
/** In a narrower place the text would be a column of single words. */
const WIDTH_MIN = 40;
/** A longer flag has its description below. */
const FLAG_COLUMN_MAX = 30;
const GAP = 2;

/** The switch that every verb has. */
export const HELP_FLAG: Flag = {
  flags: "-h, --help",
  description: "show this help",
  group: "Output",
  withoutVariables: true,
};

/** The full help: usage, examples, flags by group, notes, variables, exit status. */
export function helpText(
  definition: VerbDefinition,
  terminal: Pick<Terminal, "out" | "usesUnicode">,
): string {
  const width = Math.max(WIDTH_MIN, Math.min(WIDTH_MAX, terminal.out.columns()));
  const heading = (text: string) => paint(terminal.out, "bold", `${text}:`);
  const { usage, name, description, examples, notes = [], variables = [] } = definition;
  const head = `${PROGRAM} ${name}${usage === "" ? "" : ` ${usage}`}`;
  const lines = [
    `${paint(terminal.out, "bold", "Usage:")} ${head}`,
    "",
    ...wrap(description, { width }),
    "",
    heading("Examples"),
    ...examples.map((example) => `  ${example}`),
  ];
  for (const [group, flags] of flagGroups(definition)) {
    lines.push("", heading(group), ...termLines(flags.map(flagTerm), { width }));
  }
  if (notes.length > 0) lines.push("", heading("Notes"));
  for (const [at, note] of notes.entries()) {
    // A list belongs to the paragraph before it.
    if (at > 0 && typeof note === "string") lines.push("");
    lines.push(...noteLines(note, width));
  }
  if (variables.length > 0) {
    lines.push("", heading("Environment"), ...termLines(variables, { width }));
  }
  lines.push("", heading("Exit status"), ...termLines(definition.exitStatus, { width }));
  const text = `${lines.join("\n")}\n`;
  return terminal.usesUnicode ? text : inAscii(text);
}

/** The flags of a verb under their headings, in the order of the first of each; help comes last. */
export function flagGroups(definition: VerbDefinition): Map<string, Flag[]> {
  return Map.groupBy([...definition.flags, HELP_FLAG], ({ group }) => group);
}

/** What help says of a flag: its description, its default, its variables. */
export function flagMeaning(flag: Flag): string {
  const fallback = flag.fallback === undefined ? "" : ` (default: ${flag.fallback})`;
  const names = variablesOf(flag);
  const variables = names.length === 0 ? "" : ` [${names.join(", ")}]`;
  return `${flag.description}${fallback}${variables}`;
}

function flagTerm(flag: Flag): Term {
  // Long names stand below each other, whether or not there is a short one.
  const indent = flag.flags.startsWith("--") ? "    " : "";
  return [`${indent}${flag.flags}`, flagMeaning(flag)];
}

function noteLines(note: Note, width: number): string[] {
  if (typeof note === "string") return wrap(note, { width, indent: "  " });
  if ("terms" in note) return termLines(note.terms, { width, indent: "    " });
  return note.lines.map((line) => `  ${line}`);
}

/** Words and their meanings in two columns. */
function termLines(
  terms: readonly Term[],
  options: { readonly width: number; readonly indent?: string },
): string[] {
  const { width, indent = "  " } = options;
  const lengths = terms.map(([word]) => word.length).filter((length) => length <= FLAG_COLUMN_MAX);
  const column = indent.length + Math.max(0, ...lengths) + GAP;
  const hanging = " ".repeat(column);
  return terms.flatMap(([word, meaning]) => {
    const start = `${indent}${word}`;
    if (start.length + GAP > column) return [start, ...wrap(meaning, { width, indent: hanging })];
    return wrap(meaning, { width, indent: start.padEnd(column), hanging });
  });
}
