/**
 * Text to value for every primitive type of Iceberg: the careful path. The column parsers use it
 * for every form that their fast loops do not know, so it decides what fits a type.
 */
import type { PrimitiveType } from "../table/types.ts";
import { parseDateText, parseTimestampText, parseTimeText } from "./temporal.ts";

/**
 * A value by type: boolean · number for int, float, double and date (days) · bigint for long,
 * decimal (unscaled), time (µs), timestamp and timestamptz (µs), the `_ns` pair (ns) · string ·
 * `Uint8Array` for uuid (16 bytes), fixed and binary.
 */
export type CsvValue = boolean | number | bigint | string | Uint8Array;

const INTEGER_FORM = /^[+-]?\d+$/;
const DECIMAL_FORM = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;
const FLOATING_FORM = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const NON_FINITE_FORM = /^([+-]?)(?:(nan)|inf(?:inity)?)$/i;
const UUID_FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const HEX_FORM = /^(?:0[xX])?([0-9a-fA-F]*)$/;

/** Longest text of a long that is looked at: a sign, zeros in front, and 19 digits. */
const INTEGER_TEXT_CHARS_MAX = 1000;

/**
 * The value that a text stands for.
 *
 * @param text the field, its quotes taken off
 * @returns undefined when the text does not fit the type
 */
export function parseValue(text: string, type: PrimitiveType): CsvValue | undefined {
  switch (type.kind) {
    case "boolean":
      return parseBooleanText(text);
    case "int": {
      const value = parseInteger(text, 32);
      return value === undefined ? undefined : Number(value);
    }
    case "long":
      return parseInteger(text, 64);
    case "float":
      return parseFloatText(text);
    case "double":
      return parseDoubleText(text);
    case "decimal":
      return parseDecimalText(text, type);
    case "date":
      return parseDateText(text);
    case "time":
      return parseTimeText(text);
    case "timestamp":
      return parseTimestampText(text, { zoned: false, digits: 6 });
    case "timestamptz":
      return parseTimestampText(text, { zoned: true, digits: 6 });
    case "timestamp_ns":
      return parseTimestampText(text, { zoned: false, digits: 9 });
    case "timestamptz_ns":
      return parseTimestampText(text, { zoned: true, digits: 9 });
    case "string":
      return text;
    case "uuid":
      return UUID_FORM.test(text) ? hexBytes(text.replaceAll("-", "")) : undefined;
    case "fixed": {
      const value = parseHexText(text);
      return value?.length === type.lengthBytes ? value : undefined;
    }
    case "binary":
      return parseHexText(text);
  }
}

function parseBooleanText(text: string): boolean | undefined {
  if (text.length > 5) return undefined;
  const lower = text.toLowerCase();
  return lower === "true" ? true : lower === "false" ? false : undefined;
}

function parseInteger(text: string, bits: 32 | 64): bigint | undefined {
  if (text.length > INTEGER_TEXT_CHARS_MAX || !INTEGER_FORM.test(text)) return undefined;
  const value = BigInt(text.startsWith("+") ? text.slice(1) : text);
  return BigInt.asIntN(bits, value) === value ? value : undefined;
}

function parseDoubleText(text: string): number | undefined {
  if (FLOATING_FORM.test(text)) {
    const value = Number(text);
    return Number.isFinite(value) ? value : undefined;
  }
  return parseNonFinite(text);
}

function parseNonFinite(text: string): number | undefined {
  const match = NON_FINITE_FORM.exec(text);
  if (match === null) return undefined;
  if (match[2] !== undefined) return NaN;
  return match[1] === "-" ? -Infinity : Infinity;
}

/**
 * Nearest float of a decimal text. Going through a double rounds twice, which is wrong only when
 * the double lies exactly between two floats: then the digits decide.
 */
function parseFloatText(text: string): number | undefined {
  const double = parseDoubleText(text);
  if (double === undefined || !Number.isFinite(double)) return double;
  const single = Math.fround(double);
  if (!Number.isFinite(single)) return undefined;
  if (single === double) return single;
  const other = neighbourFloat(single, double);
  if (Math.abs(double - single) !== Math.abs(double - other)) return single;
  const order = compareWithDouble(text, double);
  if (order === 0) return single;
  const [low, high] = single < other ? [single, other] : [other, single];
  return order < 0 ? low : Number.isFinite(high) ? high : undefined;
}

/** The float next to `single` on the side where `double` lies. */
function neighbourFloat(single: number, double: number): number {
  const floats = new Float32Array([single]);
  const words = new Int32Array(floats.buffer);
  if (single === 0) {
    words[0] = 1;
    return double < 0 ? -(floats[0] as number) : floats[0] as number;
  }
  const away = Math.abs(double) > Math.abs(single);
  words[0] = (words[0] as number) + (away ? 1 : -1);
  return floats[0] as number;
}

/** Sign of the exact value of a decimal text less a double. */
function compareWithDouble(text: string, double: number): number {
  const match = DECIMAL_FORM.exec(text);
  if (match === null) return 0;
  const fraction = match[3] ?? "";
  const exponent = Number(match[4] ?? 0) - fraction.length;
  let left = BigInt(`${match[2] ?? ""}${fraction}`);
  if (match[1] === "-") left = -left;
  // A double is an integer times a power of two: scale until it is a whole number.
  let mantissa = double;
  let halvings = 0;
  while (!Number.isInteger(mantissa)) {
    mantissa *= 2;
    halvings++;
  }
  let right = BigInt(mantissa);
  left <<= BigInt(halvings);
  if (exponent >= 0) left *= 10n ** BigInt(exponent);
  else right *= 10n ** BigInt(-exponent);
  return left < right ? -1 : left > right ? 1 : 0;
}

function parseDecimalText(
  text: string,
  type: { readonly precision: number; readonly scale: number },
): bigint | undefined {
  const match = DECIMAL_FORM.exec(text);
  if (match === null) return undefined;
  const fraction = match[3] ?? "";
  let digits = `${match[2] ?? ""}${fraction}`;
  if (digits === "") return undefined;
  digits = digits.replace(/^0+/, "");
  if (digits === "") return 0n;
  const shift = type.scale - fraction.length + Number(match[4] ?? 0);
  if (shift < 0) {
    if (/[^0]/.test(digits.slice(shift))) return undefined;
    digits = digits.slice(0, shift);
  }
  if (digits.length + Math.max(shift, 0) > type.precision) return undefined;
  const unscaled = BigInt(digits) * 10n ** BigInt(Math.max(shift, 0));
  return match[1] === "-" ? -unscaled : unscaled;
}

function parseHexText(text: string): Uint8Array | undefined {
  const match = HEX_FORM.exec(text);
  const digits = match?.[1];
  return digits === undefined || digits.length % 2 !== 0 ? undefined : hexBytes(digits);
}

function hexBytes(digits: string): Uint8Array {
  const bytes = new Uint8Array(digits.length / 2);
  for (let at = 0; at < bytes.length; at++) {
    bytes[at] = Number.parseInt(digits.slice(at * 2, at * 2 + 2), 16);
  }
  return bytes;
}
