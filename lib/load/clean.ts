/**
 * Removes what a load has left behind: files of its own that no snapshot refers to (protocol of
 * commits: files of a commit whose outcome is unknown are never removed at once).
 */
import { CatalogError, StorageError, ToolError } from "../errors.ts";
import { connectCatalog, formatTableName, type TableName } from "../rest/catalog.ts";
import { type HttpEvent, type HttpSend, redactUrl } from "../rest/http.ts";
import { openStore } from "../store/open_store.ts";
import type { OnStoreRequest, Store, StoredObject } from "../store/store.ts";
import type { TableMetadata } from "../table/metadata.ts";
import {
  belongsToLoad,
  type CleanRules,
  directoriesOf,
  judge,
  type Verdict,
} from "./clean_plan.ts";
import type { CatalogTarget } from "./options.ts";
import { hiddenSnapshots, inParallel, References } from "./references.ts";
import { tableStoreAccess } from "../rest/store_access.ts";

/** What is to be cleaned. */
export interface CleanOptions {
  /** Where the table is. */
  readonly catalog: CatalogTarget;
  /** Whose files are looked through. */
  readonly table: TableName;
  /** Of the load whose files are looked for; fits `LOAD_ID_PATTERN`. */
  readonly loadId: string;
  /** Files younger than this stay, in ms. */
  readonly olderThanMs: number;
  /** Tells what would be removed, and removes nothing. */
  readonly dryRun: boolean;
  /** Takes snapshots that the history lacks for expired. */
  readonly historyExpired: boolean;
  /** Sends the requests to the catalog. */
  readonly http: HttpSend;
}

/** A file that has been removed, or would be. */
export interface RemovedEvent {
  /** `wouldRemove` in a dry run. */
  readonly type: "removed" | "wouldRemove";
  /** Absolute, as the store lists it. */
  readonly location: string;
  /** Size of the file. */
  readonly bytes: number;
}

/** Files and their bytes. */
export interface FileCount {
  /** How many. */
  readonly files: number;
  /** Their sizes added up. */
  readonly bytes: number;
}

/** What was found and what was done; comes last. */
export interface CleanSummary {
  /** The last event; not emitted when cleaning fails. */
  readonly type: "clean";
  /** With its namespace, parted by dots. */
  readonly table: string;
  /** As it was given. */
  readonly loadId: string;
  /** Whether nothing has been removed. */
  readonly dryRun: boolean;
  /** Files of the load that are in the store. */
  readonly found: FileCount;
  /** Removed, or to be removed in a dry run. */
  readonly removed: FileCount;
  /** Files that stay, by why they do. */
  readonly kept: Readonly<Record<Exclude<Verdict, "remove">, FileCount>>;
  /** Why the table may have snapshots that are not seen. */
  readonly hiddenSnapshots: "elsewhere" | "cut" | null;
}

/** All that cleaning tells of. */
export type CleanEvent = HttpEvent | RemovedEvent | CleanSummary;

/**
 * Removes the files of a load that are older than `olderThanMs` and that no snapshot refers to. All
 * references are read before anything is removed, and read again just before.
 *
 * @throws {CatalogError} when there is no such table, or it has been replaced meanwhile.
 * @throws {StorageError | AuthError} when a manifest cannot be read, and nothing is removed then; or
 * when a file cannot be removed.
 */
export async function runClean(
  options: CleanOptions,
  emit: (event: CleanEvent) => void,
): Promise<CleanSummary> {
  const catalog = await connectCatalog({ ...options.catalog, http: options.http });
  const loaded = await catalog.loadTable(options.table);
  if (loaded === undefined) throw missing(options.table, "there is no such table");
  const { metadata } = loaded;
  const cutoffMs = Date.now() - options.olderThanMs;
  const access = tableStoreAccess(catalog, { table: options.table, loaded });
  const onRequest: OnStoreRequest = (request) =>
    emit({ ...request, type: "http", url: redactUrl(request.url) });
  const { refresh } = access;
  const store = await openStore(metadata.location, access.properties, { onRequest, refresh });
  try {
    const files = await filesOfLoad(store, { metadata, loadId: options.loadId });
    const references = new References(store);
    const rulesFor = (now: TableMetadata): CleanRules => ({
      cutoffMs,
      tableLocation: metadata.location,
      referenced: references.names,
      manifestLists: references.manifestLists,
      hidden: unseen(now, {
        historyExpired: options.historyExpired,
        catalogProperties: catalog.config.properties,
        addingSnapshots: references.addingSnapshots,
      }),
    });
    let rules = rulesFor(metadata);
    if (files.length > 0) {
      await reading(references.add(metadata));
      // Whatever has been committed since the files were listed is seen now.
      const now = await catalog.loadTable(options.table);
      if (now === undefined) throw missing(options.table, "it has been dropped meanwhile");
      if (now.metadata["table-uuid"] !== metadata["table-uuid"]) {
        throw missing(options.table, "another table of the same name stands in its place");
      }
      await reading(references.add(now.metadata));
      rules = rulesFor(now.metadata);
    }
    const judged = files.map((file) => ({ file, verdict: judge(file, rules) }));
    const toRemove = judged.filter(({ verdict }) => verdict === "remove").map(({ file }) => file);
    await remove(store, { files: toRemove, dryRun: options.dryRun, emit });
    const kept = (verdict: Verdict) =>
      countOf(judged.filter((one) => one.verdict === verdict).map(({ file }) => file));
    const summary: CleanSummary = {
      type: "clean",
      table: formatTableName(options.table),
      loadId: options.loadId,
      dryRun: options.dryRun,
      found: countOf(files),
      removed: countOf(toRemove),
      kept: {
        referenced: kept("referenced"),
        young: kept("young"),
        outside: kept("outside"),
        hidden: kept("hidden"),
      },
      hiddenSnapshots: rules.hidden ?? null,
    };
    emit(summary);
    return summary;
  } finally {
    store.close();
  }
}

async function filesOfLoad(
  store: Store,
  of: { readonly metadata: TableMetadata; readonly loadId: string },
): Promise<StoredObject[]> {
  const files: StoredObject[] = [];
  for (const directory of directoriesOf(of.metadata)) {
    for await (const file of store.list(directory)) {
      if (belongsToLoad(file.location, of.loadId)) files.push(file);
    }
  }
  return files.sort((one, other) => one.location < other.location ? -1 : 1);
}

/** Branches elsewhere are not a matter of expiry, whatever the user says. */
function unseen(
  metadata: TableMetadata,
  of: {
    readonly historyExpired: boolean;
    readonly catalogProperties: Readonly<Record<string, string>>;
    readonly addingSnapshots: ReadonlySet<bigint>;
  },
): CleanRules["hidden"] {
  const hidden = hiddenSnapshots(metadata, of);
  return hidden === "cut" && of.historyExpired ? undefined : hidden;
}

/** What cannot be read may refer to any of the files. */
async function reading(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    throw new StorageError(`${error.message}; nothing has been removed`, {
      cause: error,
      exitCode: error.exitCode,
    });
  }
}

async function remove(
  store: Store,
  of: {
    readonly files: readonly StoredObject[];
    readonly dryRun: boolean;
    readonly emit: (event: CleanEvent) => void;
  },
): Promise<void> {
  const type = of.dryRun ? "wouldRemove" : "removed";
  await inParallel(of.files, async ({ location, sizeBytes: bytes }) => {
    if (!of.dryRun) await store.remove(location);
    of.emit({ type, location, bytes });
  });
}

function countOf(files: readonly StoredObject[]): FileCount {
  return {
    files: files.length,
    bytes: files.reduce((total, { sizeBytes }) => total + sizeBytes, 0),
  };
}

function missing(table: TableName, why: string): ToolError {
  return new CatalogError(`Cannot clean "${formatTableName(table)}": ${why}`, { exitCode: 1 });
}
