/**
 * Readers of parsed JSON whose sender is not trusted: each gives the value back with its type, or
 * says what stands in its place. Fields are looked up as own properties only, so that names such
 * as `constructor` are ordinary names.
 */
import type { Json } from "./json.ts";
import type { Int64 } from "./metadata.ts";
import { MetadataError } from "./metadata_error.ts";

/** A JSON object. */
export type JsonObject = { [key: string]: Json };

const INT32_MAX = 2 ** 31 - 1;

/** The own property of that name, or undefined; `null` counts as absent. */
export function field<T>(object: Record<string, T>, name: string): NonNullable<T> | undefined {
  return Object.hasOwn(object, name) ? object[name] ?? undefined : undefined;
}

/**
 * The value as an object.
 *
 * @throws {MetadataError} naming `what` when it is something else.
 */
export function asObject(value: unknown, what: string): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw wrong(what, "an object", value);
  }
  return value as JsonObject;
}

/**
 * The value as an array.
 *
 * @throws {MetadataError} naming `what` when it is something else.
 */
export function asArray(value: unknown, what: string): Json[] {
  if (!Array.isArray(value)) throw wrong(what, "an array", value);
  return value;
}

/**
 * The value as a string.
 *
 * @throws {MetadataError} naming `what` when it is something else.
 */
export function asString(value: unknown, what: string): string {
  if (typeof value !== "string") throw wrong(what, "a string", value);
  return value;
}

/**
 * The value as a boolean.
 *
 * @throws {MetadataError} naming `what` when it is something else.
 */
export function asBoolean(value: unknown, what: string): boolean {
  if (typeof value !== "boolean") throw wrong(what, "a boolean", value);
  return value;
}

/**
 * The value as a 32-bit integer of at least `min`.
 *
 * @throws {MetadataError} naming `what` when it is something else.
 */
export function asInt(value: unknown, what: string, min = 0): number {
  if (!Number.isInteger(value) || (value as number) < min || (value as number) > INT32_MAX) {
    throw wrong(what, `an integer of at least ${min}`, value);
  }
  return value as number;
}

/**
 * The value as an int64 that is not negative.
 *
 * @throws {MetadataError} naming `what` when it is something else.
 */
export function asLong(value: unknown, what: string): bigint {
  if (typeof value === "bigint" || Number.isSafeInteger(value)) {
    const whole = BigInt(value as Int64);
    if (whole >= 0n && BigInt.asIntN(64, whole) === whole) return whole;
  }
  throw wrong(what, "a 64-bit integer that is not negative", value);
}

/**
 * The value as a time in milliseconds since 1970.
 *
 * @throws {MetadataError} naming `what` when it is something else.
 */
export function asTimeMs(value: unknown, what: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw wrong(what, "a time in milliseconds", value);
  }
  return value as number;
}

/**
 * The value as an object whose values are all strings.
 *
 * @throws {MetadataError} naming `what` when it is something else.
 */
export function asStringMap(value: unknown, what: string): Record<string, string> {
  const object = asObject(value, what);
  for (const [key, item] of Object.entries(object)) asString(item, `"${key}" of ${what}`);
  return object as Record<string, string>;
}

/** Whether two int64 of the wire are equal, whichever number types they came as. */
export function sameLong(left: Int64, right: Int64): boolean {
  return typeof left === typeof right ? left === right : BigInt(left) === BigInt(right);
}

/** Whether two JSON values are equal; the order of an object's keys does not count. */
export function sameJson(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (Array.isArray(left)) {
    return Array.isArray(right) && left.length === right.length &&
      left.every((item, index) => sameJson(item, right[index]));
  }
  if (isObject(left) && isObject(right) && !Array.isArray(right)) {
    const keys = Object.keys(left);
    return keys.length === Object.keys(right).length &&
      keys.every((key) => Object.hasOwn(right, key) && sameJson(left[key], right[key]));
  }
  return isLong(left) && isLong(right) && sameLong(left, right);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isLong(value: unknown): value is Int64 {
  return typeof value === "bigint" || Number.isSafeInteger(value);
}

function wrong(what: string, expected: string, value: unknown): MetadataError {
  const found = value === undefined
    ? "nothing"
    : value === null
    ? "null"
    : Array.isArray(value)
    ? "an array"
    : typeof value === "object"
    ? "an object"
    : `"${String(value).slice(0, 100)}"`;
  return new MetadataError(`Cannot read ${what}: expected ${expected}, found ${found}`);
}
