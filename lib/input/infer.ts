/**
 * Which Iceberg type a CSV column gets, and which sampled values do not fit a type that is given.
 * Pure: bytes in, types out. A column gets a type only when no value loses anything by it.
 */
import type { InputError } from "../errors.ts";
import { formatPrimitiveType, type PrimitiveType } from "../table/types.ts";
import type { ColumnTarget, CsvDialect } from "./columns.ts";
import { delimiterByte, fieldText } from "./csv_bytes.ts";
import {
  FIELD_BYTES,
  KINDS_SHIFT,
  SAW_BOOLEAN,
  SAW_DATE,
  SAW_DOUBLE,
  SAW_LONG,
  SAW_STRING,
  SAW_TIMESTAMP,
  SAW_TIMESTAMPTZ,
  SAW_WIDE_LONG,
} from "./kernel/layout.ts";
import { describeMisfit, makeColumnParsers } from "./parse.ts";
import type { Workspace } from "./parse_kernel.ts";
import { parseDateText, parseTimestampText } from "./temporal.ts";
import { type FieldBatch, Tokenizer } from "./tokenizer.ts";

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

const LONG_FORM = /^-?(?:0|[1-9]\d*)$/;
const DOUBLE_FORM = /^-?(?:(?:0|[1-9]\d*)(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const BOOLEAN_FORM = /^(?:true|false)$/i;
const NUMBER_PARTS = /^-?(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/** Longest text that may be anything but a string: no number or timestamp needs more. */
const TYPED_CHARS_MAX = 400;

/** The row in what `plainKinds` gives. */
const ROW_MASK = (1 << KINDS_SHIFT) - 1;

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
  readonly #index: number;
  #seen = 0;

  /**
   * Has seen nothing yet.
   *
   * @param index position in the record, from 0
   */
  constructor(index: number) {
    this.#index = index;
  }

  /**
   * Takes the first `rows` records of a batch. Fields that are null say nothing.
   *
   * @param of.nullTextsAt where the workspace has the texts that stand for null
   */
  add(
    batch: FieldBatch,
    of: {
      readonly rows: number;
      readonly workspace: Workspace;
      readonly nullTextsAt: number;
    },
  ): void {
    const { rows, workspace: { kernel }, nullTextsAt } = of;
    const { bytes, columnCount, block } = batch;
    const field = this.#index * FIELD_BYTES;
    for (let row = 0; (this.#seen & SAW_STRING) === 0; row++) {
      const found = kernel.plainKinds(block, field, nullTextsAt, row, rows);
      this.#seen |= found >> KINDS_SHIFT;
      row = found & ROW_MASK;
      if (row === rows) return;
      const at = row * columnCount + this.#index;
      const start = batch.start(at);
      const end = batch.end(at);
      const text = end - start > TYPED_CHARS_MAX ? undefined : fieldText(bytes, start, end);
      this.#seen |= text === undefined ? SAW_STRING : kindsOf(text);
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

/** What a text could be, as a set of the `SAW_…` bits. */
export function kindsOf(text: string): number {
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
