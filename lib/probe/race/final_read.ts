/**
 * Reads a table when all writers are done: its snapshots by the catalog, its manifests and data
 * files by the store. What cannot be read is said, never guessed.
 */
import { parquetMetadata } from "hyparquet";
import { type CatalogClient, formatTableName, type TableName } from "../../rest/catalog.ts";
import type { Store } from "../../store/store.ts";
import { MAIN_BRANCH } from "../../table/append.ts";
import { decodeManifestList, type ManifestFile } from "../../table/manifest_list.ts";
import { decodeManifest } from "../../table/manifest_reader.ts";
import {
  branchHead,
  currentSchema,
  type SnapshotJson,
  type TableMetadata,
} from "../../table/metadata.ts";
import type { FileRecord, FinalRecord, SnapshotRecord } from "../history.ts";
import { type PatienceOptions, patiently } from "./patience.ts";
import type { RaceTable } from "./race_table.ts";

/** More data files than this are not opened. */
const FOOTERS_MAX = 2000;
const READS_AT_ONCE = 16;

/** What a final read needs. */
export interface FinalReadOptions extends PatienceOptions {
  /** Loads the table, with all of its snapshots. */
  readonly catalog: CatalogClient;
  /** The table to be read. */
  readonly name: TableName;
  /** The table as it was opened for the race; undefined when the writers made it. */
  readonly opened: RaceTable | undefined;
  /** Number of the run, for the record. */
  readonly run: number;
  /** Microseconds since the probe began. */
  readonly nowUs: () => number;
}

/** Reads one table. Never throws: what stood in the way is part of the record. */
export async function readFinally(options: FinalReadOptions): Promise<FinalRecord> {
  const { catalog, name, opened, run } = options;
  const record = (found: Partial<FinalRecord>): FinalRecord => ({
    type: "final",
    run,
    time_us: options.nowUs(),
    table: formatTableName(name),
    ...found,
  });
  try {
    const loaded = await patiently(() => catalog.loadTable(name, "history"), options);
    if (loaded === undefined) return record({ missing: true });
    const found = describe(loaded.metadata);
    const files = opened === undefined
      ? withoutFiles(loaded.metadata)
      : await readFiles(loaded.metadata, opened);
    return record({ ...found, ...files });
  } catch (error) {
    return record({ error: reasonOf(error) });
  }
}

/** What the metadata say. */
function describe(metadata: TableMetadata): Partial<FinalRecord> {
  const snapshots = (metadata.snapshots ?? []).map(snapshotRecord);
  return {
    table_uuid: metadata["table-uuid"],
    head: idText(metadata.refs?.[MAIN_BRANCH]?.["snapshot-id"] ?? metadata["current-snapshot-id"]),
    last_sequence_number: Number(metadata["last-sequence-number"] ?? 0),
    snapshots,
    history_complete: isWholeHistory(metadata),
    snapshot_log: (metadata["snapshot-log"] ?? []).map((entry) => ({
      snapshot_id: String(entry["snapshot-id"]),
      timestamp_ms: entry["timestamp-ms"],
    })),
    refs: Object.fromEntries(
      Object.entries(metadata.refs ?? {}).map(([ref, { "snapshot-id": id }]) => [ref, String(id)]),
    ),
    columns: currentSchema(metadata).fields.map(({ id, name }) => ({ id, name })),
    properties: metadata.properties ?? {},
  };
}

function snapshotRecord(snapshot: SnapshotJson): SnapshotRecord {
  return {
    snapshot_id: String(snapshot["snapshot-id"]),
    parent_snapshot_id: idText(snapshot["parent-snapshot-id"]),
    sequence_number: Number(snapshot["sequence-number"] ?? 0),
    timestamp_ms: snapshot["timestamp-ms"],
    manifest_list: snapshot["manifest-list"],
    schema_id: snapshot["schema-id"] ?? null,
    summary: snapshot.summary ?? {},
  };
}

/** -1 stands for "none" in metadata of old servers. */
function idText(id: number | bigint | null | undefined): string | null {
  return id === undefined || id === null || BigInt(id) < 0n ? null : String(id);
}

/**
 * A catalog that shows no snapshot but the heads of branches, although the head is not the table's
 * first, keeps the others to itself. A hole between several snapshots is no such thing: that is for
 * the checker to judge.
 */
export function isWholeHistory(metadata: TableMetadata): boolean {
  const snapshots = metadata.snapshots ?? [];
  const heads = new Set(
    Object.values(metadata.refs ?? {}).map((ref) => String(ref["snapshot-id"])),
  );
  const [head] = snapshots;
  if (snapshots.length > Math.max(1, heads.size) || head === undefined) return true;
  const hasParent = idText(head["parent-snapshot-id"]) !== null;
  return !hasParent && Number(head["sequence-number"] ?? 0) <= 1;
}

function withoutFiles(metadata: TableMetadata): Partial<FinalRecord> {
  return (metadata.snapshots ?? []).length === 0 ? { files: [], rows_counted: 0 } : {
    unread: "its files were not read",
  };
}

async function readFiles(
  metadata: TableMetadata,
  table: RaceTable,
): Promise<Partial<FinalRecord>> {
  let files: FileRecord[] | undefined;
  try {
    const head = branchHead(metadata, MAIN_BRANCH);
    if (head === undefined) return { files: [], rows_counted: 0 };
    await table.writeLanded([
      ...(metadata.snapshots ?? []).map((snapshot) => String(snapshot["snapshot-id"])),
    ]);
    files = await listFiles(head, table.store);
    if (files.length > FOOTERS_MAX) {
      return { files, rows_counted: null, unread: `more than ${FOOTERS_MAX} data files` };
    }
    return { files, rows_counted: await countRows(files, table.store) };
  } catch (error) {
    const known = files === undefined ? {} : { files };
    return { ...known, rows_counted: null, unread: reasonOf(error) };
  }
}

async function listFiles(head: SnapshotJson, store: Store): Promise<FileRecord[]> {
  const manifests = await decodeManifestList(await store.read(head["manifest-list"]));
  const found = await mapInGroups(manifests, (manifest) => filesOf(manifest, store));
  return found.flat();
}

async function filesOf(manifest: ManifestFile, store: Store): Promise<FileRecord[]> {
  const entries = await decodeManifest(await store.read(manifest.path));
  return entries
    .filter(({ status, content }) => status !== "deleted" && content === "data")
    .map((entry) => ({
      path: entry.filePath,
      // What an entry leaves out it has from its manifest (table spec, "Sequence Number Inheritance").
      snapshot_id: String(entry.snapshotId ?? manifest.addedSnapshotId),
      sequence_number: Number(entry.sequenceNumber ?? manifest.sequenceNumber),
      rows: Number(entry.recordCount),
    }));
}

/** Rows by the footers of the files; one that is named twice is counted twice. */
async function countRows(files: readonly FileRecord[], store: Store): Promise<number> {
  const paths = [...new Set(files.map(({ path }) => path))];
  const counted = await mapInGroups(paths, async (path) => {
    const bytes = await store.read(path);
    const buffer = bytes.slice().buffer as ArrayBuffer;
    return [path, Number(parquetMetadata(buffer).num_rows)] as const;
  });
  const rowsOf = new Map(counted);
  return files.reduce((total, { path }) => total + rowsOf.get(path)!, 0);
}

async function mapInGroups<Item, Result>(
  items: readonly Item[],
  make: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < items.length; at += READS_AT_ONCE) {
    results.push(...await Promise.all(items.slice(at, at + READS_AT_ONCE).map(make)));
  }
  return results;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
