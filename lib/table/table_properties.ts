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

/** The codec of new data files; what a table names that is not known falls to the default. */
export function compressionCodec(metadata: TableMetadata): Codec {
  const name = metadata.properties?.["write.parquet.compression-codec"]?.toLowerCase() ?? "";
  return CODECS.has(name) ? name as Codec : "zstd";
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
  readonly numRetries: number | undefined;
  readonly minWaitMs: number;
  readonly maxWaitMs: number;
}

const MIN_WAIT_MS_DEFAULT = 100;
const MAX_WAIT_MS_DEFAULT = 60_000;

/** Reads `commit.retry.*`; malformed values fall to the defaults. */
export function retryProperties(metadata: TableMetadata): RetryProperties {
  const properties = metadata.properties ?? {};
  const numRetries = readCount(properties["commit.retry.num-retries"], -1);
  return {
    numRetries: numRetries < 0 ? undefined : numRetries,
    minWaitMs: readCount(properties["commit.retry.min-wait-ms"], MIN_WAIT_MS_DEFAULT),
    maxWaitMs: readCount(properties["commit.retry.max-wait-ms"], MAX_WAIT_MS_DEFAULT),
  };
}

function readCount(text: string | undefined, fallback: number): number {
  return text !== undefined && /^\d{1,15}$/.test(text.trim()) ? Number(text) : fallback;
}
