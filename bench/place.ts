/** Where loads of the benchmark go when not to `serve` on local disk. */
import type { WithCatalog } from "./catalog_run.ts";

/** A catalog with its store. */
export interface Place {
  /** Ends the names for `--only` of the rows whose loads go there. */
  readonly id: string;
  /** What the table calls it. */
  readonly name: string;
  readonly within: WithCatalog;
  /** Ends what runs. */
  stop(): Promise<void>;
}

/** Servers that are ended together, the last one first. */
export class Servers {
  readonly #stack = new AsyncDisposableStack();

  /** Waits for a server's start. */
  async started<T extends { readonly stop: () => Promise<void> }>(
    starting: Promise<T>,
  ): Promise<T> {
    const server = await starting;
    this.#stack.defer(server.stop);
    return server;
  }

  /** Ends them. */
  async stop(): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
