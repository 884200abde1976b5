/** What every verb is made of: how it is called, its flags, its help. */
import {
  buildCommand,
  collectValues,
  type Flag,
  type FlagValues,
  HelpRequest,
  parseCommandLine,
} from "./flags.ts";
import { readConfigFiles } from "./config/config_file.ts";
import { helpText } from "./help_text.ts";
import type { Terminal } from "./terminal.ts";

/** A verb's arguments and the streams that it writes to. */
export interface VerbCall {
  /** The words behind the verb. */
  readonly args: readonly string[];
  /** The streams, and what each of them can show. */
  readonly terminal: Terminal;
  /** Leaves at once, with nothing put in order. */
  readonly exitNow: (code: number) => void;
}

/** Runs a verb and gives its exit code. */
export type RunVerb = (call: VerbCall) => Promise<number>;

/** A word and what it means. */
export type Term = readonly [word: string, meaning: string];

/** A part of a verb's notes: a paragraph, a list of terms, or lines that stay as they are. */
export type Note =
  | string
  | { readonly terms: readonly Term[] }
  | { readonly lines: readonly string[] };

/** What a word of the command line that is no flag may be; for the shells' completions. */
export interface Operand {
  /** Words that may stand there. */
  readonly values?: readonly string[];
  /** What on this machine it names. */
  readonly path?: "file" | "directory";
}

/**
 * A verb's command line: the one source of what is parsed, of its help, of the shells' completions
 * and of the manual page. Texts are plain, in one line however long.
 */
export interface VerbDefinition {
  /** The word that calls it. */
  readonly name: string;
  /** What follows the verb, such as `FILE [flags]`. */
  readonly usage: string;
  /** What it does, in a sentence. */
  readonly description: string;
  /** Words beside the flags, in their order. */
  readonly operands?: readonly Operand[];
  /** In the order in which help has them. */
  readonly flags: readonly Flag[];
  /** Whole command lines. */
  readonly examples: readonly string[];
  /** What else there is to know. */
  readonly notes?: readonly Note[];
  /** Variables that no flag stands for. */
  readonly variables?: readonly Term[];
  /** Exit codes and what each says. */
  readonly exitStatus: readonly Term[];
}

/** Prints the full help of a verb on stdout, as wide as the terminal. */
export function printHelp(definition: VerbDefinition, terminal: Terminal): void {
  terminal.out.write(helpText(definition, terminal));
}

/**
 * Reads a verb's flags from its arguments, the environment and the configuration files.
 *
 * @returns undefined when help was asked for, and has been shown.
 * @throws {UsageError} when the command line or a configuration file is wrong.
 */
export async function readVerbFlags(
  call: VerbCall,
  definition: VerbDefinition,
): Promise<FlagValues | undefined> {
  const { flags } = definition;
  const environment = (name: string) => Deno.env.get(name);
  const command = buildCommand(definition);
  try {
    parseCommandLine(command, call.args);
    const files = await readConfigFiles({ flags, variable: environment });
    return collectValues(command, { flags, environment, files });
  } catch (error) {
    if (!(error instanceof HelpRequest)) throw error;
    printHelp(definition, call.terminal);
    return undefined;
  }
}

/**
 * Reads the words of a verb that has no flags. Neither variables nor configuration files matter to
 * it, so that a wrong one does not keep a shell from its completions.
 *
 * @returns undefined when help was asked for, and has been shown.
 * @throws {UsageError} for a flag.
 */
export function readOperands(
  call: VerbCall,
  definition: VerbDefinition,
): readonly string[] | undefined {
  const command = buildCommand(definition);
  try {
    parseCommandLine(command, call.args);
    return command.args;
  } catch (error) {
    if (!(error instanceof HelpRequest)) throw error;
    printHelp(definition, call.terminal);
    return undefined;
  }
}
