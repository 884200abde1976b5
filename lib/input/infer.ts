/**
 * Which Iceberg type a CSV column gets, and which sampled values do not fit a type that is given.
 * Pure: bytes in, types out. A column gets a type only when no value loses anything by it.
 */
import type { InputError } from "../errors.ts";
import { formatPrimitiveType, type PrimitiveType } from "../table/types.ts";
import type { ColumnTarget, CsvDialect } from "./columns.ts";
import { delimiterByte, fieldText } from "./csv_bytes.ts";
import { NullRule } from "./null_rule.ts";
import { describeMisfit, makeColumnParsers } from "./parse.ts";
import { isPlainBoolean, isPlainDate, isPlainTimestamp } from "./plain_forms.ts";
import { parseDateText, parseTimestampText } from "./temporal.ts";
import { type FieldBatch, Tokenizer } from "./tokenizer.ts";

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;

const LONG_FORM = /^-?(?:0|[1-9]\d*)$/;
const DOUBLE_FORM = /^-?(?:(?:0|[1-9]\d*)(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const BOOLEAN_FORM = /^(?:true|false)$/i;
const NUMBER_PARTS = /^-?(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/** Every decimal number of so many significant digits, of usual size, survives a double. */
const SAFE_DIGITS_MAX = 15;
/** Longest text that may be anything but a string: no number or timestamp needs more. */
const TYPED_CHARS_MAX = 400;

// What a column's values were seen to be. A column may have seen several.
const SAW_BOOLEAN = 1;
const SAW_LONG = 2;
/** A long that a double does not hold exactly. */
const SAW_WIDE_LONG = 4;
const SAW_DOUBLE = 8;
const SAW_DATE = 16;
const SAW_TIMESTAMP = 32;
const SAW_TIMESTAMPTZ = 64;
const SAW_STRING = 128;

/** A column as its sample shows it. */
export interface SampleColumn {
  /** From the header; without one `column_1` and so on. */
  readonly name: string;
  /** Position in the record, from 0. */
  readonly index: number;
  /** Holds every sampled value without loss; string when there was none. */
  readonly type: PrimitiveType;
}

/** The first rows of a source. */
export interface Sample {
  /** Name of the source. */
  readonly file: string;
  /** How the source was read. */
  readonly dialect: CsvDialect;
  /** In the order of the record. */
  readonly columns: readonly SampleColumn[];
  /** Rows that the types were inferred from. */
  readonly rows: number;
  /** Whether the sample was read to the end of the source, so that `rows` are all there are. */
  readonly isWhole: boolean;
  /** The first sampled rows as bytes, at most 10,000 rows and 64 MiB. */
  readonly kept: readonly KeptRows[];
  /**
   * The first malformed record, if one came up: types are inferred from the rows before it, and
   * parsing will fail with this error.
   */
  readonly problem: InputError | undefined;
}

/** Whole records of a sample. */
export interface KeptRows {
  /** They end with a record. */
  readonly bytes: Uint8Array;
  /** Records in them. */
  readonly rows: number;
  /** Physical line of the first byte, from 1. */
  readonly firstLine: number;
}

/** A sampled value that does not fit the type it is meant for. */
export interface Misfit {
  /** Name of the column, as in {@linkcode Sample}. */
  readonly column: string;
  /** Physical line, from 1. */
  readonly line: number;
  /** The value, shortened. */
  readonly value: string;
  /** The type that was expected, as an Iceberg type string. */
  readonly expected: string;
  /** What is wrong, such as `"abc" is not a long`. */
  readonly reason: string;
  /** The type that the whole column's sample suggests. */
  readonly inferred: PrimitiveType;
}

/** Collects what a column's values could be. */
export class ColumnInference {
  readonly #nulls: NullRule;
  readonly #index: number;
  #seen = 0;

  /**
   * Has seen nothing yet.
   *
   * @param index position in the record, from 0
   */
  constructor(index: number, dialect: CsvDialect) {
    this.#index = index;
    this.#nulls = new NullRule(dialect.nullValues, false);
  }

  /** Takes the first `rows` records of a batch. Fields that are null say nothing. */
  add(batch: FieldBatch, rows: number): void {
    const { bytes, columnCount } = batch;
    for (let row = 0, at = this.#index; row < rows; row++, at += columnCount) {
      if ((this.#seen & SAW_STRING) !== 0) return;
      const start = batch.start(at);
      const end = batch.end(at);
      if (this.#nulls.matches(bytes, start, end)) continue;
      const plain = plainKind(bytes, start, end);
      if (plain !== 0) this.#seen |= plain;
      else {
        const text = end - start > TYPED_CHARS_MAX ? undefined : fieldText(bytes, start, end);
        this.#seen |= text === undefined ? SAW_STRING : kindsOf(text);
      }
    }
  }

  /** The type that holds all values seen; string when there were none. */
  type(): PrimitiveType {
    switch (this.#seen) {
      case SAW_BOOLEAN:
        return { kind: "boolean" };
      case SAW_LONG:
      case SAW_LONG | SAW_WIDE_LONG:
        return { kind: "long" };
      case SAW_DOUBLE:
      case SAW_DOUBLE | SAW_LONG:
        return { kind: "double" };
      case SAW_DATE:
        return { kind: "date" };
      case SAW_TIMESTAMP:
      case SAW_TIMESTAMP | SAW_DATE:
        return { kind: "timestamp" };
      case SAW_TIMESTAMPTZ:
        return { kind: "timestamptz" };
      default:
        return { kind: "string" };
    }
  }
}

/**
 * Tries given types on the sampled rows.
 *
 * @returns for each target the first value that does not fit, if any, in the order of the targets;
 * records behind {@link Sample.problem} are not looked at
 */
export function findMisfits(sample: Sample, targets: readonly ColumnTarget[]): Misfit[] {
  const { dialect } = sample;
  const columnCount = sample.columns.length;
  const misfits = new Map<ColumnTarget, Misfit>();
  const open = targets.filter((target) => !holdsAllKept(sample, target));
  if (open.length === 0) return [];
  for (const { bytes, firstLine } of sample.kept) {
    const tokenizer = new Tokenizer(bytes, { delimiter: delimiterByte(dialect), columnCount });
    const columns = makeColumnParsers(open.filter((target) => !misfits.has(target)), {
      dialect,
      workspace: tokenizer.workspace,
    });
    while (tokenizer.next()) {
      for (const column of columns) {
        const { target } = column;
        if (misfits.has(target)) continue;
        const row = column.append(tokenizer.batch, 0);
        if (row === -1) continue;
        const { line, value, reason } = describeMisfit(tokenizer.batch, {
          row,
          column,
          firstLine,
        });
        misfits.set(target, {
          column: target.name,
          line,
          value,
          expected: formatPrimitiveType(target.type),
          reason,
          inferred: sample.columns[target.index]?.type ?? { kind: "string" },
        });
      }
    }
  }
  return targets.flatMap((target) => misfits.get(target) ?? []);
}

/**
 * Whether the target is the type that was inferred from all rows that are kept, so that each of
 * them fits. A string may yet be no UTF-8, which ends the inference without a look at the rest.
 */
function holdsAllKept(sample: Sample, target: ColumnTarget): boolean {
  const inferred = sample.columns[target.index]?.type;
  if (inferred === undefined || inferred.kind === "string" || target.required) return false;
  const keptRows = sample.kept.reduce((sum, kept) => sum + kept.rows, 0);
  return keptRows <= sample.rows && sample.problem === undefined &&
    formatPrimitiveType(inferred) === formatPrimitiveType(target.type);
}

/** The kind of a value in its most usual form; 0 for anything else. */
function plainKind(bytes: Uint8Array, start: number, end: number): number {
  const number = plainNumberKind(bytes, start, end);
  if (number !== 0) return number;
  if (isPlainBoolean(bytes, start, end)) return SAW_BOOLEAN;
  if (isPlainDate(bytes, start, end)) return SAW_DATE;
  return isPlainTimestamp(bytes, start, end) ? SAW_TIMESTAMP : 0;
}

/** The kind of a number of at most 15 digits in its usual form; 0 for anything else. */
function plainNumberKind(bytes: Uint8Array, start: number, end: number): number {
  const first = bytes[start] === MINUS ? start + 1 : start;
  let point = -1;
  for (let at = first; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte === POINT && point === -1) point = at;
    else if (byte < ZERO || byte > ZERO + 9) return 0;
  }
  const digits = end - first - (point === -1 ? 0 : 1);
  if (digits === 0 || digits > SAFE_DIGITS_MAX) return 0;
  if (point === first || point === end - 1) return 0;
  const wholeDigits = (point === -1 ? end : point) - first;
  if (wholeDigits > 1 && bytes[first] === ZERO) return 0;
  return point === -1 ? SAW_LONG : SAW_DOUBLE;
}

/** What a text could be, as a set of bits. */
function kindsOf(text: string): number {
  if (BOOLEAN_FORM.test(text)) return SAW_BOOLEAN;
  if (LONG_FORM.test(text)) return longKinds(text);
  if (DOUBLE_FORM.test(text)) return survivesDouble(text) ? SAW_DOUBLE : SAW_STRING;
  if (parseDateText(text) !== undefined) return SAW_DATE;
  if (parseTimestampText(text, { zoned: false, digits: 6 }) !== undefined) return SAW_TIMESTAMP;
  if (parseTimestampText(text, { zoned: true, digits: 6 }) !== undefined) return SAW_TIMESTAMPTZ;
  return SAW_STRING;
}

function longKinds(text: string): number {
  const value = BigInt(text);
  if (value < INT64_MIN || value > INT64_MAX) return SAW_STRING;
  return survivesDouble(text) ? SAW_LONG : SAW_LONG | SAW_WIDE_LONG;
}

/** Whether the nearest double, printed, has the same significant digits and the same size. */
function survivesDouble(text: string): boolean {
  const value = Number(text);
  return Number.isFinite(value) && significance(text) === significance(String(value));
}

/** Significant digits and power of ten of a decimal text, in one form for equal numbers. */
function significance(text: string): string {
  const match = NUMBER_PARTS.exec(text);
  const whole = match?.[1] ?? "";
  const fraction = match?.[2] ?? "";
  const digits = `${whole}${fraction}`.replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  if (significant === "") return "0";
  const power = Number(match?.[3] ?? 0) - fraction.length + digits.length - significant.length;
  return `${significant}e${power}`;
}
