/**
 * Whether an operation could not succeed, as its workload says. Pure. The workload may be mistaken:
 * it moves a branch to make an assertion stale, and when that commit gets no answer, the assertion
 * may still hold. So what the history can prove is proved, and only the rest is believed.
 */
import type { Operation } from "./history_index.ts";
import type { Entry, RunCase, TableCase } from "./run_case.ts";

/** Whether it is certain that the operation had to be answered 409. */
export function mustConflict(runCase: RunCase, operation: Operation): boolean {
  if (operation.first.expect !== "conflict") return false;
  return (runCase.entriesOf.get(operation.op) ?? []).some((entry) => {
    const tableCase = runCase.tables.find(({ table }) => table === entry.intent.table)!;
    const { requirements } = entry.intent;
    return requirements.length === 0 ||
      requirements.some((requirement) => isFalse(requirement, { entry, tableCase }));
  });
}

/** Whether an assertion certainly did not hold when the operation was sent. */
function isFalse(
  requirement: Readonly<Record<string, unknown>>,
  { entry, tableCase }: { readonly entry: Entry; readonly tableCase: TableCase },
): boolean {
  switch (requirement.type) {
    case "assert-table-uuid": {
      const uuid = tableCase.view.final?.table_uuid;
      return uuid !== undefined && requirement.uuid !== uuid;
    }
    case "assert-ref-snapshot-id": {
      if (requirement.ref !== "main") return true;
      const id = requirement["snapshot-id"] ?? null;
      const before = tableCase.entries.filter(({ operation, intent }) =>
        intent.snapshot_id !== undefined &&
        operation.acknowledgedUs < entry.operation.startUs
      );
      // An empty branch is moved by any commit, another one by a commit on that very snapshot.
      return id === null
        ? before.length > 0
        : before.some(({ intent }) => intent.parent_snapshot_id === id);
    }
    default:
      // Of schemas, specs and sort orders the history does not tell: the workload is believed.
      return true;
  }
}
