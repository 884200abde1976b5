/**
 * The same table created by many: one wins, the others are told that it exists. Pure. REST spec,
 * `createTable`: 409 when the table exists already.
 */
import { isWrongStatus, type WrongAnswer } from "./check_race.ts";
import type { Operation } from "./history_index.ts";
import type { RunCase, TableCase } from "./run_case.ts";
import { answered, capital, quoteAll, who } from "./words.ts";

/** Judges the winners of each table, and whose table is there. */
export function checkCreate(runCase: RunCase): void {
  for (const tableCase of runCase.tables) {
    if (!checkOneWinner(runCase, tableCase)) checkIdentity(runCase, tableCase);
  }
}

function checkOneWinner(runCase: RunCase, { table, entries }: TableCase): boolean {
  const operations = entries.map(({ operation }) => operation)
    .filter(({ op }) => !runCase.findings.explainsOperation(op));
  const [one, other] = operations.filter(({ outcome }) => outcome === "ok");
  if (one !== undefined && other !== undefined) {
    const blamed = entries.filter(({ operation }) => operation.outcome === "ok");
    runCase.findings.add({
      kind: "create",
      table,
      words: `${capital(who(one))} created ${table} and ${answered(one)}; ${who(other)} created ` +
        `it and ${answered(other)}${
          blamed.length > 2 ? ` (${blamed.length} in all)` : ""
        }. Only one can create a table; the others must be answered 409.`,
      ops: [one.op, other.op],
    }, blamed);
    return true;
  }
  const isRefusedToAll = one === undefined && operations.length > 0 &&
    operations.every((operation) => operation.outcome === "fail" && isExists(operation));
  if (!isRefusedToAll) return false;
  runCase.findings.add({
    kind: "create",
    table,
    words: `${
      operations.map((operation) => `${capital(who(operation))} ${answered(operation)}. `).join("")
    }Nobody else created ${table}: each was told that the table exists, and none had made it.`,
    ops: operations.map(({ op }) => op),
  }, entries);
  return true;
}

function isExists({ tries }: Operation): boolean {
  return tries.every(({ status }) => status === 409);
}

/** Whether the table that is there is the winner's. */
function checkIdentity(runCase: RunCase, { table, view, entries }: TableCase): void {
  if (view.final === undefined) return;
  const found = view.final.table_uuid;
  if (found === undefined) {
    runCase.unchecked.add("whose tables are there: their uuids were not read");
    return;
  }
  for (const entry of entries) {
    const { operation } = entry;
    const answer = operation.tries.find(({ outcome, complete }) =>
      outcome === "ok" && complete?.answer?.table === table
    )?.complete?.answer;
    if (answer === undefined || answer.table_uuid === found) continue;
    runCase.findings.add({
      kind: "create",
      table,
      words:
        `${capital(who(operation))} created ${table} and ${
          answered(operation)
        }, with the table's uuid ${answer.table_uuid}. In the final read the table of that name has ` +
        `uuid ${found}: it is not the one that was acknowledged.`,
      ops: [operation.op],
    }, [entry]);
    return;
  }
}

/** Writers who lost the race for a name and were answered otherwise than by 409. */
export function findWrongCreateAnswers(runCase: RunCase): WrongAnswer[] {
  return runCase.tables.flatMap(({ table, entries }): WrongAnswer[] => {
    const winner = entries.find(({ operation }) => operation.outcome === "ok")?.operation;
    if (winner === undefined) return [];
    return entries.flatMap(({ operation }): WrongAnswer[] => {
      if (operation.outcome === "ok") return [];
      const answer = operation.tries.find((each) =>
        isWrongStatus(each) && winner.startUs < each.endUs
      );
      if (answer === undefined) return [];
      return [{ operation, answer, table, winner, because: `both created ${quoteAll([table])}` }];
    });
  });
}
