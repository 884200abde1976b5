/**
 * The catalog's memory: namespaces, and for each table the pointer to its metadata file, in SQLite.
 * Several connections and processes may use one database; the commit is a compare-and-swap.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { RequestFailure } from "./failure.ts";
import { errorCode, isBusy, openDatabase } from "./open_database.ts";

/** Name of the database file within the warehouse's directory. */
export const DATABASE_FILE = "catalog.db";

/** Parts the levels of a namespace in its key; no level may hold it. */
const LEVEL_SEPARATOR = "\x1f";
/** The character after the separator: every key below a namespace sorts before it. */
const AFTER_SEPARATOR = "\x20";

const SQLITE_CONSTRAINT_FOREIGN_KEY = 787;
const SQLITE_CONSTRAINT_PRIMARY_KEY = 1555;

/** A table as the database knows it. */
export interface TableRow {
  readonly uuid: string;
  readonly location: string;
  readonly metadataLocation: string;
}

/** One table's part of a commit. */
export interface PointerMove {
  readonly namespace: readonly string[];
  readonly name: string;
  /** The pointer that the commit was built on. */
  readonly from: string;
  readonly to: string;
  readonly location: string;
}

/** A table to be made. */
export interface NewTableRow extends TableRow {
  readonly namespace: readonly string[];
  readonly name: string;
}

/** Which part of a list to give. */
export interface Page {
  /** Only names after this one. */
  readonly after?: string;
  /** @default {everything} */
  readonly limit?: number;
}

/** Why a change was not made. */
export type Refusal = "noSuchNamespace" | "noSuchTable" | "exists" | "notEmpty";

/** The database of one warehouse. All methods are synchronous; none holds a lock on return. */
export class CatalogDatabase {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /**
   * Opens the database file and makes it when missing.
   *
   * @throws {ToolError} when it cannot be opened, is damaged, or was made by a newer version.
   */
  constructor(path: string) {
    this.#database = openDatabase(path);
  }

  /** Closes the connection; a second call does nothing. */
  close(): void {
    this.#statements.clear();
    if (this.#database.isOpen) this.#database.close();
  }

  /** The properties of a namespace, or undefined when it does not exist. */
  namespaceProperties(namespace: readonly string[]): Record<string, string> | undefined {
    const row = this.#get("SELECT properties FROM namespaces WHERE name = ?", keyOf(namespace));
    return row === undefined ? undefined : JSON.parse(String(row["properties"]));
  }

  /** Makes a namespace and the parents that it lacks; false when it exists. */
  createNamespace(namespace: readonly string[], properties: Record<string, string>): boolean {
    return this.#transaction(() => {
      for (let depth = 1; depth < namespace.length; depth += 1) {
        this.#run(
          "INSERT INTO namespaces (name, properties) VALUES (?, '{}') ON CONFLICT DO NOTHING",
          keyOf(namespace.slice(0, depth)),
        );
      }
      return this.#run(
        "INSERT INTO namespaces (name, properties) VALUES (?, ?) ON CONFLICT DO NOTHING",
        keyOf(namespace),
        JSON.stringify(properties),
      ) === 1;
    });
  }

  /** Changes the properties of a namespace in one step; false when it does not exist. */
  changeProperties(
    namespace: readonly string[],
    change: (properties: Record<string, string>) => Record<string, string>,
  ): boolean {
    return this.#transaction(() => {
      const properties = this.namespaceProperties(namespace);
      if (properties === undefined) return false;
      this.#run(
        "UPDATE namespaces SET properties = ? WHERE name = ?",
        JSON.stringify(change(properties)),
        keyOf(namespace),
      );
      return true;
    });
  }

  /** Removes a namespace that holds neither tables nor namespaces. */
  dropNamespace(namespace: readonly string[]): Refusal | undefined {
    const key = keyOf(namespace);
    return this.#transaction(() => {
      const { from, to } = rangeBelow(namespace);
      const used = this.#get("SELECT 1 FROM tables WHERE namespace = ? LIMIT 1", key) ??
        this.#get("SELECT 1 FROM namespaces WHERE name >= ? AND name < ? LIMIT 1", from, to);
      if (used !== undefined) return "notEmpty";
      return this.#run("DELETE FROM namespaces WHERE name = ?", key) === 1
        ? undefined
        : "noSuchNamespace";
    });
  }

  /** The namespaces directly below one, or the top ones for `[]`, in order of their names. */
  listNamespaces(parent: readonly string[], page: Page = {}): string[][] {
    const { from, to } = rangeBelow(parent);
    const after = page.after === undefined ? "" : from + page.after;
    const rows = this.#all(
      `SELECT name FROM namespaces WHERE name >= ? AND name < ? AND name > ?
       AND instr(substr(name, ?), char(31)) = 0 ORDER BY name LIMIT ?`,
      from,
      to,
      after,
      // Strings of JavaScript count UTF-16 units where SQLite counts characters.
      [...from].length + 1,
      page.limit ?? -1,
    );
    return rows.map((row) => String(row["name"]).split(LEVEL_SEPARATOR));
  }

  /** The names of the tables of a namespace, in order. */
  listTables(namespace: readonly string[], page: Page = {}): string[] {
    const rows = this.#all(
      "SELECT name FROM tables WHERE namespace = ? AND name > ? ORDER BY name LIMIT ?",
      keyOf(namespace),
      page.after ?? "",
      page.limit ?? -1,
    );
    return rows.map((row) => String(row["name"]));
  }

  /** One table, or undefined. */
  findTable(namespace: readonly string[], name: string): TableRow | undefined {
    const row = this.#get(
      "SELECT uuid, location, metadata_location FROM tables WHERE namespace = ? AND name = ?",
      keyOf(namespace),
      name,
    );
    return row === undefined ? undefined : {
      uuid: String(row["uuid"]),
      location: String(row["location"]),
      metadataLocation: String(row["metadata_location"]),
    };
  }

  /** Makes a table. */
  insertTable(table: NewTableRow): Refusal | undefined {
    try {
      this.#run(
        `INSERT INTO tables (namespace, name, uuid, location, metadata_location)
         VALUES (?, ?, ?, ?, ?)`,
        keyOf(table.namespace),
        table.name,
        table.uuid,
        table.location,
        table.metadataLocation,
      );
      return undefined;
    } catch (error) {
      return constraintRefusal(error);
    }
  }

  /** Points a table at metadata from elsewhere, whatever it points at now. */
  replaceTable(table: NewTableRow): Refusal | undefined {
    return this.#transaction(() => {
      this.#run(
        "DELETE FROM tables WHERE namespace = ? AND name = ?",
        keyOf(table.namespace),
        table.name,
      );
      return this.insertTable(table);
    });
  }

  /**
   * The commit: moves every pointer from the place that its commit was built on, all or none.
   *
   * @returns the first move that lost its race, or undefined when all were made.
   */
  movePointers(moves: readonly PointerMove[]): PointerMove | undefined {
    if (moves.length === 1) return this.#movePointer(moves[0]!) ? undefined : moves[0];
    let lost: PointerMove | undefined;
    this.#transaction(() => {
      lost = moves.find((move) => !this.#movePointer(move));
      return lost === undefined;
    }, { keep: (moved) => moved });
    return lost;
  }

  #movePointer(move: PointerMove): boolean {
    return this.#run(
      `UPDATE tables SET metadata_location = ?, location = ?
       WHERE namespace = ? AND name = ? AND metadata_location = ?`,
      move.to,
      move.location,
      keyOf(move.namespace),
      move.name,
      move.from,
    ) === 1;
  }

  /** Removes a table and gives what it was, or undefined when there was none. */
  dropTable(namespace: readonly string[], name: string): TableRow | undefined {
    return this.#transaction(() => {
      const row = this.findTable(namespace, name);
      if (row !== undefined) {
        this.#run(
          "DELETE FROM tables WHERE namespace = ? AND name = ?",
          keyOf(namespace),
          name,
        );
      }
      return row;
    });
  }

  /** Gives a table another name, perhaps in another namespace. */
  renameTable(
    from: { readonly namespace: readonly string[]; readonly name: string },
    to: { readonly namespace: readonly string[]; readonly name: string },
  ): Refusal | undefined {
    try {
      const changes = this.#run(
        "UPDATE tables SET namespace = ?, name = ? WHERE namespace = ? AND name = ?",
        keyOf(to.namespace),
        to.name,
        keyOf(from.namespace),
        from.name,
      );
      return changes === 1 ? undefined : "noSuchTable";
    } catch (error) {
      return constraintRefusal(error);
    }
  }

  /** Whether the files of any table lie at, below or above a location. */
  isLocationShared(location: string): boolean {
    // A table above this one is found by its location being a prefix of this location.
    return this.#get(
      `SELECT 1 FROM tables WHERE location = ?1 OR substr(location, 1, length(?1) + 1) = ?1 || '/'
       OR substr(?1, 1, length(location) + 1) = location || '/' LIMIT 1`,
      location,
    ) !== undefined;
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #get(sql: string, ...values: Array<string | number>): Record<string, unknown> | undefined {
    return retellBusy(() => this.#statement(sql).get(...values)) as
      | Record<string, unknown>
      | undefined;
  }

  #all(sql: string, ...values: Array<string | number>): Array<Record<string, unknown>> {
    return retellBusy(() => this.#statement(sql).all(...values));
  }

  #run(sql: string, ...values: Array<string | number>): number {
    return Number(retellBusy(() => this.#statement(sql).run(...values)).changes);
  }

  #transaction<T>(work: () => T, options: { keep?: (result: T) => boolean } = {}): T {
    retellBusy(() => this.#database.exec("BEGIN IMMEDIATE"));
    try {
      const result = work();
      this.#database.exec(options.keep?.(result) ?? true ? "COMMIT" : "ROLLBACK");
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }
}

/** A database that stays locked is no fault of the request, and nothing was changed. */
function retellBusy<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!isBusy(error)) throw error;
    throw new RequestFailure(
      503,
      "ServiceUnavailableException",
      "Cannot use the catalog: another process holds its database",
    );
  }
}

function constraintRefusal(error: unknown): Refusal {
  switch (errorCode(error)) {
    case SQLITE_CONSTRAINT_FOREIGN_KEY:
      return "noSuchNamespace";
    case SQLITE_CONSTRAINT_PRIMARY_KEY:
      return "exists";
    default:
      throw error;
  }
}

function keyOf(namespace: readonly string[]): string {
  return namespace.join(LEVEL_SEPARATOR);
}

function rangeBelow(parent: readonly string[]): { readonly from: string; readonly to: string } {
  if (parent.length === 0) return { from: "", to: "\u{10ffff}" };
  const key = keyOf(parent);
  return { from: key + LEVEL_SEPARATOR, to: key + AFTER_SEPARATOR };
}
