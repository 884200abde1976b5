/** What every column builder shares: nulls, growth, and the careful path for unusual forms. */
import { formatPrimitiveType } from "../table/types.ts";
import type { ColumnTarget, ParsedColumn } from "./columns.ts";
import { fieldText } from "./csv_bytes.ts";
import type { FieldBatch } from "./tokenizer.ts";
import { type CsvValue, parseValue } from "./values.ts";

const encoder = new TextEncoder();

/** Which unquoted fields are null. */
export class NullRule {
  /** Whether an empty unquoted field is null. */
  readonly emptyIsNull: boolean;
  /** Whether any text but the empty one stands for null. */
  readonly hasTexts: boolean;
  readonly #texts: readonly Uint8Array[];
  /** 1 for each byte that a text starts with: most fields are told apart by it. */
  readonly #isFirst = new Uint8Array(256);

  constructor(nullValues: readonly string[], isString: boolean) {
    this.emptyIsNull = !isString || nullValues.includes("");
    // A text that starts with a quote is a quoted field in the file, which is never null.
    this.#texts = nullValues.filter((text) => text !== "" && !text.startsWith('"'))
      .map((text) => encoder.encode(text));
    this.hasTexts = this.#texts.length > 0;
    for (const text of this.#texts) this.#isFirst[text[0] as number] = 1;
  }

  /** Whether a field that is not empty is null. */
  matches(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#isFirst[bytes[start] as number] === 0) return false;
    return this.#texts.some((text) =>
      text.length === end - start && text.every((byte, at) => bytes[start + at] === byte)
    );
  }
}

/** The arrays that hold values. */
export type ValueArray = ParsedColumn["values"];

/** Makes one column out of batches of fields. */
export abstract class ColumnBuilder {
  readonly target: ColumnTarget;
  protected readonly nulls: NullRule;
  /** Rows for which there is room. */
  protected capacity = 0;
  /** Rows taken so far. */
  protected length = 0;
  #validity: Uint8Array | undefined;
  #nullCount = 0;

  constructor(target: ColumnTarget, nullValues: readonly string[]) {
    this.target = target;
    this.nulls = new NullRule(nullValues, target.type.kind === "string");
  }

  /**
   * Takes the column's fields of a batch.
   *
   * @returns the first row of the batch whose field does not fit, or -1
   */
  append(batch: FieldBatch, capacity: number): number {
    const needed = this.length + batch.rows;
    if (needed > this.capacity) this.#grow(Math.max(needed, capacity));
    const misfit = this.appendFields(batch);
    if (misfit === -1) this.length = needed;
    return misfit;
  }

  /** Whether a field of a batch is null, allowed or not. */
  isNull(batch: FieldBatch, row: number): boolean {
    const at = row * batch.columnCount + this.target.index;
    const start = batch.starts[at] as number;
    const end = batch.ends[at] as number;
    if (start === end) return this.nulls.emptyIsNull;
    return this.nulls.hasTexts && this.nulls.matches(batch.bytes, start, end);
  }

  /** The column as it stands. The builder must not be used afterwards. */
  finish(): ParsedColumn {
    const { name, type } = this.target;
    const validity = this.#validity?.slice(0, (this.length + 7) >> 3);
    if (validity !== undefined && (this.length & 7) !== 0) {
      const last = validity.length - 1;
      validity[last] = (validity[last] as number) & ((1 << (this.length & 7)) - 1);
    }
    return {
      name,
      type,
      length: this.length,
      nullCount: this.#nullCount,
      validity,
      ...this.take(),
    };
  }

  /** Parses the fields of a batch into rows `length` and on; same answer as {@link append}. */
  protected abstract appendFields(batch: FieldBatch): number;

  /** Makes room for `capacity` rows. */
  protected abstract resize(capacity: number): void;

  /** Values (and offsets) cut to `length`. */
  protected abstract take(): Pick<ParsedColumn, "values" | "offsets">;

  /**
   * Marks a row as null.
   *
   * @returns false when the column is required
   */
  protected setNull(row: number): boolean {
    if (this.target.required) return false;
    if (this.#validity === undefined) {
      this.#validity = new Uint8Array((this.capacity + 7) >> 3).fill(0xff);
    }
    const at = row >> 3;
    this.#validity[at] = (this.#validity[at] as number) & ~(1 << (row & 7));
    this.#nullCount++;
    return true;
  }

  /** The value of a field of any accepted form, or undefined. */
  protected careful(bytes: Uint8Array, start: number, end: number): CsvValue | undefined {
    const text = fieldText(bytes, start, end);
    return text === undefined ? undefined : parseValue(text, this.target.type);
  }

  #grow(capacity: number): void {
    // Never by less than half, so that copying stays linear.
    this.capacity = Math.max(capacity, this.capacity + (this.capacity >> 1));
    this.resize(this.capacity);
    if (this.#validity === undefined) return;
    const grown = new Uint8Array((this.capacity + 7) >> 3).fill(0xff);
    // Bits behind `length` are still set, as they are in the new bytes.
    grown.set(this.#validity);
    this.#validity = grown;
  }
}

/** A builder whose fields are parsed one by one; the base of the less common types. */
export abstract class FieldwiseBuilder extends ColumnBuilder {
  protected override appendFields(batch: FieldBatch): number {
    const { bytes, starts, ends, columnCount, rows } = batch;
    const { emptyIsNull, hasTexts } = this.nulls;
    for (let row = 0, at = this.target.index; row < rows; row++, at += columnCount) {
      const start = starts[at] as number;
      const end = ends[at] as number;
      const isNull = start === end
        ? emptyIsNull
        : hasTexts && this.nulls.matches(bytes, start, end);
      const fits = isNull
        ? this.setNull(this.length + row)
        : this.appendField(bytes, start, end, this.length + row);
      if (!fits) return row;
    }
    return -1;
  }

  /** Parses one field that is not null into a row; false when it does not fit. */
  protected abstract appendField(
    bytes: Uint8Array,
    start: number,
    end: number,
    row: number,
  ): boolean;
}

/** `values` cut to `length`, without a copy when it has that length. */
export function cutTo<T extends ValueArray>(values: T, length: number): T {
  return values.length === length ? values : values.slice(0, length) as T;
}

/** A type with its article, for messages: `a long`, `an int`. */
export function withArticle(target: ColumnTarget): string {
  const text = formatPrimitiveType(target.type);
  return text === "int" ? "an int" : `a ${text}`;
}
