/** Reads and writes manifest lists (table spec, "Manifest Lists"). */
import { Buffer } from "node:buffer";
import { type AvroSchema, decodeAvro, encodeAvro } from "./avro.ts";
import { fieldNames, fieldReader, fieldType, type ReadField } from "./avro_fields.ts";
import { manifestFileSchema } from "./manifest_schema.ts";

/** Bounds of one partition field over a manifest's files. */
export interface FieldSummary {
  readonly containsNull: boolean;
  readonly containsNan: boolean | undefined;
  readonly lowerBound: Uint8Array | undefined;
  readonly upperBound: Uint8Array | undefined;
}

/** One entry of a manifest list. */
export interface ManifestFile {
  readonly path: string;
  readonly lengthBytes: bigint;
  readonly partitionSpecId: number;
  /** 0 = data files, 1 = delete files. */
  readonly content: number;
  readonly sequenceNumber: bigint;
  readonly minSequenceNumber: bigint;
  readonly addedSnapshotId: bigint;
  readonly addedFilesCount: number;
  readonly existingFilesCount: number;
  readonly deletedFilesCount: number;
  readonly addedRowsCount: bigint;
  readonly existingRowsCount: bigint;
  readonly deletedRowsCount: bigint;
  readonly partitions: readonly FieldSummary[] | undefined;
  readonly keyMetadata: Uint8Array | undefined;
  /** Format version 3; undefined for delete manifests and for tables before row lineage. */
  readonly firstRowId: bigint | undefined;
}

/** What a manifest list says of its snapshot. */
export interface ManifestListOptions {
  /** 2 or 3. */
  readonly formatVersion: number;
  readonly snapshotId: bigint;
  readonly parentSnapshotId: bigint | undefined;
  readonly sequenceNumber: bigint;
  /** Format version 3. */
  readonly firstRowId?: bigint;
}

/** Encodes a manifest list. */
export function encodeManifestList(
  manifests: readonly ManifestFile[],
  options: ManifestListOptions,
): Promise<Uint8Array> {
  const { formatVersion, snapshotId, parentSnapshotId, sequenceNumber, firstRowId } = options;
  return encodeAvro(manifests.map(toRecord), {
    schema: manifestFileSchema(formatVersion),
    metadata: {
      "snapshot-id": String(snapshotId),
      "parent-snapshot-id": parentSnapshotId === undefined ? "null" : String(parentSnapshotId),
      "sequence-number": String(sequenceNumber),
      "format-version": String(formatVersion),
      ...(formatVersion >= 3 && firstRowId !== undefined
        ? { "first-row-id": String(firstRowId) }
        : {}),
    },
  });
}

/**
 * Decodes a manifest list written by anyone, of any format version: fields are found by their
 * ids, since older writers used other names.
 *
 * @throws {Error} when the bytes are no manifest list, or one that lacks its file counts.
 */
export async function decodeManifestList(bytes: Uint8Array): Promise<ManifestFile[]> {
  const file = await decodeAvro(bytes);
  const names = fieldNames(file.schema);
  if (!names.has(500)) throw new Error("its Avro schema has no field with id 500 (manifest_path)");
  const summaryNames = fieldNames(listItems(file.schema, 507));
  return file.records.map((record) => fromRecord(fieldReader(record, names), summaryNames));
}

function toRecord(manifest: ManifestFile): Record<string, unknown> {
  return {
    manifest_path: manifest.path,
    manifest_length: manifest.lengthBytes,
    partition_spec_id: manifest.partitionSpecId,
    content: manifest.content,
    sequence_number: manifest.sequenceNumber,
    min_sequence_number: manifest.minSequenceNumber,
    added_snapshot_id: manifest.addedSnapshotId,
    added_files_count: manifest.addedFilesCount,
    existing_files_count: manifest.existingFilesCount,
    deleted_files_count: manifest.deletedFilesCount,
    added_rows_count: manifest.addedRowsCount,
    existing_rows_count: manifest.existingRowsCount,
    deleted_rows_count: manifest.deletedRowsCount,
    partitions: manifest.partitions?.map((summary) => ({
      contains_null: summary.containsNull,
      contains_nan: summary.containsNan ?? null,
      lower_bound: toBuffer(summary.lowerBound),
      upper_bound: toBuffer(summary.upperBound),
    })) ?? null,
    key_metadata: toBuffer(manifest.keyMetadata),
    first_row_id: manifest.firstRowId ?? null,
  };
}

function toBuffer(bytes: Uint8Array | undefined): Buffer | null {
  return bytes === undefined ? null : Buffer.from(bytes);
}

function fromRecord(read: ReadField, summaryNames: ReadonlyMap<number, string>): ManifestFile {
  return {
    path: demand(read, 500, "manifest_path") as string,
    lengthBytes: demand(read, 501, "manifest_length") as bigint,
    partitionSpecId: demand(read, 502, "partition_spec_id") as number,
    content: (read(517) as number | undefined) ?? 0,
    sequenceNumber: (read(515) as bigint | undefined) ?? 0n,
    minSequenceNumber: (read(516) as bigint | undefined) ?? 0n,
    addedSnapshotId: demand(read, 503, "added_snapshot_id") as bigint,
    addedFilesCount: demand(read, 504, "added_files_count") as number,
    existingFilesCount: demand(read, 505, "existing_files_count") as number,
    deletedFilesCount: demand(read, 506, "deleted_files_count") as number,
    addedRowsCount: demand(read, 512, "added_rows_count") as bigint,
    existingRowsCount: demand(read, 513, "existing_rows_count") as bigint,
    deletedRowsCount: demand(read, 514, "deleted_rows_count") as bigint,
    partitions: (read(507) as Array<Record<string, unknown>> | undefined)?.map((summary) =>
      summaryFrom(fieldReader(summary, summaryNames))
    ),
    keyMetadata: read(519) as Uint8Array | undefined,
    firstRowId: read(520) as bigint | undefined,
  };
}

function summaryFrom(read: ReadField): FieldSummary {
  return {
    containsNull: demand(read, 509, "contains_null") as boolean,
    containsNan: read(518) as boolean | undefined,
    lowerBound: read(510) as Uint8Array | undefined,
    upperBound: read(511) as Uint8Array | undefined,
  };
}

/** Version 1 had these optional, but a list of version 2 cannot be written without them. */
function demand(read: ReadField, fieldId: number, name: string): unknown {
  const value = read(fieldId);
  if (value === undefined) {
    throw new Error(
      `an entry has no ${name} (field ${fieldId}), as some version 1 writers left it`,
    );
  }
  return value;
}

/** What the list in a field holds, whether the field is optional or not. */
function listItems(schema: AvroSchema, fieldId: number): AvroSchema | undefined {
  const type = fieldType(schema, fieldId) ?? [];
  for (const branch of [type].flat()) {
    const { items } = branch as { readonly items?: AvroSchema };
    if (items !== undefined) return items;
  }
  return undefined;
}
