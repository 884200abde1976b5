/** Merges manifests of the head on the way to a commit, where the table's properties ask for it. */
import { ToolError } from "../errors.ts";
import type { Store, WriteOptions } from "../store/store.ts";
import type { MergedManifest } from "../table/append.ts";
import { mergedManifestPath } from "../table/locations.ts";
import type { ManifestFile } from "../table/manifest_list.ts";
import {
  chooseMerges,
  encodeMergedManifest,
  existingEntries,
  type ExistingEntry,
} from "../table/manifest_merge.ts";
import { currentSchema, type PartitionSpecJson, type TableMetadata } from "../table/metadata.ts";
import { mergeProperties } from "../table/table_properties.ts";
import { removeFiles } from "./litter.ts";
import { inParallel } from "./references.ts";

/** The merging of one commit, over all of its attempts. */
export class ManifestMerger {
  readonly #store: Store;
  readonly #of: MergedFor;
  #merged: readonly MergedManifest[] = [];
  /** Every manifest written here, whether it came to be used or not. */
  readonly written: string[] = [];

  /** Merges nothing yet; `store` is where manifests are read and written. */
  constructor(store: Store, of: MergedFor) {
    this.#store = store;
    this.#of = of;
  }

  /**
   * Merges what is to be merged on a base; what was merged for an attempt before is used again as
   * long as the base has all that it stands for. A table is right without merging, too, so nothing
   * is merged where that fails.
   *
   * @param manifests of the base's head, newest first.
   * @param added how many manifests the commit adds.
   */
  async merge(
    metadata: TableMetadata,
    of: { readonly manifests: readonly ManifestFile[]; readonly added: number },
  ): Promise<readonly MergedManifest[]> {
    const byPath = new Map(of.manifests.map((manifest) => [manifest.path, manifest]));
    const known = this.#merged.map((one) => ({
      ...one,
      replaced: one.replaced.flatMap(({ path }) => byPath.get(path) ?? []),
    }));
    const isUsable = known.every(({ replaced }, index) =>
      replaced.length === this.#merged[index]!.replaced.length
    );
    if (known.length > 0 && isUsable) return known;
    this.#merged = [];
    const groups = chooseMerges(of.manifests, {
      ...mergeProperties(metadata),
      formatVersion: metadata["format-version"],
      partitionSpecId: this.#of.spec["spec-id"] ?? 0,
      added: of.added,
    });
    if (groups.length === 0) return [];
    const writtenBefore = this.written.length;
    try {
      const merged: MergedManifest[] = [];
      for (const group of groups) merged.push(await this.#write(group, metadata));
      return this.#merged = merged;
    } catch (error) {
      // One that cannot be read is of a kind that is not known here, or not for these credentials.
      if (!(error instanceof ToolError) && !(error instanceof UnreadableManifest)) throw error;
      await removeFiles(this.#store, this.written.splice(writtenBefore));
      return [];
    }
  }

  async #write(group: readonly ManifestFile[], metadata: TableMetadata): Promise<MergedManifest> {
    const { spec, loadId, snapshotId } = this.#of;
    const parts = new Map<ManifestFile, ExistingEntry[]>();
    await inParallel(group, async (manifest) => {
      parts.set(manifest, await this.#read(manifest));
    });
    const entries = group.flatMap((manifest) => parts.get(manifest)!);
    const bytes = encodeMergedManifest(entries, {
      formatVersion: metadata["format-version"],
      schema: currentSchema(metadata),
      spec,
    });
    const path = mergedManifestPath(metadata, { loadId, snapshotId });
    this.written.push(path);
    await this.#store.write(path, bytes, this.#of.writeOptions);
    return { path, lengthBytes: bytes.length, files: entries.length, replaced: group };
  }

  async #read(manifest: ManifestFile): Promise<ExistingEntry[]> {
    const bytes = await this.#store.read(manifest.path);
    let entries;
    try {
      entries = await existingEntries(bytes, manifest);
    } catch (cause) {
      throw new UnreadableManifest(manifest.path, { cause });
    }
    // A list that miscounts would make the merged manifest's counts wrong, too.
    if (entries.length !== manifest.addedFilesCount + manifest.existingFilesCount) {
      throw new UnreadableManifest(manifest.path);
    }
    return entries;
  }
}

/** What merged manifests are made for. */
export interface MergedFor {
  /** Partition spec of the manifests; those of another one are left alone. */
  readonly spec: PartitionSpecJson;
  /** Stands in the names of the manifests. */
  readonly loadId: string;
  /** Of the snapshot that they come with; stands in their names, too. */
  readonly snapshotId: bigint;
  /** How they are written; the manifest list syncs them. */
  readonly writeOptions: WriteOptions;
}

/** A manifest that is not merged, since it cannot be read whole. */
class UnreadableManifest extends Error {}
