/** What the CSV parser makes of bytes: typed columns in the memory layout of Apache Arrow. */
import type { PrimitiveType } from "../table/types.ts";

/** What a CSV column is to become. */
export interface ColumnTarget {
  /** Name in the CSV header; used in messages. */
  readonly name: string;
  /** Position in the record, from 0. */
  readonly index: number;
  /** What its fields have to fit. */
  readonly type: PrimitiveType;
  /** When true, a null is a value that does not fit. */
  readonly required: boolean;
}

/**
 * One parsed column. `values` by type:
 * boolean: bitmap, least significant bit first · int, date (days): `Int32Array` · long, time
 * (µs), timestamp(tz) (µs), timestamp(tz)_ns (ns): `BigInt64Array` · float: `Float32Array` ·
 * double: `Float64Array` · decimal: `Uint32Array`, four little-endian words of the unscaled
 * 128-bit integer a value · uuid, fixed: `Uint8Array`, 16 or `lengthBytes` bytes a value · string,
 * binary: `Uint8Array` of all bytes, cut by `offsets`. Where a value is null its slot is zero.
 */
export interface ParsedColumn {
  /** Of its {@linkcode ColumnTarget}. */
  readonly name: string;
  /** Says which array `values` is. */
  readonly type: PrimitiveType;
  /** Rows, nulls counted in. */
  readonly length: number;
  /** Rows that are null. */
  readonly nullCount: number;
  /** Validity bitmap, least significant bit first, 1 = not null; undefined when nothing is null. */
  readonly validity: Uint8Array | undefined;
  /** One a row, also where it is null; of string and binary as many bytes as the values have. */
  readonly values:
    | Uint8Array
    | Int32Array
    | Uint32Array
    | BigInt64Array
    | Float32Array
    | Float64Array;
  /** For string and binary: `length + 1` offsets into `values`. */
  readonly offsets?: Int32Array | undefined;
}

/** How a CSV file is written. */
export interface CsvDialect {
  /** One ASCII byte that parts the fields of a record. */
  readonly delimiter: string;
  /**
   * Texts that stand for null in every column, when unquoted. An empty unquoted field is null for
   * every type but string without being listed; listing `""` makes it null for string too.
   */
  readonly nullValues: readonly string[];
  /** Whether the first record names the columns. */
  readonly hasHeader: boolean;
}
