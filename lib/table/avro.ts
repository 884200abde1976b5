/** Avro container files in memory (Avro 1.11 "Object Container Files"), through `avsc`. */
import { Buffer } from "node:buffer";
import { deflateRawSync } from "node:zlib";
import avro from "avsc";
import { decodeLong, encodeLong } from "./avro_long.ts";

/** An Avro schema as JSON, with Iceberg's `field-id` attributes. */
export type AvroSchema =
  | string
  | AvroSchema[]
  | { readonly [key: string]: unknown };

/** An Avro container file, decoded. Longs are `bigint`. */
export interface AvroFile {
  /** The schema it was written with. */
  readonly schema: AvroSchema;
  /** The header's other key/values, as text. */
  readonly metadata: ReadonlyMap<string, string>;
  /** In the order of the file; bytes are `Buffer`, a union has its value unwrapped. */
  readonly records: Record<string, unknown>[];
}

interface Header {
  readonly meta: Readonly<Record<string, Buffer>>;
  readonly sync: Buffer;
}

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
const COMPILED_MAX = 32;

/** Reads a schema; the registry of named types is written to meanwhile, so each gets its own. */
function readSchema(schema: AvroSchema, text = JSON.stringify(schema)): avro.Type {
  let type = compiled.get(text);
  if (type === undefined) {
    type = avro.Type.forSchema(schema as avro.Schema, {
      registry: { long: longType },
      wrapUnions: false,
    });
    if (compiled.size >= COMPILED_MAX) compiled.clear();
    compiled.set(text, type);
  }
  return type;
}

const MAGIC = Buffer.from("Obj\x01", "latin1");
const SYNC_LENGTH_BYTES = 16;
const HEADER_MAP = avro.Type.forSchema({ type: "map", values: "bytes" });
const LONG = avro.Type.forSchema("long");
const CODEC = "deflate";
/** Raw bytes that a block is closed at. */
const BLOCK_BYTES = 65_536;

/** Records, encoded and deflated: a block of a container file without its sync marker. */
export interface AvroBlock {
  /** Count of records, length and deflated records, as the block stands in a file. */
  readonly bytes: Uint8Array;
}

/** Encodes records of one schema, block after block. */
export class AvroEncoder {
  /** The schema as the JSON that files bear in `avro.schema`, field ids included. */
  readonly schemaText: string;
  readonly #type: avro.Type;

  /**
   * Compiles the schema, or takes what an encoder before it has compiled.
   *
   * @throws {Error} when it is no Avro schema.
   */
  constructor(schema: AvroSchema) {
    this.schemaText = JSON.stringify(schema);
    this.#type = readSchema(schema, this.schemaText);
  }

  /**
   * Encodes records as blocks of about {@linkcode BLOCK_BYTES} raw bytes each; no records, no blocks.
   *
   * @throws {Error} when a record does not fit the schema.
   */
  blocksOf(records: Iterable<Record<string, unknown>>): AvroBlock[] {
    const blocks: AvroBlock[] = [];
    let buffer = Buffer.allocUnsafe(BLOCK_BYTES);
    let [used, count] = [0, 0];
    const close = () => {
      if (count > 0) blocks.push(deflatedBlock(buffer.subarray(0, used), count));
      [used, count] = [0, 0];
    };
    for (const record of records) {
      let end = this.#type.encode(record, buffer, used);
      if (end < 0) {
        close();
        end = this.#type.encode(record, buffer, 0);
        if (end < 0) {
          // One record is longer than a block.
          buffer = Buffer.allocUnsafe(buffer.length - end);
          end = this.#type.encode(record, buffer, 0);
        }
      }
      used = end;
      count++;
    }
    close();
    return blocks;
  }

  /**
   * A container file of blocks.
   *
   * @param metadata key/values of the header beside Avro's own.
   */
  file(
    blocks: readonly AvroBlock[],
    metadata: Readonly<Record<string, string>>,
  ): Uint8Array<ArrayBuffer> {
    const syncMarker = Buffer.from(crypto.getRandomValues(new Uint8Array(SYNC_LENGTH_BYTES)));
    // The header is written here: avsc would write its own reading of the schema, without field ids.
    const header = { ...metadata, "avro.schema": this.schemaText, "avro.codec": CODEC };
    const headerBytes = HEADER_MAP.toBuffer(
      Object.fromEntries(Object.entries(header).map(([key, text]) => [key, Buffer.from(text)])),
    );
    const parts: Uint8Array[] = [MAGIC, headerBytes, syncMarker];
    for (const { bytes } of blocks) parts.push(bytes, syncMarker);
    return new Uint8Array(Buffer.concat(parts));
  }
}

function deflatedBlock(raw: Uint8Array, count: number): AvroBlock {
  const deflated = deflateRawSync(raw);
  return { bytes: Buffer.concat([LONG.toBuffer(count), LONG.toBuffer(deflated.length), deflated]) };
}

/**
 * Encodes records as a container file, deflated.
 *
 * @param options.metadata key/values of the header beside Avro's own.
 * @throws {Error} when a record does not fit the schema.
 */
export function encodeAvro(
  records: Iterable<Record<string, unknown>>,
  options: { readonly schema: AvroSchema; readonly metadata: Readonly<Record<string, string>> },
): Uint8Array<ArrayBuffer> {
  const encoder = new AvroEncoder(options.schema);
  return encoder.file(encoder.blocksOf(records), options.metadata);
}

/**
 * Decodes a container file written by anyone.
 *
 * @throws {Error} when the bytes are no Avro container file, or one that was cut off.
 */
export async function decodeAvro(bytes: Uint8Array): Promise<AvroFile> {
  const decoder = new avro.streams.BlockDecoder(
    {
      parseHook: (schema: AvroSchema) => readSchema(schema),
    } as ConstructorParameters<typeof avro.streams.BlockDecoder>[0],
  );
  const records: Record<string, unknown>[] = [];
  let header: Header | undefined;
  await new Promise<void>((resolve, reject) => {
    decoder.on("metadata", (_type: unknown, _codec: string, found: Header) => header = found);
    decoder.on("data", (record: Record<string, unknown>) => records.push(record));
    decoder.on("end", resolve);
    decoder.on("error", reject);
    decoder.end(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  });
  if (header === undefined) throw new Error("no Avro header");
  // avsc takes a file that ends within a block for a shorter one, and its last records get lost.
  if (!header.sync.equals(bytes.subarray(-SYNC_LENGTH_BYTES))) {
    throw new Error("the Avro file is cut off: it does not end with its sync marker");
  }
  const metadata = new Map(
    Object.entries(header.meta).map(([key, value]) => [key, value.toString()]),
  );
  const schema = JSON.parse(metadata.get("avro.schema") ?? "null") as AvroSchema;
  return { schema, metadata, records };
}
