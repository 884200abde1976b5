/**
 * A store on the local disk: files appear whole (written beside, synced, then renamed), but for those
 * that nobody looks for yet.
 */
import { AuthError, StorageError } from "../errors.ts";
import type { Store, StoredObject, WriteOptions } from "./store.ts";

/**
 * The path of a `file:` location or of a bare absolute path. Iceberg writers use `file:/a`,
 * `file:///a` and `/a` for the same file; bytes that a URL would escape stand as they are.
 *
 * @throws {StorageError} when the location is neither.
 */
export function pathOfLocation(location: string): string {
  if (location.startsWith("/") || /^[A-Za-z]:[\\/]/.test(location)) return location;
  const match = /^file:(?:\/\/(?:localhost)?(?=\/)|(?!\/\/))(\/.*)$/s.exec(location);
  if (match === null) {
    throw new StorageError(`Cannot use "${location}" as a local file: not a file location`);
  }
  return match[1]!;
}

/**
 * Up to this a file is written to the disk's cache at once: the way to another thread and back takes
 * several times as long, for each step. What waits for the disk itself always goes there.
 */
const AT_ONCE_BYTES = 256 * 1024;

/** Opens the local disk. */
export function openFileStore(): Store {
  const madeDirectories = new Set<string>();
  return {
    async write(location: string, bytes: Uint8Array, options: WriteOptions = {}): Promise<void> {
      const path = pathOfLocation(location);
      const directory = directoryOf(path);
      const { sync = true, isNew = false, syncToo = [], onSent = () => {} } = options;
      // The name of what replaces something must not be on the disk before its bytes.
      const part = isNew ? path : `${path}.${crypto.randomUUID()}.part`;
      const place = async () => {
        options.signal?.throwIfAborted();
        if (!madeDirectories.has(directory)) {
          await Deno.mkdir(directory, { recursive: true });
          madeDirectories.add(directory);
        }
        if (sync) {
          using file = bytes.length <= AT_ONCE_BYTES
            ? writeAtOnce(part, bytes)
            : await writeWhole(part, bytes);
          const paths = syncToo.map(pathOfLocation);
          const directories = new Set([...isNew ? [directory] : [], ...paths.map(directoryOf)]);
          // Two waits for the disk at once take about as long as one.
          const synced = Promise.all([
            file.syncData(),
            ...paths.map(syncFile),
            ...[...directories].map(syncDirectory),
          ]);
          onSent();
          await synced;
        } else if (bytes.length <= AT_ONCE_BYTES) {
          writeAtOnce(part, bytes).close();
        } else {
          // One way to another thread, where the steps by themselves take three.
          await Deno.writeFile(part, bytes, { createNew: true });
        }
        checkSize(part, bytes.length);
        if (isNew) return;
        renameAtOnce(part, path);
        if (sync) await syncDirectory(directory);
      };
      try {
        await place().catch(async (error) => {
          // Someone has removed the directory since it was made here.
          if (!(error instanceof Deno.errors.NotFound && madeDirectories.delete(directory))) {
            throw error;
          }
          await Deno.remove(part).catch(() => {});
          await place();
        });
      } catch (cause) {
        // What was there before is not ours.
        if (!(cause instanceof Deno.errors.AlreadyExists)) await Deno.remove(part).catch(() => {});
        throw storageError("write", path, cause);
      }
    },
    async read(location: string): Promise<Uint8Array> {
      const path = pathOfLocation(location);
      try {
        return await Deno.readFile(path);
      } catch (cause) {
        throw storageError("read", path, cause);
      }
    },
    async sizeOf(location: string): Promise<number | undefined> {
      const path = pathOfLocation(location);
      try {
        return (await Deno.stat(path)).size;
      } catch (cause) {
        if (cause instanceof Deno.errors.NotFound) return undefined;
        throw storageError("look for", path, cause);
      }
    },
    list(directory: string): AsyncIterable<StoredObject> {
      return filesBelow(directory.replace(/(?<=.)\/+$/, ""));
    },
    async remove(location: string): Promise<void> {
      const path = pathOfLocation(location);
      try {
        await Deno.remove(path);
      } catch (cause) {
        if (cause instanceof Deno.errors.NotFound) return;
        throw storageError("remove", path, cause);
      }
    },
    close(): void {},
  };
}

/** @returns the file, still open. */
function writeAtOnce(path: string, bytes: Uint8Array): Deno.FsFile {
  const file = Deno.openSync(path, { write: true, createNew: true });
  try {
    let written = 0;
    while (written < bytes.length) written += file.writeSync(bytes.subarray(written));
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

/** @returns the file, still open. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<Deno.FsFile> {
  const file = await Deno.open(path, { write: true, createNew: true });
  try {
    let written = 0;
    while (written < bytes.length) written += await file.write(bytes.subarray(written));
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Some disks over a network say of a full one only when the file is closed, or never. */
function checkSize(path: string, sizeBytes: number): void {
  const { size } = Deno.statSync(path);
  if (size !== sizeBytes) throw new Error(`only ${size} of ${sizeBytes} bytes are there`);
}

/** A link is not followed: what it points to belongs to somebody else. */
async function* filesBelow(location: string): AsyncGenerator<StoredObject> {
  const path = pathOfLocation(location);
  try {
    for await (const entry of Deno.readDir(path)) {
      if (entry.isDirectory) {
        yield* filesBelow(`${location}/${entry.name}`);
      } else if (entry.isFile) {
        const info = await Deno.stat(`${path}/${entry.name}`).catch((error) => {
          if (error instanceof Deno.errors.NotFound) return undefined;
          throw error;
        });
        // It has gone since the directory was read.
        if (info === undefined) continue;
        yield {
          location: `${location}/${entry.name}`,
          sizeBytes: info.size,
          // One without a time counts as new, so that nobody takes it for old.
          modifiedMs: info.mtime?.getTime() ?? Date.now(),
        };
      }
    }
  } catch (cause) {
    if (cause instanceof StorageError || cause instanceof AuthError) throw cause;
    if (cause instanceof Deno.errors.NotFound) return;
    throw storageError("list", path, cause);
  }
}

function directoryOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")));
}

function renameAtOnce(from: string, to: string): void {
  Deno.renameSync(from, to);
}

function openAtOnce(path: string): Deno.FsFile {
  return Deno.openSync(path);
}

async function syncFile(path: string): Promise<void> {
  using file = openAtOnce(path);
  await file.syncData();
}

/** A rename is durable only when its directory is; not every system can open one. */
async function syncDirectory(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using directory = openAtOnce(path);
  await directory.sync();
}

/** What can be done about what a disk says; the runtime has a code for some of these only. */
const HINTS: ReadonlyArray<readonly [RegExp, string]> = [
  [/no space left/i, "The disk is full: make room, or use another directory"],
  [/quota/i, "The quota of the disk is used up: make room, or use another directory"],
  [/read-only file system/i, "The disk can only be read: use another directory"],
  [/file too large/i, "A limit on the size of files is set (ulimit -f)"],
];

function storageError(action: string, path: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `Cannot ${action} "${path}": ${reason}`;
  if (cause instanceof Deno.errors.PermissionDenied || cause instanceof Deno.errors.NotCapable) {
    return new AuthError(message, { cause, hint: "Check the rights on that directory" });
  }
  const hint = HINTS.find(([pattern]) => pattern.test(reason))?.[1];
  return new StorageError(message, { cause, ...(hint === undefined ? {} : { hint }) });
}
