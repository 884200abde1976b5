/** One connection to SQLite: statements prepared once, and changes that are made whole or not at all. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { RequestFailure } from "./failure.ts";
import { isBusy } from "./open_database.ts";

/** A row as SQLite gives it. */
export type Row = Record<string, unknown>;

/** How a change is made. */
export interface ChangeOptions {
  /**
   * Runs within the change's transaction once it is certain to be made: what it writes is there
   * when the change is, and only then. What it throws undoes the change.
   */
  readonly onApplied?: () => void;
}

/** How a transaction ends. */
export interface TransactionOptions<T> extends ChangeOptions {
  /** Whether the result says that there is something to keep. @default {always} */
  readonly isApplied?: (result: T) => boolean;
}

/**
 * A connection. Every method throws a {@linkcode RequestFailure} 503 when another process keeps the
 * database locked for too long; then nothing was changed.
 */
export class SqlConnection {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /** Takes over a database that is open: `close` closes it. */
  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Closes it; a second call does nothing. */
  close(): void {
    this.#statements.clear();
    if (this.#database.isOpen) this.#database.close();
  }

  /** The first row, or undefined. */
  get(sql: string, ...values: Array<string | number>): Row | undefined {
    return retellBusy(() => this.#statement(sql).get(...values)) as Row | undefined;
  }

  /** All rows. */
  all(sql: string, ...values: Array<string | number>): Row[] {
    return retellBusy(() => this.#statement(sql).all(...values));
  }

  /** Runs a change. @returns how many rows it has changed */
  run(sql: string, ...values: Array<string | number>): number {
    return Number(retellBusy(() => this.#statement(sql).run(...values)).changes);
  }

  /** A change of one statement, which is a transaction by itself unless something goes with it. */
  change<T>(work: () => T, options: TransactionOptions<T>): T {
    return options.onApplied === undefined ? work() : this.transaction(work, options);
  }

  /**
   * Runs `work` whole or not at all.
   *
   * @throws what `work` or `onApplied` throws; then nothing was changed.
   */
  transaction<T>(work: () => T, options: TransactionOptions<T> = {}): T {
    retellBusy(() => this.#database.exec("BEGIN IMMEDIATE"));
    try {
      const result = work();
      const isApplied = options.isApplied?.(result) ?? true;
      if (isApplied) options.onApplied?.();
      retellBusy(() => this.#database.exec(isApplied ? "COMMIT" : "ROLLBACK"));
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
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
