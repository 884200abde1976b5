/** What the tests of lib/table share: a small table, and entries of manifest lists. */
import type { ManifestFile } from "../../lib/table/manifest_list.ts";
import type { FieldJson, TableMetadata } from "../../lib/table/metadata.ts";
import { newTableMetadata } from "../../lib/table/new_table.ts";

export const NOW_MS = 1_700_000_000_000;

/** Beyond 2^53, and odd, so that no double holds it. */
export const BIG_ID = 9_007_199_254_740_995n;

export const ID_FIELD: FieldJson = { id: 1, name: "id", type: "long", required: true };
export const NAME_FIELD: FieldJson = { id: 2, name: "name", type: "string", required: false };

/** An empty table; members of `overrides` replace those of its metadata. */
export function emptyTable(
  formatVersion = 2,
  overrides: Partial<TableMetadata> = {},
): TableMetadata {
  const metadata = newTableMetadata({
    schema: { type: "struct", fields: [ID_FIELD, NAME_FIELD] as never },
    properties: { "format-version": String(formatVersion) },
  }, { uuid: "11111111-2222-3333-4444-555555555555", location: "file:///w/t", nowMs: NOW_MS });
  return { ...metadata, ...overrides };
}

/** An entry of a manifest list with one file of five rows. */
export function manifestFile(overrides: Partial<ManifestFile> = {}): ManifestFile {
  return {
    path: "file:///w/t/metadata/m0.avro",
    lengthBytes: 4321n,
    partitionSpecId: 0,
    content: 0,
    sequenceNumber: 1n,
    minSequenceNumber: 1n,
    addedSnapshotId: BIG_ID,
    addedFilesCount: 1,
    existingFilesCount: 0,
    deletedFilesCount: 0,
    addedRowsCount: 5n,
    existingRowsCount: 0n,
    deletedRowsCount: 0n,
    partitions: [],
    keyMetadata: undefined,
    firstRowId: undefined,
    ...overrides,
  };
}
