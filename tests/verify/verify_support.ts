/** What the tests of lib/verify share: typed rows from CSV texts, and how often each is there. */
import { Buckets } from "../../lib/verify/buckets.ts";
import { hashRows, type HashSeed, seedFrom } from "../../lib/verify/row_hash.ts";
import { DIALECT, parseText } from "../input/csv_support.ts";

/** `\N` is null in these tests, in every column. */
export const NULLABLE = { ...DIALECT, hasHeader: false, nullValues: ["\\N"] };

export const SEED: HashSeed = seedFrom([1, 2, 3]);

/** Values of each type as CSV fields, all different from each other. */
export const DISTINCT_FIELDS: Readonly<Record<string, readonly string[]>> = {
  boolean: ["true", "false", "\\N"],
  int: ["0", "1", "-1", "256", "2147483647", "-2147483648", "\\N"],
  long: ["0", "1", "-1", "4294967296", "4294967297", "9223372036854775807", "\\N"],
  float: ["0", "-0", "1.5", "-1.5", "0.1", "NaN", "Infinity", "-Infinity", "\\N"],
  double: ["0", "-0", "1.5", "-1.5", "0.1", "1e300", "NaN", "Infinity", "-Infinity", "\\N"],
  "decimal(9,2)": ["0", "0.01", "-0.01", "9999999.99", "\\N"],
  "decimal(38,10)": ["0", "0.0000000001", "-0.0000000001", "9999999999999999999999999999", "\\N"],
  date: ["1970-01-01", "1970-01-02", "1969-12-31", "9999-12-31", "0001-01-01", "\\N"],
  time: ["00:00:00", "00:00:00.000001", "23:59:59.999999", "\\N"],
  timestamp: ["1970-01-01T00:00:00", "1970-01-01T00:00:00.000001", "1969-12-31T23:59:59", "\\N"],
  timestamptz: [
    "1970-01-01T00:00:00Z",
    "1970-01-01T00:00:00.000001Z",
    "2024-02-29T12:00:00Z",
    "\\N",
  ],
  ["timestamp_ns"]: ["1970-01-01T00:00:00", "1970-01-01T00:00:00.000000001", "\\N"],
  ["timestamptz_ns"]: ["1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000001Z", "\\N"],
  string: ["", "a", "b", "A", "abc", "abcd", "abcde", "é", "null", '"\\N"', '"a,""b"', " ", "\\N"],
  binary: ["00", "0000", "ff", "00ff", "deadbeef00", "\\N"],
  uuid: [
    "00000000-0000-0000-0000-000000000000",
    "00000000-0000-0000-0000-000000000001",
    "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
    "\\N",
  ],
  "fixed[3]": ["000000", "000001", "010000", "\\N"],
};

/** Rows of fields as CSV records. */
export function csvOf(rows: ReadonlyArray<readonly string[]>): string {
  return rows.map((row) => `${row.join(",")}\n`).join("");
}

/** Hashes rows of fields of the given types. */
export function hashFields(
  rows: ReadonlyArray<readonly string[]>,
  types: readonly string[],
) {
  const columns = types.map((type, at) => `c${at}:${type}`);
  // A record of one empty field is a blank line, which a column beside it avoids.
  const parsed = parseText(csvOf(rows.map((row) => [...row, "x"])), [...columns, "end:string"], {
    dialect: NULLABLE,
  });
  return hashRows(parsed, { rows: rows.length, seed: SEED });
}

/** Whether buckets take two tables for equal. */
export function judgedEqual(
  source: ReadonlyArray<readonly string[]>,
  table: ReadonlyArray<readonly string[]>,
  types: readonly string[],
): boolean {
  const buckets = new Buckets();
  buckets.add(hashFields(source, types), "source");
  buckets.add(hashFields(table, types), "table");
  return buckets.uneven().length === 0;
}
