import assert from "node:assert/strict";
import fc from "fast-check";
import { linkEncodeKernel } from "../../lib/encode/encode_kernel.ts";
import { findExtremes } from "../../lib/encode/extremes.ts";
import { columnMetrics } from "../../lib/encode/metrics.ts";
import { cellsOf } from "../../lib/encode/parquet/cells.ts";
import { WorkMemory } from "../../lib/input/work_memory.ts";
import {
  booleanBound,
  decimalBound,
  doubleBound,
  floatBound,
  intBound,
  longBound,
} from "../../lib/table/bounds.ts";
import type { ColumnMetrics } from "../../lib/table/data_file.ts";
import type { MetricsMode } from "../../lib/table/table_properties.ts";
import { hex, parseText } from "../input/csv_support.ts";

const DIALECT = { delimiter: ",", nullValues: ["NULL"], hasHeader: false };
const TRUNCATE: MetricsMode = { kind: "truncate", length: 16 };

function metricsOf(
  type: string,
  texts: readonly string[],
  mode: MetricsMode = TRUNCATE,
): ColumnMetrics {
  const text = texts.map((value) => `${value}\n`).join("");
  const [parsed] = parseText(text, [`v:${type}`], { dialect: DIALECT });
  const work = new WorkMemory();
  const workshop = { work, kernel: linkEncodeKernel(work) };
  const cells = cellsOf(parsed!, workshop);
  const hasNans = type === "float" || type === "double";
  return columnMetrics(parsed!, {
    fieldId: 7,
    sizeBytes: 99,
    mode,
    extremes: findExtremes(cells, { from: 0, to: texts.length }, workshop),
    nanCount: hasNans
      ? workshop.kernel.countNans(cells.values, cells.widthBytes, texts.length)
      : undefined,
  });
}

function boundsOf(metrics: ColumnMetrics): Array<string | undefined> {
  return [metrics.lowerBound, metrics.upperBound].map((bound) => bound && hex(bound));
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

interface TypeCase {
  readonly type: string;
  readonly texts: readonly string[];
  readonly lower: Uint8Array;
  readonly upper: Uint8Array;
}

const DAY_US = 86_400_000_000n;

const TYPES: readonly TypeCase[] = [
  {
    type: "boolean",
    texts: ["true", "false"],
    lower: booleanBound(false),
    upper: booleanBound(true),
  },
  { type: "boolean", texts: ["true"], lower: booleanBound(true), upper: booleanBound(true) },
  { type: "boolean", texts: ["false"], lower: booleanBound(false), upper: booleanBound(false) },
  { type: "int", texts: ["3", "-5", "1"], lower: intBound(-5), upper: intBound(3) },
  {
    type: "long",
    texts: ["9007199254740993", "9007199254740992"],
    lower: longBound(9007199254740992n),
    upper: longBound(9007199254740993n),
  },
  { type: "float", texts: ["1.5", "-2.5"], lower: floatBound(-2.5), upper: floatBound(1.5) },
  {
    type: "double",
    texts: ["0.1", "-Infinity", "Infinity"],
    lower: doubleBound(-Infinity),
    upper: doubleBound(Infinity),
  },
  { type: "date", texts: ["1970-01-02", "1969-12-31"], lower: intBound(-1), upper: intBound(1) },
  {
    type: "time",
    texts: ["00:00:01", "00:00:00.000001"],
    lower: longBound(1n),
    upper: longBound(1_000_000n),
  },
  {
    type: "timestamp",
    texts: ["1970-01-02T00:00:00", "1969-12-31T00:00:00"],
    lower: longBound(-DAY_US),
    upper: longBound(DAY_US),
  },
  {
    type: "timestamptz",
    texts: ["1970-01-02T00:00:00+00:00", "1970-01-02T01:00:00+02:00"],
    lower: longBound(DAY_US - 3_600_000_000n),
    upper: longBound(DAY_US),
  },
  {
    type: "timestamp_ns",
    texts: ["1970-01-01T00:00:00.000000002", "1969-12-31T23:59:59.999999999"],
    lower: longBound(-1n),
    upper: longBound(2n),
  },
  {
    type: "timestamptz_ns",
    texts: ["1970-01-01T00:00:00.000000002Z"],
    lower: longBound(2n),
    upper: longBound(2n),
  },
  {
    type: "string",
    texts: ["b", '""', "\u{ffff}", "𝔘"],
    lower: utf8(""),
    upper: utf8("𝔘"),
  },
  {
    type: "string",
    texts: ["a".repeat(20)],
    lower: utf8("a".repeat(16)),
    upper: utf8(`${"a".repeat(15)}b`),
  },
  {
    type: "uuid",
    texts: ["7fffffff-0000-0000-0000-000000000000", "80000000-0000-0000-0000-000000000001"],
    lower: Uint8Array.from([0x7f, 0xff, 0xff, 0xff, ...Array(12).fill(0)]),
    upper: Uint8Array.from([0x80, ...Array(14).fill(0), 1]),
  },
  {
    type: "fixed[2]",
    texts: ["7fff", "8000"],
    lower: Uint8Array.of(0x7f, 0xff),
    upper: Uint8Array.of(0x80, 0),
  },
  {
    type: "binary",
    texts: ["01", "0100", `02${"ff".repeat(16)}`],
    lower: Uint8Array.of(1),
    upper: Uint8Array.of(3),
  },
  {
    type: "decimal(9,2)",
    texts: ["1.28", "-1.29"],
    lower: decimalBound(-129n),
    upper: decimalBound(128n),
  },
  {
    type: "decimal(38,0)",
    texts: ["9".repeat(38), `-${"9".repeat(38)}`, "0"],
    lower: decimalBound(-(10n ** 38n) + 1n),
    upper: decimalBound(10n ** 38n - 1n),
  },
];

for (const { type, texts, lower, upper } of TYPES) {
  Deno.test(`columnMetrics() bounds ${type} of ${texts.length}, nulls left aside: ${hex(lower).slice(0, 32)}`, () => {
    const metrics = metricsOf(type, ["NULL", ...texts, "NULL", ...texts, "NULL"]);
    assert.deepEqual(boundsOf(metrics), [hex(lower), hex(upper)]);
    assert.equal(metrics.valueCount, texts.length * 2 + 3);
    assert.equal(metrics.nullCount, 3);
    assert.equal(metrics.fieldId, 7);
    assert.equal(metrics.sizeBytes, 99);
  });

  Deno.test(`columnMetrics() has no bounds for ${type} when all ${texts.length} are null`, () => {
    const metrics = metricsOf(type, texts.map(() => "NULL"));
    assert.deepEqual(boundsOf(metrics), [undefined, undefined]);
    assert.equal(metrics.nullCount, texts.length);
    assert.equal(metrics.valueCount, texts.length);
  });
}

Deno.test("columnMetrics() does not take what stands in the slots of nulls for values", () => {
  const positive = [
    ["int", "1"],
    ["long", "1"],
    ["float", "1"],
    ["double", "1"],
    ["decimal(9,2)", "1"],
    ["decimal(38,0)", "1"],
    ["date", "1970-01-02"],
    ["time", "00:00:01"],
    ["timestamp", "1970-01-02T00:00:00"],
    ["timestamp_ns", "1970-01-02T00:00:00"],
    ["string", "a"],
    ["binary", "01"],
    ["fixed[1]", "01"],
    ["uuid", "00000000-0000-0000-0000-000000000001"],
  ] as const;
  for (const [type, text] of positive) {
    const [lower, upper] = boundsOf(metricsOf(type, ["NULL", text, "NULL"]));
    assert.notEqual(lower, undefined, type);
    const signed = /^(int|long|float|double|decimal)/.test(type);
    const below = signed ? boundsOf(metricsOf(type, ["NULL", `-${text}`])) : [lower, upper];
    // One value alone is its own lower and upper bound.
    assert.equal(lower, upper, type);
    assert.equal(below[0], below[1], type);
  }
});

Deno.test("columnMetrics() counts NaN for float and double alone, and keeps it out of the bounds", () => {
  for (const type of ["float", "double"]) {
    const bound = type === "float" ? floatBound : doubleBound;
    const mixed = metricsOf(type, ["NaN", "1", "NULL", "NaN"]);
    assert.equal(mixed.nanCount, 2);
    assert.equal(mixed.nullCount, 1);
    assert.deepEqual(boundsOf(mixed), [hex(bound(1)), hex(bound(1))]);
    const all = metricsOf(type, ["NaN", "NaN"]);
    assert.equal(all.nanCount, 2);
    assert.deepEqual(boundsOf(all), [undefined, undefined]);
    assert.equal(metricsOf(type, ["NULL"]).nanCount, 0);
  }
  assert.equal("nanCount" in metricsOf("long", ["1"]), false);
});

Deno.test("columnMetrics() bounds a zero from below by -0 and from above by +0", () => {
  for (const texts of [["0.0"], ["-0.0"], ["0.0", "-0.0"]]) {
    assert.deepEqual(boundsOf(metricsOf("double", texts)), [
      hex(doubleBound(-0)),
      hex(doubleBound(0)),
    ]);
    assert.deepEqual(boundsOf(metricsOf("float", texts)), [
      hex(floatBound(-0)),
      hex(floatBound(0)),
    ]);
  }
});

Deno.test("columnMetrics() has a lower bound alone when no greater one of the length exists", () => {
  const text = metricsOf("string", ["a", "\u{10ffff}".repeat(17)]);
  assert.deepEqual(boundsOf(text), ["61", undefined]);
  assert.equal("upperBound" in text, false);
  assert.deepEqual(boundsOf(metricsOf("binary", ["00", "ff".repeat(17)])), ["00", undefined]);
});

Deno.test("columnMetrics() bounds empty text by empty text", () => {
  assert.deepEqual(boundsOf(metricsOf("string", ['""'])), ["", ""]);
});

Deno.test("columnMetrics() keeps a uuid whole, however short bounds are", () => {
  const text = "f79c3e09-677c-4bbd-a479-3f349cb785e7";
  const [lower, upper] = boundsOf(metricsOf("uuid", [text], { kind: "truncate", length: 4 }));
  assert.equal(lower, text.replaceAll("-", ""));
  assert.equal(upper, lower);
});

Deno.test("columnMetrics() keeps what its mode asks for", () => {
  const texts = ["a".repeat(20), "NULL"];
  assert.deepEqual(metricsOf("string", texts, { kind: "none" }), { fieldId: 7, sizeBytes: 99 });
  const counts = { fieldId: 7, sizeBytes: 99, valueCount: 2, nullCount: 1 };
  assert.deepEqual(metricsOf("string", texts, { kind: "counts" }), counts);
  assert.deepEqual(metricsOf("string", texts, { kind: "full" }), {
    ...counts,
    lowerBound: utf8("a".repeat(20)),
    upperBound: utf8("a".repeat(20)),
  });
});

Deno.test("columnMetrics() bounds random text in the order of its bytes", () => {
  const compare = (one: Uint8Array, other: Uint8Array) => {
    const at = one.findIndex((byte, index) => byte !== other[index]);
    return at === -1 ? one.length - other.length : one[at]! - (other[at] ?? -1);
  };
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: "binary", maxLength: 24 }), { minLength: 1, maxLength: 20 }),
      (values) => {
        const metrics = metricsOf("string", values.map((v) => `"${v.replaceAll('"', '""')}"`));
        for (const value of values.map(utf8)) {
          assert.ok(compare(metrics.lowerBound!, value) <= 0);
          if (metrics.upperBound !== undefined) assert.ok(compare(metrics.upperBound, value) >= 0);
        }
      },
    ),
  );
});
