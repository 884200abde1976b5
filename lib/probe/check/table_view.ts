/**
 * A table as the final read found it: the chain of its snapshots from the head down, and for each
 * intent whether it is there. Pure.
 *
 * A catalog that shows the whole history is judged by the chain and by the data files; one that
 * shows the current snapshot only, by the data files in the head's manifests.
 */
import type { FinalRecord, IntentRecord, SnapshotRecord } from "../history.ts";

/** Whether an intent is in the table. */
export interface Sight {
  /**
   * `partial`: the snapshot stands and data files are missing, or some of the files are there.
   * `untold`: nothing that was read allows a judgement.
   */
  readonly presence: "present" | "absent" | "partial" | "untold";
  /** Its snapshot is the head or one of the head's ancestors. */
  readonly isInChain: boolean;
  /** Its snapshot is in the list of snapshots. */
  readonly isListed: boolean;
  /** Its data files in the head's manifests; `untold` when these were not read or it has none. */
  readonly files: "all" | "some" | "none" | "untold";
}

/** A snapshot that something names and the list does not have. */
export interface Gap {
  /** Id of the missing snapshot. */
  readonly snapshotId: string;
  /** Snapshot that names it as its parent; undefined when the head names it. */
  readonly child: string | undefined;
}

const UNTOLD: Sight = { presence: "untold", isInChain: false, isListed: false, files: "untold" };

/** A table's final state. */
export class TableView {
  /** `namespace.name`. */
  readonly table: string;
  /** Undefined when there was no final read, or it failed. */
  readonly final: FinalRecord | undefined;
  /** Why nothing could be read; undefined when something was. */
  readonly unreadable: string | undefined;
  /** The catalog says for certain that there is no such table. */
  readonly isMissing: boolean;
  /** The list of snapshots is the whole history. */
  readonly isWhole: boolean;
  /** From the head down, as far as the snapshots are listed. */
  readonly chain: readonly SnapshotRecord[];
  /** The list; of two with one id, the first. */
  readonly listed: ReadonlyMap<string, SnapshotRecord>;
  /** Snapshots that the chain needs and the list lacks; empty unless `isWhole`. */
  readonly gaps: readonly Gap[];
  /** Snapshot at which the chain runs into itself. */
  readonly circleAt: string | undefined;
  /** The chain was followed down to a snapshot without parent. */
  readonly isWalked: boolean;
  readonly #inChain: ReadonlySet<string>;
  readonly #paths: ReadonlySet<string> | undefined;

  /**
   * Follows the chain of a final read, where it shows the whole history.
   *
   * @param intents what was to be done to the table: tells the parent of a snapshot that is gone
   */
  constructor(final: FinalRecord | undefined, table: string, intents: readonly IntentRecord[]) {
    const isMissing = final?.missing === true;
    const unreadable = final === undefined
      ? "there is no final read"
      : isMissing
      ? "the table is not there"
      : final.error;
    this.table = table;
    this.final = unreadable === undefined ? final : undefined;
    this.unreadable = unreadable;
    this.isMissing = isMissing;
    this.isWhole = this.final?.snapshots !== undefined && this.final.history_complete !== false;
    this.listed = new Map(
      [...this.final?.snapshots ?? []].reverse()
        .map((snapshot) => [snapshot.snapshot_id, snapshot]),
    );
    const walk = this.isWhole ? this.#walk(statedParents(intents)) : undefined;
    this.chain = walk?.chain ?? [];
    this.gaps = walk?.gaps ?? [];
    this.circleAt = walk?.circleAt;
    this.isWalked = walk?.isWalked ?? false;
    this.#inChain = new Set(this.chain.map(({ snapshot_id }) => snapshot_id));
    this.#paths = this.final?.files && new Set(this.final.files.map(({ path }) => path));
  }

  #walk(stated: ReadonlyMap<string, string | null>) {
    const chain: SnapshotRecord[] = [];
    const gaps: Gap[] = [];
    const seen = new Set<string>();
    let child: string | undefined;
    let id: string | null | undefined = this.final?.head;
    while (id !== null && id !== undefined) {
      if (seen.has(id)) return { chain, gaps, circleAt: id, isWalked: false };
      seen.add(id);
      const snapshot = this.listed.get(id);
      if (snapshot === undefined) gaps.push({ snapshotId: id, child });
      else chain.push(snapshot);
      child = id;
      id = snapshot === undefined ? stated.get(id) : snapshot.parent_snapshot_id;
    }
    return { chain, gaps, circleAt: undefined, isWalked: id === null || child === undefined };
  }

  /** Whether the snapshot is the head or one of its ancestors. */
  isInChain(snapshotId: string): boolean {
    return this.#inChain.has(snapshotId);
  }

  /** Where an intent stands that adds a snapshot, data files or columns; others leave no trace. */
  sightOf(intent: IntentRecord): Sight {
    if (this.final === undefined) return UNTOLD;
    const id = intent.snapshot_id;
    if (id === undefined && intent.files === undefined) return this.#columnsSight(intent);
    const files = this.#filesOf(intent);
    const isListed = id !== undefined && this.listed.has(id);
    const isInChain = id !== undefined && this.isInChain(id);
    const seen = { isInChain, isListed, files };
    if (!this.isWhole) {
      const isHead = id !== undefined && id === this.final.head;
      if (files === "untold") return { ...seen, presence: isHead ? "present" : "untold" };
      if (files === "all") return { ...seen, presence: "present" };
      return { ...seen, presence: files === "some" || isHead ? "partial" : "absent" };
    }
    if (isInChain) {
      const isThere = files === "all" || files === "untold";
      return { ...seen, presence: isThere ? "present" : "partial" };
    }
    switch (files) {
      case "all":
        return { ...seen, presence: "present" };
      case "some":
        return { ...seen, presence: "partial" };
      case "none":
        return { ...seen, presence: "absent" };
      case "untold":
        // Beyond a break in the chain nothing can be told of what is listed and not reached.
        return { ...seen, presence: isListed && !this.isWalked ? "untold" : "absent" };
    }
  }

  #columnsSight({ columns = [] }: IntentRecord): Sight {
    const found = this.final?.columns;
    if (found === undefined || columns.length === 0) return UNTOLD;
    const there = columns.filter((name) => found.some((column) => column.name === name)).length;
    const presence = there === 0 ? "absent" : there === columns.length ? "present" : "partial";
    return { ...UNTOLD, presence };
  }

  #filesOf(intent: IntentRecord): Sight["files"] {
    const files = intent.files ?? [];
    if (this.#paths === undefined || files.length === 0) return "untold";
    const found = files.filter(({ path }) => this.#paths!.has(path)).length;
    return found === 0 ? "none" : found === files.length ? "all" : "some";
  }
}

function statedParents(intents: readonly IntentRecord[]): Map<string, string | null> {
  const stated = new Map<string, string | null>();
  for (const { snapshot_id, parent_snapshot_id } of intents) {
    if (snapshot_id !== undefined && parent_snapshot_id !== undefined) {
      stated.set(snapshot_id, parent_snapshot_id);
    }
  }
  return stated;
}
