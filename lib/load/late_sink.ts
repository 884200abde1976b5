/** A sink that is made while the first chunk is being encoded. */
import type { CommitResult, ReadyChunk } from "./commit_context.ts";
import type { CommitSink } from "./commit_sink.ts";

/** Gives all that it gets to a sink that is made when it is first asked for, in the same order. */
export class LateSink implements CommitSink {
  readonly #make: () => Promise<CommitSink>;
  #sink: Promise<CommitSink> | undefined;

  /**
   * Makes nothing yet.
   *
   * @param make is called once, by {@linkcode prepare} or with the first chunk.
   */
  constructor(make: () => Promise<CommitSink>) {
    this.#make = make;
  }

  /** Begins to make the sink, unless that has begun. A failure is that of the chunks that come. */
  prepare(): void {
    this.#made().catch(() => {});
  }

  async add(chunk: ReadyChunk): Promise<CommitResult> {
    return await (await this.#made()).add(chunk);
  }

  end(isComplete: boolean): void {
    this.#made().then((sink) => sink.end(isComplete)).catch(() => {});
  }

  #made(): Promise<CommitSink> {
    return this.#sink ??= this.#make();
  }
}
