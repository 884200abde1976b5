// The kinds that the kernel tells, against the careful reading of the same texts.

import assert from "node:assert/strict";
import fc from "fast-check";
import { writeNullTexts } from "../../lib/input/column_parser.ts";
import { kindsOf } from "../../lib/input/infer.ts";
import {
  FIELD_BYTES,
  KINDS_SHIFT,
  SAW_BOOLEAN,
  SAW_DATE,
  SAW_DOUBLE,
  SAW_LONG,
  SAW_TIMESTAMP,
} from "../../lib/input/kernel/layout.ts";
import { Tokenizer } from "../../lib/input/tokenizer.ts";

/** The first row whose field the kernel leaves, and the kinds before it; the fields are the second ones. */
function plainKinds(
  fields: readonly string[],
  options: { readonly nullValues?: readonly string[]; readonly from?: number } = {},
): readonly [row: number, kinds: number] {
  const { nullValues = [], from = 0 } = options;
  const text = fields.map((field) => `x,${field},y\n`).join("");
  const tokenizer = new Tokenizer(new TextEncoder().encode(text), {
    delimiter: 0x2c,
    columnCount: 3,
  });
  const { workspace, batch } = tokenizer;
  const nullTextsAt = writeNullTexts(nullValues, workspace);
  assert.ok(tokenizer.next());
  assert.equal(batch.rows, fields.length);
  const { kernel } = workspace;
  const found = kernel.plainKinds(batch.block, FIELD_BYTES, nullTextsAt, from, batch.rows);
  return [found & 0xffff, found >> KINDS_SHIFT];
}

const dates = fc.date({
  min: new Date("0001-01-01"),
  max: new Date("9999-12-31"),
  noInvalidDate: true,
});

/** Texts of the usual forms; most have one character that does not belong. */
const nearly = fc.tuple(
  fc.oneof(
    fc.tuple(dates, fc.constantFrom("T", " ", "t", "x"))
      .map(([date, between]) => date.toISOString().slice(0, 19).replace("T", between)),
    dates.map((date) => date.toISOString().slice(0, 10)),
    fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n }).map(String),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.tuple(fc.nat(), fc.nat()).map(([whole, fraction]) => `${whole}.${fraction}`),
    fc.constantFrom("true", "false"),
  ),
  fc.nat(19),
  fc.constantFrom("", "", "", "", "", "", "0", "9", "-", ".", ":", "/", "e", "E", "é"),
).map(([text, at, other]) => other === "" ? text : text.slice(0, at) + other + text.slice(at + 1));

Deno.test("plainKinds() tells of a text just what the careful reading does, or nothing", () => {
  // A failure prints its seed; fc.assert(…, { seed, path }) replays it.
  let told = 0;
  fc.assert(
    fc.property(nearly, fc.boolean(), (text, isQuoted) => {
      const [row, kinds] = plainKinds([isQuoted ? `"${text}"` : text]);
      assert.equal(row === 1, kinds !== 0);
      if (row === 0) return;
      told++;
      assert.equal(kinds, kindsOf(text), text);
    }),
    { numRuns: 2000 },
  );
  assert.ok(told > 200, `${told} told`);
});

Deno.test("plainKinds() knows the usual forms, and leaves the others", () => {
  const cases: readonly [text: string, kind: number][] = [
    ["0", SAW_LONG],
    ["-12", SAW_LONG],
    ["999999999999999", SAW_LONG],
    ["1000000000000000", 0],
    ["007", 0],
    ["-", 0],
    ["1.5", SAW_DOUBLE],
    ["-0.25", SAW_DOUBLE],
    ["1.", 0],
    [".5", 0],
    ["1.2.3", 0],
    ["1e5", 0],
    ["2024-02-29", SAW_DATE],
    ["2025-02-29", 0],
    ["2025-00-01", 0],
    ["2025-07-14T02:19:58", SAW_TIMESTAMP],
    ["2025-07-14 23:59:59", SAW_TIMESTAMP],
    ["2025-07-14T24:00:00", 0],
    ["2025-07-14t02:19:58", 0],
    ["2025-07-14T02:19", 0],
    ["true", SAW_BOOLEAN],
    ["false", SAW_BOOLEAN],
    ["True", 0],
    ["truer", 0],
  ];
  for (const [text, kind] of cases) {
    assert.deepEqual(plainKinds([text]), kind === 0 ? [0, 0] : [1, kind], text);
  }
});

Deno.test("plainKinds() goes from row to row, and takes nulls for nothing", () => {
  const fields = ["", "NA", "1", "2.5", "abc", "true", '""'];
  const nullValues = ["NA"];
  assert.deepEqual(plainKinds(fields, { nullValues }), [4, SAW_LONG | SAW_DOUBLE]);
  assert.deepEqual(plainKinds(fields, { nullValues, from: 5 }), [6, SAW_BOOLEAN]);
  assert.deepEqual(plainKinds(fields), [1, 0]);
  // What is quoted is never null.
  assert.deepEqual(plainKinds(['"NA"'], { nullValues }), [0, 0]);
  assert.deepEqual(plainKinds(["", ""]), [2, 0]);
});
