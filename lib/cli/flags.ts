/**
 * Flags and the environment variables that stand for them. commander parses the command line; the
 * environment is read here, since an empty variable counts as unset and some flags have two names.
 */
import { Command, type CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import { UsageError } from "../errors.ts";
import type { ConfigFile } from "./config/config_file.ts";
import type { Origin, Setting, ValueSource } from "./config/origin.ts";
import { parseSwitch } from "./values.ts";

/** A flag of a verb. */
export interface Flag {
  /** As commander takes it: `-w, --workers <N>`. */
  readonly flags: string;
  /** What help says of it: one line of plain text, however long. */
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
  /** The values that it takes, where they are few: shells complete them. */
  readonly values?: readonly string[];
  /** What on this machine the value names: shells complete it. */
  readonly path?: "file" | "directory";
}

/** Values of a verb's flags as texts, with where each came from. */
export interface FlagValues {
  /** The text of a flag that takes a value, or undefined. */
  text(name: string): string | undefined;
  /** All texts of a flag that repeats. */
  texts(name: string): readonly string[];
  /** Whether a switch is on. */
  isOn(name: string): boolean;
  /** What kind of place the value in use comes from. */
  source(name: string): ValueSource;
  /** Where the value stands. */
  origin(name: string): Origin;
  /** Every text that any place has of a flag, those of the strongest place first. */
  allTexts(name: string): readonly Setting[];
  /** The configuration files that were read, the strongest first. */
  readonly files: readonly ConfigFile[];
  /** What of the command line is no flag. */
  readonly operands: readonly string[];
}

const VARIABLE_PREFIX = "LAKEKEEPER_INGEST_";

/** `--chunk-size <N>` is `chunk-size`, `--no-header` is `no-header`. */
export function nameOf(flag: Flag): string {
  const name = /--([a-z0-9-]+)/.exec(flag.flags)?.[1];
  if (name === undefined) throw new Error(`flag "${flag.flags}" has no long name`);
  return name;
}

/** Whether a value follows the flag; a switch has none. */
export function takesValue(flag: Flag): boolean {
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

/**
 * A command line as commander parses it. The package documents it.
 *
 * @internal
 */
export type ParsedCommand = CommandUnknownOpts;

/** A verb's command for commander, which throws what is wrong; help is the tool's own. */
export function buildCommand(options: {
  readonly name: string;
  readonly flags: readonly Flag[];
}): ParsedCommand {
  const command = new Command(options.name)
    .allowExcessArguments(true)
    .argument("[operands...]")
    .helpOption("-h, --help")
    .exitOverride()
    .configureOutput({ writeErr: () => {}, writeOut: () => {} });
  for (const flag of options.flags) {
    const option = new Option(flag.flags);
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
  /** Tells the class in stack traces. */
  override readonly name = "HelpRequest";
}

/**
 * Parses a command line.
 *
 * @throws {UsageError} when it is wrong.
 * @throws {HelpRequest} for `--help`.
 */
export function parseCommandLine(command: ParsedCommand, args: readonly string[]): void {
  try {
    command.parse([...args], { from: "user" });
  } catch (error) {
    throw commandLineError(error, command.name());
  }
}

/** What one place says of a flag. */
interface Given {
  /** A switch has `true` or `false`. */
  readonly texts: readonly string[];
  readonly origin: Origin;
}

const BUILT_IN: Origin = { source: "default" };

/**
 * Brings together what a parsed command line, the environment and the configuration files say.
 *
 * @throws {UsageError} for a switch that is neither on nor off.
 */
export function collectValues(
  command: ParsedCommand,
  options: {
    readonly flags: readonly Flag[];
    readonly environment: (name: string) => string | undefined;
    /** The strongest first. */
    readonly files?: readonly ConfigFile[];
  },
): FlagValues {
  const { flags, environment, files = [] } = options;
  const places = new Map<string, readonly Given[]>();
  for (const flag of flags) {
    const given = [
      onCommandLine(command, flag),
      inEnvironment(flag, environment),
      ...files.map((file) => inFile(flag, file)),
      flag.fallback === undefined ? undefined : { texts: [flag.fallback], origin: BUILT_IN },
    ];
    places.set(nameOf(flag), given.filter((place) => place !== undefined));
  }
  const switches = new Set(flags.filter((flag) => !takesValue(flag)).map(nameOf));
  const texts = (name: string) => places.get(name)?.[0]?.texts ?? [];
  const origin = (name: string) => places.get(name)?.[0]?.origin ?? BUILT_IN;
  return {
    text: (name) => texts(name)[0],
    texts,
    isOn: (name) => switches.has(name) && texts(name)[0] === "true",
    source: (name) => origin(name).source,
    origin,
    allTexts: (name) =>
      (places.get(name) ?? []).flatMap((place) =>
        place.texts.map((value) => ({ value, origin: place.origin }))
      ),
    files,
    operands: command.args,
  };
}

function onCommandLine(command: ParsedCommand, flag: Flag): Given | undefined {
  const name = nameOf(flag);
  // `--no-x` is commander's switch x, on by default.
  const key = name.replace(/^no-/, "")
    .replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  if (command.getOptionValueSource(key) !== "cli") return undefined;
  const value = (command.opts() as Record<string, unknown>)[key];
  const shown = typeof value === "boolean" && name.startsWith("no-") ? !value : value;
  const texts = Array.isArray(shown) ? shown.map(String) : [String(shown)];
  return { texts, origin: { source: "flag", name: `--${name}` } };
}

function inEnvironment(
  flag: Flag,
  environment: (name: string) => string | undefined,
): Given | undefined {
  const variable = variableSet(flag, environment);
  if (variable === undefined) return undefined;
  const { name, value } = variable;
  const text = takesValue(flag) ? value : String(parseSwitch(value, { flag: name }));
  return { texts: [text], origin: { source: "environment", name } };
}

function inFile(flag: Flag, file: ConfigFile): Given | undefined {
  const name = nameOf(flag);
  const entry = flag.withoutVariables === true ? undefined : file.entries.get(name);
  if (entry === undefined) return undefined;
  const { path, source } = file;
  const texts = takesValue(flag)
    ? entry.texts
    : [String(parseSwitch(entry.texts[0]!, { flag: `${name} in "${path}"` }))];
  return { texts, origin: { source, name: path, line: entry.line } };
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
