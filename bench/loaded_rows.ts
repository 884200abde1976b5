/** What a contender left, read by DuckDB and compared with the source. */
import { mustRun } from "../tests/real/parts/child.ts";
import type { S3Server } from "../tests/real/parts/s3_server.ts";
import { peerScript } from "./peers.ts";

/** A table that rows were loaded into. */
export interface LoadedTable {
  /** Location of its metadata file. */
  readonly metadata: string;
  /** The keys for it where it lies on S3. */
  readonly s3: S3Server | undefined;
}

/** Where loaded rows lie. */
export type Loaded =
  | LoadedTable
  /** Paths of Parquet files. */
  | { readonly files: readonly string[] };

interface Figures {
  readonly rows: number;
  readonly hash: string;
  readonly strange?: number;
}

/** Compares loads with their sources; the figures of a source are found once. */
export class RowCheck {
  readonly #python: string;
  readonly #sources = new Map<string, Figures>();

  /** @param python one with DuckDB and its Iceberg extension. */
  constructor(python: string) {
    this.#python = python;
  }

  /**
   * Checks that exactly the rows of the source are there.
   *
   * @throws {Error} when they are not.
   */
  async holdsAll(loaded: Loaded, options: { readonly source: string }): Promise<void> {
    const { source } = options;
    const wanted = this.#sources.get(source) ?? await this.#read({ source });
    this.#sources.set(source, wanted);
    const found = await this.#read({ source, ...loaded });
    if (found.rows === wanted.rows && found.hash === wanted.hash) return;
    throw new Error(
      `Cannot accept what was loaded: ${found.rows} of ${wanted.rows} rows, ` +
        `sum of hashes ${found.hash}, not ${wanted.hash}`,
    );
  }

  /**
   * Checks that so many rows are there, none of them strange to the source or doubled.
   *
   * @throws {Error} when it is otherwise.
   */
  async holdsSome(
    loaded: Loaded,
    options: { readonly source: string; readonly rows: number },
  ): Promise<void> {
    const { source, rows } = options;
    const found = await this.#read({ source, strange: true, ...loaded });
    if (found.rows === rows && found.strange === 0) return;
    throw new Error(
      `Cannot accept what was loaded: ${found.rows} rows where ${rows} were acknowledged, ` +
        `${found.strange} of them strange to the source`,
    );
  }

  async #read(request: Readonly<Record<string, unknown>>): Promise<Figures> {
    const stdin = JSON.stringify(request);
    return JSON.parse(await mustRun(this.#python, [peerScript("check_rows.py")], { stdin }));
  }
}
