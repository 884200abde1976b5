/**
 * Flags and the environment variables that stand for them. commander parses the command line; the
 * environment is read here, since an empty variable counts as unset and some flags have two names.
 */
import { Command, type CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import { UsageError } from "../errors.ts";
import { parseSwitch } from "./values.ts";

/** Where a value came from. */
export type ValueSource = "flag" | "environment" | "default";

/** A flag of a verb. */
export interface Flag {
  /** As commander takes it: `-w, --workers <N>`. */
  readonly flags: string;
  readonly description: string;
  /** Heading under which help lists it. */
  readonly group: string;
  /** Shown and used when nothing else is given; a text, parsed like one that was given. */
  readonly fallback?: string;
  /** Variables of the original tool, which beat the tool's own. */
  readonly originalVariables?: readonly string[];
  /** The flag may be given more than once. */
  readonly repeats?: boolean;
  /** No variable stands for the flag, since the same flag means something else in another verb. */
  readonly withoutVariables?: boolean;
}

/** Values of a verb's flags as texts, with where each came from. */
export interface FlagValues {
  /** The text of a flag that takes a value, or undefined. */
  text(name: string): string | undefined;
  /** All texts of a flag that repeats. */
  texts(name: string): readonly string[];
  /** Whether a switch is on. */
  isOn(name: string): boolean;
  source(name: string): ValueSource;
  /** What of the command line is no flag. */
  readonly operands: readonly string[];
}

const VARIABLE_PREFIX = "LAKEKEEPER_INGEST_";

/** `--chunk-size <N>` is `chunk-size`, `--no-header` is `no-header`. */
function nameOf(flag: Flag): string {
  const name = /--([a-z0-9-]+)/.exec(flag.flags)?.[1];
  if (name === undefined) throw new Error(`flag "${flag.flags}" has no long name`);
  return name;
}

function takesValue(flag: Flag): boolean {
  return flag.flags.includes("<");
}

/** The variables of a flag, the strongest first. */
export function variablesOf(flag: Flag): readonly string[] {
  if (flag.withoutVariables === true) return [];
  const own = VARIABLE_PREFIX + nameOf(flag).toUpperCase().replaceAll("-", "_");
  return [...(flag.originalVariables ?? []), own];
}

/** The variable of a flag that is set and not empty. */
export function variableSet(
  flag: Flag,
  environment: (name: string) => string | undefined,
): { readonly name: string; readonly value: string } | undefined {
  for (const name of variablesOf(flag)) {
    const value = environment(name);
    if (value !== undefined && value !== "") return { name, value };
  }
  return undefined;
}

/** A verb's command for commander: flags with their variables, and errors as exceptions. */
export function buildCommand(options: {
  readonly name: string;
  readonly usage: string;
  readonly description: string;
  readonly flags: readonly Flag[];
}): CommandUnknownOpts {
  const command = new Command(options.name)
    .description(options.description)
    .usage(options.usage)
    .allowExcessArguments(true)
    .argument("[operands...]")
    .helpOption("-h, --help", "show this help")
    .configureHelp({ visibleArguments: () => [], helpWidth: 100 })
    .exitOverride()
    .configureOutput({ writeErr: () => {}, writeOut: () => {} });
  for (const flag of options.flags) {
    const names = variablesOf(flag);
    const variables = names.length === 0 ? "" : ` [${names.join(", ")}]`;
    const fallback = flag.fallback === undefined ? "" : ` (default: ${flag.fallback})`;
    const option = new Option(flag.flags, `${flag.description}${fallback}${variables}`)
      .helpGroup(`${flag.group}:`);
    if (flag.repeats === true) {
      option.argParser((value: string, previous: string[] | undefined) => [
        ...(previous ?? []),
        value,
      ]);
    }
    command.addOption(option);
  }
  return command;
}

/** Thrown when the command line asks for help instead of work. */
export class HelpRequest extends Error {
  override readonly name = "HelpRequest";
}

/**
 * Parses a command line and the environment.
 *
 * @throws {UsageError} when the command line is wrong.
 * @throws {HelpRequest} for `--help`.
 */
export function parseFlags(
  command: CommandUnknownOpts,
  options: {
    readonly args: readonly string[];
    readonly flags: readonly Flag[];
    readonly environment: (name: string) => string | undefined;
  },
): FlagValues {
  try {
    command.parse([...options.args], { from: "user" });
  } catch (error) {
    throw commandLineError(error, command.name());
  }
  const given = command.opts() as Record<string, unknown>;
  const values = new Map<string, { value: unknown; source: ValueSource }>();
  for (const flag of options.flags) {
    const name = nameOf(flag);
    // `--no-x` is commander's switch x, on by default.
    const isNegated = name.startsWith("no-");
    const key = name.replace(/^no-/, "")
      .replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
    const onCommandLine = command.getOptionValueSource(key) === "cli";
    const variable = variableSet(flag, options.environment);
    if (onCommandLine) {
      values.set(name, { value: isNegated ? !given[key] : given[key], source: "flag" });
    } else if (variable !== undefined) {
      const value = takesValue(flag)
        ? flag.repeats === true ? [variable.value] : variable.value
        : parseSwitch(variable.value, { flag: variable.name });
      values.set(name, { value, source: "environment" });
    } else if (flag.fallback !== undefined) {
      values.set(name, { value: flag.fallback, source: "default" });
    }
  }
  return {
    text: (name) => values.get(name)?.value as string | undefined,
    texts: (name) => (values.get(name)?.value as string[] | undefined) ?? [],
    isOn: (name) => values.get(name)?.value === true,
    source: (name) => values.get(name)?.source ?? "default",
    operands: command.args,
  };
}

function commandLineError(error: unknown, verb: string): Error {
  const { code, message } = error as { code?: string; message?: string };
  if (code === undefined || !code.startsWith("commander.")) return error as Error;
  if (code === "commander.helpDisplayed" || code === "commander.help") return new HelpRequest();
  const text = (message ?? "").replace(/^error: /, "").replace(/\n/g, " ")
    .replace(/'([^']*)'/g, '"$1"');
  return new UsageError(text.charAt(0).toUpperCase() + text.slice(1), {
    hint: `See: lakekeeper-ingest ${verb} --help`,
  });
}
