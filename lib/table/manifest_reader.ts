/** Reads manifests written by anyone (table spec, "Manifests"). */
import { decodeAvro } from "./avro.ts";
import { fieldNames, fieldReader, fieldType, type ReadField } from "./avro_fields.ts";

/** What has become of a file in the snapshot that the manifest was written for. */
export type EntryStatus = "existing" | "added" | "deleted";

/** What a file holds. */
export type EntryContent = "data" | "positionDeletes" | "equalityDeletes";

/** One file of a manifest. */
export interface ManifestEntry {
  /** A file that is `deleted` is in the table no longer. */
  readonly status: EntryStatus;
  /** The snapshot that added or deleted the file; undefined: inherited from the manifest list. */
  readonly snapshotId: bigint | undefined;
  /** Data sequence number; undefined: inherited from the manifest list. */
  readonly sequenceNumber: bigint | undefined;
  /** Field 134; `data` in format version 1, which has no other. */
  readonly content: EntryContent;
  /** Full location of the file (field 100). */
  readonly filePath: string;
  /** In capitals, such as `PARQUET`. */
  readonly fileFormat: string;
  /** Rows in the file, or deletes in a file of deletes (field 103). */
  readonly recordCount: bigint;
  /** Field 104. */
  readonly fileSizeBytes: bigint;
}

const STATUSES: readonly EntryStatus[] = ["existing", "added", "deleted"];
const CONTENTS: readonly EntryContent[] = ["data", "positionDeletes", "equalityDeletes"];

const STATUS = 0;
const SNAPSHOT_ID = 1;
const DATA_FILE = 2;
const SEQUENCE_NUMBER = 3;
const FILE_PATH = 100;
const FILE_FORMAT = 101;
const RECORD_COUNT = 103;
const FILE_SIZE_IN_BYTES = 104;
const CONTENT = 134;

/**
 * Decodes a manifest of any format version, of data files or of delete files. Fields are found by
 * their ids. Entries come in the order of the file, those that are deleted too.
 *
 * @throws {Error} when the bytes are no manifest, or an entry lacks what every version demands.
 */
export async function decodeManifest(bytes: Uint8Array): Promise<ManifestEntry[]> {
  const file = await decodeAvro(bytes);
  const names = fieldNames(file.schema);
  const dataFileNames = fieldNames(fieldType(file.schema, DATA_FILE));
  if (!dataFileNames.has(FILE_PATH)) {
    throw new Error(`its Avro schema has no field with id ${FILE_PATH} (file_path)`);
  }
  return file.records.map((record) => {
    const read = fieldReader(record, names);
    const dataFile = demand(read, DATA_FILE, "data_file") as Record<string, unknown>;
    return toEntry(read, fieldReader(dataFile, dataFileNames));
  });
}

function toEntry(entry: ReadField, file: ReadField): ManifestEntry {
  return {
    status: oneOf(STATUSES, demand(entry, STATUS, "status"), "status"),
    snapshotId: entry(SNAPSHOT_ID) as bigint | undefined,
    sequenceNumber: entry(SEQUENCE_NUMBER) as bigint | undefined,
    // Version 1 knows data files only.
    content: oneOf(CONTENTS, file(CONTENT) ?? 0, "content"),
    filePath: demand(file, FILE_PATH, "file_path") as string,
    fileFormat: String(demand(file, FILE_FORMAT, "file_format")).toUpperCase(),
    recordCount: demand(file, RECORD_COUNT, "record_count") as bigint,
    fileSizeBytes: demand(file, FILE_SIZE_IN_BYTES, "file_size_in_bytes") as bigint,
  };
}

function demand(read: ReadField, fieldId: number, name: string): unknown {
  const value = read(fieldId);
  if (value === undefined) throw new Error(`an entry has no ${name} (field ${fieldId})`);
  return value;
}

function oneOf<T>(values: readonly T[], code: unknown, name: string): T {
  const value = values[code as number];
  if (value === undefined) throw new Error(`an entry has the unknown ${name} ${code}`);
  return value;
}
