/**
 * Table metadata as the bytes of its JSON. Snapshots and logs grow with every commit while their
 * entries never change, so the bytes of each such list are kept and added to: a commit does not write
 * the whole history of its table anew.
 */
import { stringifyJson } from "../table/json.ts";
import type { TableMetadata } from "../table/metadata.ts";

const LONG_LISTS = ["snapshots", "snapshot-log", "metadata-log"] as const;
const BUFFER_BYTES_MIN = 1024;
/** UTF-8 bytes that a UTF-16 unit takes at most. */
const UNIT_BYTES_MAX = 3;

const encoder = new TextEncoder();
/** By the list's first entry, so that they go when the metadata goes. */
const lists = new WeakMap<object, EntryBytes>();

/** The metadata's JSON in UTF-8, in a buffer of its own. */
export function metadataBytes(metadata: TableMetadata): Uint8Array<ArrayBuffer> {
  const head: Record<string, unknown> = metadata["format-version"] === 1
    ? withV1Fields(metadata)
    : { ...metadata };
  const parts: Uint8Array[] = [];
  for (const key of LONG_LISTS) {
    delete head[key];
    const entries = metadata[key];
    if (entries === undefined) continue;
    parts.push(
      encoder.encode(`,${JSON.stringify(key)}:[`),
      listBytes(entries),
      encoder.encode("]"),
    );
  }
  const headText = stringifyJson(head).slice(0, -1);
  return joinBytes([encoder.encode(headText), ...parts, encoder.encode("}")]);
}

/** Pieces one after the other, in a buffer of their own. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function listBytes(entries: readonly object[]): Uint8Array {
  const first = entries[0];
  if (first === undefined) return new Uint8Array();
  let list = lists.get(first);
  if (list === undefined) lists.set(first, list = new EntryBytes());
  return list.bytesOf(entries);
}

/** The bytes of a list's entries, as far as the list is the one of last time. */
class EntryBytes {
  readonly #entries: object[] = [];
  /** Where each entry ends in the buffer. */
  readonly #ends: number[] = [];
  #buffer = new Uint8Array(BUFFER_BYTES_MIN);

  /** The entries' JSON, with commas between them. It stands until the next call. */
  bytesOf(entries: readonly object[]): Uint8Array {
    const known = this.#entries;
    let same = 0;
    while (same < entries.length && same < known.length && entries[same] === known[same]) same += 1;
    known.length = same;
    this.#ends.length = same;
    let end = this.#ends.at(-1) ?? 0;
    for (const entry of entries.slice(same)) {
      const text = (known.length === 0 ? "" : ",") + stringifyJson(entry);
      this.#reserve(end, text.length * UNIT_BYTES_MAX);
      end += encoder.encodeInto(text, this.#buffer.subarray(end)).written;
      known.push(entry);
      this.#ends.push(end);
    }
    return this.#buffer.subarray(0, end);
  }

  #reserve(used: number, more: number): void {
    if (used + more <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(used + more, this.#buffer.length * 2));
    larger.set(this.#buffer.subarray(0, used));
    this.#buffer = larger;
  }
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
