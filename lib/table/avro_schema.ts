/** Avro's schemas, compiled by `avsc`. */
// Its types alone, which is all that a load into a new table needs: the rest of the package comes with
// streams, files and compression, and is loaded by the first that decodes.
// @ts-types="avsc"
import avro from "avsc/etc/browser/avsc-types.js";
import { decodeLong, encodeLong } from "./avro_long.ts";

/** An Avro schema as JSON, with Iceberg's `field-id` attributes. */
export type AvroSchema =
  | string
  | AvroSchema[]
  | { readonly [key: string]: unknown };

/** avsc reads longs as doubles unless told otherwise; snapshot ids need all 64 bits. */
const longType = avro.types.LongType.__with({
  fromBuffer: decodeLong,
  toBuffer: encodeLong,
  fromJSON: BigInt,
  toJSON: (value: bigint) => value.toString(),
  isValid: (value: unknown) => typeof value === "bigint",
  compare: (one: bigint, other: bigint) => one === other ? 0 : one < other ? -1 : 1,
}, true);

/** Compiling a schema costs more than encoding a hundred records; a handful of them is in use. */
const compiled = new Map<string, avro.Type>();
/** So many are kept. */
export const SCHEMAS_MAX = 32;

/**
 * Compiles a schema, or takes what was compiled before.
 *
 * @param text the schema as JSON.
 * @throws {Error} when it is no Avro schema.
 */
export function readSchema(schema: AvroSchema, text: string = JSON.stringify(schema)): avro.Type {
  let type = compiled.get(text);
  if (type === undefined) {
    // The registry of named types is written to meanwhile, so each gets its own.
    type = avro.Type.forSchema(schema as avro.Schema, {
      registry: { long: longType },
      wrapUnions: false,
    });
    if (compiled.size >= SCHEMAS_MAX) compiled.clear();
    compiled.set(text, type);
  }
  return type;
}

/** The key/values in the header of a container file. */
export const HEADER_TYPE: avro.Type = avro.Type.forSchema({ type: "map", values: "bytes" });

/** Length of the marker behind the header of a container file and behind each of its blocks. */
export const SYNC_LENGTH_BYTES = 16;
