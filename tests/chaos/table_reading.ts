/**
 * Reads a table back from its metadata down to the rows, and notes all that is not sound. Metadata
 * come straight from the catalog, and Parquet is read by hyparquet, which the writer does not use.
 */
import { parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { decodeAvro } from "../../lib/table/avro.ts";
import { parseJson, toBigInt } from "../../lib/table/json.ts";
import { decodeManifestList, type ManifestFile } from "../../lib/table/manifest_list.ts";
import type { SnapshotJson, TableMetadata } from "../../lib/table/metadata.ts";
import type { Row } from "./rows.ts";
import type { ChaosSite } from "./site.ts";

/** A table as it is. */
export interface TableReading {
  readonly rows: readonly Row[];
  /** Snapshots of the main branch that the metadata show. */
  readonly snapshots: number;
  readonly location: string | undefined;
  /** What is wrong with metadata, manifests and data files. */
  readonly corruptions: readonly string[];
  /** Locations that the table refers to and that hold nothing. */
  readonly missing: readonly string[];
}

/** Reads a table; one that is not there is empty. `table` is `namespace.name`. */
export async function readTable(site: ChaosSite, table: string): Promise<TableReading> {
  const metadata = await loadMetadata(site, table);
  if (metadata === undefined) {
    return { rows: [], snapshots: 0, location: undefined, corruptions: [], missing: [] };
  }
  return await new Reading(site, metadata).read();
}

/** The metadata of a table, or undefined when it is not there. */
export async function loadMetadata(
  site: Pick<ChaosSite, "uri" | "warehouse">,
  table: string,
): Promise<TableMetadata | undefined> {
  const [namespace, name] = table.split(".");
  const config = await getJson(
    `${site.uri}/v1/config?warehouse=${encodeURIComponent(site.warehouse)}`,
  ) as unknown as Record<string, Record<string, string> | undefined>;
  const prefix = config["overrides"]?.["prefix"] ?? config["defaults"]?.["prefix"] ?? "";
  const base = prefix === "" ? `${site.uri}/v1` : `${site.uri}/v1/${prefix}`;
  const answer = await getJson(`${base}/namespaces/${namespace}/tables/${name}?snapshots=all`);
  return (answer as { readonly metadata: TableMetadata } | undefined)?.metadata;
}

async function getJson(url: string): Promise<unknown> {
  const response = await fetch(url, {
    headers: { authorization: "Bearer dummy" },
    signal: AbortSignal.timeout(60_000),
  });
  const text = await response.text();
  if (response.status === 404) return undefined;
  if (response.status !== 200) throw new Error(`Cannot read ${url}: ${response.status} ${text}`);
  return parseJson(text);
}

/** The part of a manifest entry that is looked at. */
interface Entry {
  readonly status: number;
  readonly "snapshot_id": bigint | null;
  readonly "sequence_number": bigint | null;
  readonly "data_file": {
    readonly "file_path": string;
    readonly "record_count": bigint;
    readonly "file_size_in_bytes": bigint;
  };
}

class Reading {
  readonly #site: ChaosSite;
  readonly #metadata: TableMetadata;
  readonly #corruptions: string[] = [];
  readonly #missing = new Set<string>();
  readonly #rows: Row[] = [];

  constructor(site: ChaosSite, metadata: TableMetadata) {
    this.#site = site;
    this.#metadata = metadata;
  }

  async read(): Promise<TableReading> {
    const chain = this.#chain();
    const head = chain.at(-1);
    if (head !== undefined) {
      this.#checkChain(chain);
      const lists = await Promise.all(chain.map((snapshot) => this.#readList(snapshot)));
      this.#checkLists(chain, lists);
      const files = await this.#readManifests(lists.at(-1) ?? [], chain);
      this.#checkSummary(head, files);
      await this.#readFiles(files);
    }
    return {
      rows: this.#rows,
      snapshots: chain.length,
      location: this.#metadata.location,
      corruptions: this.#corruptions,
      missing: [...this.#missing],
    };
  }

  #wrong(what: string): void {
    this.#corruptions.push(what);
  }

  /** The main branch, oldest snapshot first. */
  #chain(): SnapshotJson[] {
    const { snapshots = [], refs, "current-snapshot-id": current } = this.#metadata;
    const main = refs?.["main"]?.["snapshot-id"];
    const byId = new Map(snapshots.map((one) => [toBigInt(one["snapshot-id"]), one]));
    if (byId.size !== snapshots.length) this.#wrong("two snapshots have one id");
    if (main === undefined || main === null) {
      if (snapshots.length > 0) this.#wrong(`${snapshots.length} snapshots and no main branch`);
      return [];
    }
    if (current !== undefined && current !== null && toBigInt(current) !== toBigInt(main)) {
      this.#wrong(`current snapshot ${current}, main is at ${main}`);
    }
    const chain: SnapshotJson[] = [];
    let id: bigint | undefined = toBigInt(main);
    while (id !== undefined) {
      const snapshot = byId.get(id);
      if (snapshot === undefined) {
        if (this.#site.keepsHistory || chain.length === 0) {
          this.#wrong(`the chain of snapshots breaks at ${id}`);
        }
        break;
      }
      byId.delete(id);
      chain.unshift(snapshot);
      const parent: SnapshotJson["parent-snapshot-id"] = snapshot["parent-snapshot-id"];
      id = parent === undefined || parent === null ? undefined : toBigInt(parent);
    }
    for (const id of byId.keys()) this.#wrong(`snapshot ${id} is beside the main branch`);
    return chain;
  }

  /** Sequence numbers rise, times do not fall, and totals add up. */
  #checkChain(chain: readonly SnapshotJson[]): void {
    const total = (snapshot: SnapshotJson | undefined, key: string) =>
      Number(snapshot?.summary?.[key] ?? 0);
    for (const [place, snapshot] of chain.entries()) {
      const before = chain[place - 1];
      const id = snapshot["snapshot-id"];
      const sequence = toBigInt(snapshot["sequence-number"] ?? 0);
      if (before !== undefined && sequence <= toBigInt(before["sequence-number"] ?? 0)) {
        this.#wrong(`snapshot ${id} has sequence number ${sequence} after an equal or higher one`);
      }
      if (before !== undefined && snapshot["timestamp-ms"] < before["timestamp-ms"] - 60_000) {
        this.#wrong(`snapshot ${id} is more than a minute older than its parent`);
      }
      if (before === undefined && !this.#site.keepsHistory) continue;
      for (const what of ["records", "data-files", "files-size"]) {
        const wanted = total(before, `total-${what}`) + total(snapshot, `added-${what}`);
        if (total(snapshot, `total-${what}`) !== wanted) {
          const said = snapshot.summary?.[`total-${what}`];
          this.#wrong(`snapshot ${id} says total-${what} ${said}, and it is ${wanted}`);
        }
      }
    }
    const last = toBigInt(this.#metadata["last-sequence-number"] ?? 0);
    const newest = toBigInt(chain.at(-1)?.["sequence-number"] ?? 0);
    if (last !== newest) this.#wrong(`last-sequence-number ${last}, the head has ${newest}`);
  }

  async #bytesOf(location: string): Promise<Uint8Array | undefined> {
    const bytes = await this.#site.read(location);
    if (bytes === undefined) this.#missing.add(location);
    return bytes;
  }

  async #readList(snapshot: SnapshotJson): Promise<ManifestFile[]> {
    const location = snapshot["manifest-list"];
    const bytes = await this.#bytesOf(location);
    if (bytes === undefined) return [];
    try {
      return await decodeManifestList(bytes);
    } catch (error) {
      this.#wrong(`manifest list ${location}: ${error instanceof Error ? error.message : error}`);
      return [];
    }
  }

  /** Appends alone: each list holds all that the one before it held. */
  #checkLists(chain: readonly SnapshotJson[], lists: readonly ManifestFile[][]): void {
    for (const [place, list] of lists.entries()) {
      const snapshot = chain[place]!;
      const id = toBigInt(snapshot["snapshot-id"]);
      const paths = new Set(list.map(({ path }) => path));
      if (paths.size !== list.length) this.#wrong(`snapshot ${id} lists a manifest twice`);
      for (const { path } of lists[place - 1] ?? []) {
        if (!paths.has(path)) this.#wrong(`snapshot ${id} has lost the manifest ${path}`);
      }
      const own = list.filter((manifest) => manifest.addedSnapshotId === id);
      const added = own.reduce((sum, manifest) => sum + Number(manifest.addedRowsCount), 0);
      if (String(added) !== snapshot.summary?.["added-records"]) {
        const said = snapshot.summary?.["added-records"];
        this.#wrong(`snapshot ${id} says added-records ${said}, its manifests ${added}`);
      }
      const sequence = toBigInt(snapshot["sequence-number"] ?? 0);
      for (const manifest of own) {
        if (manifest.sequenceNumber !== sequence) {
          this.#wrong(`${manifest.path} has sequence number ${manifest.sequenceNumber}`);
        }
      }
    }
  }

  async #readManifests(
    list: readonly ManifestFile[],
    chain: readonly SnapshotJson[],
  ): Promise<Entry[]> {
    const known = new Set(chain.map((snapshot) => toBigInt(snapshot["snapshot-id"])));
    const entries = await Promise.all(list.map(async (manifest) => {
      const { path } = manifest;
      if (this.#site.keepsHistory && !known.has(manifest.addedSnapshotId)) {
        this.#wrong(`${path} was added by no snapshot of the branch`);
      }
      const bytes = await this.#bytesOf(path);
      if (bytes === undefined) return [];
      if (BigInt(bytes.length) !== manifest.lengthBytes) {
        this.#wrong(`${path} has ${bytes.length} bytes, its list says ${manifest.lengthBytes}`);
      }
      try {
        const found = (await decodeAvro(bytes)).records as unknown as Entry[];
        this.#checkManifest(manifest, found);
        return found;
      } catch (error) {
        this.#wrong(`manifest ${path}: ${error instanceof Error ? error.message : error}`);
        return [];
      }
    }));
    return entries.flat().filter(({ status }) => status !== STATUS_DELETED);
  }

  #checkManifest(manifest: ManifestFile, entries: readonly Entry[]): void {
    const added = entries.filter(({ status }) => status === STATUS_ADDED);
    const rows = added.reduce((sum, entry) => sum + entry.data_file.record_count, 0n);
    if (manifest.addedFilesCount !== added.length || manifest.addedRowsCount !== rows) {
      this.#wrong(
        `${manifest.path} holds ${added.length} files and ${rows} rows, its list differs`,
      );
    }
    for (const entry of added) {
      if (entry.snapshot_id !== null && entry.snapshot_id !== manifest.addedSnapshotId) {
        this.#wrong(`${manifest.path} has an entry of snapshot ${entry.snapshot_id}`);
      }
    }
  }

  #checkSummary(head: SnapshotJson, files: readonly Entry[]): void {
    const counted = {
      "total-records": files.reduce((sum, file) => sum + file.data_file.record_count, 0n),
      "total-data-files": files.length,
      "total-files-size": files.reduce((sum, file) => sum + file.data_file.file_size_in_bytes, 0n),
    };
    for (const [key, value] of Object.entries(counted)) {
      if (head.summary?.[key] !== String(value)) {
        this.#wrong(`the head says ${key} ${head.summary?.[key]}, and it is ${value}`);
      }
    }
    const paths = new Set(files.map(({ data_file }) => data_file.file_path));
    if (paths.size !== files.length) this.#wrong("a data file is in the table twice");
  }

  async #readFiles(files: readonly Entry[]): Promise<void> {
    for (const { data_file: file } of files) {
      const bytes = await this.#bytesOf(file.file_path);
      if (bytes === undefined) continue;
      if (BigInt(bytes.length) !== file.file_size_in_bytes) {
        this.#wrong(
          `${file.file_path} has ${bytes.length} bytes, its manifest says ${file.file_size_in_bytes}`,
        );
      }
      try {
        const rows = await readRows(bytes);
        if (BigInt(rows.length) !== file.record_count) {
          this.#wrong(`${file.file_path} has ${rows.length} rows, not ${file.record_count}`);
        }
        for (const row of rows) this.#rows.push(row);
      } catch (error) {
        const reason = error instanceof Error ? error.message : error;
        this.#wrong(`data file ${file.file_path}: ${reason}`);
      }
    }
  }
}

const STATUS_ADDED = 1;
const STATUS_DELETED = 2;

async function readRows(bytes: Uint8Array): Promise<Row[]> {
  const file = bytes.slice().buffer;
  const objects = await parquetReadObjects({
    file,
    metadata: await parquetMetadataAsync(file),
    compressors,
    // A Date would round microseconds away.
    parsers: { timestampFromMicroseconds: (micros: bigint) => micros },
  });
  return objects.map((object) => ({
    id: object["id"] ?? null,
    name: object["name"] ?? null,
    amount: object["amount"] ?? null,
    active: object["active"] ?? null,
    seen: object["seen"] ?? null,
    note: object["note"] ?? null,
  }));
}
