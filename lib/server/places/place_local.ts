/** A warehouse in a directory of the local disk. */
import { dirname } from "node:path";
import { AuthError, StorageError, UsageError } from "../../errors.ts";
import { openFileStore, pathOfLocation } from "../../store/file_store.ts";
import { badRequest } from "../failure.ts";
import {
  isBelow,
  isDatabaseName,
  isPlainPath,
  outside,
  TABLE_DIRECTORIES,
  tableDirectory,
} from "./locations.ts";
import type { ClaimedLocation, Place } from "./place.ts";

/** Options of {@link openLocalPlace}. */
export interface LocalPlaceOptions {
  /** Locations below which tables may lie beside the warehouse. */
  readonly allowLocations?: readonly string[];
}

/**
 * Opens a directory, and makes it when missing.
 *
 * @param root absolute path.
 * @throws {AuthError | StorageError} when it cannot be made.
 * @throws {UsageError} for an allowed location that is no local one.
 */
export async function openLocalPlace(
  root: string,
  options: LocalPlaceOptions = {},
): Promise<Place> {
  const allowed = (options.allowLocations ?? []).map(allowedPath);
  await makeRoot(root);

  function check(location: string): string {
    const path = pathOf(location);
    const top = path === undefined
      ? undefined
      : [root, ...allowed].find((one) => isBelow(path, [one]));
    if (path === undefined || top === undefined) throw outside(location);
    const rest = path.slice(top.length + 1);
    if (!isPlainPath(rest)) throw outside(location);
    if (rest.split("/").some(isDatabaseName) || `${root}/`.startsWith(`${path}/`)) {
      throw badRequest(
        `Cannot use location "${location.slice(0, 500)}": the catalog's own files are there`,
      );
    }
    return path;
  }

  return {
    root: `file://${root}`,
    store: openFileStore(),
    claim: (table) => claimDirectory(root, tableDirectory(table)),
    check,
    async prepare(location) {
      await Deno.mkdir(`${check(location)}/metadata`, { recursive: true });
    },
    async exists(location) {
      const info = await Deno.stat(check(location)).catch(() => undefined);
      return info?.isFile === true;
    },
    async purge(location) {
      const path = check(location);
      if (isBelow(path, [root])) return await removeAll(path);
      for (const directory of TABLE_DIRECTORIES) await removeAll(`${path}/${directory}`);
    },
  };
}

/** The path without a slash at its end, or undefined when it is none. */
function pathOf(location: string): string | undefined {
  try {
    return pathOfLocation(location).replace(/\/+$/, "");
  } catch (error) {
    if (error instanceof StorageError) return undefined;
    throw error;
  }
}

function allowedPath(location: string): string {
  const path = pathOf(location);
  if (path === "" || (path !== undefined && isPlainPath(path.replace(/^\//, "")))) return path;
  throw new UsageError(
    `Cannot allow location "${location}": it is not the start of a local path`,
    { hint: "A warehouse on the local disk takes such as file:/tmp/" },
  );
}

async function makeRoot(root: string): Promise<void> {
  try {
    await Deno.mkdir(root, { recursive: true });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const isRefused = cause instanceof Deno.errors.PermissionDenied ||
      cause instanceof Deno.errors.NotCapable;
    throw new (isRefused ? AuthError : StorageError)(
      `Cannot make the warehouse directory "${root}": ${reason}`,
      { cause, hint: "Choose another directory, or check the rights on this one" },
    );
  }
}

/**
 * Makes `<warehouse>/<namespace>/<table>`. One that is there, perhaps with the files of a table
 * dropped before, is left alone: the new one gets a name of its own. Making a directory fails for
 * all but one, so nobody else gets the same.
 */
async function claimDirectory(
  root: string,
  names: { readonly parent: string; readonly name: string },
): Promise<ClaimedLocation> {
  const parent = `${root}/${names.parent}`;
  const plain = `${parent}/${names.name}`;
  await Deno.mkdir(parent, { recursive: true });
  let path = plain;
  try {
    await Deno.mkdir(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    path = `${plain}-${crypto.randomUUID().slice(0, 8)}`;
    await Deno.mkdir(path);
  }
  await Deno.mkdir(`${path}/metadata`);
  for (const directory of [path, parent, dirname(parent)]) await syncDirectory(directory);
  return {
    location: `file://${path}`,
    async release() {
      for (const directory of [`${path}/metadata`, path]) {
        await Deno.remove(directory).catch(() => {});
      }
    },
  };
}

async function removeAll(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return;
    throw cause;
  }
}

async function syncDirectory(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using directory = await Deno.open(path);
  await directory.sync();
}
