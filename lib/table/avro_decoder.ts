/** Reads Avro container files through `avsc`. */
import { Buffer } from "node:buffer";
import avro from "avsc";
import { type AvroSchema, readSchema, SYNC_LENGTH_BYTES } from "./avro_schema.ts";

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

/**
 * Decodes a container file.
 *
 * @throws {Error} when the bytes are no Avro container file, or one that was cut off.
 */
export async function decodeBlocks(bytes: Uint8Array): Promise<AvroFile> {
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
