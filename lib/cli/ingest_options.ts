/** From flags to a checked load. */
import { UsageError } from "../errors.ts";
import type { EncodingChoice, ParquetChoice } from "../encode/parquet/settings.ts";
import { parseColumnOption } from "../input/column_option.ts";
import { generatedSource } from "../input/generate.ts";
import { openSource, type Source } from "../input/source.ts";
import type { LoadOptions } from "../load/options.ts";
import type { CommitMode } from "../load/events.ts";
import type { Codec } from "../table/table_properties.ts";
import { uuidV7 } from "../table/uuid_v7.ts";
import { LOAD_ID_PATTERN } from "../table/locations.ts";
import type { PrimitiveType } from "../table/types.ts";
import type { FlagValues } from "./flags.ts";
import { readDialect } from "./input_flags.ts";
import { readTableName } from "./table_flags.ts";
import { parseChoice, parseCount, parseDurationMs, parseSizeBytes } from "./values.ts";

/** Rows that types are inferred from. */
export const INFER_ROWS_DEFAULT = 10_000;

/** What `--commit` takes. */
export const COMMIT_MODES: readonly CommitMode[] = ["per-chunk", "grouped", "once"];

const WORKERS_MAX = 256;
const CHUNK_ROWS_MAX = 100_000_000;

/** What the flags alone say of a load. */
export type FlaggedLoad = Omit<
  LoadOptions,
  "source" | "catalog" | "http" | "loadId" | "mayResume" | "stop" | "peakRssBytes"
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
  const chunkSize = values.text("chunk-size");
  return {
    dialect: readDialect(values),
    table: readTableName(values),
    createTable: !values.isOn("no-create"),
    workers: workers === "auto"
      ? Math.max(1, navigator.hardwareConcurrency)
      : parseCount(workers, { flag: "--workers", min: 1, max: WORKERS_MAX }),
    chunkSize: chunkSize === undefined
      ? undefined
      : parseCount(chunkSize, { flag: "--chunk-size", min: 1, max: CHUNK_ROWS_MAX }),
    targetFileSizeBytes: parseSizeBytes(values.text("target-file-size")!, {
      flag: "--target-file-size",
    }),
    parquet: readParquetChoice(values),
    commitMode: readCommitMode(values),
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

/**
 * The load id: as given, derived from the content, or a new one.
 *
 * @throws {UsageError} when it cannot stand in a file name.
 */
export async function readLoadId(
  values: FlagValues,
  source: Source,
): Promise<Pick<LoadOptions, "loadId" | "mayResume">> {
  const text = values.text("load-id");
  if (text === undefined) return { loadId: uuidV7(), mayResume: false };
  if (text === "auto") return { loadId: await loadIdOf(source), mayResume: true };
  if (!LOAD_ID_PATTERN.test(text)) {
    throw new UsageError(
      `Cannot use --load-id "${text}": it takes up to 64 letters, digits, dots, dashes and underscores`,
    );
  }
  return { loadId: text, mayResume: true };
}

/** The same content gives the same id; the source is read once more for it. */
async function loadIdOf(source: Source): Promise<string> {
  if (source.once === true) {
    throw new UsageError(`Cannot use --load-id auto: "${source.name}" can be read only once`, {
      hint: "Write it to a file first, or name the load yourself",
    });
  }
  // Loaded for this alone, and not at the start of every load.
  const { createHash } = await import("node:crypto");
  const hash = createHash("sha256");
  for await (const block of source.open()) hash.update(block);
  return `auto-${hash.digest("hex").slice(0, 32)}`;
}

function readCommitMode(values: FlagValues): CommitMode {
  return parseChoice(values.text("commit")!, { flag: "--commit", choices: COMMIT_MODES });
}

const CODECS: ReadonlyMap<string, Codec> = new Map([
  ["zstd", "zstd"],
  ["snappy", "snappy"],
  ["lz4", "lz4"],
  ["gzip", "gzip"],
  ["none", "uncompressed"],
]);

/** What `--codec` takes. */
export const CODEC_NAMES: readonly string[] = [...CODECS.keys()];

/** What `--encoding` takes. */
export const ENCODINGS: readonly EncodingChoice[] = ["plain", "compact"];

function readParquetChoice(values: FlagValues): ParquetChoice {
  const codecName = values.text("codec");
  const rowGroup = values.text("row-group-size");
  return {
    codec: codecName === undefined
      ? undefined
      : CODECS.get(parseChoice(codecName, { flag: "--codec", choices: CODEC_NAMES })),
    encoding: parseChoice(values.text("encoding")!, { flag: "--encoding", choices: ENCODINGS }),
    rowGroupBytes: rowGroup === undefined
      ? undefined
      : parseSizeBytes(rowGroup, { flag: "--row-group-size" }),
  };
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
