/** Parsed columns as an Arrow record batch, with Iceberg's field ids. No value is copied. */
import {
  Binary,
  Bool,
  type Data,
  type DataType,
  DateDay,
  Decimal,
  Field,
  FixedSizeBinary,
  Float32,
  Float64,
  Int32,
  Int64,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  TimeMicrosecond,
  TimestampMicrosecond,
  TimestampNanosecond,
  Utf8,
} from "apache-arrow";
import type { ParsedColumn } from "../input/columns.ts";
import type { PrimitiveType } from "../table/types.ts";
import type { WriteColumn } from "../table/write_plan.ts";

/** A column to be written and its values. */
export interface FilledColumn {
  readonly column: WriteColumn;
  readonly parsed: ParsedColumn;
}

const UUID_LENGTH_BYTES = 16;

/** Builds a record batch; the writer reads field ids from the field metadata. */
export function buildRecordBatch(filled: readonly FilledColumn[], rows: number): RecordBatch {
  const fields = filled.map(({ column }) =>
    new Field(
      column.name,
      arrowType(column.type),
      !column.required,
      new Map([["PARQUET:field_id", String(column.fieldId)]]),
    )
  );
  const schema = new Schema(fields);
  const children = filled.map(({ column, parsed }) => buildData(arrowType(column.type), parsed));
  const data = makeData({ type: new Struct(fields), length: rows, nullCount: 0, children });
  return new RecordBatch(schema, data);
}

/** The Arrow type whose Parquet form is the one the table spec asks for (Appendix A, "Parquet"). */
function arrowType(type: PrimitiveType): DataType {
  switch (type.kind) {
    case "boolean":
      return new Bool();
    case "int":
      return new Int32();
    case "long":
      return new Int64();
    case "float":
      return new Float32();
    case "double":
      return new Float64();
    case "date":
      return new DateDay();
    case "time":
      return new TimeMicrosecond();
    case "timestamp":
      return new TimestampMicrosecond();
    case "timestamptz":
      return new TimestampMicrosecond("UTC");
    case "timestamp_ns":
      return new TimestampNanosecond();
    case "timestamptz_ns":
      return new TimestampNanosecond("UTC");
    case "string":
      return new Utf8();
    case "binary":
      return new Binary();
    case "uuid":
      return new FixedSizeBinary(UUID_LENGTH_BYTES);
    case "fixed":
      return new FixedSizeBinary(type.lengthBytes);
    case "decimal":
      return new Decimal(type.scale, type.precision, 128);
  }
}

function buildData(type: DataType, parsed: ParsedColumn): Data {
  // The types of makeData follow the class of `type`, which is only known at run time here.
  const props = {
    type,
    length: parsed.length,
    nullCount: parsed.nullCount,
    nullBitmap: parsed.validity ?? null,
    data: parsed.values,
    ...(parsed.offsets === undefined ? {} : { valueOffsets: parsed.offsets }),
  };
  return makeData(props as unknown as Parameters<typeof makeData>[0]) as unknown as Data;
}
