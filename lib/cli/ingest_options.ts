/** From flags to a checked load. */
import { UsageError } from "../errors.ts";
import { parseColumnOption } from "../input/column_option.ts";
import type { CsvDialect } from "../input/columns.ts";
import { generatedSource } from "../input/generate.ts";
import { openSource, type Source } from "../input/source.ts";
import type { LoadOptions } from "../load/options.ts";
import type { TableName } from "../rest/catalog.ts";
import type { PrimitiveType } from "../table/types.ts";
import type { FlagValues } from "./flags.ts";
import { parseCount, parseDurationMs } from "./values.ts";

/** Rows that types are inferred from. */
export const INFER_ROWS_DEFAULT = 10_000;

const WORKERS_MAX = 256;
const ASCII_LAST = 0x7f;
const CHUNK_ROWS_MAX = 100_000_000;

/** What the flags alone say of a load. */
export type FlaggedLoad = Omit<
  LoadOptions,
  "source" | "catalog" | "http" | "loadId" | "peakRssBytes"
>;

/**
 * Checks every flag that needs neither file nor network.
 *
 * @throws {UsageError}
 */
export function readLoadFlags(values: FlagValues): FlaggedLoad {
  const workers = values.text("workers")!;
  const inferRows = values.text("infer-rows")!;
  const retries = values.text("commit-retries");
  return {
    dialect: readDialect(values),
    table: readTableName(values),
    createTable: !values.isOn("no-create"),
    workers: workers === "auto"
      ? Math.max(1, navigator.hardwareConcurrency)
      : parseCount(workers, { flag: "--workers", min: 1, max: WORKERS_MAX }),
    chunkSize: parseCount(values.text("chunk-size")!, {
      flag: "--chunk-size",
      min: 1,
      max: CHUNK_ROWS_MAX,
    }),
    inferRows: inferRows === "all"
      ? Infinity
      : parseCount(inferRows, { flag: "--infer-rows", min: 1 }),
    columnTypes: readColumnTypes(values),
    commitRetries: retries === undefined
      ? undefined
      : parseCount(retries, { flag: "--commit-retries", min: 0 }),
    commitTimeoutMs: parseDurationMs(values.text("commit-timeout")!, { flag: "--commit-timeout" }),
  };
}

/**
 * Opens what is to be loaded: the file named, or generated rows.
 *
 * @returns undefined when neither is given.
 * @throws {UsageError | MissingInputError | InputError}
 */
export async function openInput(values: FlagValues): Promise<Source | undefined> {
  const { operands } = values;
  const rows = values.text("rows");
  if (operands.length > 1) {
    throw new UsageError(
      `Cannot load ${operands.length} files at once: "${operands.join('", "')}"`,
      {
        hint: "Load them one after the other into the same --table",
      },
    );
  }
  const [path] = operands;
  if (path !== undefined && rows !== undefined && values.source("rows") === "flag") {
    throw new UsageError(`Cannot load "${path}" and generated rows at once: leave out --rows`);
  }
  if (path === "-") {
    throw new UsageError("Cannot load from standard input: name a file");
  }
  if (path !== undefined) return await openSource(path);
  if (rows === undefined) return undefined;
  return generatedSource({
    rows: parseCount(rows, { flag: "--rows", min: 0 }),
    seed: parseCount(values.text("seed")!, { flag: "--seed", min: 0 }),
  });
}

function readDialect(values: FlagValues): CsvDialect {
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

/**
 * `namespace.table` sets both. A namespace that comes from a stronger source than the table's wins;
 * one from the same source must not say otherwise.
 */
function readTableName(values: FlagValues): TableName {
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
    (values.source("namespace") === "flag" && values.source("table") !== "flag");
  const namespace = (namespaceWins ? namespaceText : prefix).split(".");
  if (name === "" || namespace.includes("")) {
    throw new UsageError(`Cannot use table "${text}" in namespace "${namespaceText}": empty name`);
  }
  return { namespace, name };
}

function readColumnTypes(values: FlagValues): Map<string, PrimitiveType> {
  const types = new Map<string, PrimitiveType>();
  for (const text of values.texts("column")) {
    const { name, type } = parseColumnOption(text);
    if (type.kind === "timestamp_ns" || type.kind === "timestamptz_ns") {
      // The table made is of format version 2; an existing one has its own types.
      throw new UsageError(
        `Cannot make column "${name}" of type ${type.kind}: tables are made with format version 2`,
      );
    }
    types.set(name, type);
  }
  return types;
}
