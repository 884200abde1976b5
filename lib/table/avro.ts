/** Avro container files in memory (Avro 1.11 "Object Container Files"), through `avsc`. */
import { Buffer } from "node:buffer";
import avro from "avsc";

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
  readonly records: Record<string, unknown>[];
}

interface Header {
  readonly meta: Readonly<Record<string, Buffer>>;
  readonly sync: Buffer;
}

/** avsc reads longs as doubles unless told otherwise; snapshot ids need all 64 bits. */
const longType = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: (value: bigint) => value.toString(),
  isValid: (value: unknown) => typeof value === "bigint",
  compare: (one: bigint, other: bigint) => one === other ? 0 : one < other ? -1 : 1,
});

/** Reads a schema; the registry of named types is written to meanwhile, so each gets its own. */
function readSchema(schema: AvroSchema): avro.Type {
  return avro.Type.forSchema(schema as avro.Schema, {
    registry: { long: longType },
    wrapUnions: false,
  });
}

const MAGIC = Buffer.from("Obj\x01", "latin1");
const SYNC_LENGTH_BYTES = 16;
const HEADER_MAP = avro.Type.forSchema({ type: "map", values: "bytes" });
const CODEC = "deflate";

/**
 * Encodes records as a container file, deflated.
 *
 * @param options.metadata key/values of the header beside Avro's own.
 * @throws {Error} when a record does not fit the schema.
 */
export async function encodeAvro(
  records: readonly Record<string, unknown>[],
  options: { readonly schema: AvroSchema; readonly metadata: Readonly<Record<string, string>> },
): Promise<Uint8Array> {
  const syncMarker = Buffer.from(crypto.getRandomValues(new Uint8Array(SYNC_LENGTH_BYTES)));
  // The header is written here: avsc would write its own reading of the schema, without field ids.
  const header = {
    ...options.metadata,
    "avro.schema": JSON.stringify(options.schema),
    "avro.codec": CODEC,
  };
  const headerBytes = HEADER_MAP.toBuffer(
    Object.fromEntries(Object.entries(header).map(([key, text]) => [key, Buffer.from(text)])),
  );
  const encoder = new avro.streams.BlockEncoder(
    readSchema(options.schema),
    {
      codec: CODEC,
      writeHeader: false,
      syncMarker,
    } as ConstructorParameters<typeof avro.streams.BlockEncoder>[1],
  );
  const parts: Uint8Array[] = [MAGIC, headerBytes, syncMarker];
  const done = new Promise<void>((resolve, reject) => {
    encoder.on("data", (part: Uint8Array) => parts.push(part));
    encoder.on("end", resolve);
    encoder.on("error", reject);
  });
  for (const record of records) encoder.write(record);
  encoder.end();
  await done;
  return new Uint8Array(Buffer.concat(parts));
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
