/** Runs a load: reads, encodes and commits chunks, with at most `workers + 2` of them alive. */
import { EncodePool } from "../encode/pool.ts";
import type { EncodeSetup } from "../encode/job.ts";
import { ToolError, UsageError } from "../errors.ts";
import { readSample, type Sample } from "../input/sample.ts";
import { connectCatalog, formatTableName } from "../rest/catalog.ts";
import { redactUrl } from "../rest/http.ts";
import { storeProperties } from "../store/credentials.ts";
import { openStore } from "../store/open_store.ts";
import type { OnStoreRequest, Store } from "../store/store.ts";
import { dataDirectory } from "../table/locations.ts";
import { currentSchema } from "../table/metadata.ts";
import { compressionCodec, metricsModes, retryProperties } from "../table/table_properties.ts";
import { formatPrimitiveType } from "../table/types.ts";
import { ChunkRunner } from "./chunk_runner.ts";
import { Committer } from "./commit.ts";
import { type Emit, errorEvent, type LoadEvent, type SummaryEvent } from "./events.ts";
import { FirstCommit } from "./first_commit.ts";
import { ManifestCache } from "./manifest_cache.ts";
import type { LoadOptions } from "./options.ts";
import { addEvent, EMPTY_TALLY, summarize } from "./summary.ts";
import { prepareTable, type ReadyTable, type TypedColumn } from "./table_setup.ts";

/**
 * Loads a source into a table and emits all that happens; the summary event comes last.
 *
 * @returns the summary event, for the exit code. An error that keeps the load from beginning is an
 * event, too, and decides that code.
 */
export async function runLoad(options: LoadOptions, emit: Emit): Promise<SummaryEvent> {
  const startedMs = performance.now();
  const table = formatTableName(options.table);
  let tally = EMPTY_TALLY;
  const count = (event: LoadEvent) => {
    tally = addEvent(tally, event);
    emit(event);
  };
  count({
    type: "start",
    input: options.source.name,
    table,
    catalog: options.catalog.name,
    uri: options.catalog.uri,
    warehouse: options.catalog.warehouse,
    workers: options.workers,
    chunkSize: options.chunkSize,
    loadId: options.loadId,
    ...(options.source.sizeBytes === undefined ? {} : { inputBytes: options.source.sizeBytes }),
  });
  try {
    await loadSource(options, count);
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    count(errorEvent(error));
  }
  const summary = summarize(tally, {
    table,
    loadId: options.loadId,
    elapsedMs: performance.now() - startedMs,
    peakRssBytes: options.peakRssBytes(),
  });
  emit(summary);
  return summary;
}

async function loadSource(options: LoadOptions, emit: Emit): Promise<void> {
  const { source, dialect } = options;
  const onRequest: OnStoreRequest = (request) =>
    emit({ ...request, type: "http", url: redactUrl(request.url) });
  const pool = new EncodePool(options.workers, { onRequest });
  let store: Store | undefined;
  try {
    const sample = await readSample(source, { dialect, rows: options.inferRows });
    if (sample.rows === 0) {
      emit({
        type: "notice",
        message: `"${source.name}" has a header and no rows: nothing to load`,
      });
      return;
    }
    const columns = typedColumns(sample, options);
    const catalog = await connectCatalog({ ...options.catalog, http: options.http });
    const ready = await prepareTable(catalog, { ...options, sample, columns });
    const { metadata } = ready.loaded;
    emitTable(ready, emit);
    warnOfManySnapshots(options, { sample, emit });
    const storeLocation = dataDirectory(metadata);
    const properties = storeProperties(metadata.location, {
      catalog: catalog.config.properties,
      access: ready.loaded,
    });
    store = await openStore(storeLocation, properties, { onRequest });
    const metrics = metricsModes(metadata, currentSchema(metadata));
    const setup: EncodeSetup = {
      inputName: source.name,
      dialect,
      columnCount: columns.length,
      columns: ready.columns.map((column) => ({ ...column, metrics: metrics(column.fieldId) })),
      codec: compressionCodec(metadata),
      storeLocation,
      storeProperties: properties,
    };
    pool.setup(setup);
    const retry = retryProperties(metadata);
    const context = {
      catalog,
      table: options.table,
      store,
      manifests: new ManifestCache(store),
      firstCommit: new FirstCommit(),
      columns: ready.columns,
      retriesMax: options.commitRetries ?? retry.numRetries,
      timeoutMs: options.commitTimeoutMs,
      backoff: retry,
      emit,
    };
    const committers = Array.from(
      { length: options.workers },
      () => new Committer(context, metadata),
    );
    await new ChunkRunner(options, { pool, committers, metadata, emit }).run();
  } finally {
    pool.close();
    store?.close();
    source.close?.();
  }
}

/** Types by `--column`, else as inferred. */
function typedColumns(sample: Sample, options: LoadOptions): TypedColumn[] {
  const { columnTypes } = options;
  const names = sample.columns.map((column) => column.name);
  const known = new Set(names);
  for (const name of columnTypes.keys()) {
    if (known.has(name)) continue;
    throw new UsageError(`Cannot use --column "${name}": "${sample.file}" has no such column`, {
      hint: `Its columns: ${names.slice(0, COLUMNS_SHOWN_MAX).join(", ")}`,
    });
  }
  return sample.columns.map(({ name, type }) => ({
    name,
    type: columnTypes.get(name) ?? type,
  }));
}

const COLUMNS_SHOWN_MAX = 20;

function emitTable(ready: ReadyTable, emit: Emit): void {
  const { metadata } = ready.loaded;
  emit({
    type: "table",
    created: ready.created,
    tableUuid: metadata["table-uuid"],
    location: metadata.location,
    formatVersion: metadata["format-version"],
    columns: ready.columns.map(({ name, type }) => ({ name, type: formatPrimitiveType(type) })),
  });
}

/** Above this the history of a table gets slow to read for everyone. */
const SNAPSHOTS_BEFORE_NOTICE = 1000;

function warnOfManySnapshots(
  options: LoadOptions,
  known: { readonly sample: Sample; readonly emit: Emit },
): void {
  const rows = estimateRows(options, known.sample);
  const snapshots = Math.ceil(rows / options.chunkSize);
  if (snapshots <= SNAPSHOTS_BEFORE_NOTICE) return;
  // Rounded up to two digits, as the estimate is no better.
  const digit = 10 ** Math.max(0, Math.floor(Math.log10(rows)) - 1);
  known.emit({
    type: "notice",
    message:
      `This load will make about ${snapshots} snapshots of ${options.chunkSize} rows each; ` +
      `--chunk-size ${Math.ceil(rows * 1.1 / digit) * digit} makes one`,
  });
}

/** Rows of the input by the sample's mean length; 0 when its size is not known. */
function estimateRows(options: LoadOptions, sample: Sample): number {
  if (sample.isWhole) return sample.rows;
  let keptBytes = 0;
  let keptRows = 0;
  for (const { bytes, rows } of sample.kept) {
    keptBytes += bytes.length;
    keptRows += rows;
  }
  return keptBytes === 0 ? 0 : (options.source.sizeBytes ?? 0) / keptBytes * keptRows;
}
