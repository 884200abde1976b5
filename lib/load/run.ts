/** Runs a load: reads, encodes and commits chunks, with at most `workers + 2` of them alive. */
import { EncodePool } from "../encode/pool.ts";
import type { EncodeSetup } from "../encode/job.ts";
import { parquetSettings } from "../encode/parquet/settings.ts";
import { EXIT_CODE, ToolError, UsageError } from "../errors.ts";
import { readSample, type Sample } from "../input/sample.ts";
import { sleep } from "../rest/backoff.ts";
import { formatTableName } from "../rest/catalog.ts";
import { Departures } from "../rest/departures.ts";
import { redactUrl, SENT_AFTER_MS } from "../rest/http.ts";
import { openStore } from "../store/open_store.ts";
import type { OnStoreRequest, Store } from "../store/store.ts";
import { dataDirectory } from "../table/locations.ts";
import { currentSchema, defaultPartitionSpec, type TableMetadata } from "../table/metadata.ts";
import { metricsModes, retryProperties } from "../table/table_properties.ts";
import { formatPrimitiveType } from "../table/types.ts";
import { ChunkRunner } from "./chunk_runner.ts";
import type { CommitContext } from "./commit_context.ts";
import { type CommitSink, GroupingSink, RacingSink } from "./commit_sink.ts";
import { estimateRows, piecesOfChunk, rowsOfChunk } from "./chunk_size.ts";
import { ContentDigest } from "./content_digest.ts";
import { type Emit, errorEvent, type LoadEvent, type SummaryEvent } from "./events.ts";
import { FirstCommit } from "./first_commit.ts";
import { LateSink } from "./late_sink.ts";
import { ManifestCache } from "./manifest_cache.ts";
import type { LoadOptions } from "./options.ts";
import { commitsWaitedBy } from "./pace.ts";
import { RecordedRanges } from "./recorded_ranges.ts";
import { checkAhead, findRecorded } from "./resume.ts";
import { tableStoreAccess } from "../rest/store_access.ts";
import { addEvent, EMPTY_TALLY, summarize } from "./summary.ts";
import { encodingThreads, isSurelyLoaded, likelyTakesThread } from "./encoding_threads.ts";
import { TableOpening } from "./table_opening.ts";
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
    commitMode: options.commitMode,
    loadId: options.loadId,
    ...(options.source.sizeBytes === undefined ? {} : { inputBytes: options.source.sizeBytes }),
  });
  try {
    await loadSource(options, count);
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    count(options.stop.isRequested ? INTERRUPTED_EARLY : errorEvent(error));
  } finally {
    options.stop.close();
  }
  const counted = summarize(tally, {
    table,
    loadId: options.loadId,
    elapsedMs: performance.now() - startedMs,
    peakRssBytes: options.peakRssBytes(),
  });
  const isInterrupted = counted.exitCode === EXIT_CODE.interrupted;
  const summary = isInterrupted ? { ...counted, exitCode: options.stop.exitCode } : counted;
  emit(summary);
  return summary;
}

/** What ends in failure because the load is to end has not failed. */
const INTERRUPTED_EARLY: LoadEvent = {
  type: "error",
  failure: "interrupted",
  exitCode: EXIT_CODE.interrupted,
  message: "The load was interrupted before its beginning",
};

async function loadSource(options: LoadOptions, emit: Emit): Promise<void> {
  const { source, dialect } = options;
  const onRequest: OnStoreRequest = (request) =>
    emit({ ...request, type: "http", url: redactUrl(request.url) });
  const opening = new TableOpening(options);
  let pool: EncodePool | undefined;
  let store: Store | undefined;
  try {
    if (isSurelyLoaded(source)) opening.begin();
    if (likelyTakesThread(options)) {
      // Starting a worker takes this thread a while, and the catalog has its request by then.
      await sleep(SENT_AFTER_MS);
      pool = new EncodePool(1, { onRequest });
    }
    const sample = await readSample(source, { dialect, rows: options.inferRows });
    if (sample.rows === 0) {
      emit({
        type: "notice",
        message: `"${source.name}" has a header and no rows: nothing to load`,
      });
      return;
    }
    const columns = typedColumns(sample, options);
    const threads = encodingThreads(options, sample);
    const preparing = opening.begin().then(async ({ catalog, found }) => ({
      catalog,
      ready: await prepareTable(catalog, { ...options, found, sample, columns }),
    }));
    await Promise.race([preparing, sleep(SENT_AFTER_MS)]);
    if (threads === 0) pool ??= EncodePool.ofOwnThread({ onRequest });
    else pool ??= new EncodePool(threads, { onRequest });
    pool.grow(threads);
    const columnNames = columns.map((column) => column.name);
    const [{ catalog, ready }, digest] = await Promise.all([
      preparing,
      ContentDigest.open(columnNames),
    ]);
    const { metadata } = ready.loaded;
    const storeLocation = dataDirectory(metadata);
    const { properties, refresh } = tableStoreAccess(catalog, {
      table: options.table,
      loaded: ready.loaded,
    });
    store = await openStore(storeLocation, properties, { onRequest, refresh });
    const manifests = new ManifestCache(store);
    const recorded = new RecordedRanges();
    const { loadId } = options;
    const recordedChunkRows = options.mayResume
      ? await findRecorded(metadata, { loadId, recorded, manifests, store, emit })
      : undefined;
    await checkAhead(recorded.ranges, { source, dialect, columnNames });
    const chunkRows = recordedChunkRows ?? rowsOfChunk(options, sample);
    emitTable(ready, { chunkRows, emit });
    warnOfManySnapshots(options, { rows: estimateRows(options, sample), chunkRows, emit });
    const metrics = metricsModes(metadata, currentSchema(metadata));
    const setup: EncodeSetup = {
      inputName: source.name,
      dialect,
      columnCount: columns.length,
      columns: ready.columns.map((column) => ({ ...column, metrics: metrics(column.fieldId) })),
      parquet: parquetSettings(metadata, options.parquet),
      storeLocation,
      storeProperties: properties,
    };
    pool.setup(setup, { refresh });
    const retry = retryProperties(metadata);
    const context: CommitContext = {
      catalog,
      departures: new Departures(),
      table: options.table,
      store,
      manifests,
      firstCommit: new FirstCommit(),
      columns: ready.columns,
      loadId,
      chunkRows,
      recorded,
      retriesMax: options.commitRetries ?? retry.numRetries,
      timeoutMs: options.commitTimeoutMs,
      backoff: { ...retry, commitsWaitedMax: commitsWaitedBy(options.workers) },
      stop: options.stop,
      emit,
    };
    const sink = new LateSink(async () =>
      createSink(options, { parts: await import("./late_parts.ts"), context, metadata })
    );
    const runner = new ChunkRunner(options, {
      pool,
      threads,
      pieces: piecesOfChunk(chunkRows, { options, sample }),
      setup,
      sink,
      context,
      metadata,
      digest,
    });
    const acknowledged = await runner.run();
    if (acknowledged.size > 0) {
      const { lastLook } = await import("./late_parts.ts");
      await lastLook(context, acknowledged);
    }
  } finally {
    pool?.close();
    await opening.end();
    store?.close();
    source.close?.();
  }
}

/**
 * Types by `--column`, else as inferred.
 *
 * @throws {UsageError} for a type of a column that is not there.
 */
export function typedColumns(sample: Sample, options: LoadOptions): TypedColumn[] {
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

function emitTable(
  ready: ReadyTable,
  known: { readonly chunkRows: number; readonly emit: Emit },
): void {
  const { metadata } = ready.loaded;
  known.emit({
    type: "table",
    created: ready.created,
    tableUuid: metadata["table-uuid"],
    location: metadata.location,
    formatVersion: metadata["format-version"],
    columns: ready.columns.map(({ name, type }) => ({ name, type: formatPrimitiveType(type) })),
    chunkRows: known.chunkRows,
  });
}

function createSink(
  options: LoadOptions,
  of: {
    readonly parts: typeof import("./late_parts.ts");
    readonly context: CommitContext;
    readonly metadata: TableMetadata;
  },
): CommitSink {
  const { Committer, warmUp } = of.parts;
  warmUp(of.metadata, defaultPartitionSpec(of.metadata));
  const isAlone = options.commitMode !== "per-chunk" || options.workers === 1;
  const committer = (number: number) =>
    new Committer(of.context, { metadata: of.metadata, number, isAlone });
  return options.commitMode === "per-chunk"
    ? new RacingSink(Array.from({ length: options.workers }, (_, index) => committer(index)))
    : new GroupingSink(committer(0), { waitsForAll: options.commitMode === "once" });
}

/** Above this the history of a table gets slow to read for everyone. */
const SNAPSHOTS_BEFORE_NOTICE = 1000;

function warnOfManySnapshots(
  options: LoadOptions,
  known: { readonly rows: number; readonly chunkRows: number; readonly emit: Emit },
): void {
  if (options.commitMode !== "per-chunk") return;
  const snapshots = Math.ceil(known.rows / known.chunkRows);
  if (snapshots <= SNAPSHOTS_BEFORE_NOTICE) return;
  known.emit({
    type: "notice",
    message: `This load will make about ${snapshots} snapshots of ${known.chunkRows} ` +
      `${known.chunkRows === 1 ? "row" : "rows"} each; ` +
      "the same command with --commit once makes one",
  });
}
