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
import type { Extremes } from "./extremes.ts";
import { booleanAt, bytesAt, decimalAt, numberAt } from "./values_at.ts";

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
    /** Where its extremes stand; undefined when all is null or NaN. */
    readonly extremes: Extremes | undefined;
    /** Values that are NaN; undefined for a type that has none. */
    readonly nanCount: number | undefined;
  },
): ColumnMetrics {
  const { fieldId, sizeBytes, mode, extremes, nanCount } = options;
  if (mode.kind === "none") return { fieldId, sizeBytes };
  const counts = {
    fieldId,
    sizeBytes,
    valueCount: parsed.length,
    nullCount: parsed.nullCount,
    ...(nanCount === undefined ? {} : { nanCount }),
  };
  if (mode.kind === "counts" || parsed.nullCount === parsed.length) return counts;
  const length = mode.kind === "truncate" ? mode.length : Number.MAX_SAFE_INTEGER;
  return extremes === undefined
    ? counts
    : { ...counts, ...columnBounds(parsed, { ...extremes, length }) };
}

function columnBounds(
  parsed: ParsedColumn,
  of: Extremes & { readonly length: number },
): Bounds {
  const { min, max } = of;
  switch (parsed.type.kind) {
    case "boolean":
      return {
        lowerBound: booleanBound(booleanAt(parsed, min)),
        upperBound: booleanBound(booleanAt(parsed, max)),
      };
    case "int":
    case "date":
      return {
        lowerBound: intBound(numberAt(parsed, min)),
        upperBound: intBound(numberAt(parsed, max)),
      };
    case "float":
    case "double": {
      const bound = parsed.type.kind === "float" ? floatBound : doubleBound;
      const least = numberAt(parsed, min);
      const greatest = numberAt(parsed, max);
      // -0 and +0 are equal here but ordered in the spec: the bounds include both.
      return {
        lowerBound: bound(least === 0 ? -0 : least),
        upperBound: bound(greatest === 0 ? 0 : greatest),
      };
    }
    case "long":
    case "time":
    case "timestamp":
    case "timestamptz":
    case "timestamp_ns":
    case "timestamptz_ns": {
      const values = parsed.values as BigInt64Array;
      return { lowerBound: longBound(values[min]!), upperBound: longBound(values[max]!) };
    }
    case "decimal":
      return {
        lowerBound: decimalBound(decimalAt(parsed, min)),
        upperBound: decimalBound(decimalAt(parsed, max)),
      };
    default:
      return bytesBounds(parsed, of);
  }
}

function bytesBounds(
  parsed: ParsedColumn,
  of: Extremes & { readonly length: number },
): Bounds {
  const { length } = of;
  const least = bytesAt(parsed, of.min);
  const greatest = bytesAt(parsed, of.max);
  switch (parsed.type.kind) {
    case "string":
      return withUpper(stringLowerBound(least, length), stringUpperBound(greatest, length));
    case "uuid":
      return { lowerBound: least.slice(), upperBound: greatest.slice() };
    default:
      return withUpper(binaryLowerBound(least, length), binaryUpperBound(greatest, length));
  }
}

function withUpper(lowerBound: Uint8Array, upperBound: Uint8Array | undefined): Bounds {
  return upperBound === undefined ? { lowerBound } : { lowerBound, upperBound };
}
