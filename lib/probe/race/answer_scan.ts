/**
 * Takes the few facts that a racing writer needs out of a table's metadata without parsing all of
 * it: an answer of many snapshots may be a megabyte, and parsing it would be what is measured.
 */
import { parseJson } from "../../table/json.ts";
import type { SnapshotJson } from "../../table/metadata.ts";
import type { AnswerRecord } from "../history.ts";

/** A table as an answer shows it. */
export interface TableView {
  /** `table-uuid`. */
  readonly uuid: string;
  /** Of the current metadata file; null when the answer names none. */
  readonly metadataLocation: string | null;
  /** Head of main. */
  readonly head: bigint | undefined;
  /** The head's own object, where the answer has it. */
  readonly headSnapshot: SnapshotJson | undefined;
  /** 0 where the metadata has none. */
  readonly lastSequenceNumber: bigint;
  /** `last-updated-ms`, in ms since 1970. */
  readonly lastUpdatedMs: number;
  /** 0 where the metadata has none. */
  readonly currentSchemaId: number;
}

/**
 * Reads the text of a `LoadTableResult` or of an answer to a commit.
 *
 * @returns undefined when it holds no table metadata.
 */
export function scanTable(text: string): TableView | undefined {
  const uuid = capture(text, /"table-uuid"\s*:\s*"([^"\\]+)"/);
  const lastUpdatedMs = capture(text, /"last-updated-ms"\s*:\s*(\d+)/);
  if (uuid === undefined || lastUpdatedMs === undefined) return undefined;
  const location = capture(text, /"metadata-location"\s*:\s*"((?:[^"\\]|\\.)*)"/);
  const head = readHead(text);
  return {
    uuid: ownText(uuid),
    metadataLocation: location === undefined ? null : ownText(location),
    head,
    headSnapshot: head === undefined ? undefined : snapshotObject(text, String(head)),
    lastSequenceNumber: BigInt(capture(text, /"last-sequence-number"\s*:\s*(\d+)/) ?? "0"),
    lastUpdatedMs: Number(lastUpdatedMs),
    currentSchemaId: Number(capture(text, /"current-schema-id"\s*:\s*(-?\d+)/) ?? "0"),
  };
}

/** What the history keeps of an answer. */
export function answerRecord(view: TableView, table: string): AnswerRecord {
  const parent = view.headSnapshot?.["parent-snapshot-id"];
  return {
    table,
    table_uuid: view.uuid,
    head: view.head === undefined ? null : String(view.head),
    head_parent: parent === undefined || parent === null ? null : String(parent),
    last_sequence_number: Number(view.lastSequenceNumber),
    metadata_location: view.metadataLocation,
  };
}

/**
 * A piece of JSON text, unescaped. A piece as it is cut out keeps the whole answer in memory, and the
 * history keeps the pieces of all answers.
 */
function ownText(raw: string): string {
  return JSON.parse(`"${raw}"`);
}

function capture(text: string, pattern: RegExp): string | undefined {
  return pattern.exec(text)?.[1];
}

function readHead(text: string): bigint | undefined {
  const main = capture(text, /"main"\s*:\s*\{[^{}]*?"snapshot-id"\s*:\s*(\d+)/);
  const id = main ?? capture(text, /"current-snapshot-id"\s*:\s*(\d+)/);
  return id === undefined ? undefined : BigInt(id);
}

/** The object of a snapshot: of those that name its id, the one with a manifest list. */
function snapshotObject(text: string, id: string): SnapshotJson | undefined {
  for (let at = text.indexOf(id); at !== -1; at = text.indexOf(id, at + id.length)) {
    if (!/"snapshot-id"\s*:\s*$/.test(text.slice(Math.max(0, at - 40), at))) continue;
    if (/[0-9]/.test(text.charAt(at + id.length))) continue;
    const start = openingBrace(text, at);
    const end = start === undefined ? undefined : closingBrace(text, start);
    if (start === undefined || end === undefined) continue;
    const object = text.slice(start, end);
    if (object.includes('"manifest-list"')) return tryParse(object);
  }
  return undefined;
}

/** A text that holds a brace may have led to the wrong end. */
function tryParse(object: string): SnapshotJson | undefined {
  try {
    return parseJson(object) as unknown as SnapshotJson;
  } catch {
    return undefined;
  }
}

/** Objects before `at` within the same one are skipped. Texts with a brace are not thought of. */
function openingBrace(text: string, at: number): number | undefined {
  let depth = 0;
  for (let index = at; index >= 0; index--) {
    const character = text.charCodeAt(index);
    if (character === CLOSING) depth++;
    if (character === OPENING && depth-- === 0) return index;
  }
  return undefined;
}

function closingBrace(text: string, start: number): number | undefined {
  let depth = 0;
  let inString = false;
  for (let index = start; index < text.length; index++) {
    const character = text.charCodeAt(index);
    if (inString) {
      if (character === BACKSLASH) index++;
      else if (character === QUOTE) inString = false;
    } else if (character === QUOTE) inString = true;
    else if (character === OPENING) depth++;
    else if (character === CLOSING && --depth === 0) return index + 1;
  }
  return undefined;
}

const OPENING = "{".charCodeAt(0);
const CLOSING = "}".charCodeAt(0);
const QUOTE = '"'.charCodeAt(0);
const BACKSLASH = "\\".charCodeAt(0);
