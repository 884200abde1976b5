/** Opens the catalog and looks for the table, while the input is still being looked at. */
import { type CatalogClient, connectCatalog, type LoadedTable } from "../rest/catalog.ts";
import type { LoadOptions } from "./options.ts";

/** What is known of the table before anything is changed. */
export interface OpenedTable {
  /** The session. */
  readonly catalog: CatalogClient;
  /**
   * The table, with the heads of its branches and tags for snapshots unless the load may be resumed;
   * undefined when there is none.
   */
  readonly found: LoadedTable | undefined;
}

/** Asks the catalog, and only asks: nothing is changed by it. */
export class TableOpening {
  readonly #options: LoadOptions;
  readonly #ending = new AbortController();
  #opening: Promise<OpenedTable> | undefined;

  /** Asks nothing yet. */
  constructor(options: LoadOptions) {
    this.#options = options;
    // The session lasts as long as the load, and is given up with it.
    const { graceSignal } = options.stop;
    graceSignal.addEventListener("abort", () => this.#ending.abort(graceSignal.reason), {
      once: true,
    });
  }

  /**
   * Asks, unless it has been asked.
   *
   * @throws {CatalogError | AuthError} whenever somebody waits for it.
   */
  begin(): Promise<OpenedTable> {
    if (this.#opening === undefined) {
      this.#opening = this.#open();
      // Whoever waits for it may come later.
      this.#opening.catch(() => {});
    }
    return this.#opening;
  }

  /** Waits for no answer any more. The session is over. */
  async end(): Promise<void> {
    this.#ending.abort(new DOMException("The load has ended", "AbortError"));
    await this.#opening?.catch(() => {});
  }

  async #open(): Promise<OpenedTable> {
    const { catalog: place, http, table, mayResume } = this.#options;
    const catalog = await connectCatalog({ ...place, http, signal: this.#ending.signal });
    const found = await catalog.loadTable(table, mayResume ? undefined : "heads");
    return { catalog, found };
  }
}
