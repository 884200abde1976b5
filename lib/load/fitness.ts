/** Whether files that are written may still be committed to a table that has changed. Pure. */
import { currentSchema, type PartitionSpecJson, type TableMetadata } from "../table/metadata.ts";
import { filesFitSchema, type WriteColumn } from "../table/write_plan.ts";

/** What the files were written for. */
export interface WrittenFor {
  /** Columns of the files, with their field ids and types. */
  readonly columns: readonly WriteColumn[];
  /** Partition spec that the manifests name. */
  readonly spec: PartitionSpecJson;
  /** Another one means another table (table spec, `table-uuid`). */
  readonly tableUuid: string;
  /** 2 or 3; manifests of one version do not go into a table of another. */
  readonly formatVersion: number;
}

/**
 * Why the files no longer fit, in words that end a sentence; undefined when they do.
 *
 * @throws {RangeError} for metadata without its own current schema.
 */
export function misfitOfTable(metadata: TableMetadata, of: WrittenFor): string | undefined {
  if (metadata["table-uuid"] !== of.tableUuid) {
    return "another table of the same name stands in its place";
  }
  if (metadata["format-version"] !== of.formatVersion) {
    return "the table's format version has changed meanwhile";
  }
  if (!filesFitSchema(of.columns, currentSchema(metadata))) {
    return "the table's schema has changed meanwhile, and the files written no longer fit it";
  }
  const specId = of.spec["spec-id"] ?? 0;
  if (!metadata["partition-specs"].some((spec) => (spec["spec-id"] ?? 0) === specId)) {
    return "the partition spec of the files written has been removed meanwhile";
  }
  return undefined;
}
