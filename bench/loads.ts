/** One load of a file into a catalog of its own, by the tool and by each peer, measured and checked. */
import { awsEnvironment, pyicebergS3Properties } from "../tests/real/parts/s3_server.ts";
import {
  BENCH_NAMESPACE,
  type CatalogRun,
  locateTable,
  parquetBytesBelow,
  type WithCatalog,
  withCatalog,
} from "./catalog_run.ts";
import type { Contender, Sample } from "./comparison.ts";
import { makeRunFolder, removeLargeFiles } from "./leftovers.ts";
import type { RowCheck } from "./loaded_rows.ts";
import { type Measured, mustRunMeasured, runMeasured } from "./measured.ts";
import { isAbsent, type Peers, peerScript } from "./peers.ts";
import { commitFigures, readEvents } from "./tool_events.ts";

/** What every load needs to know. */
export interface LoadInput {
  /** Path of the CSV file. */
  readonly file: string;
  readonly rows: number;
  readonly check: RowCheck;
  /** @default {withCatalog} */
  readonly within?: WithCatalog;
}

const TABLE = "loaded";
const TABLE_NAME = `${BENCH_NAMESPACE}.${TABLE}`;
/** Both cores of the machine that the targets were set on. */
export const THREADS = 2;

/** Figures that every load has. */
function loadSample(
  measured: Measured,
  rest: { readonly rows: number; readonly fileBytes: number } & Sample,
): Sample {
  const { elapsedS, userS, systemS, peakBytes } = measured;
  return {
    elapsedS,
    cpuS: userS + systemS,
    peakBytes,
    rowsPerS: rest.rows / elapsedS,
    loadsPerS: 1 / elapsedS,
    ...rest,
  };
}

async function checkedLoad(
  input: LoadInput,
  load: (catalog: CatalogRun) => Promise<Measured>,
): Promise<Sample> {
  const { within = withCatalog } = input;
  return await within(async (catalog) => {
    const measured = await load(catalog);
    await input.check.holdsAll(await locateTable(catalog, TABLE), { source: input.file });
    const fileBytes = await parquetBytesBelow(catalog.directory);
    return loadSample(measured, { rows: input.rows, fileBytes });
  });
}

/**
 * The tool, with more flags. The figures of commits are there when it commits often enough.
 *
 * @param options.tool the words that start it.
 */
export function toolLoad(
  name: string,
  options: LoadInput & { readonly tool: readonly string[]; readonly flags: readonly string[] },
): Contender {
  const { within = withCatalog } = options;
  const run = () =>
    within(async (catalog) => {
      const { tool, flags, file } = options;
      const where = ["--uri", catalog.uri, "--warehouse", catalog.warehouse, "--table", TABLE_NAME];
      const measured = await mustRunMeasured([...tool, file, ...where, ...flags, "--json"], {
        cwd: catalog.directory,
        ...(catalog.s3 === undefined ? {} : { env: awsEnvironment(catalog.s3) }),
      });
      await options.check.holdsAll(await locateTable(catalog, TABLE), { source: file });
      const figures = commitFigures(readEvents(measured.stdout));
      return loadSample(measured, {
        rows: options.rows,
        fileBytes: await parquetBytesBelow(catalog.directory),
        ...figures,
        chunksPerProcessS: figures.chunks / measured.elapsedS,
      });
    });
  return { name, run };
}

/** pyiceberg in one of the ways of `pyiceberg_load.py` that load all or nothing. */
export function pyicebergLoad(
  name: string,
  options: LoadInput & {
    readonly python: string;
    readonly way: "once" | "add-files" | "threads";
    readonly threads?: number;
  },
): Contender {
  const { python, way, threads = THREADS } = options;
  const run = () =>
    checkedLoad(
      options,
      (catalog) =>
        mustRunMeasured(pyicebergWords({ python, way, threads, catalog, file: options.file }), {
          cwd: catalog.directory,
        }),
    );
  return { name, run };
}

const ORIGINAL_CHUNK_ROWS = 1000;

function pyicebergWords(
  of: {
    readonly python: string;
    readonly way: string;
    readonly threads: number;
    readonly catalog: CatalogRun;
    readonly file: string;
  },
): string[] {
  const { python, way, threads, catalog, file } = of;
  const script = [python, peerScript("pyiceberg_load.py"), way];
  const where = [catalog.uri, catalog.warehouse, TABLE_NAME, file];
  const properties = catalog.s3 === undefined ? {} : pyicebergS3Properties(catalog.s3);
  const sizes = [String(threads), String(ORIGINAL_CHUNK_ROWS)];
  return [...script, ...where, ...sizes, JSON.stringify(properties)];
}

/** pyiceberg's threads on one table, of whose chunks some may be lost to the others. */
export function pyicebergRace(
  name: string,
  options: LoadInput & { readonly python: string; readonly threads: number },
): Contender {
  const { python, threads, file, check } = options;
  const run = () =>
    withCatalog(async (catalog) => {
      const words = pyicebergWords({ python, way: "threads", threads, catalog, file });
      const measured = await runMeasured(words, { cwd: catalog.directory });
      if (measured.code !== 0) {
        throw new Error(`Cannot race pyiceberg: ${measured.stderr.slice(-2000)}`);
      }
      const { rows, chunks, loadS } = JSON.parse(measured.stdout);
      await check.holdsSome(await locateTable(catalog, TABLE), { source: file, rows });
      return loadSample(measured, {
        rows,
        chunks,
        loadS,
        fileBytes: await parquetBytesBelow(catalog.directory),
        chunksPerProcessS: chunks / measured.elapsedS,
      });
    });
  return { name, run };
}

/** DuckDB from CSV to one Parquet file; there is no table and no commit. */
export function duckdbParquet(
  name: string,
  options: LoadInput & { readonly python: string },
): Contender {
  const { python, file, rows, check } = options;
  const run = async () => {
    const directory = await makeRunFolder();
    try {
      const target = `${directory}/rows.parquet`;
      const words = [python, peerScript("duckdb_load.py"), "parquet", String(THREADS), file];
      const measured = await mustRunMeasured([...words, target], { cwd: directory });
      await check.holdsAll({ files: [target] }, { source: file });
      return loadSample(measured, { rows, fileBytes: await parquetBytesBelow(directory) });
    } finally {
      await removeLargeFiles(directory);
    }
  };
  return { name, run };
}

/** DuckDB's Iceberg extension: a table made from the file. */
export function duckdbIceberg(
  name: string,
  options: LoadInput & { readonly python: string },
): Contender {
  const { python, file } = options;
  const run = () =>
    checkedLoad(options, (catalog) => {
      const words = [python, peerScript("duckdb_load.py"), "iceberg", String(THREADS), file];
      const where = [catalog.uri, catalog.warehouse, TABLE_NAME];
      return mustRunMeasured([...words, ...where], { cwd: catalog.directory });
    });
  return { name, run };
}

/** Those that are there for comparison alone, and take long. */
export function otherLoads(
  input: LoadInput,
  options: { readonly peers: Peers; readonly roundsMax: number },
): Contender[] {
  const { sling, spark } = options.peers;
  const { roundsMax } = options;
  const found: Contender[] = [];
  if (!isAbsent(sling)) {
    const run = () =>
      checkedLoad(input, (catalog) => {
        const stream = ["--src-stream", `file://${input.file}`];
        const target = ["--tgt-conn", "LAKE", "--tgt-object", TABLE_NAME];
        const connection = {
          type: "iceberg",
          "catalog_type": "rest",
          "rest_uri": catalog.uri,
          "rest_warehouse": catalog.warehouse,
        };
        return mustRunMeasured([sling, "run", ...stream, ...target, "--mode", "full-refresh"], {
          cwd: catalog.directory,
          env: {
            LAKE: JSON.stringify(connection),
            HOME: catalog.directory,
            NO_COLOR: "1",
            SLING_DISABLE_TELEMETRY: "TRUE",
          },
        });
      });
    found.push({ name: SLING, run, roundsMax, mayFail: true });
  }
  if (!isAbsent(spark)) {
    const run = () =>
      checkedLoad(input, (catalog) => {
        const script = [spark.python, peerScript("spark_load.py"), spark.jar, String(THREADS)];
        const where = [catalog.uri, catalog.warehouse, TABLE_NAME];
        const folder = `${catalog.directory}/spark`;
        return mustRunMeasured([...script, folder, `file://${input.file}`, ...where], {
          cwd: catalog.directory,
        });
      });
    found.push({ name: SPARK, run, roundsMax, mayFail: true });
  }
  return found;
}

/** Name of sling in the table. */
export const SLING = "sling 1.4.11";
/** Name of Spark in the table. */
export const SPARK = "Spark 3.5.7";
