/** Manifest lists by location: they never change, so one reading serves every worker. */
import { StorageError } from "../errors.ts";
import type { Store } from "../store/store.ts";
import type { ManifestFile } from "../table/manifest_list.ts";
import { branchHead, type TableMetadata } from "../table/metadata.ts";
import { MAIN_BRANCH } from "../table/append.ts";

/** Enough for every worker's base, and small beside the rest. */
const LISTS_KEPT_MAX = 64;

/** Reads manifest lists from the store and keeps the newest. */
export class ManifestCache {
  readonly #store: Store;
  readonly #lists = new Map<string, Promise<readonly ManifestFile[]>>();

  /** Begins empty; `store` holds the lists. */
  constructor(store: Store) {
    this.#store = store;
  }

  /** Remembers a list that was written here. */
  keep(location: string, manifests: readonly ManifestFile[]): void {
    this.#remember(location, Promise.resolve(manifests));
  }

  /**
   * The manifests of a table's head; none when it has no snapshot.
   *
   * @throws {StorageError | AuthError} when the list cannot be read.
   */
  async manifestsOf(metadata: TableMetadata): Promise<readonly ManifestFile[]> {
    const head = branchHead(metadata, MAIN_BRANCH);
    if (head === undefined) return [];
    const location = head["manifest-list"];
    const known = this.#lists.get(location);
    if (known !== undefined) return await known;
    const reading = this.#read(location);
    this.#remember(location, reading);
    try {
      return await reading;
    } catch (error) {
      this.#lists.delete(location);
      throw error;
    }
  }

  async #read(location: string): Promise<readonly ManifestFile[]> {
    const bytes = await this.#store.read(location);
    // Avro is loaded with what needs it first, not at the start of a load.
    const { decodeManifestList } = await import("../table/manifest_list.ts");
    try {
      return await decodeManifestList(bytes);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new StorageError(`Cannot read manifest list "${location}": ${reason}`, { cause });
    }
  }

  #remember(location: string, list: Promise<readonly ManifestFile[]>): void {
    this.#lists.set(location, list);
    if (this.#lists.size <= LISTS_KEPT_MAX) return;
    const oldest = this.#lists.keys().next().value;
    if (oldest !== undefined) this.#lists.delete(oldest);
  }
}
