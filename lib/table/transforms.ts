/** The transforms of partition and sort fields, and the types that each takes (table spec, "Partition Transforms"). */
import type { TypeJson } from "./metadata.ts";
import { parsePrimitiveType } from "./types.ts";

const PLAIN = /^(?:identity|void|year|month|day|hour)$/;
const WITH_WIDTH = /^(bucket|truncate)\[([1-9]\d{0,9})\]$/;
const WIDTH_MAX = 2 ** 31 - 1;

const TIMESTAMPS = ["timestamp", "timestamptz", "timestamp_ns", "timestamptz_ns"];
/** Kinds of source by transform; the identity and the void take almost everything. */
const SOURCES: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ["year", new Set(["date", ...TIMESTAMPS])],
  ["month", new Set(["date", ...TIMESTAMPS])],
  ["day", new Set(["date", ...TIMESTAMPS])],
  ["hour", new Set(TIMESTAMPS)],
  ["truncate", new Set(["int", "long", "decimal", "string", "binary"])],
  [
    "bucket",
    new Set([
      "int",
      "long",
      "decimal",
      "date",
      "time",
      ...TIMESTAMPS,
      "string",
      "uuid",
      "fixed",
      "binary",
    ]),
  ],
]);

/** Whether the text is a transform of the table spec. */
export function isTransform(text: string): boolean {
  const width = WITH_WIDTH.exec(text)?.[2];
  return width === undefined ? PLAIN.test(text) : Number(width) <= WIDTH_MAX;
}

/** Whether a transform of the table spec can be made of values of a type. */
export function takesSource(transform: string, type: TypeJson): boolean {
  if (transform === "void") return true;
  if (typeof type !== "string" || /^(?:variant|geometry|geography)\b/.test(type)) return false;
  const sources = SOURCES.get(WITH_WIDTH.exec(transform)?.[1] ?? transform);
  return sources === undefined || sources.has(parsePrimitiveType(type)?.kind ?? type);
}
