/** Table metadata with a history made up for tests of what is pure. */
import type { SnapshotJson, TableMetadata } from "../../lib/table/metadata.ts";
import { emptyTable } from "../table/table_support.ts";

/** A snapshot in short: its id, its parent's, and its summary. */
export interface ShortSnapshot {
  readonly id: number;
  readonly parent?: number;
  readonly summary?: Record<string, string>;
  readonly timestampMs?: number;
}

/** A table whose main branch has this head. */
export function tableOf(snapshots: readonly ShortSnapshot[], head?: number): TableMetadata {
  return emptyTable(2, {
    snapshots: snapshots.map((short): SnapshotJson => ({
      "snapshot-id": short.id,
      ...(short.parent === undefined ? {} : { "parent-snapshot-id": short.parent }),
      "sequence-number": short.id,
      "timestamp-ms": short.timestampMs ?? short.id,
      "manifest-list": `/t/metadata/snap-${short.id}.avro`,
      summary: { operation: "append", ...short.summary },
    })),
    refs: head === undefined ? {} : { main: { "snapshot-id": head, type: "branch" } },
  });
}

/** Snapshots 1 to `count`, each on the one before, with the summaries given by id. */
export function line(
  count: number,
  summaries: Readonly<Record<number, Record<string, string>>> = {},
): ShortSnapshot[] {
  return Array.from({ length: count }, (_, at) => ({
    id: at + 1,
    ...(at === 0 ? {} : { parent: at }),
    ...(summaries[at + 1] === undefined ? {} : { summary: summaries[at + 1]! }),
  }));
}
