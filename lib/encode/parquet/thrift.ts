/**
 * Thrift's compact protocol (Apache Thrift, "Thrift Compact protocol encoding"), in which the footers
 * and page headers of Parquet files are written.
 */

/** Types of fields and of the elements of lists. */
export const THRIFT = {
  true: 1,
  false: 2,
  i32: 5,
  i64: 6,
  binary: 8,
  list: 9,
  struct: 12,
} as const;

/** Field ids so little above the last one stand in one byte with the type. */
const SHORT_STEP_MAX = 15;
/** Lists of fewer elements have their length in one byte with the type. */
const LONG_LIST = 15;
/** A number takes this many bytes at most. */
const VARINT_BYTES_MAX = 10;
const STOP = 0;

const encoder = new TextEncoder();

/** Writes one struct after the other, field by field; the caller knows the ids and their order. */
export class ThriftWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;
  /** Id of the last field of the struct that is being written. */
  #last = 0;
  /** The same of the structs around it. */
  readonly #outer: number[] = [];

  /**
   * Writes nothing yet.
   *
   * @param room bytes to begin with; more are taken when they are needed.
   */
  constructor(room: number) {
    this.#bytes = new Uint8Array(room);
  }

  /** Bytes so far. */
  get length(): number {
    return this.#length;
  }

  /** All so far: a view, of use until the next write. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Forgets all that was written. */
  clear(): void {
    this.#length = 0;
  }

  /** Bytes as they are. */
  append(bytes: Uint8Array): void {
    this.#make(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Begins a struct that is no field: the outermost one, or an element of a list. */
  begin(): void {
    this.#outer.push(this.#last);
    this.#last = 0;
  }

  /** Begins a struct that is a field. */
  beginField(id: number): void {
    this.#field(id, THRIFT.struct);
    this.begin();
  }

  /** Ends what was begun last. */
  end(): void {
    this.#byte(STOP);
    this.#last = this.#outer.pop()!;
  }

  /** A struct without fields. */
  empty(id: number): void {
    this.beginField(id);
    this.end();
  }

  /** A 32-bit field. */
  i32(id: number, value: number): void {
    this.#field(id, THRIFT.i32);
    this.number(value);
  }

  /** A 64-bit field. */
  i64(id: number, value: bigint): void {
    this.#field(id, THRIFT.i64);
    this.bigint(value);
  }

  /** A field that is true or false. */
  boolean(id: number, value: boolean): void {
    this.#field(id, value ? THRIFT.true : THRIFT.false);
  }

  /** A field of text or bytes. */
  binary(id: number, value: string | Uint8Array): void {
    this.#field(id, THRIFT.binary);
    this.bytesElement(value);
  }

  /** A list that is a field; its elements follow. */
  list(id: number, type: number, length: number): void {
    this.#field(id, THRIFT.list);
    if (length < LONG_LIST) {
      this.#byte(length << 4 | type);
    } else {
      this.#byte(LONG_LIST << 4 | type);
      this.#varint(length);
    }
  }

  /** An element of a list of 32-bit numbers. */
  number(value: number): void {
    this.#varint(((value << 1) ^ (value >> 31)) >>> 0);
  }

  /** An element of a list of 64-bit numbers. */
  bigint(value: bigint): void {
    let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
    if (rest <= 0x7fff_ffffn) return this.#varint(Number(rest));
    this.#make(VARINT_BYTES_MAX);
    for (; rest >= 0x80n; rest >>= 7n) {
      this.#bytes[this.#length++] = Number(rest & 0x7fn) | 0x80;
    }
    this.#bytes[this.#length++] = Number(rest);
  }

  /** An element of a list of texts or bytes. */
  bytesElement(value: string | Uint8Array): void {
    const bytes = typeof value === "string" ? encoder.encode(value) : value;
    this.#varint(bytes.length);
    this.append(bytes);
  }

  /** An element of a list of booleans. */
  booleanElement(value: boolean): void {
    this.#byte(value ? THRIFT.true : STOP);
  }

  #field(id: number, type: number): void {
    const step = id - this.#last;
    if (step <= SHORT_STEP_MAX) {
      this.#byte(step << 4 | type);
    } else {
      this.#byte(type);
      this.number(id);
    }
    this.#last = id;
  }

  /** @param value not negative, of 32 bits at most. */
  #varint(value: number): void {
    this.#make(VARINT_BYTES_MAX);
    let rest = value;
    for (; rest >= 0x80; rest >>>= 7) this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
    this.#bytes[this.#length++] = rest;
  }

  #byte(value: number): void {
    this.#make(1);
    this.#bytes[this.#length++] = value;
  }

  #make(room: number): void {
    if (this.#length + room <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#length + room, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}
