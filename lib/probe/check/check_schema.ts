/**
 * Columns added while others add columns and append: each that was acknowledged is there once, under
 * an id of its own. Pure. Table spec, "Schema evolution": a field id is never used twice.
 */
import type { Entry, RunCase, TableCase } from "./run_case.ts";
import { answered, capital, count, quoteAll, who } from "./words.ts";

/** Judges the columns of the run's tables. */
export function checkSchema(runCase: RunCase): void {
  for (const tableCase of runCase.tables) {
    const changes = tableCase.entries.filter(({ intent }) => (intent.columns?.length ?? 0) > 0);
    if (changes.length === 0 || tableCase.view.final === undefined) continue;
    const columns = tableCase.view.final.columns;
    if (columns === undefined) {
      runCase.doubts.add(`the columns of ${tableCase.table} could not be read`);
      continue;
    }
    checkEach(runCase, { ...tableCase, changes });
    checkOnce(runCase, { ...tableCase, changes });
  }
}

interface Changes extends TableCase {
  /** Entries that add columns. */
  readonly changes: readonly Entry[];
}

function checkEach(runCase: RunCase, { table, view, changes }: Changes): void {
  const there = new Set(view.final!.columns!.map(({ name }) => name));
  for (const entry of changes) {
    const { operation, intent } = entry;
    if (operation.outcome === "ok") {
      const missing = intent.columns!.filter((name) => !there.has(name));
      if (missing.length === 0) continue;
      const rival = changes.find((other) =>
        other !== entry && other.operation.outcome === "ok" &&
        other.assertions.moves.some((key) => entry.assertions.moves.includes(key))
      );
      runCase.findings.add({
        kind: "lost-change",
        table,
        words:
          `${capital(who(operation))} added ${named(missing)} to ${table} and ${
            answered(operation)
          }. In the final read the schema has no such column.` +
          (rival === undefined
            ? ""
            : ` ${capital(who(rival.operation))}, on the same schema, added ${
              named(rival.intent.columns!)
            } and ${answered(rival.operation)}.`) +
          " A change that was acknowledged must stay.",
        ops: [operation.op, ...(rival === undefined ? [] : [rival.operation.op])],
      }, [entry]);
    }
    if (operation.outcome === "fail") {
      // The same name may have been added by a later try of the same or another writer.
      const added = intent.columns!.filter((name) =>
        there.has(name) &&
        !changes.some((other) =>
          other !== entry && other.operation.outcome !== "fail" &&
          other.intent.columns!.includes(name)
        )
      );
      if (added.length === 0) continue;
      runCase.findings.add({
        kind: "phantom",
        table,
        words: `${capital(who(operation))} added ${named(added)} to ${table} and ${
          answered(operation)
        }, which says that nothing was done. In the final read the schema has it.`,
        ops: [operation.op],
      }, [entry]);
    }
  }
}

function named(columns: readonly string[]): string {
  return `column${columns.length === 1 ? "" : "s"} ${quoteAll(columns)}`;
}

function checkOnce(runCase: RunCase, { table, view, changes }: Changes): void {
  const columns = view.final!.columns!;
  const addedBy = (names: readonly string[]) =>
    changes.filter(({ intent, operation }) =>
      operation.outcome !== "fail" && intent.columns!.some((name) => names.includes(name))
    );
  for (const [name, twins] of Map.groupBy(columns, (column) => column.name)) {
    if (twins.length < 2) continue;
    const entries = addedBy([name]);
    runCase.findings.add({
      kind: "doubled",
      table,
      words: `In the final read of ${table} the schema has ${count(twins.length, "column")} named ${
        quoteAll([name])
      }, with the ids ${twins.map(({ id }) => id).join(" and ")}.`,
      ops: entries.map(({ operation }) => operation.op),
    }, entries);
  }
  for (const [id, twins] of Map.groupBy(columns, (column) => column.id)) {
    const names = [...new Set(twins.map(({ name }) => name))];
    if (names.length < 2) continue;
    const entries = addedBy(names);
    runCase.findings.add({
      kind: "lost-change",
      table,
      words: `In the final read of ${table} the columns ${quoteAll(names)} share the field id ` +
        `${id}, so the data of one is read as the other's. A field id must never be used twice.`,
      ops: entries.map(({ operation }) => operation.op),
    }, entries);
  }
}
