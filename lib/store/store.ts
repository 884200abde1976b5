/** What the loader and the embedded catalog need of a place where bytes live. */

/** Bytes by absolute location (`file:///…`, a bare path, `s3://bucket/key`). */
export interface Store {
  /**
   * Writes a new object whole; it is visible only when complete, unless nobody looks for it before
   * that ({@linkcode WriteOptions.isNew}). An object of that location is replaced. The store's own word is taken on the size before this ends, so that no object can be
   * committed that is not whole.
   *
   * @throws {StorageError | AuthError} naming the location and the reason. The object may be there
   * all the same, but for a file on disk.
   */
  write(location: string, bytes: Uint8Array, options?: WriteOptions): Promise<void>;
  /**
   * Reads an object whole.
   *
   * @throws {StorageError | AuthError} naming the location and the reason; its `cause` is the
   * store's own error.
   */
  read(location: string): Promise<Uint8Array>;
  /**
   * Size of an object in bytes, or undefined when there is none.
   *
   * @throws {StorageError | AuthError}
   */
  sizeOf(location: string): Promise<number | undefined>;
  /**
   * Every object below a directory, at any depth and in no certain order; none when the directory
   * is missing. What a write that was cut short has left (`.part` files on disk) comes too.
   *
   * @param directory a location, with or without a slash at its end. The locations found begin
   * with it.
   * @throws {StorageError | AuthError}
   */
  list(directory: string): AsyncIterable<StoredObject>;
  /** Removes an object; one that is not there is no error. */
  remove(location: string): Promise<void>;
  /** Lets go of connections; what is still under way over the network fails. */
  close(): void;
}

/** An object as {@linkcode Store.list} finds it. */
export interface StoredObject {
  /** Begins with the directory that was listed, as it was written there. */
  readonly location: string;
  /** Size in bytes. */
  readonly sizeBytes: number;
  /** When it was last written, by the store's clock, in ms since 1970. */
  readonly modifiedMs: number;
}

/** How an object is written. */
export interface WriteOptions {
  /** Media type, for stores that keep one. */
  readonly contentType?: string;
  /** Waits until the bytes are on the disk, not in its cache only. @default {true} */
  readonly sync?: boolean;
  /**
   * Whether nothing can be at the location yet, and nobody looks for it before the write has ended,
   * as with names made of a new UUID: a disk need not keep two states apart then. @default {false}
   */
  readonly isNew?: boolean;
  /**
   * Objects written before with `sync: false`, which are to be on the disk when this one is: a disk
   * takes about as long for several as for one. @default none
   */
  readonly syncToo?: readonly string[];
  /**
   * Is told when all that is left is to wait for the store, and there will be time for something else:
   * the bytes must stay as they are until the write has ended. It may come more than once, and not at
   * all when the wait is short or the write fails.
   */
  readonly onSent?: () => void;
  /** Gives up when aborted. */
  readonly signal?: AbortSignal;
}

/** One request that a store made over the network, for the trace. */
export interface StoreRequest {
  /** HTTP method. */
  readonly method: string;
  /** Without its query, which may hold secrets. */
  readonly url: string;
  /** HTTP status; absent when there was no answer. */
  readonly status?: number;
  /** Why there was no answer. */
  readonly error?: string;
  /** Until the answer's head, or until the request had failed. */
  readonly elapsedMs: number;
}

/** Is told of every request of a store. */
export type OnStoreRequest = (request: StoreRequest) => void;
