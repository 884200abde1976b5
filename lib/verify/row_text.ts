/** Values of typed columns as people read them. */
import type { ParsedColumn } from "../input/columns.ts";
import { quoteValue, shorten } from "../input/csv_bytes.ts";
import { isNull } from "./row_hash.ts";

const MS_PER_DAY = 86_400_000;
const UNITS_PER_SECOND = { micros: 1_000_000n, nanos: 1_000_000_000n } as const;
const SECONDS_PER_DAY = 86_400n;

/** Bytes of which a shortened text is made, and no more are looked at. */
const SHOWN_BYTES_MAX = 256;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A value as text: texts in quotes and shortened, null as `null`. */
export function valueText(column: ParsedColumn, row: number): string {
  if (isNull(column.validity, row)) return "null";
  const { type, values } = column;
  switch (type.kind) {
    case "boolean":
      return String(((values as Uint8Array)[row >> 3]! >> (row & 7) & 1) === 1);
    case "int":
      return String((values as Int32Array)[row]);
    case "long":
      return String((values as BigInt64Array)[row]);
    case "float":
      return floatText((values as Float32Array)[row]!);
    case "double":
      return doubleText((values as Float64Array)[row]!);
    case "decimal":
      return decimalText(values as Uint32Array, { row, scale: type.scale });
    case "date":
      return dateText((values as Int32Array)[row]!);
    case "time":
      return clockText((values as BigInt64Array)[row]!, UNITS_PER_SECOND.micros);
    case "timestamp":
    case "timestamptz":
    case "timestamp_ns":
    case "timestamptz_ns": {
      const perSecond = UNITS_PER_SECOND[type.kind.endsWith("_ns") ? "nanos" : "micros"];
      const zone = type.kind.startsWith("timestamptz") ? "Z" : "";
      return timestampText((values as BigInt64Array)[row]!, perSecond) + zone;
    }
    case "string":
      return stringText(bytesAt(column, row));
    case "binary":
      return hexText(bytesAt(column, row));
    case "uuid": {
      const digits = hexText((values as Uint8Array).subarray(row * 16, row * 16 + 16));
      return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
    }
    case "fixed": {
      const { lengthBytes } = type;
      return hexText((values as Uint8Array).subarray(row * lengthBytes, (row + 1) * lengthBytes));
    }
  }
}

function bytesAt(column: ParsedColumn, row: number): Uint8Array {
  const offsets = column.offsets!;
  return (column.values as Uint8Array).subarray(offsets[row]!, offsets[row + 1]!);
}

/** A text that is cut says how long it is: two that begin alike may differ behind that. */
function stringText(bytes: Uint8Array): string {
  const text = decoder.decode(bytes.subarray(0, SHOWN_BYTES_MAX));
  const whole = bytes.length <= SHOWN_BYTES_MAX && shorten(text) === text;
  return whole ? quoteValue(text) : `${quoteValue(text)} (${bytes.length} bytes)`;
}

function hexText(bytes: Uint8Array): string {
  const text = bytes.subarray(0, SHOWN_BYTES_MAX).reduce(
    (digits, byte) => digits + byte.toString(16).padStart(2, "0"),
    "",
  );
  const shown = shorten(text);
  return bytes.length <= SHOWN_BYTES_MAX && shown === text
    ? text
    : `${shown} (${bytes.length} bytes)`;
}

function doubleText(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

/** Digits that always tell one float from every other. */
const FLOAT_DIGITS_MAX = 9;

/** The shortest decimal that is read as the same float. */
function floatText(value: number): string {
  if (Object.is(value, -0)) return "-0";
  for (let digits = 1; digits < FLOAT_DIGITS_MAX; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(Number(value.toPrecision(FLOAT_DIGITS_MAX)));
}

function decimalText(
  words: Uint32Array,
  of: { readonly row: number; readonly scale: number },
): string {
  let unscaled = 0n;
  for (let word = 3; word >= 0; word--) {
    unscaled = (unscaled << 32n) | BigInt(words[of.row * 4 + word]!);
  }
  unscaled = BigInt.asIntN(128, unscaled);
  const sign = unscaled < 0n ? "-" : "";
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(of.scale + 1, "0");
  if (of.scale === 0) return sign + digits;
  return `${sign}${digits.slice(0, -of.scale)}.${digits.slice(-of.scale)}`;
}

function dateText(days: number): string {
  const date = new Date(days * MS_PER_DAY);
  // Other writers may go beyond what JavaScript's dates hold.
  return Number.isNaN(date.getTime())
    ? `day ${days}`
    : date.toISOString().slice(0, -"T00:00:00.000Z".length);
}

function clockText(units: bigint, perSecond: bigint): string {
  const seconds = units / perSecond;
  const two = (part: bigint) => String(part).padStart(2, "0");
  const clock = `${two(seconds / 3600n)}:${two(seconds / 60n % 60n)}:${two(seconds % 60n)}`;
  const fraction = units % perSecond;
  if (fraction === 0n) return clock;
  const digits = String(fraction).padStart(String(perSecond).length - 1, "0");
  return `${clock}.${digits.replace(/0+$/, "")}`;
}

function timestampText(units: bigint, perSecond: bigint): string {
  const perDay = perSecond * SECONDS_PER_DAY;
  const ofDay = ((units % perDay) + perDay) % perDay;
  return `${dateText(Number((units - ofDay) / perDay))}T${clockText(ofDay, perSecond)}`;
}
