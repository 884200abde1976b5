/**
 * Commits one chunk: manifest once, then manifest list and commit anew on each base until the
 * outcome is final (REST spec, `updateTable`). Only a lost race is tried again here.
 */
import { AuthError, CatalogError, StorageError, ToolError } from "../errors.ts";
import type { CatalogClient, TableName } from "../rest/catalog.ts";
import { shownBody } from "../rest/error_body.ts";
import type { HttpAnswer } from "../rest/http.ts";
import type { Outcome } from "../rest/outcome.ts";
import type { Store } from "../store/store.ts";
import {
  type AppendBase,
  buildAppend,
  MAIN_BRANCH,
  newSnapshotId,
  type PreparedAppend,
} from "../table/append.ts";
import type { DataFile } from "../table/data_file.ts";
import { toBigInt } from "../table/json.ts";
import { type ChunkFileNames, manifestListPath } from "../table/locations.ts";
import { encodeManifest } from "../table/manifest.ts";
import { encodeManifestList } from "../table/manifest_list.ts";
import {
  branchHead,
  currentSchema,
  defaultPartitionSpec,
  type PartitionSpecJson,
  type SnapshotJson,
  type TableMetadata,
} from "../table/metadata.ts";
import { filesFitSchema, type WriteColumn } from "../table/write_plan.ts";
import { type BackoffBounds, backoffMs, sleep } from "./backoff.ts";
import type { Emit, FailureKind } from "./events.ts";
import type { FirstCommit } from "./first_commit.ts";
import type { ManifestCache } from "./manifest_cache.ts";

/** What every commit of a load shares. */
export interface CommitContext {
  readonly catalog: CatalogClient;
  readonly table: TableName;
  readonly store: Store;
  readonly manifests: ManifestCache;
  readonly firstCommit: FirstCommit;
  /** The columns of the data files. */
  readonly columns: readonly WriteColumn[];
  /** Commits beyond the first; undefined for no limit but the time. */
  readonly retriesMax: number | undefined;
  /** Time for all attempts of one chunk. */
  readonly timeoutMs: number;
  readonly backoff: BackoffBounds;
  readonly emit: Emit;
}

/** A chunk to be committed. */
export interface CommitChunk {
  readonly index: number;
  readonly files: readonly DataFile[];
  readonly names: ChunkFileNames;
  /** Keys of the snapshot summary beside the spec's own. */
  readonly summary: Readonly<Record<string, string>>;
}

/** What became of a chunk. */
export type CommitResult =
  & {
    readonly attempts: number;
    readonly status?: number;
    /** Absent when nothing was posted. */
    readonly snapshotId?: bigint;
  }
  & (
    | { readonly state: "committed"; readonly sequenceNumber: bigint }
    | {
      readonly state: "failed" | "unknown";
      readonly failure: FailureKind;
      readonly reason: string;
    }
  );

/**
 * A writer with a base of its own, as an independent client would have: it learns of the others
 * only by losing a race.
 */
export class Committer {
  readonly #context: CommitContext;
  /** The table as this writer last saw it. */
  #metadata: TableMetadata;
  /** What the data files are written for; a later default changes nothing in them. */
  readonly #spec: PartitionSpecJson;
  /** Whether the last commit showed that the table is not, or may not be, as it was seen. */
  #stale = false;

  constructor(context: CommitContext, metadata: TableMetadata) {
    this.#context = context;
    this.#metadata = metadata;
    this.#spec = defaultPartitionSpec(metadata);
  }

  /**
   * Commits a chunk.
   *
   * @throws {StorageError | AuthError | CatalogError} when manifest files cannot be written, or the
   * table cannot be reloaded before the first post; nothing is committed then.
   */
  async commit(chunk: CommitChunk): Promise<CommitResult> {
    const { retriesMax, timeoutMs } = this.#context;
    const deadlineMs = performance.now() + timeoutMs;
    if (this.#stale) {
      const refreshed = await this.#rebase(undefined);
      if (refreshed.kind === "impossible") {
        return {
          attempts: 0,
          state: "failed",
          failure: "rejected",
          reason: refreshed.reason,
        };
      }
    }
    const prepared = await this.#prepare(chunk);
    for (let attempt = 1;; attempt++) {
      const tried = await this.#attemptInTurn(chunk, prepared, attempt).catch((error) => {
        if (attempt === 1 || !(error instanceof ToolError)) throw error;
        return { error };
      });
      if ("error" in tried) {
        // The look before this attempt has shown that none of those before had landed.
        const { snapshotId } = prepared;
        return {
          attempts: attempt - 1,
          snapshotId,
          state: "failed",
          ...failureOfError(tried.error),
        };
      }
      const status = tried.outcome.status === undefined ? {} : { status: tried.outcome.status };
      const common = { attempts: attempt, snapshotId: prepared.snapshotId, ...status };
      if (tried.outcome.kind === "committed") {
        return { ...common, state: "committed", sequenceNumber: tried.sequenceNumber };
      }
      if (tried.outcome.kind !== "conflict") return { ...common, ...ended(tried.outcome) };
      const { reason } = tried.outcome;
      const waitMs = backoffMs(attempt, this.#context.backoff);
      const spent = (retriesMax !== undefined && attempt > retriesMax) ||
        performance.now() + waitMs >= deadlineMs;
      if (!spent) await sleep(waitMs);
      // Before giving up, too: the conflict may be with our own commit, which had landed.
      const rebased = await this.#look(prepared);
      if (rebased.kind === "landed") {
        return { ...common, state: "committed", sequenceNumber: rebased.sequenceNumber };
      }
      if (rebased.kind === "impossible") {
        return { ...common, state: "failed", failure: "rejected", reason: rebased.reason };
      }
      if (rebased.kind === "unseen") {
        const both = `${reason}; then: ${rebased.reason}`;
        return { ...common, state: "unknown", failure: "unknown", reason: both };
      }
      if (spent) {
        const failure = retriesMax === 0 ? "lostRace" : "retriesSpent";
        return { ...common, state: "failed", failure, reason };
      }
    }
  }

  /** Rebases after a conflict; when the table cannot be seen, nothing is known of our commit. */
  async #look(prepared: PreparedAppend): Promise<Rebased | { kind: "unseen"; reason: string }> {
    try {
      return await this.#rebase(prepared);
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
      return { kind: "unseen", reason: error.message };
    }
  }

  /** Writes the manifest, which serves every attempt. */
  async #prepare(chunk: CommitChunk): Promise<PreparedAppend> {
    const metadata = this.#metadata;
    const schema = currentSchema(metadata);
    const spec = this.#spec;
    const snapshotId = newSnapshotId(metadata);
    const bytes = await encodeManifest(chunk.files, {
      formatVersion: metadata["format-version"],
      schema,
      spec,
      snapshotId,
    });
    const path = chunk.names.manifest(crypto.randomUUID());
    await this.#context.store.write(path, bytes, { contentType: AVRO });
    return {
      snapshotId,
      manifest: { path, lengthBytes: bytes.length, partitionSpecId: spec["spec-id"] ?? 0 },
      schemaId: schema["schema-id"] ?? 0,
      addedFiles: chunk.files.length,
      addedRows: sum(chunk.files, (file) => file.recordCount),
      addedSizeBytes: sum(chunk.files, (file) => file.sizeBytes),
      summary: chunk.summary,
    };
  }

  /** A table without a snapshot gets one commit at a time; every other is raced for. */
  async #attemptInTurn(
    chunk: CommitChunk,
    prepared: PreparedAppend,
    attempt: number,
  ): Promise<Attempted> {
    if (branchHead(this.#metadata, MAIN_BRANCH) !== undefined) {
      return await this.#attempt(chunk, prepared, attempt);
    }
    const turn = await this.#context.firstCommit.turn();
    let mayHaveCommitted = false;
    try {
      if (turn.isOver) {
        const rebased = await this.#rebase(prepared);
        if (rebased.kind === "impossible") {
          return { outcome: { kind: "rejected", reason: rebased.reason }, sequenceNumber: 0n };
        }
        if (rebased.kind === "landed") {
          const outcome = { kind: "committed", status: 200, metadata: this.#metadata } as const;
          return { outcome, sequenceNumber: rebased.sequenceNumber };
        }
      }
      const tried = await this.#attempt(chunk, prepared, attempt);
      mayHaveCommitted = tried.outcome.kind === "committed" || tried.outcome.kind === "unknown";
      return tried;
    } finally {
      turn.end(mayHaveCommitted);
    }
  }

  async #attempt(
    chunk: CommitChunk,
    prepared: PreparedAppend,
    attempt: number,
  ): Promise<Attempted> {
    const { catalog, table, store, manifests, emit } = this.#context;
    const metadata = this.#metadata;
    const { snapshotId } = prepared;
    const base: AppendBase = { metadata, manifests: await manifests.manifestsOf(metadata) };
    const listPath = manifestListPath(metadata, {
      snapshotId,
      attempt,
      attemptId: crypto.randomUUID(),
    });
    const built = buildAppend(
      base,
      { ...prepared, schemaId: metadata["current-schema-id"] },
      { manifestListPath: listPath, nowMs: Date.now() },
    );
    const bytes = await encodeManifestList(built.manifests, {
      formatVersion: metadata["format-version"],
      snapshotId,
      parentSnapshotId: built.parentSnapshotId,
      sequenceNumber: built.sequenceNumber,
      ...(built.firstRowId === undefined ? {} : { firstRowId: built.firstRowId }),
    });
    await store.write(listPath, bytes, { contentType: AVRO });
    const startedMs = performance.now();
    const { outcome, answer } = await catalog.commit(table, built.request, {
      snapshotId,
      manifestList: listPath,
    });
    if (outcome.kind === "committed") {
      manifests.keep(listPath, built.manifests);
      this.#metadata = outcome.metadata;
    }
    this.#stale = outcome.kind !== "committed";
    emit({
      type: "commit",
      chunk: chunk.index,
      attempt,
      outcome: outcome.kind,
      snapshotId: String(snapshotId),
      elapsedMs: performance.now() - startedMs,
      ...(outcome.status === undefined ? {} : { status: outcome.status }),
      ...(outcome.kind === "committed" ? {} : { reason: outcome.reason, ...bodyOf(answer) }),
    });
    return { outcome, sequenceNumber: built.sequenceNumber };
  }

  /** Takes the table as it is now for a base, unless our own commit turns out to be in it. */
  async #rebase(prepared: PreparedAppend | undefined): Promise<Rebased> {
    const { catalog, table, columns } = this.#context;
    const before = this.#metadata;
    const loaded = await catalog.loadTable(table);
    if (loaded === undefined) {
      return { kind: "impossible", reason: "the table has been dropped meanwhile" };
    }
    const { metadata } = loaded;
    if (metadata["table-uuid"] !== before["table-uuid"]) {
      return { kind: "impossible", reason: "another table of the same name stands in its place" };
    }
    const own = prepared === undefined ? undefined : findSnapshot(metadata, prepared.snapshotId);
    if (own !== undefined) {
      this.#metadata = metadata;
      this.#stale = false;
      return { kind: "landed", sequenceNumber: toBigInt(own["sequence-number"] ?? 0) };
    }
    if (metadata["format-version"] !== before["format-version"]) {
      return { kind: "impossible", reason: "the table's format version has changed meanwhile" };
    }
    const schemaChanged = metadata["current-schema-id"] !== before["current-schema-id"];
    if (schemaChanged && !filesFitSchema(columns, currentSchema(metadata))) {
      return {
        kind: "impossible",
        reason: "the table's schema has changed meanwhile, and the files written no longer fit it",
      };
    }
    const specs = metadata["partition-specs"];
    if (!specs.some((spec) => (spec["spec-id"] ?? 0) === (this.#spec["spec-id"] ?? 0))) {
      const reason = "the partition spec of the files written has been removed meanwhile";
      return { kind: "impossible", reason };
    }
    this.#metadata = metadata;
    this.#stale = false;
    return { kind: "rebased" };
  }
}

const AVRO = "application/avro";

interface Attempted {
  readonly outcome: Outcome;
  readonly sequenceNumber: bigint;
}

type Rebased =
  | { readonly kind: "rebased" }
  | { readonly kind: "landed"; readonly sequenceNumber: bigint }
  | { readonly kind: "impossible"; readonly reason: string };

function findSnapshot(metadata: TableMetadata, id: bigint): SnapshotJson | undefined {
  return metadata.snapshots?.find((snapshot) => toBigInt(snapshot["snapshot-id"]) === id);
}

function ended(
  outcome: Exclude<Outcome, { kind: "committed" }>,
): { state: "failed" | "unknown"; failure: FailureKind; reason: string } {
  const { kind, reason, status } = outcome;
  if (kind === "unknown") return { state: "unknown", failure: "unknown", reason };
  if (status === 401 || status === 403 || status === 419) {
    return { state: "failed", failure: "auth", reason };
  }
  const failure = kind === "notApplied" ? "unreachable" : "rejected";
  return { state: "failed", failure, reason };
}

function bodyOf(answer: HttpAnswer): { readonly body?: string } {
  if (answer.kind !== "response" || answer.text === "") return {};
  return { body: shownBody(answer.text) };
}

function sum<T>(items: readonly T[], read: (item: T) => number): number {
  return items.reduce((total, item) => total + read(item), 0);
}

/** The kind of failure that an error thrown on the way to a commit stands for. */
export function failureOfError(error: unknown): { failure: FailureKind; reason: string } {
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof AuthError) return { failure: "auth", reason };
  if (error instanceof StorageError || error instanceof CatalogError) {
    return { failure: "unreachable", reason };
  }
  if (error instanceof ToolError && error.name === "InputError") {
    return { failure: "input", reason };
  }
  return { failure: "rejected", reason };
}
