/**
 * One commit until its outcome is final (REST spec, `updateTable`). A lost race is built anew on the
 * table as it is now; an answer that leaves the outcome open is resolved by sending the very same
 * commit again and by looking, never by guessing.
 */
import { AuthError, ToolError } from "../errors.ts";
import { shownBody } from "../rest/error_body.ts";
import type { HttpAnswer } from "../rest/http.ts";
import type { Outcome } from "../rest/outcome.ts";
import { MAIN_BRANCH, metadataAfter, type PreparedAppend } from "../table/append.ts";
import { branchHead, type PartitionSpecJson, type TableMetadata } from "../table/metadata.ts";
import { backoffMs, sleep } from "../rest/backoff.ts";
import type { CommitContext, CommitResult, ReadyChunk } from "./commit_context.ts";
import {
  type FailedEnd,
  failureOfError,
  type Refusal,
  refusedEnd,
  unknownEnd,
} from "./commit_end.ts";
import {
  MERGED_WRITE,
  prepareManifests,
  writeAttempt,
  type WrittenAttempt,
  type WrittenManifests,
} from "./commit_files.ts";
import type { FirstCommitTurn } from "./first_commit.ts";
import { removeFiles } from "./litter.ts";
import { ManifestMerger } from "./manifest_merger.ts";
import { uuidV7 } from "../table/uuid_v7.ts";
import type { OwnCommit, Refreshed, Writer } from "./writer.ts";

/** Resends of an unanswered commit under its Idempotency-Key before a look. */
const KEYED_RESENDS_MAX = 2;

type Absent = Extract<Refreshed, { kind: "absent" }>;

/** An attempt that may be sent more than once: always the same body under the same key. */
interface Posted {
  readonly attempt: WrittenAttempt;
  readonly key: string;
  sent: number;
}

/** One commit of chunks as one snapshot. */
export class Commit {
  readonly #chunks: readonly ReadyChunk[];
  readonly #context: CommitContext;
  readonly #spec: PartitionSpecJson;
  /** Who makes it, once it is that writer's turn. */
  #made: Writer | undefined;
  #deadlineMs = Infinity;
  /** Files of every attempt but the live one are litter once all posts are final. */
  readonly #attempts: WrittenAttempt[] = [];
  #merger: ManifestMerger | undefined;
  #liveList: string | undefined;
  /** Whether some post has had no final answer, and no look has settled it. */
  #isOpen = false;
  /** Whether something of ours may be, or is, in use: then nothing is deleted here. */
  #keepsFiles = false;
  #turn: FirstCommitTurn | undefined;
  readonly #manifests: Promise<WrittenManifests> | undefined;
  /** Whether what the manifests need to be on the disk with them is there. */
  #isSynced = false;
  /** The first attempt, when its files are written before its turn. */
  #ahead: Promise<WrittenAttempt | undefined> | undefined;
  #posts = 0;
  #lostRaces = 0;
  /** Answers in a row that say nothing of the table: what waits grow with, and a lost race ends. */
  #troubles = 0;
  #status: number | undefined;

  /**
   * Writes and posts nothing yet; {@linkcode run} does.
   *
   * @param options.spec that the files are written for.
   * @param options.manifests of the chunks, when they have been written ahead.
   */
  constructor(
    chunks: readonly ReadyChunk[],
    options: {
      readonly context: CommitContext;
      readonly spec: PartitionSpecJson;
      readonly manifests?: Promise<WrittenManifests> | undefined;
    },
  ) {
    this.#chunks = chunks;
    this.#manifests = options.manifests;
    this.#context = options.context;
    this.#spec = options.spec;
  }

  get #writer(): Writer {
    return this.#made!;
  }

  /**
   * Writes the manifest list on a base that is to be expected, while the commit before is on its way:
   * when that is taken, nothing is left to do but to post. Only the first call does something, and
   * none does once {@linkcode run} has begun; what goes wrong is met there.
   */
  writeAhead(expected: TableMetadata): void {
    if (this.#made !== undefined || this.#ahead !== undefined || this.#manifests === undefined) {
      return;
    }
    this.#ahead = this.#writeAhead(this.#manifests, expected).catch(() => undefined);
  }

  async #writeAhead(
    manifests: Promise<WrittenManifests>,
    expected: TableMetadata,
  ): Promise<WrittenAttempt | undefined> {
    const prepared = await manifests;
    if (this.#made !== undefined) return undefined;
    return await this.#writeAttempt(prepared, { metadata: expected, ahead: undefined });
  }

  /**
   * Runs it, once. Refusals, lost races and unknown outcomes are results, none is thrown.
   *
   * @throws {StorageError | AuthError | CatalogError} when its files cannot be written, or the table
   * cannot be loaded, before the first post; nothing is committed then, and nothing left behind.
   */
  async run(writer: Writer): Promise<CommitResult> {
    this.#made = writer;
    this.#deadlineMs = performance.now() + this.#context.timeoutMs;
    let prepared: WrittenManifests | undefined;
    let result: CommitResult | undefined;
    try {
      prepared = await this.#manifests;
      result = await this.#renewBase() ?? this.#recordedAlready();
      if (result !== undefined) return result;
      prepared ??= await prepareManifests(this.#chunks, { writer: this.#writer, sync: false });
      result = await this.#untilFinal(prepared);
      return result;
    } finally {
      this.#endTurn(result?.state === "committed" || result?.state === "unknown");
      await this.#removeLitter(prepared, result);
    }
  }

  /** Loads the table anew when it may have changed since it was last seen. */
  async #renewBase(): Promise<CommitResult | undefined> {
    if (!this.#writer.isStale) return undefined;
    const refreshed = await this.#refresh();
    return refreshed.kind === "impossible"
      ? { attempts: 0, state: "failed", failure: "rejected", reason: refreshed.reason }
      : undefined;
  }

  async #untilFinal(prepared: WrittenManifests): Promise<CommitResult> {
    let posted: Posted | undefined;
    while (true) {
      const startedMs = performance.now();
      if (posted === undefined) {
        const written = await this.#write(prepared);
        if ("state" in written) return written;
        posted = { attempt: written, key: uuidV7(), sent: 0 };
      }
      const outcome = await this.#post(posted, prepared);
      this.#writer.pace.observe(performance.now() - startedMs);
      if (outcome.kind === "committed") {
        this.#liveList = posted.attempt.manifestList;
        const { sequenceNumber } = posted.attempt;
        return this.#result(prepared, { state: "committed", sequenceNumber });
      }
      const hasTime = await this.#pause(outcome.retryAfterMs ?? this.#nextWaitMs(outcome));
      const step = this.#withoutLook(outcome, { posted, hasTime });
      if (step === "resend") continue;
      if (step !== "look") return this.#result(prepared, step);
      const found = await this.#lookUntilSeen(prepared, outcome);
      if ("state" in found) return found;
      const next = this.#afterLook(found, { outcome, posted, hasTime });
      if (next === "rebuild") posted = undefined;
      else if (next !== "resend") return this.#result(prepared, next);
    }
  }

  #nextWaitMs(outcome: Refusal): number {
    const { pace } = this.#writer;
    if (outcome.kind === "conflict") {
      this.#troubles = 0;
      return backoffMs(this.#lostRaces + 1, pace.afterLostRace());
    }
    return backoffMs(++this.#troubles, pace.afterTrouble());
  }

  /** What an answer allows without knowing the table as it is now. */
  #withoutLook(
    outcome: Refusal,
    of: { readonly posted: Posted; readonly hasTime: boolean },
  ): FailedEnd | "resend" | "look" {
    if (outcome.kind === "unknown") {
      this.#isOpen = this.#keepsFiles = true;
      const hasKeys = this.#context.catalog.config.idempotencyKeyLifetime !== undefined;
      return hasKeys && of.hasTime && of.posted.sent <= KEYED_RESENDS_MAX ? "resend" : "look";
    }
    // An open post is settled by a look alone: a refusal of its resend says nothing of it.
    if (this.#isOpen || outcome.kind === "conflict") return "look";
    if (outcome.kind === "notApplied" && of.hasTime) return "resend";
    this.#writer.doubt();
    return refusedEnd(outcome);
  }

  /** What follows from a look that found no trace of ours. */
  #afterLook(
    found: Absent,
    of: { readonly outcome: Refusal; readonly posted: Posted; readonly hasTime: boolean },
  ): FailedEnd | "resend" | "rebuild" {
    const { outcome, hasTime } = of;
    const { reason } = outcome;
    const { baseHead, snapshot } = of.posted.attempt;
    // The two things that its requirements fence.
    const mayLand = found.head === baseHead && found.schemaId === snapshot["schema-id"];
    if (this.#isOpen && mayLand) {
      // It may still land, and sending the very same again does no harm.
      return hasTime ? "resend" : unknownEnd(reason);
    }
    if (this.#isOpen && !found.isProof) {
      return unknownEnd(
        `${reason}; the table's history does not lead back to what it was built on`,
      );
    }
    this.#sayIfMisanswered(outcome);
    // The table has moved on without any post of ours, and none can land any more.
    this.#isOpen = false;
    this.#endTurn(found.head !== undefined);
    // Writing the next attempt will find that out, too.
    if (this.#recordedAlready() !== undefined) return "rebuild";
    this.#lostRaces++;
    this.#troubles = 0;
    const { retriesMax, stop } = this.#context;
    const isSpent = retriesMax !== undefined && this.#lostRaces > retriesMax;
    if (!isSpent && hasTime) return "rebuild";
    const failure = retriesMax === 0
      ? "lostRace"
      : stop.isRequested
      ? "interrupted"
      : "retriesSpent";
    return { state: "failed", failure, reason };
  }

  /** A lost race should be answered with 409. */
  #sayIfMisanswered(outcome: Refusal): void {
    if (outcome.kind !== "unknown" || (outcome.status ?? 0) < 500) return;
    this.#context.emit({
      type: "notice",
      message: `Chunk ${this.#chunks[0]!.index}: a lost race answered with ${outcome.status}`,
    });
  }

  /** Writes the next attempt on the writer's base, in turn when the table has no snapshot. */
  async #write(prepared: WrittenManifests): Promise<WrittenAttempt | CommitResult> {
    try {
      if (branchHead(this.#writer.base(), MAIN_BRANCH) === undefined) {
        this.#turn ??= await this.#context.firstCommit.turn();
        if (this.#turn.isOver) {
          const refreshed = await this.#refresh(prepared);
          if (refreshed.kind !== "absent") return this.#settled(prepared, refreshed);
          if (refreshed.head !== undefined) this.#endTurn(true);
        }
      }
      const recorded = this.#recordedAlready();
      if (recorded !== undefined) return { ...recorded, attempts: this.#posts };
      const metadata = this.#writer.base();
      return await this.#writeAttempt(prepared, { metadata, ahead: await this.#takeAhead() });
    } catch (error) {
      if (!(error instanceof ToolError) || this.#posts === 0) throw error;
      // What was posted before has been settled by the look that led here.
      this.#writer.doubt();
      return this.#result(prepared, { state: "failed", ...failureOfError(error) });
    }
  }

  /** What was written ahead, once. */
  async #takeAhead(): Promise<WrittenAttempt | undefined> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    return await ahead;
  }

  async #writeAttempt(
    prepared: WrittenManifests,
    on: { readonly metadata: TableMetadata; readonly ahead: WrittenAttempt | undefined },
  ): Promise<WrittenAttempt> {
    const { store, manifests, loadId } = this.#context;
    const attempt = await writeAttempt(prepared, {
      ...on,
      number: this.#attempts.length + 1,
      loadId,
      store,
      manifests,
      merger: this.#mergerFor(prepared.snapshotId),
      unsynced: this.#isSynced ? [] : prepared.unsynced,
    });
    this.#isSynced = true;
    if (attempt.manifestList !== on.ahead?.manifestList) this.#attempts.push(attempt);
    return attempt;
  }

  #mergerFor(snapshotId: bigint): ManifestMerger {
    const { store, loadId } = this.#context;
    return this.#merger ??= new ManifestMerger(store, {
      spec: this.#spec,
      loadId,
      snapshotId,
      writeOptions: MERGED_WRITE,
    });
  }

  async #post(posted: Posted, prepared: PreparedAppend): Promise<Outcome> {
    const { catalog, table, departures, emit } = this.#context;
    const { snapshotId } = prepared;
    const { attempt } = posted;
    const { manifestList, request } = attempt;
    const startedMs = performance.now();
    this.#posts++;
    posted.sent++;
    const posting = catalog.commit(table, request, {
      identity: { snapshotId, manifestList },
      idempotencyKey: posted.key,
    });
    let isAnswered = false;
    void departures.left().then(() => {
      if (!isAnswered) this.#writer.expect(metadataAfter(this.#writer.base(), attempt));
    });
    const { outcome, answer } = await posting.finally(() => {
      isAnswered = true;
      this.#writer.expect(undefined);
    });
    this.#status = outcome.status;
    if (outcome.kind === "committed") this.#writer.adopt(outcome.metadata, snapshotId);
    emit({
      type: "commit",
      chunk: this.#chunks[0]!.index,
      chunks: this.#chunks.length,
      writer: this.#writer.number,
      attempt: this.#posts,
      outcome: outcome.kind,
      snapshotId: String(snapshotId),
      elapsedMs: performance.now() - startedMs,
      ...(outcome.status === undefined ? {} : { status: outcome.status }),
      ...(outcome.kind === "committed" ? {} : { reason: outcome.reason, ...bodyOf(answer) }),
    });
    return outcome;
  }

  /** Looks until the table can be loaded, or the time is spent. */
  async #lookUntilSeen(prepared: PreparedAppend, outcome: Refusal): Promise<Absent | CommitResult> {
    try {
      const refreshed = await this.#refresh(prepared);
      return refreshed.kind === "absent" ? refreshed : this.#settled(prepared, refreshed);
    } catch (error) {
      if (!isOfTheLook(error)) throw error;
      // Even a conflict may have been the answer to our own commit.
      this.#keepsFiles = true;
      return this.#result(prepared, unknownEnd(`${outcome.reason}; then: ${error.message}`));
    }
  }

  /**
   * Loads the table anew, again and again while that fails and there is time.
   *
   * @throws the last failure.
   */
  async #refresh(prepared?: PreparedAppend): Promise<Refreshed> {
    for (let tries = 1;; tries++) {
      try {
        return await this.#writer.refresh(prepared && this.#own(prepared));
      } catch (error) {
        if (!isOfTheLook(error)) throw error;
        this.#writer.doubt();
        // With nothing posted, nothing depends on a look that is forbidden.
        if (error instanceof AuthError && this.#posts === 0) throw error;
        if (!await this.#pause(backoffMs(tries, this.#writer.pace.afterTrouble()))) throw error;
      }
    }
  }

  #own(prepared: PreparedAppend): OwnCommit {
    const { snapshotId, manifests } = prepared;
    const files = [
      ...manifests.map((manifest) => manifest.path),
      ...this.#chunks.map((chunk) => chunk.file.path),
    ];
    return { snapshotId, files };
  }

  #settled(prepared: PreparedAppend, refreshed: Exclude<Refreshed, Absent>): CommitResult {
    if (refreshed.kind === "landed") {
      this.#liveList = refreshed.manifestList;
      const { sequenceNumber } = refreshed;
      return this.#result(prepared, { state: "committed", sequenceNumber });
    }
    this.#keepsFiles ||= refreshed.isInUse;
    const { reason } = refreshed;
    if (this.#isOpen && !refreshed.isProof) return this.#result(prepared, unknownEnd(reason));
    return this.#result(prepared, { state: "failed", failure: "rejected", reason });
  }

  /** The same bytes of the same load, put into the table by another run. */
  #recordedAlready(): CommitResult | undefined {
    const found = this.#chunks.map((chunk) => this.#context.recorded.coverage(chunk.range));
    if (found.every((coverage) => coverage === "none")) return undefined;
    if (found.every((coverage) => coverage === "whole")) return { attempts: 0, state: "recorded" };
    if (this.#chunks.length > 1) return { attempts: 0, state: "mixed" };
    return {
      attempts: 0,
      state: "failed",
      failure: "split",
      reason: "another run of this load has a part of these rows in the table",
    };
  }

  /** Waits before the next step; false when the time is spent. */
  async #pause(ms: number): Promise<boolean> {
    const { stop } = this.#context;
    if (performance.now() + ms >= stop.deadlineMs(this.#deadlineMs)) return false;
    await sleep(ms, stop.isRequested ? undefined : stop.signal).catch(() => {});
    return performance.now() < stop.deadlineMs(this.#deadlineMs);
  }

  #endTurn(accepted: boolean): void {
    this.#turn?.end(accepted);
    this.#turn = undefined;
  }

  #result(
    prepared: PreparedAppend,
    end: FailedEnd | { readonly state: "committed"; readonly sequenceNumber: bigint },
  ): CommitResult {
    return {
      attempts: this.#posts,
      ...(this.#posts === 0 ? {} : { snapshotId: prepared.snapshotId }),
      ...(this.#status === undefined ? {} : { status: this.#status }),
      ...end,
    };
  }

  /** Only when every post has had a final answer; everything else is left to `clean`. */
  async #removeLitter(
    prepared: PreparedAppend | undefined,
    result: CommitResult | undefined,
  ): Promise<void> {
    await this.#takeAhead();
    // An error after a post leaves open what it has done.
    if (this.#keepsFiles || (result === undefined && this.#posts > 0)) return;
    const { store } = this.#context;
    const isCommitted = result?.state === "committed";
    const live = this.#attempts.find(({ manifestList }) => manifestList === this.#liveList);
    if (isCommitted && live === undefined) return;
    const kept = new Set(isCommitted ? [live!.manifestList, ...live!.merged] : []);
    const attempted = [
      ...this.#attempts.map(({ manifestList }) => manifestList),
      ...this.#merger?.written ?? [],
    ];
    await removeFiles(store, attempted.filter((location) => !kept.has(location)));
    if (isCommitted) return;
    await removeFiles(store, [
      ...(prepared?.manifests.map((manifest) => manifest.path) ?? []),
      // Of a mixed group, some are committed again.
      ...(result?.state === "mixed" ? [] : this.#chunks.map((chunk) => chunk.file.path)),
    ]);
  }
}

/** Whether an error is one that a look can meet, and not a fault of the tool. */
function isOfTheLook(error: unknown): error is Error {
  // Metadata whose parts do not refer to each other are a RangeError.
  return error instanceof ToolError || error instanceof RangeError;
}

function bodyOf(answer: HttpAnswer): { readonly body?: string } {
  if (answer.kind !== "response" || answer.text === "") return {};
  return { body: shownBody(answer.text) };
}
