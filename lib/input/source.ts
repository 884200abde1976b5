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
   * The bytes from the first one on. The blocks have any size, and belong to the consumer.
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

  async *open(): AsyncGenerator<Uint8Array> {
    const file = await openFile(this.name);
    try {
      for (;;) {
        const block = await readBlock(file, { name: this.name, sizeBytes: FILE_BLOCK_BYTES });
        if (block === undefined) return;
        yield block;
      }
    } finally {
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
  options: { readonly name: string; readonly sizeBytes: number },
): Promise<Uint8Array | undefined> {
  const block = new Uint8Array(options.sizeBytes);
  let readBytes: number | null;
  try {
    readBytes = await file.read(block);
  } catch (cause) {
    throw new InputError(`Cannot read "${options.name}": ${reasonOf(cause)}`, { cause });
  }
  if (readBytes === null) return undefined;
  // A small read must not keep a large block alive.
  return readBytes * 2 < block.length ? block.slice(0, readBytes) : block.subarray(0, readBytes);
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
