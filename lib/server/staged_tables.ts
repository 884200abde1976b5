/** Tables that a client has announced and not yet made (`stage-create`): where they will lie. */
import type { TableFiles } from "./storage/vending.ts";

const LIFE_MS = 60 * 60_000;
const COUNT_MAX = 10_000;

/** Remembers for an hour where announced tables will lie, in this process only. */
export class StagedTables {
  readonly #entries = new Map<
    string,
    Array<{ readonly files: TableFiles; readonly endMs: number }>
  >();

  /** Remembers a table by its key; several clients may announce the same one. */
  add(key: string, files: TableFiles, nowMs: number): void {
    const kept = (this.#entries.get(key) ?? []).filter(({ endMs }) => endMs > nowMs);
    this.#entries.delete(key);
    this.#entries.set(key, [...kept, { files, endMs: nowMs + LIFE_MS }].slice(-PER_TABLE_MAX));
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= COUNT_MAX) break;
      this.#entries.delete(oldest);
    }
  }

  /** Where the announced tables of a key will lie. */
  get(key: string, nowMs: number): TableFiles[] {
    return (this.#entries.get(key) ?? []).filter(({ endMs }) => endMs > nowMs)
      .map(({ files }) => files);
  }
}

const PER_TABLE_MAX = 100;
