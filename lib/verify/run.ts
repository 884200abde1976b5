/**
 * Compares a table with its source by content, as multisets of rows, in memory that does not grow
 * with the rows: a first pass sums hashes in buckets, and only when some do not come out even a
 * second pass finds out which of their rows differ.
 */
import { CatalogError, EXIT_CODE } from "../errors.ts";
import type { CsvDialect } from "../input/columns.ts";
import { readSample } from "../input/sample.ts";
import type { Source } from "../input/source.ts";
import { connectCatalog, formatTableName, type TableName } from "../rest/catalog.ts";
import { type HttpSend, redactUrl } from "../rest/http.ts";
import { tableStoreAccess } from "../rest/store_access.ts";
import { openStore } from "../store/open_store.ts";
import type { OnStoreRequest } from "../store/store.ts";
import { MAIN_BRANCH } from "../table/append.ts";
import { branchHead, type TableMetadata } from "../table/metadata.ts";
import { BUCKET_COUNT, Buckets } from "./buckets.ts";
import { bucketsLookedInto, type DifferingRow, RowCounter } from "./differences.ts";
import type { EmitVerify, VerifySummaryEvent } from "./events.ts";
import type { CompareColumn } from "./job.ts";
import { ComparePool } from "./pool.ts";
import { randomSeed } from "./row_hash.ts";
import { readSides } from "./sides.ts";
import { compareColumns, readNameMapping } from "./table_columns.ts";
import { listTableFiles, type TableFile } from "./table_files.ts";

/** Everything that decides a comparison, already checked. */
export interface VerifyOptions {
  /** The CSV side; it is read a second time when rows differ, and closed at the end. */
  readonly source: Source;
  /** How the source is written. */
  readonly dialect: CsvDialect;
  /** The catalog of the table, and how it is reached. */
  readonly catalog: {
    readonly uri: string;
    readonly warehouse: string;
    /** Names the catalog in messages. */
    readonly name: string;
    readonly token: string;
    readonly properties: Readonly<Record<string, string>>;
  };
  /** The table side. */
  readonly table: TableName;
  /** Only the data files of this load are compared; undefined for all. */
  readonly loadId: string | undefined;
  /** Differing rows that are told; 0 for none, which saves the second pass. */
  readonly show: number;
  /** Worker threads that parse, decode and hash. */
  readonly workers: number;
  /** Sends the requests to the catalog. */
  readonly http: HttpSend;
  /** Highest resident memory of the process so far, in bytes. */
  readonly peakRssBytes: () => number;
}

/**
 * Compares and emits all that happens; the summary event comes last.
 *
 * @returns the summary event, for the exit code.
 * @throws {InputError | SchemaError} (exit 3) when the source is malformed or does not fit the table,
 * or the table is of a kind that is not read.
 * @throws {CatalogError} (exit 1) when there is no such table.
 * @throws {CatalogError | StorageError | AuthError} when catalog or store fail.
 */
export async function runVerify(
  options: VerifyOptions,
  emit: EmitVerify,
): Promise<VerifySummaryEvent> {
  const startedMs = performance.now();
  const { source, catalog: target, loadId } = options;
  const table = formatTableName(options.table);
  emit({
    type: "start",
    input: source.name,
    table,
    catalog: target.name,
    uri: target.uri,
    warehouse: target.warehouse,
    ...(loadId === undefined ? {} : { loadId }),
  });
  const comparison = await openComparison(options, { table, emit });
  try {
    const result = await compare(comparison, { ...options, emit });
    const summary: VerifySummaryEvent = {
      type: "summary",
      table,
      ...result,
      elapsedMs: performance.now() - startedMs,
      peakRssBytes: options.peakRssBytes(),
      exitCode: result.equal ? EXIT_CODE.ok : EXIT_CODE.failed,
    };
    emit(summary);
    return summary;
  } finally {
    comparison.pool.close();
    source.close?.();
  }
}

/** Both sides, ready to be read. */
interface Comparison {
  readonly pool: ComparePool;
  readonly buckets: Buckets;
  readonly columns: readonly CompareColumn[];
  readonly files: readonly TableFile[];
}

async function openComparison(
  options: VerifyOptions,
  of: { readonly table: string; readonly emit: EmitVerify },
): Promise<Comparison> {
  const { source, dialect } = options;
  const { table, emit } = of;
  const onRequest: OnStoreRequest = (request) =>
    emit({ ...request, type: "http", url: redactUrl(request.url) });
  const { columns: csvColumns } = await readSample(source, { dialect, rows: 0 });
  const catalog = await connectCatalog({ ...options.catalog, http: options.http });
  const loaded = await catalog.loadTable(options.table);
  if (loaded === undefined) {
    throw new CatalogError(`Cannot verify "${table}": there is no such table`, {
      exitCode: EXIT_CODE.failed,
      hint: "Name the table with --table, and its catalog with --uri and --warehouse",
    });
  }
  const { metadata } = loaded;
  const columns = compareColumns(metadata, {
    csvNames: csvColumns.map((column) => column.name),
    file: source.name,
    table,
  });
  const storeLocation = metadata.location;
  const { properties, refresh } = tableStoreAccess(catalog, { table: options.table, loaded });
  const store = await openStore(storeLocation, properties, { onRequest, refresh });
  let files: readonly TableFile[];
  try {
    files = await listTableFiles(metadata, { store, table, loadId: options.loadId });
  } finally {
    store.close();
  }
  emitTable(metadata, { files, emit });
  const buckets = new Buckets();
  const pool = new ComparePool({ size: options.workers, onRequest });
  pool.setup({
    inputName: source.name,
    dialect,
    columnCount: csvColumns.length,
    columns,
    nameMapping: readNameMapping(metadata),
    storeLocation,
    storeProperties: properties,
    seed: randomSeed(),
    buckets: buckets.memory,
  }, { refresh });
  return { pool, buckets, columns, files };
}

function emitTable(
  metadata: TableMetadata,
  of: { readonly files: readonly TableFile[]; readonly emit: EmitVerify },
): void {
  const head = branchHead(metadata, MAIN_BRANCH);
  of.emit({
    type: "table",
    tableUuid: metadata["table-uuid"],
    location: metadata.location,
    snapshotId: head === undefined ? null : String(head["snapshot-id"]),
    files: of.files.length,
    rows: of.files.reduce((rows, file) => rows + file.recordCount, 0),
  });
}

type Result = Pick<
  VerifySummaryEvent,
  "equal" | "sourceRows" | "tableRows" | "missingRows" | "surplusRows" | "isCountWhole"
>;

async function compare(
  comparison: Comparison,
  options: VerifyOptions & { readonly emit: EmitVerify },
): Promise<Result> {
  const { emit, show, source } = options;
  const rows = { sourceRows: 0, tableRows: 0 };
  await readSides(comparison, { ...options, task: { kind: "add" } }, (job, answer) => {
    rows[job.side === "source" ? "sourceRows" : "tableRows"] += answer.rows;
  });
  const uneven = comparison.buckets.uneven();
  if (uneven.length === 0) {
    return { equal: true, ...rows, missingRows: 0, surplusRows: 0, isCountWhole: true };
  }
  const unlooked = { equal: false, ...rows, isCountWhole: false };
  if (show === 0) return unlooked;
  if (source.once === true) {
    emit({
      type: "notice",
      message: `"${source.name}" is a pipe, which can be read only once: ` +
        "the differing rows are not looked for",
    });
    return unlooked;
  }
  const looked = uneven.slice(0, bucketsLookedInto(rows.sourceRows + rows.tableRows));
  const differing = await findDiffering(comparison, { ...options, looked });
  emitDiffering(differing, { ...options, columns: comparison.columns });
  if (differing.length === 0) {
    emit({
      type: "notice",
      message: `No differing row was found when "${source.name}" was read again: it has changed`,
    });
  }
  return {
    ...unlooked,
    ...countDiffering(differing),
    isCountWhole: looked.length === uneven.length && differing.length > 0,
  };
}

async function findDiffering(
  comparison: Comparison,
  options: VerifyOptions & { readonly looked: readonly number[] },
): Promise<DifferingRow[]> {
  const wanted = new Uint8Array(BUCKET_COUNT);
  for (const bucket of options.looked) wanted[bucket] = 1;
  const counter = new RowCounter();
  await readSides(comparison, { ...options, task: { kind: "find", wanted } }, (job, answer) => {
    counter.add(answer.found, job.side);
  });
  return counter.differing();
}

function emitDiffering(
  differing: readonly DifferingRow[],
  options: {
    readonly show: number;
    readonly columns: readonly CompareColumn[];
    readonly emit: EmitVerify;
  },
): void {
  for (const { values, ...row } of differing.slice(0, options.show)) {
    options.emit({
      type: "difference",
      ...row,
      values: options.columns.map(({ name }, at) => ({ column: name, value: values[at]! })),
    });
  }
}

function countDiffering(
  differing: readonly DifferingRow[],
): { readonly missingRows: number; readonly surplusRows: number } {
  let missingRows = 0;
  let surplusRows = 0;
  for (const { source, table } of differing) {
    if (source > table) missingRows += source - table;
    else surplusRows += table - source;
  }
  return { missingRows, surplusRows };
}
