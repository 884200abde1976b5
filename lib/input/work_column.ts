/** A parsed column that lies in a kernels' memory. */
import type { PrimitiveType } from "../table/types.ts";
import type { ParsedColumn } from "./columns.ts";
import type { WorkMemory } from "./work_memory.ts";

/** Where a column lies. */
export interface ColumnPlace {
  /** Of its target. */
  readonly name: string;
  /** Says what the values are, as for a {@link ParsedColumn}. */
  readonly type: PrimitiveType;
  /** Rows, nulls counted in. */
  readonly length: number;
  /** Rows that are null. */
  readonly nullCount: number;
  /** What the addresses are of. */
  readonly memory: WorkMemory;
  /** Address of the values. */
  readonly valuesAt: number;
  /** Bytes of all values. */
  readonly valuesBytes: number;
  /** Address of the validity bitmap. */
  readonly validityAt: number;
  /** Address of the offsets; undefined when the type has none. */
  readonly offsetsAt: number | undefined;
}

/**
 * A column whose arrays are views on a {@link WorkMemory}: as it is when one asks for them, so they
 * must be asked for again after memory was allocated. It ends with the memory's next reset.
 */
export class WorkColumn implements ParsedColumn {
  /** Of its target. */
  readonly name: string;
  /** Says which array {@link values} is. */
  readonly type: PrimitiveType;
  /** Rows, nulls counted in. */
  readonly length: number;
  /** Rows that are null. */
  readonly nullCount: number;
  readonly #place: ColumnPlace;

  /** Allocates and copies nothing. */
  constructor(place: ColumnPlace) {
    this.name = place.name;
    this.type = place.type;
    this.length = place.length;
    this.nullCount = place.nullCount;
    this.#place = place;
  }

  /** A fresh view each time. */
  get values(): ParsedColumn["values"] {
    return valuesAt(this.#place);
  }

  /** A fresh view each time; undefined when nothing is null. */
  get validity(): Uint8Array | undefined {
    if (this.nullCount === 0) return undefined;
    const { memory: { buffer }, validityAt } = this.#place;
    return new Uint8Array(buffer, validityAt, (this.length + 7) >> 3);
  }

  /** A fresh view each time; undefined unless the type is string or binary. */
  get offsets(): Int32Array | undefined {
    const { memory: { buffer }, offsetsAt } = this.#place;
    return offsetsAt === undefined ? undefined : new Int32Array(buffer, offsetsAt, this.length + 1);
  }
}

/** The values of a type, in the array that {@link ParsedColumn} says. */
function valuesAt(place: ColumnPlace): ParsedColumn["values"] {
  const { memory: { buffer }, valuesAt: at, valuesBytes: bytes } = place;
  switch (place.type.kind) {
    case "int":
    case "date":
      return new Int32Array(buffer, at, bytes / 4);
    case "float":
      return new Float32Array(buffer, at, bytes / 4);
    case "double":
      return new Float64Array(buffer, at, bytes / 8);
    case "decimal":
      return new Uint32Array(buffer, at, bytes / 4);
    case "boolean":
    case "string":
    case "binary":
    case "uuid":
    case "fixed":
      return new Uint8Array(buffer, at, bytes);
    default:
      return new BigInt64Array(buffer, at, bytes / 8);
  }
}

/** The same column with arrays of its own. */
export function ownColumn(column: ParsedColumn): ParsedColumn {
  const { name, type, length, nullCount, values, validity, offsets } = column;
  return {
    name,
    type,
    length,
    nullCount,
    validity: validity?.slice(),
    values: values.slice(),
    ...(offsets === undefined ? {} : { offsets: offsets.slice() }),
  };
}
