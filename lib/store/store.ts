/** What the loader and the embedded catalog need of a place where bytes live. */

/** Bytes by absolute location (`file:///…`, a bare path, `s3://bucket/key`). */
export interface Store {
  /**
   * Writes a new object whole; it is visible only when complete. An object of that location is
   * replaced.
   *
   * @throws {StorageError | AuthError} naming the location and the reason.
   */
  write(location: string, bytes: Uint8Array, options?: WriteOptions): Promise<void>;
  /**
   * Reads an object whole.
   *
   * @throws {StorageError | AuthError} naming the location and the reason; its `cause` is the
   * store's own error.
   */
  read(location: string): Promise<Uint8Array>;
  /** Removes an object; one that is not there is no error. */
  remove(location: string): Promise<void>;
  /** Lets go of connections. */
  close(): void;
}

/** How an object is written. */
export interface WriteOptions {
  /** Media type, for stores that keep one. */
  readonly contentType?: string;
  /** Waits until the bytes are on the disk, not in its cache only. @default {true} */
  readonly sync?: boolean;
  /** Gives up when aborted. */
  readonly signal?: AbortSignal;
}

/** One request that a store made over the network, for the trace. */
export interface StoreRequest {
  readonly method: string;
  readonly url: string;
  /** HTTP status; absent when there was no answer. */
  readonly status?: number;
  /** Why there was no answer. */
  readonly error?: string;
  readonly elapsedMs: number;
}

/** Is told of every request of a store. */
export type OnStoreRequest = (request: StoreRequest) => void;
