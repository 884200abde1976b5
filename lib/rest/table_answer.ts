/**
 * Answers that hold table metadata. A table of ten thousand commits answers each further one with
 * megabytes of history, of which a writer needs the newest entries: only those are parsed.
 */
import { eachItem, eachMember, endOfValue } from "../table/json_members.ts";
import { type Json, parseJson, toBigInt } from "../table/json.ts";
import type { Int64, SnapshotJson, TableMetadata } from "../table/metadata.ts";

/** Which snapshots are wanted. */
export interface SnapshotChoice {
  /**
   * The ancestors of `main` back to this snapshot, and the snapshot itself: all of them when it is
   * undefined or not among them. Left out: no ancestors.
   */
  readonly mainBackTo?: bigint | undefined;
  /** These, wherever they are. */
  readonly ids?: readonly bigint[];
}

/** Nothing of these is needed to append, and they grow with every commit. */
const LOGS: ReadonlySet<string> = new Set(["snapshot-log", "metadata-log"]);

/** An answer to a load or to a commit, parsed as far as it is asked for. */
export class TableAnswer {
  /** The answer without metadata. */
  readonly rest: { readonly [key: string]: Json };
  readonly #text: string;
  readonly #metadata: TableMetadata;
  readonly #logs: string[] = [];
  readonly #snapshots = new Map<string, SnapshotPlace>();
  #hasSnapshots = false;

  /**
   * Parses an answer but for its snapshots and logs.
   *
   * @param text a `LoadTableResult` or `CommitTableResponse` of the REST spec.
   * @throws {SyntaxError} when it is no JSON object with an object of table metadata.
   */
  constructor(text: string) {
    this.#text = text;
    const outer: string[] = [];
    let inner: string[] | undefined;
    const end = eachMember(text, 0, (key, start) => {
      if (key === "metadata") {
        inner = [];
        return this.#readMetadata(start, inner);
      }
      return keepMember(text, outer, { key, start });
    });
    if (text.slice(end).trim() !== "") throw new SyntaxError("Cannot read JSON: more than a value");
    if (inner === undefined) throw new SyntaxError("Cannot read the answer: no table metadata");
    this.rest = parseJson(`{${outer.join(",")}}`) as { [key: string]: Json };
    this.#metadata = parseJson(`{${inner.join(",")}}`) as unknown as TableMetadata;
  }

  #readMetadata(at: number, members: string[]): number {
    const text = this.#text;
    return eachMember(text, at, (key, start) => {
      if (key === "snapshots" && text.charAt(start) === "[") {
        this.#hasSnapshots = true;
        return eachItem(text, start, (item) => this.#addSnapshot(item));
      }
      return keepMember(text, LOGS.has(key) ? this.#logs : members, { key, start });
    });
  }

  /**
   * The metadata with all snapshots.
   *
   * @param options.withLogs whether `snapshot-log` and `metadata-log` are wanted. @default {false}
   */
  whole(options: { readonly withLogs?: boolean } = {}): TableMetadata {
    const all = this.#with([...this.#snapshots.values()].map((place) => this.#parse(place)));
    if (options.withLogs !== true) return all;
    return { ...all, ...parseJson(`{${this.#logs.join(",")}}`) as Partial<TableMetadata> };
  }

  /** The metadata with the heads of its branches and tags, and the snapshots chosen; no logs. */
  part(choice: SnapshotChoice): TableMetadata {
    const { refs = {}, "current-snapshot-id": current } = this.#metadata;
    const main = idText((Object.hasOwn(refs, "main") ? refs.main : undefined)?.["snapshot-id"]) ??
      idText(current);
    const wanted = new Set<SnapshotPlace>();
    const add = (id: string | undefined): SnapshotPlace | undefined => {
      const place = id === undefined ? undefined : this.#snapshots.get(id);
      // One that has been seen ends a circle in damaged metadata.
      if (place === undefined || wanted.has(place)) return undefined;
      wanted.add(place);
      return place;
    };
    if ("mainBackTo" in choice) {
      const last = idText(choice.mainBackTo);
      for (let at = add(main); at !== undefined && at.id !== last;) at = add(at.parentId);
    }
    for (const ref of Object.values(refs)) add(idText(ref?.["snapshot-id"]));
    add(main);
    for (const id of choice.ids ?? []) add(String(id));
    const inOrder = [...wanted].sort((one, other) => one.start - other.start);
    return this.#with(inOrder.map((place) => this.#parse(place)));
  }

  #with(snapshots: SnapshotJson[]): TableMetadata {
    return this.#hasSnapshots ? { ...this.#metadata, snapshots } : this.#metadata;
  }

  #addSnapshot(at: number): number {
    const text = this.#text;
    let [id, parentId]: [string | undefined, string | undefined] = [undefined, undefined];
    const end = eachMember(text, at, (key, start) => {
      const valueEnd = endOfValue(text, start);
      if (key === "snapshot-id") id = text.slice(start, valueEnd);
      else if (key === "parent-snapshot-id") parentId = text.slice(start, valueEnd);
      return valueEnd;
    });
    if (id === undefined) throw new SyntaxError("Cannot read the answer: a snapshot without an id");
    this.#snapshots.set(id, { start: at, end, id, parentId });
    return end;
  }

  /** As `parseJson` would, but without its reviver where only the two ids are too long for doubles. */
  #parse(place: SnapshotPlace): SnapshotJson {
    const text = this.#text.slice(place.start, place.end);
    const snapshot = JSON.parse(text) as Record<string, unknown>;
    const sources: Record<string, string | undefined> = {
      "snapshot-id": place.id,
      "parent-snapshot-id": place.parentId,
    };
    for (const [key, value] of Object.entries(snapshot)) {
      if (holdsNoLong(value)) continue;
      const source = sources[key];
      if (source === undefined || !INTEGER.test(source)) {
        return parseJson(text) as unknown as SnapshotJson;
      }
      snapshot[key] = BigInt(source);
    }
    return snapshot as unknown as SnapshotJson;
  }
}

/** Whether a value, parsed without care, is whole: a summary's values are strings. */
function holdsNoLong(value: unknown): boolean {
  if (typeof value === "number") return Number.isSafeInteger(value);
  if (typeof value !== "object" || value === null) return true;
  return Object.values(value).every((item) => typeof item === "string");
}

/** Where a snapshot stands in the text. */
interface SnapshotPlace {
  readonly start: number;
  readonly end: number;
  /** As it stands in the text. */
  readonly id: string;
  readonly parentId: string | undefined;
}

const INTEGER = /^-?\d+$/;

/**
 * Reads an answer.
 *
 * @returns undefined when it holds no table metadata.
 */
export function readTableAnswer(text: string): TableAnswer | undefined {
  try {
    return new TableAnswer(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function idText(id: Int64 | null | undefined): string | undefined {
  return typeof id === "number" || typeof id === "bigint" ? String(toBigInt(id)) : undefined;
}

/** Adds the text of a member. @returns where it ends. */
function keepMember(
  text: string,
  members: string[],
  of: { readonly key: string; readonly start: number },
): number {
  const end = endOfValue(text, of.start);
  members.push(`${JSON.stringify(of.key)}:${text.slice(of.start, end)}`);
  return end;
}
