/** An embedded catalog for one run alone, and what a run left in it. */
import { startServe } from "../tests/real/tool.ts";
import type { S3Server } from "../tests/real/parts/s3_server.ts";
import { makeRunFolder, removeLargeFiles } from "./leftovers.ts";
import type { LoadedTable } from "./loaded_rows.ts";

/** A catalog without tables. */
export interface CatalogRun {
  readonly uri: string;
  readonly warehouse: string;
  /** Folder in which a run works; that of the warehouse, where `serve` keeps it on local disk. */
  readonly directory: string;
  /** Where the tables lie when not on local disk; the catalog vends no keys. */
  readonly s3?: S3Server;
}

/** Lets a run have a catalog. */
export type WithCatalog = <T>(use: (catalog: CatalogRun) => Promise<T>) => Promise<T>;

/** Namespace of the tables that the benchmarks load. */
export const BENCH_NAMESPACE = "bench";

/** Starts a catalog, lets `use` have it, and ends it; what is in it goes with the leftovers. */
export async function withCatalog<T>(use: (catalog: CatalogRun) => Promise<T>): Promise<T> {
  const directory = await makeRunFolder();
  const serve = await startServe([], { directory });
  try {
    return await use(serve);
  } finally {
    await serve.stop();
    await removeLargeFiles(directory);
  }
}

/**
 * Where the newest metadata file of a table is.
 *
 * @throws {Error} when the catalog does not know it.
 */
export async function locateTable(
  catalog: CatalogRun,
  name: string,
): Promise<LoadedTable> {
  const base = await catalogBase(catalog);
  const table = await getJson(`${base}/namespaces/${BENCH_NAMESPACE}/tables/${name}`);
  return { metadata: String(table["metadata-location"]), s3: catalog.s3 };
}

/** The URL below which the catalog's paths of a warehouse begin. */
export async function catalogBase({ uri, warehouse }: CatalogRun): Promise<string> {
  const config = await getJson(`${uri}/v1/config?warehouse=${encodeURIComponent(warehouse)}`);
  const { prefix } = config["overrides"] as { readonly prefix?: string };
  return prefix === undefined ? `${uri}/v1` : `${uri}/v1/${prefix}`;
}

async function getJson(url: string): Promise<Record<string, unknown>> {
  const response = await fetch(url);
  const text = await response.text();
  if (!response.ok) throw new Error(`Cannot get "${url}": HTTP ${response.status}: ${text}`);
  return JSON.parse(text);
}

/** Bytes of the Parquet files below a folder. */
export async function parquetBytesBelow(directory: string): Promise<number> {
  let bytes = 0;
  for await (const entry of Deno.readDir(directory)) {
    const path = `${directory}/${entry.name}`;
    if (entry.isDirectory) bytes += await parquetBytesBelow(path);
    else if (entry.name.endsWith(".parquet")) bytes += (await Deno.stat(path)).size;
  }
  return bytes;
}
