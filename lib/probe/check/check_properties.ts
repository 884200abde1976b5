/**
 * Properties set by many without assertion: the last writer wins. Pure. Operations that overlap in
 * time may have come in either order, so each of them may be the last; one that ended before another
 * began may not.
 */
import type { Operation } from "./history_index.ts";
import type { Entry, RunCase, TableCase } from "./run_case.ts";
import { answered, capital, count, who } from "./words.ts";

/** One setting of one property. */
interface Setting {
  readonly operation: Operation;
  readonly entry: Entry;
  readonly value: string;
}

/** Judges the final values of the properties that the run has set. */
export function checkProperties(runCase: RunCase): void {
  noteNeedlessConflicts(runCase);
  for (const tableCase of runCase.tables) {
    const settings = settingsOf(tableCase);
    const { final } = tableCase.view;
    if (settings.size === 0 || final === undefined) continue;
    const { properties } = final;
    if (properties === undefined) {
      runCase.doubts.add(`the properties of ${tableCase.table} could not be read`);
      continue;
    }
    for (const [key, ofKey] of settings) {
      checkFinalValue(runCase, {
        table: tableCase.table,
        key,
        settings: ofKey,
        found: Object.hasOwn(properties, key) ? properties[key] : undefined,
      });
    }
  }
}

/**
 * A change that asserts nothing that could fail may well be refused, but need not be: the catalog
 * could have made it on what others left (REST spec, `updateTable`).
 */
function noteNeedlessConflicts(runCase: RunCase): void {
  const { run, notes } = runCase;
  const entries = runCase.tables.flatMap((tableCase) =>
    tableCase.entries.filter((entry) => isUnconditional(entry, tableCase))
  );
  const refused = entries.filter(({ operation }) =>
    operation.tries.some(({ status, outcome }) => status === 409 && outcome === "fail")
  );
  if (refused.length === 0) return;
  notes.add(
    `in run ${run.run} (${run.workload}, ${count(run.writers, "writer")}) ${refused.length} of ` +
      `${count(entries.length, "property change")} that asserted nothing but the table's uuid ` +
      `${refused.length === 1 ? "was" : "were"} answered 409`,
  );
}

function isUnconditional({ intent }: Entry, { view }: TableCase): boolean {
  const uuid = view.final?.table_uuid;
  return intent.properties !== undefined && intent.snapshot_id === undefined &&
    intent.columns === undefined &&
    intent.requirements.every(({ type, uuid: asserted }) =>
      type === "assert-table-uuid" && (uuid === undefined || asserted === uuid)
    );
}

function settingsOf({ entries }: TableCase): Map<string, Setting[]> {
  const settings = new Map<string, Setting[]>();
  for (const entry of entries) {
    for (const [key, value] of Object.entries(entry.intent.properties ?? {})) {
      const ofKey = settings.get(key) ?? [];
      ofKey.push({ operation: entry.operation, entry, value });
      settings.set(key, ofKey);
    }
  }
  return settings;
}

function checkFinalValue(
  runCase: RunCase,
  { table, key, settings, found }: {
    readonly table: string;
    readonly key: string;
    readonly settings: readonly Setting[];
    /** The final value; undefined when the property is not set. */
    readonly found: string | undefined;
  },
): void {
  if (settings.some(({ operation }) => runCase.findings.explainsOperation(operation.op))) return;
  const acknowledged = settings.filter(({ operation }) => operation.outcome === "ok");
  const writers = settings.filter(({ value }) => value === found);
  const possible = writers.filter(({ operation }) => operation.outcome !== "fail");
  const refused = writers.find(({ operation }) => operation.outcome === "fail");
  const foundWords = found === undefined ? "not set" : `"${found}"`;
  if (possible.length === 0 && refused !== undefined) {
    runCase.findings.add({
      kind: "phantom",
      table,
      words: `${capital(who(refused.operation))} set property "${key}" of ${table} to ` +
        `"${refused.value}" and ${
          answered(refused.operation)
        }, which says that nothing was done. ` +
        "In the final read the property has this value.",
      ops: [refused.operation.op],
    }, [refused.entry]);
    return;
  }
  // The acknowledged one that was sent last: whoever was done before it began was overwritten.
  const last =
    acknowledged.toSorted((one, other) => other.operation.startUs - one.operation.startUs)[0];
  if (last === undefined) return;
  if (possible.some(({ operation }) => !(operation.settledUs < last.operation.startUs))) return;
  const [overwritten] = possible;
  runCase.findings.add(
    {
      kind: "lost-change",
      table,
      words:
        (overwritten === undefined
          ? ""
          : `${capital(who(overwritten.operation))} set property "${key}" of ${table} to ` +
            `"${overwritten.value}" and ${answered(overwritten.operation)}. After that `) +
        `${overwritten === undefined ? capital(who(last.operation)) : who(last.operation)} set ${
          overwritten === undefined ? `property "${key}" of ${table}` : "it"
        } to "${last.value}" and ${
          answered(last.operation)
        }. In the final read it is ${foundWords}. ` +
        "The last change that was acknowledged must stay.",
      ops: [...(overwritten === undefined ? [] : [overwritten.operation.op]), last.operation.op],
    },
    settings.map(({ entry }) => entry),
  );
}
