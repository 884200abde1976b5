/** What the end of a commit, or an error on the way to it, means for its chunks. Pure. */
import { AuthError, CatalogError, EXIT_CODE, StorageError, ToolError } from "../errors.ts";
import type { Outcome } from "../rest/outcome.ts";
import type { FailureKind } from "./events.ts";

/** An answer that was no success. */
export type Refusal = Exclude<Outcome, { kind: "committed" }>;

/** A commit that did not succeed, or is not known to have. */
export interface FailedEnd {
  /** `unknown`: it may be in the table, now or later. */
  readonly state: "failed" | "unknown";
  /** Decides the exit code, and whether the load goes on. */
  readonly failure: FailureKind;
  /** What was answered, or what went wrong, in words. */
  readonly reason: string;
}

/** The end of a commit whose outcome stays open. */
export function unknownEnd(reason: string): FailedEnd {
  return { state: "unknown", failure: "unknown", reason };
}

/**
 * The end of a commit that was refused for good, or surely not carried out: `auth` for 401, 403 and
 * 419 (the REST spec's own), `unreachable` for what was not carried out, else `rejected`.
 */
export function refusedEnd(outcome: Refusal): FailedEnd {
  const { kind, reason, status } = outcome;
  if (status === 401 || status === 403 || status === 419) {
    return { state: "failed", failure: "auth", reason };
  }
  return { state: "failed", failure: kind === "notApplied" ? "unreachable" : "rejected", reason };
}

/** The kind of failure that an error thrown on the way to a commit stands for, and its message. */
export function failureOfError(error: unknown): { failure: FailureKind; reason: string } {
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof AuthError) return { failure: "auth", reason };
  if (error instanceof StorageError || error instanceof CatalogError) {
    return { failure: "unreachable", reason };
  }
  if (error instanceof ToolError && error.exitCode === EXIT_CODE.input) {
    return { failure: "input", reason };
  }
  return { failure: "rejected", reason };
}
