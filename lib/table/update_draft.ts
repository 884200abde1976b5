/** Table metadata while the updates of one commit are applied to it. */
import type { TableMetadata } from "./metadata.ts";

/**
 * A change under way. `metadata` is the draft's own shallow copy: handlers replace its fields and
 * never change what a field of the base holds.
 */
export interface Draft {
  /** What the updates so far have made of the base. */
  readonly metadata: TableMetadata;
  /** The time of the commit. */
  readonly nowMs: number;
  /** Whether the table comes to be with this commit. */
  readonly isNew: boolean;
  /** Ids of the snapshots that this commit adds. */
  readonly addedSnapshotIds: Set<bigint>;
  /** What -1 stands for in the updates that choose a schema, a spec or a sort order. */
  addedSchemaId: number | undefined;
  /** As {@linkcode addedSchemaId}; undefined until an update adds a spec. */
  addedSpecId: number | undefined;
  /** As {@linkcode addedSchemaId}; undefined until an update adds a sort order. */
  addedOrderId: number | undefined;
  /** Timestamp of the last snapshot added, when there is one. */
  snapshotMs: number | undefined;
}

/** Where a new table without metadata starts: nothing is set, and `finishUpdates` sees to it. */
export function emptyMetadata(): TableMetadata {
  return {
    "format-version": 2,
    "table-uuid": "",
    location: "",
    "last-sequence-number": 0,
    "last-updated-ms": 0,
    "last-column-id": 0,
    "current-schema-id": -1,
    schemas: [],
    "default-spec-id": -1,
    "partition-specs": [],
    "last-partition-id": 999,
    "default-sort-order-id": -1,
    "sort-orders": [],
    properties: {},
    refs: {},
    snapshots: [],
    "snapshot-log": [],
    "metadata-log": [],
  };
}
