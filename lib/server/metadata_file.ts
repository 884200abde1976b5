/** Metadata files as text, and a small memory of those read or written last. */
import { parseJson, stringifyJson } from "../table/json.ts";
import type { TableMetadata } from "../table/metadata.ts";
import { MetadataError } from "../table/metadata_error.ts";
import { asArray, asInt, asObject, asString, asTimeMs, field } from "../table/shape.ts";
import { checkSchema, FORMAT_VERSION_MAX } from "../table/schema_rules.ts";

/** Metadata with its text, so that an answer need not write it again. */
export interface MetadataFile {
  readonly metadata: TableMetadata;
  readonly text: string;
}

/** These grow with every commit, while their entries never change. */
const LONG_LISTS = ["snapshots", "snapshot-log", "metadata-log"] as const;
const entryTexts = new WeakMap<object, string>();

/**
 * Metadata as JSON. The text of each snapshot and log entry is remembered, so that a commit does not
 * write the whole history of its table anew.
 */
export function metadataText(metadata: TableMetadata): string {
  const head: Record<string, unknown> = metadata["format-version"] === 1
    ? withV1Fields(metadata)
    : { ...metadata };
  let tail = "";
  for (const key of LONG_LISTS) {
    delete head[key];
    const entries = metadata[key];
    if (entries === undefined) continue;
    tail += `,${JSON.stringify(key)}:[${entries.map(entryText).join(",")}]`;
  }
  return `${stringifyJson(head).slice(0, -1)}${tail}}`;
}

function entryText(entry: object): string {
  let text = entryTexts.get(entry);
  if (text === undefined) {
    text = stringifyJson(entry);
    entryTexts.set(entry, text);
  }
  return text;
}

/** Readers of format version 1 look for these two, which later versions do not have. */
function withV1Fields(metadata: TableMetadata): Record<string, unknown> {
  const schema = metadata.schemas.find((known) =>
    known["schema-id"] === metadata["current-schema-id"]
  );
  const spec = metadata["partition-specs"].find((known) =>
    known["spec-id"] === metadata["default-spec-id"]
  );
  return { ...metadata, schema, "partition-spec": spec?.fields ?? [] };
}

/**
 * Reads metadata that some writer has made. What format version 1 leaves out is filled in.
 *
 * @throws {MetadataError} when it is no table metadata of a known format version.
 */
export function readMetadataText(text: string): TableMetadata {
  let json;
  try {
    json = parseJson(text);
  } catch {
    throw new MetadataError("Cannot read the metadata file: it is no JSON");
  }
  const { schema, "partition-spec": spec, ...object } = asObject(json, "the metadata file");
  const version = asInt(field(object, "format-version"), `"format-version"`, 1);
  if (version > FORMAT_VERSION_MAX) {
    throw new MetadataError(
      `Unsupported format version: v${version} (supported: v${FORMAT_VERSION_MAX})`,
    );
  }
  asString(field(object, "location"), `"location"`);
  asTimeMs(field(object, "last-updated-ms"), `"last-updated-ms"`);
  asInt(field(object, "last-column-id"), `"last-column-id"`);
  if (version === 1) {
    object["table-uuid"] ??= crypto.randomUUID();
    object["schemas"] ??= [{ "schema-id": 0, ...asObject(schema, `"schema"`) }];
    object["current-schema-id"] ??= 0;
    object["partition-specs"] ??= [{ "spec-id": 0, fields: asArray(spec ?? [], "the spec") }];
    object["default-spec-id"] ??= 0;
  }
  asString(field(object, "table-uuid"), `"table-uuid"`);
  asInt(field(object, "current-schema-id"), `"current-schema-id"`);
  asInt(field(object, "default-spec-id"), `"default-spec-id"`);
  for (const item of asArray(field(object, "schemas"), `"schemas"`)) checkSchema(item, version);
  for (const key of ["partition-specs", ...LONG_LISTS, "sort-orders"]) {
    const list = field(object, key);
    if (list === undefined && key !== "partition-specs") continue;
    for (const item of asArray(list, `"${key}"`)) asObject(item, `an entry of "${key}"`);
  }
  asObject(object["refs"] ??= {}, `"refs"`);
  asObject(object["properties"] ??= {}, `"properties"`);
  object["sort-orders"] ??= [{ "order-id": 0, fields: [] }];
  object["default-sort-order-id"] ??= 0;
  object["last-partition-id"] ??= 999;
  return object as unknown as TableMetadata;
}

/** Bytes of a metadata file as text, unpacked when they are gzip. */
export async function decodeMetadataBytes(bytes: Uint8Array): Promise<string> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return new TextDecoder().decode(bytes);
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
  return await new Response(stream.pipeThrough(new DecompressionStream("gzip"))).text();
}

/** The name of the metadata file that follows one: the number is the version, from 0. */
export function nextMetadataName(previous?: string): string {
  const number = previous === undefined
    ? -1
    : Number(/(?:^|\/)v?(\d{1,12})[^/]*$/.exec(previous)?.[1] ?? -1);
  return `${String(number + 1).padStart(5, "0")}-${crypto.randomUUID()}.metadata.json`;
}

/** Keeps the metadata files used last, by location. Files never change, so none goes stale. */
export class MetadataCache {
  readonly #files = new Map<string, MetadataFile>();
  readonly #lengthMax: number;
  #length = 0;

  /** @param lengthMax characters of metadata text to keep, all files together. */
  constructor(lengthMax: number) {
    this.#lengthMax = lengthMax;
  }

  /** The file, when it is kept. */
  get(location: string): MetadataFile | undefined {
    const file = this.#files.get(location);
    if (file !== undefined) {
      this.#files.delete(location);
      this.#files.set(location, file);
    }
    return file;
  }

  /** Keeps a file, and lets go of those not used for longest. */
  set(location: string, file: MetadataFile): void {
    this.delete(location);
    this.#files.set(location, file);
    this.#length += file.text.length;
    for (const oldest of this.#files.keys()) {
      if (this.#length <= this.#lengthMax) return;
      this.delete(oldest);
    }
  }

  /** Lets go of a file. */
  delete(location: string): void {
    this.#length -= this.#files.get(location)?.text.length ?? 0;
    this.#files.delete(location);
  }
}
