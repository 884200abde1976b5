/**
 * A table of a probe: its files, and the appends that writers draft for it. Every attempt has a
 * snapshot id and files of its own, so that a checker can tell attempts apart by either.
 */
import { CatalogError } from "../../errors.ts";
import { formatTableName, type LoadedTable, type TableName } from "../../rest/catalog.ts";
import type { TableStoreAccess } from "../../rest/store_access.ts";
import type { Store } from "../../store/store.ts";
import { buildAppend, MAIN_BRANCH, newSnapshotId } from "../../table/append.ts";
import type { DataFile } from "../../table/data_file.ts";
import { stringifyJson, toBigInt } from "../../table/json.ts";
import { dataDirectory, metadataDirectory } from "../../table/locations.ts";
import { encodeManifest } from "../../table/manifest.ts";
import { encodeManifestList, type ManifestFile } from "../../table/manifest_list.ts";
import {
  branchHead,
  type CommitRequest,
  currentSchema,
  defaultPartitionSpec,
  type Requirement,
  type SnapshotJson,
  type TableMetadata,
} from "../../table/metadata.ts";
import type { TableView } from "./answer_scan.ts";
import type { IntentRecord } from "../history.ts";
import type { SmallFile } from "./race_data.ts";

/** What an append is built on. */
export interface Base {
  /** Head of main; undefined for a table without a snapshot. */
  readonly head: SnapshotJson | undefined;
  /** The next snapshot gets this and one more. */
  readonly lastSequenceNumber: bigint;
  /** In ms since 1970; the next snapshot is not older. */
  readonly lastUpdatedMs: number;
  /** The current schema, which the snapshot names. */
  readonly schemaId: number;
}

/** An append, drafted by one writer for one attempt. */
export interface Draft {
  /** With an id of its own. */
  readonly snapshot: SnapshotJson;
  /** Requirements and updates (REST spec, `CommitTableRequest`), without the identifier. */
  readonly request: CommitRequest;
  /** The same for the history. */
  readonly intent: IntentRecord;
  /** The table as it is once this has landed. */
  readonly after: Base;
  /** The one manifest that it adds, and the data file in it. */
  readonly manifest: DraftManifest;
}

/** A manifest of one data file, drafted and perhaps written. */
export interface DraftManifest {
  /** Where it goes. */
  readonly path: string;
  /** The one file that it names. */
  readonly file: DataFile;
  /** Known once it is encoded. */
  entry: ManifestFile;
  /** Whether all files are in the store. */
  written: boolean;
}

/** How a draft is made. */
export interface DraftOptions {
  /** In file names. */
  readonly writer: number;
  /** A data file that is in the store already; else the table's small file is taken. */
  readonly file?: DataFile;
}

const PARQUET = "application/vnd.apache.parquet";
const AVRO = "application/avro";
const WRITES_AT_ONCE = 16;

/** A table of a probe, opened. */
export class RaceTable {
  /** Namespace and name. */
  readonly name: TableName;
  /** `namespace.name`. */
  readonly id: string;
  /** `table-uuid`. */
  readonly uuid: string;
  /** Metadata of the empty table; later schemas are set by {@linkcode adopt}. */
  metadata: TableMetadata;
  /** Properties of the table's store, and fresh ones when its credentials run out. */
  readonly access: TableStoreAccess;
  /** Opened for the table's location; whoever opened the table closes it. */
  readonly store: Store;
  readonly #small: SmallFile;
  readonly #drafts = new Map<string, Draft>();
  readonly #directories: { readonly data: string; readonly metadata: string };
  /** Every location that was written to, whether or not that succeeded. */
  readonly written: string[] = [];

  /**
   * Reads and writes nothing yet.
   *
   * @param of.loaded the table as it was made: without a snapshot
   * @param of.small what each append without a file of its own writes again
   */
  constructor(table: TableName, of: {
    readonly loaded: LoadedTable;
    readonly access: TableStoreAccess;
    readonly store: Store;
    readonly small: SmallFile;
  }) {
    this.name = table;
    this.id = formatTableName(table);
    this.metadata = of.loaded.metadata;
    this.uuid = this.metadata["table-uuid"];
    this.access = of.access;
    this.store = of.store;
    this.#small = of.small;
    this.#directories = {
      data: dataDirectory(this.metadata),
      metadata: metadataDirectory(this.metadata),
    };
  }

  /** Lets go of all drafts: nothing of them can be written any more. */
  forgetDrafts(): void {
    this.#drafts.clear();
  }

  /** The table as it was made. */
  emptyBase(): Base {
    return {
      head: undefined,
      lastSequenceNumber: toBigInt(this.metadata["last-sequence-number"] ?? 0),
      lastUpdatedMs: this.metadata["last-updated-ms"],
      schemaId: this.metadata["current-schema-id"],
    };
  }

  /** The table as whole metadata show it; later drafts use its schema. */
  adopt(metadata: TableMetadata): Base {
    this.metadata = metadata;
    return {
      head: branchHead(metadata, MAIN_BRANCH),
      lastSequenceNumber: toBigInt(metadata["last-sequence-number"] ?? 0),
      lastUpdatedMs: metadata["last-updated-ms"],
      schemaId: metadata["current-schema-id"],
    };
  }

  /** The table as an answer shows it. */
  baseOf(view: TableView): Base {
    return {
      head: this.#headOf(view),
      lastSequenceNumber: view.lastSequenceNumber,
      lastUpdatedMs: view.lastUpdatedMs,
      schemaId: view.currentSchemaId,
    };
  }

  #headOf({ head, headSnapshot }: TableView): SnapshotJson | undefined {
    if (head === undefined || headSnapshot !== undefined) return headSnapshot;
    // Without its own object the id is what an append needs; only its totals are not known then.
    return this.#drafts.get(String(head))?.snapshot ??
      { "snapshot-id": head, "timestamp-ms": 0, "manifest-list": "" };
  }

  /** A location for a data file. */
  newDataPath(writer: number): string {
    return `${this.#directories.data}/w${writer}-${crypto.randomUUID()}.parquet`;
  }

  /** Drafts an append; nothing is written. */
  draft(base: Base, options: DraftOptions): Draft {
    const { writer } = options;
    const metadata = this.#metadataOf(base);
    const snapshotId = newSnapshotId(metadata);
    const file = options.file ?? { ...this.#small.file, path: this.newDataPath(writer) };
    const stem = `${this.#directories.metadata}/${snapshotId}-w${writer}`;
    const path = `${stem}-m0.avro`;
    const attempt = buildAppend({ metadata, manifests: [] }, {
      snapshotId,
      manifests: [{
        path,
        lengthBytes: 0,
        partitionSpecId: this.#specId(),
        files: 1,
        rows: file.recordCount,
      }],
      schemaId: base.schemaId,
      addedFiles: 1,
      addedRows: file.recordCount,
      addedSizeBytes: file.sizeBytes,
      summary: {},
    }, { manifestListPath: `${stem}-list.avro`, nowMs: Date.now() });
    const { snapshot, request } = attempt;
    // The parent's manifests are known by name only until the list is written.
    snapshot.summary!["manifests-kept"] = snapshot.summary!["total-data-files"] === undefined
      ? "0"
      : String(Number(snapshot.summary!["total-data-files"]) - 1);
    const draft: Draft = {
      snapshot,
      request,
      intent: intentOf(this.id, { snapshot, requirements: request.requirements, file }),
      after: {
        head: snapshot,
        lastSequenceNumber: attempt.sequenceNumber,
        lastUpdatedMs: snapshot["timestamp-ms"],
        schemaId: base.schemaId,
      },
      manifest: { path, file, entry: attempt.manifests[0]!, written: false },
    };
    this.#drafts.set(String(snapshotId), draft);
    return draft;
  }

  /** The body of a draft's commit. */
  bodyOf(draft: Pick<Draft, "request">): string {
    return stringifyJson({ identifier: this.name, ...draft.request });
  }

  /**
   * Writes the files of drafts: data files, manifests, manifest lists.
   *
   * @param options.hasDataFiles the data files are in the store already.
   * @throws {StorageError | AuthError}
   */
  async write(
    drafts: readonly Draft[],
    options: { readonly hasDataFiles?: boolean } = {},
  ): Promise<void> {
    const missing = drafts.filter((draft) => !draft.manifest.written);
    // A list tells the length of each manifest, also of its ancestors'.
    await inGroups(missing, (draft) => this.#writeManifest(draft, options));
    await inGroups(missing, (draft) => this.#writeList(draft));
  }

  async #writeManifest(
    draft: Draft,
    options: { readonly hasDataFiles?: boolean },
  ): Promise<void> {
    const { manifest, snapshot } = draft;
    const bytes = encodeManifest([manifest.file], {
      formatVersion: this.metadata["format-version"],
      schema: currentSchema(this.metadata),
      spec: defaultPartitionSpec(this.metadata),
      snapshotId: toBigInt(snapshot["snapshot-id"]),
    });
    manifest.entry = { ...manifest.entry, lengthBytes: BigInt(bytes.length) };
    await Promise.all([
      ...(options.hasDataFiles === true
        ? []
        : [this.#put(manifest.file.path, this.#small.bytes, PARQUET)]),
      this.#put(manifest.path, bytes, AVRO),
    ]);
  }

  async #writeList(draft: Draft): Promise<void> {
    const { manifest, snapshot } = draft;
    const parent = parentOf(snapshot);
    const bytes = encodeManifestList(this.#manifestsFrom(draft), {
      formatVersion: this.metadata["format-version"],
      snapshotId: toBigInt(snapshot["snapshot-id"]),
      parentSnapshotId: parent,
      sequenceNumber: toBigInt(snapshot["sequence-number"]!),
    });
    await this.#put(snapshot["manifest-list"], bytes, AVRO);
    manifest.written = true;
  }

  /**
   * Writes what landed of drafts whose files were put off: the given snapshots and their ancestors.
   *
   * @param snapshotIds that the table has.
   * @throws {StorageError | AuthError}
   */
  async writeLanded(snapshotIds: Iterable<string>): Promise<void> {
    const landed = new Set<Draft>();
    for (const id of snapshotIds) {
      for (const draft of this.#lineOf(this.#drafts.get(id))) {
        if (landed.has(draft)) break;
        landed.add(draft);
      }
    }
    await this.write([...landed]);
  }

  /**
   * Manifests of a draft's snapshot, the newest first: its own and its ancestors'.
   *
   * @throws {CatalogError} when it stands on a snapshot that nobody here has made.
   */
  #manifestsFrom(draft: Draft): ManifestFile[] {
    const line = [...this.#lineOf(draft)];
    const root = parentOf(line.at(-1)!.snapshot);
    if (root !== undefined) {
      throw new CatalogError(
        `Cannot append to "${this.id}": snapshot ${root} is not one of this probe's`,
      );
    }
    return line.map((ancestor) => ancestor.manifest.entry);
  }

  /** A draft and its ancestors, as far as they are known. */
  *#lineOf(draft: Draft | undefined): Generator<Draft> {
    let at = draft;
    while (at !== undefined) {
      yield at;
      const parent = parentOf(at.snapshot);
      at = parent === undefined ? undefined : this.#drafts.get(String(parent));
    }
  }

  async #put(location: string, bytes: Uint8Array, contentType: string): Promise<void> {
    this.written.push(location);
    // What a crash may take belongs to a table that is dropped anyway.
    await this.store.write(location, bytes, { contentType, sync: false });
  }

  #specId(): number {
    return defaultPartitionSpec(this.metadata)["spec-id"] ?? 0;
  }

  /** The parts of metadata that an append is built from. */
  #metadataOf(base: Base): TableMetadata {
    const { head } = base;
    const { refs: _refs, "current-snapshot-id": _current, ...rest } = this.metadata;
    return {
      ...rest,
      "last-sequence-number": base.lastSequenceNumber,
      "last-updated-ms": base.lastUpdatedMs,
      "current-schema-id": base.schemaId,
      snapshots: head === undefined ? [] : [head],
      refs: head === undefined
        ? {}
        : { [MAIN_BRANCH]: { "snapshot-id": head["snapshot-id"], type: "branch" } },
    };
  }
}

async function inGroups(
  drafts: readonly Draft[],
  write: (draft: Draft) => Promise<void>,
): Promise<void> {
  for (let at = 0; at < drafts.length; at += WRITES_AT_ONCE) {
    await Promise.all(drafts.slice(at, at + WRITES_AT_ONCE).map(write));
  }
}

function parentOf(snapshot: SnapshotJson): bigint | undefined {
  const parent = snapshot["parent-snapshot-id"];
  return parent === undefined || parent === null ? undefined : toBigInt(parent);
}

/** What an append would do, for the history. */
function intentOf(
  table: string,
  of: {
    readonly snapshot: SnapshotJson;
    readonly requirements: readonly Requirement[];
    readonly file: DataFile;
  },
): IntentRecord {
  const { snapshot, requirements, file } = of;
  const parent = parentOf(snapshot);
  return {
    table,
    snapshot_id: String(snapshot["snapshot-id"]),
    parent_snapshot_id: parent === undefined ? null : String(parent),
    sequence_number: Number(snapshot["sequence-number"]),
    manifest_list: snapshot["manifest-list"],
    files: [{ path: file.path, rows: file.recordCount }],
    requirements: requirementRecords(requirements),
  };
}

/** Requirements as the history has them: 64-bit ids as texts. */
export function requirementRecords(
  requirements: readonly Requirement[],
): ReadonlyArray<Readonly<Record<string, unknown>>> {
  return requirements.map((requirement) =>
    "snapshot-id" in requirement && requirement["snapshot-id"] !== null
      ? { ...requirement, "snapshot-id": String(requirement["snapshot-id"]) }
      : requirement
  );
}
