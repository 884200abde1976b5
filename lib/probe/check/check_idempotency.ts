/**
 * Requests sent again under their Idempotency-Key: carried out once and answered alike (REST spec,
 * `Idempotency-Key`). Pure. That something was carried out twice is found with what is doubled; here
 * stands what was answered. While the first try is in flight any refusal of the second is fair.
 */
import { isInProgress, type Operation, type Try } from "./history_index.ts";
import { isThere, type RunCase } from "./run_case.ts";
import { answered, answerWords, capital, who } from "./words.ts";

/** Judges the answers to resends, and notes those to keys that were used for another request. */
export function checkIdempotency(runCase: RunCase): void {
  for (const operation of runCase.operations) {
    if (operation.first.expect === "reused-key") noteReusedKey(runCase, operation);
    else checkReplays(runCase, operation);
  }
}

function checkReplays(runCase: RunCase, operation: Operation): void {
  if (runCase.findings.explainsOperation(operation.op)) return;
  const { tries } = operation;
  const done = tries.find(({ outcome }) => outcome === "ok");
  const refused = tries.find(isFinalRefusal);
  for (const again of tries) {
    if (done !== undefined && isSameKey(done, again) && isAfter(again, done)) {
      if (!isFinalRefusal(again) && !isStillInProgress(again, tries)) continue;
      const entries = runCase.entriesOf.get(operation.op) ?? [];
      runCase.findings.add({
        kind: "not-idempotent",
        table: operation.intents[0]?.table ?? runCase.run.tables[0] ?? "",
        words:
          `${capital(who(operation))} was acknowledged with ${answerWords(done)}. After that ` +
          `the same request was sent again under the same Idempotency-Key (operation ${again.invoke.op}) ` +
          `and was answered ${answerWords(again)}. It must get an answer equal to the first.`,
        ops: [done.invoke.op, again.invoke.op],
        snapshots: entries.flatMap(({ snapshotIds }) => snapshotIds),
      }, entries);
      return;
    }
    if (
      done !== undefined && isFinalRefusal(again) && isSameKey(done, again) &&
      !isAfter(done, again)
    ) {
      runCase.notes.add(
        `a request that was still in flight was answered ${answerWords(again)} ` +
          "when it was sent again under its key",
      );
    }
    if (
      refused !== undefined && again.outcome === "ok" && isSameKey(refused, again) &&
      isAfter(again, refused)
    ) {
      runCase.notes.add(
        `a request that had been answered ${answerWords(refused)} was carried out when it was ` +
          "sent again under its key: refusals are not kept",
      );
    }
  }
}

/** A 4xx that the spec has kept and answered again. */
function isFinalRefusal({ outcome, status }: Try): boolean {
  return outcome === "fail" && status !== null && status >= 400 && status < 500 &&
    ![401, 403, 408, 419, 429].includes(status);
}

/** Told that its key is being worked on, although no other try is under way. */
function isStillInProgress(again: Try, tries: readonly Try[]): boolean {
  return again.complete !== undefined && isInProgress(again.complete) &&
    tries.every((other) =>
      other === again || other.endUs < again.invoke.time_us || again.endUs < other.invoke.time_us
    );
}

function isAfter(later: Try, earlier: Try): boolean {
  return earlier.endUs < later.invoke.time_us;
}

function isSameKey(one: Try, other: Try): boolean {
  const key = one.invoke.idempotency_key;
  return key !== undefined && key === other.invoke.idempotency_key;
}

/** What catalogs answer to a key of another request differs, and the spec leaves it open. */
function noteReusedKey(runCase: RunCase, operation: Operation): void {
  const isDone = (runCase.entriesOf.get(operation.op) ?? []).some(isThere);
  const [only] = operation.tries as [Try, ...Try[]];
  const answer = only.status === null
    ? "got no answer"
    : operation.outcome !== "ok" && only.status < 300
    ? `was answered ${only.status}, with what was answered to the first`
    : answered(operation);
  runCase.notes.add(
    `another request under a used key ${answer} and was ${
      isDone ? "carried out" : "not carried out"
    }`,
  );
}

/** Why a run shows nothing of keys; undefined when it does. */
export function resendDoubt({ operations }: RunCase): string | undefined {
  return operations.some(({ tries }) => tries.length > 1)
    ? undefined
    : "nothing was sent again under its key";
}
