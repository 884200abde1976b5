/** What every commit of a load shares, what it is given, and what becomes of it. */
import type { CatalogClient, TableName } from "../rest/catalog.ts";
import type { Store } from "../store/store.ts";
import type { DataFile } from "../table/data_file.ts";
import type { WriteColumn } from "../table/write_plan.ts";
import type { BackoffBounds } from "../rest/backoff.ts";
import type { Emit, FailureKind } from "./events.ts";
import type { FirstCommit } from "./first_commit.ts";
import type { LedgerRange } from "./ledger.ts";
import type { ManifestCache } from "./manifest_cache.ts";
import type { RecordedRanges } from "./recorded_ranges.ts";
import type { Stop } from "./stop.ts";

/** What every commit of a load shares. */
export interface CommitContext {
  readonly catalog: CatalogClient;
  readonly table: TableName;
  readonly store: Store;
  readonly manifests: ManifestCache;
  readonly firstCommit: FirstCommit;
  /** The columns of the data files. */
  readonly columns: readonly WriteColumn[];
  readonly loadId: string;
  /** Rows of a chunk, for the ledger. */
  readonly chunkRows: number;
  readonly recorded: RecordedRanges;
  /** Commits after a lost race; undefined for no limit but the time. */
  readonly retriesMax: number | undefined;
  /** Time for all that one commit takes. */
  readonly timeoutMs: number;
  readonly backoff: BackoffBounds;
  readonly stop: Stop;
  readonly emit: Emit;
}

/** A chunk whose data file is in the store. */
export interface ReadyChunk {
  readonly index: number;
  readonly rows: number;
  readonly range: LedgerRange;
  readonly file: DataFile;
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
      readonly sequenceNumber: bigint;
    }
    /** Another run of the same load has them in the table. */
    | { readonly state: "recorded" }
    /** It has some of them: the others are to be committed without these. */
    | { readonly state: "mixed" }
    | {
      readonly state: "failed" | "unknown";
      readonly failure: FailureKind;
      readonly reason: string;
    }
  );
