/**
 * Do sequence numbers rise from parent to child? Pure. Table spec, "Sequence Numbers": each commit
 * takes a number above all before it; readers order deletes and data by it.
 */
import { showsOwnSnapshot } from "./history_index.ts";
import { type Entry, isThere, type RunCase, statedParent, type TableCase } from "./run_case.ts";
import { answered, capital, who } from "./words.ts";

/** Finds sequence numbers that do not rise. */
export function checkSequence(runCase: RunCase): void {
  for (const tableCase of runCase.tables) {
    if (tableCase.view.isWhole) checkChainNumbers(runCase, tableCase);
    else checkToldNumbers(runCase, tableCase);
  }
}

function checkChainNumbers(runCase: RunCase, { table, view, bySnapshot }: TableCase): void {
  const { findings } = runCase;
  for (const child of view.chain) {
    const parent = view.listed.get(child.parent_snapshot_id ?? "");
    if (parent === undefined || child.sequence_number > parent.sequence_number) continue;
    // On a parent that is not its own a snapshot may have any number.
    if (isMoved(runCase, [child.snapshot_id, parent.snapshot_id])) continue;
    const entries = [child, parent].flatMap(({ snapshot_id }) => bySnapshot.get(snapshot_id) ?? []);
    findings.add({
      kind: "sequence",
      table,
      words: `In the final read of ${table} snapshot ${child.snapshot_id} has sequence number ` +
        `${child.sequence_number}, and its parent ${parent.snapshot_id} has ` +
        `${parent.sequence_number}. ${
          entries.map(({ operation }) => `${capital(who(operation))} ${answered(operation)}. `)
            .join("")
        }A child's number must be above its parent's.`,
      ops: entries.map(({ operation }) => operation.op),
      snapshots: [child.snapshot_id, parent.snapshot_id],
    }, []);
  }
  const last = view.final?.last_sequence_number;
  const [head] = view.chain;
  if (head === undefined || last === undefined || last >= head.sequence_number) return;
  findings.add({
    kind: "sequence",
    table,
    words: `In the final read of ${table} the head ${head.snapshot_id} has sequence number ` +
      `${head.sequence_number}, and the table's last sequence number is ${last}. ` +
      "It must be the highest in use.",
    ops: [],
    snapshots: [head.snapshot_id],
  }, []);
}

function isMoved({ findings }: RunCase, ids: readonly string[]): boolean {
  return ids.some((id) => findings.explainsSnapshot(id));
}

/** Of a catalog that shows the current snapshot only: by the answers and by the data files. */
function checkToldNumbers(runCase: RunCase, tableCase: TableCase): void {
  const { findings } = runCase;
  const { table, bySnapshot, entries } = tableCase;
  const numbers = toldNumbers(tableCase);
  const byNumber = new Map<number, Entry>();
  for (const entry of entries) {
    const number = numbers.get(entry);
    if (number === undefined || findings.explainsOperation(entry.operation.op)) continue;
    const parent = bySnapshot.get(statedParent(entry) ?? "");
    const parentNumber = parent === undefined ? undefined : numbers.get(parent);
    const twin = isThere(entry) ? byNumber.get(number) : undefined;
    const other = parentNumber !== undefined && parentNumber >= number ? parent : twin;
    if (isThere(entry)) byNumber.set(number, entry);
    if (other === undefined || findings.explainsOperation(other.operation.op)) continue;
    findings.add({
      kind: "sequence",
      table,
      words: `${capital(who(entry.operation))} ${answered(entry.operation)}; its snapshot of ` +
        `${table} has sequence number ${number}. ${capital(who(other.operation))} ${
          answered(other.operation)
        }; ${other === parent ? "the snapshot below it" : "its snapshot"} has ${
          numbers.get(other)
        }. Each commit must take a number above all before it.`,
      ops: [entry.operation.op, other.operation.op],
      snapshots: [...entry.snapshotIds, ...other.snapshotIds],
    }, [entry]);
  }
}

/** Sequence numbers by what the head's data files say, else by the answer to the commit. */
function toldNumbers({ view, entries, table }: TableCase): Map<Entry, number> {
  const ofFile = new Map(
    (view.final?.files ?? []).map(({ path, sequence_number }) => [path, sequence_number]),
  );
  const numbers = new Map<Entry, number>();
  for (const entry of entries) {
    const [file] = (entry.intent.files ?? []).filter(({ path }) => ofFile.has(path));
    const number = ofFile.get(file?.path ?? "") ?? answeredNumber(entry, table);
    if (number !== undefined) numbers.set(entry, number);
  }
  return numbers;
}

function answeredNumber({ operation }: Entry, table: string): number | undefined {
  for (const { invoke, complete, outcome } of operation.tries) {
    const answer = complete?.answer;
    if (outcome === "ok" && answer?.table === table && showsOwnSnapshot(invoke, answer)) {
      return answer.last_sequence_number;
    }
  }
  return undefined;
}
