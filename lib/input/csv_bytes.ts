/** Bytes that matter in a CSV file, and how a piece of one is shown in a message. */
import { UsageError } from "../errors.ts";
import type { CsvDialect } from "./columns.ts";

/** The quote character `"`. */
export const QUOTE = 0x22;
/** Line feed. */
export const LF = 0x0a;
/** Carriage return. */
export const CR = 0x0d;

/** Longest value shown in a message, in code points. */
const SHOWN_CODE_POINTS_MAX = 60;

const lossyDecoder = new TextDecoder("utf-8", { ignoreBOM: true });
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The byte that parts the fields of a record.
 *
 * @throws {UsageError} when the delimiter is not one ASCII character, or is one that CSV needs for
 * itself
 */
export function delimiterByte(dialect: CsvDialect): number {
  const { delimiter } = dialect;
  const byte = delimiter.charCodeAt(0);
  if (delimiter.length !== 1 || byte > 0x7f || byte === 0) {
    throw new UsageError(
      `Cannot use ${JSON.stringify(delimiter)} as delimiter: it must be one ASCII character`,
    );
  }
  if (byte === QUOTE || byte === LF || byte === CR) {
    throw new UsageError(
      `Cannot use ${JSON.stringify(delimiter)} as delimiter: quotes and line ends are taken`,
    );
  }
  return byte;
}

/** How many line feeds stand in `bytes[start, end)`. */
export function countLineFeeds(bytes: Uint8Array, start: number, end: number): number {
  let count = 0;
  for (let at = bytes.indexOf(LF, start); at !== -1 && at < end; at = bytes.indexOf(LF, at + 1)) {
    count++;
  }
  return count;
}

/**
 * Text of one field, its quotes taken off.
 *
 * @returns undefined when the bytes are not valid UTF-8
 */
export function fieldText(bytes: Uint8Array, start: number, end: number): string | undefined {
  try {
    return unquote(strictDecoder.decode(bytes.subarray(start, end)));
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** Text of one field for a message: bytes that are not UTF-8 become U+FFFD. */
export function fieldTextLossy(bytes: Uint8Array, start: number, end: number): string {
  return unquote(lossyDecoder.decode(bytes.subarray(start, end)));
}

function unquote(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;
}

/** The first 60 code points of a value, with an ellipsis when there are more. */
export function shorten(text: string): string {
  let shown = 0;
  let units = 0;
  for (const char of text) {
    if (shown === SHOWN_CODE_POINTS_MAX) return `${text.slice(0, units)}…`;
    shown++;
    units += char.length;
  }
  return text;
}

/** A value as messages show it: shortened, in double quotes, control characters escaped. */
export function quoteValue(text: string): string {
  return JSON.stringify(shorten(text));
}
