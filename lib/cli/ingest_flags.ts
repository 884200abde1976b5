/** The flags of `ingest`, and its help. */
import { CODEC_NAMES, COMMIT_MODES, ENCODINGS, INFER_ROWS_DEFAULT } from "./ingest_options.ts";
import { CATALOG_FLAGS, CATALOG_VARIABLES } from "./catalog_choice.ts";
import type { Flag } from "./flags.ts";
import { CSV_FLAGS } from "./input_flags.ts";
import { TABLE_FLAGS } from "./table_flags.ts";
import type { VerbDefinition } from "./verb.ts";

/** Flags of `ingest`, in the order in which help lists them. */
export const INGEST_FLAGS: readonly Flag[] = [
  {
    flags: "-w, --workers <N>",
    description: "workers in parallel, each a writer of its own; threads that encode are at most " +
      "as many as the cores; auto takes a worker for each core",
    group: "Load",
    fallback: "2",
  },
  {
    flags: "--chunk-size <ROWS>",
    description:
      "rows of a chunk, which becomes a data file (default: 1000 in per-chunk, else by " +
      "--target-file-size)",
    group: "Load",
  },
  {
    flags: "--target-file-size <SIZE>",
    description:
      "size that data files come near to in grouped and once, 1GiB at most; large ones " +
      "are put together in memory, up to two at a time",
    group: "Load",
    fallback: "4MiB",
  },
  {
    flags: "--codec <NAME>",
    description: "compression: zstd, snappy, lz4, gzip or none (default: the table's, else zstd)",
    values: CODEC_NAMES,
    group: "Data files",
  },
  {
    flags: "--encoding <NAME>",
    description: "how values are written: plain, which every reader knows; compact, DELTA " +
      "encodings, smaller, which Spark (Iceberg's vectorized reader) before 2026, Athena and " +
      "others with older readers refuse",
    values: ENCODINGS,
    group: "Data files",
    fallback: "plain",
  },
  {
    flags: "--row-group-size <SIZE>",
    description: "size of a row group before compression (default: the table's, else 128MiB)",
    group: "Data files",
  },
  {
    flags: "--load-id <ID>",
    description: "name of the load: run again with the same, it adds what is missing and nothing " +
      "twice; auto derives it from the content (default: a new one)",
    group: "Load",
  },
  {
    flags: "-n, --dry-run",
    description: "show schema, plan and what would be sent, and write nothing",
    group: "Load",
    withoutVariables: true,
  },
  {
    flags: "--rows <N>",
    description: "load N generated rows instead of a file",
    group: "Input",
  },
  { flags: "--seed <S>", description: "seed of generated rows", group: "Input", fallback: "42" },
  ...CSV_FLAGS,
  {
    flags: "--infer-rows <N>",
    description: "rows that types are inferred from, or all",
    group: "Input",
    fallback: String(INFER_ROWS_DEFAULT),
  },
  {
    flags: "--column <NAME:TYPE>",
    description: "type of a column, such as price:decimal(9,2); may be repeated",
    group: "Input",
    repeats: true,
  },
  ...TABLE_FLAGS,
  {
    flags: "--no-create",
    description: "fail when the table is missing instead of creating it",
    group: "Table",
  },
  ...CATALOG_FLAGS,
  {
    flags: "--commit <MODE>",
    description:
      "how chunks become snapshots: per-chunk, each is one, and workers race; grouped, " +
      "whatever is ready is one; once, the whole load is one",
    values: COMMIT_MODES,
    group: "Commit",
    fallback: "per-chunk",
  },
  {
    flags: "--commit-retries <N>",
    description: "commits of a chunk after a lost race; 0 shows lost races as they are " +
      "(default: no limit within --commit-timeout)",
    group: "Commit",
  },
  {
    flags: "--commit-timeout <DURATION>",
    description: "time for all commits of one chunk",
    group: "Commit",
    fallback: "5m",
  },
  { flags: "--json", description: "print events as JSON lines", group: "Output" },
  {
    flags: "--report <FILE>",
    description: "write a report as one HTML file, also when the load fails",
    path: "file",
    group: "Output",
  },
  {
    flags: "--trace",
    description: "show method, URL and status of every request",
    group: "Output",
  },
  { flags: "-q, --quiet", description: "print failures and the summary only", group: "Output" },
  { flags: "--no-progress", description: "no progress on stderr", group: "Output" },
];

/** The command line of `ingest`. */
export const INGEST: VerbDefinition = {
  name: "ingest",
  usage: "FILE [flags]",
  description: "Load rows from CSV into an Apache Iceberg table. The word ingest may be left out.",
  operands: [{ path: "file" }],
  flags: INGEST_FLAGS,
  examples: [
    "lakekeeper-ingest sample_data.csv --workers 2",
    "lakekeeper-ingest orders.csv --uri http://localhost:8181/catalog --table sales.orders",
    "lakekeeper-ingest big.csv --commit once --load-id orders-2026-11",
    "lakekeeper-ingest --rows 1m --chunk-size 100k",
    "lakekeeper-ingest sample_data.csv --workers 8 --commit-retries 0",
  ],
  notes: [
    "A load that was interrupted, or whose outcome is unknown, is finished by the same command " +
    "with its --load-id, which is printed before the first commit: what is missing is added, and " +
    "nothing twice.",
  ],
  variables: CATALOG_VARIABLES,
  exitStatus: [
    ["0", "every row is in the table"],
    ["1", "a chunk was not committed, or the file is missing"],
    ["2", "wrong command line or configuration"],
    ["3", "bad input, or input that does not fit the table"],
    ["4", "unknown whether a commit was carried out"],
    ["5", "races were lost until the retries or the time were spent"],
    ["6", "the catalog or the store refused access"],
    ["7", "the catalog or the store cannot be reached"],
    ["130, 143", "interrupted by SIGINT, SIGTERM"],
  ],
};
