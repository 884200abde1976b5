/**
 * What the answer to a commit means (REST spec, `updateTable`; the forms in which known catalogs
 * differ from it). Pure: an answer in, an outcome out.
 */
import { toBigInt } from "../table/json.ts";
import type { TableMetadata } from "../table/metadata.ts";
import { describeAnswer, readErrorBody } from "./error_body.ts";
import type { HttpAnswer, HttpResponse } from "./http.ts";
import { readTableAnswer } from "./table_answer.ts";

/**
 * `committed`: the metadata returned holds our snapshot; of the others it holds the heads of branches
 * and tags. `conflict`: refused because the table has
 * changed. `rejected`: refused for good. `notApplied`: surely not carried out, may be sent again.
 * `unknown`: may or may not have been carried out.
 */
export type Outcome =
  | { readonly kind: "committed"; readonly status: number; readonly metadata: TableMetadata }
  | {
    readonly kind: "conflict" | "rejected" | "unknown" | "notApplied";
    /** HTTP status, when there was an answer. */
    readonly status?: number;
    /** `type` of the error body. */
    readonly type?: string;
    /** What was answered, in words. */
    readonly reason: string;
    /** From `Retry-After`. */
    readonly retryAfterMs?: number;
  };

/** What a commit must find in the metadata of a 200 to count as done. */
export interface CommitIdentity {
  /** Of the snapshot that the commit adds; a positive int64. */
  readonly snapshotId: bigint;
  /** Location of that snapshot's manifest list; every attempt that is built has another. */
  readonly manifestList: string;
}

/** Error types of a lost race that some catalogs send with status 400 (Lakekeeper 0.9 and 0.10). */
const LOST_RACE_TYPES_OF_400 = new Set(["ConcurrentUpdateError", "TableMetadataBuildFailed"]);

/**
 * The same by their texts: Unity Catalog, Polaris before its fix, and a sequence number taken by a
 * commit to another branch. A snapshot that exists already is our own: its first try had landed,
 * and whoever reloads finds it.
 */
const LOST_RACE_TEXT_OF_400 =
  /commit validation failed|requirement failed|sequence number .* older than last|has been created concurrently|snapshot already exists/i;

/** Reads the answer to a commit of a table. */
export function classifyCommit(answer: HttpAnswer, identity: CommitIdentity): Outcome {
  if (answer.kind === "refused") {
    return { kind: "notApplied", reason: describeAnswer(answer) };
  }
  if (answer.kind !== "response") {
    return {
      kind: "unknown",
      reason: describeAnswer(answer),
      ...(answer.status === undefined ? {} : { status: answer.status }),
    };
  }
  if (answer.status === 200) return classifySuccess(answer, identity);
  const { type, message } = readErrorBody(answer.json);
  const retryAfterMs = readRetryAfterMs(answer.headers.get("retry-after"));
  return {
    kind: kindOfStatus(answer.status, { type, message }),
    status: answer.status,
    reason: describeAnswer(answer),
    ...(type === undefined ? {} : { type }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

function kindOfStatus(
  status: number,
  error: { readonly type: string | undefined; readonly message: string | undefined },
): "conflict" | "rejected" | "unknown" | "notApplied" {
  switch (status) {
    case 409:
      // The same request is being carried out right now: not a lost race.
      return error.type === "RequestInProgress" ? "unknown" : "conflict";
    case 400:
      return LOST_RACE_TYPES_OF_400.has(error.type ?? "") ||
          LOST_RACE_TEXT_OF_400.test(error.message ?? "")
        ? "conflict"
        : "rejected";
    case 429:
      return "notApplied";
    default:
      // Every other 2xx, 3xx and 5xx leaves open whether the table has changed.
      return status >= 400 && status < 500 ? "rejected" : "unknown";
  }
}

function classifySuccess(answer: HttpResponse, identity: CommitIdentity): Outcome {
  const metadata = readTableAnswer(answer.text)?.part({ ids: [identity.snapshotId] });
  if (metadata !== undefined && holdsSnapshot(metadata, identity)) {
    return { kind: "committed", status: answer.status, metadata };
  }
  const reason = metadata === undefined
    ? "HTTP 200 without table metadata"
    : "HTTP 200, but the table metadata does not hold the snapshot";
  return { kind: "unknown", status: answer.status, reason };
}

/** Whether metadata has the snapshot with the very manifest list that was posted. */
function holdsSnapshot(metadata: TableMetadata, identity: CommitIdentity): boolean {
  const { snapshots } = metadata;
  return Array.isArray(snapshots) && snapshots.some((snapshot) => {
    const { "snapshot-id": id, "manifest-list": list } = snapshot;
    return (typeof id === "number" || typeof id === "bigint") &&
      toBigInt(id) === identity.snapshotId && list === identity.manifestList;
  });
}

/** Reads `Retry-After` (RFC 9110, 10.2.3): seconds or a date. */
export function readRetryAfterMs(
  value: string | null,
  nowMs: number = Date.now(),
): number | undefined {
  if (value === null) return undefined;
  if (/^\d+$/.test(value.trim())) return Number(value) * 1000;
  const dateMs = Date.parse(value);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}
