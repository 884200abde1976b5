/** Metadata files as bytes, and a small memory of those read or written last. */
import { type Json, parseJson } from "../table/json.ts";
import type { TableMetadata } from "../table/metadata.ts";
import { MetadataError } from "../table/metadata_error.ts";
import { readTableMetadata } from "../table/metadata_reader.ts";
import { field } from "../table/shape.ts";
import type { ViewMetadata } from "../table/view_metadata.ts";

/** Metadata with its JSON, so that an answer need not write it again. */
export interface MetadataFile {
  /** Sound; what format version 1 leaves out is filled in. */
  readonly metadata: TableMetadata;
  /** UTF-8, not packed. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Metadata of a view with its JSON. */
export interface ViewFile {
  /** Sound (view spec). */
  readonly metadata: ViewMetadata;
  /** UTF-8, not packed. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Reads metadata that some writer has made. What format version 1 leaves out is filled in.
 *
 * @throws {MetadataError} when it is no table metadata of a known format version, or no sound one.
 */
export function readMetadataText(text: string): TableMetadata {
  return readTableMetadata(parseMetadata(text));
}

/**
 * The JSON of a metadata file.
 *
 * @throws {MetadataError} when it is none.
 */
export function parseMetadata(text: string): Json {
  try {
    return parseJson(text);
  } catch {
    throw new MetadataError("Cannot read the metadata file: it is no JSON");
  }
}

/** Bytes of a metadata file as text, unpacked when they are gzip. */
export async function decodeMetadataBytes(bytes: Uint8Array): Promise<string> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return new TextDecoder().decode(bytes);
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
  return await new Response(stream.pipeThrough(new DecompressionStream("gzip"))).text();
}

/** What is written to a metadata file: its JSON, packed when its name says so. */
export async function packMetadata(
  bytes: Uint8Array<ArrayBuffer>,
  location: string,
): Promise<Uint8Array> {
  if (!location.endsWith(GZIP_SUFFIX)) return bytes;
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const SUFFIX = ".metadata.json";
/** Table spec, Appendix F: readers know a packed file by this name. */
const GZIP_SUFFIX = `.gz${SUFFIX}`;

/**
 * Where the next metadata file of a table goes: its number is the version, from 0. Table properties
 * choose the directory (`write.metadata.path`) and the packing (`write.metadata.compression-codec`).
 *
 * @param previous location of the file that it follows, if any.
 * @throws {MetadataError} for a codec other than `none` and `gzip`.
 */
export function nextMetadataLocation(
  metadata: Pick<TableMetadata, "location" | "properties">,
  previous?: string,
): string {
  const properties = metadata.properties ?? {};
  const directory = field(properties, "write.metadata.path")?.replace(/\/+$/, "") ??
    `${metadata.location}/metadata`;
  const codec = field(properties, "write.metadata.compression-codec")?.toLowerCase() ?? "none";
  if (codec !== "none" && codec !== "gzip") {
    throw new MetadataError(
      `Cannot write metadata with compression codec "${
        codec.slice(0, 100)
      }": neither none nor gzip`,
    );
  }
  const number = previous === undefined
    ? -1
    : Number(/(?:^|\/)v?(\d{1,12})[^/]*$/.exec(previous)?.[1] ?? -1);
  const suffix = codec === "gzip" ? GZIP_SUFFIX : SUFFIX;
  return `${directory}/${String(number + 1).padStart(5, "0")}-${crypto.randomUUID()}${suffix}`;
}

/** Keeps the metadata files used last, by location. Files never change, so none goes stale. */
export class MetadataCache<File extends { readonly bytes: Uint8Array } = MetadataFile> {
  readonly #files = new Map<string, File>();
  readonly #bytesMax: number;
  #bytes = 0;

  /**
   * Keeps nothing at first.
   *
   * @param bytesMax bytes of metadata to keep, all files together.
   */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The file, when it is kept. */
  get(location: string): File | undefined {
    const file = this.#files.get(location);
    if (file !== undefined) {
      this.#files.delete(location);
      this.#files.set(location, file);
    }
    return file;
  }

  /** Keeps a file, and lets go of those not used for longest. */
  set(location: string, file: File): void {
    this.delete(location);
    this.#files.set(location, file);
    this.#bytes += file.bytes.length;
    for (const oldest of this.#files.keys()) {
      if (this.#bytes <= this.#bytesMax) return;
      this.delete(oldest);
    }
  }

  /** Lets go of a file. */
  delete(location: string): void {
    this.#bytes -= this.#files.get(location)?.bytes.length ?? 0;
    this.#files.delete(location);
  }
}
