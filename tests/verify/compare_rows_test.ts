// Rows of Parquet files against rows of CSV, through a store, as a worker compares them.

import assert from "node:assert/strict";
import { join } from "node:path";
import { encodeChunk } from "../../lib/encode/encode_chunk.ts";
import type { EncodeColumn } from "../../lib/encode/job.ts";
import { SchemaError, StorageError } from "../../lib/errors.ts";
import { openFileStore } from "../../lib/store/file_store.ts";
import { BUCKET_COUNT, Buckets } from "../../lib/verify/buckets.ts";
import { compareRows } from "../../lib/verify/compare_rows.ts";
import { type DifferingRow, RowCounter } from "../../lib/verify/differences.ts";
import type { CompareColumn, CompareJob, CompareSetup } from "../../lib/verify/job.ts";
import { columnsOf, setupOf } from "../encode/encode_support.ts";
import { typeOf } from "../input/csv_support.ts";
import { csvOf, DISTINCT_FIELDS, NULLABLE, SEED } from "./verify_support.ts";

type Rows = ReadonlyArray<readonly string[]>;

const encoder = new TextEncoder();

function compareColumn(column: EncodeColumn, changes: Partial<CompareColumn> = {}): CompareColumn {
  return {
    ...column,
    opaqueType: undefined,
    initialDefaultText: undefined,
    isInPartition: false,
    ...changes,
  };
}

/** Writes rows as a data file with one column of each type, and an `end` that is never empty. */
async function withFile(
  options: { readonly rows: Rows; readonly types: readonly string[] },
  use: (
    file: { readonly path: string; readonly columns: readonly EncodeColumn[] },
  ) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "lakekeeper_ingest_verify_" });
  try {
    const columns = columnsOf(...options.types.map((type, at) => `c${at}:${type}`), "end:string");
    const path = join(directory, "a.parquet");
    const { bytes } = encodeChunk({
      index: 0,
      bytes: encoder.encode(csvOf(options.rows.map((row) => [...row, "x"]))),
      rows: options.rows.length,
      firstLine: 1,
      path,
    }, setupOf(columns, { dialect: NULLABLE }));
    await openFileStore().write(path, bytes);
    await use({ path, columns });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function differing(
  source: Rows,
  table: {
    readonly path: string;
    readonly recordCount: number;
    readonly columns: readonly CompareColumn[];
  },
): Promise<{ readonly uneven: number; readonly rows: DifferingRow[] }> {
  const buckets = new Buckets();
  const present = table.columns.filter((column) => column.csvIndex !== undefined);
  const setup: CompareSetup = {
    inputName: "sample.csv",
    dialect: NULLABLE,
    columnCount: present.length,
    columns: table.columns,
    nameMapping: new Map(),
    storeLocation: table.path,
    storeProperties: {},
    seed: SEED,
    buckets: buckets.memory,
  };
  const jobs: CompareJob[] = [
    { side: "table", path: table.path, recordCount: table.recordCount },
    { side: "source", bytes: encoder.encode(csvOf(source)), rows: source.length, firstLine: 2 },
  ];
  const store = openFileStore();
  for (const job of jobs) await compareRows(job, { task: { kind: "add" }, setup, store });
  const wanted = new Uint8Array(BUCKET_COUNT);
  const uneven = buckets.uneven();
  for (const bucket of uneven) wanted[bucket] = 1;
  const counter = new RowCounter();
  for (const job of jobs) {
    const { found } = await compareRows(job, { task: { kind: "find", wanted }, setup, store });
    counter.add(found, job.side);
  }
  return { uneven: uneven.length, rows: counter.differing() };
}

const withEnd = (rows: Rows): Rows => rows.map((row) => [...row, "x"]);

for (const [type, fields] of Object.entries(DISTINCT_FIELDS)) {
  Deno.test(`compareRows() reads type ${type} from Parquet, and finds each changed value`, async () => {
    const rows = fields.map((field) => [field]);
    await withFile({ rows, types: [type] }, async ({ path, columns }) => {
      const table = {
        path,
        recordCount: rows.length,
        columns: columns.map((column) => compareColumn(column)),
      };
      const same = await differing(withEnd(rows.toReversed()), table);
      assert.deepEqual(same, { uneven: 0, rows: [] });
      for (const at of rows.keys()) {
        const other = (at + 1) % rows.length;
        const changed = rows.with(at, rows[other]!);
        const found = await differing(withEnd(changed), table);
        assert.deepEqual(
          found.rows.map(({ source, table, lines }) => ({ source, table, lines })),
          [
            { source: 2, table: 1, lines: [at + 2, other + 2].sort((one, two) => one - two) },
            { source: 0, table: 1, lines: [] },
          ],
          `${fields[at]} → ${fields[other]}`,
        );
        assert.notEqual(found.rows[0]!.values[0], found.rows[1]!.values[0]);
      }
    });
  });
}

const PROMOTIONS: ReadonlyArray<readonly [string, string, string]> = [
  ["int", "long", "-7"],
  ["float", "double", "1.5"],
  ["decimal(9,2)", "decimal(20,2)", "-12.34"],
  ["date", "timestamp", "1969-12-31"],
  ["date", "timestamp_ns", "2024-02-29"],
  ["timestamp", "timestamp_ns", "1969-12-31T23:59:59.999999"],
  ["timestamp_ns", "timestamp", "1969-12-31T23:59:59.999999"],
];

for (const [from, to, field] of PROMOTIONS) {
  Deno.test(`compareRows() reads ${from} in a file as ${to} in the table`, async () => {
    await withFile({ rows: [[field], ["\\N"]], types: [from] }, async ({ path, columns }) => {
      const promoted = columns.map((column) => compareColumn(column))
        .with(0, compareColumn(columns[0]!, { type: typeOf(to) }));
      const table = { path, recordCount: 2, columns: promoted };
      assert.equal((await differing([["\\N", "x"], [field, "x"]], table)).uneven, 0);
      assert.notEqual((await differing([["\\N", "x"], ["\\N", "x"]], table)).uneven, 0);
    });
  });
}

Deno.test("compareRows() says when a file's type is none that the table's type is read from", async () => {
  for (
    const [from, to] of [["string", "long"], ["long", "int"], ["decimal(9,2)", "decimal(9,3)"]]
  ) {
    const field = DISTINCT_FIELDS[from!]![1]!;
    await withFile({ rows: [[field]], types: [from!] }, async ({ path, columns }) => {
      const wrong = columns.map((column) => compareColumn(column))
        .with(0, compareColumn(columns[0]!, { type: typeOf(to!) }));
      await assert.rejects(differing([], { path, recordCount: 1, columns: wrong }), (error) => {
        assert.ok(error instanceof SchemaError);
        assert.match(error.message, /^Cannot read column "c0": it is .* in a data file, and /);
        return true;
      });
    });
  }
});

Deno.test("compareRows() gives rows of a file that lacks a column its initial default, or null", async () => {
  await withFile({ rows: [["1"]], types: ["long"] }, async ({ path, columns }) => {
    const added: EncodeColumn = { ...columns[0]!, fieldId: 99, name: "added", csvIndex: 2 };
    const of = (changes: Partial<CompareColumn>) => ({
      path,
      recordCount: 1,
      columns: [...columns.map((column) => compareColumn(column)), compareColumn(added, changes)],
    });
    assert.equal((await differing([["1", "x", "\\N"]], of({}))).uneven, 0);
    assert.equal((await differing([["1", "x", "7"]], of({ initialDefaultText: "7" }))).uneven, 0);
    const { rows } = await differing([["1", "x", "7"]], of({}));
    assert.deepEqual(rows.map(({ values }) => values), [["1", '"x"', "7"], ["1", '"x"', "null"]]);
    await assert.rejects(differing([], of({ isInPartition: true })), /leaves it to its partition/);
  });
});

Deno.test("compareRows() demands null, or the write default, in a column that the CSV lacks", async () => {
  await withFile({ rows: [["5"], ["\\N"]], types: ["long"] }, async ({ path, columns }) => {
    const absent = (defaultText: string | undefined) => ({
      path,
      recordCount: 2,
      columns: [
        compareColumn(columns[0]!, { csvIndex: undefined, defaultText }),
        compareColumn(columns[1]!, { csvIndex: 0 }),
      ],
    });
    const source = [["x"], ["x"]];
    const byNull = await differing(source, absent(undefined));
    assert.deepEqual(byNull.rows.map(({ source, table, values }) => [source, table, ...values]), [
      [2, 1, "null", '"x"'],
      [0, 1, "5", '"x"'],
    ]);
    const byDefault = await differing(source, absent("5"));
    assert.deepEqual(byDefault.rows.map(({ source, table }) => [source, table]), [[2, 1], [0, 1]]);
  });
});

Deno.test("compareRows() compares a column that CSV cannot hold by whether it is null", async () => {
  await withFile({ rows: [["5"], ["\\N"]], types: ["long"] }, async ({ path, columns }) => {
    const { rows } = await differing([["x"], ["x"]], {
      path,
      recordCount: 2,
      columns: [
        compareColumn(columns[0]!, {
          type: { kind: "boolean" },
          csvIndex: undefined,
          opaqueType: "list",
        }),
        compareColumn(columns[1]!, { csvIndex: 0 }),
      ],
    });
    assert.deepEqual(rows.map(({ values }) => values[0]), ["null", "(list)"]);
  });
});

Deno.test("compareRows() does not take a file that is damaged, or not as long as its manifest says", async () => {
  await withFile({ rows: [["1"], ["2"]], types: ["long"] }, async ({ path, columns }) => {
    const table = { path, columns: columns.map((column) => compareColumn(column)) };
    await assert.rejects(
      differing([], { ...table, recordCount: 3 }),
      /it holds 2 rows, and its manifest says 3/,
    );
    const bytes = await Deno.readFile(path);
    await Deno.writeFile(path, bytes.subarray(0, bytes.length - 9));
    await assert.rejects(differing([], { ...table, recordCount: 2 }), (error) => {
      assert.ok(error instanceof StorageError);
      assert.equal(error.exitCode, 1);
      return true;
    });
  });
});
