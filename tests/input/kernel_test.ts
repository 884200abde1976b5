/**
 * The kernels against a plain reading of the same text: a loop over its characters for the records,
 * and `parseValue()` for every field. All chunks are parsed in one memory, so each finds behind it
 * what others left there.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { InputError } from "../../lib/errors.ts";
import type { ColumnTarget, CsvDialect, ParsedColumn } from "../../lib/input/columns.ts";
import { ChunkParser } from "../../lib/input/parse.ts";
import { powersOfTen } from "../../lib/input/powers_of_ten.ts";
import { type CsvValue, parseValue } from "../../lib/input/values.ts";
import { SeededRandom } from "../../lib/random.ts";
import { DIALECT, hex, type PlainValue, targetsOf, valuesOf } from "./csv_support.ts";

const parser = new ChunkParser();
const encoder = new TextEncoder();

interface Field {
  readonly text: string;
  readonly isQuoted: boolean;
  readonly line: number;
}

/** Records of a text, or where and why it is none; `\r\n` ends a record as `\n` does. */
function plainRecords(
  text: string,
  columnCount: number,
): { readonly records: Field[][]; readonly problem?: string } {
  const records: Field[][] = [];
  let at = 0;
  let line = 1;
  const lineEnd = () => text[at] === "\n" ? 1 : text[at] !== "\r" ? 0 : lineEndAfterReturn();
  const lineEndAfterReturn = () => at + 1 === text.length ? 1 : text[at + 1] === "\n" ? 2 : 0;
  const pass = (count: number) => {
    for (const char of text.slice(at, at + count)) if (char === "\n") line++;
    at += count;
  };
  while (at < text.length) {
    if (columnCount > 1 && lineEnd() > 0) {
      pass(lineEnd());
      continue;
    }
    const recordLine = line;
    const record: Field[] = [];
    for (;;) {
      const fieldLine = line;
      if (text[at] === '"') {
        // The closing quote is the first that is not doubled: without the look behind it the search
        // would take back half of a doubled one at the text's end.
        const quoted = /^"((?:[^"]|"")*)"(?!")/.exec(text.slice(at));
        if (quoted === null) {
          return { records, problem: `${fieldLine}: a quote is opened and never closed` };
        }
        pass(quoted[0].length);
        if (at < text.length && text[at] !== "," && lineEnd() === 0) {
          return { records, problem: `${fieldLine}: text after a closing quote` };
        }
        const content = quoted[1]!.replaceAll('""', '"');
        record.push({ text: content, isQuoted: true, line: fieldLine });
      } else {
        const start = at;
        while (at < text.length && text[at] !== "," && lineEnd() === 0) at++;
        record.push({ text: text.slice(start, at), isQuoted: false, line: fieldLine });
      }
      if (text[at] !== ",") break;
      at++;
    }
    pass(lineEnd());
    if (record.length !== columnCount) {
      const fields = record.length === 1 ? "1 field" : `${record.length} fields`;
      return { records, problem: `${recordLine}: found ${fields}, expected ${columnCount}` };
    }
    records.push(record);
  }
  return { records };
}

/** The columns of a text, or the first thing that is wrong: its line and reason. */
function plainColumns(
  text: string,
  of: { readonly targets: readonly ColumnTarget[]; readonly dialect: CsvDialect },
): PlainValue[][] | string {
  const { targets, dialect: { nullValues } } = of;
  const { records, problem } = plainRecords(text, targets.length);
  const columns: PlainValue[][] = targets.map(() => []);
  for (const record of records) {
    for (const [index, target] of targets.entries()) {
      const { text, isQuoted, line } = record[index]!;
      const emptyIsNull = target.type.kind !== "string" && text === "";
      if (!isQuoted && (emptyIsNull || nullValues.includes(text))) {
        if (target.required) return `${line}: null`;
        columns[index]!.push(null);
        continue;
      }
      const value = parseValue(text, target.type);
      if (value === undefined) return `${line}: not a ${target.type.kind}`;
      columns[index]!.push(plain(value));
    }
  }
  return problem ?? columns;
}

function plain(value: CsvValue): PlainValue {
  return value instanceof Uint8Array ? hex(value) : value;
}

/** What the kernels make of it, in the form of {@link plainColumns}. */
function kernelColumns(
  text: string,
  of: { readonly targets: readonly ColumnTarget[]; readonly dialect: CsvDialect },
): PlainValue[][] | string {
  const { targets, dialect } = of;
  const columnCount = targets.length;
  const options = { dialect, columnCount, targets, firstLine: 1, file: "f" };
  try {
    return parser.parse(encoder.encode(text), options).map((column) => {
      checkSlots(column);
      return valuesOf(column);
    });
  } catch (error) {
    assert.ok(error instanceof InputError, String(error));
    const { line, column, expected } = error.place;
    if (column === undefined) return error.message.replace(/^f:/, "");
    if (error.message.endsWith("is null, and the column is required")) return `${line}: null`;
    return `${line}: not a ${expected?.replace(/[([].*$/, "")}`;
  }
}

/** Slots of nulls are zero, and no bit is set behind the last row. */
function checkSlots({ validity, values, offsets, length }: ParsedColumn): void {
  if (validity === undefined) return;
  let valid = 0;
  for (const byte of validity) for (let bits = byte; bits > 0; bits >>= 1) valid += bits & 1;
  assert.ok(valid < length);
  if (offsets !== undefined || values.length !== length) return;
  for (let row = 0; row < length; row++) {
    if (((validity[row >> 3]! >> (row & 7)) & 1) === 0) assert.equal(Number(values[row]), 0);
  }
}

const NASTY = ["", "-", "+", ".", "e5", "1e5", "-0", "nan", "NULL", "NA", "é", "\u{1f600}x", " 1"];

function digits(random: SeededRandom, most: number): string {
  const count = 1 + random.below(most);
  return Array.from({ length: count }, () => random.below(10)).join("");
}

function two(random: SeededRandom, below: number): string {
  return String(random.below(below)).padStart(2, "0");
}

function clock(random: SeededRandom): string {
  const seconds = `${two(random, 24)}:${two(random, 60)}:${two(random, 60)}`;
  return random.below(2) === 0 ? seconds : `${seconds}.${digits(random, 10)}`;
}

function day(random: SeededRandom): string {
  const year = random.below(4) === 0 ? random.below(10_000) : 1970 + random.below(90);
  return `${String(year).padStart(4, "0")}-${two(random, 13)}-${two(random, 32)}`;
}

const ZONES = ["Z", "z", "+02:00", "-11:30", "+0130", "+05", "-24:00", ""];

/** Texts near the forms of a type; most fit it. */
const TEXTS: Readonly<Record<string, (random: SeededRandom) => string>> = {
  boolean: (random) => pick(random, ["true", "false", "TRUE", "False", "tRuE"]),
  int: (random) => `${sign(random)}${digits(random, 9)}`,
  long: (random) => `${sign(random)}${digits(random, 18)}`,
  float: (random) => `${sign(random)}${digits(random, 6)}.${digits(random, 6)}`,
  double: (random) => `${sign(random)}${digits(random, 6)}.${digits(random, 18)}`,
  "decimal(9,2)": (random) => `${sign(random)}${digits(random, 7)}.${digits(random, 2)}`,
  "decimal(38,10)": (random) => `${sign(random)}${digits(random, 20)}.${digits(random, 10)}`,
  date: day,
  time: clock,
  timestamp: (random) => `${day(random)}${pick(random, ["T", " ", "t"])}${clock(random)}`,
  timestamptz: (random) => `${day(random)}T${clock(random)}${pick(random, ZONES)}`,
  "timestamp_ns": (random) => `${day(random)} ${clock(random)}`,
  "timestamptz_ns": (random) => `${day(random)}T${clock(random)}${pick(random, ZONES)}`,
  string: (random) => pick(random, WORDS).repeat(1 + random.below(4)),
  uuid: (random) => hexText(random, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"),
  "fixed[3]": (random) => hexText(random, 3),
  binary: (random) => hexText(random, random.below(20)),
};
const TYPES = Object.keys(TEXTS);
const WORDS = [
  "a",
  "word",
  "Zoë",
  "\u{10ffff}",
  'say "so"',
  "a,b",
  "x\ny",
  "sixteen or more bytes",
];

function sign(random: SeededRandom): string {
  return pick(random, ["", "", "-"]);
}

function hexText(random: SeededRandom, length: number): string {
  const text = Array.from({ length }, () => random.below(256).toString(16).padStart(2, "0"));
  return random.below(4) === 0 ? text.join("").toUpperCase() : text.join("");
}

function pick<T>(random: SeededRandom, from: readonly T[]): T {
  return from[random.below(from.length)]!;
}

/** A field as a file has it: a value that fits, or seldom anything else. */
function fieldText(
  random: SeededRandom,
  of: { readonly type: string; readonly faultsIn: number; readonly quotesIn: number },
): string {
  const { type, faultsIn, quotesIn } = of;
  const bare = pickFault(random, faultsIn) ? pick(random, NASTY) : fitting(random, type);
  if (bare === "" && random.below(2) === 0) return bare;
  const mustQuote = /[",\n\r]/.test(bare);
  return mustQuote || pickFault(random, quotesIn) ? `"${bare.replaceAll('"', '""')}"` : bare;
}

function pickFault(random: SeededRandom, oneIn: number): boolean {
  return oneIn > 0 && random.below(oneIn) === 0;
}

/** A text that fits a type. */
function fitting(random: SeededRandom, type: string): string {
  const [target] = targetsOf(`a:${type}`);
  for (;;) {
    const text = TEXTS[type]!(random);
    if (parseValue(text, target!.type) !== undefined) return text;
  }
}

const BREAKS = ['"', 'x"y', ',"', '"a"b', ",,", "\r", '"\n', "\n\n"];

/** A table as text, with its targets; what it is like follows from the seed. */
function randomTable(seed: number): { text: string; targets: ColumnTarget[]; dialect: CsvDialect } {
  const random = new SeededRandom(seed >>> 0);
  const columnCount = pick(random, [1, 1, 2, 3, 5, 9, 30, 400, 5000]);
  const types = Array.from({ length: columnCount }, () => pick(random, TYPES));
  const targets = targetsOf(...types.map((type, index) => {
    const required = random.below(20) === 0 ? "!" : "";
    return `c${index}:${type}${required}`;
  }));
  // Few different rows many times over are enough to fill several batches.
  const faultsIn = pick(random, [0, 0, 0, 5, 200]);
  const quotesIn = pick(random, [0, 0, 1, 4, 100]);
  const different = Array.from(
    { length: 1 + random.below(columnCount > 100 ? 3 : 12) },
    () => types.map((type) => fieldText(random, { type, faultsIn, quotesIn })).join(","),
  );
  const rows = random.below(pick(random, [5, 100, Math.ceil(9_000 / columnCount)]));
  const lineEnd = pick(random, ["\n", "\n", "\r\n"]);
  const blanksIn = pick(random, [0, 0, 50]);
  let text = "";
  for (let row = 0; row < rows; row++) {
    text += pick(random, different) + lineEnd;
    if (pickFault(random, blanksIn)) text += lineEnd;
  }
  if (random.below(3) === 0) text = text.slice(0, -lineEnd.length);
  if (random.below(4) === 0) {
    const at = random.below(text.length + 1);
    text = text.slice(0, at) + pick(random, BREAKS) + text.slice(at);
  }
  const nullValues = pick(random, [[], ["NULL", "NA"], ["", "-", "1970-01-01"]]);
  // A break may have been put between the halves of a character.
  return { text: text.toWellFormed(), targets, dialect: { ...DIALECT, nullValues } };
}

Deno.test("ChunkParser reads any table as a plain loop does, and refuses what that refuses", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const { text, ...of } = randomTable(seed);
      assert.deepEqual(kernelColumns(text, of), plainColumns(text, of));
    }),
    // A doubled quote at the end, which closes nothing.
    { numRuns: 300, examples: [[-1405088275]] },
  );
});

for (const type of TYPES) {
  Deno.test(`ChunkParser agrees with parseValue() on damaged texts of ${type}`, () => {
    const [target] = targetsOf(`a:${type}`);
    const of = { targets: [target!], dialect: DIALECT };
    const chars = [..."0159+-.:TtZz eEaFxé/"];
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = new SeededRandom(seed >>> 0);
        let text = fitting(random, type).replaceAll(/[",\n\r]/g, "");
        for (let change = random.below(3); change > 0; change--) {
          const at = random.below(text.length + 1);
          const kept = random.below(2);
          text = text.slice(0, at) + (random.below(4) > 0 ? pick(random, chars) : "") +
            text.slice(at + kept);
        }
        // A change may have left half of a character.
        text = text.toWellFormed();
        const field = random.below(2) === 0 ? text : `"${text}"`;
        const before = random.below(2) === 0 ? "" : `${fitting(random, type)}\n`;
        const after = random.below(2) === 0 ? "" : `\n${fitting(random, type)}`;
        const table = type === "string" ? field : before + field + after;
        assert.deepEqual(kernelColumns(table, of), plainColumns(table, of));
      }),
      { numRuns: 3000 },
    );
  });
}

/** Texts of doubles: printed ones, many digits with a point anywhere, and halves between doubles. */
function doubleText(random: SeededRandom): string {
  const bits = new BigUint64Array(1);
  bits[0] = (BigInt(random.uint32()) << 32n) | BigInt(random.uint32());
  const any = new Float64Array(bits.buffer)[0]!;
  const number = Number.isFinite(any) ? any : random.fraction();
  switch (random.below(6)) {
    case 0:
      return String(number);
    case 1:
      return number.toExponential(random.below(19));
    case 2:
      return (random.fraction() * 10 ** random.below(8)).toPrecision(1 + random.below(19));
    case 3: {
      const text = digits(random, 20);
      const point = random.below(text.length + 1);
      return `${sign(random)}${text.slice(0, point)}.${text.slice(point)}`;
    }
    case 4:
      return `${digits(random, 19)}e${random.below(660) - 345}`;
    default: {
      // One bit more than a double has, and another number of zeros behind it.
      const odd = (1n << 53n) | (bits[0]! >> 11n) | 1n;
      const half = BigInt.asUintN(54, odd) << BigInt(random.below(10));
      return random.below(2) === 0 ? String(half) : `${half}e${random.below(30) - 15}`;
    }
  }
}

Deno.test("ChunkParser rounds a double as Number() does, whatever its digits and exponent", () => {
  const targets = targetsOf("a:double");
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = new SeededRandom(seed >>> 0);
      const texts = Array.from({ length: 2000 }, () => doubleText(random))
        .filter((text) => /\d/.test(text) && Number.isFinite(Number(text)));
      const columns = kernelColumns(texts.join("\n"), { targets, dialect: DIALECT });
      assert.deepEqual(columns, [texts.map(Number)]);
    }),
    { numRuns: 60 },
  );
});

Deno.test("powersOfTen() has the first 128 bits of every power, each with its highest bit set", () => {
  const words = powersOfTen();
  assert.equal(words.length, 571 * 2);
  for (let at = 1; at < words.length; at += 2) assert.equal(words[at]! >> 63n, 1n);
  assert.deepEqual([...words.slice(580, 584)], [0n, 1n << 63n, 0n, 10n << 60n]);
});
