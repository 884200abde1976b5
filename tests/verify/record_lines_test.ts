import assert from "node:assert/strict";
import { recordLines } from "../../lib/verify/record_lines.ts";
import { DIALECT } from "../input/csv_support.ts";

function linesOf(text: string, rows: readonly number[], firstLine = 2): number[] {
  const bytes = new TextEncoder().encode(text);
  return recordLines(rows, { bytes, firstLine, dialect: DIALECT, columnCount: 2 });
}

Deno.test("recordLines() counts line feeds in quotes and blank lines", () => {
  const text = '1,"a\n\nb"\n\n2,b\r\n\r\n3,"c"\n';
  assert.deepEqual(linesOf(text, [0, 1, 2]), [2, 6, 8]);
  assert.deepEqual(linesOf(text, [2], 100), [106]);
  assert.deepEqual(linesOf(text, []), []);
});

Deno.test("recordLines() finds rows far behind the first batch", () => {
  const text = Array.from({ length: 20_000 }, (_, at) => `${at},x\n`).join("");
  assert.deepEqual(linesOf(text, [0, 4095, 4096, 19_999]), [2, 4097, 4098, 20_001]);
});
