// What the tests of cleaning share: a real catalog, commits of loads, files that no commit holds.

import { type CleanEvent, type CleanOptions, runClean } from "../../lib/load/clean.ts";
import { createHttp } from "../../lib/rest/http.ts";
import { startServer } from "../../lib/server/serve.ts";
import { openFileStore } from "../../lib/store/file_store.ts";
import { buildAppend, newSnapshotId } from "../../lib/table/append.ts";
import { parseJson, stringifyJson, toBigInt } from "../../lib/table/json.ts";
import { dataFilePath, manifestListPath, manifestPath } from "../../lib/table/locations.ts";
import { encodeManifest } from "../../lib/table/manifest.ts";
import { decodeManifestList, encodeManifestList } from "../../lib/table/manifest_list.ts";
import {
  branchHead,
  currentSchema,
  defaultPartitionSpec,
  type TableMetadata,
  type Update,
} from "../../lib/table/metadata.ts";

const HOUR_MS = 3_600_000;
const store = openFileStore();

/** Locations of the files of one commit, or of one that never came. */
export interface LoadFiles {
  readonly data: string;
  readonly manifest: string;
  readonly list: string;
  readonly snapshotId: bigint;
}

/** A table of a real catalog, on local disk. */
export interface CleanBench {
  readonly uri: string;
  readonly directory: string;
  metadata(): Promise<TableMetadata>;
  /** Writes the files of an append of this load, without posting it; they are two hours old. */
  write(loadId: string): Promise<LoadFiles & { post(): Promise<void> }>;
  /** Writes and posts an append. */
  commit(loadId: string): Promise<LoadFiles>;
  update(updates: readonly Update[]): Promise<void>;
  /** Runs `clean`. */
  clean(options?: Partial<CleanOptions>): Promise<CleanResult>;
  /** Every file of the table that is on the disk, by location. */
  files(): Promise<string[]>;
}

/** What `clean` told of. */
export interface CleanResult {
  readonly removed: readonly string[];
  readonly events: readonly CleanEvent[];
  readonly summary: CleanEvent & { type: "clean" };
}

/** Runs a test with an empty table `ns.t`. */
export async function withTable(test: (bench: CleanBench) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "ingest-clean-" });
  const server = await startServer({ warehouses: [{ name: "demo", root: directory }] });
  try {
    const url = `${server.uri}/v1/namespaces/ns/tables/t`;
    const schema = {
      type: "struct",
      fields: [{ id: 1, name: "id", type: "long", required: false }],
    };
    await request(`${server.uri}/v1/namespaces`, { namespace: ["ns"] });
    await request(`${server.uri}/v1/namespaces/ns/tables`, { name: "t", schema });
    const bench = benchOf({ uri: server.uri, url, directory });
    await test(bench);
  } finally {
    await server.close();
    await Deno.remove(directory, { recursive: true });
  }
}

async function request(url: string, body?: unknown): Promise<unknown> {
  const response = await fetch(url, {
    headers: { "content-type": "application/json" },
    ...(body === undefined ? {} : { method: "POST", body: stringifyJson(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: HTTP ${response.status}: ${text}`);
  return parseJson(text);
}

/** Sets a file's age. */
export async function setAge(location: string, ageMs: number): Promise<void> {
  const time = new Date(Date.now() - ageMs);
  await Deno.utime(location.replace(/^file:\/\//, ""), time, time);
}

function benchOf(
  of: { readonly uri: string; readonly url: string; readonly directory: string },
): CleanBench {
  const metadata = async () =>
    (await request(`${of.url}?snapshots=all`) as { metadata: TableMetadata }).metadata;
  const update = async (updates: readonly Update[]) => {
    await request(of.url, { requirements: [], updates });
  };
  const bench: CleanBench = {
    uri: of.uri,
    directory: of.directory,
    metadata,
    update,
    async write(loadId) {
      const { files, updates } = await writeAppend(await metadata(), loadId);
      return { ...files, post: () => update(updates) };
    },
    async commit(loadId) {
      const { post, ...files } = await bench.write(loadId);
      await post();
      return files;
    },
    async clean(options = {}) {
      const events: CleanEvent[] = [];
      const summary = await runClean({
        catalog: { uri: of.uri, warehouse: "demo", name: "c", token: "dummy", properties: {} },
        table: { namespace: ["ns"], name: "t" },
        loadId: "load",
        olderThanMs: HOUR_MS,
        dryRun: false,
        historyExpired: false,
        http: createHttp({ userAgent: "test/1", onEvent: () => {} }),
        ...options,
      }, (event) => events.push(event));
      const removed = events.flatMap((event) => event.type === "removed" ? [event.location] : []);
      return { removed: removed.sort(), events, summary };
    },
    async files() {
      const { location } = await metadata();
      const found = await Array.fromAsync(store.list(location), (file) => file.location);
      return found.filter((one) => !one.endsWith(".metadata.json")).sort();
    },
  };
  return bench;
}

async function writeAppend(
  metadata: TableMetadata,
  loadId: string,
): Promise<{ files: LoadFiles; updates: readonly Update[] }> {
  const snapshotId = newSnapshotId(metadata);
  const range = { start: 0, end: 10 };
  const data = dataFilePath(metadata, { loadId, range });
  const manifest = manifestPath(metadata, { loadId, range });
  const list = manifestListPath(metadata, { loadId, snapshotId, attempt: 1 });
  const spec = defaultPartitionSpec(metadata);
  await store.write(data, new Uint8Array(10));
  const file = { path: data, recordCount: 1, sizeBytes: 10, splitOffsets: [], columns: [] };
  const formatVersion = metadata["format-version"];
  const bytes = encodeManifest([file], {
    formatVersion,
    schema: currentSchema(metadata),
    spec,
    snapshotId,
  });
  await store.write(manifest, bytes);
  const head = branchHead(metadata, "main");
  const built = buildAppend(
    {
      metadata,
      manifests: head === undefined
        ? []
        : await decodeManifestList(await store.read(head["manifest-list"])),
    },
    {
      snapshotId,
      manifests: [{
        path: manifest,
        lengthBytes: bytes.length,
        partitionSpecId: spec["spec-id"] ?? 0,
        files: 1,
        rows: 1,
      }],
      schemaId: metadata["current-schema-id"],
      addedFiles: 1,
      addedRows: 1,
      addedSizeBytes: 10,
      summary: { "ingest.load-id": loadId },
    },
    { manifestListPath: list, nowMs: Date.now() },
  );
  const { parentSnapshotId, sequenceNumber } = built;
  const listBytes = encodeManifestList(built.manifests, {
    formatVersion,
    snapshotId,
    parentSnapshotId,
    sequenceNumber,
  });
  await store.write(list, listBytes);
  for (const location of [data, manifest, list]) await setAge(location, 2 * HOUR_MS);
  return { files: { data, manifest, list, snapshotId }, updates: built.request.updates };
}

/** Ids of all snapshots that the metadata shows. */
export function snapshotIds(metadata: TableMetadata): bigint[] {
  return (metadata.snapshots ?? []).map((snapshot) => toBigInt(snapshot["snapshot-id"]));
}
