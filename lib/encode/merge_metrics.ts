/** Column metrics of a data file from those of its parts. */
import type { ColumnMetrics } from "../table/data_file.ts";
import type { PrimitiveType } from "../table/types.ts";

/** The metrics of a column in two parts of a file, which were kept in the same way. */
export function mergeMetrics(
  type: PrimitiveType,
  one: ColumnMetrics,
  other: ColumnMetrics,
): ColumnMetrics {
  const add = (member: "sizeBytes" | "valueCount" | "nullCount" | "nanCount") =>
    one[member] === undefined || other[member] === undefined
      ? {}
      : { [member]: one[member] + other[member] };
  return {
    fieldId: one.fieldId,
    ...add("sizeBytes"),
    ...add("valueCount"),
    ...add("nullCount"),
    ...add("nanCount"),
    ...mergeBounds(type, one, other),
  };
}

/** A part without a value has no say; one with values and no bound leaves the file without it. */
function mergeBounds(
  type: PrimitiveType,
  one: ColumnMetrics,
  other: ColumnMetrics,
): Pick<ColumnMetrics, "lowerBound" | "upperBound"> {
  if (!hasValues(one)) return boundsOf(other);
  if (!hasValues(other)) return boundsOf(one);
  return boundsOf({
    lowerBound: pick(one.lowerBound, other.lowerBound, (order) => order <= 0),
    upperBound: pick(one.upperBound, other.upperBound, (order) => order >= 0),
  });

  function pick(
    first: Uint8Array | undefined,
    second: Uint8Array | undefined,
    takesFirst: (order: number) => boolean,
  ): Uint8Array | undefined {
    if (first === undefined || second === undefined) return undefined;
    return takesFirst(compareBounds(type, first, second)) ? first : second;
  }
}

function boundsOf(of: {
  readonly lowerBound?: Uint8Array | undefined;
  readonly upperBound?: Uint8Array | undefined;
}): Pick<ColumnMetrics, "lowerBound" | "upperBound"> {
  return {
    ...(of.lowerBound === undefined ? {} : { lowerBound: of.lowerBound }),
    ...(of.upperBound === undefined ? {} : { upperBound: of.upperBound }),
  };
}

/** Whether there is anything to bound; without counts there are no bounds, either. */
function hasValues({ valueCount = 0, nullCount = 0, nanCount = 0 }: ColumnMetrics): boolean {
  return valueCount > nullCount + nanCount;
}

/** Orders two bounds (table spec, Appendix D, "Binary single-value serialization"). */
function compareBounds(type: PrimitiveType, one: Uint8Array, other: Uint8Array): number {
  switch (type.kind) {
    case "int":
    case "date":
      return viewOf(one).getInt32(0, true) - viewOf(other).getInt32(0, true);
    case "float":
      return viewOf(one).getFloat32(0, true) - viewOf(other).getFloat32(0, true);
    case "double":
      return viewOf(one).getFloat64(0, true) - viewOf(other).getFloat64(0, true);
    case "boolean":
      return one[0]! - other[0]!;
    case "decimal":
      return compare(unscaledOf(one), unscaledOf(other));
    case "string":
    case "binary":
    case "fixed":
    case "uuid":
      return compareBytes(one, other);
    default:
      return compare(viewOf(one).getBigInt64(0, true), viewOf(other).getBigInt64(0, true));
  }
}

function compare<T extends bigint>(one: T, other: T): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function compareBytes(one: Uint8Array, other: Uint8Array): number {
  const at = one.findIndex((byte, index) => byte !== other[index]);
  return at === -1 || at >= other.length
    ? one.length - other.length
    : one[at]! - (other[at] as number);
}

/** Two's complement, big-endian, of any length. */
function unscaledOf(bytes: Uint8Array): bigint {
  const unsigned = bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
  return BigInt.asIntN(bytes.length * 8, unsigned);
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
