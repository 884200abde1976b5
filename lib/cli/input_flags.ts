/** The flags that say how a CSV file is written, for every verb that reads one. */
import { UsageError } from "../errors.ts";
import type { CsvDialect } from "../input/columns.ts";
import type { Flag, FlagValues } from "./flags.ts";

/** Delimiter, nulls and header. */
export const CSV_FLAGS: readonly Flag[] = [
  {
    flags: "--delimiter <CHARACTER>",
    description: "what parts the fields: one ASCII character, or tab",
    group: "Input",
    fallback: ",",
  },
  {
    flags: "--null-value <TEXT>",
    description: "unquoted text that stands for null; may be repeated",
    group: "Input",
    repeats: true,
  },
  {
    flags: "--no-header",
    description: "the first record is data; columns are named column_1, column_2, …",
    group: "Input",
  },
];

const ASCII_LAST = 0x7f;

/**
 * Reads {@linkcode CSV_FLAGS}.
 *
 * @throws {UsageError} when the delimiter is none.
 */
export function readDialect(values: FlagValues): CsvDialect {
  const text = values.text("delimiter")!;
  const delimiter = text === "tab" || text === "\\t" ? "\t" : text;
  const code = delimiter.length === 1 ? delimiter.charCodeAt(0) : 0;
  if (code === 0 || code > ASCII_LAST || '"\r\n'.includes(delimiter)) {
    throw new UsageError(
      `Cannot use --delimiter "${text}": it takes one ASCII character other than a quote or line end, or tab`,
    );
  }
  return {
    delimiter,
    nullValues: values.texts("null-value"),
    hasHeader: !values.isOn("no-header"),
  };
}
