/**
 * Iceberg's primitive types as plain data, and the type strings of the table spec ("Schemas and
 * Data Types", "Primitive Types").
 */

/** Types without parameters. The `_ns` pair needs a table of format version 3. */
export type SimpleTypeName =
  | "boolean"
  | "int"
  | "long"
  | "float"
  | "double"
  | "date"
  | "time"
  | "timestamp"
  | "timestamptz"
  | "timestamp_ns"
  | "timestamptz_ns"
  | "string"
  | "uuid"
  | "binary";

/** A primitive type, parsed. `lengthBytes` is a count of bytes. */
export type PrimitiveType =
  | { readonly kind: SimpleTypeName }
  | { readonly kind: "fixed"; readonly lengthBytes: number }
  | { readonly kind: "decimal"; readonly precision: number; readonly scale: number };

const SIMPLE_TYPE_NAMES: ReadonlySet<string> = new Set<SimpleTypeName>([
  "boolean",
  "int",
  "long",
  "float",
  "double",
  "date",
  "time",
  "timestamp",
  "timestamptz",
  "timestamp_ns",
  "timestamptz_ns",
  "string",
  "uuid",
  "binary",
]);

const FIXED_LENGTH_BYTES_MAX = 2 ** 31 - 1;

/**
 * Reads a primitive type string such as `long`, `decimal(9,2)` or `fixed[16]`.
 *
 * @returns the type, or undefined for anything that is no primitive type of format versions 1 to 3
 * (including `unknown`, `variant`, `geometry` and `geography`, which hold no CSV value).
 */
export function parsePrimitiveType(text: string): PrimitiveType | undefined {
  if (SIMPLE_TYPE_NAMES.has(text)) return { kind: text as SimpleTypeName };
  const fixed = /^fixed\[\s*(\d+)\s*\]$/.exec(text);
  if (fixed !== null) {
    const lengthBytes = Number(fixed[1]);
    return lengthBytes >= 1 && lengthBytes <= FIXED_LENGTH_BYTES_MAX
      ? { kind: "fixed", lengthBytes }
      : undefined;
  }
  const decimal = /^decimal\(\s*(\d+)\s*,\s*(\d+)\s*\)$/.exec(text);
  if (decimal !== null) {
    const precision = Number(decimal[1]);
    const scale = Number(decimal[2]);
    return precision >= 1 && precision <= 38 && scale <= precision
      ? { kind: "decimal", precision, scale }
      : undefined;
  }
  return undefined;
}

/** The type string of the table spec, as it stands in schema JSON. */
export function formatPrimitiveType(type: PrimitiveType): string {
  switch (type.kind) {
    case "fixed":
      return `fixed[${type.lengthBytes}]`;
    case "decimal":
      return `decimal(${type.precision},${type.scale})`;
    default:
      return type.kind;
  }
}
