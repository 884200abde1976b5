/** What the locations of all places have in common: how they are written, and named after a table. */
import { DATABASE_FILE } from "../database.ts";
import { badRequest, type RequestFailure, type TableName } from "../failure.ts";

const DIRECTORY_NAME_LENGTH_MAX = 100;
// deno-lint-ignore no-control-regex -- control characters are what it refuses
const CONTROL = /[\x00-\x1f\x7f]/;
/**
 * Escapes that would be another path if something on the way decoded them: dot, slash, backslash,
 * percent sign and control characters. In a location, a percent sign stands for itself.
 */
const ESCAPED_PATH = /%(?:2[ef5]|5c|[01][0-9a-f]|7f)/i;

/** What the catalog and its clients write below a table's location, unless told otherwise. */
export const TABLE_DIRECTORIES = ["data", "metadata"] as const;

/** Directory of a namespace, and of a table within it: harmless names, perhaps not unique. */
export function tableDirectory(
  table: TableName,
): { readonly parent: string; readonly name: string } {
  const parent = table.namespace.map(directoryName).join(".").slice(
    0,
    2 * DIRECTORY_NAME_LENGTH_MAX,
  );
  return {
    parent: isDatabaseName(parent) ? `_${parent}` : parent,
    name: directoryName(table.name),
  };
}

function directoryName(name: string): string {
  return name.replace(/[^A-Za-z0-9_.-]/gu, "_").replace(/^\.+/, "_")
    .slice(0, DIRECTORY_NAME_LENGTH_MAX);
}

/** Whether a file or directory of this name may be the catalog's database, or belong to it. */
export function isDatabaseName(name: string): boolean {
  // Some disks do not tell the cases apart.
  return name.toLowerCase().startsWith(DATABASE_FILE);
}

/** Whether a path says plainly what it is: no way up, nothing empty, nothing escaped or hidden. */
export function isPlainPath(path: string): boolean {
  return isPlainKey(path) && !ESCAPED_PATH.test(path);
}

/**
 * The same for the key of an object, which may hold escapes: some writers escape the values of
 * partitions, and so have a percent sign in the name itself.
 */
export function isPlainKey(key: string): boolean {
  return key.isWellFormed() && !CONTROL.test(key) && !key.includes("\\") &&
    key.split("/").every((segment) => segment !== "" && segment !== "." && segment !== "..");
}

/** Whether a place lies below one of others; all in the form in which they are compared. */
export function isBelow(place: string, tops: readonly string[]): boolean {
  return tops.some((top) => place.startsWith(`${top}/`));
}

/** 400 for a location that no table may have. */
export function outside(location: string): RequestFailure {
  return badRequest(
    `Cannot use location "${location.slice(0, 500)}": it lies outside of the warehouse`,
  );
}
