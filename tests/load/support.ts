/** A real catalog on local disk, and the loader's parts upon it. */
import { tableFromIPC } from "apache-arrow";
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { readParquet } from "parquet-wasm";
import type { Source } from "../../lib/input/source.ts";
import type { CommitContext, ReadyChunk } from "../../lib/load/commit_context.ts";
import { Committer } from "../../lib/load/committer.ts";
import type { ChunkEvent, LoadEvent, SummaryEvent } from "../../lib/load/events.ts";
import { Departures } from "../../lib/rest/departures.ts";
import { FirstCommit } from "../../lib/load/first_commit.ts";
import { coverage, readEntry } from "../../lib/load/ledger.ts";
import { ManifestCache } from "../../lib/load/manifest_cache.ts";
import type { LoadOptions } from "../../lib/load/options.ts";
import { RecordedRanges } from "../../lib/load/recorded_ranges.ts";
import { runLoad } from "../../lib/load/run.ts";
import { Stop } from "../../lib/load/stop.ts";
import { type CatalogClient, connectCatalog, type LoadedTable } from "../../lib/rest/catalog.ts";
import { createHttp, type HttpEvent } from "../../lib/rest/http.ts";
import { startServer } from "../../lib/server/serve.ts";
import { openFileStore } from "../../lib/store/file_store.ts";
import { stringifyJson, toBigInt } from "../../lib/table/json.ts";
import { type ByteRange, dataFilePath } from "../../lib/table/locations.ts";
import { decodeManifestList } from "../../lib/table/manifest_list.ts";
import { decodeManifest } from "../../lib/table/manifest_reader.ts";
import {
  branchHead,
  type CommitRequest,
  currentSchema,
  type SnapshotJson,
  type TableMetadata,
} from "../../lib/table/metadata.ts";
import { matchColumns } from "../../lib/table/write_plan.ts";
import { type FaultPlan, type FaultProxy, startFaultProxy } from "../fault_proxy.ts";

/** The table of every test here. */
export const TABLE = { namespace: ["ns"], name: "t" };

/** Rows of each chunk that {@linkcode makeChunk} makes. */
export const CHUNK_ROWS = 10;

/** Bytes of the source that each of them stands for. */
const CHUNK_BYTES = 100;

/** A catalog on an empty warehouse, with a fault proxy before it. */
export interface TestCatalog {
  /** The catalog itself. */
  readonly uri: string;
  readonly directory: string;
  readonly proxy: FaultProxy;
  /** A session with the catalog itself. */
  readonly client: CatalogClient;
}

/**
 * Runs a test with a real catalog; nothing fails on the way unless `plan` says so.
 *
 * @param options.idempotencyKeys whether the catalog offers Idempotency-Keys. Many do not, and then
 * the loader has to find out what became of a commit. @default {false}
 */
export async function withCatalog(
  test: (catalog: TestCatalog) => Promise<void>,
  plan: FaultPlan = () => undefined,
  options: { readonly idempotencyKeys?: boolean } = {},
): Promise<void> {
  const { idempotencyKeys = false } = options;
  const directory = await Deno.makeTempDir({ prefix: "ingest-load-" });
  const server = await startServer({
    warehouses: [{ name: "demo", root: directory }],
    idempotencyKeys,
  });
  const proxy = startFaultProxy(server.uri, plan);
  try {
    await test({ uri: server.uri, directory, proxy, client: await connect(server.uri) });
  } finally {
    await proxy.close();
    await server.close();
    await Deno.remove(directory, { recursive: true });
  }
}

/** Opens a session. */
export function connect(
  uri: string,
  options: {
    readonly onEvent?: (event: HttpEvent) => void;
    readonly requestTimeoutMs?: number;
  } = {},
): Promise<CatalogClient> {
  const { onEvent = () => {}, ...rest } = options;
  const http = createHttp({ userAgent: "test/1", onEvent });
  return connectCatalog({ uri, warehouse: "demo", token: "dummy", http, ...rest });
}

/** Makes the table with a long and a string column. */
export async function makeTable(
  client: CatalogClient,
  properties: Readonly<Record<string, string>> = {},
): Promise<LoadedTable> {
  await client.ensureNamespace(TABLE.namespace);
  const made = await client.createTable(TABLE, {
    schema: {
      type: "struct",
      fields: [
        { id: 1, name: "id", type: "long", required: false },
        { id: 2, name: "name", type: "string", required: false },
      ],
    },
    properties,
  });
  assert.ok(made);
  return made;
}

/** A writer with a session and caches of its own, as another process would be. */
export interface TestWriter {
  readonly committer: Committer;
  readonly events: LoadEvent[];
  readonly http: HttpEvent[];
}

/** What a test may set of a writer. */
export interface WriterSettings extends
  Partial<
    Pick<CommitContext, "loadId" | "retriesMax" | "timeoutMs" | "backoff" | "stop" | "recorded">
  > {
  /** Time for one request. */
  readonly requestTimeoutMs?: number;
  /** Whether the load has no other writer. @default {false} */
  readonly isAlone?: boolean;
}

/** Makes a writer on the table as it was loaded. */
export async function makeWriter(
  uri: string,
  table: LoadedTable,
  settings: WriterSettings = {},
): Promise<TestWriter> {
  const { requestTimeoutMs, isAlone = false, ...rest } = settings;
  const events: LoadEvent[] = [];
  const http: HttpEvent[] = [];
  const store = openFileStore();
  const { columns } = matchColumns(currentSchema(table.metadata), [
    { name: "id", index: 0 },
    { name: "name", index: 1 },
  ]);
  const committer = new Committer({
    catalog: await connect(uri, {
      onEvent: (event) => http.push(event),
      ...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }),
    }),
    table: TABLE,
    store,
    manifests: new ManifestCache(store),
    departures: new Departures(),
    firstCommit: new FirstCommit(),
    columns,
    loadId: "load",
    chunkRows: CHUNK_ROWS,
    recorded: new RecordedRanges(),
    retriesMax: undefined,
    timeoutMs: 60_000,
    backoff: { minWaitMs: 5, maxWaitMs: 200 },
    stop: new Stop(),
    emit: (event) => events.push(event),
    ...rest,
  }, { metadata: table.metadata, number: 0, isAlone });
  return { committer, events, http };
}

/** A chunk of {@linkcode CHUNK_ROWS} rows; its data file is there, and nobody reads it. */
export function makeChunk(table: LoadedTable, index: number, loadId = "load"): ReadyChunk {
  const range = { start: index * CHUNK_BYTES, end: (index + 1) * CHUNK_BYTES };
  const location = dataFilePath(table.metadata, { loadId, range });
  const path = pathOf(location);
  Deno.mkdirSync(dirname(path), { recursive: true });
  Deno.writeFileSync(path, new Uint8Array(CHUNK_BYTES));
  return {
    index,
    rows: CHUNK_ROWS,
    range: { ...range, digest: index.toString(16).padStart(32, "0") },
    file: {
      path: location,
      recordCount: CHUNK_ROWS,
      sizeBytes: CHUNK_BYTES,
      splitOffsets: [4],
      columns: [],
    },
  };
}

/** The local path of a location. */
export function pathOf(location: string): string {
  return location.replace(/^file:\/\//, "");
}

/** Names of the files below the first table's `data` or `metadata` directory, in order. */
export function filesOf(warehouse: string, kind: "data" | "metadata"): string[] {
  return filesAt(`${warehouse}/ns/t`, kind);
}

/** The same for the table at a location. */
export function filesAt(location: string, kind: "data" | "metadata"): string[] {
  try {
    return [...Deno.readDirSync(`${pathOf(location)}/${kind}`)].map(({ name }) => name)
      .filter((name) => /\.(avro|parquet)$/.test(name)).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Changes the table behind the writers' backs. */
export async function changeTable(
  uri: string,
  updates: CommitRequest["updates"],
): Promise<void> {
  const response = await fetch(`${uri}/v1/namespaces/ns/tables/t`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: stringifyJson({ requirements: [], updates }),
  });
  assert.equal(response.status, 200, await response.text());
}

/** Drops the table behind the writers' backs. */
export async function dropTable(uri: string): Promise<void> {
  const response = await fetch(`${uri}/v1/namespaces/ns/tables/t`, { method: "DELETE" });
  assert.equal(response.status, 204, await response.text());
}

/** The table, counted in every way that its metadata allows. */
export interface TableLook {
  readonly metadata: TableMetadata;
  /** From the first snapshot to the head of main. */
  readonly chain: readonly SnapshotJson[];
  readonly rows: number;
  /** What the ledger tells of each snapshot, such as `load/0-100`; ranges that touch are one. */
  readonly chunks: readonly string[];
  /** Locations of the data files in the head. */
  readonly dataFiles: readonly string[];
}

/**
 * Reads the table; the three counts of its rows must agree, its history be one line, no byte of a
 * load be there twice, and every file be there.
 */
export async function lookAt(client: CatalogClient): Promise<TableLook> {
  const loaded = await client.loadTable(TABLE);
  assert.ok(loaded);
  const { metadata } = loaded;
  const head = branchHead(metadata, "main");
  if (head === undefined) return { metadata, chain: [], rows: 0, chunks: [], dataFiles: [] };
  const chain = chainTo(metadata, head);
  const summed = (key: string) =>
    chain.reduce((sum, { summary }) => sum + Number(summary?.[key] ?? 0), 0);
  const manifests = await decodeManifestList(await openFileStore().read(head["manifest-list"]));
  const listed = manifests.reduce((sum, manifest) => sum + Number(manifest.addedRowsCount), 0);
  const rows = summed("added-records");
  assert.equal(Number(head.summary?.["total-records"]), rows, "total-records of the head");
  assert.equal(listed, rows, "rows of the head's manifests");
  assert.equal(manifests.length, summed("manifests-created"), "manifests");
  assert.equal(Number(head.summary?.["total-data-files"]), summed("added-data-files"));
  assert.deepEqual(
    chain.map((snapshot) => Number(snapshot["sequence-number"])),
    chain.map((_, index) => index + 1),
    "sequence numbers",
  );
  assert.equal(metadata.snapshots?.length, chain.length, "a snapshot beside the line");
  checkLedger(chain);
  const dataFiles = await liveDataFiles(metadata);
  for (const { "manifest-list": list } of chain) await Deno.stat(pathOf(list));
  for (const file of dataFiles) await Deno.stat(pathOf(file));
  assert.equal(new Set(dataFiles).size, dataFiles.length, "a data file is there twice");
  const chunks = chain.map(({ summary }) =>
    `${summary?.["ingest.load-id"]}/${summary?.["ingest.ranges"]?.replace(/:[0-9a-f]*/g, "")}`
  );
  return { metadata, chain, rows, chunks, dataFiles };
}

/** No byte of a load may be in the table twice. */
function checkLedger(chain: readonly SnapshotJson[]): void {
  const loads = new Map<string, ByteRange[]>();
  for (const snapshot of chain) {
    const loadId = snapshot.summary?.["ingest.load-id"] ?? "";
    const ranges = loads.get(loadId) ?? [];
    for (const range of readEntry(snapshot, loadId)?.ranges ?? []) {
      assert.equal(coverage(range, ranges), "none", `${range.start}-${range.end} is there twice`);
      ranges.push(range);
    }
    loads.set(loadId, ranges);
  }
}

/** Locations of the data files that the head of a table refers to. */
export async function liveDataFiles(metadata: TableMetadata): Promise<string[]> {
  const head = branchHead(metadata, "main");
  if (head === undefined) return [];
  const store = openFileStore();
  const files: string[] = [];
  for (const { path } of await decodeManifestList(await store.read(head["manifest-list"]))) {
    for (const entry of await decodeManifest(await store.read(path))) {
      if (entry.status !== "deleted") files.push(entry.filePath);
    }
  }
  return files;
}

/** The ids in the table's data files, in order. */
export async function idsInTable(client: CatalogClient): Promise<number[]> {
  const loaded = await client.loadTable(TABLE);
  assert.ok(loaded);
  const ids: number[] = [];
  for (const location of await liveDataFiles(loaded.metadata)) {
    const bytes = await Deno.readFile(pathOf(location));
    const column = tableFromIPC(readParquet(bytes).intoIPCStream()).getChild("id");
    for (const id of column ?? []) ids.push(Number(id));
  }
  return ids.sort((one, other) => one - other);
}

function chainTo(metadata: TableMetadata, head: SnapshotJson): SnapshotJson[] {
  const byId = new Map(
    metadata.snapshots?.map((snapshot) => [toBigInt(snapshot["snapshot-id"]), snapshot]),
  );
  const chain: SnapshotJson[] = [];
  for (let next: SnapshotJson | undefined = head; next !== undefined;) {
    chain.unshift(next);
    const parent: SnapshotJson["parent-snapshot-id"] = next["parent-snapshot-id"];
    next = parent === undefined || parent === null ? undefined : byId.get(toBigInt(parent));
    assert.ok(next !== undefined || parent === undefined || parent === null, "a broken line");
  }
  return chain;
}

/** A source in memory. */
class TextSource implements Source {
  readonly name = "test.csv";
  readonly sizeBytes: number;
  readonly #bytes: Uint8Array;
  readonly #blockBytes: number;

  constructor(text: string, blockBytes = 1 << 16) {
    this.#bytes = new TextEncoder().encode(text);
    this.sizeBytes = this.#bytes.length;
    this.#blockBytes = blockBytes;
  }

  async *open(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < this.#bytes.length; at += this.#blockBytes) {
      yield await Promise.resolve(this.#bytes.slice(at, at + this.#blockBytes));
    }
  }
}

/** CSV text of so many rows with an id and a name. */
export function csvRows(rows: number, from = 1): string {
  const lines = Array.from({ length: rows }, (_, row) => `${from + row},name ${from + row}\n`);
  return `id,name\n${lines.join("")}`;
}

/** What a load said and came to. */
export interface Load {
  readonly events: readonly LoadEvent[];
  readonly chunks: readonly ChunkEvent[];
  readonly summary: SummaryEvent;
}

/** Loads CSV text into the table. */
export async function load(
  uri: string,
  text: string,
  settings: Partial<LoadOptions> & { readonly onEvent?: (event: LoadEvent) => void } = {},
): Promise<Load> {
  const { onEvent = () => {}, ...rest } = settings;
  const events: LoadEvent[] = [];
  const emit = (event: LoadEvent) => {
    events.push(event);
    onEvent(event);
  };
  const summary = await runLoad({
    source: new TextSource(text),
    dialect: { delimiter: ",", nullValues: [], hasHeader: true },
    catalog: { uri, warehouse: "demo", name: "test", token: "dummy", properties: {} },
    table: TABLE,
    createTable: true,
    workers: 2,
    chunkSize: 10,
    targetFileSizeBytes: 8 * 2 ** 20,
    parquet: {},
    commitMode: "per-chunk",
    inferRows: 1000,
    columnTypes: new Map(),
    commitRetries: undefined,
    commitTimeoutMs: 60_000,
    loadId: "load",
    mayResume: false,
    stop: new Stop(),
    http: createHttp({ userAgent: "test/1", onEvent: emit }),
    peakRssBytes: () => 1,
    ...rest,
  }, emit);
  const chunks = events.filter((event) => event.type === "chunk");
  assert.equal(events.at(-1), summary, "the summary comes last");
  return { events, chunks, summary };
}

/** Ids from `from` to `to`. */
export function idsFrom(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, at) => from + at);
}

/** Messages of a load's notices, or of its errors. */
export function messagesOf({ events }: Load, type: "notice" | "error"): string[] {
  return events.flatMap((event) => event.type === type ? [event.message] : []);
}

/** Rows in the table = rows of the chunks reported as committed, and no other. */
export async function checkExact(client: CatalogClient, { chunks, summary }: Load): Promise<void> {
  const committed = chunks.filter(({ state }) => state === "committed");
  const rows = committed.reduce((sum, chunk) => sum + chunk.rows, 0);
  assert.equal((await lookAt(client)).rows, rows);
  assert.equal(rows, summary.rowsCommitted);
  assert.equal((await idsInTable(client)).length, rows);
}
