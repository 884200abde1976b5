/** Columns of bytes: string, binary, uuid and fixed. */
import type { ColumnTarget, ParsedColumn } from "./columns.ts";
import { ColumnBuilder, cutTo, FieldwiseBuilder } from "./column_builder.ts";
import { QUOTE } from "./csv_bytes.ts";
import type { FieldBatch } from "./tokenizer.ts";
import { isUtf8 } from "./utf8.ts";

const UUID_BYTES = 16;
const UUID_CHARS = 36;
const DASH = 0x2d;
/** Where a uuid has its dashes. */
const UUID_DASHES = [8, 13, 18, 23] as const;

/** Value of a hex digit by its byte; 255 for any other byte. */
const HEX_VALUE = new Uint8Array(256).fill(255);
for (let value = 0; value < 16; value++) {
  const digit = value.toString(16);
  HEX_VALUE[digit.charCodeAt(0)] = value;
  HEX_VALUE[digit.toUpperCase().charCodeAt(0)] = value;
}

/** Builds a string column: the bytes of all values, cut by `offsets`. */
export class StringBuilder extends ColumnBuilder {
  #values = new Uint8Array(0);
  #offsets = new Int32Array(1);

  protected override appendFields(batch: FieldBatch): number {
    const { bytes, starts, ends, columnCount, rows } = batch;
    const { emptyIsNull, hasTexts } = this.nulls;
    const base = this.length;
    let to = this.#offsets[base] as number;
    this.#reserve(batch, to);
    const values = this.#values;
    const offsets = this.#offsets;
    for (let row = 0, at = this.target.index; row < rows; row++, at += columnCount) {
      const start = starts[at] as number;
      const end = ends[at] as number;
      const isNull = start === end
        ? emptyIsNull
        : hasTexts && this.nulls.matches(bytes, start, end);
      if (isNull) {
        if (!this.setNull(base + row)) return row;
      } else if (start < end && bytes[start] === QUOTE) {
        const from = to;
        for (let index = start + 1; index < end - 1; index++) {
          const byte = bytes[index] as number;
          values[to++] = byte;
          if (byte === QUOTE) index++;
        }
        if (!isUtf8(values, from, to)) return row;
      } else {
        let seen = 0;
        for (let index = start; index < end; index++) {
          const byte = bytes[index] as number;
          seen |= byte;
          values[to++] = byte;
        }
        if (seen > 0x7f && !isUtf8(bytes, start, end)) return row;
      }
      offsets[base + row + 1] = to;
    }
    return -1;
  }

  /** Makes room for the values of a batch, the quotes counted in. */
  #reserve(batch: FieldBatch, used: number): void {
    const { starts, ends, columnCount, rows } = batch;
    let wanted = 0;
    for (let row = 0, at = this.target.index; row < rows; row++, at += columnCount) {
      wanted += (ends[at] as number) - (starts[at] as number);
    }
    if (used + wanted <= this.#values.length) return;
    // What the rows so far took foretells the rest; a tenth more saves most second rounds.
    const rowsSoFar = this.length + rows;
    const foreseen = Math.ceil((used + wanted) * (this.capacity / rowsSoFar) * 1.1);
    const grown = new Uint8Array(Math.max(foreseen, used + wanted));
    grown.set(this.#values.subarray(0, used));
    this.#values = grown;
  }

  protected override resize(capacity: number): void {
    const grown = new Int32Array(capacity + 1);
    grown.set(this.#offsets);
    this.#offsets = grown;
  }

  protected override take(): Pick<ParsedColumn, "values" | "offsets"> {
    const offsets = cutTo(this.#offsets, this.length + 1);
    return { values: cutTo(this.#values, offsets[this.length] as number), offsets };
  }
}

/** Builds a binary column from hex: the bytes of all values, cut by `offsets`. */
export class BinaryBuilder extends ColumnBuilder {
  #values = new Uint8Array(0);
  #offsets = new Int32Array(1);

  protected override appendFields(batch: FieldBatch): number {
    const { bytes, starts, ends, columnCount, rows } = batch;
    const base = this.length;
    let to = this.#offsets[base] as number;
    for (let row = 0, at = this.target.index; row < rows; row++, at += columnCount) {
      const start = starts[at] as number;
      const end = ends[at] as number;
      if (
        start === end || (this.nulls.hasTexts && this.nulls.matches(bytes, start, end))
      ) {
        if (!this.setNull(base + row)) return row;
      } else {
        this.#reserve(to + ((end - start) >> 1));
        const written = writeHex(bytes, start, end, { values: this.#values, at: to });
        if (written === -1) {
          const value = this.careful(bytes, start, end) as Uint8Array | undefined;
          if (value === undefined) return row;
          this.#values.set(value, to);
          to += value.length;
        } else to += written;
      }
      this.#offsets[base + row + 1] = to;
    }
    return -1;
  }

  #reserve(wanted: number): void {
    if (wanted <= this.#values.length) return;
    const grown = new Uint8Array(Math.max(wanted, this.#values.length * 2));
    grown.set(this.#values);
    this.#values = grown;
  }

  protected override resize(capacity: number): void {
    const grown = new Int32Array(capacity + 1);
    grown.set(this.#offsets);
    this.#offsets = grown;
  }

  protected override take(): Pick<ParsedColumn, "values" | "offsets"> {
    const offsets = cutTo(this.#offsets, this.length + 1);
    return { values: cutTo(this.#values, offsets[this.length] as number), offsets };
  }
}

/** Builds a uuid or fixed column: the same number of bytes for each value. */
export class FixedBuilder extends FieldwiseBuilder {
  readonly #lengthBytes: number;
  readonly #isUuid: boolean;
  #values = new Uint8Array(0);

  constructor(target: ColumnTarget, nullValues: readonly string[]) {
    super(target, nullValues);
    this.#isUuid = target.type.kind === "uuid";
    this.#lengthBytes = target.type.kind === "fixed" ? target.type.lengthBytes : UUID_BYTES;
  }

  protected override appendField(
    bytes: Uint8Array,
    start: number,
    end: number,
    row: number,
  ): boolean {
    const place = { values: this.#values, at: row * this.#lengthBytes };
    if (this.#isUuid) {
      if (end - start === UUID_CHARS && writeUuid(bytes, start, place)) return true;
    } else if (end - start === this.#lengthBytes * 2) {
      if (writeHex(bytes, start, end, place) === this.#lengthBytes) return true;
    }
    const value = this.careful(bytes, start, end) as Uint8Array | undefined;
    if (value === undefined) return false;
    this.#values.set(value, place.at);
    return true;
  }

  protected override resize(capacity: number): void {
    const grown = new Uint8Array(capacity * this.#lengthBytes);
    grown.set(this.#values);
    this.#values = grown;
  }

  protected override take(): Pick<ParsedColumn, "values"> {
    return { values: cutTo(this.#values, this.length * this.#lengthBytes) };
  }
}

interface Place {
  readonly values: Uint8Array;
  readonly at: number;
}

/** Bytes written; -1 when the field is not an even number of bare hex digits. */
function writeHex(bytes: Uint8Array, start: number, end: number, place: Place): number {
  if (((end - start) & 1) !== 0) return -1;
  let to = place.at;
  for (let at = start; at < end; at += 2) {
    const high = HEX_VALUE[bytes[at] as number] as number;
    const low = HEX_VALUE[bytes[at + 1] as number] as number;
    if ((high | low) > 15) return -1;
    place.values[to++] = (high << 4) | low;
  }
  return to - place.at;
}

function writeUuid(bytes: Uint8Array, start: number, place: Place): boolean {
  for (const dash of UUID_DASHES) if (bytes[start + dash] !== DASH) return false;
  let to = place.at;
  for (let at = start; at < start + UUID_CHARS; at += 2) {
    if (bytes[at] === DASH) at++;
    const high = HEX_VALUE[bytes[at] as number] as number;
    const low = HEX_VALUE[bytes[at + 1] as number] as number;
    if ((high | low) > 15) return false;
    place.values[to++] = (high << 4) | low;
  }
  return true;
}
