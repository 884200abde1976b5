/**
 * Is the probe's verdict the truth? What it says is laid beside what the catalog says that it did.
 * Pure.
 */
import type { Truth } from "./kinds.ts";
import type {
  LoggedRequest,
  Observed,
  PrintedRun,
  PrintedViolation,
  RecordedOperation,
} from "./observed.ts";

/**
 * The two processes read the wall clock at different moments and count on from there, and it may be
 * put right in between.
 */
const SLACK_MS = 200;
/** Workloads whose commits all add a snapshot and are told apart by the path of their table. */
const PLAIN: ReadonlySet<string> = new Set(["append", "first-commit", "stale"]);
/** Among these each fault on a commit in rounds loses one commit, no more. */
const ONE_BASE: ReadonlySet<string> = new Set(["append", "first-commit"]);
const LOST_UPDATE = "lost-update";
const TRANSACTIONS = "/transactions/commit";

/** What is false in a verdict, in words; empty when it is the truth. */
export function falsehoods(truth: Truth, observed: Observed): string[] {
  return [
    ...exitFalsehoods(observed),
    ...figureFalsehoods(observed),
    ...countFalsehoods(observed),
    ...(truth.is === "sound"
      ? soundFalsehoods(observed)
      : truth.is === "era"
      ? eraFalsehoods(observed, truth.status)
      : lossFalsehoods(observed)),
  ];
}

/** Commits that lost updates and were acknowledged, by the log. */
export function losses({ log }: Pick<Observed, "log">): LoggedRequest[] {
  return log.filter((request) => request.faults.includes(LOST_UPDATE) && isDone(request));
}

const EXIT_CODES: Readonly<Record<string, number>> = { valid: 0, violation: 10, unknown: 11 };

function exitFalsehoods({ exitCode, verdict: { verdict } }: Observed): string[] {
  const right = EXIT_CODES[verdict];
  return exitCode === right ? [] : [`exit code ${exitCode} for ${verdict}, not ${right}`];
}

/** The log and the figures must tell the same, or neither can be a measure. */
function figureFalsehoods({ log, figures }: Observed): string[] {
  const counted = countBy(log.flatMap(({ faults }) => faults), (name) => name);
  return differences("the log and /metrics disagree on faults", {
    one: counted,
    other: new Map(Object.entries(figures.faults)),
  });
}

/** What a run's verdict counts, against the log. */
function countFalsehoods(observed: Observed): string[] {
  return observed.verdict.runs.filter(({ workload }) => PLAIN.has(workload)).flatMap((run) => {
    const commits = commitsOf(observed, run);
    const truth = {
      acknowledged: commits.filter((request) => isDone(request) && isWhole(request)).length,
      recovered: commits.filter((request) => isDone(request) && !isWhole(request)).length,
      conflicts: commits.filter((request) => !isDone(request) && isWhole(request)).length,
    };
    // The recovered are those that are found: a lost one is not.
    const keys = losses(observed).length > 0
      ? ["acknowledged", "conflicts"] as const
      : ["acknowledged", "recovered", "conflicts"] as const;
    return keys.filter((key) => run[key] !== truth[key]).map((key) =>
      `${nameOf(run)}: ${key} ${run[key]}, and by the catalog's log ${truth[key]}`
    );
  });
}

function soundFalsehoods({ verdict }: Observed): string[] {
  if (verdict.verdict === "valid") return [];
  return [
    `a sound catalog is called ${verdict.verdict}: ${verdict.reason ?? ""}`,
    ...verdict.violations.map(violationWords),
  ];
}

function eraFalsehoods(observed: Observed, status: number): string[] {
  const { verdict, log } = observed;
  const told = new Map<string, number>();
  const found: string[] = [];
  for (const violation of verdict.violations) {
    if (violation.kind !== "wrong-status") {
      found.push(`only answers are wrong here: ${violationWords(violation)}`);
      continue;
    }
    const [loser, winner] = violation.ops.map((op) => observed.operations.get(op));
    const named = `${loser?.status} ${loser?.errorType}`;
    if (!violation.words.includes(named)) found.push(`the answer is not named: ${named}`);
    const key = `run ${violation.run}: ${named}`;
    told.set(key, (told.get(key) ?? 0) + (violation.times ?? 1));
    if (winner !== undefined && !isAcknowledged(winner)) {
      found.push(`operation ${winner.op} is named as the winner, and was not acknowledged`);
    }
    if (loser === undefined || !isSeen(loser, log.filter((each) => each.status === status))) {
      found.push(`no answer in the log is that of the witness: ${violationWords(violation)}`);
    }
  }
  const logged = countBy(
    log.filter((request) => isCommit(request) && request.status === status),
    (request) => `run ${runOf(observed, request)}: ${status} ${request.errorType}`,
  );
  found.push(...differences("wrong answers by the verdict and by the log", {
    one: told,
    other: logged,
  }));
  if (observed.figures.conflicts === 0) found.push("no race was lost, so nothing was tried");
  return found;
}

function lossFalsehoods(observed: Observed): string[] {
  const { verdict } = observed;
  const struck = losses(observed);
  const found = verdict.runs.flatMap((run) => runLossFalsehoods(observed, { run, struck }));
  const right = struck.length > 0 ? "violation" : "valid";
  if (verdict.verdict !== right) {
    found.push(`${struck.length} updates were lost, and the verdict is ${verdict.verdict}`);
  }
  return found;
}

function runLossFalsehoods(
  observed: Observed,
  { run, struck }: { readonly run: PrintedRun; readonly struck: readonly LoggedRequest[] },
): string[] {
  const ofRun = struck.filter((request) => runOf(observed, request) === run.run);
  const violations = observed.verdict.violations.filter((each) => each.run === run.run);
  if (ofRun.length === 0) {
    return violations.map((each) => `nothing was lost in ${nameOf(run)}: ${violationWords(each)}`);
  }
  if (violations.length === 0) {
    return [`${ofRun.length} updates were lost in ${nameOf(run)}, and none was found`];
  }
  if (!ONE_BASE.has(run.workload)) return [];
  const isFree = observed.verdict.numbers.find((each) => each.run === run.run)?.mode === "free";
  // Whoever runs freely may stand on an older base, and take several with it.
  const isRightCount = isFree
    ? violations.length >= ofRun.length
    : violations.length === ofRun.length;
  return [
    ...(isRightCount ? [] : [
      `${ofRun.length} updates were lost in ${nameOf(run)}, and ${violations.length} were found`,
    ]),
    ...violations.flatMap((violation) => lossWitnessFalsehoods(observed, { violation, ofRun })),
  ];
}

/** The lost commit was acknowledged and is gone; the one in its place is there and was struck. */
function lossWitnessFalsehoods(
  observed: Observed,
  of: { readonly violation: PrintedViolation; readonly ofRun: readonly LoggedRequest[] },
): string[] {
  const { violation, ofRun } = of;
  const wrong = (why: string) => [`${why}: ${violationWords(violation)}`];
  if (violation.kind !== "lost") return wrong("only losses were to be found");
  const branch = observed.branches.get(violation.table);
  const [lost, rival] = violation.ops.map((op) => observed.operations.get(op));
  if (branch === undefined || lost === undefined) {
    return wrong("no table or operation of that name");
  }
  if (!isAcknowledged(lost)) return wrong("the lost commit was not acknowledged");
  if (lost.snapshotIds.some((id) => branch.has(id))) return wrong("the lost commit is there");
  if (rival === undefined) return wrong("nothing is named in place of the lost commit");
  if (!rival.snapshotIds.every((id) => branch.has(id))) {
    return wrong("what is named in its place is not there");
  }
  return isSeen(rival, ofRun) ? [] : wrong("what is named in its place replaced nothing");
}

/** Whether one of the requests in the log may be the operation: it lies within its time. */
function isSeen(operation: RecordedOperation, requests: readonly LoggedRequest[]): boolean {
  return requests.some(({ fromMs, toMs }) =>
    fromMs >= operation.fromMs - SLACK_MS && toMs <= operation.toMs + SLACK_MS
  );
}

function isCommit({ method, route }: LoggedRequest): boolean {
  return method === "POST" && (route.endsWith("/tables/{table}") || route.endsWith(TRANSACTIONS));
}

function isDone({ status, resultStatus }: LoggedRequest): boolean {
  const result = resultStatus ?? status;
  return result >= 200 && result < 300;
}

/** Whether the client got the whole answer. */
function isWhole({ status, faults }: LoggedRequest): boolean {
  return status !== 0 && !faults.includes("truncate");
}

function isAcknowledged({ status }: RecordedOperation): boolean {
  return status !== null && status < 300;
}

function commitsOf(observed: Observed, run: PrintedRun): LoggedRequest[] {
  return observed.log.filter((request) =>
    isCommit(request) && runOf(observed, request) === run.run
  );
}

/** Run of a request: the probe's tables are named by it. One run at most has transactions. */
function runOf({ verdict }: Observed, { path, route }: LoggedRequest): number | undefined {
  const inName = /\/tables\/probe_[0-9a-f]+_r(\d+)(?:_|$)/.exec(path)?.[1];
  if (inName !== undefined) return Number(inName);
  if (!route.endsWith(TRANSACTIONS)) return undefined;
  return verdict.runs.find(({ workload }) => workload === "multi-table")?.run;
}

function nameOf({ run, workload }: PrintedRun): string {
  return `run ${run} (${workload})`;
}

function violationWords({ kind, run, words }: PrintedViolation): string {
  return `${kind} in run ${run}: ${words}`;
}

function countBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
}

function differences(
  what: string,
  { one, other }: {
    readonly one: ReadonlyMap<string, number>;
    readonly other: ReadonlyMap<string, number>;
  },
): string[] {
  return [...new Set([...one.keys(), ...other.keys()])]
    .filter((key) => one.get(key) !== other.get(key))
    .map((key) => `${what}: ${key}: ${one.get(key) ?? 0} and ${other.get(key) ?? 0}`);
}
