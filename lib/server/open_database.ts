/** Opens the SQLite file of a catalog: durable, shared with other processes, of a known version. */
import { DatabaseSync } from "node:sqlite";
import { AuthError, StorageError, ToolError } from "../errors.ts";

const SCHEMA_VERSION = 2;
const BUSY_MS_MAX = 10_000;
const BUSY_PAUSE_MS = 10;
const SQLITE_BUSY = 5;

/** What makes each version out of the one before; the first out of nothing. */
const MIGRATIONS: readonly string[] = [
  `
CREATE TABLE namespaces (
  name TEXT PRIMARY KEY,
  properties TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE tables (
  namespace TEXT NOT NULL REFERENCES namespaces (name),
  name TEXT NOT NULL,
  uuid TEXT NOT NULL,
  location TEXT NOT NULL,
  metadata_location TEXT NOT NULL,
  PRIMARY KEY (namespace, name)
) STRICT, WITHOUT ROWID;
`,
  // Tables and views share their names, so they share a table.
  `
ALTER TABLE tables ADD COLUMN kind TEXT NOT NULL DEFAULT 'table';
CREATE TABLE replies (
  key TEXT PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  reply TEXT NOT NULL,
  finished_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX replies_by_age ON replies (finished_ms);
CREATE TABLE metrics_reports (
  id INTEGER PRIMARY KEY,
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  received_ms INTEGER NOT NULL,
  report TEXT NOT NULL
) STRICT;
CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`,
];

/**
 * Opens the database file and makes it when missing.
 *
 * @throws {ToolError} when it cannot be opened, is damaged, or was made by a newer version.
 */
export function openDatabase(path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: BUSY_MS_MAX });
    prepareDatabase(database, path);
    return database;
  } catch (cause) {
    database?.close();
    throw openError(path, cause);
  }
}

/** SQLite's extended result code of an error, where it has one. */
export function errorCode(error: unknown): number | undefined {
  return (error as { errcode?: number } | undefined)?.errcode;
}

/** Whether another connection kept the database locked for too long. */
export function isBusy(error: unknown): boolean {
  // The higher bits tell apart several kinds of busy; not every error of Deno's comes with a code.
  return ((errorCode(error) ?? 0) & 0xff) === SQLITE_BUSY ||
    (error instanceof Error && error.message === "database is locked");
}

/**
 * While another process makes the same database or turns it to WAL, SQLite answers "busy" at once,
 * whatever its timeout: each step is a whole that may be tried again.
 */
function prepareDatabase(database: DatabaseSync, path: string): void {
  const deadlineMs = Date.now() + BUSY_MS_MAX;
  for (;;) {
    try {
      database.exec("PRAGMA journal_mode = WAL");
      database.exec("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
      makeSchema(database, path);
      return;
    } catch (error) {
      if (!isBusy(error) || Date.now() > deadlineMs) throw error;
      pause(BUSY_PAUSE_MS);
    }
  }
}

function makeSchema(database: DatabaseSync, path: string): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    const found = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
    if (found > SCHEMA_VERSION) {
      throw new StorageError(
        `Cannot open "${path}": its version ${found} is newer than ${SCHEMA_VERSION}, the newest known here`,
        { hint: "Use the version of the tool that made it, or a newer one" },
      );
    }
    if (found < SCHEMA_VERSION) {
      for (const migration of MIGRATIONS.slice(found)) database.exec(migration);
      database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    }
    database.exec("COMMIT");
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/** Everything here is synchronous, so waiting is, too. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function openError(path: string, cause: unknown): Error {
  if (cause instanceof ToolError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `Cannot open the catalog "${path}": ${reason}`;
  if (/readonly|permission|access/i.test(reason)) {
    return new AuthError(message, { cause, hint: "Check the rights on that directory" });
  }
  return new StorageError(message, {
    cause,
    hint: "Choose another warehouse directory, or restore that file from a copy",
  });
}
