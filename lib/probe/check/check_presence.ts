/**
 * Is in the table what was acknowledged, is absent what was refused, and is everything there once?
 * Pure. Unknown outcomes are blamed neither way.
 */
import { addsData, type Entry, isThere, type RunCase, type TableCase } from "./run_case.ts";
import type { FileRecord, SnapshotRecord } from "../history.ts";
import type { ViolationKind } from "../verdict.ts";
import { answered, capital, count, didWhat, foundWords, standsOn, who } from "./words.ts";

/** Finds tables that are gone although commits to them, or their creation, were acknowledged. */
export function checkTablesThere(runCase: RunCase): void {
  for (const { table, view, entries } of runCase.tables) {
    if (!view.isMissing) continue;
    const [entry] = entries.filter(({ operation }) => operation.outcome === "ok");
    if (entry === undefined) continue;
    const { operation } = entry;
    const kind = operation.first.kind === "create" ? "create" : "vanished";
    runCase.findings.add({
      kind,
      table,
      words: `${capital(who(operation))} ${answered(operation)}, and in the end the catalog says ` +
        `that there is no table ${table}. What was acknowledged must stay.`,
      ops: [operation.op],
    }, entries);
  }
}

/** Finds transactions that were carried out in some of their tables and not in others. */
export function checkTorn(runCase: RunCase): void {
  const { findings } = runCase;
  for (const operation of runCase.operations) {
    const entries = (runCase.entriesOf.get(operation.op) ?? []).filter(addsData);
    if (findings.explainsOperation(operation.op)) continue;
    if (entries.some(({ sight }) => sight.presence === "untold")) continue;
    const there = entries.filter(isThere);
    if (there.length === 0 || there.length === entries.length) continue;
    const absent = entries.filter((entry) => !isThere(entry));
    findings.add({
      kind: "torn",
      table: absent[0]!.intent.table,
      words:
        `${capital(who(operation))} sent one transaction over ${
          count(entries.length, "table")
        } and ${answered(operation)}. It is there in ${namesOf(there)} and absent in ${
          namesOf(absent)
        }. ` +
        `A transaction must be carried out in all of its tables or in none.`,
      ops: [operation.op],
      snapshots: entries.flatMap(({ snapshotIds }) => snapshotIds),
    }, entries);
  }
}

function namesOf(entries: readonly Entry[]): string {
  return entries.map(({ intent }) => intent.table).join(", ");
}

/** Finds what is there more than once: a snapshot, an operation under two snapshots, a data file. */
export function checkDoubled(runCase: RunCase): void {
  for (const tableCase of runCase.tables) {
    const { view } = tableCase;
    checkTwins(runCase, tableCase);
    const snapshots = view.final?.snapshots ?? [];
    for (const twins of repeated(snapshots, ({ snapshot_id }) => snapshot_id)) {
      reportDoubled(runCase, tableCase, {
        ids: [twins[0]!.snapshot_id],
        what: `snapshot ${twins[0]!.snapshot_id} is ${twins.length} times in the list of snapshots`,
      });
    }
    for (const twins of repeated(snapshots, ({ manifest_list }) => manifest_list)) {
      const ids = [...new Set(twins.map(({ snapshot_id }) => snapshot_id))];
      reportDoubled(runCase, tableCase, {
        ids,
        what: `the manifest list of one commit belongs to ${ids.length} snapshots, ` +
          ids.join(" and "),
      });
    }
    checkFilesOnce(runCase, tableCase);
  }
}

/** A resend that made a snapshot of its own. */
function checkTwins(runCase: RunCase, tableCase: TableCase): void {
  const { view } = tableCase;
  for (const entry of tableCase.entries) {
    const there = entry.snapshotIds.filter((id) => view.listed.has(id));
    if (there.length < 2) continue;
    reportDoubled(runCase, tableCase, {
      ids: there,
      what: `one request that was sent again made ${there.length} snapshots, ${
        there.join(" and ")
      }`,
    });
  }
}

/** One violation for the files of one operation, however many they are. */
function checkFilesOnce(runCase: RunCase, tableCase: TableCase): void {
  const { view, entries } = tableCase;
  const files = repeated(view.final?.files ?? [], ({ path }) => path);
  const byPath = new Map(
    entries.flatMap((entry) => (entry.intent.files ?? []).map(({ path }) => [path, entry])),
  );
  const told = new Set<Entry | undefined>();
  for (const twins of files) {
    const entry = byPath.get(twins[0]!.path);
    if (told.has(entry)) continue;
    told.add(entry);
    const ids = [
      ...new Set(twins.flatMap(({ snapshot_id }) => snapshot_id === null ? [] : [snapshot_id])),
    ];
    reportDoubled(runCase, tableCase, {
      entry,
      ids,
      what: `data file ${twins[0]!.path} is ${twins.length} times in the head's manifests, ` +
        "so its rows count as often",
    });
  }
}

function reportDoubled(
  runCase: RunCase,
  tableCase: TableCase,
  found: {
    readonly ids: readonly string[];
    readonly what: string;
    readonly entry?: Entry | undefined;
  },
): void {
  const { findings } = runCase;
  const { table, bySnapshot } = tableCase;
  const entry = found.entry ??
    found.ids.map((id) => bySnapshot.get(id)).find((known) => known !== undefined);
  const isTold = entry === undefined
    ? found.ids.some((id) => findings.explainsSnapshot(id))
    : findings.explainsOperation(entry.operation.op);
  if (isTold) return;
  findings.explainSnapshots(found.ids);
  const { kind, why } = doubledKind(entry);
  findings.add({
    kind,
    table,
    words: `In the final read of ${table} ${found.what}. ` + (entry === undefined
      ? "No operation of this run added it. "
      : `It is the commit of ${who(entry.operation)}, which ${answered(entry.operation)}. `) +
      why,
    ops: entry === undefined ? [] : entry.operation.tries.map(({ invoke }) =>
      invoke.op
    ),
    snapshots: found.ids,
  }, entry === undefined ? [] : [entry]);
}

/** A key that is sent again and carried out again breaks the promise of the key. */
function doubledKind(
  entry: Entry | undefined,
): { readonly kind: ViolationKind; readonly why: string } {
  const tries = entry?.operation.tries ?? [];
  const isKeyed = tries.length > 1 &&
    tries.every(({ invoke }) => invoke.idempotency_key !== undefined);
  return isKeyed
    ? {
      kind: "not-idempotent",
      why: "A request that is sent again under its Idempotency-Key must be carried out once.",
    }
    : { kind: "doubled", why: "A commit must be carried out once." };
}

function repeated<T extends SnapshotRecord | FileRecord>(
  items: readonly T[],
  keyOf: (item: T) => string,
): T[][] {
  return [...Map.groupBy(items, keyOf).values()].filter(({ length }) => length > 1);
}

/** Finds commits that were acknowledged and are absent, and such that were refused and are there. */
export function checkLostAndPhantom(runCase: RunCase): void {
  for (const operation of runCase.operations) {
    const entries = (runCase.entriesOf.get(operation.op) ?? []).filter(addsData);
    if (entries.length === 0 || runCase.findings.explainsOperation(operation.op)) continue;
    if (operation.outcome === "ok") checkLost(runCase, entries);
    if (operation.outcome === "fail") checkPhantom(runCase, entries);
  }
}

function checkLost(runCase: RunCase, entries: readonly Entry[]): void {
  const { findings } = runCase;
  const entry = entries.find(({ sight }) =>
    sight.presence === "absent" || sight.presence === "partial"
  );
  if (entry === undefined) return;
  const { operation, intent, sight } = entry;
  const { view, bySnapshot } = tableOf(runCase, entry);
  // A snapshot that its child still names was there; that the list lacks it is told as vanished.
  if (
    sight.files === "untold" &&
    view.gaps.some(({ snapshotId }) => snapshotId === intent.snapshot_id)
  ) {
    return;
  }
  const rival = view.isWhole ? rivalInChain(entry, { view, bySnapshot }) : rivalOf(runCase, entry);
  const rivalWords = rival === undefined
    ? ""
    : ` ${capital(who(rival.operation))} ${didWhat(rival)} and ${answered(rival.operation)}; ` +
      `this one stands in its place.`;
  findings.add({
    kind: "lost",
    table: intent.table,
    words:
      `${capital(who(operation))} ${didWhat(entry)} to ${intent.table} and ${
        answered(operation)
      }. In the final read ${foundWords(entry, view)}${elsewhereWords(entry, entries)}.` +
      `${rivalWords} ` +
      `A commit that was acknowledged must stay.`,
    ops: [operation.op, ...(rival === undefined ? [] : [rival.operation.op])],
    snapshots: [...entry.snapshotIds, ...(rival?.snapshotIds ?? [])],
  }, entries);
}

/** Where else a transaction is not to be found, which makes it lost and not torn. */
function elsewhereWords(entry: Entry, entries: readonly Entry[]): string {
  const others = entries.filter((other) => other !== entry);
  return others.length === 0 || others.some(({ sight }) => sight.presence !== "absent")
    ? ""
    : `; nor is anything of the transaction in ${namesOf(others)}, so it is lost as a whole`;
}

/** What stands in the chain where the entry should: the chain's snapshot on the same parent. */
function rivalInChain(
  entry: Entry,
  { view, bySnapshot }: Pick<TableCase, "view" | "bySnapshot">,
): Entry | undefined {
  // Commits on top of a lost one are lost with it: their rival is the one of the first.
  let parent = entry.intent.parent_snapshot_id;
  for (let steps = 0; steps <= bySnapshot.size; steps++) {
    if (parent === undefined) return undefined;
    if (parent === null || view.isInChain(parent)) break;
    parent = bySnapshot.get(parent)?.intent.parent_snapshot_id;
  }
  const child = view.chain.find(({ parent_snapshot_id }) => parent_snapshot_id === parent);
  const rival = child === undefined ? undefined : bySnapshot.get(child.snapshot_id);
  return rival === entry ? undefined : rival;
}

/** Another commit on the same parent that is there. */
function rivalOf(runCase: RunCase, entry: Entry): Entry | undefined {
  const parent = entry.intent.parent_snapshot_id;
  if (parent === undefined) return undefined;
  return tableOf(runCase, entry).entries.find((other) =>
    other !== entry && other.intent.parent_snapshot_id === parent &&
    other.intent.snapshot_id !== undefined && isThere(other)
  );
}

function checkPhantom(runCase: RunCase, entries: readonly Entry[]): void {
  const entry = entries.find((each) => isThere(each) || each.sight.isListed);
  if (entry === undefined) return;
  const { operation, intent } = entry;
  const { view } = tableOf(runCase, entry);
  const parent = view.listed.get(intent.snapshot_id ?? "")?.parent_snapshot_id;
  runCase.findings.add({
    kind: "phantom",
    table: intent.table,
    words: `${capital(who(operation))} ${didWhat(entry)} to ${intent.table} and ${
      answered(operation)
    }, which says that nothing was done. In the final read ${foundWords(entry, view)}${
      parent === undefined ? "" : ` (${standsOn(parent)})`
    }. What was refused must not be there: who sends it again doubles its rows.`,
    ops: [operation.op],
    snapshots: entry.snapshotIds,
  }, entries);
}

function tableOf(runCase: RunCase, { intent }: Entry): TableCase {
  return runCase.tables.find(({ table }) => table === intent.table)!;
}

/** Counts the operations that had no certain answer and are there. */
export function countRecovered(runCase: RunCase): number {
  return runCase.operations.filter(({ op, outcome }) => {
    const entries = (runCase.entriesOf.get(op) ?? []).filter(addsData);
    return outcome === "unknown" && entries.length > 0 &&
      entries.every(({ sight }) => sight.presence === "present");
  }).length;
}
