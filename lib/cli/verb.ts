/** What every verb is made of: how it is called, its flags, its help. */
import { buildCommand, type Flag, type FlagValues, HelpRequest, parseFlags } from "./flags.ts";
import type { Terminal } from "./terminal.ts";

/** A verb's arguments and the streams that it writes to. */
export interface VerbCall {
  readonly args: readonly string[];
  readonly terminal: Terminal;
  /** Leaves at once, with nothing put in order. */
  readonly exitNow: (code: number) => void;
}

/** Runs a verb and gives its exit code. */
export type RunVerb = (call: VerbCall) => Promise<number>;

/** A verb's command line. */
export interface VerbDefinition {
  readonly name: string;
  readonly usage: string;
  readonly description: string;
  readonly flags: readonly Flag[];
  /** What help says after the flags: examples and exit status. */
  readonly after: string;
}

/** The full help of a verb. */
export function helpOfVerb(definition: VerbDefinition): string {
  return buildCommand(definition).helpInformation() + definition.after;
}

/**
 * Reads a verb's flags from its arguments and the environment.
 *
 * @returns undefined when help was asked for, and has been shown.
 * @throws {UsageError} when the command line is wrong.
 */
export function readVerbFlags(call: VerbCall, definition: VerbDefinition): FlagValues | undefined {
  try {
    return parseFlags(buildCommand(definition), {
      args: call.args,
      flags: definition.flags,
      environment: (name) => Deno.env.get(name),
    });
  } catch (error) {
    if (!(error instanceof HelpRequest)) throw error;
    call.terminal.out.write(helpOfVerb(definition));
    return undefined;
  }
}
