/** One check of `doctor`, and how checks follow each other. */
import { EXIT_CODE, ToolError } from "../../errors.ts";

/** How a check ended. `skipped`: what it needs has failed, or the user has ended it all. */
export type CheckStatus = "ok" | "warning" | "failed" | "skipped";

/** What a check found. */
export interface Finding {
  /** How it ended. */
  readonly status: CheckStatus;
  /** One sentence without a full stop. */
  readonly detail: string;
  /** What to do. */
  readonly hint?: string;
  /** Of a failure. @default {1} */
  readonly exitCode?: number;
}

/** A check that has ended. */
export interface Check extends Finding {
  /** Kind of the line. */
  readonly type: "check";
  /** One word. */
  readonly name: string;
  /** How long it took, in ms. */
  readonly elapsedMs: number;
}

/** Everything in order. */
export function ok(detail: string): Finding {
  return { status: "ok", detail };
}

/** Loads work, but something should be known. */
export function warning(detail: string, hint?: string): Finding {
  return { status: "warning", detail, ...(hint === undefined ? {} : { hint }) };
}

/** Loads would fail. */
export function failed(
  detail: string,
  options: { readonly hint?: string; readonly exitCode?: number } = {},
): Finding {
  return { status: "failed", detail, ...options };
}

/** What an error says, as a failed check. */
export function failureOf(error: unknown): Finding {
  if (!(error instanceof ToolError)) throw error;
  const { message, hint, exitCode } = error;
  return failed(message, { ...(hint === undefined ? {} : { hint }), exitCode });
}

/** Runs checks one after the other and keeps what they found. */
export class CheckList {
  readonly #onCheck: (check: Check) => void;
  readonly #stop: AbortSignal;
  /** The checks that have ended, in order. */
  readonly checks: Check[] = [];

  /**
   * Makes an empty list.
   *
   * @param options.stop when aborted, no further check begins.
   */
  constructor(options: {
    readonly onCheck: (check: Check) => void;
    readonly stop: AbortSignal;
  }) {
    this.#onCheck = options.onCheck;
    this.#stop = options.stop;
  }

  /**
   * Runs a check.
   *
   * @param needs checks without which this one makes no sense.
   * @returns what `look` gave beside its finding, or undefined when the check did not come to that.
   */
  async run<T = undefined>(
    name: string,
    look: () => Promise<Finding & { readonly result?: T }>,
    options: { readonly needs?: readonly string[]; readonly always?: boolean } = {},
  ): Promise<T | undefined> {
    const startMs = performance.now();
    const missing = options.needs?.find((need) => !this.#passed(need));
    let found: Finding & { readonly result?: T };
    if (missing !== undefined) {
      found = { status: "skipped", detail: `not checked, for want of ${missing}` };
    } else if (this.#stop.aborted && options.always !== true) {
      found = { status: "skipped", detail: "not checked, since it was interrupted" };
    } else {
      try {
        found = await look();
      } catch (error) {
        // What is cut off by the user has not failed.
        found = this.#stop.aborted && options.always !== true
          ? { status: "skipped", detail: "interrupted" }
          : failureOf(error);
      }
    }
    const { result, ...finding } = found;
    this.add({ type: "check", name, ...finding, elapsedMs: performance.now() - startMs });
    return result;
  }

  /** Adds a check that has been made elsewhere. */
  add(check: Check): void {
    this.checks.push(check);
    this.#onCheck(check);
  }

  #passed(name: string): boolean {
    return this.checks.some((check) =>
      check.name === name && (check.status === "ok" || check.status === "warning")
    );
  }

  /** The exit code of the first failure: what comes after it may follow from it. */
  get exitCode(): number {
    const first = this.checks.find(({ status }) => status === "failed");
    return first === undefined ? EXIT_CODE.ok : first.exitCode ?? EXIT_CODE.failed;
  }
}
