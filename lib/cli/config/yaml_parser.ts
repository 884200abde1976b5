/**
 * The parser of `yaml_text.ts`, which loads it late. It imports its package at once: that is CommonJS,
 * whose names a late import would not find in the bundle.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import { UsageError } from "../../errors.ts";
import type { YamlMap, YamlNode } from "./yaml_text.ts";

/**
 * What `parseYamlMap()` gives.
 *
 * @param path for messages, which hold nothing of the text: it may be a secret.
 * @throws {UsageError} when it is no YAML, or something else than a map.
 */
export function parseMap(text: string, path: string): YamlMap {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    schema: "failsafe",
    lineCounter: lines,
    prettyErrors: false,
    logLevel: "error",
  });
  const [error] = document.errors;
  if (error !== undefined) {
    throw cannotRead(path, {
      line: lines.linePos(error.pos[0]).line,
      reason: `it is no YAML (${error.code.toLowerCase().replaceAll("_", " ")})`,
    });
  }
  const convert = (node: unknown, line: number): YamlNode => {
    if (node === null || node === undefined) return { kind: "text", text: "", line };
    if (isScalar(node)) return { kind: "text", text: String(node.value ?? ""), line };
    const lineOf = (item: unknown): number => {
      const range = (item as { readonly range?: readonly number[] | null } | null)?.range;
      return range === null || range === undefined ? line : lines.linePos(range[0]!).line;
    };
    if (isSeq(node)) {
      return { kind: "list", items: node.items.map((item) => convert(item, lineOf(item))), line };
    }
    if (isMap(node)) {
      const entries = new Map<string, YamlNode>();
      for (const { key, value } of node.items) {
        if (!isScalar(key)) {
          throw cannotRead(path, { line: lineOf(key), reason: "a key must be a text" });
        }
        entries.set(String(key.value ?? ""), convert(value, lineOf(key)));
      }
      return { kind: "map", entries, line };
    }
    const reason = isAlias(node) ? "aliases (*name) are not read" : "its form is not known";
    throw cannotRead(path, { line: lineOf(node), reason });
  };
  const root = convert(document.contents, 1);
  if (root.kind === "map") return root;
  if (root.kind === "text" && root.text === "") {
    return { kind: "map", entries: new Map(), line: 1 };
  }
  throw cannotRead(path, { line: root.line, reason: "it takes lines of the form KEY: VALUE" });
}

function cannotRead(
  path: string,
  of: { readonly line: number; readonly reason: string },
): UsageError {
  return new UsageError(
    `Cannot read the configuration file "${path}", line ${of.line}: ${of.reason}`,
  );
}
