/** Reads and writes manifest lists (table spec, "Manifest Lists"). */
import { Buffer } from "node:buffer";
import { type AvroBlock, AvroEncoder, decodeAvro } from "./avro.ts";
import { fieldNames, fieldReader, listItems, type ReadField } from "./avro_fields.ts";
import { manifestFileSchema } from "./manifest_schema.ts";

/** Bounds of one partition field over a manifest's files. */
export interface FieldSummary {
  /** Field 509. */
  readonly containsNull: boolean;
  /** Field 518; undefined when the writer did not say. */
  readonly containsNan: boolean | undefined;
  /**
   * Field 510: single-value binary form (table spec, Appendix D); undefined when all is null or
   * NaN.
   */
  readonly lowerBound: Uint8Array | undefined;
  /** Field 511, as {@linkcode lowerBound}. */
  readonly upperBound: Uint8Array | undefined;
}

/** One entry of a manifest list. */
export interface ManifestFile {
  /** Full location of the manifest. */
  readonly path: string;
  /** Size of the manifest. */
  readonly lengthBytes: bigint;
  /** The spec of all of its files. */
  readonly partitionSpecId: number;
  /** 0 = data files, 1 = delete files. */
  readonly content: number;
  /** Of the commit that added the manifest; 0 from format version 1. */
  readonly sequenceNumber: bigint;
  /** Least data sequence number of its live files; 0 from format version 1. */
  readonly minSequenceNumber: bigint;
  /** The snapshot whose commit added the manifest to the table. */
  readonly addedSnapshotId: bigint;
  /** Entries with status ADDED. */
  readonly addedFilesCount: number;
  /** Entries with status EXISTING. */
  readonly existingFilesCount: number;
  /** Entries with status DELETED. */
  readonly deletedFilesCount: number;
  /** Rows in the files that are ADDED. */
  readonly addedRowsCount: bigint;
  /** Rows in the files that are EXISTING. */
  readonly existingRowsCount: bigint;
  /** Rows in the files that are DELETED. */
  readonly deletedRowsCount: bigint;
  /** One for each field of the spec, in its order; undefined when the writer left them out. */
  readonly partitions: readonly FieldSummary[] | undefined;
  /** How to decrypt the manifest; undefined when it is not encrypted. */
  readonly keyMetadata: Uint8Array | undefined;
  /** Format version 3; undefined for delete manifests and for tables before row lineage. */
  readonly firstRowId: bigint | undefined;
}

/** What a manifest list says of its snapshot. */
export interface ManifestListOptions {
  /** 2 or 3. */
  readonly formatVersion: number;
  /** The snapshot that the list is of. */
  readonly snapshotId: bigint;
  /** Undefined for the first snapshot of a branch. */
  readonly parentSnapshotId: bigint | undefined;
  /** Of the snapshot. */
  readonly sequenceNumber: bigint;
  /** The snapshot's `first-row-id`, from format version 3 on; below it is not written. */
  readonly firstRowId?: bigint;
}

/** Entries of a list that stand in one block together: fewer take more bytes, more of them more time. */
const BLOCK_ENTRIES = 16;
const encoders = new Map<number, ListEncoder>();

/**
 * Encodes a manifest list. The list of the next snapshot mostly has the same entries behind some new
 * ones, so their blocks are kept as long as the entries: each commit encodes what is new in it.
 */
export function encodeManifestList(
  manifests: readonly ManifestFile[],
  options: ManifestListOptions,
): Uint8Array<ArrayBuffer> {
  const { formatVersion, snapshotId, parentSnapshotId, sequenceNumber, firstRowId } = options;
  let encoder = encoders.get(formatVersion);
  if (encoder === undefined) encoders.set(formatVersion, encoder = new ListEncoder(formatVersion));
  return encoder.encode(manifests, {
    "snapshot-id": String(snapshotId),
    "parent-snapshot-id": parentSnapshotId === undefined ? "null" : String(parentSnapshotId),
    "sequence-number": String(sequenceNumber),
    "format-version": String(formatVersion),
    ...(formatVersion >= 3 && firstRowId !== undefined
      ? { "first-row-id": String(firstRowId) }
      : {}),
  });
}

/** Encodes lists of one format version. */
class ListEncoder {
  readonly #encoder: AvroEncoder;
  /** By the last entry of the block, so that they go when the entries go. */
  readonly #blocks = new WeakMap<
    ManifestFile,
    { readonly entries: readonly ManifestFile[]; readonly blocks: readonly AvroBlock[] }
  >();

  constructor(formatVersion: number) {
    this.#encoder = new AvroEncoder(manifestFileSchema(formatVersion));
  }

  encode(
    manifests: readonly ManifestFile[],
    metadata: Readonly<Record<string, string>>,
  ): Uint8Array<ArrayBuffer> {
    const blocks: AvroBlock[] = [];
    // New entries come first, so blocks that count from the end keep their entries.
    const ends = [manifests.length % BLOCK_ENTRIES];
    while (ends.at(-1)! < manifests.length) ends.push(ends.at(-1)! + BLOCK_ENTRIES);
    let start = 0;
    for (const end of ends) {
      blocks.push(...this.#blocksOf(manifests.slice(start, end)));
      start = end;
    }
    return this.#encoder.file(blocks, metadata);
  }

  #blocksOf(entries: readonly ManifestFile[]): readonly AvroBlock[] {
    const last = entries.at(-1);
    if (last === undefined) return [];
    const known = this.#blocks.get(last);
    if (
      known?.entries.length === entries.length &&
      entries.every((entry, index) => entry === known.entries[index])
    ) return known.blocks;
    const blocks = this.#encoder.blocksOf(entries.map(toRecord));
    if (entries.length === BLOCK_ENTRIES) this.#blocks.set(last, { entries, blocks });
    return blocks;
  }
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
