/**
 * The snapshots around a violation, as they are drawn beside its words: those that prove it, what
 * they stand on and what stands on them, who made each, and which of them are missing.
 */
import type { FinalRecord, SnapshotRecord } from "../probe/history.ts";
import type { Violation } from "../probe/verdict.ts";
import { type Operation, type RunHistory, writerName } from "./probe_history.ts";

/** A snapshot of a chain. */
export interface ChainNode {
  /** Decimal text. */
  readonly snapshotId: string;
  /** Decimal text; null for the first snapshot. */
  readonly parentId: string | null;
  /** False when somebody asked for it and the final read does not show it. */
  readonly isPresent: boolean;
  /** On the way from the head to the first snapshot; others stand beside it. */
  readonly isOnMain: boolean;
  /** Main points at it in the final read. */
  readonly isHead: boolean;
  /** Part of the proof. */
  readonly isWitness: boolean;
  /** Undefined when neither the final read nor its maker tells it. */
  readonly sequenceNumber: number | undefined;
  /** Who made it, or `not made by the probe`. */
  readonly who: string;
  /** How its maker was answered. */
  readonly answer: string;
  /** Acknowledged by an answer. */
  readonly isAcknowledged: boolean;
  /** Every answer said that it was not done. */
  readonly isRefused: boolean;
}

/** A node, or so many snapshots that are left out. */
export type ChainItem = ChainNode | { readonly omitted: number };

/** More would hide what they are to show. */
const NODES_MAX = 16;

/** A snapshot as far as it is known. */
interface Known {
  readonly snapshotId: string;
  readonly parentId: string | null;
  readonly sequenceNumber: number | undefined;
  readonly isPresent: boolean;
}

/** Snapshots that the final read, the files it found and the answers name. */
function knownSnapshots(run: RunHistory, table: string): Map<string, Known> {
  const final = run.finals.get(table);
  const known = new Map<string, Known>();
  for (const snapshot of final?.snapshots ?? []) {
    known.set(snapshot.snapshot_id, fromFinal(snapshot));
  }
  const sequenceOfFiles = new Map(
    (final?.files ?? []).filter(({ snapshot_id: id }) => id !== null).map((file) => [
      file.snapshot_id!,
      file.sequence_number ?? undefined,
    ]),
  );
  for (const { invoke, complete } of run.operations) {
    for (const intent of invoke.intents) {
      const { snapshot_id: id } = intent;
      if (intent.table !== table || id === undefined || known.has(id)) continue;
      const answered = complete?.answer?.head === id ? complete.answer.head_parent : undefined;
      known.set(id, {
        snapshotId: id,
        parentId: answered ?? intent.parent_snapshot_id ?? null,
        sequenceNumber: sequenceOfFiles.get(id) ?? intent.sequence_number,
        isPresent: sequenceOfFiles.has(id),
      });
    }
  }
  return known;
}

function fromFinal(snapshot: SnapshotRecord): Known {
  return {
    snapshotId: snapshot.snapshot_id,
    parentId: snapshot.parent_snapshot_id,
    sequenceNumber: snapshot.sequence_number,
    isPresent: true,
  };
}

function ancestry(known: ReadonlyMap<string, Known>, head: string | null): Known[] {
  const found: Known[] = [];
  const seen = new Set<string>();
  for (let id = head; id !== null && !seen.has(id);) {
    const snapshot = known.get(id);
    if (snapshot === undefined || !snapshot.isPresent) break;
    seen.add(id);
    found.push(snapshot);
    id = snapshot.parentId;
  }
  return found.reverse();
}

/**
 * The chain around a violation, oldest first; empty when it is not about snapshots.
 */
export function chainAround(violation: Violation, run: RunHistory): ChainItem[] {
  const { table } = violation;
  const final = run.finals.get(table);
  const known = knownSnapshots(run, table);
  const ops = new Set(violation.ops);
  const intended = run.operations
    .filter(({ invoke }) => ops.has(invoke.op))
    .flatMap(({ invoke }) => invoke.intents)
    .filter((intent) => intent.table === table && intent.snapshot_id !== undefined)
    .map((intent) => intent.snapshot_id!);
  const witnesses = new Set([...violation.snapshots, ...intended].filter((id) => known.has(id)));
  if (witnesses.size === 0) return [];

  const main = ancestry(known, final?.head ?? null);
  const position = new Map(main.map(({ snapshotId }, index) => [snapshotId, index]));
  const mainShown = new Set<number>();
  const sides: Known[] = [];
  for (const id of [...witnesses].slice(0, NODES_MAX / 2)) {
    const at = position.get(id);
    const snapshot = known.get(id)!;
    if (at === undefined) sides.push(snapshot);
    const parentAt = snapshot.parentId === null ? -1 : position.get(snapshot.parentId);
    const around = at ?? parentAt;
    if (around === undefined) continue;
    for (const near of [around - 1, around, around + 1]) {
      if (near >= 0 && near < main.length) mainShown.add(near);
    }
  }
  // A witness that stands beside the chain on something beside it brings that along.
  for (const { parentId } of [...sides]) {
    const parent = parentId === null ? undefined : known.get(parentId);
    if (parent !== undefined && !position.has(parent.snapshotId) && !sides.includes(parent)) {
      sides.unshift(parent);
    }
  }
  if (main.length > 0) mainShown.add(main.length - 1);
  const describe = describer(run, { table, witnesses, position, final });
  return interleave({ main, mainShown, sides, position }).map((item) =>
    "omitted" in item ? item : describe(item)
  );
}

/** Those beside the chain come right after what they stand on. */
function interleave(
  of: {
    readonly main: readonly Known[];
    readonly mainShown: ReadonlySet<number>;
    readonly sides: readonly Known[];
    readonly position: ReadonlyMap<string, number>;
  },
): (Known | { readonly omitted: number })[] {
  const items: (Known | { readonly omitted: number })[] = [];
  const left = new Set(of.sides);
  const putSidesOf = (parentId: string | null) => {
    for (const side of [...left]) {
      if (side.parentId !== parentId || !left.delete(side)) continue;
      items.push(side);
      putSidesOf(side.snapshotId);
    }
  };
  putSidesOf(null);
  let next = 0;
  for (const index of [...of.mainShown].sort((a, b) => a - b)) {
    if (index > next) items.push({ omitted: index - next });
    items.push(of.main[index]!);
    putSidesOf(of.main[index]!.snapshotId);
    next = index + 1;
  }
  return [...items, ...left];
}

function describer(
  run: RunHistory,
  of: {
    readonly table: string;
    readonly witnesses: ReadonlySet<string>;
    readonly position: ReadonlyMap<string, number>;
    readonly final: FinalRecord | undefined;
  },
): (known: Known) => ChainNode {
  const makers = new Map<string, Operation[]>();
  for (const operation of run.operations) {
    for (const { table, snapshot_id: id } of operation.invoke.intents) {
      if (table !== of.table || id === undefined) continue;
      makers.set(id, [...makers.get(id) ?? [], operation]);
    }
  }
  return (known) => {
    const own = makers.get(known.snapshotId) ?? [];
    return {
      ...known,
      isOnMain: of.position.has(known.snapshotId),
      isHead: of.final?.head === known.snapshotId,
      isWitness: of.witnesses.has(known.snapshotId),
      who: own[0] === undefined ? "not made by the probe" : makerName(own[0]),
      answer: own.map(answerName).join(", then "),
      isAcknowledged: own.some(({ complete }) => complete?.outcome === "ok"),
      isRefused: own.length > 0 && own.every(({ complete }) => complete?.outcome === "fail"),
    };
  };
}

function makerName({ invoke }: Operation): string {
  const round = invoke.round === undefined ? "" : `, round ${invoke.round}`;
  return `${writerName(invoke.writer)}${round}, op ${invoke.op}`;
}

function answerName({ complete }: Operation): string {
  if (complete === undefined || complete.status === null) return "no answer";
  return `answered ${complete.status}`;
}
