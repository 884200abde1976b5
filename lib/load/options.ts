/** Everything that decides a load, already checked. */
import type { CsvDialect } from "../input/columns.ts";
import type { Source } from "../input/source.ts";
import type { TableName } from "../rest/catalog.ts";
import type { HttpSend } from "../rest/http.ts";
import type { PrimitiveType } from "../table/types.ts";

/** The catalog to load into. */
export interface CatalogTarget {
  readonly uri: string;
  readonly warehouse: string;
  /** Names the catalog in messages. */
  readonly name: string;
  readonly token: string;
  /** Properties given by the user; the catalog's overrides win over them. */
  readonly properties: Readonly<Record<string, string>>;
}

/** A load. */
export interface LoadOptions {
  readonly source: Source;
  readonly dialect: CsvDialect;
  readonly catalog: CatalogTarget;
  readonly table: TableName;
  readonly createTable: boolean;
  readonly workers: number;
  /** Rows of a chunk. */
  readonly chunkSize: number;
  /** Rows that types are inferred from; Infinity for all. */
  readonly inferRows: number;
  readonly columnTypes: ReadonlyMap<string, PrimitiveType>;
  /** Commits of a chunk beyond the first; undefined leaves it to the table and the time. */
  readonly commitRetries: number | undefined;
  /** Time for all commits of one chunk, in ms. */
  readonly commitTimeoutMs: number;
  readonly loadId: string;
  readonly http: HttpSend;
  /** Highest resident memory of the process so far, in bytes. */
  readonly peakRssBytes: () => number;
}
