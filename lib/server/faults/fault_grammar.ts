/** The rules of `--fault`, as text and as data. Pure. */
import { UsageError } from "../../errors.ts";
import { FAULT_TARGETS, type FaultTarget } from "../http/operations.ts";

/** What a rule does to the requests that it strikes. */
export type Fault =
  | {
    /**
     * `drop-request`: the connection is closed before anything is done. `drop-response`: the request
     * is carried out, and the connection closed without an answer. `truncate`: the body of the answer
     * is cut in half. `lost-update`: a commit that has lost its race takes the winner's place.
     */
    readonly kind: "drop-request" | "drop-response" | "truncate" | "lost-update";
  }
  | { readonly kind: "delay"; readonly msMin: number; readonly msMax: number }
  | {
    readonly kind: "status";
    readonly status: number;
    /** The request is carried out before it is answered so. */
    readonly after: boolean;
    /** Seconds of the `Retry-After` header; without it there is none. */
    readonly retryAfterS?: number;
  };

/** One rule. */
export interface FaultRule {
  /** As it was written. */
  readonly text: string;
  /** What it is called where faults are counted, such as `drop-response` or `503`. */
  readonly name: string;
  /** The requests that it is drawn for. */
  readonly target: FaultTarget;
  /** Share of the target's requests that it strikes, 0 to 1. */
  readonly probability: number;
  /** What becomes of a request that is struck. */
  readonly fault: Fault;
}

/** All of them would not fit into a line of 80 characters. */
const TARGETS_A_LINE = 7;

/** The grammar, for help and for errors. */
export const FAULT_GRAMMAR = `TARGET:FAULT=VALUE[;OPTION…]
  TARGET  ${FAULT_TARGETS.slice(0, TARGETS_A_LINE).join(" ")}
          ${FAULT_TARGETS.slice(TARGETS_A_LINE).join(" ")}
  FAULT   drop-request=P     close the connection, do nothing
          drop-response=P    do it, then close the connection with no answer
          truncate=P         do it, then cut the answer's body in half
          delay=50ms..200ms  wait before it is done; one figure is a fixed
                             wait; ";p=P" for a share
          STATUS=P           answer 400 to 599 in place of doing it; ";after"
                             does it first, ";retry-after=S" adds the header
          lost-update=P      commit only: a commit that lost its race
                             replaces the winner's
  P       share of the requests, 0 to 1; S is in seconds`;

const DELAY_MS_MAX = 600_000;
const RETRY_AFTER_S_MAX = 86_400;

/**
 * Reads one rule.
 *
 * @throws {UsageError} with the grammar, when it is none.
 */
export function parseFaultRule(text: string): FaultRule {
  const match = /^([a-z]+):([a-z0-9-]+)=([^;]*)((?:;[^;]*)*)$/.exec(text.trim());
  if (match === null) throw wrong(text, "it is not of the form TARGET:FAULT=VALUE");
  const [, targetText, fault, value, optionsText] = match as unknown as string[];
  const target = FAULT_TARGETS.find((known) => known === targetText);
  if (target === undefined) throw wrong(text, `there is no target "${targetText}"`);
  const options = readOptions(text, optionsText!);
  const rule = readFault({ text, fault: fault!, value: value!, options });
  for (const name of options.keys()) throw wrong(text, `"${name}" is no option of ${fault}`);
  if (rule.fault.kind === "lost-update" && target !== "commit") {
    throw wrong(text, "only a commit can lose an update");
  }
  return { text: text.trim(), target, ...rule };
}

/** What is still unread of a rule; each option is taken out as it is used. */
interface Parts {
  readonly text: string;
  readonly fault: string;
  readonly value: string;
  readonly options: Map<string, string | undefined>;
}

function readFault(parts: Parts): Pick<FaultRule, "name" | "probability" | "fault"> {
  const { text, fault, value } = parts;
  switch (fault) {
    case "drop-request":
    case "drop-response":
    case "truncate":
    case "lost-update":
      return { name: fault, probability: readShare(text, value), fault: { kind: fault } };
    case "delay": {
      const share = take(parts, "p");
      return {
        name: fault,
        probability: share === undefined ? 1 : readShare(text, share),
        fault: { kind: "delay", ...readDelay(text, value) },
      };
    }
  }
  if (!/^[45]\d\d$/.test(fault)) throw wrong(text, `there is no fault "${fault}"`);
  const isAfter = parts.options.has("after");
  if (isAfter && take(parts, "after") !== undefined) throw wrong(text, `"after" takes no value`);
  const retryAfter = readRetryAfter(parts);
  return {
    name: isAfter ? `${fault};after` : fault,
    probability: readShare(text, value),
    fault: {
      kind: "status",
      status: Number(fault),
      after: isAfter,
      ...(retryAfter === undefined ? {} : { retryAfterS: retryAfter }),
    },
  };
}

function readOptions(text: string, optionsText: string): Map<string, string | undefined> {
  const options = new Map<string, string | undefined>();
  for (const item of optionsText.split(";").slice(1)) {
    const at = item.indexOf("=");
    const name = at === -1 ? item : item.slice(0, at);
    if (name === "" || options.has(name)) throw wrong(text, `";${item}" is no option, or is twice`);
    options.set(name, at === -1 ? undefined : item.slice(at + 1));
  }
  return options;
}

function take(parts: Parts, name: string): string | undefined {
  if (!parts.options.has(name)) return undefined;
  const value = parts.options.get(name);
  if (value === undefined && name !== "after") throw wrong(parts.text, `"${name}" takes a value`);
  parts.options.delete(name);
  return value;
}

function readRetryAfter(parts: Parts): number | undefined {
  const value = take(parts, "retry-after");
  if (value === undefined) return undefined;
  if (!/^\d{1,5}$/.test(value) || Number(value) > RETRY_AFTER_S_MAX) {
    throw wrong(parts.text, `"${value}" is no number of seconds up to ${RETRY_AFTER_S_MAX}`);
  }
  return Number(value);
}

function readShare(text: string, value: string): number {
  const share = /^(?:\d+(?:\.\d+)?|\.\d+)$/.test(value) ? Number(value) : NaN;
  if (!(share >= 0 && share <= 1)) throw wrong(text, `"${value}" is no share from 0 to 1`);
  return share;
}

function readDelay(text: string, value: string): { msMin: number; msMax: number } {
  const [from = "", to = from, ...more] = value.split("..");
  const msMin = readMs(from);
  const msMax = readMs(to);
  if (more.length > 0 || !(msMin <= msMax) || msMax > DELAY_MS_MAX) {
    throw wrong(text, `"${value}" is no time such as 50ms or 50ms..2s, up to ${DELAY_MS_MAX} ms`);
  }
  return { msMin, msMax };
}

function readMs(text: string): number {
  const match = /^(\d{1,6}(?:\.\d{1,3})?)(ms|s)$/.exec(text);
  return match === null ? NaN : Number(match[1]) * (match[2] === "s" ? 1000 : 1);
}

function wrong(text: string, reason: string): UsageError {
  return new UsageError(`Cannot use --fault "${text}": ${reason}`, {
    hint: `A rule is ${FAULT_GRAMMAR}`,
  });
}
