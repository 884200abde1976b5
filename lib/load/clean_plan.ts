/** Which files of a load may be removed. Pure: what is known in, a verdict out. */
import type { StoredObject } from "../store/store.ts";
import { dataDirectory, isFileOfLoad, metadataDirectory } from "../table/locations.ts";
import type { TableMetadata } from "../table/metadata.ts";
import { fileName, type hiddenSnapshots } from "./references.ts";

/**
 * What becomes of a file. It stays when it is `referenced` by a snapshot, too `young` (its commit may
 * be under way or land late), `outside` of the table's own location (where another table's files
 * may lie), or when a `hidden` snapshot may refer to it.
 */
export type Verdict = "remove" | "referenced" | "young" | "outside" | "hidden";

/** What the verdict depends on. */
export interface CleanRules {
  /** Files written at this time or later stay; ms since 1970. */
  readonly cutoffMs: number;
  /** Location of the table. */
  readonly tableLocation: string;
  /** Names of all files that visible snapshots refer to. */
  readonly referenced: ReadonlySet<string>;
  /** Name of each visible snapshot's one manifest list, by snapshot id. */
  readonly manifestLists: ReadonlyMap<bigint, string>;
  /** Whether there may be snapshots beside the visible ones. */
  readonly hidden: ReturnType<typeof hiddenSnapshots>;
}

const PART = /\.[0-9a-f-]{36}\.part$/;

/** Whether a file was written by a load, whole or cut short. */
export function belongsToLoad(location: string, loadId: string): boolean {
  return isFileOfLoad(location.replace(PART, ""), loadId);
}

/** Judges a file of the load. */
export function judge(file: StoredObject, rules: CleanRules): Verdict {
  const name = fileName(file.location);
  if (rules.referenced.has(name)) return "referenced";
  if (file.modifiedMs >= rules.cutoffMs) return "young";
  if (!isBelow(file.location, rules.tableLocation)) return "outside";
  if (rules.hidden !== undefined && !isSurelyNowhere(name, rules.manifestLists)) return "hidden";
  return "remove";
}

/**
 * Whether no snapshot whatever can refer to a file: it was never whole, or it is a manifest list of a
 * snapshot that has another one.
 */
function isSurelyNowhere(name: string, manifestLists: ReadonlyMap<bigint, string>): boolean {
  if (PART.test(name)) return true;
  const snapshotId = /^snap-(\d{1,19})-/.exec(name)?.[1];
  return snapshotId !== undefined && manifestLists.has(BigInt(snapshotId));
}

/**
 * The directories in which files of the table lie, by its properties as they are and as they may have
 * been before; none lies within another one.
 */
export function directoriesOf(metadata: TableMetadata): string[] {
  const { properties: _, ...plain } = metadata;
  const all = new Set([
    dataDirectory(metadata),
    metadataDirectory(metadata),
    dataDirectory(plain),
    metadataDirectory(plain),
  ]);
  return [...all].filter((one) => ![...all].some((other) => other !== one && isBelow(one, other)));
}

/** Whether a location lies below another one, however their schemes are written. */
function isBelow(location: string, directory: string): boolean {
  return plainLocation(location).startsWith(`${plainLocation(directory).replace(/\/+$/, "")}/`);
}

function plainLocation(location: string): string {
  return location.replace(/^s3[an]:/, "s3:").replace(/^file:(\/\/(localhost)?(?=\/))?/, "");
}
