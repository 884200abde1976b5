/**
 * Columns of a data file, as Arrow, in the types of the table: a file may be older than a type
 * promotion (table spec, "Schema Evolution"), or written with other units by those who could.
 */
import { type Data, DataType, Precision, TimeUnit } from "apache-arrow";
import { constantColumn } from "../encode/constant_column.ts";
import { SchemaError } from "../errors.ts";
import type { ParsedColumn } from "../input/columns.ts";
import { formatPrimitiveType } from "../table/types.ts";
import type { CompareColumn } from "./job.ts";

/**
 * One column of a batch.
 *
 * @param data of one batch as it came out of a file
 * @throws {SchemaError} when the file's type is none that the table's type is read from.
 */
export function columnFromArrow(data: Data, target: CompareColumn): ParsedColumn {
  const { name, type } = target;
  const values = target.opaqueType === undefined
    ? readValues(data, target)
    // Only whether it is null is looked at.
    : { values: new Uint8Array((data.length + 7) >> 3) };
  if (values === undefined) {
    throw new SchemaError(
      `Cannot read column "${name}": it is ${data.type} in a data file, and ` +
        `${formatPrimitiveType(type)} in the table`,
    );
  }
  const { nullCount } = data;
  return {
    name,
    type,
    length: data.length,
    nullCount,
    validity: nullCount > 0 ? data.nullBitmap : undefined,
    ...values,
  };
}

/**
 * What rows have in a column that their file lacks (table spec, "Column Projection").
 *
 * @throws {SchemaError} when the value stands in the partition only.
 */
export function columnOfMissing(target: CompareColumn, rows: number): ParsedColumn {
  if (target.isInPartition) {
    throw new SchemaError(
      `Cannot read column "${target.name}": a data file leaves it to its partition, ` +
        "which verify does not read",
    );
  }
  return constantColumn({ ...target, defaultText: target.initialDefaultText }, rows);
}

type Values = Pick<ParsedColumn, "values" | "offsets">;

/** Undefined when the types do not go together. */
function readValues(data: Data, { type }: CompareColumn): Values | undefined {
  const from: DataType = data.type;
  switch (type.kind) {
    case "boolean":
      return DataType.isBool(from) ? { values: data.values } : undefined;
    case "int":
      return readInt(data);
    case "long":
      return readLong(data);
    case "float":
      return DataType.isFloat(from) && from.precision === Precision.SINGLE
        ? { values: data.values }
        : undefined;
    case "double":
      return readDouble(data);
    case "decimal":
      return DataType.isDecimal(from) && from.bitWidth === 128 && from.scale === type.scale
        ? { values: data.values }
        : undefined;
    case "date":
      return DataType.isDate(from) && data.values instanceof Int32Array
        ? { values: data.values }
        : undefined;
    case "time":
      return DataType.isTime(from)
        ? readTime(data, { unit: from.unit, toNanos: false })
        : undefined;
    case "timestamp":
    case "timestamptz":
    case "timestamp_ns":
    case "timestamptz_ns":
      return readTimestamp(data, type.kind.endsWith("_ns"));
    case "string":
    case "binary":
      return readTexts(data);
    case "uuid":
      return readFixed(data, UUID_LENGTH_BYTES);
    case "fixed":
      return readFixed(data, type.lengthBytes);
  }
}

const UUID_LENGTH_BYTES = 16;

function readFixed(data: Data, widthBytes: number): Values | undefined {
  const { type } = data;
  return DataType.isFixedSizeBinary(type) && type.byteWidth === widthBytes
    ? { values: data.values }
    : undefined;
}

function readInt(data: Data): Values | undefined {
  const { type } = data;
  if (!DataType.isInt(type)) return undefined;
  if (type.bitWidth === 32 && type.isSigned) return { values: data.values };
  return type.bitWidth < 32 ? { values: Int32Array.from(data.values as Int16Array) } : undefined;
}

function readLong(data: Data): Values | undefined {
  const { type } = data;
  if (!DataType.isInt(type)) return undefined;
  if (type.bitWidth === 64) return type.isSigned ? { values: data.values } : undefined;
  return { values: BigInt64Array.from(data.values as Int32Array as Iterable<number>, BigInt) };
}

function readDouble(data: Data): Values | undefined {
  const { type } = data;
  if (!DataType.isFloat(type)) return undefined;
  if (type.precision === Precision.DOUBLE) return { values: data.values };
  return type.precision === Precision.SINGLE
    ? { values: Float64Array.from(data.values as Float32Array) }
    : undefined;
}

function readTexts(data: Data): Values | undefined {
  const { type } = data;
  if (DataType.isUtf8(type) || DataType.isBinary(type)) {
    return { values: data.values, offsets: data.valueOffsets };
  }
  if (!DataType.isLargeUtf8(type) && !DataType.isLargeBinary(type)) return undefined;
  // A batch is far below 2 GiB, whatever its offsets could hold.
  return {
    values: data.values,
    offsets: Int32Array.from(data.valueOffsets as unknown as BigInt64Array, Number),
  };
}

const NANOS_PER_UNIT: Readonly<Record<TimeUnit, bigint>> = {
  [TimeUnit.SECOND]: 1_000_000_000n,
  [TimeUnit.MILLISECOND]: 1_000_000n,
  [TimeUnit.MICROSECOND]: 1000n,
  [TimeUnit.NANOSECOND]: 1n,
};

const NANOS_PER_MICRO = 1000n;
const NANOS_PER_DAY = 86_400_000_000_000n;

function readTimestamp(data: Data, toNanos: boolean): Values | undefined {
  const { type } = data;
  if (DataType.isTimestamp(type)) return readTime(data, { unit: type.unit, toNanos });
  // Version 3 lets a date become a timestamp.
  if (!DataType.isDate(type) || !(data.values instanceof Int32Array)) return undefined;
  const perDay = toNanos ? NANOS_PER_DAY : NANOS_PER_DAY / NANOS_PER_MICRO;
  return { values: BigInt64Array.from(data.values, (days) => BigInt(days) * perDay) };
}

/** Times in micro- or nanoseconds; what is finer than microseconds is cut off, as readers do. */
function readTime(
  data: Data,
  form: { readonly unit: TimeUnit; readonly toNanos: boolean },
): Values {
  const from = NANOS_PER_UNIT[form.unit];
  const to = form.toNanos ? 1n : NANOS_PER_MICRO;
  if (from === to) return { values: data.values };
  // Seconds and milliseconds of a day are 32-bit integers.
  const values = data.values as Int32Array | BigInt64Array;
  const converted = new BigInt64Array(values.length);
  for (let row = 0; row < values.length; row++) {
    const nanos = BigInt(values[row]!) * from;
    const rest = ((nanos % to) + to) % to;
    converted[row] = (nanos - rest) / to;
  }
  return { values: converted };
}
