/** Writes manifests of added data files (table spec, "Manifests"). */
import { Buffer } from "node:buffer";
import { encodeAvro } from "./avro.ts";
import type { ColumnMetrics, DataFile } from "./data_file.ts";
import { stringifyJson } from "./json.ts";
import type { PartitionSpecJson, SchemaJson } from "./metadata.ts";
import { manifestEntrySchema } from "./manifest_schema.ts";

/** What a manifest says beside its files. */
export interface ManifestOptions {
  /** 2 or 3. */
  readonly formatVersion: number;
  /** Stands in the header, with its id: the schema that the files were written with. */
  readonly schema: SchemaJson;
  /** Unpartitioned. */
  readonly spec: PartitionSpecJson;
  /** The snapshot that adds the files. */
  readonly snapshotId: bigint;
}

const STATUS_ADDED = 1;
const CONTENT_DATA = 0;

/**
 * Encodes a manifest whose entries are all ADDED. Sequence numbers and first row ids stay null,
 * so that a rebased commit can use the same file (table spec, "Sequence Number Inheritance" and
 * "First Row ID Inheritance").
 */
export function encodeManifest(
  files: readonly DataFile[],
  options: ManifestOptions,
): Uint8Array<ArrayBuffer> {
  const { formatVersion, spec, snapshotId } = options;
  const records = files.map((file) => ({
    status: STATUS_ADDED,
    snapshot_id: snapshotId,
    sequence_number: null,
    file_sequence_number: null,
    data_file: dataFileRecord(file),
  }));
  return encodeAvro(records, {
    schema: manifestEntrySchema(formatVersion, spec),
    metadata: manifestMetadata(options),
  });
}

/** The header of a manifest of data files (table spec, "Manifests", key/value metadata). */
export function manifestMetadata(
  options: Omit<ManifestOptions, "snapshotId">,
): Record<string, string> {
  const { formatVersion, schema, spec } = options;
  return {
    schema: stringifyJson(schema),
    "schema-id": String(schema["schema-id"] ?? 0),
    "partition-spec": stringifyJson(spec.fields),
    "partition-spec-id": String(spec["spec-id"] ?? 0),
    "format-version": String(formatVersion),
    content: "data",
  };
}

function dataFileRecord(file: DataFile): Record<string, unknown> {
  return {
    content: CONTENT_DATA,
    file_path: file.path,
    file_format: "PARQUET",
    partition: {},
    record_count: BigInt(file.recordCount),
    file_size_in_bytes: BigInt(file.sizeBytes),
    column_sizes: countMap(file.columns, (column) => column.sizeBytes),
    value_counts: countMap(file.columns, (column) => column.valueCount),
    null_value_counts: countMap(file.columns, (column) => column.nullCount),
    nan_value_counts: countMap(file.columns, (column) => column.nanCount),
    lower_bounds: boundMap(file.columns, (column) => column.lowerBound),
    upper_bounds: boundMap(file.columns, (column) => column.upperBound),
    key_metadata: null,
    split_offsets: file.splitOffsets.length > 0 ? file.splitOffsets.map(BigInt) : null,
    equality_ids: null,
    // No sort order is promised: 0 stands for unsorted.
    sort_order_id: 0,
  };
}

function countMap(
  columns: readonly ColumnMetrics[],
  read: (column: ColumnMetrics) => number | undefined,
): Array<{ key: number; value: bigint }> {
  const pairs = [];
  for (const column of columns) {
    const value = read(column);
    if (value !== undefined) pairs.push({ key: column.fieldId, value: BigInt(value) });
  }
  return pairs;
}

function boundMap(
  columns: readonly ColumnMetrics[],
  read: (column: ColumnMetrics) => Uint8Array | undefined,
): Array<{ key: number; value: Buffer }> {
  const pairs = [];
  for (const column of columns) {
    const value = read(column);
    if (value !== undefined) pairs.push({ key: column.fieldId, value: Buffer.from(value) });
  }
  return pairs;
}
