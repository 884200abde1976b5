/**
 * The tool's own configuration files: YAML whose keys are the names of flags without dashes before
 * them. One lies in the working directory, one belongs to the user.
 */
import { UsageError } from "../../errors.ts";
import { type Flag, nameOf, takesValue, variablesOf } from "../flags.ts";
import { nearest } from "../nearest.ts";
import { parseSwitch } from "../values.ts";
import type { ValueSource } from "./origin.ts";
import { isSecretName } from "./redact.ts";
import { SETTING_NAMES } from "./setting_names.ts";
import { parseYamlMap, readIfThere, type YamlNode } from "./yaml_text.ts";

/** Name of the file in the working directory. */
export const PROJECT_FILE = ".lakekeeper-ingest.yaml";

/** Variables that are set, by name. */
export type ReadVariable = (name: string) => string | undefined;

/** A place where a file of the tool's own may lie. */
export interface ConfigPlace {
  /** What it counts as. */
  readonly source: ValueSource & ("project file" | "user file");
  /** Relative to the working directory, or absolute. */
  readonly path: string;
}

/** A value of a file, as texts that a flag would have been given. */
export interface ConfigEntry {
  /** Several only for a flag that repeats. */
  readonly texts: readonly string[];
  /** From 1. */
  readonly line: number;
}

/** A file that was read. */
export interface ConfigFile extends ConfigPlace {
  /** By the name of the flag. */
  readonly entries: ReadonlyMap<string, ConfigEntry>;
  /** What a person should know of the file, such as that others can read its secrets. */
  readonly notice: string | undefined;
}

/**
 * Where files are looked for, the strongest first: `.lakekeeper-ingest.yaml` here, and
 * `lakekeeper-ingest/config.yaml` in `XDG_CONFIG_HOME` (`~/.config`; on Windows in `APPDATA`).
 */
export function configPlaces(
  variable: ReadVariable,
  os: typeof Deno.build.os = Deno.build.os,
): ConfigPlace[] {
  const places: ConfigPlace[] = [{ source: "project file", path: PROJECT_FILE }];
  const directory = userDirectory(variable, os);
  if (directory !== undefined) {
    places.push({ source: "user file", path: `${directory}/lakekeeper-ingest/config.yaml` });
  }
  return places;
}

function userDirectory(variable: ReadVariable, os: typeof Deno.build.os): string | undefined {
  if (os === "windows") return variable("APPDATA")?.replaceAll("\\", "/") || undefined;
  const named = variable("XDG_CONFIG_HOME") ?? "";
  // The specification of these directories has relative ones ignored.
  if (named.startsWith("/")) return named.replace(/\/+$/, "");
  const home = variable("HOME");
  return home ? `${home.replace(/\/+$/, "")}/.config` : undefined;
}

/**
 * Reads the files that are there.
 *
 * @param options.flags of the verb that runs; keys of other verbs' flags are allowed, and ignored.
 * @throws {UsageError} for a file that cannot be read, a key that no verb knows, or a value of a
 * form that its flag does not take.
 */
export async function readConfigFiles(options: {
  readonly flags: readonly Flag[];
  readonly variable: ReadVariable;
  readonly places?: readonly ConfigPlace[];
}): Promise<ConfigFile[]> {
  const { flags, variable, places = configPlaces(variable) } = options;
  const files: ConfigFile[] = [];
  for (const place of places) {
    const text = await readIfThere(place.path);
    if (text === undefined) continue;
    const { entries: nodes } = await parseYamlMap(text, place.path);
    const entries = new Map<string, ConfigEntry>();
    for (const [key, node] of nodes) {
      const reader = new EntryReader({ key, node, place, variable });
      const flag = flags.find((known) => nameOf(known) === key && isConfigurable(known));
      if (flag === undefined) {
        reader.checkKey();
        continue;
      }
      const texts = reader.textsFor(flag);
      if (texts.length > 0) entries.set(key, { texts, line: node.line });
    }
    files.push({ ...place, entries, notice: await secretNotice(place.path, entries) });
  }
  return files;
}

/** What means something else in another verb, or must be wanted anew each time, is no setting. */
export function isConfigurable(flag: Flag): boolean {
  return variablesOf(flag).length > 0;
}

class EntryReader {
  readonly #key: string;
  readonly #node: YamlNode;
  readonly #place: ConfigPlace;
  readonly #variable: ReadVariable;

  constructor(of: {
    readonly key: string;
    readonly node: YamlNode;
    readonly place: ConfigPlace;
    readonly variable: ReadVariable;
  }) {
    this.#key = of.key;
    this.#node = of.node;
    this.#place = of.place;
    this.#variable = of.variable;
  }

  /** @throws {UsageError} when no verb has such a flag. */
  checkKey(): void {
    const key = this.#key;
    if (SETTING_NAMES.includes(key)) return;
    if (key === "token" || key === "credential") {
      throw this.#error(`it holds no secrets by itself`, {
        hint: "Write the token into a file of its own, and the file's path here as token-file",
      });
    }
    const meant = nearest(key, SETTING_NAMES);
    throw this.#error("there is no such setting", {
      hint: meant === undefined
        ? "Keys are the names of flags without the dashes: see lakekeeper-ingest help ingest"
        : `Did you mean "${meant}"?`,
    });
  }

  /** The value as texts; none when it is empty, which counts as unset. */
  textsFor(flag: Flag): string[] {
    const node = this.#node;
    if (this.#key === "property" && node.kind === "map") {
      return [...node.entries].map(([name, value]) => `${name}=${this.#text(value)}`);
    }
    if (node.kind === "list" && flag.repeats === true) {
      return node.items.map((item) => this.#text(item)).filter((text) => text !== "");
    }
    const text = this.#text(node);
    if (text === "") return [];
    if (!takesValue(flag)) parseSwitch(text, { flag: `${this.#key} in "${this.#place.path}"` });
    return [this.#key === "token-file" ? this.#pathOf(text) : text];
  }

  #text(node: YamlNode): string {
    if (node.kind === "text") return node.text;
    throw this.#error(node.kind === "list" ? "it takes one value" : "it takes a value, not a map");
  }

  /** A path in a file means the same wherever the tool is run. */
  #pathOf(text: string): string {
    if (text.startsWith("~/")) {
      const home = this.#variable("HOME") || this.#variable("USERPROFILE");
      if (home) return `${home}${text.slice(1)}`;
    }
    if (/^([/\\]|[A-Za-z]:)/.test(text)) return text;
    const directory = /^(.*)\//.exec(this.#place.path)?.[1];
    return directory === undefined ? text : `${directory}/${text}`;
  }

  #error(reason: string, options: { readonly hint?: string } = {}): UsageError {
    const place = `"${this.#place.path}", line ${this.#node.line}`;
    return new UsageError(
      `Cannot use "${this.#key}" in the configuration file ${place}: ${reason}`,
      options,
    );
  }
}

const OTHERS_MAY_READ = 0o044;

/** Says so when others than its owner may read the secrets of a file. */
async function secretNotice(
  path: string,
  entries: ReadonlyMap<string, ConfigEntry>,
): Promise<string | undefined> {
  const names = (entries.get("property")?.texts ?? []).map((text) => text.split("=")[0]!);
  if (!names.some(isSecretName)) return undefined;
  const { mode } = await Deno.stat(path);
  if (mode === null || (mode & OTHERS_MAY_READ) === 0) return undefined;
  return `The configuration file "${path}" holds a secret, and others can read it: ` +
    "take their right away with chmod 600";
}
