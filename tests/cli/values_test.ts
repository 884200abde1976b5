// Counts, durations and switches as people write them, and numbers as people read them.

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  formatCount,
  formatDuration,
  formatMebibytes,
  parseCount,
  parseDurationMs,
  parseSwitch,
} from "../../lib/cli/values.ts";
import { UsageError } from "../../lib/errors.ts";

const OF = { flag: "--n", min: 0 };

Deno.test("parseCount() takes whole numbers with k, m and g", () => {
  assert.equal(parseCount("0", OF), 0);
  assert.equal(parseCount("1000", OF), 1000);
  assert.equal(parseCount("10k", OF), 10_000);
  assert.equal(parseCount("1M", OF), 1_000_000);
  assert.equal(parseCount("2g", OF), 2_000_000_000);
  assert.equal(parseCount(" 7 ", OF), 7);
});

Deno.test("parseCount() gives back any whole number", () => {
  fc.assert(fc.property(fc.nat(), (count) => {
    assert.equal(parseCount(String(count), OF), count);
  }));
});

for (const text of ["", "x", "-1", "1.5", "1e3", "0x10", "k", "1kk", "1 k", "9".repeat(16), "+1"]) {
  Deno.test(`parseCount() refuses "${text}"`, () => {
    assert.throws(() => parseCount(text, OF), UsageError);
  });
}

Deno.test("parseCount() keeps to its bounds and names them", () => {
  const of = { flag: "--workers", min: 1, max: 256 };
  assert.equal(parseCount("256", of), 256);
  for (const text of ["0", "257", "1k"]) {
    assert.throws(() => parseCount(text, of), {
      message: `Cannot use --workers "${text}": it takes a whole number from 1 to 256`,
    });
  }
  assert.throws(() => parseCount("0", { flag: "--n", min: 1 }), {
    message: 'Cannot use --n "0": it takes a whole number from 1 on',
  });
});

Deno.test("parseDurationMs() takes ms, s, m and h", () => {
  const cases = { "500ms": 500, "30s": 30_000, "5m": 300_000, "1h": 3_600_000, "1.5s": 1500 };
  for (const [text, ms] of Object.entries(cases)) {
    assert.equal(parseDurationMs(text, { flag: "--t" }), ms);
  }
});

for (const text of ["", "5", "m", "-1s", "1 s", "1d", "1.s", "1m30s"]) {
  Deno.test(`parseDurationMs() refuses "${text}"`, () => {
    assert.throws(() => parseDurationMs(text, { flag: "--t" }), {
      name: "UsageError",
      message: `Cannot use --t "${text}": it takes a duration such as 500ms, 30s or 5m`,
    });
  });
}

Deno.test("parseSwitch() reads yes and no in any case", () => {
  for (const text of ["1", "true", "TRUE", "yes", "On"]) {
    assert.equal(parseSwitch(text, { flag: "X" }), true);
  }
  for (const text of ["0", "false", "False", "no", "OFF"]) {
    assert.equal(parseSwitch(text, { flag: "X" }), false);
  }
  assert.throws(() => parseSwitch("maybe", { flag: "X" }), {
    message: 'Cannot use X "maybe": it takes true or false',
  });
});

Deno.test("formatCount() parts thousands", () => {
  assert.equal(formatCount(0), "0");
  assert.equal(formatCount(999), "999");
  assert.equal(formatCount(1000), "1,000");
  assert.equal(formatCount(1_234_567.6), "1,234,568");
  fc.assert(fc.property(fc.nat(), (count) => {
    assert.equal(formatCount(count), count.toLocaleString("en-US"));
  }));
});

Deno.test("formatDuration() takes the unit that fits", () => {
  assert.equal(formatDuration(0.4), "0 ms");
  assert.equal(formatDuration(340), "340 ms");
  assert.equal(formatDuration(2900), "2.9 s");
  assert.equal(formatDuration(200_000), "3 min 20 s");
  assert.equal(formatDuration(119_600), "2 min 0 s");
});

Deno.test("formatDuration() never shows 60 seconds or 1000 ms", () => {
  assert.equal(formatDuration(999.5), "1.0 s");
  assert.equal(formatDuration(59_960), "1 min 0 s");
  const nearLimit = fc.constantFrom(1000, 60_000, 120_000).chain((limitMs) =>
    fc.double({ min: limitMs - 600, max: limitMs + 600, noNaN: true })
  );
  fc.assert(fc.property(nearLimit, (ms) => {
    assert.doesNotMatch(formatDuration(ms), /\b(60(\.0)? s|1000 ms)$/);
  }));
});

Deno.test("formatMebibytes() rounds to whole MiB", () => {
  assert.equal(formatMebibytes(1536 * 2 ** 20), "1,536 MiB");
});
