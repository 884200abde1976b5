// What the end-to-end tests share: a directory for each test, loads into it, and a look at what
// stands in the table that does not trust what the load said of itself.

import { tableFromIPC } from "apache-arrow";
import { join } from "node:path";
import { readParquet } from "parquet-wasm";
import type { Json } from "../../lib/table/json.ts";
import { parseJson, stringifyJson } from "../../lib/table/json.ts";
import type { TableMetadata } from "../../lib/table/metadata.ts";
import { startServer } from "../../lib/server/serve.ts";
import { fileURLToPath } from "node:url";
import { runTool, type RunToolOptions, spawnTool, type ToolResult } from "./tool.ts";

/** The sample data of the repository: 50,000 rows. */
export const SAMPLE_DATA = fileURLToPath(new URL("../../sample_data.csv", import.meta.url));

/** The embedded catalog in the test's own directory. */
export const EMBEDDED: readonly string[] = ["--uri", "embedded:warehouse"];

/** Runs `use` with a new directory, which is removed afterwards. */
export async function inTempDir(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "lakekeeper_ingest_e2e_" });
  try {
    await use(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** A test with a directory of its own. */
export function testInDir(name: string, run: (directory: string) => Promise<void>): void {
  Deno.test(name, () => inTempDir(run));
}

/** Runs the tool in a directory, on the embedded catalog there. */
export function load(
  directory: string,
  args: readonly string[],
  options: Omit<RunToolOptions, "cwd"> = {},
): Promise<ToolResult> {
  return runTool([...args, ...EMBEDDED], { ...options, cwd: directory });
}

/** Writes `data.csv` into a directory and loads it. */
export async function loadText(
  directory: string,
  content: string | Uint8Array,
  args: readonly string[] = [],
): Promise<ToolResult> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  await Deno.writeFile(join(directory, "data.csv"), bytes);
  return await load(directory, ["data.csv", ...args]);
}

/** One event of `--json`. */
// deno-lint-ignore no-explicit-any -- tests read the fields that they expect
export type JsonLine = Record<string, any>;

/** Every line of `--json` output; each must be an object. */
export function jsonLines(text: string): JsonLine[] {
  return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

/** The last line of `--json` output. */
export function summaryOf(result: ToolResult): JsonLine {
  return jsonLines(result.stdout).at(-1)!;
}

/** A client of a catalog that has no code in common with the loader's. */
export interface CatalogAccess {
  readonly uri: string;
  request(method: string, path: string, body?: unknown): Promise<{ status: number; json: Json }>;
}

/** Sends one request below a catalog's URI. */
export async function catalogRequest(
  uri: string,
  of: { readonly method: string; readonly path: string; readonly body?: unknown },
): Promise<{ status: number; json: Json }> {
  const response = await fetch(`${uri}${of.path}`, {
    method: of.method,
    headers: { "content-type": "application/json" },
    ...(of.body === undefined ? {} : { body: stringifyJson(of.body) }),
  });
  const text = await response.text();
  return { status: response.status, json: text === "" ? null : parseJson(text) };
}

/** Serves the warehouse of a test's directory while `use` runs. */
export async function withCatalog<T>(
  directory: string,
  use: (catalog: CatalogAccess) => Promise<T>,
): Promise<T> {
  const server = await startServer({
    warehouses: [{ name: "demo", root: join(directory, "warehouse") }],
  });
  try {
    return await use({
      uri: server.uri,
      request: (method, path, body) => catalogRequest(server.uri, { method, path, body }),
    });
  } finally {
    await server.close();
  }
}

/** Path of the table that is loaded into unless a test says otherwise. */
export const TABLE_PATH = "/v1/namespaces/default/tables/sample_table";

/** Makes the table `default.sample_table` by hand, as another client would. */
export async function createTable(
  directory: string,
  definition: {
    readonly fields: ReadonlyArray<Record<string, unknown>>;
    readonly properties?: Record<string, string>;
    readonly partitionSpec?: unknown;
  },
): Promise<void> {
  await withCatalog(directory, async ({ request }) => {
    await request("POST", "/v1/namespaces", { namespace: ["default"], properties: {} });
    const { status, json } = await request("POST", "/v1/namespaces/default/tables", {
      name: "sample_table",
      schema: { type: "struct", "schema-id": 0, fields: definition.fields },
      properties: definition.properties ?? {},
      ...(definition.partitionSpec === undefined
        ? {}
        : { "partition-spec": definition.partitionSpec }),
    });
    if (status !== 200) throw new Error(`Cannot make the table: ${stringifyJson(json)}`);
  });
}

/** What a table holds, by its own metadata. */
export interface TableState {
  readonly records: number;
  readonly snapshots: number;
  readonly snapshotId: string | undefined;
  readonly metadata: TableMetadata;
}

/** Asks the catalog of a test's directory for a table; undefined when there is none. */
export function tableState(
  directory: string,
  path = TABLE_PATH,
): Promise<TableState | undefined> {
  return withCatalog(directory, async ({ request }) => {
    const { status, json } = await request("GET", `${path}?snapshots=all`);
    return status === 404 ? undefined : stateOf(json);
  });
}

/** Reads the answer to a request for a table. */
export function stateOf(json: Json): TableState {
  const { metadata } = json as unknown as { metadata: TableMetadata };
  const snapshots = metadata.snapshots ?? [];
  const current = metadata["current-snapshot-id"] ?? -1;
  const head = snapshots.find((snapshot) => String(snapshot["snapshot-id"]) === String(current));
  return {
    records: Number(head?.summary?.["total-records"] ?? 0),
    snapshots: snapshots.length,
    snapshotId: head === undefined ? undefined : String(head["snapshot-id"]),
    metadata,
  };
}

/** The rows of every data file below a directory; for loads of which no chunk has failed. */
export async function readRows(directory: string): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  for (const path of await filesBelow(directory, ".parquet")) {
    const table = tableFromIPC(readParquet(await Deno.readFile(path)).intoIPCStream());
    for (const row of table) if (row !== null) rows.push(row.toJSON());
  }
  return rows;
}

/** Paths of all files below a directory whose names end so. */
export async function filesBelow(directory: string, ending: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(directory)) {
    const path = join(directory, entry.name);
    if (entry.isDirectory) found.push(...await filesBelow(path, ending));
    else if (entry.name.endsWith(ending)) found.push(path);
  }
  return found.sort();
}

/** Whether something stands at a path. */
export function exists(path: string): Promise<boolean> {
  return Deno.stat(path).then(() => true, () => false);
}

/** A `serve` that runs. */
export interface ServedCatalog {
  readonly uri: string;
  /** First line on stdout. */
  readonly greeting: string;
  /** Sends signals, a moment apart, and waits for the end. */
  end(
    ...signals: Deno.Signal[]
  ): Promise<{ code: number; signal: Deno.Signal | null; stderr: string }>;
  /** Everything on stdout; waits for the end. */
  stdout(): Promise<string>;
}

const GREETING_MS_MAX = 30_000;
const SIGNAL_PAUSE_MS = 100;

/** Starts `serve` and waits until it says where it listens. */
export async function startServe(
  args: readonly string[],
  options: RunToolOptions,
): Promise<ServedCatalog> {
  const child = await spawnTool(["serve", ...args], options);
  const stderr = new Response(child.stderr).text();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let greeting = "";
  const timer = setTimeout(() => child.kill("SIGKILL"), GREETING_MS_MAX);
  while (!greeting.includes("\n")) {
    const { done, value } = await reader.read();
    if (done) break;
    greeting += value;
  }
  clearTimeout(timer);
  const uri = /https?:\/\/[^\s"]+/.exec(greeting)?.[0];
  if (uri === undefined) {
    await child.status;
    throw new Error(`serve did not start: ${greeting}${await stderr}`);
  }
  const rest = (async () => {
    let text = greeting;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text;
      text += value;
    }
  })();
  return {
    uri,
    greeting: greeting.trimEnd(),
    stdout: () => rest,
    async end(...signals) {
      for (const [index, signal] of signals.entries()) {
        if (index > 0) await new Promise((resolve) => setTimeout(resolve, SIGNAL_PAUSE_MS));
        child.kill(signal);
      }
      await rest;
      const status = await child.status;
      return { code: status.code, signal: status.signal, stderr: await stderr };
    },
  };
}
