/** Where the bytes of a load come from: a file, a pipe, or anything else that gives blocks. */
import { InputError, MissingInputError } from "../errors.ts";

/** Bytes read from a regular file at a time. */
const FILE_BLOCK_BYTES = 1 << 20;
/** Bytes read from a pipe at a time: a Linux pipe holds 64 KiB. */
const PIPE_BLOCK_BYTES = 1 << 16;

/** Options of {@link Source.open}. */
export interface OpenOptions {
  /**
   * The blocks are only looked at: a source that can be read once keeps them and gives them again
   * when it is opened next.
   *
   * @default false
   */
  readonly keep?: boolean;
  /**
   * A block is only lent: the next ones may take its memory. Whoever copies what is needed of each saves
   * the making of fresh ones.
   *
   * @default false
   */
  readonly lends?: boolean;
}

/** A run of bytes with a name. */
export interface Source {
  /** Name for messages and for the ledger, as the user gave it. */
  readonly name: string;
  /** Size, where it is known before reading. */
  readonly sizeBytes?: number;
  /** True for a pipe: a second `open` works only after one with `keep`. */
  readonly once?: boolean;
  /**
   * The bytes from the first one on. The blocks have any size, and belong to the consumer unless lent.
   *
   * @throws {InputError} while iterating, when reading fails
   */
  open(options?: OpenOptions): AsyncIterable<Uint8Array>;
  /** Frees what an `open` with `keep` left open. Harmless when there is nothing to free. */
  close?(): void;
}

/**
 * The source for a path: a regular file, or a pipe such as `<(zcat x.csv.gz)` makes.
 *
 * @throws {MissingInputError} when there is nothing at the path, or a directory
 * @throws {InputError} when it cannot be read
 */
export async function openSource(path: string): Promise<Source> {
  let info: Deno.FileInfo;
  try {
    info = await Deno.stat(path);
    // A file without read permission is found here, before anything is created.
    if (info.isFile) (await Deno.open(path)).close();
  } catch (cause) {
    throw openError(path, cause);
  }
  if (info.isDirectory) {
    throw new MissingInputError(`Cannot read "${path}": it is a directory`, {
      hint: "Name one CSV file",
    });
  }
  return info.isFile ? new FileSource(path, info.size) : new PipeSource(path);
}

class FileSource implements Source {
  readonly name: string;
  readonly sizeBytes: number;

  constructor(path: string, sizeBytes: number) {
    this.name = path;
    this.sizeBytes = sizeBytes;
  }

  async *open(options: OpenOptions = {}): AsyncGenerator<Uint8Array> {
    const { name } = this;
    const lent = options.lends === true
      ? [new Uint8Array(FILE_BLOCK_BYTES), new Uint8Array(FILE_BLOCK_BYTES)]
      : [];
    const file = await openFile(name);
    const read = (turn: number) =>
      readBlock(file, { name, sizeBytes: FILE_BLOCK_BYTES, into: lent[turn & 1] });
    let next = read(0);
    try {
      for (let turn = 1;; turn++) {
        const block = await next;
        if (block === undefined) return;
        // While one is looked at, the next is read.
        next = read(turn);
        yield block;
      }
    } finally {
      await next.catch(() => {});
      file.close();
    }
  }
}

class PipeSource implements Source {
  readonly name: string;
  readonly once = true;
  #file: Deno.FsFile | undefined;
  #kept: Uint8Array[] = [];
  #state: "unopened" | "open" | "ended" | "spent" = "unopened";

  constructor(path: string) {
    this.name = path;
  }

  async *open(options: OpenOptions = {}): AsyncGenerator<Uint8Array> {
    const keep = options.keep ?? false;
    if (this.#state === "spent") {
      throw new InputError(`Cannot read "${this.name}" again: a pipe can be read only once`, {
        hint: "Write it to a file first",
      });
    }
    if (this.#state === "unopened") {
      this.#file = await openFile(this.name);
      this.#state = "open";
    }
    const ended = this.#state === "ended";
    if (!keep) this.#state = "spent";
    try {
      // Each kept block is let go before it is given away, so that a replay does not hold all.
      for (let at = 0; at < this.#kept.length; at++) {
        const block = this.#kept[at] as Uint8Array;
        if (!keep) this.#kept[at] = new Uint8Array(0);
        yield block;
      }
      while (!ended) {
        const block = await this.#read();
        if (block === undefined) {
          if (keep) this.#state = "ended";
          return;
        }
        if (keep) this.#kept.push(block);
        yield block;
      }
    } finally {
      if (!keep) this.close();
    }
  }

  close(): void {
    this.#kept = [];
    this.#state = "spent";
    this.#file?.close();
    this.#file = undefined;
  }

  async #read(): Promise<Uint8Array | undefined> {
    if (this.#file === undefined) return undefined;
    return await readBlock(this.#file, { name: this.name, sizeBytes: PIPE_BLOCK_BYTES });
  }
}

async function openFile(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path);
  } catch (cause) {
    throw openError(path, cause);
  }
}

async function readBlock(
  file: Deno.FsFile,
  options: {
    readonly name: string;
    readonly sizeBytes: number;
    /** Memory to be used again. */
    readonly into?: Uint8Array | undefined;
  },
): Promise<Uint8Array | undefined> {
  const block = options.into ?? new Uint8Array(options.sizeBytes);
  let readBytes: number | null;
  try {
    readBytes = await file.read(block);
  } catch (cause) {
    throw new InputError(`Cannot read "${options.name}": ${reasonOf(cause)}`, { cause });
  }
  if (readBytes === null) return undefined;
  // A small read must not keep a large block alive.
  const isWasteful = options.into === undefined && readBytes * 2 < block.length;
  return isWasteful ? block.slice(0, readBytes) : block.subarray(0, readBytes);
}

function openError(path: string, cause: unknown): Error {
  if (cause instanceof Deno.errors.NotFound || cause instanceof Deno.errors.NotADirectory) {
    return new MissingInputError(`Cannot open "${path}": no such file`, { cause });
  }
  if (
    cause instanceof Deno.errors.PermissionDenied || cause instanceof Deno.errors.NotCapable
  ) {
    return new InputError(`Cannot open "${path}": permission denied`, { cause });
  }
  return new InputError(`Cannot open "${path}": ${reasonOf(cause)}`, { cause });
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
