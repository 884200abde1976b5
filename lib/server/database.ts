/**
 * The catalog's memory: namespaces, and for each table and view the pointer to its metadata file, in
 * SQLite. Several connections and processes may use one database; the commit is a compare-and-swap.
 */
import { AlreadyAnswered, type TableName } from "./failure.ts";
import { errorCode, openDatabase } from "./open_database.ts";
import { type ChangeOptions, SqlConnection } from "./sql_connection.ts";

export type { ChangeOptions };

/** Name of the database file within the warehouse's directory. */
export const DATABASE_FILE = "catalog.db";

/** Parts the levels of a namespace in its key; no level may hold it. */
const LEVEL_SEPARATOR = "\x1f";
/** The character after the separator: every key below a namespace sorts before it. */
const AFTER_SEPARATOR = "\x20";

const SQLITE_CONSTRAINT_FOREIGN_KEY = 787;
const SQLITE_CONSTRAINT_PRIMARY_KEY = 1555;
/** Of the reports that clients send of their commits and scans, the last ones are kept. */
const REPORTS_MAX = 1000;

/** What a name stands for. Tables and views share their names. */
export type EntryKind = "table" | "view";

/** A table or view as the database knows it. */
export interface TableRow {
  /** `table-uuid` or `view-uuid`. */
  readonly uuid: string;
  /** The `location` of its metadata, in the form in which its place compares it. */
  readonly location: string;
  /** Where its current metadata file lies: what commits move. */
  readonly metadataLocation: string;
}

/** One table's or view's part of a commit. */
export interface PointerMove extends TableName {
  /** What is moved. @default {"table"} */
  readonly kind?: EntryKind;
  /** The pointer that the commit was built on. */
  readonly from: string;
  /** Location of the metadata file that the commit has written. */
  readonly to: string;
  /** The `location` of the new metadata, in the form in which its place compares it. */
  readonly location: string;
}

/** A table or view to be made. */
export interface NewTableRow extends TableRow, TableName {
  /** What is made. @default {"table"} */
  readonly kind?: EntryKind;
}

/** Which part of a list to give. */
export interface Page {
  /** Only names after this one. */
  readonly after?: string;
  /** Names to be given at most. @default {everything} */
  readonly limit?: number;
}

/** Why a change was not made. */
export type Refusal = "noSuchNamespace" | "noSuchTable" | "exists" | "notEmpty";

/** A change of tables or of views. */
export interface EntryOptions extends ChangeOptions {
  /** What is changed; one of the other kind under that name is not found. @default {"table"} */
  readonly kind?: EntryKind;
}

/** What a finished request was answered with, under its Idempotency-Key. */
export interface StoredReply {
  /** Tells this request from any other. */
  readonly fingerprint: string;
  /** The answer as JSON. */
  readonly reply: string;
}

/** The database of one warehouse. All methods are synchronous; none holds a lock on return. */
export class CatalogDatabase {
  readonly #sql: SqlConnection;

  /**
   * Opens the database file and makes it when missing.
   *
   * @throws {ToolError} when it cannot be opened, is damaged, or was made by a newer version.
   */
  constructor(path: string) {
    this.#sql = new SqlConnection(openDatabase(path));
  }

  /** Closes the connection; a second call does nothing. */
  close(): void {
    this.#sql.close();
  }

  /** The properties of a namespace, or undefined when it does not exist. */
  namespaceProperties(namespace: readonly string[]): Record<string, string> | undefined {
    const row = this.#sql.get("SELECT properties FROM namespaces WHERE name = ?", keyOf(namespace));
    return row === undefined ? undefined : JSON.parse(String(row["properties"]));
  }

  /** Makes a namespace and the parents that it lacks; false when it exists. */
  createNamespace(
    namespace: readonly string[],
    properties: Record<string, string>,
    options: ChangeOptions = {},
  ): boolean {
    return this.#sql.transaction(() => {
      for (let depth = 1; depth < namespace.length; depth += 1) {
        this.#sql.run(
          "INSERT INTO namespaces (name, properties) VALUES (?, '{}') ON CONFLICT DO NOTHING",
          keyOf(namespace.slice(0, depth)),
        );
      }
      return this.#sql.run(
        "INSERT INTO namespaces (name, properties) VALUES (?, ?) ON CONFLICT DO NOTHING",
        keyOf(namespace),
        JSON.stringify(properties),
      ) === 1;
    }, { ...options, isApplied: (made) => made });
  }

  /** Changes the properties of a namespace in one step; false when it does not exist. */
  changeProperties(
    namespace: readonly string[],
    change: (properties: Record<string, string>) => Record<string, string>,
    options: ChangeOptions = {},
  ): boolean {
    return this.#sql.transaction(() => {
      const properties = this.namespaceProperties(namespace);
      if (properties === undefined) return false;
      this.#sql.run(
        "UPDATE namespaces SET properties = ? WHERE name = ?",
        JSON.stringify(change(properties)),
        keyOf(namespace),
      );
      return true;
    }, { ...options, isApplied: (found) => found });
  }

  /** Removes a namespace that holds neither tables nor views nor namespaces. */
  dropNamespace(namespace: readonly string[], options: ChangeOptions = {}): Refusal | undefined {
    const key = keyOf(namespace);
    return this.#sql.transaction(() => {
      const { from, to } = rangeBelow(namespace);
      const used = this.#sql.get("SELECT 1 FROM tables WHERE namespace = ? LIMIT 1", key) ??
        this.#sql.get("SELECT 1 FROM namespaces WHERE name >= ? AND name < ? LIMIT 1", from, to);
      if (used !== undefined) return "notEmpty";
      return this.#sql.run("DELETE FROM namespaces WHERE name = ?", key) === 1
        ? undefined
        : "noSuchNamespace";
    }, { ...options, isApplied: isDone });
  }

  /** The namespaces directly below one, or the top ones for `[]`, in order of their names. */
  listNamespaces(parent: readonly string[], page: Page = {}): string[][] {
    const { from, to } = rangeBelow(parent);
    const after = page.after === undefined ? "" : from + page.after;
    const rows = this.#sql.all(
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
    return this.#list("table", namespace, page);
  }

  /** The names of the views of a namespace, in order. */
  listViews(namespace: readonly string[], page: Page = {}): string[] {
    return this.#list("view", namespace, page);
  }

  #list(kind: EntryKind, namespace: readonly string[], page: Page): string[] {
    const rows = this.#sql.all(
      `SELECT name FROM tables WHERE namespace = ? AND name > ? AND kind = ?
       ORDER BY name LIMIT ?`,
      keyOf(namespace),
      page.after ?? "",
      kind,
      page.limit ?? -1,
    );
    return rows.map((row) => String(row["name"]));
  }

  /** One table, or undefined. */
  findTable(namespace: readonly string[], name: string): TableRow | undefined {
    return this.#find("table", namespace, name);
  }

  /** One view, or undefined. */
  findView(namespace: readonly string[], name: string): TableRow | undefined {
    return this.#find("view", namespace, name);
  }

  #find(kind: EntryKind, namespace: readonly string[], name: string): TableRow | undefined {
    const row = this.#sql.get(
      `SELECT uuid, location, metadata_location FROM tables
       WHERE namespace = ? AND name = ? AND kind = ?`,
      keyOf(namespace),
      name,
      kind,
    );
    return row === undefined ? undefined : {
      uuid: String(row["uuid"]),
      location: String(row["location"]),
      metadataLocation: String(row["metadata_location"]),
    };
  }

  /** What stands under a name, or undefined for nothing. */
  kindOf(namespace: readonly string[], name: string): EntryKind | undefined {
    const row = this.#sql.get(
      "SELECT kind FROM tables WHERE namespace = ? AND name = ?",
      keyOf(namespace),
      name,
    );
    return row === undefined ? undefined : row["kind"] as EntryKind;
  }

  /** Makes a table or view. */
  insertTable(table: NewTableRow, options: ChangeOptions = {}): Refusal | undefined {
    return this.#sql.change(() => this.#insert(table), { ...options, isApplied: isDone });
  }

  /** Points a table or view at metadata from elsewhere, whatever it points at now. */
  replaceTable(table: NewTableRow, options: ChangeOptions = {}): Refusal | undefined {
    return this.#sql.transaction(() => {
      this.#delete(table, table.kind ?? "table");
      return this.#insert(table);
    }, { ...options, isApplied: isDone });
  }

  #insert(table: NewTableRow): Refusal | undefined {
    try {
      this.#sql.run(
        `INSERT INTO tables (namespace, name, kind, uuid, location, metadata_location)
         VALUES (?, ?, ?, ?, ?, ?)`,
        keyOf(table.namespace),
        table.name,
        table.kind ?? "table",
        table.uuid,
        table.location,
        table.metadataLocation,
      );
      return undefined;
    } catch (error) {
      return constraintRefusal(error);
    }
  }

  #delete(entry: TableName, kind: EntryKind): void {
    this.#sql.run(
      "DELETE FROM tables WHERE namespace = ? AND name = ? AND kind = ?",
      keyOf(entry.namespace),
      entry.name,
      kind,
    );
  }

  /**
   * The commit: moves every pointer from the place that its commit was built on, all or none.
   *
   * @returns the first move that lost its race, or undefined when all were made.
   */
  movePointers(
    moves: readonly PointerMove[],
    options: ChangeOptions = {},
  ): PointerMove | undefined {
    const move = () => moves.find((item) => !this.#movePointer(item));
    return moves.length === 1
      ? this.#sql.change(move, { ...options, isApplied: isDone })
      : this.#sql.transaction(move, { ...options, isApplied: isDone });
  }

  #movePointer(move: PointerMove): boolean {
    return this.#sql.run(
      `UPDATE tables SET metadata_location = ?, location = ?
       WHERE namespace = ? AND name = ? AND kind = ? AND metadata_location = ?`,
      move.to,
      move.location,
      keyOf(move.namespace),
      move.name,
      move.kind ?? "table",
      move.from,
    ) === 1;
  }

  /** Removes a table or view and gives what it was, or undefined when there was none. */
  dropTable(
    namespace: readonly string[],
    name: string,
    options: EntryOptions = {},
  ): TableRow | undefined {
    const { kind = "table" } = options;
    return this.#sql.transaction(() => {
      const row = this.#find(kind, namespace, name);
      if (row !== undefined) this.#delete({ namespace, name }, kind);
      return row;
    }, { ...options, isApplied: (row) => row !== undefined });
  }

  /** Gives a table or view another name, perhaps in another namespace. */
  renameTable(from: TableName, to: TableName, options: EntryOptions = {}): Refusal | undefined {
    const rename = (): Refusal | undefined => {
      try {
        const changes = this.#sql.run(
          `UPDATE tables SET namespace = ?, name = ?
           WHERE namespace = ? AND name = ? AND kind = ?`,
          keyOf(to.namespace),
          to.name,
          keyOf(from.namespace),
          from.name,
          options.kind ?? "table",
        );
        return changes === 1 ? undefined : "noSuchTable";
      } catch (error) {
        return constraintRefusal(error);
      }
    };
    return this.#sql.change(rename, { ...options, isApplied: isDone });
  }

  /** Whether the files of any table or view lie at, below or above a location. */
  isLocationShared(location: string): boolean {
    // A table above this one is found by its location being a prefix of this location.
    return this.#sql.get(
      `SELECT 1 FROM tables WHERE location = ?1 OR substr(location, 1, length(?1) + 1) = ?1 || '/'
       OR substr(?1, 1, length(location) + 1) = location || '/' LIMIT 1`,
      location,
    ) !== undefined;
  }

  /** Whether any table or view points at this metadata file. */
  isPointedAt(metadataLocation: string): boolean {
    return this.#sql.get(
      "SELECT 1 FROM tables WHERE metadata_location = ? LIMIT 1",
      metadataLocation,
    ) !== undefined;
  }

  /** What the request with this Idempotency-Key was answered with, or undefined. */
  findReply(key: string): StoredReply | undefined {
    const row = this.#sql.get("SELECT fingerprint, reply FROM replies WHERE key = ?", key);
    return row === undefined
      ? undefined
      : { fingerprint: String(row["fingerprint"]), reply: String(row["reply"]) };
  }

  /**
   * Keeps the answer to a request; call it within {@linkcode ChangeOptions.onApplied}, so that it is
   * there exactly when the change is.
   *
   * @throws {AlreadyAnswered} when the key has an answer.
   */
  storeReply(key: string, stored: StoredReply & { readonly finishedMs: number }): void {
    try {
      this.#sql.run(
        "INSERT INTO replies (key, fingerprint, reply, finished_ms) VALUES (?, ?, ?, ?)",
        key,
        stored.fingerprint,
        stored.reply,
        stored.finishedMs,
      );
    } catch (error) {
      if (errorCode(error) === SQLITE_CONSTRAINT_PRIMARY_KEY) throw new AlreadyAnswered();
      throw error;
    }
  }

  /** Forgets the answers to requests that finished before a time. */
  forgetReplies(beforeMs: number): void {
    this.#sql.run("DELETE FROM replies WHERE finished_ms < ?", beforeMs);
  }

  /** Keeps a report on a table; the oldest ones give way. */
  storeReport(table: TableName, report: string, receivedMs: number): void {
    this.#sql.transaction(() => {
      this.#sql.run(
        "INSERT INTO metrics_reports (namespace, name, received_ms, report) VALUES (?, ?, ?, ?)",
        keyOf(table.namespace),
        table.name,
        receivedMs,
        report,
      );
      this.#sql.run(
        "DELETE FROM metrics_reports WHERE id <= (SELECT max(id) FROM metrics_reports) - ?",
        REPORTS_MAX,
      );
    });
  }

  /** The reports kept of a table, the newest first. */
  listReports(table: TableName): string[] {
    return this.#sql.all(
      "SELECT report FROM metrics_reports WHERE namespace = ? AND name = ? ORDER BY id DESC",
      keyOf(table.namespace),
      table.name,
    ).map((row) => String(row["report"]));
  }

  /** A setting of this warehouse, or undefined. */
  setting(name: string): string | undefined {
    const row = this.#sql.get("SELECT value FROM settings WHERE name = ?", name);
    return row === undefined ? undefined : String(row["value"]);
  }

  /** Remembers a setting. */
  setSetting(name: string, value: string): void {
    this.#sql.run(
      "INSERT INTO settings (name, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2",
      name,
      value,
    );
  }
}

/** Changes that give back what stood in their way have been made when they give back nothing. */
function isDone(obstacle: unknown): boolean {
  return obstacle === undefined;
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
