/** Where the files of tables lie within a warehouse directory, and that none lies elsewhere. */
import { StorageError } from "../errors.ts";
import { pathOfLocation } from "../store/file_store.ts";
import { DATABASE_FILE } from "./database.ts";
import { badRequest, type TableName } from "./failure.ts";

const DIRECTORY_NAME_LENGTH_MAX = 100;
// deno-lint-ignore no-control-regex -- control characters are what it refuses
const CONTROL = /[\x00-\x1f\x7f]/;

/** A directory made for a new table. */
export interface ClaimedDirectory {
  readonly location: string;
  /** Takes it back when the table was not made; files in it make it stay. */
  release(): Promise<void>;
}

/**
 * Makes the directory of a new table, `<warehouse>/<namespace>/<table>`. One that is there, perhaps
 * with the files of a table dropped before, is left alone: the new one gets a name of its own.
 *
 * @param root the warehouse directory, absolute.
 */
export async function claimDirectory(root: string, table: TableName): Promise<ClaimedDirectory> {
  const parent = `${root}/${parentName(table.namespace)}`;
  const plain = `${parent}/${directoryName(table.name)}`;
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
  for (const directory of [path, parent, root]) await syncDirectory(directory);
  return {
    location: `file://${path}`,
    async release() {
      for (const directory of [`${path}/metadata`, path]) {
        await Deno.remove(directory).catch(() => {});
      }
    },
  };
}

/**
 * The path of a location that lies in the warehouse, below its top, and is not the catalog's own.
 *
 * @param root the warehouse directory, absolute.
 * @throws {RequestFailure} 400 for any other location.
 */
export function pathInWarehouse(root: string, location: string): string {
  let path;
  try {
    path = pathOfLocation(location);
  } catch (error) {
    if (error instanceof StorageError) throw outside(location);
    throw error;
  }
  path = path.replace(/\/+$/, "");
  const segments = path.slice(root.length + 1).split("/");
  const isInside = path.startsWith(`${root}/`) && !CONTROL.test(path) && path.isWellFormed() &&
    segments.every((segment) => segment !== "" && segment !== "." && segment !== "..");
  if (!isInside) throw outside(location);
  if (segments[0]!.startsWith(DATABASE_FILE)) {
    throw badRequest(`Cannot use location "${location}": the catalog's own files are there`);
  }
  return path;
}

function outside(location: string): Error {
  return badRequest(`Cannot use location "${location}": it lies outside of the warehouse`);
}

/** A name as one harmless directory name. Different names may give the same one. */
function directoryName(name: string): string {
  return name.replace(/[^A-Za-z0-9_.-]/gu, "_").replace(/^\.+/, "_")
    .slice(0, DIRECTORY_NAME_LENGTH_MAX);
}

function parentName(namespace: readonly string[]): string {
  const name = namespace.map(directoryName).join(".").slice(0, 2 * DIRECTORY_NAME_LENGTH_MAX);
  return name.startsWith(DATABASE_FILE) ? `_${name}` : name;
}

async function syncDirectory(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using directory = await Deno.open(path);
  await directory.sync();
}
