/** What shells complete, as plain data: the verbs' command lines without what is only read. */
import { type Flag, nameOf, takesValue } from "../flags.ts";
import { HELP_FLAG } from "../help_text.ts";
import type { Operand, VerbDefinition } from "../verb.ts";

/** A flag as a shell sees it. */
export interface FlagWords {
  /** With its dashes, such as `--workers`. */
  readonly long: string;
  /** With its dash, such as `-w`. */
  readonly short: string | undefined;
  /** What the value is called in help, such as `N`; undefined for a switch. */
  readonly value: string | undefined;
  /** Values that it takes, where they are few; else empty. */
  readonly choices: readonly string[];
  /** What on this machine the value names, if anything. */
  readonly path: "file" | "directory" | undefined;
  /** Whether it may be given more than once. */
  readonly repeats: boolean;
  /** A few words, without brackets and colons. */
  readonly meaning: string;
}

/** A verb as a shell sees it. */
export interface VerbWords {
  /** The word that calls it. */
  readonly name: string;
  /** A few words, without brackets and colons. */
  readonly meaning: string;
  /** All of its flags, `--help` the last. */
  readonly flags: readonly FlagWords[];
  /** Words beside the flags, in their order. */
  readonly operands: readonly Operand[];
}

/** The verb that a command line has whose first word is none. */
export const BARE_VERB = "ingest";

/** Flags that stand in the place of a verb. */
export const VERSION_FLAG: FlagWords = {
  long: "--version",
  short: "-V",
  value: undefined,
  choices: [],
  path: undefined,
  repeats: false,
  meaning: "print the version",
};

/** Reduces command lines to the words that shells complete. */
export function wordsOf(definitions: readonly VerbDefinition[]): VerbWords[] {
  return definitions.map(({ name, description, flags, operands = [] }) => ({
    name,
    meaning: shortened(description),
    flags: [...flags, HELP_FLAG].map(flagWords),
    operands,
  }));
}

function flagWords(flag: Flag): FlagWords {
  return {
    long: `--${nameOf(flag)}`,
    short: /^(-[A-Za-z]),/.exec(flag.flags)?.[1],
    value: takesValue(flag) ? /<(.*)>/.exec(flag.flags)?.[1] ?? "VALUE" : undefined,
    choices: flag.values ?? [],
    path: flag.path,
    repeats: flag.repeats === true,
    meaning: shortened(flag.description),
  };
}

/** The first clause: a menu of completions has one line for each. */
function shortened(text: string): string {
  return (/^[^;:(]*/.exec(text)?.[0] ?? "").replace(/\. .*$/, "").trim();
}
