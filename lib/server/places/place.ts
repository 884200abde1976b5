/** Where the files of a warehouse's tables lie: a local directory, or a prefix of an S3 bucket. */
import type { Store } from "../../store/store.ts";
import type { TableName } from "../failure.ts";

/** The files of one warehouse. Locations are those of tables and of their metadata files. */
export interface Place {
  /** The top of the warehouse, without a slash at its end: `file:///…` or `s3://bucket/prefix`. */
  readonly root: string;
  /** Reads and writes what lies in the warehouse. */
  readonly store: Store;
  /**
   * Finds a location for a new table that no other table has or will get, whoever asks at the same
   * time.
   */
  claim(table: TableName): Promise<ClaimedLocation>;
  /**
   * Checks a location that came from outside, and gives the one form of it that is compared with
   * others: `file:/a`, `file:///a` and `/a` are one place, `s3:`, `s3a:` and `s3n:` one store.
   *
   * @throws {RequestFailure} 400 when it lies neither in the warehouse nor below a prefix that was
   * allowed, or is not written plainly.
   */
  check(location: string): string;
  /** Makes what must be there before a file of this table is written. */
  prepare(location: string): Promise<void>;
  /** Whether there is such a file. @throws {StorageError | AuthError} */
  exists(location: string): Promise<boolean>;
  /**
   * Removes the files of a table that is gone: all below its location; where that lies outside of
   * the warehouse, `data` and `metadata` below it only.
   *
   * @throws {StorageError | AuthError} when some are left.
   */
  purge(location: string): Promise<void>;
}

/** A location that only one new table gets. */
export interface ClaimedLocation {
  /** Absolute, without a slash at its end. */
  readonly location: string;
  /** Gives it back when the table was not made; files in it stay. */
  release(): Promise<void>;
}
