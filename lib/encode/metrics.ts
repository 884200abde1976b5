/** Column metrics of a data file: counts and bounds (table spec, `data_file` fields 109 to 128). */
import type { ParsedColumn } from "../input/columns.ts";
import {
  binaryLowerBound,
  binaryUpperBound,
  booleanBound,
  decimalBound,
  doubleBound,
  floatBound,
  intBound,
  longBound,
  stringLowerBound,
  stringUpperBound,
} from "../table/bounds.ts";
import type { ColumnMetrics } from "../table/data_file.ts";
import type { MetricsMode } from "../table/table_properties.ts";

/** Lower and upper bound; a member is absent when there is nothing to bound with. */
interface Bounds {
  readonly lowerBound?: Uint8Array;
  readonly upperBound?: Uint8Array;
}

/** Computes the metrics of one column. */
export function columnMetrics(
  parsed: ParsedColumn,
  options: {
    readonly fieldId: number;
    readonly sizeBytes: number;
    readonly mode: MetricsMode;
  },
): ColumnMetrics {
  const { fieldId, sizeBytes, mode } = options;
  if (mode.kind === "none") return { fieldId, sizeBytes };
  const nanCount = countNans(parsed);
  const counts = {
    fieldId,
    sizeBytes,
    valueCount: parsed.length,
    nullCount: parsed.nullCount,
    ...(nanCount === undefined ? {} : { nanCount }),
  };
  if (mode.kind === "counts" || parsed.nullCount === parsed.length) return counts;
  const length = mode.kind === "truncate" ? mode.length : Number.MAX_SAFE_INTEGER;
  return { ...counts, ...columnBounds(parsed, length) };
}

function countNans(parsed: ParsedColumn): number | undefined {
  if (parsed.type.kind !== "float" && parsed.type.kind !== "double") return undefined;
  let count = 0;
  // A null's slot is zero, so it is never counted.
  for (const value of parsed.values as Float64Array) if (value !== value) count++;
  return count;
}

function columnBounds(parsed: ParsedColumn, length: number): Bounds {
  switch (parsed.type.kind) {
    case "boolean":
      return booleanBounds(parsed);
    case "int":
    case "date": {
      const range = numberRange(parsed);
      return range === undefined
        ? {}
        : { lowerBound: intBound(range.min), upperBound: intBound(range.max) };
    }
    case "float":
    case "double": {
      const range = numberRange(parsed);
      if (range === undefined) return {};
      const bound = parsed.type.kind === "float" ? floatBound : doubleBound;
      // -0 and +0 are equal here but ordered in the spec: the bounds include both.
      return {
        lowerBound: bound(range.min === 0 ? -0 : range.min),
        upperBound: bound(range.max === 0 ? 0 : range.max),
      };
    }
    case "long":
    case "time":
    case "timestamp":
    case "timestamptz":
    case "timestamp_ns":
    case "timestamptz_ns":
      return longBounds(parsed);
    case "decimal":
      return decimalBounds(parsed);
    default:
      return bytesBounds(parsed, length);
  }
}

function isNull(parsed: ParsedColumn, row: number): boolean {
  return parsed.validity !== undefined && (parsed.validity[row >> 3]! & (1 << (row & 7))) === 0;
}

function booleanBounds(parsed: ParsedColumn): Bounds {
  let anyTrue = false;
  let anyFalse = false;
  for (let row = 0; row < parsed.length; row++) {
    if (isNull(parsed, row)) continue;
    if (((parsed.values as Uint8Array)[row >> 3]! & (1 << (row & 7))) !== 0) anyTrue = true;
    else anyFalse = true;
  }
  return { lowerBound: booleanBound(!anyFalse), upperBound: booleanBound(anyTrue) };
}

/** Least and greatest value that is neither null nor NaN. */
function numberRange(parsed: ParsedColumn): { min: number; max: number } | undefined {
  const values = parsed.values as Int32Array | Float32Array | Float64Array;
  let min = Infinity;
  let max = -Infinity;
  let any = false;
  for (let row = 0; row < parsed.length; row++) {
    const value = values[row]!;
    if (value !== value || isNull(parsed, row)) continue;
    any = true;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return any ? { min, max } : undefined;
}

function longBounds(parsed: ParsedColumn): Bounds {
  const values = parsed.values as BigInt64Array;
  let min: bigint | undefined;
  let max: bigint | undefined;
  for (let row = 0; row < parsed.length; row++) {
    if (isNull(parsed, row)) continue;
    const value = values[row]!;
    if (min === undefined || value < min) min = value;
    if (max === undefined || value > max) max = value;
  }
  if (min === undefined || max === undefined) return {};
  return { lowerBound: longBound(min), upperBound: longBound(max) };
}

/** A decimal as four little-endian words is the two's complement of its unscaled value. */
function decimalBounds(parsed: ParsedColumn): Bounds {
  const words = parsed.values as Uint32Array;
  let min: bigint | undefined;
  let max: bigint | undefined;
  for (let row = 0; row < parsed.length; row++) {
    if (isNull(parsed, row)) continue;
    let value = 0n;
    for (let word = 3; word >= 0; word--) value = (value << 32n) | BigInt(words[row * 4 + word]!);
    value = BigInt.asIntN(128, value);
    if (min === undefined || value < min) min = value;
    if (max === undefined || value > max) max = value;
  }
  if (min === undefined || max === undefined) return {};
  return { lowerBound: decimalBound(min), upperBound: decimalBound(max) };
}

function bytesBounds(parsed: ParsedColumn, length: number): Bounds {
  const values = parsed.values as Uint8Array;
  const { offsets } = parsed;
  const width = offsets === undefined ? values.length / parsed.length : 0;
  let min: Uint8Array | undefined;
  let max: Uint8Array | undefined;
  for (let row = 0; row < parsed.length; row++) {
    if (isNull(parsed, row)) continue;
    const value = offsets === undefined
      ? values.subarray(row * width, (row + 1) * width)
      : values.subarray(offsets[row]!, offsets[row + 1]!);
    if (min === undefined || compareBytes(value, min) < 0) min = value;
    if (max === undefined || compareBytes(value, max) > 0) max = value;
  }
  if (min === undefined || max === undefined) return {};
  switch (parsed.type.kind) {
    case "string":
      return withUpper(stringLowerBound(min, length), stringUpperBound(max, length));
    case "uuid":
      return { lowerBound: min.slice(), upperBound: max.slice() };
    default:
      return withUpper(binaryLowerBound(min, length), binaryUpperBound(max, length));
  }
}

function withUpper(lowerBound: Uint8Array, upperBound: Uint8Array | undefined): Bounds {
  return upperBound === undefined ? { lowerBound } : { lowerBound, upperBound };
}

/** Unsigned bytes, left to right: for UTF-8 this is the order of code points. */
function compareBytes(one: Uint8Array, other: Uint8Array): number {
  const shared = Math.min(one.length, other.length);
  for (let index = 0; index < shared; index++) {
    const difference = one[index]! - other[index]!;
    if (difference !== 0) return difference;
  }
  return one.length - other.length;
}
