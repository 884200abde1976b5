/** The flags that name a table, for every verb that works on one. */
import { UsageError } from "../errors.ts";
import type { TableName } from "../rest/catalog.ts";
import { beats } from "./config/origin.ts";
import type { Flag, FlagValues } from "./flags.ts";

/** Namespace and table. */
export const TABLE_FLAGS: readonly Flag[] = [
  {
    flags: "--namespace <NAME>",
    description: "namespace of the table; dots part its levels",
    group: "Table",
    fallback: "default",
    originalVariables: ["NAMESPACE"],
  },
  {
    flags: "--table <NAME>",
    description: "table; namespace.table sets both",
    group: "Table",
    fallback: "sample_table",
    originalVariables: ["TABLE_NAME"],
  },
];

/**
 * Reads {@linkcode TABLE_FLAGS}: `namespace.table` sets both. A namespace that comes from a stronger
 * source than the table's wins; one from the same source must not say otherwise.
 *
 * @throws {UsageError} when a name is empty, or two namespaces are given.
 */
export function readTableName(values: FlagValues): TableName {
  const text = values.text("table")!;
  const namespaceText = values.text("namespace")!;
  const dot = text.lastIndexOf(".");
  const name = text.slice(dot + 1);
  const prefix = dot === -1 ? undefined : text.slice(0, dot);
  const sameSource = values.source("namespace") === values.source("table");
  if (prefix !== undefined && sameSource && prefix !== namespaceText) {
    throw new UsageError(
      `Cannot use table "${text}" in namespace "${namespaceText}": two namespaces`,
      {
        hint: "Give either --table namespace.table, or --namespace and --table",
      },
    );
  }
  const namespaceWins = prefix === undefined ||
    beats(values.source("namespace"), values.source("table"));
  const namespace = (namespaceWins ? namespaceText : prefix).split(".");
  if (name === "" || namespace.includes("")) {
    throw new UsageError(`Cannot use table "${text}" in namespace "${namespaceText}": empty name`);
  }
  return { namespace, name };
}
