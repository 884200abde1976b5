/** Everything that decides a load, already checked. */
import type { CsvDialect } from "../input/columns.ts";
import type { Source } from "../input/source.ts";
import type { TableName } from "../rest/catalog.ts";
import type { HttpSend } from "../rest/http.ts";
import type { PrimitiveType } from "../table/types.ts";
import type { CommitMode } from "./events.ts";
import type { Stop } from "./stop.ts";

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
  /** Rows of a chunk; undefined: 1000 in `per-chunk`, else as many as make a file of the target size. */
  readonly chunkSize: number | undefined;
  /** Size that data files should come near to, in bytes. */
  readonly targetFileSizeBytes: number;
  readonly commitMode: CommitMode;
  /** Rows that types are inferred from; Infinity for all. */
  readonly inferRows: number;
  readonly columnTypes: ReadonlyMap<string, PrimitiveType>;
  /** Commits after a lost race; undefined leaves it to the table and the time. */
  readonly commitRetries: number | undefined;
  /** Time for all that one commit takes, in ms. */
  readonly commitTimeoutMs: number;
  /** Fits `LOAD_ID_PATTERN`. */
  readonly loadId: string;
  /** Whether the load may have been run before, so that the table is asked what it holds of it. */
  readonly mayResume: boolean;
  readonly http: HttpSend;
  readonly stop: Stop;
  /** Highest resident memory of the process so far, in bytes. */
  readonly peakRssBytes: () => number;
}
