/** A store on the local disk: files appear whole (written beside, synced, then renamed). */
import { AuthError, StorageError } from "../errors.ts";
import type { Store, WriteOptions } from "./store.ts";

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

/** Opens the local disk. */
export function openFileStore(): Store {
  const madeDirectories = new Set<string>();
  return {
    async write(location: string, bytes: Uint8Array, options: WriteOptions = {}): Promise<void> {
      const path = pathOfLocation(location);
      const directory = path.slice(0, Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")));
      const part = `${path}.${crypto.randomUUID()}.part`;
      const place = async () => {
        options.signal?.throwIfAborted();
        if (!madeDirectories.has(directory)) {
          await Deno.mkdir(directory, { recursive: true });
          madeDirectories.add(directory);
        }
        await writeWhole(part, bytes, options.sync ?? true);
        await Deno.rename(part, path);
        if (options.sync ?? true) await syncDirectory(directory);
      };
      try {
        await place().catch(async (error) => {
          // Someone has removed the directory since it was made here.
          if (!(error instanceof Deno.errors.NotFound && madeDirectories.delete(directory))) {
            throw error;
          }
          await place();
        });
      } catch (cause) {
        await Deno.remove(part).catch(() => {});
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

async function writeWhole(path: string, bytes: Uint8Array, sync: boolean): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true });
  let written = 0;
  while (written < bytes.length) written += await file.write(bytes.subarray(written));
  if (sync) await file.syncData();
}

/** A rename is durable only when its directory is; not every system can open one. */
async function syncDirectory(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using directory = await Deno.open(path);
  await directory.sync();
}

function storageError(action: string, path: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `Cannot ${action} "${path}": ${reason}`;
  if (cause instanceof Deno.errors.PermissionDenied || cause instanceof Deno.errors.NotCapable) {
    return new AuthError(message, { cause, hint: "Check the rights on that directory" });
  }
  return new StorageError(message, { cause });
}
