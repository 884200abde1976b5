/** How a column stands in the schema of a Parquet file (table spec, Appendix A, "Parquet"). */
import type { PrimitiveType } from "../../table/types.ts";
import type { WriteColumn } from "../../table/write_plan.ts";
import type { FooterElement } from "./footer.ts";

const UUID_BYTES = 16;

/** Largest precisions of decimals in 32 and in 64 bits. */
const INT32_DIGITS_MAX = 9;
const INT64_DIGITS_MAX = 18;

type TypeElement = Omit<FooterElement, "name" | "repetition_type" | "field_id">;

/** The schema element of a column, with its field id. */
export function schemaElement(column: WriteColumn): FooterElement {
  return {
    ...typeElement(column.type),
    repetition_type: column.required ? "REQUIRED" : "OPTIONAL",
    name: column.name,
    field_id: column.fieldId,
  };
}

/** Bytes of a decimal: the fewest that hold every value of its precision (4, 8, or 9 to 16). */
export function decimalBytes(precision: number): number {
  if (precision <= INT32_DIGITS_MAX) return 4;
  if (precision <= INT64_DIGITS_MAX) return 8;
  const max = 10n ** BigInt(precision);
  let length = 9;
  while ((1n << BigInt(length * 8 - 1)) < max) length++;
  return length;
}

function typeElement(type: PrimitiveType): TypeElement {
  switch (type.kind) {
    case "boolean":
      return { type: "BOOLEAN" };
    case "int":
      return { type: "INT32" };
    case "long":
      return { type: "INT64" };
    case "float":
      return { type: "FLOAT" };
    case "double":
      return { type: "DOUBLE" };
    case "date":
      return { type: "INT32", converted_type: "DATE", logical_type: { type: "DATE" } };
    case "time":
      return {
        type: "INT64",
        converted_type: "TIME_MICROS",
        logical_type: { type: "TIME", isAdjustedToUTC: false, unit: "MICROS" },
      };
    case "timestamp":
    case "timestamptz":
      return {
        type: "INT64",
        converted_type: "TIMESTAMP_MICROS",
        logical_type: {
          type: "TIMESTAMP",
          isAdjustedToUTC: type.kind === "timestamptz",
          unit: "MICROS",
        },
      };
    case "timestamp_ns":
    case "timestamptz_ns":
      // There is no older annotation for nanoseconds.
      return {
        type: "INT64",
        logical_type: {
          type: "TIMESTAMP",
          isAdjustedToUTC: type.kind === "timestamptz_ns",
          unit: "NANOS",
        },
      };
    case "string":
      return { type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } };
    case "binary":
      return { type: "BYTE_ARRAY" };
    case "uuid":
      return {
        type: "FIXED_LEN_BYTE_ARRAY",
        type_length: UUID_BYTES,
        logical_type: { type: "UUID" },
      };
    case "fixed":
      return { type: "FIXED_LEN_BYTE_ARRAY", type_length: type.lengthBytes };
    case "decimal":
      return decimalElement(type);
  }
}

function decimalElement(type: PrimitiveType & { readonly kind: "decimal" }): TypeElement {
  const { precision, scale } = type;
  const width = decimalBytes(precision);
  return {
    ...(width === 4
      ? { type: "INT32" }
      : width === 8
      ? { type: "INT64" }
      : { type: "FIXED_LEN_BYTE_ARRAY", type_length: width }),
    converted_type: "DECIMAL",
    logical_type: { type: "DECIMAL", precision, scale },
    precision,
    scale,
  };
}
