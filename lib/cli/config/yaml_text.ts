/**
 * YAML as the configuration files use it: maps, lists and texts. Nothing is taken for a number, a
 * boolean or a null, so that `codec: none` and `null-value: NULL` mean what they say. The parser is
 * loaded only when there is a file to be read.
 */
import { UsageError } from "../../errors.ts";

/** A value in a file, with the line of its key (of the value itself in a list), from 1. */
export type YamlNode =
  | { readonly kind: "text"; readonly text: string; readonly line: number }
  | { readonly kind: "list"; readonly items: readonly YamlNode[]; readonly line: number }
  | {
    readonly kind: "map";
    readonly entries: ReadonlyMap<string, YamlNode>;
    readonly line: number;
  };

/** A map that is the whole of a file. */
export type YamlMap = YamlNode & { readonly kind: "map" };

/**
 * Reads the text of a file.
 *
 * @param path for messages, which hold nothing of the text: it may be a secret.
 * @throws {UsageError} when it is no YAML, or something else than a map.
 */
export async function parseYamlMap(text: string, path: string): Promise<YamlMap> {
  const { parseMap } = await import("./yaml_parser.ts");
  return parseMap(text, path);
}

/**
 * The text of a file that may be missing.
 *
 * @throws {UsageError} when it is there and cannot be read.
 */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    // A part of the path that is a file, or no directory, is no file either.
    if (cause instanceof Deno.errors.NotFound || cause instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    const reason = cause instanceof Error ? cause.message.replace(/: readfile .*$/, "") : cause;
    throw new UsageError(`Cannot read the configuration file "${path}": ${reason}`, { cause });
  }
}
