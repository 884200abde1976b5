import assert from "node:assert/strict";
import type { FieldJson, TableMetadata } from "../../lib/table/metadata.ts";
import {
  metricsModes,
  parquetProperties,
  retryProperties,
} from "../../lib/table/table_properties.ts";
import { emptyTable } from "./table_support.ts";

function tableOf(properties?: Record<string, string>): TableMetadata {
  return emptyTable(2, properties === undefined ? {} : { properties });
}

Deno.test("parquetProperties() is the table's, in any case, and zstd when it names none that is known", () => {
  const codec = (name: string) =>
    parquetProperties(tableOf({ "write.parquet.compression-codec": name })).codec;
  for (const name of ["zstd", "snappy", "gzip", "lz4", "brotli", "uncompressed"] as const) {
    assert.equal(codec(name), name);
    assert.equal(codec(name.toUpperCase()), name);
  }
  for (const name of ["", "lzo", "none", "constructor"]) assert.equal(codec(name), "zstd");
  assert.equal(parquetProperties(tableOf()).codec, "zstd");
});

Deno.test("parquetProperties() has the table's sizes, and defaults for what is none", () => {
  const defaults = {
    codec: "zstd",
    codecLevel: undefined,
    pageBytes: 2 ** 21,
    pageRows: undefined,
    dictionaryBytes: 2 ** 21,
    rowGroupBytes: 2 ** 27,
  };
  assert.deepEqual(parquetProperties(tableOf()), defaults);
  const named = (value: (at: number) => string) =>
    parquetProperties(tableOf({
      "write.parquet.compression-level": value(3),
      "write.parquet.page-size-bytes": value(4),
      "write.parquet.page-row-limit": value(5),
      "write.parquet.dict-size-bytes": value(6),
      "write.parquet.row-group-size-bytes": value(7),
    }));
  assert.deepEqual(named(String), {
    codec: "zstd",
    codecLevel: 3,
    pageBytes: 4,
    pageRows: 5,
    dictionaryBytes: 6,
    rowGroupBytes: 7,
  });
  for (const value of ["-1", "", "1.5", "many"]) assert.deepEqual(named(() => value), defaults);
});

function fields(count: number): FieldJson[] {
  return Array.from({ length: count }, (_, at) => ({
    id: at + 1,
    name: `c${at + 1}`,
    type: "long",
    required: false,
  }));
}

function modesOf(count: number, properties: Record<string, string> = {}) {
  return metricsModes(tableOf(properties), { type: "struct", fields: fields(count) });
}

const TRUNCATE_16 = { kind: "truncate", length: 16 };

Deno.test("metricsModes() truncates to 16 for the first 100 columns and keeps nothing for the rest", () => {
  const modes = modesOf(102);
  assert.deepEqual(modes(1), TRUNCATE_16);
  assert.deepEqual(modes(100), TRUNCATE_16);
  assert.deepEqual(modes(101), { kind: "none" });
});

Deno.test("metricsModes() follows the table's own number of inferred columns", () => {
  const modes = modesOf(3, { "write.metadata.metrics.max-inferred-column-defaults": "1" });
  assert.deepEqual([1, 2].map((id) => modes(id).kind), ["truncate", "none"]);
});

Deno.test("metricsModes() gives every column the table's default when it is set", () => {
  const forms = {
    none: { kind: "none" },
    counts: { kind: "counts" },
    FULL: { kind: "full" },
    "truncate(5)": { kind: "truncate", length: 5 },
    " Truncate(20) ": { kind: "truncate", length: 20 },
  };
  for (const [text, mode] of Object.entries(forms)) {
    const modes = modesOf(102, { "write.metadata.metrics.default": text });
    assert.deepEqual([modes(1), modes(102)], [mode, mode]);
  }
});

Deno.test("metricsModes() lets a column's own mode win, also beyond the inferred ones", () => {
  const modes = modesOf(102, {
    "write.metadata.metrics.column.c2": "counts",
    "write.metadata.metrics.column.c102": "full",
  });
  assert.deepEqual([1, 2, 101, 102].map((id) => modes(id).kind), [
    "truncate",
    "counts",
    "none",
    "full",
  ]);
});

Deno.test("metricsModes() passes over a malformed mode", () => {
  const modes = modesOf(1, {
    "write.metadata.metrics.default": "truncate(0)",
    "write.metadata.metrics.column.c1": "some",
  });
  assert.deepEqual(modes(1), TRUNCATE_16);
});

Deno.test("retryProperties() reads what is set and has Iceberg's waits for the rest", () => {
  assert.deepEqual(retryProperties(tableOf()), {
    numRetries: undefined,
    minWaitMs: undefined,
    maxWaitMs: 60_000,
  });
  const set = {
    "commit.retry.num-retries": "0",
    "commit.retry.min-wait-ms": "5",
    "commit.retry.max-wait-ms": " 50 ",
  };
  assert.deepEqual(retryProperties(tableOf(set)), { numRetries: 0, minWaitMs: 5, maxWaitMs: 50 });
});

Deno.test("retryProperties() passes over malformed values", () => {
  const set = {
    "commit.retry.num-retries": "-1",
    "commit.retry.min-wait-ms": "1.5",
    "commit.retry.max-wait-ms": "soon",
  };
  assert.deepEqual(retryProperties(tableOf(set)), retryProperties(tableOf()));
});
