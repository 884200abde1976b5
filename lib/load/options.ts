/** Everything that decides a load, already checked. */
import type { ParquetChoice } from "../encode/parquet/settings.ts";
import type { CsvDialect } from "../input/columns.ts";
import type { Source } from "../input/source.ts";
import type { TableName } from "../rest/catalog.ts";
import type { HttpSend } from "../rest/http.ts";
import type { PrimitiveType } from "../table/types.ts";
import type { CommitMode } from "./events.ts";
import type { Stop } from "./stop.ts";

/** The catalog to load into. */
export interface CatalogTarget {
  /** Base URI, to which `/v1/…` is added; holds no password. */
  readonly uri: string;
  /** Name or location that the catalog knows it by. */
  readonly warehouse: string;
  /** Names the catalog in messages. */
  readonly name: string;
  /** Bearer token. Secret: never shown. */
  readonly token: string;
  /** Properties given by the user; the catalog's overrides win over them. */
  readonly properties: Readonly<Record<string, string>>;
}

/** A load. */
export interface LoadOptions {
  /** Opened more than once: for a sample, to check what is recorded, and to be loaded. */
  readonly source: Source;
  /** How the source's CSV is written. */
  readonly dialect: CsvDialect;
  /** Where the table is, or will be. */
  readonly catalog: CatalogTarget;
  /** Table to append to. */
  readonly table: TableName;
  /** Whether a missing table is made, its namespace with it; else it is an error. */
  readonly createTable: boolean;
  /** From 1: writers in `per-chunk`, and threads that encode as far as cores and chunks go. */
  readonly workers: number;
  /** Rows of a chunk; undefined: 1000 in `per-chunk`, else as many as make a file of the target size. */
  readonly chunkSize: number | undefined;
  /** Size that data files should come near to, in bytes. */
  readonly targetFileSizeBytes: number;
  /** What is said of the data files; the rest is the table's. */
  readonly parquet: ParquetChoice;
  /** How chunks become snapshots. */
  readonly commitMode: CommitMode;
  /** Rows that types are inferred from; Infinity for all. */
  readonly inferRows: number;
  /** Types by CSV column in the place of inferred ones; for a table that is made now. */
  readonly columnTypes: ReadonlyMap<string, PrimitiveType>;
  /** Commits after a lost race; undefined leaves it to the table and the time. */
  readonly commitRetries: number | undefined;
  /** Time for all that one commit takes, in ms. */
  readonly commitTimeoutMs: number;
  /** Fits `LOAD_ID_PATTERN`. */
  readonly loadId: string;
  /** Whether the load may have been run before, so that the table is asked what it holds of it. */
  readonly mayResume: boolean;
  /** Sends the requests to the catalog. */
  readonly http: HttpSend;
  /** Asks the load to end early; closed by the load when it has ended. */
  readonly stop: Stop;
  /** Highest resident memory of the process so far, in bytes. */
  readonly peakRssBytes: () => number;
}
