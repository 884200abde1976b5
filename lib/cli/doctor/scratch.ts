/** The namespace, the table and the object that `doctor` makes, and their removal. */
import { ToolError } from "../../errors.ts";
import { type CatalogClient, formatTableName, type LoadedTable } from "../../rest/catalog.ts";
import type { Store } from "../../store/store.ts";
import { pathOfLocation } from "../../store/file_store.ts";

/** Begins the names of all that is made, so that nobody takes it for his own. */
const NAME_PREFIX = "lakekeeper_ingest_doctor_";

/** What came of a removal: one text for each thing, with the reason. */
export interface Removal {
  /** What is still there. */
  readonly left: readonly string[];
  /** The catalog says that it is gone, and the store does not let it be seen. */
  readonly unseen: readonly string[];
}

/** What has been made, or may have been. */
export class Scratch {
  /** Its own namespace. */
  readonly namespace: readonly string[];
  /** Name of the table in whatever namespace. */
  readonly tableName: string;
  /** Where the table is, or may be: in its own namespace, or in one that was there. */
  tableIn: readonly string[] | undefined;
  /** Whether the namespace was asked for, and may be there. */
  mayHaveNamespace = false;
  /** The table, once it is known to be there. */
  table: LoadedTable | undefined;
  /** The store of the table's files, once it is open. */
  store: Store | undefined;
  /** Location of the object, once it may be there. */
  object: string | undefined;
  /** Whether the store has taken a file from here, and so lets itself be looked at. */
  hasWritten = false;

  constructor() {
    const own = crypto.randomUUID().slice(0, 8);
    this.namespace = [`${NAME_PREFIX}${own}`];
    this.tableName = `${NAME_PREFIX}${own}_table`;
  }

  /** Whether there is anything to be removed. */
  get isEmpty(): boolean {
    return !this.mayHaveNamespace && this.tableIn === undefined;
  }

  /**
   * Removes all of it. Goes on after a failure.
   *
   * @param catalog a session that no interruption ends.
   * @returns what could not be removed, with the reasons, and what could not even be looked for.
   */
  async remove(catalog: CatalogClient): Promise<Removal> {
    const left: string[] = [];
    const unseen: string[] = [];
    const attempt = async (what: string, remove: () => Promise<unknown>, list = left) => {
      try {
        await remove();
      } catch (error) {
        if (!(error instanceof ToolError)) throw error;
        list.push(`${what} (${error.message})`);
      }
    };
    const { object, store, tableIn } = this;
    const name = { namespace: tableIn ?? [], name: this.tableName };
    const table = formatTableName(name);
    let isDropped = false;
    if (tableIn !== undefined) {
      await attempt(`table ${table}`, async () => {
        await catalog.dropTable(name);
        isDropped = true;
      });
    }
    if (store !== undefined && isDropped && this.#ownLocation() !== undefined) {
      const list = this.hasWritten ? left : unseen;
      await attempt(`files of table ${table}`, () => this.#removeFiles(store), list);
    } else if (store !== undefined && object !== undefined && this.hasWritten) {
      await attempt(`object ${object}`, () => store.remove(object));
    }
    if (this.mayHaveNamespace) {
      await attempt(
        `namespace ${this.namespace.join(".")}`,
        () => catalog.dropNamespace(this.namespace),
      );
      await this.#removeEmptyDirectory();
    }
    return { left, unseen };
  }

  /** What a catalog that does not purge at once leaves in the table's own directory. */
  async #removeFiles(store: Store): Promise<void> {
    const location = this.#ownLocation();
    if (location === undefined) return;
    const found: string[] = [];
    for await (const file of store.list(location)) found.push(file.location);
    for (const file of found) await store.remove(file);
  }

  /** The table's location, if nothing else can lie there: it is named for the table. */
  #ownLocation(): string | undefined {
    const metadata = this.table?.metadata;
    if (metadata === undefined) return undefined;
    const { location, "table-uuid": uuid } = metadata;
    return location.includes(this.tableName) || location.includes(uuid) ? location : undefined;
  }

  /** The embedded catalog makes a directory for a namespace's tables. */
  async #removeEmptyDirectory(): Promise<void> {
    const location = this.#ownLocation();
    if (location === undefined || !/^(?:file:|\/)/.test(location)) return;
    const parent = pathOfLocation(location).replace(/\/+[^/]*\/*$/, "");
    // One that is not empty, or was never here, stays as it is.
    if (parent.endsWith(`/${this.namespace[0]}`)) await Deno.remove(parent).catch(() => {});
  }
}
