/**
 * What pyiceberg is configured with: `PYICEBERG_*` variables over the first `.pyiceberg.yaml` that
 * is found in `PYICEBERG_HOME`, the home directory and the working directory. Read as pyiceberg 0.12
 * reads it, but that an empty variable counts as unset.
 */
import { UsageError } from "../../errors.ts";
import type { Origin, Setting } from "./origin.ts";
import { parseYamlMap, readIfThere, type YamlNode } from "./yaml_text.ts";

const FILE_NAME = ".pyiceberg.yaml";
const VARIABLE_PREFIX = "pyiceberg_";
const HOME_VARIABLE = "PYICEBERG_HOME";
const CATALOG_KEY = "catalog";
const DEFAULT_KEY = "default-catalog";

/** A value of the configuration; keys are in small letters. */
export type PyicebergNode =
  | ({ readonly kind: "text" } & Setting)
  | { readonly kind: "list"; readonly origin: Origin }
  | PyicebergMap;

/** What stands below a key. */
export interface PyicebergMap {
  /** Kind of the node. */
  readonly kind: "map";
  /** By key. */
  readonly entries: Map<string, PyicebergNode>;
}

/** The configuration as a whole. */
export interface PyicebergConfig {
  /** The top: `catalog`, `default-catalog` and what else there is. */
  readonly entries: ReadonlyMap<string, PyicebergNode>;
  /** Paths where a file was looked for, in order. */
  readonly searched: readonly string[];
  /** The one that was read. */
  readonly path: string | undefined;
}

/** What the configuration depends on. */
export interface PyicebergEnvironment {
  /** The value of a variable that is set. */
  readonly variable: (name: string) => string | undefined;
  /** Names of all variables that are set. */
  readonly variableNames: () => readonly string[];
}

/**
 * Reads files and variables.
 *
 * @throws {UsageError} for a file that cannot be read, and for a variable that goes deeper where the
 * file has a plain value.
 */
export async function readPyiceberg(environment: PyicebergEnvironment): Promise<PyicebergConfig> {
  const { variable, variableNames } = environment;
  const searched = pyicebergPaths(environment);
  let entries = new Map<string, PyicebergNode>();
  let path: string | undefined;
  for (const candidate of searched) {
    if (!await isFile(candidate)) continue;
    const text = await readIfThere(candidate);
    if (text === undefined) continue;
    const file = convertMap(await parseYamlMap(text, candidate), candidate);
    // An empty file is passed over.
    if (file.entries.size === 0) continue;
    ({ entries } = file);
    path = candidate;
    break;
  }
  for (const name of variableNames()) {
    const value = variable(name);
    if (!name.toLowerCase().startsWith(VARIABLE_PREFIX) || !value) continue;
    const key = name.toLowerCase().slice(VARIABLE_PREFIX.length);
    set(entries, { key, name, value });
  }
  return { entries, searched, path };
}

/** Where a file is looked for, in order: the first one that says anything counts. */
export function pyicebergPaths({ variable }: Pick<PyicebergEnvironment, "variable">): string[] {
  const home = variable("HOME") || variable("USERPROFILE");
  return [variable(HOME_VARIABLE), home, "."]
    .filter((directory) => directory !== undefined && directory !== "")
    .map((directory) => `${directory!.replace(/(?<=.)\/+$/, "")}/${FILE_NAME}`);
}

/** Whatever keeps it from being looked at keeps pyiceberg, too. */
function isFile(path: string): Promise<boolean> {
  return Deno.stat(path).then((info) => info.isFile, () => false);
}

function convertMap(node: YamlNode & { readonly kind: "map" }, path: string): PyicebergMap {
  const entries = new Map<string, PyicebergNode>();
  for (const [key, value] of node.entries) {
    const origin: Origin = { source: "pyiceberg file", name: path, line: value.line };
    entries.set(
      key.toLowerCase(),
      value.kind === "map"
        ? convertMap(value, path)
        : value.kind === "list"
        ? { kind: "list", origin }
        : { kind: "text", value: value.text, origin },
    );
  }
  return { kind: "map", entries };
}

/** `catalog__prod__s3__access_key_id`: three parts at most, then `__` is a dot and `_` a dash. */
function set(
  entries: Map<string, PyicebergNode>,
  variable: { readonly key: string; readonly name: string; readonly value: string },
): void {
  const { key, name, value } = variable;
  const [first = "", second, ...others] = key.split("__");
  const parts = [first, second, others.length === 0 ? undefined : others.join("__")]
    .filter((part) => part !== undefined)
    .map((part) => part.replaceAll("__", ".").replaceAll("_", "-"));
  const last = parts.pop()!;
  let at = entries;
  for (const part of parts) {
    const below = at.get(part) ?? { kind: "map", entries: new Map() };
    if (below.kind !== "map") {
      throw new UsageError(
        `Cannot use the variable ${name}: "${part}" is a plain value in pyiceberg's configuration`,
      );
    }
    at.set(part, below);
    at = below.entries;
  }
  at.set(last, { kind: "text", value, origin: { source: "environment", name } });
}

/** Names of the catalogs that are configured. */
export function pyicebergCatalogs(config: PyicebergConfig): string[] {
  const catalogs = config.entries.get(CATALOG_KEY);
  return catalogs?.kind === "map" ? [...catalogs.entries.keys()] : [];
}

/** Whether anything is said of catalogs at all. */
export function saysCatalogs(config: PyicebergConfig): boolean {
  return config.entries.has(CATALOG_KEY) || config.entries.has(DEFAULT_KEY);
}

/** A place to name for the configuration: a variable, or the file. */
export function pyicebergPlace(config: PyicebergConfig): string {
  for (const key of [CATALOG_KEY, DEFAULT_KEY]) {
    const variable = firstVariable(config.entries.get(key));
    if (variable !== undefined) return `the variable ${variable}`;
  }
  return config.path ?? FILE_NAME;
}

function firstVariable(node: PyicebergNode | undefined): string | undefined {
  if (node === undefined || node.kind === "list") return undefined;
  if (node.kind === "text") {
    return node.origin.source === "environment" ? node.origin.name : undefined;
  }
  for (const below of node.entries.values()) {
    const found = firstVariable(below);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * What is said of one catalog, empty values left out. Names know no capitals. A variable's name cannot
 * hold a dash, and stands for one where it has `_`: `my_catalog` finds what variables say of
 * `my-catalog`, too.
 *
 * @throws {UsageError} when something else than a map stands there.
 */
export function pyicebergCatalog(
  config: PyicebergConfig,
  name: string,
): ReadonlyMap<string, PyicebergNode> {
  const catalogs = config.entries.get(CATALOG_KEY);
  if (catalogs === undefined) return new Map();
  if (catalogs.kind !== "map") throw notAMap(CATALOG_KEY, catalogs.origin);
  const lower = name.toLowerCase();
  const dashed = lower.replaceAll("_", "-");
  const own = entriesOf(catalogs, lower);
  const others = dashed === lower ? [] : [...entriesOf(catalogs, dashed)];
  // Where a file has the very name, only variables can mean it by the other one.
  const more = own.size === 0 ? others : others.filter(([, node]) => isFromVariable(node));
  return new Map([...own, ...more].filter(([, node]) => node.kind !== "text" || node.value !== ""));
}

function entriesOf(catalogs: PyicebergMap, key: string): ReadonlyMap<string, PyicebergNode> {
  const catalog = catalogs.entries.get(key);
  if (catalog === undefined || (catalog.kind === "text" && catalog.value === "")) return new Map();
  if (catalog.kind !== "map") throw notAMap(`${CATALOG_KEY}.${key}`, catalog.origin);
  return catalog.entries;
}

function isFromVariable(node: PyicebergNode): boolean {
  return node.kind !== "map" && node.origin.source === "environment";
}

function notAMap(key: string, origin: Origin): UsageError {
  return new UsageError(
    `Cannot use "${key}" of pyiceberg's configuration (${origin.name}): it takes a map`,
  );
}
