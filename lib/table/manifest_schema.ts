/**
 * The Avro schemas of manifests and manifest lists (table spec, "Manifests" and "Manifest Lists";
 * Appendix A, "Avro"). Field ids are the spec's.
 */
import type { AvroSchema } from "./avro.ts";
import type { PartitionSpecJson } from "./metadata.ts";

interface Field {
  readonly name: string;
  readonly type: AvroSchema;
  readonly "field-id": number;
  readonly default?: null;
}

function required(id: number, name: string, type: AvroSchema): Field {
  return { name, type, "field-id": id };
}

function optional(id: number, name: string, type: AvroSchema): Field {
  return { name, type: ["null", type], default: null, "field-id": id };
}

/** A map with int keys is an array of pairs in Avro, since Avro's own maps have string keys. */
function intKeyMap(keyId: number, valueId: number, valueType: AvroSchema): AvroSchema {
  return {
    type: "array",
    logicalType: "map",
    items: {
      type: "record",
      name: `k${keyId}_v${valueId}`,
      fields: [required(keyId, "key", "int"), required(valueId, "value", valueType)],
    },
  };
}

function list(elementId: number, items: AvroSchema): AvroSchema {
  return { type: "array", items, "element-id": elementId };
}

const entrySchemas = new Map<number, AvroSchema>();

/**
 * The schema of a manifest of data files; of one version it is always the same object.
 *
 * @param spec must be unpartitioned: this writer makes no partition values yet.
 * @throws {RangeError} for a partitioned spec.
 */
export function manifestEntrySchema(formatVersion: number, spec: PartitionSpecJson): AvroSchema {
  if (spec.fields.length > 0) {
    throw new RangeError(
      "Cannot make a manifest schema: partitioned specs are not written",
    );
  }
  let schema = entrySchemas.get(formatVersion);
  if (schema === undefined) entrySchemas.set(formatVersion, schema = entrySchema(formatVersion));
  return schema;
}

function entrySchema(formatVersion: number): AvroSchema {
  const dataFile: Field[] = [
    required(134, "content", "int"),
    required(100, "file_path", "string"),
    required(101, "file_format", "string"),
    required(102, "partition", { type: "record", name: "r102", fields: [] }),
    required(103, "record_count", "long"),
    required(104, "file_size_in_bytes", "long"),
    optional(108, "column_sizes", intKeyMap(117, 118, "long")),
    optional(109, "value_counts", intKeyMap(119, 120, "long")),
    optional(110, "null_value_counts", intKeyMap(121, 122, "long")),
    optional(137, "nan_value_counts", intKeyMap(138, 139, "long")),
    optional(125, "lower_bounds", intKeyMap(126, 127, "bytes")),
    optional(128, "upper_bounds", intKeyMap(129, 130, "bytes")),
    optional(131, "key_metadata", "bytes"),
    optional(132, "split_offsets", list(133, "long")),
    optional(135, "equality_ids", list(136, "int")),
    optional(140, "sort_order_id", "int"),
  ];
  if (formatVersion >= 3) dataFile.push(optional(142, "first_row_id", "long"));
  return {
    type: "record",
    name: "manifest_entry",
    fields: [
      required(0, "status", "int"),
      optional(1, "snapshot_id", "long"),
      optional(3, "sequence_number", "long"),
      optional(4, "file_sequence_number", "long"),
      required(2, "data_file", { type: "record", name: "r2", fields: dataFile }),
    ],
  };
}

/** The schema of a manifest list of format version 2 or 3. */
export function manifestFileSchema(formatVersion: number): AvroSchema {
  const fields: Field[] = [
    required(500, "manifest_path", "string"),
    required(501, "manifest_length", "long"),
    required(502, "partition_spec_id", "int"),
    required(517, "content", "int"),
    required(515, "sequence_number", "long"),
    required(516, "min_sequence_number", "long"),
    required(503, "added_snapshot_id", "long"),
    required(504, "added_files_count", "int"),
    required(505, "existing_files_count", "int"),
    required(506, "deleted_files_count", "int"),
    required(512, "added_rows_count", "long"),
    required(513, "existing_rows_count", "long"),
    required(514, "deleted_rows_count", "long"),
    optional(
      507,
      "partitions",
      list(508, {
        type: "record",
        name: "r508",
        fields: [
          required(509, "contains_null", "boolean"),
          optional(518, "contains_nan", "boolean"),
          optional(510, "lower_bound", "bytes"),
          optional(511, "upper_bound", "bytes"),
        ],
      }),
    ),
    optional(519, "key_metadata", "bytes"),
  ];
  if (formatVersion >= 3) fields.push(optional(520, "first_row_id", "long"));
  return { type: "record", name: "manifest_file", fields };
}
