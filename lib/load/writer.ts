/** What a commit needs of the writer that makes it. */
import type { TableMetadata } from "../table/metadata.ts";
import type { CommitContext } from "./commit_context.ts";
import type { WrittenFor } from "./fitness.ts";
import type { Pace } from "./pace.ts";

/** What a commit of ours is known by. */
export interface OwnCommit {
  /** The same for all attempts. */
  readonly snapshotId: bigint;
  /** Its manifests and data files. */
  readonly files: readonly string[];
}

/** What the table, loaded anew, shows of our commit. */
export type Refreshed =
  | {
    readonly kind: "landed";
    readonly sequenceNumber: bigint;
    /** The attempt that is the live one, where the history tells it. */
    readonly manifestList: string | undefined;
  }
  /** It can never be made on this table any more. */
  | {
    readonly kind: "impossible";
    readonly reason: string;
    /** Whether its files are in use all the same. */
    readonly isInUse: boolean;
    /** Whether it surely is not in the table. */
    readonly isProof: boolean;
  }
  | {
    /** No trace of ours. */
    readonly kind: "absent";
    readonly head: bigint | undefined;
    readonly schemaId: number;
    /** Whether no trace means that it is not there. */
    readonly isProof: boolean;
  };

/** A writer, as its commits see it. */
export interface Writer {
  /** Tells the load's writers apart, from 0. */
  readonly number: number;
  /** Shared by all writers of the load. */
  readonly context: CommitContext;
  /** What the files are written for; a table that no longer fits it refuses them. */
  readonly writtenFor: WrittenFor;
  /** The time that its commits have taken. */
  readonly pace: Pace;
  /** The table as it was last seen. */
  base(): TableMetadata;
  /** Whether the table may not be as it was last seen. */
  readonly isStale: boolean;
  /** Takes the metadata that answered an own commit for the new base. */
  adopt(metadata: TableMetadata, snapshotId: bigint): void;
  /** The table may not be as it was seen. */
  doubt(): void;
  /** The table as it will be if a commit on its way is taken; undefined when it has been answered. */
  expect(metadata: TableMetadata | undefined): void;
  /**
   * Loads the table, looks for a commit of ours in what is new, and takes it for the new base.
   *
   * @throws {CatalogError | AuthError | StorageError} when it cannot be loaded.
   */
  refresh(own?: OwnCommit): Promise<Refreshed>;
}
