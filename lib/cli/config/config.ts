/** `config`: the settings in effect, where each comes from, and which catalog would be used. */
import { EXIT_CODE, ToolError, UsageError } from "../../errors.ts";
import { decideCatalog, processEnvironment } from "../catalog_choice.ts";
import { allDefinitions, definitionOf } from "../definitions.ts";
import { type Flag, type FlagValues, nameOf } from "../flags.ts";
import { jsonLine } from "../json_view.ts";
import type { Terminal } from "../terminal.ts";
import { printHelp, readVerbFlags, type VerbCall } from "../verb.ts";
import { type CatalogSettings, resolveCatalogSettings } from "./catalog_settings.ts";
import { configPlaces, isConfigurable } from "./config_file.ts";
import { CONFIG, CONFIG_WORDS } from "./config_flags.ts";
import { describeOrigin, type Origin } from "./origin.ts";
import { pyicebergPaths } from "./pyiceberg.ts";
import { MASK, shownValue } from "./redact.ts";

/**
 * Runs `config show` and `config path`.
 *
 * @throws {UsageError} when the command line or a file is wrong.
 */
export async function runConfig(call: VerbCall): Promise<number> {
  const { terminal, args } = call;
  if (args.includes("-h") || args.includes("--help")) {
    printHelp(CONFIG, terminal);
    return EXIT_CODE.ok;
  }
  // A file that is broken is found all the same.
  if (args[0] === "path" && args.slice(1).every((arg) => arg === "--json")) {
    return await showPaths(terminal, { asJson: args.length > 1 });
  }
  const flags = await allFlags();
  const values = await readVerbFlags(call, { ...CONFIG, flags });
  if (values === undefined) return EXIT_CODE.ok;
  const [word, ...others] = values.operands;
  if (word !== "show" || others.length > 0) {
    throw new UsageError(
      word === undefined
        ? "Cannot show settings: config takes one word"
        : `Cannot use "${values.operands.join(" ")}": config takes one word`,
      { hint: `It takes ${CONFIG_WORDS.join(" or ")}` },
    );
  }
  return await showSettings(values, { flags, terminal });
}

/** The flags that settings stand for, of all verbs; those of `ingest` first. */
async function allFlags(): Promise<Flag[]> {
  const byName = new Map<string, Flag>();
  for (const definition of await allDefinitions()) {
    for (const flag of definition.flags) {
      if (isConfigurable(flag) && !byName.has(nameOf(flag))) byName.set(nameOf(flag), flag);
    }
  }
  return [...byName.values()];
}

/** A line of the table. */
interface Row {
  readonly name: string;
  /** With secrets masked; null when nothing is set and nothing is built in. */
  readonly value: string | null;
  readonly origin: Origin;
}

/** Shown by what is known of the catalog, not by the flags alone. */
const CATALOG_NAMES: ReadonlySet<string> = new Set([
  "uri",
  "warehouse",
  "catalog",
  "token-file",
  "property",
]);

async function showSettings(
  values: FlagValues,
  of: { readonly flags: readonly Flag[]; readonly terminal: Terminal },
): Promise<number> {
  const { terminal, flags } = of;
  const settings = await resolveCatalogSettings(values, processEnvironment);
  const ingest = new Set((await definitionOf("ingest")).flags.map(nameOf));
  const rows = [
    ...catalogRows(settings),
    ...flags.filter((flag) => !CATALOG_NAMES.has(nameOf(flag)))
      .filter((flag) => ingest.has(nameOf(flag)) || values.source(nameOf(flag)) !== "default")
      .flatMap((flag) => flagRows(flag, values)),
  ];
  const problems = settings.problems.map(({ message, hint }) => ({ message, hint }));
  let catalog: { kind: string; uri?: string; directory?: string } | undefined;
  try {
    const decision = await decideCatalog(values, processEnvironment);
    catalog = decision.kind === "rest"
      ? { kind: "rest", uri: shownValue("uri", decision.uri) }
      : { kind: "embedded", directory: decision.directory };
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    if (problems.length === 0) problems.push({ message: error.message, hint: error.hint });
  }
  const { notices } = settings;
  if (values.isOn("json")) {
    const line = {
      type: "config",
      settings: rows.map(settingOfRow),
      ...(catalog === undefined ? {} : { catalog }),
      notices,
      problems,
    };
    terminal.out.write(`${jsonLine(line, new Date())}\n`);
  } else {
    terminal.out.write(tableText(rows));
    const used = catalog === undefined
      ? "none"
      : catalog.uri ?? `the embedded one in ${catalog.directory}`;
    terminal.out.write(`\nCatalog in use: ${used}\n`);
    for (const notice of notices) terminal.err.write(`${notice}\n`);
    for (const { message, hint } of problems) {
      terminal.err.write(`${message}\n${hint === undefined ? "" : `Hint: ${hint}\n`}`);
    }
  }
  return problems.length === 0 ? EXIT_CODE.ok : EXIT_CODE.usage;
}

function settingOfRow({ name, value, origin }: Row) {
  return {
    name,
    value,
    source: origin.source,
    ...(origin.name === undefined ? {} : { place: origin.name }),
    ...(origin.line === undefined ? {} : { line: origin.line }),
  };
}

function catalogRows(settings: CatalogSettings): Row[] {
  const { name, uri, warehouse, token, properties } = settings;
  return [
    { name: "catalog", value: name.value, origin: name.origin },
    { name: "uri", value: shownValue("uri", uri.value), origin: uri.origin },
    { name: "warehouse", value: warehouse.value, origin: warehouse.origin },
    token.path === undefined
      ? {
        name: "token",
        value: token.origin.source === "default" ? token.value ?? null : MASK,
        origin: token.origin,
      }
      : { name: "token-file", value: token.path, origin: token.origin },
    ...[...properties].map(([key, { value, origin }]) => ({
      name: `property ${key}`,
      value: shownValue(key, value),
      origin,
    })),
  ];
}

function flagRows(flag: Flag, values: FlagValues): Row[] {
  const name = nameOf(flag);
  const texts = values.texts(name);
  const origin = values.origin(name);
  if (texts.length === 0) return [{ name, value: null, origin }];
  return texts.map((text) => ({ name, value: shownValue(name, text), origin }));
}

function tableText(rows: readonly Row[]): string {
  const cells = rows.map(({ name, value, origin }) => [
    name,
    value ?? "-",
    describeOrigin(origin),
  ]);
  const widths = [0, 1].map((at) => Math.max(...cells.map((row) => row[at]!.length)));
  return cells.map(([name, value, place]) =>
    `${name!.padEnd(widths[0]!)}  ${value!.padEnd(widths[1]!)}  ${place}\n`
  ).join("");
}

async function showPaths(
  terminal: Terminal,
  of: { readonly asJson: boolean },
): Promise<number> {
  const own = configPlaces((name) => Deno.env.get(name));
  const places = [
    ...own.map(({ path, source }) => ({ path, source: source as string })),
    ...pyicebergPaths(processEnvironment).map((path) => ({ path, source: "pyiceberg file" })),
  ];
  const files = await Promise.all(places.map(async (place) => ({
    ...place,
    found: await Deno.stat(place.path).then((info) => info.isFile, () => false),
  })));
  if (of.asJson) {
    terminal.out.write(`${jsonLine({ type: "config_paths", files }, new Date())}\n`);
  } else {
    for (const { path, source, found } of files) {
      terminal.out.write(`${path} (${source}${found ? "" : ", not there"})\n`);
    }
  }
  return EXIT_CODE.ok;
}
