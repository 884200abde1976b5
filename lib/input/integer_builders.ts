/** Columns of whole numbers: int, long and decimal. */
import type { ParsedColumn } from "./columns.ts";
import { ColumnBuilder, cutTo, FieldwiseBuilder } from "./column_builder.ts";
import type { FieldBatch } from "./tokenizer.ts";

const ZERO = 0x30;
const MINUS = 0x2d;
const POINT = 0x2e;
const TWO_32 = 4294967296;

/** Digits that a double, and so a loop on numbers, surely holds exactly. */
const EXACT_DIGITS_MAX = 15;
/** Digits of any int64. */
const LONG_DIGITS_MAX = 19;

const POWERS_OF_TEN = Array.from({ length: 16 }, (_, power) => 10 ** power);

/**
 * Writes a whole number of less than 2^53 as two little-endian words, without a bigint.
 *
 * @param row index of the 64-bit slot
 */
export function storeInt64(words: Int32Array, row: number, value: number): void {
  words[row * 2] = value | 0;
  words[row * 2 + 1] = Math.floor(value / TWO_32);
}

/** Builds an int column: `Int32Array`. */
export class IntBuilder extends ColumnBuilder {
  #values = new Int32Array(0);

  protected override appendFields(batch: FieldBatch): number {
    const { bytes, starts, ends, columnCount, rows } = batch;
    const { hasTexts } = this.nulls;
    const values = this.#values;
    const base = this.length;
    for (let row = 0, at = this.target.index; row < rows; row++, at += columnCount) {
      const start = starts[at] as number;
      const end = ends[at] as number;
      if (start === end || (hasTexts && this.nulls.matches(bytes, start, end))) {
        if (!this.setNull(base + row)) return row;
        continue;
      }
      const isNegative = bytes[start] === MINUS;
      const first = isNegative ? start + 1 : start;
      if (first < end && end - first <= 9) {
        let value = 0;
        let digit = 0;
        for (let index = first; index < end; index++) {
          digit = (bytes[index] as number) - ZERO;
          if (digit < 0 || digit > 9) break;
          value = value * 10 + digit;
        }
        if (digit >= 0 && digit <= 9) {
          values[base + row] = isNegative ? -value : value;
          continue;
        }
      }
      const value = this.careful(bytes, start, end);
      if (value === undefined) return row;
      values[base + row] = value as number;
    }
    return -1;
  }

  protected override resize(capacity: number): void {
    const grown = new Int32Array(capacity);
    grown.set(this.#values);
    this.#values = grown;
  }

  protected override take(): Pick<ParsedColumn, "values"> {
    return { values: cutTo(this.#values, this.length) };
  }
}

/** Builds a long column: `BigInt64Array`, filled by words. */
export class LongBuilder extends ColumnBuilder {
  #values = new BigInt64Array(0);
  #words = new Int32Array(0);

  protected override appendFields(batch: FieldBatch): number {
    const { bytes, starts, ends, columnCount, rows } = batch;
    const { hasTexts } = this.nulls;
    const words = this.#words;
    const base = this.length;
    for (let row = 0, at = this.target.index; row < rows; row++, at += columnCount) {
      const start = starts[at] as number;
      const end = ends[at] as number;
      if (start === end || (hasTexts && this.nulls.matches(bytes, start, end))) {
        if (!this.setNull(base + row)) return row;
        continue;
      }
      const isNegative = bytes[start] === MINUS;
      const first = isNegative ? start + 1 : start;
      const count = end - first;
      if (count >= 1 && count <= 9) {
        let value = 0;
        let digit = 0;
        for (let index = first; index < end; index++) {
          digit = (bytes[index] as number) - ZERO;
          if (digit < 0 || digit > 9) break;
          value = (value * 10 + digit) | 0;
        }
        if (digit >= 0 && digit <= 9) {
          const signed = isNegative ? -value | 0 : value;
          words[(base + row) * 2] = signed;
          words[(base + row) * 2 + 1] = signed >> 31;
          continue;
        }
      } else if (count <= LONG_DIGITS_MAX && this.#storeWide(bytes, first, end, base + row)) {
        if (!isNegative || this.#negate(base + row)) continue;
      }
      const value = this.careful(bytes, start, end);
      if (value === undefined) return row;
      this.#values[base + row] = value as bigint;
    }
    return -1;
  }

  /** Stores 10 to 19 digits; false when they are no digits, or do not fit an int64. */
  #storeWide(bytes: Uint8Array, start: number, end: number, row: number): boolean {
    const middle = end - 9;
    const high = digitsValue(bytes, start, middle);
    const low = digitsValue(bytes, middle, end);
    if (high < 0 || low < 0) return false;
    // high * 10^9 + low, exactly: the high part is multiplied in two halves.
    const upper = Math.floor(high / 65536) * 1e9;
    const lower = (high % 65536) * 1e9 + low;
    const carried = (upper % 65536) * 65536 + lower;
    const highWord = Math.floor(upper / 65536) + Math.floor(carried / TWO_32);
    // 2^63 itself fits with a minus only: the careful path takes it.
    if (highWord >= 0x80000000) return false;
    this.#words[row * 2] = carried % TWO_32;
    this.#words[row * 2 + 1] = highWord;
    return true;
  }

  #negate(row: number): true {
    const low = -(this.#words[row * 2] as number) | 0;
    this.#words[row * 2] = low;
    this.#words[row * 2 + 1] = ~(this.#words[row * 2 + 1] as number) + (low === 0 ? 1 : 0);
    return true;
  }

  protected override resize(capacity: number): void {
    const grown = new BigInt64Array(capacity);
    grown.set(this.#values);
    this.#values = grown;
    this.#words = new Int32Array(grown.buffer);
  }

  protected override take(): Pick<ParsedColumn, "values"> {
    return { values: cutTo(this.#values, this.length) };
  }
}

/** Builds a decimal column: four little-endian words of the unscaled integer a value. */
export class DecimalBuilder extends FieldwiseBuilder {
  #words = new Uint32Array(0);

  protected override appendField(
    bytes: Uint8Array,
    start: number,
    end: number,
    row: number,
  ): boolean {
    if (this.#storeShort(bytes, start, end, row)) return true;
    const value = this.careful(bytes, start, end) as bigint | undefined;
    if (value === undefined) return false;
    for (let word = 0; word < 4; word++) {
      this.#words[row * 4 + word] = Number(BigInt.asUintN(32, value >> BigInt(32 * word)));
    }
    return true;
  }

  /** Takes plain texts whose unscaled value has at most 15 digits. */
  #storeShort(bytes: Uint8Array, start: number, end: number, row: number): boolean {
    const { type } = this.target;
    if (type.kind !== "decimal") return false;
    const isNegative = bytes[start] === MINUS;
    const first = isNegative ? start + 1 : start;
    let value = 0;
    let digits = 0;
    let point = -1;
    for (let index = first; index < end; index++) {
      const digit = (bytes[index] as number) - ZERO;
      if (digit >= 0 && digit <= 9) {
        value = value * 10 + digit;
        digits++;
      } else if (digit === POINT - ZERO && point === -1) point = index;
      else return false;
    }
    const shift = type.scale - (point === -1 ? 0 : end - point - 1);
    const wanted = digits + shift;
    if (digits === 0 || shift < 0 || wanted > EXACT_DIGITS_MAX || wanted > type.precision) {
      return false;
    }
    const unscaled = value * (POWERS_OF_TEN[shift] as number);
    const signed = isNegative ? -unscaled : unscaled;
    const high = Math.floor(signed / TWO_32);
    const sign = signed < 0 ? 0xffffffff : 0;
    this.#words.set([signed - high * TWO_32, high, sign, sign], row * 4);
    return true;
  }

  protected override resize(capacity: number): void {
    const grown = new Uint32Array(capacity * 4);
    grown.set(this.#words);
    this.#words = grown;
  }

  protected override take(): Pick<ParsedColumn, "values"> {
    return { values: cutTo(this.#words, this.length * 4) };
  }
}

/** Value of at most 10 digits, or -1 when another byte is among them. */
function digitsValue(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let index = start; index < end; index++) {
    const digit = (bytes[index] as number) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
