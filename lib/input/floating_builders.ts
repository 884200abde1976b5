/** Columns of floating-point numbers, and booleans. */
import type { ParsedColumn } from "./columns.ts";
import { ColumnBuilder, cutTo, FieldwiseBuilder } from "./column_builder.ts";
import type { FieldBatch } from "./tokenizer.ts";

const ZERO = 0x30;
const MINUS = 0x2d;
const POINT = 0x2e;

/** A mantissa of so many digits is exact in a double, and so is every power of ten up to 10^22. */
const EXACT_CHARS_MAX = 16;
const POWERS_OF_TEN = Float64Array.from({ length: 23 }, (_, power) => 10 ** power);

/** Whole numbers below this are exact in a float, and so are powers of ten up to 10^10. */
const FLOAT_EXACT_MAX = 2 ** 24;
const FLOAT_POWER_MAX = 10;

/** Builds a double column: `Float64Array`. */
export class DoubleBuilder extends ColumnBuilder {
  #values = new Float64Array(0);

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
      // 15 digits and a point, so no digit count is needed in the loop.
      if (end - first <= EXACT_CHARS_MAX) {
        let mantissa = 0;
        let point = -1;
        let index = first;
        for (; index < end; index++) {
          const digit = (bytes[index] as number) - ZERO;
          if (digit >= 0 && digit <= 9) mantissa = mantissa * 10 + digit;
          else if (digit === POINT - ZERO && point === -1) point = index;
          else break;
        }
        const digits = end - first - (point === -1 ? 0 : 1);
        if (index === end && digits > 0 && digits < EXACT_CHARS_MAX) {
          const value = point === -1
            ? mantissa
            : mantissa / (POWERS_OF_TEN[end - point - 1] as number);
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
    const grown = new Float64Array(capacity);
    grown.set(this.#values);
    this.#values = grown;
  }

  protected override take(): Pick<ParsedColumn, "values"> {
    return { values: cutTo(this.#values, this.length) };
  }
}

/** Builds a float column: `Float32Array`. */
export class FloatBuilder extends FieldwiseBuilder {
  #values = new Float32Array(0);

  protected override appendField(
    bytes: Uint8Array,
    start: number,
    end: number,
    row: number,
  ): boolean {
    const isNegative = bytes[start] === MINUS;
    const first = isNegative ? start + 1 : start;
    let mantissa = 0;
    let point = -1;
    let index = first;
    for (; index < end && mantissa < FLOAT_EXACT_MAX; index++) {
      const digit = (bytes[index] as number) - ZERO;
      if (digit >= 0 && digit <= 9) mantissa = mantissa * 10 + digit;
      else if (digit === POINT - ZERO && point === -1) point = index;
      else break;
    }
    const power = point === -1 ? 0 : end - point - 1;
    const digits = end - first - (point === -1 ? 0 : 1);
    if (
      index === end && digits > 0 && mantissa < FLOAT_EXACT_MAX && power <= FLOAT_POWER_MAX
    ) {
      // Both are exact in a float, so dividing as doubles and rounding once more is exact too.
      const value = mantissa / (POWERS_OF_TEN[power] as number);
      this.#values[row] = isNegative ? -value : value;
      return true;
    }
    const value = this.careful(bytes, start, end);
    if (value === undefined) return false;
    this.#values[row] = value as number;
    return true;
  }

  protected override resize(capacity: number): void {
    const grown = new Float32Array(capacity);
    grown.set(this.#values);
    this.#values = grown;
  }

  protected override take(): Pick<ParsedColumn, "values"> {
    return { values: cutTo(this.#values, this.length) };
  }
}

/** Builds a boolean column: a bitmap, least significant bit first. */
export class BooleanBuilder extends ColumnBuilder {
  #bits = new Uint8Array(0);

  protected override appendFields(batch: FieldBatch): number {
    const { bytes, starts, ends, columnCount, rows } = batch;
    const { hasTexts } = this.nulls;
    const bits = this.#bits;
    const base = this.length;
    for (let row = 0, at = this.target.index; row < rows; row++, at += columnCount) {
      const start = starts[at] as number;
      const end = ends[at] as number;
      if (start === end || (hasTexts && this.nulls.matches(bytes, start, end))) {
        if (!this.setNull(base + row)) return row;
        continue;
      }
      if (isTrue(bytes, start, end)) {
        const index = base + row;
        bits[index >> 3] = (bits[index >> 3] as number) | (1 << (index & 7));
      } else if (!isFalse(bytes, start, end)) {
        const value = this.careful(bytes, start, end);
        if (value === undefined) return row;
        if (value === true) {
          const index = base + row;
          bits[index >> 3] = (bits[index >> 3] as number) | (1 << (index & 7));
        }
      }
    }
    return -1;
  }

  protected override resize(capacity: number): void {
    const grown = new Uint8Array((capacity + 7) >> 3);
    grown.set(this.#bits);
    this.#bits = grown;
  }

  protected override take(): Pick<ParsedColumn, "values"> {
    return { values: cutTo(this.#bits, (this.length + 7) >> 3) };
  }
}

/** Setting bit 0x20 makes an ASCII letter a small one, and no other byte a letter. */
function isTrue(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start === 4 && ((bytes[start] as number) | 0x20) === 0x74 &&
    ((bytes[start + 1] as number) | 0x20) === 0x72 &&
    ((bytes[start + 2] as number) | 0x20) === 0x75 &&
    ((bytes[start + 3] as number) | 0x20) === 0x65;
}

function isFalse(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start === 5 && ((bytes[start] as number) | 0x20) === 0x66 &&
    ((bytes[start + 1] as number) | 0x20) === 0x61 &&
    ((bytes[start + 2] as number) | 0x20) === 0x6c &&
    ((bytes[start + 3] as number) | 0x20) === 0x73 &&
    ((bytes[start + 4] as number) | 0x20) === 0x65;
}
