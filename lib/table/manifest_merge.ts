/**
 * Manifests that take the place of others, so that a manifest list stays short however many commits
 * a table has seen. Which ones are merged follows Iceberg's own properties (`commit.manifest*`); the
 * entries of the merged ones become EXISTING and say themselves what they inherited before (table
 * spec, "Manifest Entry Fields", "Sequence Number Inheritance", "First Row ID Inheritance").
 */
import { decodeAvro, encodeAvro } from "./avro.ts";
import { fieldNames, fieldReader, fieldType, listItems } from "./avro_fields.ts";
import { manifestMetadata, type ManifestOptions } from "./manifest.ts";
import type { ManifestFile } from "./manifest_list.ts";
import { manifestEntrySchema } from "./manifest_schema.ts";
import type { MergeProperties } from "./table_properties.ts";

/** An EXISTING entry as the Avro schema of manifests has it. */
export type ExistingEntry = Record<string, unknown>;

const CONTENT_DATA = 0;
const STATUS_EXISTING = 0;
const STATUS_DELETED = 2;

/**
 * Chooses what to merge: nothing until the newest manifests are as many as the table asks for; then
 * all that fit into manifests of the target size, filled from the oldest on.
 *
 * @param manifests of the head, newest first.
 * @param options.added manifests that the commit adds; they count, and are left as they are.
 * @returns groups of two manifests or more, each to become one.
 */
export function chooseMerges(
  manifests: readonly ManifestFile[],
  options: MergeProperties & {
    readonly formatVersion: number;
    readonly partitionSpecId: number;
    readonly added: number;
  },
): ManifestFile[][] {
  if (!options.isEnabled) return [];
  const groups: ManifestFile[][] = [];
  let group: ManifestFile[] = [];
  let bytes = 0;
  for (const manifest of manifests.filter((one) => isMergeable(one, options)).toReversed()) {
    const lengthBytes = Number(manifest.lengthBytes);
    if (group.length > 0 && bytes + lengthBytes > options.targetBytes) {
      groups.push(group);
      [group, bytes] = [[], 0];
    }
    group.push(manifest);
    bytes += lengthBytes;
  }
  if (group.length + options.added < options.minCount) return [];
  return [...groups, group].filter(({ length }) => length > 1).map((one) => one.toReversed());
}

/** Manifests of deletes and of other specs are their owners' business. */
function isMergeable(
  manifest: ManifestFile,
  options: { readonly formatVersion: number; readonly partitionSpecId: number },
): boolean {
  return manifest.content === CONTENT_DATA &&
    manifest.partitionSpecId === options.partitionSpecId &&
    manifest.keyMetadata === undefined &&
    // Row ids that have not been given yet cannot be written down; this commit gives them.
    (options.formatVersion < 3 || manifest.firstRowId !== undefined);
}

/**
 * The live entries of a manifest of data files, with all that they inherit written out. The
 * manifest may be anyone's; fields are found by their ids.
 *
 * @throws {Error} when the bytes are no manifest, or an entry lacks what every version demands.
 */
export async function existingEntries(
  bytes: Uint8Array,
  manifest: ManifestFile,
): Promise<ExistingEntry[]> {
  const { schema, records } = await decodeAvro(bytes);
  const names = fieldNames(schema);
  const fileSchema = fieldType(schema, 2);
  const fileNames = fieldNames(fileSchema);
  const mapNames = new Map(MAPS.map(({ id }) => [id, fieldNames(listItems(fileSchema, id))]));
  let nextRowId = manifest.firstRowId;
  const entries: ExistingEntry[] = [];
  for (const record of records) {
    const entry = fieldReader(record, names);
    if (entry(0) === STATUS_DELETED) continue;
    const file = fieldReader((entry(2) ?? {}) as Record<string, unknown>, fileNames);
    const dataFile: Record<string, unknown> = { content: CONTENT_DATA, partition: {} };
    for (const { id, name } of VALUES) dataFile[name] = file(id) ?? null;
    for (const { id, name, keyId, valueId } of MAPS) {
      const pairs = file(id) as Record<string, unknown>[] | undefined;
      dataFile[name] = pairs?.map((pair) => {
        const read = fieldReader(pair, mapNames.get(id)!);
        return { key: read(keyId), value: read(valueId) };
      }) ?? null;
    }
    if (dataFile["first_row_id"] === null && nextRowId !== undefined) {
      dataFile["first_row_id"] = nextRowId;
      nextRowId += dataFile["record_count"] as bigint;
    }
    entries.push({
      status: STATUS_EXISTING,
      snapshot_id: entry(1) ?? manifest.addedSnapshotId,
      sequence_number: entry(3) ?? manifest.sequenceNumber,
      file_sequence_number: entry(4) ?? manifest.sequenceNumber,
      data_file: dataFile,
    });
  }
  return entries;
}

/** Encodes a manifest of existing entries. */
export function encodeMergedManifest(
  entries: Iterable<ExistingEntry>,
  options: Omit<ManifestOptions, "snapshotId">,
): Uint8Array<ArrayBuffer> {
  return encodeAvro(entries, {
    schema: manifestEntrySchema(options.formatVersion, options.spec),
    metadata: manifestMetadata(options),
  });
}

/** Fields of `data_file` that are copied as they are. */
const VALUES = [
  { id: 100, name: "file_path" },
  { id: 101, name: "file_format" },
  { id: 103, name: "record_count" },
  { id: 104, name: "file_size_in_bytes" },
  { id: 131, name: "key_metadata" },
  { id: 132, name: "split_offsets" },
  { id: 135, name: "equality_ids" },
  { id: 140, name: "sort_order_id" },
  { id: 142, name: "first_row_id" },
] as const;

/** Its maps, whose pairs are records of their own. */
const MAPS = [
  { id: 108, name: "column_sizes", keyId: 117, valueId: 118 },
  { id: 109, name: "value_counts", keyId: 119, valueId: 120 },
  { id: 110, name: "null_value_counts", keyId: 121, valueId: 122 },
  { id: 137, name: "nan_value_counts", keyId: 138, valueId: 139 },
  { id: 125, name: "lower_bounds", keyId: 126, valueId: 127 },
  { id: 128, name: "upper_bounds", keyId: 129, valueId: 130 },
] as const;
