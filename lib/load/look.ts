/**
 * The look: whether a commit of ours, or the same bytes of the same load by someone else, is in the
 * table. Pure: metadata in, finding out. Only a look settles what an unanswered commit has done, and
 * no commit is posted on a new base without one.
 */
import { toBigInt } from "../table/json.ts";
import type { SnapshotJson, TableMetadata } from "../table/metadata.ts";
import { ancestry, type LedgerEntry, readEntry } from "./ledger.ts";

/** What the history of the main branch shows. */
export interface Finding {
  /**
   * Our snapshot, when it is in the branch, or in the metadata of a table whose history is cut: it
   * came there by way of the branch.
   */
  readonly own: SnapshotJson | undefined;
  /** Our snapshot is in the metadata but not in the branch: someone has rolled it back. */
  readonly isRolledBack: boolean;
  /** What snapshots between the old base and the head hold of our load, our own left out. */
  readonly entries: readonly LedgerEntry[];
  /**
   * Whether the history is unbroken from the head to the old base, or to the first snapshot when
   * the base had none: only then does "not found" mean "not there".
   */
  readonly isWhole: boolean;
}

/**
 * Looks through everything between the head of an old base and that of new metadata.
 *
 * @param of.baseHead the snapshot id of the old base's head; undefined when it had none.
 * @param of.snapshotId our own snapshot, when one has been posted.
 */
export function look(
  metadata: TableMetadata,
  of: {
    readonly baseHead: bigint | undefined;
    readonly loadId: string;
    readonly snapshotId?: bigint;
  },
): Finding {
  const entries: LedgerEntry[] = [];
  let own: SnapshotJson | undefined;
  let isWhole = of.baseHead === undefined;
  let isCut = false;
  for (const snapshot of ancestry(metadata)) {
    if (snapshot === "cut") {
      isCut = true;
      isWhole = false;
      break;
    }
    const id = toBigInt(snapshot["snapshot-id"]);
    if (id === of.baseHead) {
      isWhole = true;
      break;
    }
    if (id === of.snapshotId) {
      own = snapshot;
      continue;
    }
    const entry = readEntry(snapshot, of.loadId);
    if (entry !== undefined) entries.push(entry);
  }
  const known = of.snapshotId === undefined || own !== undefined
    ? undefined
    : metadata.snapshots?.find((item) => toBigInt(item["snapshot-id"]) === of.snapshotId);
  if (isCut) own ??= known;
  return { own, isRolledBack: own === undefined && known !== undefined, entries, isWhole };
}
