/** The trials of `deno task bench`: who takes part in which, and what is asked of the tool. */
import { PROJECT_ROOT } from "../tests/real/parts/cache.ts";
import type { Contender, Line, Trial } from "./comparison.ts";
import type { BenchData } from "./data.ts";
import { THREADS } from "./loads.ts";
import {
  duckdbIceberg,
  duckdbParquet,
  type LoadInput,
  otherLoads,
  pyicebergLoad,
  pyicebergRace,
  SLING,
  SPARK,
  toolLoad,
} from "./loads.ts";
import type { RowCheck } from "./loaded_rows.ts";
import { arrowParse, encodeWith, rawCommits, startOf, toolParse } from "./parts_alone.ts";
import type { Peers } from "./peers.ts";
import type { Place } from "./place.ts";
import { FORMAT } from "./table_text.ts";

/** What the trials are made from. */
export interface TrialOptions {
  readonly peers: Peers;
  readonly data: BenchData;
  readonly check: RowCheck;
  /** The tool's executable. */
  readonly executable: string;
  /** What starts the tool as a release of it is, where the executable is not. */
  readonly release: readonly string[] | undefined;
  /** One that does nothing. */
  readonly hello: string;
  /** Catalogs of which a commit takes about as long as of others that are in use. */
  readonly places: Readonly<Record<"fixture" | "minio" | "paced", Place>>;
}

const ORIGINAL = "pyiceberg 0.9.1, an append a chunk";
const NEWEST_ONCE = "pyiceberg 0.12.0, one append";
const NEWEST_ADD = "pyiceberg 0.12.0, add_files";
const DUCKDB_PARQUET = "DuckDB 2.0.0, zstd Parquet";
const DUCKDB_ICEBERG = "DuckDB 1.5.5, Iceberg extension";
/** Rounds of those that take long and have no target set against them. */
const SLOW_ROUNDS_MAX = 2;

/** All trials, in the order of the table. */
export function allTrials(options: TrialOptions): Trial[] {
  const { minio } = options.places;
  const places = Object.values(options.places);
  return [
    sampleTrial(options),
    ...places.map((place) => sampleTrial(options, place)),
    bigTrial(options),
    bigTrialOn(minio, options),
    ...parseTrials(options),
    workersTrial(options),
    ...[8, 16, 32].map((writers) => raceTrial(options, writers)),
    perChunkTrial(options),
    ...places.map((place) => perChunkTrial(options, place)),
    groupedTrial(options),
    startTrial(options),
  ];
}

const atLeast = (ratio: number) => ({ kind: "atLeast", ratio } as const);
const atMost = (ratio: number) => ({ kind: "atMost", ratio } as const);

/** Ends what is told of a load that is not the executable's. */
const ON_RELEASE = `, on Deno ${Deno.version.deno}`;

/** What differs in a row whose loads go elsewhere than to `serve` on local disk. */
function elsewhere(place: Place | undefined) {
  return place === undefined
    ? { at: {}, ending: "", idEnding: "" }
    : { at: { within: place.within }, ending: `, on ${place.name}`, idEnding: `-${place.id}` };
}

function sampleTrial(
  { peers, check, executable }: TrialOptions,
  place?: Place,
): Trial {
  const { at, ending, idEnding } = elsewhere(place);
  const file = `${PROJECT_ROOT}sample_data.csv`;
  const input: LoadInput = { file, rows: 50_000, check, ...at };
  const perChunk = "sample_data.csv, 50 chunks, 1 worker";
  const once = "the same, --commit once";
  const tool = [executable];
  const line = {
    against: [ORIGINAL],
    figure: "rowsPerS",
    format: FORMAT.rowsPerS,
    moreIsBetter: true,
  };
  return {
    title: `sample_data.csv${ending}`,
    contenders: [
      toolLoad(perChunk, { ...input, tool, flags: ["--workers", "1"] }),
      toolLoad(once, { ...input, tool, flags: ["--workers", "1", "--commit", "once"] }),
      pyicebergLoad(ORIGINAL, { ...input, python: peers.original, way: "threads", threads: 1 }),
    ],
    lines: [
      {
        ...line,
        id: `sample${idEnding}`,
        what: `${perChunk}, per-chunk${ending}`,
        ours: perChunk,
        target: atLeast(3),
      },
      {
        ...line,
        id: `sample-once${idEnding}`,
        what: `${once}${ending}`,
        ours: once,
        target: atLeast(10),
      },
    ],
  };
}

/** The tool beside pyiceberg. */
function bigBase(options: TrialOptions, place?: Place) {
  const { peers, data, check, executable, release } = options;
  const { at, ending, idEnding } = elsewhere(place);
  const input: LoadInput = { ...data.big, check, ...at };
  const flags = ["--workers", String(THREADS), "--commit", "once"];
  const ours = "the tool, all rows";
  const oursReleased = "the tool's files, all rows";
  const count = input.rows.toLocaleString("en-US");
  const what = `${count} rows, --commit once, ${THREADS} workers${ending}`;
  const id = `big${idEnding}`;
  const against = [NEWEST_ONCE, NEWEST_ADD];
  const speed = { ours, figure: "rowsPerS", format: FORMAT.rowsPerS, moreIsBetter: true };
  const released = { ...speed, ours: oursReleased, what: `${what}${ON_RELEASE}` };
  const memory = { ours, figure: "peakBytes", format: FORMAT.mebibytes, moreIsBetter: false };
  const contenders: Contender[] = [
    toolLoad(ours, { ...input, tool: [executable], flags }),
    ...(release === undefined ? [] : [toolLoad(oursReleased, { ...input, tool: release, flags })]),
    pyicebergLoad(NEWEST_ONCE, { ...input, python: peers.newest, way: "once" }),
    pyicebergLoad(NEWEST_ADD, { ...input, python: peers.newest, way: "add-files" }),
  ];
  const lines: Line[] = [
    { ...speed, id, what, against, target: atLeast(2) },
    { ...released, id, against, target: atLeast(2) },
    {
      ...memory,
      id,
      what: `${what}: peak memory`,
      against,
      // The way that is the fastest, not the one that needs the least memory.
      bestBy: "rowsPerS",
      target: atMost(0.25),
    },
  ];
  return { input, flags, what, speed, released, memory, contenders, lines };
}

function bigTrial(options: TrialOptions): Trial {
  const { peers, data, check, executable } = options;
  const { input, flags, what, speed, released, memory, ...base } = bigBase(options);
  const tenth: LoadInput = { ...data.tenth, check };
  const oursTenth = "the tool, a tenth of the rows";
  const lines: Line[] = [
    ...base.lines,
    { ...speed, id: "duckdb", what, against: [DUCKDB_PARQUET], target: atLeast(1.1) },
    { ...released, id: "duckdb", against: [DUCKDB_PARQUET], target: atLeast(1.1) },
    {
      ...memory,
      id: "duckdb",
      what: `${what}: size of the files`,
      against: [DUCKDB_PARQUET],
      figure: "fileBytes",
      target: atMost(1),
    },
    {
      ...memory,
      id: "duckdb",
      what: `${what}: peak memory`,
      against: [DUCKDB_PARQUET],
      target: atMost(1),
    },
    {
      ...memory,
      id: "memory",
      what: `${what}: peak memory`,
      against: [oursTenth],
      target: atMost(1.1),
    },
    ...[DUCKDB_ICEBERG, SLING, SPARK].flatMap((peer) => [
      { ...speed, id: "others", what, against: [peer] },
      { ...memory, id: "others", what: `${what}: peak memory`, against: [peer] },
    ]),
  ];
  return {
    title: what,
    contenders: [
      ...base.contenders,
      toolLoad(oursTenth, { ...tenth, tool: [executable], flags }),
      duckdbParquet(DUCKDB_PARQUET, { ...input, python: peers.duckdb }),
      duckdbIceberg(DUCKDB_ICEBERG, { ...input, python: peers.newest }),
      ...otherLoads(input, { peers, roundsMax: SLOW_ROUNDS_MAX }),
    ],
    lines,
  };
}

function bigTrialOn(place: Place, options: TrialOptions): Trial {
  const { what, contenders, lines } = bigBase(options, place);
  return { title: what, contenders, lines };
}

function parseTrials({ peers, data }: TrialOptions): Trial[] {
  return data.parse.map((set): Trial => ({
    title: `parse alone, ${set.name}`,
    contenders: [
      toolParse("parseChunk", set),
      arrowParse("pyarrow, 1 thread", { ...set, python: peers.newest }),
    ],
    lines: [{
      id: set.quoted ? "parse-quotes" : "parse",
      what: `parse alone, ${set.name}`,
      ours: "parseChunk",
      against: ["pyarrow, 1 thread"],
      figure: "rowsPerS",
      format: FORMAT.rowsPerS,
      moreIsBetter: true,
      target: atLeast(set.quoted ? 0.8 : 1.5),
    }],
  }));
}

function workersTrial({ data }: TrialOptions): Trial {
  const [two, one] = ["2 workers", "1 worker"];
  return {
    title: "parse and encode, 2 workers",
    contenders: [
      encodeWith(two, { ...data.tenth, workers: 2 }),
      encodeWith(one, { ...data.tenth, workers: 1 }),
    ],
    lines: [{
      id: "workers",
      what: "parse and encode, 2 workers",
      ours: two,
      against: [one],
      figure: "rowsPerS",
      format: FORMAT.rowsPerS,
      moreIsBetter: true,
      target: atLeast(1.8),
    }],
  };
}

function raceTrial({ peers, check, executable }: TrialOptions, writers: number): Trial {
  const input: LoadInput = { file: `${PROJECT_ROOT}sample_data.csv`, rows: 50_000, check };
  const ours = `${writers} workers`;
  const theirs = `pyiceberg 0.12.0, ${writers} threads with its retries`;
  return {
    title: `${writers} writers on one table`,
    contenders: [
      toolLoad(ours, { ...input, tool: [executable], flags: ["--workers", String(writers)] }),
      pyicebergRace(theirs, { ...input, python: peers.newest, threads: writers }),
    ],
    lines: [{
      id: "race",
      what: `${writers} writers on one table, 50 chunks per-chunk, acknowledged commits`,
      ours,
      against: [theirs],
      figure: "chunksPerProcessS",
      format: FORMAT.perS,
      moreIsBetter: true,
      target: atLeast(3),
      holds: { what: "all in", test: ({ chunks }) => chunks === 50 },
    }],
  };
}

const RAW = "the catalog's rate of empty commits";

function perChunkTrial({ check, executable }: TrialOptions, place?: Place): Trial {
  const file = `${PROJECT_ROOT}sample_data.csv`;
  const { at, ending, idEnding } = elsewhere(place);
  const ours = `50 chunks per-chunk, 1 worker${ending}`;
  const tool = [executable];
  return rateTrial({
    id: `raw${idEnding}`,
    ours: toolLoad(ours, { file, rows: 50_000, check, ...at, tool, flags: ["--workers", "1"] }),
    raw: rawCommits(RAW, { commits: 50, ...at }),
    ratio: 0.6,
  });
}

function groupedTrial({ data, check, executable }: TrialOptions): Trial {
  const ours = "8 workers grouped, acknowledged chunks of 1,000 rows";
  const flags = ["--workers", "8", "--commit", "grouped", "--chunk-size", "1000"];
  return rateTrial({
    id: "grouped",
    ours: toolLoad(ours, { ...data.chunks, check, tool: [executable], flags }),
    raw: rawCommits(RAW, { commits: 50 }),
    ratio: 1,
  });
}

function rateTrial(
  of: {
    readonly id: string;
    readonly ours: Contender;
    readonly raw: Contender;
    readonly ratio: number;
  },
): Trial {
  return {
    title: of.ours.name,
    contenders: [of.ours, of.raw],
    lines: [{
      id: of.id,
      what: of.ours.name,
      ours: of.ours.name,
      against: [of.raw.name],
      figure: "chunksPerS",
      format: FORMAT.perS,
      moreIsBetter: true,
      target: atLeast(of.ratio),
    }],
  };
}

function startTrial({ executable, hello }: TrialOptions): Trial {
  const [ours, theirs] = ["--version", "a bare hello-world executable"];
  return {
    title: "start",
    contenders: [startOf(ours, [executable, "--version"]), startOf(theirs, [hello])],
    lines: [{
      id: "version",
      what: "--version of the executable",
      ours,
      against: [theirs],
      figure: "elapsedMs",
      format: FORMAT.milliseconds,
      moreIsBetter: false,
      target: atMost(1.5),
    }],
  };
}
