/** What the tests of lib/input share: CSV text to blocks, and parsed columns to plain values. */
import type { ColumnTarget, CsvDialect, ParsedColumn } from "../../lib/input/columns.ts";
import { parseChunk } from "../../lib/input/parse.ts";
import type { Source } from "../../lib/input/source.ts";
import { type RawChunk, splitChunks, type SplitOptions } from "../../lib/input/split.ts";
import { parsePrimitiveType, type PrimitiveType } from "../../lib/table/types.ts";

export const DIALECT: CsvDialect = { delimiter: ",", nullValues: [], hasHeader: true };
export const NO_HEADER: CsvDialect = { ...DIALECT, hasHeader: false };

const encoder = new TextEncoder();

export function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === "string" ? encoder.encode(text) : text;
}

/** Bytes in blocks of a size; the last one may be shorter. */
export async function* blocksOf(
  text: string | Uint8Array,
  blockBytes = 1 << 20,
): AsyncGenerator<Uint8Array> {
  const bytes = bytesOf(text);
  for (let at = 0; at < bytes.length; at += blockBytes) {
    await Promise.resolve();
    yield bytes.slice(at, at + blockBytes);
  }
}

export function textSource(text: string | Uint8Array, name = "sample.csv"): Source {
  return { name, open: () => blocksOf(text) };
}

export async function split(
  text: string | Uint8Array,
  options: Partial<SplitOptions> & { readonly blockBytes?: number } = {},
): Promise<RawChunk[]> {
  const { blockBytes, ...rest } = options;
  return await Array.fromAsync(splitChunks(blocksOf(text, blockBytes), {
    dialect: DIALECT,
    rowsPerChunk: 1000,
    file: "sample.csv",
    ...rest,
  }));
}

export function typeOf(text: string): PrimitiveType {
  const type = parsePrimitiveType(text);
  if (type === undefined) throw new Error(`no type: ${text}`);
  return type;
}

/** Targets from `name:type` texts, at positions 0, 1, …; a `!` behind the type makes it required. */
export function targetsOf(...columns: string[]): ColumnTarget[] {
  return columns.map((text, index) => {
    const colon = text.lastIndexOf(":");
    const required = text.endsWith("!");
    const type = typeOf(text.slice(colon + 1, required ? -1 : undefined));
    return { name: text.slice(0, colon), index, type, required };
  });
}

/** Parses records without a header. */
export function parseText(
  text: string | Uint8Array,
  columns: readonly string[],
  options: { readonly dialect?: CsvDialect; readonly rows?: number } = {},
): ParsedColumn[] {
  const targets = targetsOf(...columns);
  return parseChunk(bytesOf(text), {
    dialect: DIALECT,
    columnCount: targets.length,
    targets,
    firstLine: 1,
    file: "sample.csv",
    ...options,
  });
}

export type PlainValue = boolean | number | bigint | string | null;

/** The column's values as Arrow's layout has them; binary kinds as hex. */
export function valuesOf(column: ParsedColumn): PlainValue[] {
  return Array.from({ length: column.length }, (_, row) => {
    const { validity } = column;
    const isNull = validity !== undefined &&
      (((validity[row >> 3] as number) >> (row & 7)) & 1) === 0;
    return isNull ? null : valueAt(column, row);
  });
}

function valueAt(column: ParsedColumn, row: number): PlainValue {
  const { values, offsets, type } = column;
  switch (type.kind) {
    case "boolean":
      return (((values[row >> 3] as number) >> (row & 7)) & 1) === 1;
    case "decimal": {
      let unscaled = 0n;
      for (let word = 3; word >= 0; word--) {
        unscaled = (unscaled << 32n) | BigInt(values[row * 4 + word] as number);
      }
      return BigInt.asIntN(128, unscaled);
    }
    case "string":
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
        (values as Uint8Array).subarray(offsets?.[row], offsets?.[row + 1]),
      );
    case "binary":
      return hex((values as Uint8Array).subarray(offsets?.[row], offsets?.[row + 1]));
    case "uuid":
    case "fixed": {
      const size = type.kind === "fixed" ? type.lengthBytes : 16;
      return hex((values as Uint8Array).subarray(row * size, (row + 1) * size));
    }
    default:
      return values[row] as number | bigint;
  }
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
