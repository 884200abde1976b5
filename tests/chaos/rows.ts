/** CSV files that are hard to read right, and the rows that they hold, known without a parser. */
import type { PrimitiveType } from "../../lib/table/types.ts";
import type { Draw } from "./draw.ts";

/** A row as plain values; `seen` is in microseconds since 1970. */
export interface Row {
  readonly id: bigint | null;
  readonly name: string | null;
  readonly amount: number | null;
  readonly active: boolean | null;
  readonly seen: bigint | null;
  readonly note: string | null;
}

/** A CSV file and its rows in order. */
export interface CsvFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly rows: readonly Row[];
  /** Whether texts are null where this file says `NULL`. */
  readonly hasNullTexts: boolean;
}

/** What stands for a null text, when it is not quoted. */
export const NULL_TEXT = "NULL";

/** The columns' types, so that no file's inference decides them. */
export const COLUMN_TYPES: ReadonlyMap<string, PrimitiveType> = new Map([
  ["id", { kind: "long" }],
  ["name", { kind: "string" }],
  ["amount", { kind: "double" }],
  ["active", { kind: "boolean" }],
  ["seen", { kind: "timestamp" }],
  ["note", { kind: "string" }],
]);

const TEXTS = [
  ...["", " ", "plain", "NULL", "null", "a,b", ";", "\t", "'", `"`, `""`, `say "hi", twice`],
  ...[
    "two\nlines",
    "two\r\nlines",
    "\n",
    "\r\n\r\n",
    `"\n",\n"`,
    'ends with a quote"',
    "\\",
    "\\N",
  ],
  ...[
    "Zoë Łukasz",
    "日本語の名前",
    "🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆",
    "e\u0301",
    "שלום",
    "\u{10FFFF}",
  ],
  ...["id,name,amount,active,seen,note", "0", "-1", "true", "2024-02-29", "NaN", " spaces stay "],
  "longer than the sixteen code points of a bound, and longer than a short string in the index",
];

const AMOUNTS = [0, -0.1, 1e-7, 1e21, -1.5e300, 5e-324, 0.1 + 0.2, 123456.789, Infinity, -Infinity];

/**
 * Draws a file.
 *
 * @param options.firstId ids count from here, so that two files of one table differ.
 * @param options.nullTexts whether texts may be null. @default {true}
 */
export function drawCsv(
  draw: Draw,
  options: { readonly rows: number; readonly firstId: number; readonly nullTexts?: boolean },
): CsvFile {
  const { nullTexts = true } = options;
  const lineEnd = draw.pick(["\n", "\n", "\r\n"]);
  // Some files hold the same row many times: a set would not do to compare them.
  const repeats = draw.chance(0.15);
  const rows: Row[] = [];
  for (let nth = 0; nth < options.rows; nth++) {
    const again = repeats && nth > 0 && draw.chance(0.5);
    const id = BigInt(options.firstId + nth);
    rows.push(again ? draw.pick(rows) : drawRow(draw, { id, nullTexts }));
  }
  const byteOrderMark = draw.chance(0.2) ? "\uFEFF" : "";
  const lines = [[...COLUMN_TYPES.keys()].join(","), ...rows.map((row) => lineOf(row, draw))];
  const end = draw.chance(0.5) ? lineEnd : "";
  const text = `${byteOrderMark}${lines.join(lineEnd)}${end}`;
  return { bytes: new TextEncoder().encode(text), rows, hasNullTexts: nullTexts };
}

function drawRow(draw: Draw, of: { readonly id: bigint; readonly nullTexts: boolean }): Row {
  const text = () => of.nullTexts && draw.chance(0.1) ? null : draw.pick(TEXTS);
  const some = <T>(make: () => T): T | null => draw.chance(0.12) ? null : make();
  return {
    id: draw.chance(0.02) ? draw.pick([2n ** 63n - 1n, -(2n ** 63n), 0n]) : of.id,
    name: text(),
    amount: some(() => draw.chance(0.2) ? draw.pick(AMOUNTS) : draw.between(-1e6, 1e6) / 64),
    active: some(() => draw.chance(0.5)),
    seen: some(() =>
      BigInt(draw.between(-2_208_988, 4_102_444)) * 1_000_000_000n +
      BigInt(draw.between(0, 999_999))
    ),
    note: text(),
  };
}

function lineOf(row: Row, draw: Draw): string {
  return [
    row.id === null ? "" : String(row.id),
    quoted(row.name, draw),
    row.amount === null ? "" : numberText(row.amount),
    row.active === null ? "" : draw.pick(row.active ? ["true", "TRUE"] : ["false", "False"]),
    row.seen === null ? "" : timestampText(row.seen),
    quoted(row.note, draw),
  ].join(",");
}

function numberText(value: number): string {
  return Object.is(value, -0) ? "-0.0" : String(value);
}

function quoted(text: string | null, draw: Draw): string {
  if (text === null) return NULL_TEXT;
  const mustQuote = text === NULL_TEXT || /[",\r\n]/.test(text) || text === "";
  return mustQuote || draw.chance(0.2) ? `"${text.replaceAll(`"`, `""`)}"` : text;
}

function timestampText(micros: bigint): string {
  const millis = micros / 1000n - (micros % 1000n < 0n ? 1n : 0n);
  const rest = micros - millis * 1000n;
  return `${new Date(Number(millis)).toISOString().slice(0, -1)}${String(rest).padStart(3, "0")}`;
}

/** A row as a text that is the same for equal rows only. */
export function keyOf(row: Row): string {
  return JSON.stringify([
    row.id === null ? null : String(row.id),
    row.name,
    row.amount === null ? null : numberText(row.amount),
    row.active,
    row.seen === null ? null : String(row.seen),
    row.note,
  ]);
}

/** How often each row is there. */
export function countRows(rows: Iterable<Row>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const key = keyOf(row);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}
