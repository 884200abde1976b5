/**
 * Do rows and totals agree: what was written, what the manifests say, what the summary of the head
 * says, and what is in the data files? Pure. Table spec, Appendix F, "Snapshot summary".
 */
import type { FileRecord, SnapshotRecord } from "../history.ts";
import type { Entry, RunCase, TableCase } from "./run_case.ts";
import { answered, capital, count, foundWords, who } from "./words.ts";

/** Finds rows and totals that disagree, in tables where no other finding explains it. */
export function checkData(runCase: RunCase): void {
  for (const tableCase of runCase.tables) {
    const { table, view } = tableCase;
    if (runCase.findings.explainsRowsOf(table)) continue;
    const files = view.final?.files;
    if (files !== undefined) {
      checkPieces(runCase, tableCase);
      checkFileRows(runCase, tableCase, files);
      checkCountedRows(runCase, tableCase, files);
    }
    // Wrong rows in the manifests make the totals disagree with them.
    if (runCase.findings.explainsRowsOf(table)) continue;
    if (files !== undefined) checkHeadTotals(runCase, tableCase, files);
    checkChainTotals(runCase, tableCase);
  }
}

/** An unanswered commit of which a part is there. */
function checkPieces(runCase: RunCase, { table, view, entries }: TableCase): void {
  for (const entry of entries) {
    const { operation, sight } = entry;
    if (operation.outcome !== "unknown" || sight.presence !== "partial") continue;
    runCase.findings.add({
      kind: "rows",
      table,
      words: `${capital(who(operation))} ${answered(operation)}. In the final read of ${table} ${
        foundWords(entry, view)
      }. A commit must be carried out as a whole or not at all.`,
      ops: [operation.op],
      snapshots: entry.snapshotIds,
    }, [entry]);
  }
}

/** Rows that an operation wrote into a file, against those that the manifests give for it. */
function checkFileRows(
  runCase: RunCase,
  { table, entries }: TableCase,
  files: readonly FileRecord[],
): void {
  const found = new Map(files.map((file) => [file.path, file]));
  for (const entry of entries) {
    for (const { path, rows } of entry.intent.files ?? []) {
      const file = found.get(path);
      if (file === undefined || file.rows === rows) continue;
      runCase.findings.add({
        kind: "rows",
        table,
        words: `${capital(who(entry.operation))} committed data file ${path} with ${
          count(rows, "row")
        } to ${table}. In the final read the head's manifests give it ${count(file.rows, "row")}.`,
        ops: [entry.operation.op],
        snapshots: entry.snapshotIds,
      }, [entry]);
      break;
    }
  }
}

/** Rows counted in the data files, against those of the manifests. */
function checkCountedRows(
  runCase: RunCase,
  { table, view }: TableCase,
  files: readonly FileRecord[],
): void {
  const counted = view.final?.rows_counted;
  if (counted === undefined || counted === null) {
    runCase.unchecked.add("the rows in the data files themselves, which were not counted");
    return;
  }
  const told = sum(files.map(({ rows }) => rows));
  if (counted === told) return;
  runCase.findings.add({
    kind: "rows",
    table,
    words: `In the final read of ${table} the head's manifests name ${
      count(files.length, "data file")
    } with ${count(told, "row")} in all; counted in the files themselves there ${
      counted === 1 ? "is" : "are"
    } ${count(counted, "row")}.`,
    ops: [],
    snapshots: headOf(view.final?.head),
  }, []);
}

/** Totals of the head's summary, against its manifests. */
function checkHeadTotals(
  runCase: RunCase,
  { table, view }: TableCase,
  files: readonly FileRecord[],
): void {
  const head = view.listed.get(view.final?.head ?? "");
  if (head === undefined) return;
  const pairs = [
    ["total-data-files", files.length],
    ["total-records", sum(files.map(({ rows }) => rows))],
  ] as const;
  const wrong = pairs.filter(([key, found]) => {
    const told = total(head, key);
    if (told === undefined) runCase.unchecked.add(`the summary's ${key}, which is not given`);
    return told !== undefined && told !== found;
  });
  if (wrong.length === 0) return;
  runCase.findings.add({
    kind: "totals",
    table,
    words: `In the final read of ${table} the summary of the head ${head.snapshot_id} says ${
      wrong.map(([key]) => `${key} ${head.summary[key]}`).join(" and ")
    }; its manifests have ${wrong.map(([, found]) => found).join(" and ")}.`,
    ops: [],
    snapshots: [head.snapshot_id],
  }, []);
}

/** Totals of each snapshot of the chain, against its parent's and what was added. */
function checkChainTotals(runCase: RunCase, { table, view, bySnapshot }: TableCase): void {
  // From the first snapshot on, so that the one that is wrong is named, and not its child.
  for (const snapshot of view.chain.toReversed()) {
    const entry = bySnapshot.get(snapshot.snapshot_id);
    if (entry?.intent.files === undefined) continue;
    const parent = snapshot.parent_snapshot_id;
    const before = parent === null ? undefined : view.listed.get(parent);
    if (isTold(runCase, table)) return;
    for (const { key, added } of addedBy(entry)) {
      const told = total(snapshot, key);
      const base = before === undefined ? 0 : total(before, key);
      if (told === undefined || base === undefined || told === base + added) continue;
      runCase.findings.add({
        kind: "totals",
        table,
        words: `In the final read of ${table} the summary of snapshot ${snapshot.snapshot_id} of ${
          who(entry.operation)
        } says ${key} ${told}; its parent has ${base}, and the commit added ${added}.`,
        ops: [entry.operation.op],
        snapshots: [snapshot.snapshot_id, ...(parent === null ? [] : [parent])],
      }, []);
      break;
    }
  }
}

/** A wrong total in one snapshot makes that of its child disagree as well: told once. */
function isTold({ findings }: RunCase, table: string): boolean {
  return findings.violations.some((each) => each.kind === "totals" && each.table === table);
}

function addedBy({ intent }: Entry) {
  const files = intent.files ?? [];
  return [
    { key: "total-data-files", added: files.length },
    { key: "total-records", added: sum(files.map(({ rows }) => rows)) },
  ];
}

function total({ summary }: SnapshotRecord, key: string): number | undefined {
  const text = Object.hasOwn(summary, key) ? summary[key] : undefined;
  if (text === undefined) return undefined;
  return /^\d+$/.test(text) ? Number(text) : NaN;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function headOf(head: string | null | undefined): string[] {
  return head === null || head === undefined ? [] : [head];
}
