/**
 * What the snapshots of a table refer to: their manifest lists, the manifests in those, and the files
 * of every entry of those, the deleted ones too. Whoever removes files has to read all of it first.
 */
import { StorageError } from "../errors.ts";
import type { Store } from "../store/store.ts";
import { toBigInt } from "../table/json.ts";
import { decodeManifestList } from "../table/manifest_list.ts";
import { decodeManifest } from "../table/manifest_reader.ts";
import type { SnapshotJson, TableMetadata } from "../table/metadata.ts";

/** So many files are read at a time. */
const READS_MAX = 8;

/**
 * Collects references, from one state of the table after another. Files are known by their names
 * without the directory: those of a load hold a UUID, and one location has many spellings (`s3:` and
 * `s3a:`, `file:/` and `file:///`, a link).
 */
export class References {
  readonly #store: Store;
  readonly #names = new Set<string>();
  readonly #read = new Set<string>();
  readonly #adding = new Set<bigint>();
  /** Name of a visible snapshot's manifest list, by the snapshot's id. */
  readonly #lists = new Map<bigint, string>();

  /** Begins empty; `store` holds the manifests and their lists. */
  constructor(store: Store) {
    this.#store = store;
  }

  /** Names of all files referred to. */
  get names(): ReadonlySet<string> {
    return this.#names;
  }

  /** The name of each snapshot's one manifest list, by snapshot id. */
  get manifestLists(): ReadonlyMap<bigint, string> {
    return this.#lists;
  }

  /** Ids of the snapshots that have added the manifests, seen or not. */
  get addingSnapshots(): ReadonlySet<bigint> {
    return this.#adding;
  }

  /**
   * Adds what all snapshots in the metadata refer to, whatever branch or tag they are on; what has
   * been read before is not read again.
   *
   * @throws {StorageError | AuthError} when anything of it cannot be read.
   */
  async add(metadata: TableMetadata): Promise<void> {
    const manifests = new Set<string>();
    await inParallel(metadata.snapshots ?? [], async (snapshot) => {
      for (const path of await this.#manifestsOf(snapshot)) manifests.add(path);
    });
    await inParallel([...manifests], async (path) => {
      const entries = await this.#readOnce("manifest", path, decodeManifest);
      for (const { filePath } of entries) this.#names.add(fileName(filePath));
    });
  }

  async #manifestsOf(snapshot: SnapshotJson): Promise<readonly string[]> {
    const id = toBigInt(snapshot["snapshot-id"]);
    const list: string | undefined = snapshot["manifest-list"];
    if (list === undefined) {
      // Version 1 allowed a snapshot to name its manifests itself.
      throw new StorageError(`Cannot read snapshot ${id}: it has no manifest list`);
    }
    this.#names.add(fileName(list));
    this.#lists.set(id, fileName(list));
    const manifests = await this.#readOnce("manifest list", list, decodeManifestList);
    return manifests.map(({ path, addedSnapshotId }) => {
      this.#names.add(fileName(path));
      this.#adding.add(addedSnapshotId);
      return path;
    });
  }

  /** Files of a table never change: what was read gives nothing new. */
  async #readOnce<T>(
    what: string,
    path: string,
    decode: (bytes: Uint8Array) => Promise<readonly T[]>,
  ): Promise<readonly T[]> {
    if (this.#read.has(path)) return [];
    const bytes = await this.#store.read(path);
    let records: readonly T[];
    try {
      records = await decode(bytes);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new StorageError(`Cannot read ${what} "${path}": ${reason}`, { cause });
    }
    this.#read.add(path);
    return records;
  }
}

/** The last part of a location. */
export function fileName(location: string): string {
  return location.slice(location.lastIndexOf("/") + 1);
}

/** Runs over all items, a few at a time; the first failure ends it. */
export async function inParallel<T>(
  items: readonly T[],
  run: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed = false;
  const line = async () => {
    while (next < items.length && !failed) {
      await run(items[next++]!).catch((error) => {
        failed = true;
        throw error;
      });
    }
  };
  // All of them have come to their end before a failure is told.
  const ends = await Promise.allSettled(Array.from({ length: READS_MAX }, line));
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

/**
 * Whether the table may have snapshots that its metadata does not show.
 *
 * @param of.addingSnapshots ids of the snapshots that have added the table's manifests.
 * @returns `elsewhere`: the catalog keeps branches of its own, each with snapshots of its own
 * (Nessie); `cut`: a snapshot that another one, a branch, a tag or a manifest names is not there,
 * since it has expired or is kept back. That of a manifest counts, too, since a catalog that keeps
 * snapshots back may keep back who their parents are.
 */
export function hiddenSnapshots(
  metadata: TableMetadata,
  of: {
    readonly catalogProperties: Readonly<Record<string, string>>;
    readonly addingSnapshots: ReadonlySet<bigint>;
  },
): "elsewhere" | "cut" | undefined {
  if (Object.keys(of.catalogProperties).some((key) => key.startsWith("nessie."))) {
    return "elsewhere";
  }
  const snapshots = metadata.snapshots ?? [];
  const ids = new Set(snapshots.map((snapshot) => toBigInt(snapshot["snapshot-id"])));
  const named = [
    ...snapshots.map((snapshot) => snapshot["parent-snapshot-id"]),
    ...Object.values(metadata.refs ?? {}).map((ref) => ref["snapshot-id"]),
    metadata["current-snapshot-id"],
    ...of.addingSnapshots,
  ];
  // -1 stands for "no snapshot" in metadata written by old servers.
  const isCut = named.some((id) =>
    id !== undefined && id !== null && toBigInt(id) !== -1n && !ids.has(toBigInt(id))
  );
  return isCut ? "cut" : undefined;
}
