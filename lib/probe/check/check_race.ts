/**
 * Did one writer win each race, and were the others told so? Pure. REST spec, `updateTable`: a
 * requirement that does not hold is answered 409.
 */
import { allAssertionWords, assertionWords } from "./assertions.ts";
import { mustConflict } from "./expectation.ts";
import type { Operation, Try } from "./history_index.ts";
import { type Entry, isThere, type RunCase, statedParent } from "./run_case.ts";
import { answered, answerWords, capital, count, didWhat, who } from "./words.ts";

/** Statuses that say nothing of the race: not allowed, too slow, too many. */
const STATUSES_BESIDE_THE_RACE: ReadonlySet<number> = new Set([401, 403, 408, 419, 429]);

/** A lost race that was answered with the wrong status. */
export interface WrongAnswer {
  /** The operation that lost. */
  readonly operation: Operation;
  /** The one of its tries that got the wrong status. */
  readonly answer: Try;
  /** The table that the race was for, `namespace.name`. */
  readonly table: string;
  /** Who won; undefined when the workload knows that it could not succeed. */
  readonly winner: Operation | undefined;
  /** Why it could not succeed, as a clause. */
  readonly because: string;
}

/** Finds operations that succeeded although they asserted what could not hold. */
export function checkExpectedConflicts(runCase: RunCase): void {
  for (const operation of runCase.operations) {
    if (!mustConflict(runCase, operation)) continue;
    const entries = runCase.entriesOf.get(operation.op) ?? [];
    const isDone = operation.outcome === "ok" ||
      operation.outcome === "unknown" && entries.some(isThere);
    const [entry] = entries;
    if (!isDone || entry === undefined) continue;
    const asserted = allAssertionWords(entry.intent);
    const displaced = displacedBy(runCase, entry);
    const [first] = displaced;
    runCase.findings.add({
      kind: "assertion-ignored",
      table: entry.intent.table,
      words:
        `${capital(who(operation))} ${didWhat(entry)} to ${entry.intent.table}${
          asserted === "" ? " with an assertion" : `, asserting that ${asserted}`
        }. That did not hold, and it ${answered(operation)}${
          operation.outcome === "ok" ? "" : " and was carried out"
        }. ` +
        (first === undefined
          ? ""
          : `It took the place of ${count(displaced.length, "commit")}, the first by ${
            who(first.operation)
          }, which ${answered(first.operation)}; ${
            displaced.length === 1 ? "it is" : "they are"
          } lost. `) +
        "An assertion that does not hold must be answered 409.",
      ops: [operation.op, ...(first === undefined ? [] : [first.operation.op])],
      snapshots: [...entries, ...(first === undefined ? [] : [first])]
        .flatMap(({ snapshotIds }) => snapshotIds),
    }, [...entries, ...displaced]);
  }
}

/**
 * Acknowledged commits that are absent, and that had moved the branch from where the entry asserted
 * it to be, with those that stand on them: they are lost by it.
 */
function displacedBy(runCase: RunCase, { intent, assertions }: Entry): Entry[] {
  const entries = runCase.tables.find(({ table }) => table === intent.table)?.entries ?? [];
  const gone = new Set<string>();
  return entries.filter((other) => {
    const { operation, sight, snapshotIds } = other;
    if (operation.outcome !== "ok" || sight.presence !== "absent") return false;
    const isOnGone = gone.has(statedParent(other) ?? "");
    if (!isOnGone && !other.assertions.moves.some((key) => assertions.asserts.includes(key))) {
      return false;
    }
    // An entry is no rival of itself.
    if (other.intent === intent) return false;
    for (const id of snapshotIds) gone.add(id);
    return true;
  });
}

/** Finds several that were acknowledged on one base, and assertions that had ceased to hold. */
export function checkWinners(runCase: RunCase): void {
  for (const { table, entries } of runCase.tables) {
    const winners = entries.filter(({ operation }) =>
      operation.outcome === "ok" && !runCase.findings.explainsOperation(operation.op)
    );
    const movers = byKey(winners, ({ assertions }) => assertions.moves);
    for (const [key, rivals] of movers) {
      const [one, other] = rivals;
      if (one === undefined || other === undefined) continue;
      runCase.findings.add({
        kind: "two-winners",
        table,
        words: `${capital(who(one.operation))} ${didWhat(one)} to ${table} and ${
          answered(one.operation)
        }; ${who(other.operation)} ${didWhat(other)} and ${
          answered(other.operation)
        }. Both asserted that ${assertionWords(key)}, and ${
          rivals.length === 2 ? "both" : `all ${rivals.length} who did`
        } were acknowledged. Only one can win on one base.`,
        ops: [one.operation.op, other.operation.op],
        snapshots: [...one.snapshotIds, ...other.snapshotIds],
      }, rivals);
    }
    checkCeased(runCase, { table, winners, movers });
  }
}

/** An assertion that another operation had made false before the request was sent. */
function checkCeased(
  runCase: RunCase,
  { table, winners, movers }: {
    readonly table: string;
    readonly winners: readonly Entry[];
    readonly movers: ReadonlyMap<string, readonly Entry[]>;
  },
): void {
  for (const entry of winners) {
    if (runCase.findings.explainsOperation(entry.operation.op)) continue;
    for (const key of entry.assertions.asserts) {
      const mover = movers.get(key)?.find((other) =>
        other !== entry && other.operation.acknowledgedUs < entry.operation.startUs
      );
      if (mover === undefined || runCase.findings.explainsOperation(mover.operation.op)) continue;
      runCase.findings.add({
        kind: "assertion-ignored",
        table,
        words:
          `${capital(who(mover.operation))} ${didWhat(mover)} to ${table} and ${
            answered(mover.operation)
          }. After that ${who(entry.operation)} ${didWhat(entry)}, asserting that ${
            assertionWords(key)
          }, which no longer held, and ${answered(entry.operation)}. ` +
          "An assertion that does not hold must be answered 409.",
        ops: [mover.operation.op, entry.operation.op],
        snapshots: [...mover.snapshotIds, ...entry.snapshotIds],
      }, [entry]);
      break;
    }
  }
}

/** Lost races that were answered otherwise than by 409. */
export function findWrongAnswers(runCase: RunCase): WrongAnswer[] {
  const movers = byKey(
    runCase.tables.flatMap(({ entries }) => entries).filter((entry) =>
      entry.operation.outcome === "ok" || entry.operation.outcome === "unknown" && isThere(entry)
    ),
    ({ assertions }) => assertions.moves,
  );
  return runCase.operations.flatMap((operation): WrongAnswer[] => {
    const entries = runCase.entriesOf.get(operation.op) ?? [];
    if (operation.first.expect === "reused-key" || !isLostFor(runCase, { operation, entries })) {
      return [];
    }
    if (runCase.findings.explainsOperation(operation.op)) return [];
    const [entry] = entries;
    for (const answer of operation.tries) {
      if (!isWrongStatus(answer)) continue;
      if (entry !== undefined && mustConflict(runCase, operation)) {
        const because = "it asserted what could not hold";
        return [{ operation, answer, table: entry.intent.table, winner: undefined, because }];
      }
      for (const { assertions, intent } of entries) {
        for (const key of assertions.asserts) {
          // Who began after the answer cannot be the reason for it.
          const winner = movers.get(key)?.find((other) =>
            other.operation !== operation && other.operation.startUs < answer.endUs
          );
          if (winner === undefined) continue;
          const because = `both asserted that ${assertionWords(key)}`;
          return [{ operation, answer, table: intent.table, winner: winner.operation, because }];
        }
      }
    }
    return [];
  });
}

/** Whether an answer is an error that is not the right one for a lost race. */
export function isWrongStatus({ status, outcome }: Try): boolean {
  return outcome !== "ok" && status !== null && status >= 400 && status !== 409 &&
    !STATUSES_BESIDE_THE_RACE.has(status);
}

/** Not done for certain, by its answers or by what is in its tables; the acknowledged ones are told of. */
function isLostFor(
  runCase: RunCase,
  { operation, entries }: { readonly operation: Operation; readonly entries: readonly Entry[] },
): boolean {
  if (operation.outcome === "fail") return true;
  // A property leaves no trace of who set it, so an expected conflict is judged by its answer.
  return mustConflict(runCase, operation) ||
    entries.every(({ sight }) => sight.presence === "absent");
}

/** Tells of wrong answers, once for each status and error type: an era has one cause. */
export function reportWrongAnswers(runCase: RunCase, wrong: readonly WrongAnswer[]): void {
  for (const alike of Map.groupBy(wrong, ({ answer }) => answerWords(answer)).values()) {
    const { operation, answer, table, winner, because } = alike[0]!;
    const [entry] = runCase.entriesOf.get(operation.op) ?? [];
    const did = entry === undefined ? "sent a request" : didWhat(entry);
    runCase.findings.add({
      kind: "wrong-status",
      table,
      words:
        `${capital(who(operation))} ${did} to ${table} and was answered ${answerWords(answer)}. ` +
        (winner === undefined
          ? `It could not succeed, because ${because}. `
          : `It had lost the race to ${who(winner)}, for ${because}, and that one is there. `) +
        "The right answer to a lost race is 409, which tells a writer that it may try again." +
        (alike.length > 1 ? ` It happened ${alike.length} times in this run.` : ""),
      ops: [operation.op, ...(winner === undefined ? [] : [winner.op])],
      times: alike.length,
      snapshots: entry?.snapshotIds ?? [],
    }, []);
  }
}

/** Counts the operations that lost a race: what a good verdict rests on. */
export function countConflicts(runCase: RunCase, wrong: readonly WrongAnswer[]): number {
  const lost = new Set(wrong.map(({ operation }) => operation.op));
  return runCase.operations.filter((operation) =>
    lost.has(operation.op) ||
    operation.outcome !== "ok" && operation.first.expect !== "reused-key" &&
      operation.tries.some(({ status, outcome }) => status === 409 && outcome === "fail") &&
      (operation.outcome === "fail" || !(runCase.entriesOf.get(operation.op) ?? []).some(isThere))
  ).length;
}

function byKey(
  entries: readonly Entry[],
  keysOf: (entry: Entry) => readonly string[],
): Map<string, Entry[]> {
  const found = new Map<string, Entry[]>();
  for (const entry of entries) {
    for (const key of new Set(keysOf(entry))) {
      const ofKey = found.get(key) ?? [];
      ofKey.push(entry);
      found.set(key, ofKey);
    }
  }
  return found;
}
