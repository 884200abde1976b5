/**
 * A probe's dealings with the catalog beside the race itself: its namespace and its tables, which
 * hold a random id in their names. What the probe has not made is never touched.
 */
import { CatalogError, ToolError } from "../../errors.ts";
import {
  type CatalogClient,
  formatTableName,
  type LoadedTable,
  type TableName,
} from "../../rest/catalog.ts";
import { tableStoreAccess } from "../../rest/store_access.ts";
import { openStore } from "../../store/open_store.ts";
import { encodeSmallFile, RACE_SCHEMA, type SmallFile } from "./race_data.ts";
import { RaceTable } from "./race_table.ts";

/** Removed at a time. */
const REMOVALS_AT_ONCE = 16;

/** The tables of a probe. */
export class ProbeSession {
  /** Connected; its configuration has been read. */
  readonly catalog: CatalogClient;
  /** Where all tables of the probe are made. */
  readonly namespace: readonly string[];
  readonly #id = crypto.randomUUID().slice(0, 8);
  readonly #onNotice: (message: string) => void;
  /** By the JSON of its fields: another catalog may give other field ids to the same columns. */
  readonly #smallFiles = new Map<string, SmallFile>();
  readonly #tables: RaceTable[] = [];
  /** Names that may have become tables. */
  readonly #names: TableName[] = [];
  readonly #namespacesMade: Array<readonly string[]> = [];

  /**
   * Makes nothing yet.
   *
   * @param of.onNotice is told what `end` could not remove
   */
  constructor(of: {
    readonly catalog: CatalogClient;
    readonly namespace: readonly string[];
    readonly onNotice: (message: string) => void;
  }) {
    this.catalog = of.catalog;
    this.namespace = of.namespace;
    this.#onNotice = of.onNotice;
  }

  /** Makes the namespace when it is missing. @throws {CatalogError | AuthError} */
  async ensureNamespace(): Promise<void> {
    for (let depth = 1; depth <= this.namespace.length; depth++) {
      const namespace = this.namespace.slice(0, depth);
      if (await this.catalog.ensureNamespace(namespace)) this.#namespacesMade.push(namespace);
    }
  }

  /** A name that no other table has; it is dropped at the end if it has become a table. */
  newName(suffix: string): TableName {
    const table = { namespace: this.namespace, name: `probe_${this.#id}_${suffix}` };
    this.#names.push(table);
    return table;
  }

  /** Makes a table. @throws {CatalogError | AuthError | UsageError} */
  async makeTable(suffix: string): Promise<RaceTable> {
    const table = this.newName(suffix);
    const made = await this.catalog.createTable(table, {
      schema: RACE_SCHEMA,
      properties: { "format-version": "2" },
    }) ?? await this.catalog.loadTable(table);
    if (made === undefined) {
      throw new CatalogError(
        `Cannot create table "${formatTableName(table)}": the catalog says that it exists, and ` +
          "does not find it",
      );
    }
    return await this.openTable(table, made);
  }

  /** Opens a table that one of the writers has made. @throws {UsageError} */
  async openTable(table: TableName, loaded: LoadedTable): Promise<RaceTable> {
    const access = tableStoreAccess(this.catalog, { table, loaded });
    const store = await openStore(loaded.metadata.location, access.properties, {
      refresh: access.refresh,
    });
    const small = this.#smallFile(loaded);
    const opened = new RaceTable(table, { loaded, access, store, small });
    this.#tables.push(opened);
    return opened;
  }

  #smallFile({ metadata }: LoadedTable): SmallFile {
    const key = JSON.stringify(metadata.schemas);
    const known = this.#smallFiles.get(key);
    if (known !== undefined) return known;
    const made = encodeSmallFile(metadata);
    this.#smallFiles.set(key, made);
    return made;
  }

  /** Ends the session: drops what was made unless it is to be kept. Never throws. */
  async end(options: { readonly keep: boolean }): Promise<void> {
    if (options.keep) {
      for (const table of this.#tables) table.store.close();
      return;
    }
    const failures: string[] = [];
    const attempt = async (action: string, act: () => Promise<unknown>) => {
      try {
        await act();
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        failures.push(error instanceof ToolError ? reason : `Cannot ${action}: ${reason}`);
      }
    };
    for (const name of this.#names) {
      await attempt(
        `drop table "${formatTableName(name)}"`,
        () => this.catalog.dropTable(name),
      );
    }
    for (const table of this.#tables) {
      await attempt(`remove the files of "${table.id}"`, () => removeFiles(table));
      table.store.close();
    }
    for (const namespace of this.#namespacesMade.reverse()) {
      await attempt(
        `drop namespace "${namespace.join(".")}"`,
        () => this.catalog.dropNamespace(namespace),
      );
    }
    // What stands in the way of one mostly stands in the way of all.
    const [first, ...others] = failures;
    if (first === undefined) return;
    const more = others.length === 0 ? "" : ` (and ${others.length} more of the kind)`;
    this.#onNotice(
      `${first}${more}; the probe's tables are named probe_${this.#id}_… in namespace ` +
        `"${this.namespace.join(".")}"`,
    );
  }
}

/** The files of refused commits: no snapshot names them, so dropping the table leaves them. */
async function removeFiles(table: RaceTable): Promise<void> {
  if (table.written.length === 0) return;
  const there = new Set<string>();
  for await (const { location } of table.store.list(table.metadata.location)) there.add(location);
  const left = table.written.filter((location) => there.has(location));
  for (let at = 0; at < left.length; at += REMOVALS_AT_ONCE) {
    await Promise.all(
      left.slice(at, at + REMOVALS_AT_ONCE).map((location) => table.store.remove(location)),
    );
  }
}
