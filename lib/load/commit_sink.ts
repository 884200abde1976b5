/** How encoded chunks come to their commits: the three commit modes. */
import type { TableMetadata } from "../table/metadata.ts";
import type { Commit } from "./commit.ts";
import type { CommitResult, ReadyChunk } from "./commit_context.ts";
import type { Committer } from "./committer.ts";
import { Lanes } from "./lanes.ts";

/** Takes chunks as they become ready. */
export interface CommitSink {
  /**
   * Resolves when the chunk's commit has come to its end.
   *
   * @throws {StorageError | AuthError | CatalogError} when its files cannot be written, or the table
   * cannot be loaded, before the first post.
   */
  add(chunk: ReadyChunk): Promise<CommitResult>;
  /** No further chunk will come; `isComplete` unless the load was ended early. */
  end(isComplete: boolean): void;
}

/** `per-chunk`: every chunk is a commit of its own, and the writers race. */
export class RacingSink implements CommitSink {
  readonly #committers: Lanes<Committer>;
  /** Writes manifests while the writers are busy with the commits before. */
  readonly #scribe: Committer;
  /** Commits that no writer has taken yet, in the order of their turns. */
  readonly #waiting: Commit[] = [];
  /** The table as it will be when the commit on its way that was told of last is taken. */
  #expected: TableMetadata | undefined;

  /**
   * Each writer has one commit under way at a time.
   *
   * @param committers one at least.
   */
  constructor(committers: readonly Committer[]) {
    this.#committers = new Lanes(committers);
    this.#scribe = committers[0]!;
    for (const committer of committers) {
      committer.onExpected = (metadata) => {
        this.#expected = metadata;
        this.#writeAhead();
      };
    }
  }

  async add(chunk: ReadyChunk): Promise<CommitResult> {
    const manifests = this.#scribe.prepare([chunk]);
    // Whoever commits the chunk meets the failure; until then nobody waits for it.
    manifests.catch(() => {});
    const commit = this.#scribe.announce([chunk], manifests);
    this.#waiting.push(commit);
    return await this.#committers.use((committer) => {
      this.#waiting.shift();
      const result = committer.run(commit);
      this.#writeAhead();
      return result;
    });
  }

  end(): void {}

  /** Whose commit is on its way will most likely be the one that takes the next. */
  #writeAhead(): void {
    if (this.#expected !== undefined) this.#waiting[0]?.writeAhead(this.#expected);
  }
}

const ABANDONED: CommitResult = {
  attempts: 0,
  state: "failed",
  failure: "abandoned",
  reason: "the load ended before its only commit",
};

interface Waiting {
  readonly chunk: ReadyChunk;
  readonly resolve: (result: CommitResult) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * `grouped` and `once`: one writer takes all that is ready, so the load never races with itself;
 * `once` waits for the last chunk first.
 */
export class GroupingSink implements CommitSink {
  readonly #committer: Committer;
  readonly #waitsForAll: boolean;
  #waiting: Waiting[] = [];
  #isCommitting = false;
  #hasEnded = false;

  /**
   * Takes chunks from now on.
   *
   * @param options.waitsForAll whether nothing is committed before {@linkcode end}: `once`.
   */
  constructor(committer: Committer, options: { readonly waitsForAll: boolean }) {
    this.#committer = committer;
    this.#waitsForAll = options.waitsForAll;
  }

  add(chunk: ReadyChunk): Promise<CommitResult> {
    const { promise, resolve, reject } = Promise.withResolvers<CommitResult>();
    this.#waiting.push({ chunk, resolve, reject });
    this.#next();
    return promise;
  }

  end(isComplete: boolean): void {
    this.#hasEnded = true;
    // One snapshot holds the whole load, or nothing of it.
    if (this.#waitsForAll && !isComplete) {
      for (const member of this.#waiting.splice(0)) member.resolve(ABANDONED);
    }
    this.#next();
  }

  #next(): void {
    if (this.#isCommitting || this.#waiting.length === 0) return;
    if (this.#waitsForAll && !this.#hasEnded) return;
    const group = this.#waiting;
    this.#waiting = [];
    this.#isCommitting = true;
    void this.#commit(group);
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    try {
      await this.#settle(group);
    } catch (error) {
      // Those that have been resolved are not touched by this.
      for (const member of group) member.reject(error);
    } finally {
      this.#isCommitting = false;
      this.#next();
    }
  }

  async #settle(group: readonly Waiting[]): Promise<void> {
    const result = await this.#committer.commit(group.map((member) => member.chunk));
    if (result.state !== "mixed") {
      for (const member of group) member.resolve(result);
      return;
    }
    // Another run has a part of them: the others are committed without it.
    const { recorded } = this.#committer.context;
    const rest: Waiting[] = [];
    for (const member of group) {
      if (recorded.coverage(member.chunk.range) === "none") rest.push(member);
      else member.resolve(await this.#committer.commit([member.chunk]));
    }
    if (rest.length > 0) await this.#settle(rest);
  }
}
