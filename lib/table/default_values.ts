/** The default values of schema fields (table spec, "Default values", Appendix D for their JSON form). */
import type { Json } from "./json.ts";
import type { TypeJson } from "./metadata.ts";
import { parsePrimitiveType, type PrimitiveType } from "./types.ts";

const DATE = String.raw`[+-]?\d{4,9}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])`;
const CLOCK = String.raw`(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d`;
const MICROS = String.raw`${CLOCK}(?:\.\d{1,6})?)?`;
const NANOS = String.raw`${CLOCK}(?:\.\d{1,9})?)?`;
const HEX = /^(?:[0-9a-fA-F]{2})*$/;

const TEXTS: Readonly<Record<string, RegExp>> = {
  date: new RegExp(`^${DATE}$`),
  time: new RegExp(`^${MICROS}$`),
  timestamp: new RegExp(`^${DATE}T${MICROS}$`),
  timestamptz: new RegExp(String.raw`^${DATE}T${MICROS}\+00:00$`),
  "timestamp_ns": new RegExp(`^${DATE}T${NANOS}$`),
  "timestamptz_ns": new RegExp(String.raw`^${DATE}T${NANOS}\+00:00$`),
  uuid: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  string: /^/,
  binary: HEX,
};

/**
 * Whether a JSON value other than null may be the default of a field of a type. A struct's is empty,
 * since its fields have defaults of their own; `unknown`, `variant`, `geometry` and `geography` have
 * none.
 */
export function isDefaultOf(type: TypeJson, value: Json): boolean {
  if (typeof type === "string") {
    const primitive = parsePrimitiveType(type);
    return primitive !== undefined && isPrimitiveValue(primitive, value);
  }
  switch (type.type) {
    case "struct":
      return isObject(value) && Object.keys(value).length === 0;
    case "list":
      return isListOf(value, { type: type.element, isRequired: type["element-required"] });
    case "map":
      return isObject(value) && Object.keys(value).length === 2 &&
        isListOf(value["keys"], { type: type.key, isRequired: true }) &&
        isListOf(value["values"], { type: type.value, isRequired: type["value-required"] }) &&
        (value["keys"] as Json[]).length === (value["values"] as Json[]).length;
  }
}

function isListOf(
  value: Json | undefined,
  item: { readonly type: TypeJson; readonly isRequired: boolean },
): boolean {
  return Array.isArray(value) &&
    value.every((element) => element === null ? !item.isRequired : isDefaultOf(item.type, element));
}

function isPrimitiveValue(type: PrimitiveType, value: Json): boolean {
  switch (type.kind) {
    case "boolean":
      return typeof value === "boolean";
    case "int":
      return isWhole(value, 32);
    case "long":
      return isWhole(value, 64);
    case "float":
    case "double":
      return typeof value === "number" || typeof value === "bigint";
    case "decimal": {
      const digits = typeof value === "string" ? /^-?(\d+)(?:\.(\d+))?$/.exec(value) : null;
      if (digits === null || (digits[2] ?? "").length !== type.scale) return false;
      const whole = digits[1]!.replace(/^0+/, "");
      return whole.length + type.scale <= type.precision;
    }
    case "fixed":
      return typeof value === "string" && HEX.test(value) && value.length === 2 * type.lengthBytes;
    default:
      return typeof value === "string" && TEXTS[type.kind]!.test(value);
  }
}

function isWhole(value: Json, bits: number): boolean {
  if (typeof value !== "bigint" && !Number.isSafeInteger(value)) return false;
  const whole = BigInt(value as number | bigint);
  return BigInt.asIntN(bits, whole) === whole;
}

function isObject(value: Json): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
