/**
 * JSON with 64-bit integers kept whole: snapshot ids exceed 2^53, so an integer outside of the safe
 * range becomes a `bigint`, and a `bigint` is written as a bare number.
 */

/** Any JSON value, with `bigint` beside `number`. */
export type Json = null | boolean | number | bigint | string | Json[] | { [key: string]: Json };

interface ReviverContext {
  readonly source?: string;
}

const INTEGER = /^-?(?:0|[1-9]\d*)$/;
/** As many as the first integer beyond 2^53 − 1 has. */
const LONG_DIGITS = /\d{16}/;

function revive(_key: string, value: unknown, context?: ReviverContext): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  const source = context?.source;
  return source !== undefined && INTEGER.test(source) ? BigInt(source) : value;
}

/**
 * Parses JSON text; integers beyond ±(2^53−1) come back as `bigint`, everything else as usual.
 *
 * @throws {SyntaxError} when the text is not JSON.
 */
export function parseJson(text: string): Json {
  // A reviver makes parsing many times slower, and only these digits can need it.
  if (!LONG_DIGITS.test(text)) return JSON.parse(text);
  return JSON.parse(text, revive as (key: string, value: unknown) => unknown);
}

const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;

/** Writes JSON; a `bigint` of any size becomes a bare integer. */
export function stringifyJson(value: unknown, indent?: number): string {
  return JSON.stringify(
    value,
    (_key, item) => typeof item === "bigint" ? rawJson(item.toString()) : item,
    indent,
  );
}

/** An int64 of parsed JSON as `bigint`, whichever of the two number types it came as. */
export function toBigInt(value: number | bigint): bigint {
  return typeof value === "bigint" ? value : BigInt(value);
}
