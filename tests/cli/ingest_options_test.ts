// From flags to a checked load.

import assert from "node:assert/strict";
import { buildCommand } from "../../lib/cli/flags.ts";
import { parseFlags } from "./parse_flags.ts";
import { INGEST_FLAGS } from "../../lib/cli/ingest_flags.ts";
import { openInput, readLoadFlags } from "../../lib/cli/ingest_options.ts";

function valuesOf(args: readonly string[], variables: Readonly<Record<string, string>> = {}) {
  const command = buildCommand({
    name: "ingest",
    flags: INGEST_FLAGS,
  });
  return parseFlags(command, {
    args,
    flags: INGEST_FLAGS,
    environment: (name) => variables[name],
  });
}

function read(args: readonly string[], variables: Readonly<Record<string, string>> = {}) {
  return readLoadFlags(valuesOf(args, variables));
}

Deno.test("readLoadFlags() has the original's defaults", () => {
  assert.deepEqual(read([]), {
    dialect: { delimiter: ",", nullValues: [], hasHeader: true },
    table: { namespace: ["default"], name: "sample_table" },
    createTable: true,
    workers: 2,
    chunkSize: undefined,
    targetFileSizeBytes: 4 * 2 ** 20,
    parquet: { codec: undefined, encoding: "plain", rowGroupBytes: undefined },
    commitMode: "per-chunk",
    inferRows: 10_000,
    columnTypes: new Map(),
    commitRetries: undefined,
    commitTimeoutMs: 300_000,
  });
});

Deno.test("readLoadFlags() reads every flag", () => {
  assert.deepEqual(
    read([
      ...["--workers", "8", "--chunk-size", "10k", "--infer-rows", "all", "--delimiter", "tab"],
      ...["--null-value", "NA", "--null-value", "-", "--no-header", "--no-create"],
      ...["--column", "price:decimal(9,2)", "--column", "a:b:long", "--table", "t"],
      ...["--namespace", "n.m", "--commit-retries", "0", "--commit-timeout", "30s"],
      ...["--commit", "once", "--target-file-size", "64MiB", "--codec", "none"],
      ...["--encoding", "compact", "--row-group-size", "16MiB"],
    ]),
    {
      dialect: { delimiter: "\t", nullValues: ["NA", "-"], hasHeader: false },
      table: { namespace: ["n", "m"], name: "t" },
      createTable: false,
      workers: 8,
      chunkSize: 10_000,
      targetFileSizeBytes: 64 * 2 ** 20,
      parquet: { codec: "uncompressed", encoding: "compact", rowGroupBytes: 16 * 2 ** 20 },
      commitMode: "once",
      inferRows: Infinity,
      columnTypes: new Map<string, unknown>([
        ["price", { kind: "decimal", precision: 9, scale: 2 }],
        ["a:b", { kind: "long" }],
      ]),
      commitRetries: 0,
      commitTimeoutMs: 30_000,
    },
  );
});

Deno.test("readLoadFlags() refuses codecs, encodings and sizes of row groups that are none", () => {
  const cases = [
    ["--codec", "lzo", "it takes zstd, snappy, lz4, gzip, none"],
    ["--codec", "constructor", "it takes zstd, snappy, lz4, gzip, none"],
    ["--encoding", "delta", "it takes plain, compact"],
    ["--row-group-size", "0", "it takes a size such as 512KiB or 128MiB"],
  ] as const;
  for (const [flag, value, reason] of cases) {
    assert.throws(() => read([flag, value]), {
      name: "UsageError",
      message: `Cannot use ${flag} "${value}": ${reason}`,
    });
  }
});

Deno.test("readLoadFlags() takes a worker for each core with auto", () => {
  assert.equal(read(["--workers", "auto"]).workers, navigator.hardwareConcurrency);
});

/** Flags, variables, and the table that they name. */
const TABLES: ReadonlyArray<
  readonly [readonly string[], Readonly<Record<string, string>>, string]
> = [
  [["--table", "t"], {}, "default|t"],
  [["--table", "n.t"], {}, "n|t"],
  [["--table", "a.b.t"], {}, "a,b|t"],
  [["--namespace", "n", "--table", "n.t"], {}, "n|t"],
  [["--namespace", "a.b"], {}, "a,b|sample_table"],
  [[], { NAMESPACE: "n", TABLE_NAME: "t" }, "n|t"],
  [[], { TABLE_NAME: "n.t" }, "n|t"],
  [["--table", "n.t"], { NAMESPACE: "other" }, "n|t"],
  [["--namespace", "n"], { TABLE_NAME: "other.t" }, "n|t"],
  [["--namespace", "n"], { NAMESPACE: "other", TABLE_NAME: "t" }, "n|t"],
];

for (const [args, variables, expected] of TABLES) {
  const settings = [...args, ...Object.entries(variables).map((pair) => pair.join("="))].join(" ");
  Deno.test(`readLoadFlags() reads the table of ${settings}`, () => {
    const { namespace, name } = read(args, variables).table;
    assert.equal(`${namespace.join()}|${name}`, expected);
  });
}

/** Settings that contradict each other or say nothing. */
const WRONG: ReadonlyArray<
  readonly [readonly string[], Readonly<Record<string, string>>, string]
> = [
  [
    ["--namespace", "a", "--table", "b.t"],
    {},
    'Cannot use table "b.t" in namespace "a": two namespaces',
  ],
  [
    [],
    { NAMESPACE: "a", TABLE_NAME: "b.t" },
    'Cannot use table "b.t" in namespace "a": two namespaces',
  ],
  [["--table", "a."], {}, 'Cannot use table "a." in namespace "default": empty name'],
  [["--table", ".t"], {}, 'Cannot use table ".t" in namespace "default": empty name'],
  [["--namespace", "a..b"], {}, 'Cannot use table "sample_table" in namespace "a..b": empty name'],
  [
    ["--delimiter", ";;"],
    {},
    'Cannot use --delimiter ";;": it takes one ASCII character other than a quote or line end, ' +
    "or tab",
  ],
  [
    ["--delimiter", "é"],
    {},
    'Cannot use --delimiter "é": it takes one ASCII character other than a quote or line end, ' +
    "or tab",
  ],
  [
    ["--delimiter", '"'],
    {},
    'Cannot use --delimiter """: it takes one ASCII character other than a quote or line end, ' +
    "or tab",
  ],
  [["--infer-rows", "0"], {}, 'Cannot use --infer-rows "0": it takes a whole number from 1 on'],
  [
    ["--commit-retries", "-1"],
    {},
    'Cannot use --commit-retries "-1": it takes a whole number from 0 on',
  ],
  [["--column", "a"], {}, 'Cannot read --column "a": it must be name:type'],
  [
    [],
    { LAKEKEEPER_INGEST_WORKERS: "many" },
    'Cannot use --workers "many": it takes a whole number from 1 to 256',
  ],
];

for (const [args, variables, message] of WRONG) {
  Deno.test(`readLoadFlags() refuses: ${message}`, () => {
    assert.throws(() => read(args, variables), { name: "UsageError", exitCode: 2, message });
  });
}

Deno.test("openInput() gives nothing without file and rows", async () => {
  assert.equal(await openInput(valuesOf([])), undefined);
});

Deno.test("openInput() lets a file beat rows of the environment", async () => {
  const values = valuesOf([import.meta.filename!], { LAKEKEEPER_INGEST_ROWS: "5" });
  const source = await openInput(values);
  assert.equal(source?.name, import.meta.filename);
});

Deno.test("openInput() makes rows, the same for the same seed", async () => {
  const textOf = async (args: string[]) => {
    const source = await openInput(valuesOf(args));
    const blocks = await Array.fromAsync(source!.open());
    return await new Blob(blocks as Uint8Array<ArrayBuffer>[]).text();
  };
  const text = await textOf(["--rows", "3"]);
  assert.equal(text.trimEnd().split("\n").length, 4);
  assert.equal(await textOf(["--rows", "3", "--seed", "42"]), text);
  assert.notEqual(await textOf(["--rows", "3", "--seed", "43"]), text);
});

Deno.test("openInput() refuses a file and --rows, two files, and standard input", async () => {
  for (const args of [["a.csv", "--rows", "3"], ["a.csv", "b.csv"], ["-"]]) {
    await assert.rejects(openInput(valuesOf(args)), { name: "UsageError" });
  }
});
