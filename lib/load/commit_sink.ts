/** How encoded chunks come to their commits: the three commit modes. */
import type { CommitResult, ReadyChunk } from "./commit_context.ts";
import type { Committer } from "./committer.ts";
import { Lanes } from "./lanes.ts";

/** Takes chunks as they become ready. */
export interface CommitSink {
  /** Resolves when the chunk's commit has come to its end. */
  add(chunk: ReadyChunk): Promise<CommitResult>;
  /** No further chunk will come; `isComplete` unless the load was ended early. */
  end(isComplete: boolean): void;
}

/** `per-chunk`: every chunk is a commit of its own, and the writers race. */
export class RacingSink implements CommitSink {
  readonly #committers: Lanes<Committer>;

  constructor(committers: readonly Committer[]) {
    this.#committers = new Lanes(committers);
  }

  add(chunk: ReadyChunk): Promise<CommitResult> {
    return this.#committers.use((committer) => committer.commit([chunk]));
  }

  end(): void {}
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
