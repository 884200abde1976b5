/** parquet-wasm's writer by itself: what an encoder of the same columns costs at least, without own code. */
import {
  Bool,
  type DataType,
  Field,
  Float64,
  Int64,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableToIPC,
  TimestampMicrosecond,
  Utf8,
} from "apache-arrow";
import {
  Compression,
  Table as WasmTable,
  writeParquet,
  WriterPropertiesBuilder,
} from "parquet-wasm";
import type { ParsedColumn } from "../lib/input/columns.ts";
import { parseChunk } from "../lib/input/parse.ts";
import type { RawChunk } from "../lib/input/split.ts";
import { parsePrimitiveType } from "../lib/table/types.ts";
import { DIALECT } from "./chunks_in_memory.ts";

const ARROW_TYPES: Readonly<Record<string, DataType>> = {
  long: new Int64(),
  double: new Float64(),
  boolean: new Bool(),
  timestamp: new TimestampMicrosecond(),
  string: new Utf8(),
};

/** Encodes chunks by parquet-wasm with its own defaults and zstd. */
export class BareEncoder {
  readonly #types: Readonly<Record<string, string>>;

  /** @param types Iceberg types by column, of those that generated rows have. */
  constructor(types: Readonly<Record<string, string>>) {
    this.#types = types;
  }

  /** @returns how long parquet-wasm's writer took for the chunk's columns, in ms. */
  encodeMs(chunk: RawChunk<ArrayBufferLike>): number {
    const targets = Object.entries(this.#types).map(([name, type], index) => ({
      name,
      index,
      type: parsePrimitiveType(type)!,
      required: false,
    }));
    const parsed = parseChunk(chunk.bytes, {
      dialect: DIALECT,
      columnCount: targets.length,
      targets,
      firstLine: chunk.firstLine,
      file: "benchmark",
      rows: chunk.rows,
    });
    const ipc = tableToIPC(new Table([recordBatch(parsed, chunk.rows)]), "stream");
    const table = WasmTable.fromIPCStream(ipc);
    const properties = new WriterPropertiesBuilder().setCompression(Compression.ZSTD).build();
    const startMs = performance.now();
    writeParquet(table, properties);
    return performance.now() - startMs;
  }
}

function recordBatch(parsed: readonly ParsedColumn[], rows: number): RecordBatch {
  const typeOf = (column: ParsedColumn) => ARROW_TYPES[column.type.kind]!;
  const fields = parsed.map((column) => new Field(column.name, typeOf(column), true));
  const children = parsed.map((column) => {
    // The types of makeData follow the class of `type`, which is only known at run time here.
    const props = {
      type: typeOf(column),
      length: column.length,
      nullCount: column.nullCount,
      nullBitmap: column.validity ?? null,
      data: column.values,
      ...(column.offsets === undefined ? {} : { valueOffsets: column.offsets }),
    };
    return makeData(props as unknown as Parameters<typeof makeData>[0]);
  });
  const struct = makeData({ type: new Struct(fields), length: rows, nullCount: 0, children });
  return new RecordBatch(new Schema(fields), struct);
}
