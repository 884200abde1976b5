/** The manual page: the help of every verb, for man. */
import type { BuildInfo } from "../build_info.ts";
import type { Flag } from "../flags.ts";
import { flagGroups, flagMeaning, PROGRAM } from "../help_text.ts";
import type { Note, Term, VerbDefinition } from "../verb.ts";
import { paragraph, roffText, section, subsection, term, verbatim } from "./roff.ts";

/** What the page is made of. */
export interface ManPage {
  /** Stands in the header; a date that is none is left out. */
  readonly build: Pick<BuildInfo, "version" | "date">;
  /** In the order in which the page has them. */
  readonly verbs: readonly VerbDefinition[];
  /** Variables that every verb heeds. */
  readonly variables: readonly Term[];
}

/** Makes the page, as roff. */
export function manPage({ build, verbs, variables }: ManPage): string {
  // Sources have no date.
  const date = /^\d{4}-\d\d-\d\d/.exec(build.date)?.[0] ?? "";
  const title = roffText(PROGRAM.toUpperCase());
  const lines = [
    `.\\" Made by: ${PROGRAM} man`,
    `.TH "${title}" 1 "${roffText(date)}" "${
      roffText(`${PROGRAM} ${build.version}`)
    }" "User Commands"`,
    // Names of flags and variables are searched for: they are not cut at the end of a line.
    ".nh",
    ".ad l",
    section("Name"),
    `${
      roffText(PROGRAM)
    } \\- load CSV into Apache Iceberg tables, and race writers against a catalog`,
    section("Synopsis"),
    ...synopsis(`${PROGRAM} FILE [flags]`),
    ...verbs.flatMap(({ name, usage }) => synopsis(`${PROGRAM} ${name} ${usage}`)),
    section("Description"),
    ...paragraph(
      "Loads rows from CSV into an Apache Iceberg table through any Iceberg REST catalog, with " +
        "parallel workers: no row is lost, and none is doubled. It also serves a catalog of its " +
        "own, and shows what a catalog does when writers race for one table.",
    ),
    ...paragraph(
      "The first word is a verb; if it is none, the verb is ingest, and the word a file. A file " +
        "with a verb's name is given as ./NAME. Flags beat variables; an empty variable counts " +
        "as unset. A flag's variables stand in brackets.",
    ),
    ...verbs.flatMap((verb) => verbSection(verb, verbs)),
    section("Environment"),
    ...paragraph("Beside the variables of the flags, every verb heeds:"),
    ...variables.flatMap(([word, meaning]) => term(word, meaning)),
  ];
  return `${lines.join("\n")}\n`;
}

function synopsis(text: string): string[] {
  const [name, ...words] = text.trim().split(" ");
  return [".PP", `.B "${roffText(name!)}"`, roffText(words.join(" "))];
}

function verbSection(verb: VerbDefinition, all: readonly VerbDefinition[]): string[] {
  const { name, description, examples, notes = [], variables = [], exitStatus } = verb;
  const lines = [section(name), ...paragraph(`${description}.`.replace("..", "."))];
  for (const [group, flags] of flagGroups(verb)) {
    lines.push(subsection(`${name}: ${group}`));
    const before = all.slice(0, all.indexOf(verb)).find((other) => hasSame(other, group, flags));
    if (before === undefined) {
      lines.push(...flags.flatMap((flag) => term(flag.flags, flagMeaning(flag))));
    } else {
      lines.push(...paragraph(`The same flags as of ${before.name}: ${namesOf(flags)}`));
    }
  }
  lines.push(...notes.flatMap(noteLines));
  if (variables.length > 0) {
    lines.push(subsection(`${name}: Environment`));
    lines.push(...variables.flatMap(([word, meaning]) => term(word, meaning)));
  }
  lines.push(subsection(`${name}: Exit status`));
  lines.push(...exitStatus.flatMap(([code, meaning]) => term(code, meaning)));
  lines.push(subsection(`${name}: Examples`), ...verbatim(examples));
  return lines;
}

/** Whether an earlier verb has told of the same flags; a few of them are told again. */
function hasSame(verb: VerbDefinition, group: string, flags: readonly Flag[]): boolean {
  const others = flagGroups(verb).get(group) ?? [];
  return flags.length > 2 && others.length === flags.length &&
    flags.every((flag, at) => flag === others[at]);
}

function namesOf(flags: readonly Flag[]): string {
  return flags.map(({ flags: names }) => names).join(", ");
}

function noteLines(note: Note): string[] {
  if (typeof note === "string") return paragraph(note);
  if ("lines" in note) return verbatim(note.lines);
  return note.terms.flatMap(([word, meaning]) => term(word, meaning));
}
