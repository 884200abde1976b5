/** The start of a CSV source: byte order mark, header record, number of columns. */
import { InputError } from "../errors.ts";
import type { CsvDialect } from "./columns.ts";
import { countLineFeeds, CR, delimiterByte, fieldText, LF, QUOTE } from "./csv_bytes.ts";

/** Longest record that is followed, in bytes: an open quote would else swallow the input. */
export const RECORD_BYTES_MAX = 256 * 2 ** 20;

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf] as const;

/** What {@link readHead} learns, and the bytes that follow. */
export interface Head {
  /** Column names as the header has them; undefined when the dialect has no header. */
  readonly names: readonly string[] | undefined;
  /** Columns of the first record that is not blank; 0 when there is none. */
  readonly columnCount: number;
  /** Offset in the source where the data begin. */
  readonly byteStart: number;
  /** Physical line on which the data begin, from 1. */
  readonly line: number;
  /** The bytes of the data, from `byteStart` to the end of the source. Its `return` closes it. */
  readonly blocks: AsyncIterableIterator<Uint8Array>;
}

/**
 * Reads as far as the first record that is not blank.
 *
 * @param file name for messages
 * @throws {InputError} when that record is malformed, is not UTF-8, ends with a carriage return
 * alone, or is longer than {@link RECORD_BYTES_MAX}
 */
export async function readHead(
  blocks: AsyncIterable<Uint8Array>,
  options: { readonly dialect: CsvDialect; readonly file: string },
): Promise<Head> {
  const { dialect, file } = options;
  const delimiter = delimiterByte(dialect);
  const iterator = blocks[Symbol.asyncIterator]();
  try {
    let bytes = new Uint8Array(0);
    let record: FirstRecord | undefined;
    for (let isLast = false; record === undefined;) {
      // Twice as much each time, so that a long header is not scanned over and over.
      const grown = await readMore(iterator, { start: bytes, lengthMin: bytes.length * 2 });
      bytes = grown.bytes;
      isLast = grown.isLast;
      record = findFirstRecord(bytes, { delimiter, isLast, file });
      if (record === undefined && bytes.length > RECORD_BYTES_MAX) {
        throw new InputError(`Cannot read "${file}": its first line is longer than 256 MiB`);
      }
    }
    const start = dialect.hasHeader ? record.end : startOfData(bytes);
    return {
      names: dialect.hasHeader && record.fields.length > 0
        ? headerNames(bytes, record, file)
        : undefined,
      columnCount: record.fields.length,
      byteStart: start,
      line: 1 + countLineFeeds(bytes, 0, start),
      blocks: continueWith(bytes.subarray(start), iterator),
    };
  } catch (error) {
    await iterator.return?.();
    throw error;
  }
}

interface FirstRecord {
  readonly fields: readonly (readonly [start: number, end: number])[];
  /** Offset behind the record's line end. */
  readonly end: number;
}

async function readMore(
  iterator: AsyncIterator<Uint8Array>,
  options: { readonly start: Uint8Array; readonly lengthMin: number },
): Promise<{ bytes: Uint8Array<ArrayBuffer>; isLast: boolean }> {
  const parts = [options.start];
  let length = options.start.length;
  let isLast = false;
  do {
    const step = await iterator.next();
    if (step.done === true) isLast = true;
    else {
      // It may be lent until the next one is asked for.
      parts.push(step.value.slice());
      length += step.value.length;
    }
  } while (!isLast && (length < options.lengthMin || length < BYTE_ORDER_MARK.length));
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return { bytes, isLast };
}

function startOfData(bytes: Uint8Array): number {
  return BYTE_ORDER_MARK.every((byte, at) => bytes[at] === byte) ? BYTE_ORDER_MARK.length : 0;
}

/** Undefined when the record does not end in `bytes` and more may come. */
function findFirstRecord(
  bytes: Uint8Array,
  options: { readonly delimiter: number; readonly isLast: boolean; readonly file: string },
): FirstRecord | undefined {
  const { delimiter, isLast, file } = options;
  let at = startOfData(bytes);
  while (bytes[at] === LF || (bytes[at] === CR && bytes[at + 1] === LF)) {
    at += bytes[at] === LF ? 1 : 2;
  }
  if (at >= bytes.length) return isLast ? { fields: [], end: bytes.length } : undefined;
  const place = { file, line: 1 + countLineFeeds(bytes, 0, at) };
  const fields: [number, number][] = [];
  for (;;) {
    const start = at;
    if (bytes[at] === QUOTE) {
      at = closingQuoteEnd(bytes, at + 1);
      const next = bytes[at];
      if (next === undefined && !isLast) return undefined;
      if (at > bytes.length) {
        throw new InputError(
          `${file}:${1 + countLineFeeds(bytes, 0, start)}: ` +
            "a quote is opened and never closed",
          { place },
        );
      }
      if (next !== undefined && next !== delimiter && next !== LF && next !== CR) {
        throw new InputError(`${file}:${place.line}: text after a closing quote`, { place });
      }
    }
    while (at < bytes.length && bytes[at] !== delimiter && bytes[at] !== LF && bytes[at] !== CR) {
      at++;
    }
    fields.push([start, at]);
    const ending = bytes[at];
    if (ending === delimiter) {
      at++;
      continue;
    }
    if (ending === LF) return { fields, end: at + 1 };
    if (ending === CR) {
      if (bytes[at + 1] === LF) return { fields, end: at + 2 };
      if (at + 1 < bytes.length) throw carriageReturnError(file, place.line);
    }
    return isLast ? { fields, end: bytes.length } : undefined;
  }
}

/** Offset behind the closing quote; one more than the length when it is missing. */
function closingQuoteEnd(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(QUOTE, from); at !== -1; at = bytes.indexOf(QUOTE, at + 2)) {
    if (bytes[at + 1] !== QUOTE) return at + 1;
  }
  return bytes.length + 1;
}

function carriageReturnError(file: string, line: number): InputError {
  return new InputError(
    `Cannot read "${file}": line ${line} has a carriage return that no line feed follows`,
    {
      hint: `Convert its line ends to LF, for example with: tr '\\r' '\\n'`,
      place: { file, line },
    },
  );
}

function headerNames(bytes: Uint8Array, record: FirstRecord, file: string): string[] {
  return record.fields.map(([start, end], index) => {
    const name = fieldText(bytes, start, end);
    if (name !== undefined) return name;
    throw new InputError(
      `Cannot read "${file}": the name of column ${index + 1} is not valid UTF-8`,
      {
        hint: "Convert the file to UTF-8, for example with: iconv -f WINDOWS-1252 -t UTF-8",
        place: { file, line: 1 + countLineFeeds(bytes, 0, start) },
      },
    );
  });
}

/** Not a generator: closing one that has not started would leave the source open. */
function continueWith(
  first: Uint8Array,
  iterator: AsyncIterator<Uint8Array>,
): AsyncIterableIterator<Uint8Array> {
  let pending = first.length > 0 ? first : undefined;
  return {
    next() {
      if (pending === undefined) return iterator.next();
      const value = pending;
      pending = undefined;
      return Promise.resolve({ done: false, value });
    },
    async return() {
      await iterator.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
