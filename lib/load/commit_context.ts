/** What every commit of a load shares, what it is given, and what becomes of it. */
import type { CatalogClient, TableName } from "../rest/catalog.ts";
import type { Departures } from "../rest/departures.ts";
import type { Store } from "../store/store.ts";
import type { DataFile } from "../table/data_file.ts";
import type { WriteColumn } from "../table/write_plan.ts";
import type { Emit, FailureKind } from "./events.ts";
import type { FirstCommit } from "./first_commit.ts";
import type { LedgerRange } from "./ledger.ts";
import type { ManifestCache } from "./manifest_cache.ts";
import type { WaitSettings } from "./pace.ts";
import type { RecordedRanges } from "./recorded_ranges.ts";
import type { Stop } from "./stop.ts";

/** What every commit of a load shares. */
export interface CommitContext {
  /** The session that all writers share. */
  readonly catalog: CatalogClient;
  /** The commits that are about to leave. */
  readonly departures: Departures;
  /** The table that is loaded into. */
  readonly table: TableName;
  /** Where the table's files are read and written. */
  readonly store: Store;
  /** Manifest lists read or written so far. */
  readonly manifests: ManifestCache;
  /** Turns for the commit that makes the table's first snapshot. */
  readonly firstCommit: FirstCommit;
  /** The columns of the data files. */
  readonly columns: readonly WriteColumn[];
  /** Stands in file names and in the ledger; fits `LOAD_ID_PATTERN`. */
  readonly loadId: string;
  /** Rows of a chunk, for the ledger. */
  readonly chunkRows: number;
  /** Bytes of the source that are known to be in the table, by whichever run. */
  readonly recorded: RecordedRanges;
  /** Commits after a lost race; undefined for no limit but the time. */
  readonly retriesMax: number | undefined;
  /** Time for all that one commit takes, its retries and looks among it. */
  readonly timeoutMs: number;
  /** Bounds of the waits between attempts, by `commit.retry.*` of the table where they are set. */
  readonly backoff: WaitSettings;
  /** The wish to end early: a commit has only the grace then. */
  readonly stop: Stop;
  /** Is told of each post and of what is unusual. */
  readonly emit: Emit;
}

/** A chunk whose data file is in the store. */
export interface ReadyChunk {
  /** Position among the chunks, from 0. */
  readonly index: number;
  /** Records in the chunk, the same as in its file. */
  readonly rows: number;
  /** Where in the source its rows stand; `start` and `end` in bytes. */
  readonly range: LedgerRange;
  /** The one data file that holds them. */
  readonly file: DataFile;
  /** Whether the file has still to be synced to the disk, before its commit. @default {false} */
  readonly needsSync?: boolean;
}

/** What became of chunks that were committed together. */
export type CommitResult =
  & {
    /** Commits posted. */
    readonly attempts: number;
    /** Status of the last answer. */
    readonly status?: number;
    /** Absent when nothing was posted. */
    readonly snapshotId?: bigint;
  }
  & (
    | {
      readonly state: "committed";
      /** Of the snapshot (table spec, "Sequence Numbers"). */
      readonly sequenceNumber: bigint;
    }
    /** Another run of the same load has them in the table. */
    | { readonly state: "recorded" }
    /** It has some of them: the others are to be committed without these. */
    | { readonly state: "mixed" }
    | {
      readonly state: "failed" | "unknown";
      readonly failure: FailureKind;
      /** What was answered, or what went wrong, in words. */
      readonly reason: string;
    }
  );
