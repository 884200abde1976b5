/** What the tests of the loader share: a real catalog, writers, loads, and a look at the table. */
import assert from "node:assert/strict";
import type { Source } from "../../lib/input/source.ts";
import { type CommitChunk, type CommitContext, Committer } from "../../lib/load/commit.ts";
import type { ChunkEvent, LoadEvent, SummaryEvent } from "../../lib/load/events.ts";
import { FirstCommit } from "../../lib/load/first_commit.ts";
import { ManifestCache } from "../../lib/load/manifest_cache.ts";
import type { LoadOptions } from "../../lib/load/options.ts";
import { runLoad } from "../../lib/load/run.ts";
import { type CatalogClient, connectCatalog, type LoadedTable } from "../../lib/rest/catalog.ts";
import { createHttp, type HttpEvent } from "../../lib/rest/http.ts";
import { startServer } from "../../lib/server/serve.ts";
import { openFileStore } from "../../lib/store/file_store.ts";
import { stringifyJson, toBigInt } from "../../lib/table/json.ts";
import { chunkFileNames } from "../../lib/table/locations.ts";
import { decodeManifestList } from "../../lib/table/manifest_list.ts";
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

/** A catalog on an empty warehouse, with a fault proxy before it. */
export interface TestCatalog {
  /** The catalog itself. */
  readonly uri: string;
  readonly directory: string;
  readonly proxy: FaultProxy;
  /** A session with the catalog itself. */
  readonly client: CatalogClient;
}

/** Runs a test with a real catalog; nothing fails on the way unless `plan` says so. */
export async function withCatalog(
  test: (catalog: TestCatalog) => Promise<void>,
  plan: FaultPlan = () => undefined,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "ingest-load-" });
  const server = await startServer({ warehouseDirectory: directory });
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
  onEvent: (event: HttpEvent) => void = () => {},
): Promise<CatalogClient> {
  const http = createHttp({ userAgent: "test/1", onEvent });
  return connectCatalog({ uri, warehouse: "demo", token: "dummy", http });
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

/** Makes a writer on the table as it was loaded. */
export async function makeWriter(
  uri: string,
  table: LoadedTable,
  settings: Partial<Pick<CommitContext, "retriesMax" | "timeoutMs" | "backoff">> = {},
): Promise<TestWriter> {
  const events: LoadEvent[] = [];
  const http: HttpEvent[] = [];
  const store = openFileStore();
  const { columns } = matchColumns(currentSchema(table.metadata), [
    { name: "id", index: 0 },
    { name: "name", index: 1 },
  ]);
  const committer = new Committer({
    catalog: await connect(uri, (event) => http.push(event)),
    table: TABLE,
    store,
    manifests: new ManifestCache(store),
    firstCommit: new FirstCommit(),
    columns,
    retriesMax: undefined,
    timeoutMs: 60_000,
    backoff: { minWaitMs: 5, maxWaitMs: 200 },
    emit: (event) => events.push(event),
    ...settings,
  }, table.metadata);
  return { committer, events, http };
}

/** A chunk of {@linkcode CHUNK_ROWS} rows whose data file nobody reads. */
export function makeChunk(table: LoadedTable, index: number, loadId = "load"): CommitChunk {
  const names = chunkFileNames(table.metadata, { loadId, index });
  return {
    index,
    names,
    files: [{
      path: names.dataFile(crypto.randomUUID()),
      recordCount: CHUNK_ROWS,
      sizeBytes: 100,
      splitOffsets: [4],
      columns: [],
    }],
    summary: { "ingest.load-id": loadId, "ingest.chunk": String(index) },
  };
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
  /** Chunks in the table by load id and number, such as `load/3`. */
  readonly chunks: readonly string[];
}

/** Reads the table; the three counts of its rows must agree, and its history be one line. */
export async function lookAt(client: CatalogClient): Promise<TableLook> {
  const loaded = await client.loadTable(TABLE);
  assert.ok(loaded);
  const { metadata } = loaded;
  const head = branchHead(metadata, "main");
  if (head === undefined) return { metadata, chain: [], rows: 0, chunks: [] };
  const chain = chainTo(metadata, head);
  const added = chain.reduce((sum, { summary }) => sum + Number(summary?.["added-records"]), 0);
  const manifests = await decodeManifestList(await openFileStore().read(head["manifest-list"]));
  const listed = manifests.reduce((sum, manifest) => sum + Number(manifest.addedRowsCount), 0);
  assert.equal(Number(head.summary?.["total-records"]), added, "total-records of the head");
  assert.equal(listed, added, "rows of the head's manifests");
  assert.equal(manifests.length, chain.length, "one manifest a snapshot");
  assert.equal(Number(head.summary?.["total-data-files"]), chain.length);
  assert.deepEqual(
    chain.map((snapshot) => Number(snapshot["sequence-number"])),
    chain.map((_, index) => index + 1),
    "sequence numbers",
  );
  assert.equal(metadata.snapshots?.length, chain.length, "a snapshot beside the line");
  const chunks = chain.map(({ summary }) =>
    `${summary?.["ingest.load-id"]}/${summary?.["ingest.chunk"]}`
  );
  assert.equal(new Set(chunks).size, chunks.length, "a chunk is in the table twice");
  return { metadata, chain, rows: added, chunks };
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
  settings: Partial<LoadOptions> = {},
): Promise<Load> {
  const events: LoadEvent[] = [];
  const emit = (event: LoadEvent) => events.push(event);
  const summary = await runLoad({
    source: new TextSource(text),
    dialect: { delimiter: ",", nullValues: [], hasHeader: true },
    catalog: { uri, warehouse: "demo", name: "test", token: "dummy", properties: {} },
    table: TABLE,
    createTable: true,
    workers: 2,
    chunkSize: 10,
    inferRows: 1000,
    columnTypes: new Map(),
    commitRetries: undefined,
    commitTimeoutMs: 60_000,
    loadId: "load",
    http: createHttp({ userAgent: "test/1", onEvent: emit }),
    peakRssBytes: () => 1,
    ...settings,
  }, emit);
  const chunks = events.filter((event) => event.type === "chunk");
  assert.equal(events.at(-1), summary, "the summary comes last");
  return { events, chunks, summary };
}

/** Rows in the table = rows of the chunks reported as committed, and just these chunks. */
export async function checkExact(client: CatalogClient, { chunks, summary }: Load): Promise<void> {
  const committed = chunks.filter(({ state }) => state === "committed");
  const { rows, chunks: inTable } = await lookAt(client);
  assert.equal(rows, committed.reduce((sum, chunk) => sum + chunk.rows, 0));
  assert.equal(rows, summary.rowsCommitted);
  const reported = committed.map(({ chunk }) => `${summary.loadId}/${chunk}`);
  assert.deepEqual(inTable.toSorted(), reported.toSorted());
}
