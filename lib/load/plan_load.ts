/**
 * What a load would do, without doing it: the table is looked at and the input sampled, and nothing
 * but GET requests is sent.
 */
import { countNulls } from "../input/count_nulls.ts";
import { readSample, type Sample } from "../input/sample.ts";
import { type CatalogClient, formatTableName, type LoadedTable } from "../rest/catalog.ts";
import { headerProperties } from "../rest/header_properties.ts";
import { redactUrl } from "../rest/http.ts";
import { CatalogPaths } from "../rest/paths.ts";
import { tableStoreAccess } from "../rest/store_access.ts";
import { openStore } from "../store/open_store.ts";
import type { OnStoreRequest } from "../store/store.ts";
import { dataDirectory } from "../table/locations.ts";
import type { TableMetadata } from "../table/metadata.ts";
import { formatPrimitiveType, type PrimitiveType } from "../table/types.ts";
import { estimateRows, rowsOfChunk } from "./chunk_size.ts";
import type { CommitMode, Emit } from "./events.ts";
import { ancestry, LOAD_ID_KEY } from "./ledger.ts";
import { ManifestCache } from "./manifest_cache.ts";
import type { LoadOptions } from "./options.ts";
import { RecordedRanges } from "./recorded_ranges.ts";
import { checkAhead, findRecorded } from "./resume.ts";
import { typedColumns } from "./run.ts";
import { TableOpening } from "./table_opening.ts";
import { checkTypesGiven, fitTable, missingTable, type TypedColumn } from "./table_setup.ts";

/** A column as it would be written. */
export interface PlannedColumn {
  /** Name in the table. */
  readonly name: string;
  /** Iceberg type string. */
  readonly type: string;
  /** Whether the table refuses nulls. */
  readonly required: boolean;
  /** Nulls among the rows looked at; null for a column that the input does not have. */
  readonly nulls: number | null;
}

/** Requests or files of one kind. */
export interface PlannedStep {
  /** `POST` for a request, `WRITE` for a file. */
  readonly action: "POST" | "WRITE";
  /** URL, or the directory of the files. */
  readonly target: string;
  /** What it is for. */
  readonly purpose: string;
  /** How often, as far as it is known beforehand: lost races add to it. */
  readonly count: number;
}

/** What a load would do. */
export interface LoadPlan {
  /** Kind of the line. */
  readonly type: "plan";
  /** Name of the source. */
  readonly input: string;
  /** In bytes; null when it is not known. */
  readonly inputBytes: number | null;
  /** `namespace.table`. */
  readonly table: string;
  /** Of the catalog, without secrets. */
  readonly uri: string;
  /** As the catalog knows it. */
  readonly warehouse: string;
  /** Whether the table is there. */
  readonly tableExists: boolean;
  /** Namespaces that would be made, the outermost first. */
  readonly namespacesMissing: readonly string[];
  /** Location of the table; null when it is not there yet. */
  readonly location: string | null;
  /** Format version of the table, or of the one that would be made. */
  readonly formatVersion: number;
  /** Columns of the table, or of the one that would be made. */
  readonly columns: readonly PlannedColumn[];
  /** Where table and input differ, without harm: one sentence each. */
  readonly differences: readonly string[];
  /** Rows that types were inferred from. */
  readonly rowsSampled: number;
  /** Rows in which nulls were counted. */
  readonly rowsCounted: number;
  /** Rows of the input; null when they cannot be told beforehand. */
  readonly rows: number | null;
  /** Whether `rows` is exact, and not estimated by the length of the sampled rows. */
  readonly rowsAreExact: boolean;
  /** Whether every row was looked at for the types. */
  readonly typesAreOfAllRows: boolean;
  /** The id as given, or a new one. */
  readonly loadId: string;
  /** Whether the same load id may have been used before. */
  readonly mayResume: boolean;
  /** Rows that the table holds under the load id. */
  readonly rowsLoaded: number;
  /** Bytes of the input that the table holds under the load id. */
  readonly bytesLoaded: number;
  /** As asked. */
  readonly workers: number;
  /** As asked. */
  readonly commitMode: CommitMode;
  /** Rows of a chunk. */
  readonly chunkRows: number;
  /** Chunks that would be loaded, each a data file; null when rows are not known. */
  readonly chunks: number | null;
  /** In `grouped`, at most. */
  readonly snapshots: number | null;
  /** In the order in which they would be made. */
  readonly steps: readonly PlannedStep[];
}

/** Options of {@linkcode planLoad}. */
export interface PlanOptions extends LoadOptions {
  /** False for an embedded catalog that would be made first: nothing is asked of it. */
  readonly catalogExists: boolean;
}

/**
 * Finds out what a load would do.
 *
 * @throws {ToolError} for whatever would keep the load from beginning, with its exit code.
 */
export async function planLoad(options: PlanOptions, emit: Emit): Promise<LoadPlan> {
  const { source, dialect, table } = options;
  const opening = new TableOpening(options);
  try {
    const sample = await readSample(source, { dialect, rows: options.inferRows });
    if (sample.problem !== undefined) throw sample.problem;
    const columns = typedColumns(sample, options);
    const { catalog, found: loaded } = options.catalogExists
      ? await opening.begin()
      : { catalog: undefined, found: undefined };
    const paths = catalog?.paths ??
      new CatalogPaths({ uri: options.catalog.uri, properties: {} });
    if (loaded === undefined && !options.createTable) throw missingTable(table);
    const shape = loaded === undefined
      ? shapeOfNew(sample, columns)
      : shapeOf(loaded, { sample, columns, options });
    const missing = loaded === undefined
      ? await missingNamespaces(options, { catalog, paths })
      : [];
    const known = await findLoaded(options, { catalog, loaded, emit, columns });
    const estimated = Math.round(estimateRows(options, sample));
    const rows = known.isWhole
      ? known.rowsLoaded
      : sample.isWhole || estimated > 0
      ? estimated
      : null;
    const chunkRows = known.chunkRows ?? rowsOfChunk(options, sample);
    const rowsLeft = rows === null ? null : Math.max(0, rows - known.rowsLoaded);
    const chunks = rowsLeft === null ? null : Math.ceil(rowsLeft / chunkRows);
    const snapshots = options.commitMode === "once" && chunks !== null
      ? Math.min(1, chunks)
      : chunks;
    const plan: Omit<LoadPlan, "steps"> = {
      type: "plan",
      input: source.name,
      inputBytes: source.sizeBytes ?? null,
      table: formatTableName(table),
      uri: redactUrl(options.catalog.uri),
      warehouse: options.catalog.warehouse,
      tableExists: loaded !== undefined,
      namespacesMissing: missing,
      location: loaded?.metadata.location ?? null,
      formatVersion: loaded?.metadata["format-version"] ?? FORMAT_VERSION_OF_NEW,
      ...shape,
      rowsSampled: sample.rows,
      rows,
      rowsAreExact: sample.isWhole || known.isWhole,
      typesAreOfAllRows: sample.isWhole,
      loadId: options.loadId,
      mayResume: options.mayResume,
      rowsLoaded: known.rowsLoaded,
      bytesLoaded: known.bytesLoaded,
      workers: options.workers,
      commitMode: options.commitMode,
      chunkRows,
      chunks,
      snapshots,
    };
    return { ...plan, steps: stepsOf(plan, { options, paths, metadata: loaded?.metadata }) };
  } finally {
    await opening.end();
    source.close?.();
  }
}

const FORMAT_VERSION_OF_NEW = 2;

/** The columns, and what they were counted in. */
type Shape = Pick<LoadPlan, "columns" | "differences" | "rowsCounted">;

function shapeOfNew(sample: Sample, columns: readonly TypedColumn[]): Shape {
  checkTypesGiven(sample, columns);
  const counted = countNulls(sample, columns.map(({ type }, index) => ({ type, index })));
  return {
    columns: columns.map(({ name, type }, at) => ({
      name,
      type: formatPrimitiveType(type),
      required: false,
      nulls: counted.nulls[at]!,
    })),
    differences: [],
    rowsCounted: counted.rows,
  };
}

/** @throws {SchemaError} when the input does not fit the table. */
function shapeOf(
  loaded: LoadedTable,
  of: {
    readonly sample: Sample;
    readonly columns: readonly TypedColumn[];
    readonly options: LoadOptions;
  },
): Shape {
  const { sample, columns, options } = of;
  const fit = fitTable(loaded, { table: options.table, sample, columns, created: false });
  const read = fit.columns.filter(({ csvIndex }) => csvIndex !== undefined);
  const counted = countNulls(
    sample,
    read.map(({ csvIndex, type }) => ({ index: csvIndex!, type })),
  );
  const nulls = new Map(read.map((column, at) => [column, counted.nulls[at]!]));
  return {
    columns: fit.columns.map((column) => ({
      name: column.name,
      type: formatPrimitiveType(column.type),
      required: column.required,
      nulls: nulls.get(column) ?? null,
    })),
    differences: fit.columns.flatMap((column) => {
      const { name, type, csvIndex, defaultText } = column;
      if (csvIndex === undefined) {
        const value = defaultText === undefined ? "null" : `its default, ${defaultText}`;
        return [`column "${name}" is not in the input: it becomes ${value}`];
      }
      return differenceOfType(name, { table: type, input: columns[csvIndex]!.type });
    }),
    rowsCounted: counted.rows,
  };
}

function differenceOfType(
  name: string,
  of: { readonly table: PrimitiveType; readonly input: PrimitiveType },
): string[] {
  const [table, input] = [formatPrimitiveType(of.table), formatPrimitiveType(of.input)];
  return table === input
    ? []
    : [`column "${name}" is ${table} in the table and looks like ${input}: it is read as ${table}`];
}

/** Namespaces that are not there, by what a GET of each answers. */
async function missingNamespaces(
  options: PlanOptions,
  of: { readonly catalog: CatalogClient | undefined; readonly paths: CatalogPaths },
): Promise<string[]> {
  const { namespace } = options.table;
  const { token, properties } = options.catalog;
  const missing: string[] = [];
  for (let depth = 1; depth <= namespace.length; depth++) {
    const levels = namespace.slice(0, depth);
    const answer = of.catalog === undefined ? undefined : await options.http({
      method: "GET",
      url: of.paths.namespace(levels),
      headers: { authorization: `Bearer ${token}`, ...headerProperties(properties) },
      signal: options.stop.graceSignal,
    });
    const isThere = answer?.kind === "response" && answer.status === 200;
    if (!isThere) missing.push(levels.join("."));
  }
  return missing;
}

interface Known {
  readonly rowsLoaded: number;
  readonly bytesLoaded: number;
  readonly chunkRows: number | undefined;
  /** Whether nothing is left to be loaded. */
  readonly isWhole: boolean;
}

const NOTHING_LOADED: Known = {
  rowsLoaded: 0,
  bytesLoaded: 0,
  chunkRows: undefined,
  isWhole: false,
};

/** What the table holds under the load id; the source is checked against it. */
async function findLoaded(
  options: PlanOptions,
  of: {
    readonly catalog: CatalogClient | undefined;
    readonly loaded: LoadedTable | undefined;
    readonly emit: Emit;
    readonly columns: readonly TypedColumn[];
  },
): Promise<Known> {
  const { catalog, loaded, emit } = of;
  if (catalog === undefined || loaded === undefined || !options.mayResume) {
    return NOTHING_LOADED;
  }
  const { metadata } = loaded;
  const { loadId, source, dialect, table } = options;
  const onRequest: OnStoreRequest = (request) =>
    emit({ ...request, type: "http", url: redactUrl(request.url) });
  const { properties, refresh } = tableStoreAccess(catalog, { table, loaded });
  const store = await openStore(dataDirectory(metadata), properties, { onRequest, refresh });
  try {
    const recorded = new RecordedRanges();
    const manifests = new ManifestCache(store);
    const chunkRows = await findRecorded(metadata, { loadId, recorded, manifests, store, emit });
    const columnNames = of.columns.map(({ name }) => name);
    await checkAhead(recorded.ranges, { source, dialect, columnNames, whole: true });
    const { ranges } = recorded;
    return {
      rowsLoaded: rowsRecorded(metadata, loadId),
      bytesLoaded: ranges.reduce((bytes, { start, end }) => bytes + end - start, 0),
      chunkRows,
      isWhole: ranges.length === 1 && ranges[0]!.end === source.sizeBytes,
    };
  } finally {
    store.close();
  }
}

/** By the snapshots' own word; those that have expired no longer tell. */
function rowsRecorded(metadata: TableMetadata, loadId: string): number {
  let rows = 0;
  for (const step of ancestry(metadata)) {
    if (step === "cut" || step.summary?.[LOAD_ID_KEY] !== loadId) continue;
    rows += Number(step.summary["added-records"] ?? 0);
  }
  return rows;
}

function stepsOf(
  plan: Omit<LoadPlan, "steps">,
  of: {
    readonly options: PlanOptions;
    readonly paths: CatalogPaths;
    readonly metadata: TableMetadata | undefined;
  },
): PlannedStep[] {
  const { paths, options, metadata } = of;
  const { table } = options;
  const { chunks, snapshots } = plan;
  if (chunks === 0) return [];
  const post = (target: string, purpose: string, count = 1): PlannedStep => ({
    action: "POST",
    target: redactUrl(target),
    purpose,
    count,
  });
  const steps = plan.namespacesMissing.map((name) =>
    post(paths.namespaces(), `make namespace ${name}`)
  );
  if (!plan.tableExists) {
    steps.push(post(paths.tables(table.namespace), `make table ${plan.table}`));
  }
  if (chunks === null || snapshots === null) return steps;
  const directory = metadata === undefined
    ? "below the location that the catalog gives the table"
    : dataDirectory(metadata);
  return [
    ...steps,
    { action: "WRITE", target: directory, purpose: "data files (Parquet)", count: chunks },
    {
      action: "WRITE",
      target: metadata === undefined ? directory : metadata.location,
      purpose: "manifests and manifest lists (Avro)",
      count: 2 * snapshots,
    },
    post(paths.table(table), "commits", snapshots),
  ];
}
