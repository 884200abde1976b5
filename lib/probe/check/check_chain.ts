/**
 * Is the branch one chain, from the head down, of what was committed on what? Pure. Table spec,
 * "Snapshots": each snapshot names its parent; the log names what the branch has pointed to.
 */
import { type Entry, type RunCase, statedParent, type TableCase } from "./run_case.ts";
import { showsOwnSnapshot } from "./history_index.ts";
import type { SnapshotRecord } from "../history.ts";
import { answered, capital, count, who } from "./words.ts";

/** Finds heads that are not the end of the chain: acknowledged commits stand on top of them. */
export function checkHead(runCase: RunCase): void {
  for (const tableCase of runCase.tables) {
    const { table, view, bySnapshot } = tableCase;
    const head = view.final?.head;
    if (!view.isWhole || head === undefined || head === null) continue;
    const above = [...view.listed.values()].filter(({ snapshot_id }) =>
      isAbove(tableCase, { id: snapshot_id, head })
    );
    const shown = shownHeads(tableCase);
    const [first] = above.filter(({ snapshot_id }) => shown.has(snapshot_id));
    if (first !== undefined) {
      const entries = above.flatMap(({ snapshot_id }) => bySnapshot.get(snapshot_id) ?? []);
      const entry = shown.get(first.snapshot_id)!;
      runCase.findings.explainSnapshots(above.map(({ snapshot_id }) => snapshot_id));
      runCase.findings.add({
        kind: "broken-chain",
        table,
        words:
          `${capital(who(entry.operation))} ${
            answered(entry.operation)
          }, with snapshot ${first.snapshot_id} as the head of ${table}. In the final read the head is ${head}, its ancestor, and ${
            count(above.length, "snapshot")
          } above it ${above.length === 1 ? "is" : "are"} out of the branch. ` +
          "The head must be the end of the chain.",
        ops: [entry.operation.op],
        snapshots: [head, first.snapshot_id],
      }, entries);
      continue;
    }
    const main = view.final?.refs?.main;
    if (main !== undefined && main !== head) {
      runCase.findings.add({
        kind: "broken-chain",
        table,
        words:
          `In the final read of ${table} the current snapshot is ${head} and the branch main ` +
          `points to ${main}. They must be the same.`,
        ops: [],
        snapshots: [head, main],
      }, []);
    }
  }
}

/** Whether a snapshot out of the chain stands, over others out of the chain, on the head. */
function isAbove(
  { view }: TableCase,
  { id, head }: { readonly id: string; readonly head: string },
): boolean {
  if (view.isInChain(id)) return false;
  const seen = new Set<string>();
  let at: string | null | undefined = id;
  while (at !== undefined && at !== null && !seen.has(at)) {
    if (at === head) return true;
    if (view.isInChain(at)) return false;
    seen.add(at);
    at = view.listed.get(at)?.parent_snapshot_id;
  }
  return false;
}

/** Snapshots that an acknowledgement showed as the head, or that it acknowledged. */
function shownHeads({ entries, table }: TableCase): Map<string, Entry> {
  const shown = new Map<string, Entry>();
  for (const entry of entries) {
    const { operation } = entry;
    for (const { outcome, complete } of operation.tries) {
      const answer = complete?.answer;
      if (outcome !== "ok" || answer === undefined || answer.table !== table) continue;
      if (answer.head !== null && !shown.has(answer.head)) shown.set(answer.head, entry);
    }
    if (operation.outcome !== "ok") continue;
    for (const id of entry.snapshotIds) shown.set(id, entry);
  }
  return shown;
}

/** Finds snapshots on other parents than they were sent with, forks, circles and missing parents. */
export function checkChain(runCase: RunCase): void {
  for (const tableCase of runCase.tables) {
    checkCircle(runCase, tableCase);
    checkParents(runCase, tableCase);
    checkAnsweredParents(runCase, tableCase);
    checkForks(runCase, tableCase);
    checkGaps(runCase, tableCase);
  }
}

function checkCircle(runCase: RunCase, { table, view, bySnapshot }: TableCase): void {
  const id = view.circleAt;
  if (id === undefined) return;
  const circle = view.chain.slice(view.chain.findIndex(({ snapshot_id }) => snapshot_id === id));
  runCase.findings.explainSnapshots(circle.map(({ snapshot_id }) => snapshot_id));
  runCase.findings.add({
    kind: "broken-chain",
    table,
    words: `In the final read of ${table} snapshot ${id} is an ancestor of itself. ` +
      "A chain of parents must end at a snapshot that has none.",
    ops: circle.flatMap(({ snapshot_id }) => bySnapshot.get(snapshot_id)?.operation.op ?? []),
    snapshots: circle.map(({ snapshot_id }) => snapshot_id),
  }, circle.flatMap(({ snapshot_id }) => bySnapshot.get(snapshot_id) ?? []));
}

function checkParents(runCase: RunCase, tableCase: TableCase): void {
  const { view, bySnapshot } = tableCase;
  if (!view.isWhole) return;
  const rest = [...view.listed.values()].filter(({ snapshot_id }) => !view.isInChain(snapshot_id));
  for (const snapshot of [...view.chain, ...rest]) {
    const entry = bySnapshot.get(snapshot.snapshot_id);
    if (entry === undefined) continue;
    reportParent(runCase, tableCase, {
      entry,
      snapshotId: snapshot.snapshot_id,
      parent: snapshot.parent_snapshot_id,
      where: "the final read",
    });
  }
}

/** What an answer said of the parent tells of a catalog that shows the current snapshot only. */
function checkAnsweredParents(runCase: RunCase, tableCase: TableCase): void {
  for (const entry of tableCase.entries) {
    for (const { invoke, complete, outcome } of entry.operation.tries) {
      const answer = complete?.answer;
      if (outcome !== "ok" || answer?.table !== tableCase.table) continue;
      if (!showsOwnSnapshot(invoke, answer)) continue;
      // Nessie shows every snapshot without its parent, as if it were the first.
      if (answer.head_parent === null) continue;
      reportParent(runCase, tableCase, {
        entry,
        snapshotId: answer.head!,
        parent: answer.head_parent,
        where: "the answer",
      });
    }
  }
}

function reportParent(
  runCase: RunCase,
  { table, view, bySnapshot }: TableCase,
  { entry, snapshotId, parent, where }: {
    readonly entry: Entry;
    readonly snapshotId: string;
    readonly parent: string | null;
    readonly where: string;
  },
): void {
  const { findings } = runCase;
  const stated = statedParent(entry);
  if (stated === undefined || stated === parent) return;
  // A parent that was lost, or one that should not be there, has been told of.
  if ([snapshotId, stated, parent].some((id) => findings.explainsSnapshot(id))) return;
  // Ancestors that are out of the chain only because this one left them are told with it.
  const leftOut: Entry[] = [];
  for (let at: string | null | undefined = stated; at !== null && at !== undefined;) {
    const left = bySnapshot.get(at);
    if (left === undefined || view.isInChain(at) || leftOut.includes(left)) break;
    leftOut.push(left);
    at = left.intent.parent_snapshot_id;
  }
  findings.add({
    kind: "broken-chain",
    table,
    words:
      `${capital(who(entry.operation))} sent snapshot ${snapshotId} of ${table} with ${
        stated === null ? "no parent" : `parent ${stated}`
      } and ${answered(entry.operation)}. In ${where} its parent is ${parent ?? "none"}. ` +
      "A snapshot must keep the parent that was asserted.",
    ops: [entry.operation.op],
    snapshots: [snapshotId, stated, parent].filter((id) => id !== null),
    explains: leftOut,
  }, [entry]);
}

/** What was added and is neither in the branch nor told of as lost or as a phantom. */
function checkForks(runCase: RunCase, { table, view, bySnapshot }: TableCase): void {
  const { findings } = runCase;
  if (!view.isWhole || !view.isWalked) return;
  for (const snapshot of view.listed.values()) {
    const { snapshot_id: id, parent_snapshot_id: parent } = snapshot;
    if (view.isInChain(id) || findings.explainsSnapshot(id)) continue;
    // On top of another one that is out of the branch: the fork is further down.
    if (parent !== null && view.listed.has(parent) && !view.isInChain(parent)) continue;
    const sibling = view.chain.find((other) => other.parent_snapshot_id === parent);
    const entries = [id, sibling?.snapshot_id].flatMap((each) =>
      each === undefined ? [] : bySnapshot.get(each) ?? []
    );
    findings.explainSnapshots([id]);
    findings.add({
      kind: "broken-chain",
      table,
      words: `In the final read of ${table} snapshot ${id} is listed and is not in the branch${
        sibling === undefined
          ? ""
          : `; it and ${sibling.snapshot_id}, which is, stand on one parent, ${parent ?? "none"}`
      }. ${
        entries.map(({ operation }) => `${capital(who(operation))} ${answered(operation)}. `)
          .join("")
      }A branch must not fork.`,
      ops: entries.map(({ operation }) => operation.op),
      snapshots: [id, ...(sibling === undefined ? [] : [sibling.snapshot_id])],
    }, entries);
  }
}

/** Parents that are named and not listed: of a known commit they have vanished. */
function checkGaps(runCase: RunCase, { table, view, bySnapshot }: TableCase): void {
  for (const { snapshotId, child } of view.gaps) {
    if (runCase.findings.explainsSnapshot(snapshotId)) continue;
    const entry = bySnapshot.get(snapshotId);
    const namedAs = child === undefined ? "the head" : `the parent of snapshot ${child}`;
    runCase.findings.explainSnapshots([snapshotId]);
    runCase.findings.add({
      kind: entry === undefined ? "broken-chain" : "vanished",
      table,
      words: (entry === undefined
        ? ""
        : `${capital(who(entry.operation))} sent snapshot ${snapshotId} and ${
          answered(entry.operation)
        }. `) +
        `In the final read of ${table} ${namedAs} is ${snapshotId}, which is not in the list of ` +
        "snapshots. Nobody has expired it.",
      ops: entry === undefined ? [] : [entry.operation.op],
      snapshots: [snapshotId, ...(child === undefined ? [] : [child])],
    }, entry === undefined ? [] : [entry]);
  }
}

/** Finds snapshots that an answer showed and the list lacks, and such of the chain that the log lacks. */
export function checkVanished(runCase: RunCase): void {
  const { findings } = runCase;
  for (const tableCase of runCase.tables) {
    const { table, view } = tableCase;
    if (!view.isWhole) continue;
    for (const [id, entry] of shownHeads(tableCase)) {
      if (view.listed.has(id) || findings.explainsSnapshot(id)) continue;
      if (findings.explainsOperation(entry.operation.op)) continue;
      findings.explainSnapshots([id]);
      findings.add({
        kind: "vanished",
        table,
        words:
          `${capital(who(entry.operation))} ${answered(entry.operation)}, with snapshot ${id} ` +
          `as the head of ${table}. In the final read it is not in the list of snapshots. ` +
          "Nobody has expired it.",
        ops: [entry.operation.op],
        snapshots: [id],
      }, [entry]);
    }
    checkLog(runCase, tableCase);
  }
}

function checkLog(runCase: RunCase, { table, view, bySnapshot }: TableCase): void {
  const log = view.final?.snapshot_log ?? [];
  if (view.chain.length === 0) return;
  if (log.length === 0) {
    // The table spec has the log as an optional field.
    runCase.unchecked.add("the snapshot log, which the catalog does not show");
    return;
  }
  const logged = new Set(log.map(({ snapshot_id }) => snapshot_id));
  for (const { snapshot_id: id } of missingFrom(view.chain, logged)) {
    if (runCase.findings.explainsSnapshot(id)) continue;
    const entry = bySnapshot.get(id);
    runCase.findings.add({
      kind: "vanished",
      table,
      words: `In the final read of ${table} snapshot ${id}${
        entry === undefined ? "" : ` of ${who(entry.operation)}`
      } is in the branch and is not in the snapshot log. Each snapshot that was the head is there.`,
      ops: entry === undefined ? [] : [entry.operation.op],
      snapshots: [id],
    }, entry === undefined ? [] : [entry]);
  }
}

function missingFrom(
  chain: readonly SnapshotRecord[],
  logged: ReadonlySet<string>,
): SnapshotRecord[] {
  return chain.filter(({ snapshot_id }) => !logged.has(snapshot_id));
}
