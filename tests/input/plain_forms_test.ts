// The usual forms told by their bytes, against the careful reading of the same texts.

import assert from "node:assert/strict";
import fc from "fast-check";
import { isPlainBoolean, isPlainDate, isPlainTimestamp } from "../../lib/input/plain_forms.ts";
import { parseDateText, parseTimestampText } from "../../lib/input/temporal.ts";

/** Texts that are nearly dates and timestamps: most have one character that does not belong. */
const nearly = fc.tuple(
  fc.date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true }),
  fc.constantFrom("T", " ", "t", "x"),
  fc.nat(19),
  fc.constantFrom("", "0", "9", "-", ":", "/", "é", '"'),
).map(([date, between, at, other]) => {
  const text = date.toISOString().slice(0, 19).replace("T", between);
  return other === "" ? text : text.slice(0, at) + other + text.slice(at + 1);
});

function bytesOf(text: string): { readonly bytes: Uint8Array; readonly range: [number, number] } {
  const bytes = new TextEncoder().encode(`,${text},`);
  return { bytes, range: [1, bytes.length - 1] };
}

Deno.test("isPlainDate() and isPlainTimestamp() take nothing that the careful reading refuses", () => {
  // A failure prints its seed; fc.assert(…, { seed, path }) replays it.
  fc.assert(fc.property(nearly, fc.boolean(), (text, isShort) => {
    const field = isShort ? text.slice(0, 10) : text;
    const { bytes, range } = bytesOf(field);
    if (isPlainDate(bytes, ...range)) assert.notEqual(parseDateText(field), undefined);
    if (isPlainTimestamp(bytes, ...range)) {
      const form = { zoned: false, digits: 6 } as const;
      assert.notEqual(parseTimestampText(field, form), undefined);
    }
  }));
});

Deno.test("isPlainDate(), isPlainTimestamp() and isPlainBoolean() know the usual forms", () => {
  const cases: readonly [typeof isPlainDate, string, boolean][] = [
    [isPlainDate, "2025-12-28", true],
    [isPlainDate, "2025-12-29", false],
    [isPlainDate, "2025-00-01", false],
    [isPlainDate, "0999-01-01", false],
    [isPlainTimestamp, "2025-07-14T02:19:58", true],
    [isPlainTimestamp, "2025-07-14 23:59:59", true],
    [isPlainTimestamp, "2025-07-14T24:00:00", false],
    [isPlainTimestamp, "2025-07-14T02:60:00", false],
    [isPlainTimestamp, "2025-07-14T02:19", false],
    [isPlainBoolean, "true", true],
    [isPlainBoolean, "false", true],
    [isPlainBoolean, "True", false],
    [isPlainBoolean, "truer", false],
    [isPlainBoolean, "", false],
  ];
  for (const [isPlain, text, expected] of cases) {
    const { bytes, range } = bytesOf(text);
    assert.equal(isPlain(bytes, ...range), expected, `${isPlain.name} ${text}`);
  }
});
