import assert from "node:assert/strict";
import fc from "fast-check";
import { parseValue } from "../../lib/input/values.ts";
import { hex, typeOf } from "./csv_support.ts";

function check(type: string, cases: Record<string, unknown>): void {
  for (const [text, wanted] of Object.entries(cases)) {
    const value = parseValue(text, typeOf(type));
    const shown = value instanceof Uint8Array ? hex(value) : value;
    assert.deepEqual(shown, wanted, `${type} of ${JSON.stringify(text)}`);
  }
}

Deno.test("parseValue() reads a boolean in any case, and no other word", () => {
  check("boolean", {
    true: true,
    FALSE: false,
    tRuE: true,
    "1": undefined,
    yes: undefined,
    " true": undefined,
    "": undefined,
  });
});

Deno.test("parseValue() reads an int within 32 bits, with sign and zeros in front", () => {
  check("int", {
    "0": 0,
    "-2147483648": -2147483648,
    "2147483647": 2147483647,
    "2147483648": undefined,
    "-2147483649": undefined,
    "+7": 7,
    "007": 7,
    "1.0": undefined,
    "1e3": undefined,
    "0x10": undefined,
    "1_000": undefined,
    "-": undefined,
  });
});

Deno.test("parseValue() reads a long within 64 bits", () => {
  check("long", {
    "9223372036854775807": 9223372036854775807n,
    "-9223372036854775808": -9223372036854775808n,
    "9223372036854775808": undefined,
    "-9223372036854775809": undefined,
    "00000000000000000000000042": 42n,
    "+1": 1n,
    " 1": undefined,
    "": undefined,
  });
});

Deno.test("parseValue() reads a double, its words, and no overflow", () => {
  check("double", {
    "1.5": 1.5,
    "-0.1": -0.1,
    ".5": 0.5,
    "5.": 5,
    "1e-7": 1e-7,
    "+1E+2": 100,
    nan: NaN,
    "-Infinity": -Infinity,
    INF: Infinity,
    "1e400": undefined,
    "1e": undefined,
    ".": undefined,
    "1,5": undefined,
    "0x10": undefined,
    "1 ": undefined,
  });
});

Deno.test("parseValue() rounds to the nearest float, not to the float nearest to the double", () => {
  check("float", {
    "0.1": Math.fround(0.1),
    "3.4028234663852886e38": 3.4028234663852886e38,
    "1e39": undefined,
    "-inf": -Infinity,
    // Between 1 and the next float; the last digit is lost in a double, which then ties to even.
    "1.00000005960464477539062500000001": 1.0000001192092896,
    "1.000000059604644775390625": 1,
    "1.00000005960464477539062499999999": 1,
    "1.00000017881393432617187499999999": 1.0000001192092896,
    "-1.00000005960464477539062500000001": -1.0000001192092896,
  });
});

Deno.test("parseValue() reads a decimal exactly or not at all", () => {
  check("decimal(5,2)", {
    "1": 100n,
    "-1.5": -150n,
    "1.50000": 150n,
    "1.505": undefined,
    "999.99": 99999n,
    "1000": undefined,
    "0001.1": 110n,
    "+2.": 200n,
    ".07": 7n,
    "1.5e1": 1500n,
    "15e-1": 150n,
    "1e-3": undefined,
    "0e99": 0n,
    "1e9999": undefined,
    ".": undefined,
    "": undefined,
    nan: undefined,
  });
  check("decimal(38,0)", {
    "99999999999999999999999999999999999999": 10n ** 38n - 1n,
    "100000000000000000000000000000000000000": undefined,
  });
});

Deno.test("parseValue() reads days of the real calendar from year 1 to 9999", () => {
  check("date", {
    "1970-01-01": 0,
    "1969-12-31": -1,
    "0001-01-01": -719162,
    "9999-12-31": 2932896,
    "2024-02-29": 19782,
    "2023-02-29": undefined,
    "1900-02-29": undefined,
    "2000-02-29": 11016,
    "2024-13-01": undefined,
    "2024-00-10": undefined,
    "2024-04-31": undefined,
    "0000-01-01": undefined,
    "2024-1-1": undefined,
    "2024/01/01": undefined,
    "2024-01-01T00:00:00": undefined,
  });
});

Deno.test("parseValue() gives the day that the platform's calendar gives", () => {
  const day = fc.integer({ min: -719162, max: 2932896 });
  fc.assert(fc.property(day, (days) => {
    const text = new Date(days * 86_400_000).toISOString().slice(0, 10);
    assert.equal(parseValue(text, { kind: "date" }), days);
  }));
});

Deno.test("parseValue() reads a time of day in microseconds", () => {
  check("time", {
    "00:00": 0n,
    "23:59:59.999999": 86399999999n,
    "12:34:56": 45296000000n,
    "12:34:56.5": 45296500000n,
    "12:34:56.1234560": 45296123456n,
    "12:34:56.1234567": undefined,
    "24:00:00": undefined,
    "12:60": undefined,
    "12:00:60": undefined,
    "1:00": undefined,
    "12:00:00Z": undefined,
  });
});

Deno.test("parseValue() reads a timestamp without a zone", () => {
  check("timestamp", {
    "1970-01-01T00:00:01": 1000000n,
    "1970-01-01 00:00:00.000001": 1n,
    "1969-12-31T23:59:59.999999": -1n,
    "2024-02-29": 1709164800000000n,
    "2024-02-29T12:30": 1709209800000000n,
    "2024-02-29T12:30:00.123456000": 1709209800123456n,
    "2024-02-29T12:30:00.1234567": undefined,
    "2024-02-29T12:30:00Z": undefined,
    "2024-02-29T12:30:00+01:00": undefined,
    "2024-02-30T12:30:00": undefined,
    "2024-02-29T": undefined,
    "2024-02-29T25:00:00": undefined,
  });
});

Deno.test("parseValue() demands a zone for a timestamptz and converts to UTC", () => {
  check("timestamptz", {
    "1970-01-01T00:00:00Z": 0n,
    "1970-01-01T01:00:00+01": 0n,
    "1970-01-01 01:30:00+0130": 0n,
    "1969-12-31T19:00:00.5-05:00": 500000n,
    "1970-01-01T00:00z": 0n,
    "1970-01-01T00:00:00": undefined,
    "1970-01-01": undefined,
    "1970-01-01Z": undefined,
    "1970-01-01T00:00:00+24:00": undefined,
    "1970-01-01T00:00:00+01:60": undefined,
    "1970-01-01T00:00:00 Z": undefined,
    "0001-01-01T00:00:00+01:00": undefined,
    "9999-12-31T23:59:59-01:00": undefined,
  });
});

Deno.test("parseValue() keeps nanoseconds and refuses what an int64 does not hold", () => {
  check("timestamp_ns", {
    "1970-01-01T00:00:00.123456789": 123456789n,
    "2262-04-11T23:47:16.854775807": 9223372036854775807n,
    "2262-04-11T23:47:16.854775808": undefined,
    "1677-09-21T00:12:43.145224192": -9223372036854775808n,
    "1677-09-21T00:12:43.145224191": undefined,
    "1970-01-01T00:00:00.1234567891": undefined,
  });
  check("timestamptz_ns", {
    "1970-01-01T00:00:00.000000001-00:01": 60000000001n,
    "1970-01-01T00:00:00.000000001": undefined,
  });
});

Deno.test("parseValue() reads a canonical uuid in any case", () => {
  check("uuid", {
    "123E4567-e89b-12d3-a456-426614174000": "123e4567e89b12d3a456426614174000",
    "123e4567e89b12d3a456426614174000": undefined,
    "{123e4567-e89b-12d3-a456-426614174000}": undefined,
    "123e4567-e89b-12d3-a456-42661417400g": undefined,
  });
});

Deno.test("parseValue() reads binary and fixed as hex", () => {
  check("binary", { "00fF": "00ff", "0x0a": "0a", "": "", "0": undefined, zz: undefined });
  check("fixed[2]", { "00ff": "00ff", "0X00ff": "00ff", "00": undefined, "0000ff": undefined });
});

Deno.test("parseValue() leaves a string as it is", () => {
  check("string", { " a\n": " a\n", "": "", "007": "007" });
});
