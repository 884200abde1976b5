/** Reads the warehouse of dead servers off the disk, without touching what they left. */
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { CatalogDatabase, DATABASE_FILE } from "../../lib/server/database.ts";
import { decodeMetadataBytes } from "../../lib/server/metadata_file.ts";
import { parseJson } from "../../lib/table/json.ts";
import type { TableMetadata } from "../../lib/table/metadata.ts";
import { chainOf } from "../server/support.ts";
import type { Found, FoundTable, Owned } from "./model.ts";

/** Namespace of the tables that all writers share. */
export const SHARED = "shared";
/** Namespace of the tables and views that belong to one writer each. */
export const OWN = "own";

/** What lies in a warehouse. */
export interface FoundWarehouse extends Found {
  /** Pointers by `namespace.name`. */
  readonly pointers: ReadonlyMap<string, string>;
  /** What is damaged: a pointer without its file, a broken chain, a database that is not whole. */
  readonly damages: readonly string[];
}

/**
 * Reads a copy of the database, since opening the one that was left would already change it, and
 * every metadata file that it points at.
 */
export async function readWarehouse(directory: string): Promise<FoundWarehouse> {
  const copy = await Deno.makeTempDir({ prefix: "lakekeeper-ingest-durability-copy-" });
  try {
    // The third file of SQLite's is made anew from these two.
    for (const name of [DATABASE_FILE, `${DATABASE_FILE}-wal`]) {
      await Deno.copyFile(`${directory}/${name}`, `${copy}/${name}`).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
    }
    return await readCopy(`${copy}/${DATABASE_FILE}`);
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
}

async function readCopy(path: string): Promise<FoundWarehouse> {
  const damages = checkWhole(path);
  const database = new CatalogDatabase(path);
  try {
    const pointers = new Map<string, string>();
    const owned = new Map<string, Owned>();
    const shared = new Map<string, FoundTable>();
    for (const kind of ["table", "view"] as const) {
      for (const namespace of [SHARED, OWN]) {
        const names = kind === "table"
          ? database.listTables([namespace])
          : database.listViews([namespace]);
        for (const name of names) {
          const row = kind === "table"
            ? database.findTable([namespace], name)!
            : database.findView([namespace], name)!;
          pointers.set(`${namespace}.${name}`, row.metadataLocation);
          try {
            const metadata = await readMetadata(row.metadataLocation);
            const { born = "", mark = "" } = metadata.properties ?? {};
            if (namespace === OWN) owned.set(name, { kind, born, mark });
            else shared.set(name, readShared(metadata));
          } catch (error) {
            damages.push(`${kind} "${name}": ${String(error)}`);
          }
        }
      }
    }
    for (const [name] of database.listNamespaces([])) {
      if (name === SHARED || name === OWN) continue;
      const { born = "", mark = "" } = database.namespaceProperties([name!]) ?? {};
      owned.set(name!, { kind: "namespace", born, mark });
    }
    const replies = readReplies(path);
    return {
      pointers,
      damages,
      shared,
      owned: (writer) => new Map([...owned].filter(([name]) => name.startsWith(`${writer}_`))),
      hasSuccess: (key) => replies.has(key),
    };
  } finally {
    database.close();
  }
}

/** The keys under which something else than an error is kept. */
function readReplies(path: string): Set<string> {
  using database = new DatabaseSync(path);
  const rows = database.prepare("SELECT key, reply FROM replies").all();
  return new Set(
    rows.filter((row) => JSON.parse(String(row["reply"])).form !== "error")
      .map((row) => String(row["key"])),
  );
}

function checkWhole(path: string): string[] {
  using database = new DatabaseSync(path);
  const rows = database.prepare("PRAGMA integrity_check").all();
  return rows.map((row) => String(row["integrity_check"])).filter((text) => text !== "ok")
    .map((text) => `the database: ${text}`);
}

async function readMetadata(location: string): Promise<TableMetadata> {
  const bytes = await Deno.readFile(fileURLToPath(location));
  return parseJson(await decodeMetadataBytes(bytes)) as unknown as TableMetadata;
}

/** @throws {Error} when its history is no chain of snapshots numbered from 1. */
function readShared(metadata: TableMetadata): FoundTable {
  const chain = chainOf(metadata).reverse();
  const snapshots = metadata.snapshots ?? [];
  const isLinear = snapshots.length === chain.length &&
    snapshots.every((snapshot, index) =>
      BigInt(snapshot["snapshot-id"]) === chain[index] &&
      Number(snapshot["sequence-number"]) === index + 1
    );
  if (!isLinear) throw new Error("its snapshots are no chain numbered from 1");
  return { chain, properties: metadata.properties ?? {} };
}
