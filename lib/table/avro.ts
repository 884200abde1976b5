/** Avro container files in memory (Avro 1.11 "Object Container Files"), through `avsc`. */
import { Buffer } from "node:buffer";
import type { Type } from "avsc";
import type { AvroFile } from "./avro_decoder.ts";
import { encodeLong } from "./avro_long.ts";
import {
  type AvroSchema,
  HEADER_TYPE,
  readSchema,
  SCHEMAS_MAX,
  SYNC_LENGTH_BYTES,
} from "./avro_schema.ts";

export type { AvroFile, AvroSchema };

const MAGIC = Buffer.from("Obj\x01", "latin1");
/** Raw bytes that a block is closed at. */
const BLOCK_BYTES = 65_536;
/** A file of no more raw bytes than this is not compressed: that takes longer than it spares. */
const PLAIN_BYTES_MAX = 16_384;

/** Where records are encoded before their block is cut out of it. */
const scratch = Buffer.alloc(BLOCK_BYTES);

/** A block of a container file without its sync marker. */
export class AvroBlock {
  /** Records in it. */
  readonly count: number;
  /** Length of the records, encoded. */
  readonly rawBytes: number;
  readonly #raw: Uint8Array | undefined;
  /** The next file often has the block again. */
  #deflated: Uint8Array | undefined;

  /**
   * Takes what is needed of some records.
   *
   * @param raw they, encoded; a copy is made.
   */
  constructor(raw: Uint8Array, count: number) {
    this.count = count;
    this.rawBytes = raw.length;
    // By itself it makes its file one that is deflated.
    if (raw.length > PLAIN_BYTES_MAX) this.#deflated = deflate(raw);
    else this.#raw = new Uint8Array(raw);
  }

  /** As it stands in a file; a block of more than {@linkcode PLAIN_BYTES_MAX} is never plain. */
  bytes(isPlain: boolean): Uint8Array {
    return isPlain ? this.#raw! : this.#deflated ??= deflate(this.#raw!);
  }
}

/** Encodes records of one schema, block after block. */
export class AvroEncoder {
  /** The schema as the JSON that files bear in `avro.schema`, field ids included. */
  readonly schemaText: string;
  readonly #type: Type;

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
    let buffer = scratch;
    let [used, count] = [0, 0];
    const close = () => {
      if (count > 0) blocks.push(new AvroBlock(buffer.subarray(0, used), count));
      [used, count] = [0, 0];
    };
    for (const record of records) {
      let end = this.#type.encode(record, buffer, used);
      if (end < 0) {
        close();
        end = this.#type.encode(record, buffer, 0);
        if (end < 0) {
          // One record is longer than a block.
          buffer = Buffer.alloc(buffer.length - end);
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
   * A container file of blocks, deflated when there is much in them.
   *
   * @param metadata key/values of the header beside Avro's own.
   */
  file(
    blocks: readonly AvroBlock[],
    metadata: Readonly<Record<string, string>>,
  ): Uint8Array<ArrayBuffer> {
    const syncMarker = Buffer.from(crypto.getRandomValues(new Uint8Array(SYNC_LENGTH_BYTES)));
    const isPlain = blocks.reduce((sum, { rawBytes }) => sum + rawBytes, 0) <= PLAIN_BYTES_MAX;
    const codec = isPlain ? "null" : "deflate";
    // The header is written here: avsc would write its own reading of the schema, without field ids.
    const header = { ...metadata, "avro.schema": this.schemaText, "avro.codec": codec };
    const headerBytes = HEADER_TYPE.toBuffer(
      Object.fromEntries(Object.entries(header).map(([key, text]) => [key, Buffer.from(text)])),
    );
    const parts: Uint8Array[] = [MAGIC, headerBytes, syncMarker];
    for (const block of blocks) {
      const bytes = block.bytes(isPlain);
      parts.push(longBytes(block.count), longBytes(bytes.length), bytes, syncMarker);
    }
    return new Uint8Array(Buffer.concat(parts));
  }
}

function deflate(raw: Uint8Array): Uint8Array {
  // Loaded by the few loads that need it.
  // deno-lint-ignore no-process-global
  return process.getBuiltinModule("node:zlib").deflateRawSync(raw);
}

/** A copy, since the next one is encoded in the same place. */
function longBytes(value: number): Uint8Array {
  return new Uint8Array(encodeLong(BigInt(value)));
}

/** A schema is taken for the same when it is the same object. */
const encoders = new Map<AvroSchema, AvroEncoder>();

/**
 * Encodes records as a container file.
 *
 * @param options.metadata key/values of the header beside Avro's own.
 * @throws {Error} when a record does not fit the schema.
 */
export function encodeAvro(
  records: Iterable<Record<string, unknown>>,
  options: { readonly schema: AvroSchema; readonly metadata: Readonly<Record<string, string>> },
): Uint8Array<ArrayBuffer> {
  const { schema } = options;
  let encoder = encoders.get(schema);
  if (encoder === undefined) {
    if (encoders.size >= SCHEMAS_MAX) encoders.clear();
    encoders.set(schema, encoder = new AvroEncoder(schema));
  }
  return encoder.file(encoder.blocksOf(records), options.metadata);
}

/**
 * Decodes a container file written by anyone.
 *
 * @throws {Error} when the bytes are no Avro container file, or one that was cut off.
 */
export async function decodeAvro(bytes: Uint8Array): Promise<AvroFile> {
  const { decodeBlocks } = await import("./avro_decoder.ts");
  return await decodeBlocks(bytes);
}
