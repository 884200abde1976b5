/** Table properties that a writer of Parquet files follows (the names are Iceberg's own). */
import type { SchemaJson, TableMetadata } from "./metadata.ts";

/** How bounds and counts of a column are kept. */
export type MetricsMode =
  | { readonly kind: "none" | "counts" | "full" }
  | { readonly kind: "truncate"; readonly length: number };

/** Parquet codecs that Iceberg names in `write.parquet.compression-codec`. */
export type Codec = "zstd" | "snappy" | "gzip" | "lz4" | "brotli" | "uncompressed";

const CODECS: ReadonlySet<string> = new Set<Codec>([
  "zstd",
  "snappy",
  "gzip",
  "lz4",
  "brotli",
  "uncompressed",
]);

/** How a table wants its Parquet files: `write.parquet.*`, with Iceberg's own defaults but for pages. */
export interface ParquetProperties {
  /** `compression-codec`; `zstd` when the table names none that is known. */
  readonly codec: Codec;
  /** Undefined when the table names none: the writer chooses. */
  readonly codecLevel: number | undefined;
  /** `page-size-bytes`, before compression. 2 MiB unless set. */
  readonly pageBytes: number;
  /** Undefined when the table names none: the writer chooses. */
  readonly pageRows: number | undefined;
  /** `dict-size-bytes`, of one column in a row group. 2 MiB unless set. */
  readonly dictionaryBytes: number;
  /** `row-group-size-bytes`. 128 MiB unless set. */
  readonly rowGroupBytes: number;
}

const ROW_GROUP_BYTES_DEFAULT = 128 * 2 ** 20;
/** Twice the size that other writers take: text gets smaller by half a percent, in the same time. */
const PAGE_BYTES_DEFAULT = 2 * 2 ** 20;
const DICTIONARY_BYTES_DEFAULT = 2 * 2 ** 20;

/** Reads `write.parquet.*`; what is malformed or not known falls to the default. */
export function parquetProperties(metadata: TableMetadata): ParquetProperties {
  const properties = metadata.properties ?? {};
  const own = (name: string) => properties[`write.parquet.${name}`];
  const codec = own("compression-codec")?.toLowerCase() ?? "";
  const size = (name: string, fallback: number) => Math.max(1, readCount(own(name), fallback));
  const level = readCount(own("compression-level"), -1);
  const pageRows = readCount(own("page-row-limit"), 0);
  return {
    codec: CODECS.has(codec) ? codec as Codec : "zstd",
    codecLevel: level < 1 ? undefined : level,
    pageBytes: size("page-size-bytes", PAGE_BYTES_DEFAULT),
    pageRows: pageRows < 1 ? undefined : pageRows,
    dictionaryBytes: size("dict-size-bytes", DICTIONARY_BYTES_DEFAULT),
    rowGroupBytes: size("row-group-size-bytes", ROW_GROUP_BYTES_DEFAULT),
  };
}

const METRICS_DEFAULT: MetricsMode = { kind: "truncate", length: 16 };
const INFERRED_COLUMNS_MAX_DEFAULT = 100;

/**
 * Metrics modes by field id: `write.metadata.metrics.column.<name>`, else
 * `write.metadata.metrics.default`. With no default set, the columns beyond the first
 * `write.metadata.metrics.max-inferred-column-defaults` have none, so that manifests of wide tables stay small.
 */
export function metricsModes(
  metadata: TableMetadata,
  schema: SchemaJson,
): (fieldId: number) => MetricsMode {
  const properties = metadata.properties ?? {};
  const modes = new Map<number, MetricsMode>();
  const own = properties["write.metadata.metrics.default"];
  const inferredMax = readCount(
    properties["write.metadata.metrics.max-inferred-column-defaults"],
    INFERRED_COLUMNS_MAX_DEFAULT,
  );
  schema.fields.forEach((field, position) => {
    const fallback: MetricsMode = own !== undefined
      ? parseMetricsMode(own) ?? METRICS_DEFAULT
      : position < inferredMax
      ? METRICS_DEFAULT
      : { kind: "none" };
    const column = properties[`write.metadata.metrics.column.${field.name}`];
    modes.set(field.id, (column === undefined ? undefined : parseMetricsMode(column)) ?? fallback);
  });
  return (fieldId) => modes.get(fieldId) ?? METRICS_DEFAULT;
}

function parseMetricsMode(text: string): MetricsMode | undefined {
  const mode = text.trim().toLowerCase();
  if (mode === "none" || mode === "counts" || mode === "full") return { kind: mode };
  const truncate = /^truncate\((\d+)\)$/.exec(mode);
  const length = Number(truncate?.[1] ?? 0);
  return length > 0 ? { kind: "truncate", length } : undefined;
}

/** Retry settings of a table, where they are set (protocol of commits, `commit.retry.*`). */
export interface RetryProperties {
  /** `num-retries`, tries after the first; undefined when the table does not say. */
  readonly numRetries: number | undefined;
  /** `min-wait-ms`, before the first retry; undefined when the table does not say. */
  readonly minWaitMs: number | undefined;
  /** `max-wait-ms`, between two tries. A minute unless set. */
  readonly maxWaitMs: number;
}

const MAX_WAIT_MS_DEFAULT = 60_000;

/** Reads `commit.retry.*`; malformed values count as not set. */
export function retryProperties(metadata: TableMetadata): RetryProperties {
  const properties = metadata.properties ?? {};
  const numRetries = readCount(properties["commit.retry.num-retries"], -1);
  const minWaitMs = readCount(properties["commit.retry.min-wait-ms"], -1);
  return {
    numRetries: numRetries < 0 ? undefined : numRetries,
    minWaitMs: minWaitMs < 0 ? undefined : minWaitMs,
    maxWaitMs: readCount(properties["commit.retry.max-wait-ms"], MAX_WAIT_MS_DEFAULT),
  };
}

/** How manifests of a table are merged (`commit.manifest*`). */
export interface MergeProperties {
  /** `commit.manifest-merge.enabled`: true unless it is set to `false`. */
  readonly isEnabled: boolean;
  /** So many manifests stand side by side before they are merged. */
  readonly minCount: number;
  /** Size of a manifest that merging aims at. 8 MiB unless set. */
  readonly targetBytes: number;
}

const MERGE_MIN_COUNT_DEFAULT = 100;
const MANIFEST_TARGET_BYTES_DEFAULT = 8 * 2 ** 20;

/** Reads `commit.manifest-merge.enabled` and `commit.manifest.*`; malformed values fall to the defaults. */
export function mergeProperties(metadata: TableMetadata): MergeProperties {
  const properties = metadata.properties ?? {};
  return {
    isEnabled: properties["commit.manifest-merge.enabled"]?.trim().toLowerCase() !== "false",
    minCount: Math.max(
      2,
      readCount(properties["commit.manifest.min-count-to-merge"], MERGE_MIN_COUNT_DEFAULT),
    ),
    targetBytes: readCount(
      properties["commit.manifest.target-size-bytes"],
      MANIFEST_TARGET_BYTES_DEFAULT,
    ),
  };
}

function readCount(text: string | undefined, fallback: number): number {
  return text !== undefined && /^\d{1,15}$/.test(text.trim()) ? Number(text) : fallback;
}
