/**
 * A column made out of batches of fields. A kernel parses the forms that it knows; any other field
 * takes the careful path, and the kernel goes on behind it.
 */
import { formatPrimitiveType, type PrimitiveType } from "../table/types.ts";
import type { ColumnTarget } from "./columns.ts";
import { fieldText } from "./csv_bytes.ts";
import {
  BYTES_OVER,
  COLUMN_BLOCK_BYTES,
  COLUMN_EMPTY_IS_NULL,
  COLUMN_FIELD,
  COLUMN_NEEDS_ROOM,
  COLUMN_NULL_COUNT,
  COLUMN_NULL_TEXTS,
  COLUMN_OFFSETS,
  COLUMN_PARAMETER,
  COLUMN_PARAMETER_2,
  COLUMN_REQUIRED,
  COLUMN_ROOM,
  COLUMN_ROWS,
  COLUMN_USED,
  COLUMN_VALIDITY,
  COLUMN_VALUES,
  FIELD_BYTES,
  NULL_TEXTS_FIRST_BYTES,
} from "./kernel/layout.ts";
import { NullRule } from "./null_rule.ts";
import type { ParseFields, ParseKernel, Workspace } from "./parse_kernel.ts";
import type { FieldBatch } from "./tokenizer.ts";
import { type CsvValue, parseValue } from "./values.ts";
import { WorkColumn } from "./work_column.ts";

const encoder = new TextEncoder();
const UUID_BYTES = 16;
const MASK_64 = (1n << 64n) - 1n;

/** How the values of a type lie in memory, and which kernel makes them. */
interface Layout {
  readonly kernel: keyof ParseKernel & `parse${string}`;
  /** Bits of a value; undefined for string and binary, whose bytes are cut by offsets. */
  readonly valueBits: number | undefined;
  /** What the kernel has to know of the type. */
  readonly parameters?: readonly [number, number];
}

function layoutOf(type: PrimitiveType): Layout {
  switch (type.kind) {
    case "boolean":
      return { kernel: "parseBooleans", valueBits: 1 };
    case "int":
      return { kernel: "parseInts", valueBits: 32 };
    case "long":
      return { kernel: "parseLongs", valueBits: 64 };
    case "float":
      return { kernel: "parseFloats", valueBits: 32 };
    case "double":
      return { kernel: "parseDoubles", valueBits: 64 };
    case "decimal": {
      const parameters = [type.scale, type.precision] as const;
      return { kernel: "parseDecimals", valueBits: 128, parameters };
    }
    case "date":
      return { kernel: "parseDates", valueBits: 32 };
    case "time":
      return { kernel: "parseTimes", valueBits: 64 };
    case "timestamp":
    case "timestamptz":
    case "timestamp_ns":
    case "timestamptz_ns": {
      const isZoned = type.kind.startsWith("timestamptz") ? 1 : 0;
      const parameters = [isZoned, type.kind.endsWith("_ns") ? 9 : 6] as const;
      return { kernel: "parseTimestamps", valueBits: 64, parameters };
    }
    case "string":
      return { kernel: "parseStrings", valueBits: undefined };
    case "binary":
      return { kernel: "parseBinaries", valueBits: undefined };
    case "uuid":
      return { kernel: "parseUuids", valueBits: UUID_BYTES * 8 };
    case "fixed": {
      const parameters = [type.lengthBytes, 0] as const;
      return { kernel: "parseFixed", valueBits: type.lengthBytes * 8, parameters };
    }
  }
}

/** Makes one column, in the memory of a workspace. */
export class ColumnParser {
  /** The column that it makes. */
  readonly target: ColumnTarget;
  readonly #nulls: NullRule;
  readonly #workspace: Workspace;
  readonly #parse: ParseFields;
  readonly #valueBits: number | undefined;
  /** Address of what the kernel knows of the column. */
  readonly #block: number;
  /** Rows for which there is room. */
  #capacity = 0;
  /** Rows taken so far. */
  #length = 0;

  /**
   * Makes room for the column's block; rows get theirs with the first batch.
   *
   * @param of.nullTextsAt address of the texts that stand for null, as {@link writeNullTexts} has
   * them; 0 for none
   */
  constructor(
    target: ColumnTarget,
    of: {
      readonly nullValues: readonly string[];
      readonly nullTextsAt: number;
      readonly workspace: Workspace;
    },
  ) {
    const { workspace, nullTextsAt } = of;
    const { kernel, valueBits, parameters } = layoutOf(target.type);
    this.target = target;
    this.#nulls = new NullRule(of.nullValues, target.type.kind === "string");
    this.#workspace = workspace;
    this.#parse = workspace.kernel[kernel];
    this.#valueBits = valueBits;
    this.#block = workspace.memory.allocate(COLUMN_BLOCK_BYTES);
    workspace.memory.bytes.fill(0, this.#block, this.#block + COLUMN_BLOCK_BYTES);
    this.#set(COLUMN_FIELD, target.index * FIELD_BYTES);
    this.#set(COLUMN_REQUIRED, target.required ? 1 : 0);
    this.#set(COLUMN_EMPTY_IS_NULL, this.#nulls.emptyIsNull ? 1 : 0);
    this.#set(COLUMN_NULL_TEXTS, nullTextsAt);
    this.#set(COLUMN_PARAMETER, parameters?.[0] ?? 0);
    this.#set(COLUMN_PARAMETER_2, parameters?.[1] ?? 0);
    this.#grow(0);
  }

  /**
   * Takes the column's fields of a batch.
   *
   * @param capacity rows that the chunk will have, as far as is known
   * @returns the first row of the batch whose field does not fit, or -1; after that it takes no more
   */
  append(batch: FieldBatch, capacity: number): number {
    const needed = this.#length + batch.rows;
    if (needed > this.#capacity) this.#grow(Math.max(needed, capacity));
    this.#set(COLUMN_ROWS, this.#length);
    const parse = this.#parse;
    for (let row = 0; row < batch.rows; row++) {
      row = parse(this.#block, batch.block, row);
      if (row === batch.rows) break;
      if (this.#get(COLUMN_NEEDS_ROOM) !== 0) {
        this.#makeRoom(batch);
        row--;
      } else if (this.#workspace.provideMissedPowers()) row--;
      else if (!this.#takeCarefully(batch, row)) return row;
    }
    this.#length = needed;
    return -1;
  }

  /** Whether a field of a batch is null, allowed or not. */
  isNull(batch: FieldBatch, row: number): boolean {
    const field = row * batch.columnCount + this.target.index;
    return this.#nulls.matches(batch.bytes, batch.start(field), batch.end(field));
  }

  /** The column as it stands, which takes no more fields. It lies in the workspace's memory. */
  finish(): WorkColumn {
    const { name, type } = this.target;
    const validityAt = this.#get(COLUMN_VALIDITY);
    const length = this.#length;
    const { bytes } = this.#workspace.memory;
    if ((length & 7) !== 0) {
      const last = validityAt + (length >> 3);
      bytes[last] = bytes[last]! & ((1 << (length & 7)) - 1);
    }
    const isVariable = this.#valueBits === undefined;
    return new WorkColumn({
      name,
      type,
      length,
      nullCount: this.#get(COLUMN_NULL_COUNT),
      memory: this.#workspace.memory,
      valuesAt: this.#get(COLUMN_VALUES),
      valuesBytes: isVariable ? this.#get(COLUMN_USED) : this.#bytesOf(length),
      validityAt,
      offsetsAt: isVariable ? this.#get(COLUMN_OFFSETS) : undefined,
    });
  }

  /** Takes a field that the kernel left; false when it does not fit. */
  #takeCarefully(batch: FieldBatch, row: number): boolean {
    if (this.isNull(batch, row)) return false;
    const field = row * batch.columnCount + this.target.index;
    const text = fieldText(batch.bytes, batch.start(field), batch.end(field));
    const value = text === undefined ? undefined : parseValue(text, this.target.type);
    if (value === undefined) return false;
    this.#store(value, this.#length + row);
    return true;
  }

  #store(value: CsvValue, row: number): void {
    const { buffer } = this.#workspace.memory;
    const view = new DataView(buffer, this.#get(COLUMN_VALUES));
    switch (this.target.type.kind) {
      case "boolean":
        if (value === true) view.setUint8(row >> 3, view.getUint8(row >> 3) | (1 << (row & 7)));
        return;
      case "int":
      case "date":
        return view.setInt32(row * 4, value as number, true);
      case "float":
        return view.setFloat32(row * 4, value as number, true);
      case "double":
        return view.setFloat64(row * 8, value as number, true);
      case "decimal":
        view.setBigUint64(row * 16, (value as bigint) & MASK_64, true);
        return view.setBigInt64(row * 16 + 8, (value as bigint) >> 64n, true);
      case "uuid":
      case "fixed":
        return this.#workspace.memory.bytes.set(
          value as Uint8Array,
          view.byteOffset + this.#bytesOf(row),
        );
      case "binary":
      case "string": {
        // There is room for the field, and its value has no more bytes.
        const bytes = typeof value === "string" ? encoder.encode(value) : value as Uint8Array;
        const used = this.#get(COLUMN_USED) + bytes.length;
        const { memory } = this.#workspace;
        memory.bytes.set(bytes, view.byteOffset + used - bytes.length);
        memory.words[this.#get(COLUMN_OFFSETS) / 4 + row + 1] = used;
        this.#set(COLUMN_USED, used);
        return;
      }
      default:
        return view.setBigInt64(row * 8, value as bigint, true);
    }
  }

  /** Bytes that the values of some rows take. */
  #bytesOf(rows: number): number {
    return ((this.#valueBits ?? 0) * rows + 7) >> 3;
  }

  /** Makes room for rows. */
  #grow(capacity: number): void {
    // Never by less than half, so that copying stays linear.
    const rows = Math.max(capacity, this.#capacity + (this.#capacity >> 1));
    const used = this.#length;
    this.#move(COLUMN_VALIDITY, { used: (used + 7) >> 3, room: (rows + 7) >> 3, fill: 0xff });
    if (this.#valueBits === undefined) {
      this.#move(COLUMN_OFFSETS, { used: (used + 1) * 4, room: (rows + 1) * 4 });
      if (used === 0) this.#workspace.memory.words[this.#get(COLUMN_OFFSETS) / 4] = 0;
    } else {
      const fill = this.#valueBits === 1 ? 0 : undefined;
      this.#move(COLUMN_VALUES, { used: this.#bytesOf(used), room: this.#bytesOf(rows), fill });
    }
    this.#capacity = rows;
  }

  /** Makes room for the bytes of a batch's fields, the quotes counted in. */
  #makeRoom(batch: FieldBatch): void {
    const used = this.#get(COLUMN_USED);
    const wanted = used + this.#workspace.kernel.fieldBytes(this.#block, batch.block);
    // What the rows so far took foretells the rest; a tenth more saves most second rounds.
    const rows = this.#length + batch.rows;
    const foreseen = Math.ceil(wanted * (this.#capacity / rows) * 1.1);
    const room = Math.max(wanted, Math.min(foreseen, used + batch.bytes.length));
    this.#move(COLUMN_VALUES, { used, room: room + BYTES_OVER });
    this.#set(COLUMN_ROOM, room);
    this.#set(COLUMN_NEEDS_ROOM, 0);
  }

  /** Gives one of the column's arrays more room, at another address, with its first bytes kept. */
  #move(
    pointer: number,
    of: { readonly used: number; readonly room: number; readonly fill?: number | undefined },
  ): void {
    const { memory } = this.#workspace;
    const from = this.#get(pointer);
    const to = memory.allocate(of.room);
    const { bytes } = memory;
    if (from !== 0) bytes.copyWithin(to, from, from + of.used);
    if (of.fill !== undefined) bytes.fill(of.fill, to + (from === 0 ? 0 : of.used), to + of.room);
    this.#set(pointer, to);
  }

  #get(offset: number): number {
    return this.#workspace.memory.words[(this.#block + offset) / 4]! >>> 0;
  }

  #set(offset: number, value: number): void {
    this.#workspace.memory.words[(this.#block + offset) / 4] = value;
  }
}

/**
 * Writes the texts that stand for null to a workspace's memory.
 *
 * @returns their address, or 0 when there are none but the empty one
 */
export function writeNullTexts(nullValues: readonly string[], workspace: Workspace): number {
  const { texts } = new NullRule(nullValues, false);
  if (texts.length === 0) return 0;
  const { memory } = workspace;
  const padded = texts.map((text) => (text.length + 3) & ~3);
  const size = NULL_TEXTS_FIRST_BYTES + 4 + padded.reduce((sum, length) => sum + 4 + length, 0);
  const address = memory.allocate(size);
  const { bytes, words } = memory;
  bytes.fill(0, address, address + size);
  let at = address + NULL_TEXTS_FIRST_BYTES;
  for (const [index, text] of texts.entries()) {
    bytes[address + text[0]!] = 1;
    words[at / 4] = text.length;
    bytes.set(text, at + 4);
    at += 4 + padded[index]!;
  }
  return address;
}

/** A type with its article, for messages: `a long`, `an int`. */
export function withArticle(target: ColumnTarget): string {
  const text = formatPrimitiveType(target.type);
  return text === "int" ? "an int" : `a ${text}`;
}
