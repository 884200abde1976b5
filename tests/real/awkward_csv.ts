/** CSV files that are hard to read right: nulls, quotes, newlines, every primitive type. */
import type { ForeignField } from "./foreign_table.ts";

/** Rows of {@linkcode awkwardCsv}. */
export const AWKWARD_ROW_COUNT = 2_500;

/**
 * Rows with the sample's columns plus a few, CRLF line ends, a byte order mark, quoted newlines and
 * commas, texts outside ASCII, nulls in every column but `id`, microseconds, and dates before 1970.
 */
export function awkwardCsv(): string {
  const names = [
    `"Doe, Jane"`,
    `"He said ""hi"""`,
    `"two\r\nlines"`,
    `"one\nfeed"`,
    "Zoë Łukasz",
    "日本語の名前",
    "🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆",
    `""`,
    " spaces stay ",
    "a name that is much longer than the sixteen code points of a bound",
  ];
  const lines = ["id,name,age,salary,is_active,created_at,born,seen_at"];
  for (let id = 1; id <= AWKWARD_ROW_COUNT; id++) {
    const year = 1900 + (id * 7) % 200;
    const micros = String((id * 999_983) % 1_000_000).padStart(6, "0");
    const day = `${year}-${two(id % 12 + 1)}-${two(id % 28 + 1)}`;
    const time = `${two(id % 24)}:${two(id % 60)}:${two((id * 7) % 60)}`;
    const fields = [
      String(id),
      names[id % names.length]!,
      id % 5 === 0 ? "" : String((id - 1_250) * 1_000_003),
      id % 7 === 0 ? "" : `${id % 2 === 0 ? "-" : ""}${id}.${id % 100}e${id % 30 - 15}`,
      id % 11 === 0 ? "" : ["true", "FALSE", "True", "false"][id % 4]!,
      id % 13 === 0 ? "" : `${day}T${time}.${micros}`,
      id % 17 === 0 ? "" : day,
      id % 19 === 0 ? "" : `${day}T${time}.${micros}${["Z", "+05:30", "-08:00"][id % 3]}`,
    ];
    lines.push(fields.join(","));
  }
  // The last line ends without a newline.
  return `\uFEFF${lines.join("\r\n")}`;
}

/** Every primitive type of a v2 table, in an order that is not the CSV's. */
export const TYPED_FIELDS: readonly ForeignField[] = [
  { name: "c_bin", type: "binary", required: false },
  { name: "c_fixed", type: "fixed[16]", required: false },
  { name: "c_uuid", type: "uuid", required: false },
  { name: "c_str", type: "string", required: false },
  { name: "c_tz", type: "timestamptz", required: false },
  { name: "c_ts", type: "timestamp", required: false },
  { name: "c_time", type: "time", required: false },
  { name: "c_date", type: "date", required: false },
  { name: "c_dec38", type: "decimal(38, 10)", required: false },
  { name: "c_dec18", type: "decimal(18, 4)", required: false },
  { name: "c_dec9", type: "decimal(9, 2)", required: false },
  { name: "c_double", type: "double", required: false },
  { name: "c_float", type: "float", required: false },
  { name: "c_int", type: "int", required: false },
  { name: "c_bool", type: "boolean", required: false },
  { name: "c_long", type: "long", required: true },
];

/** Rows of {@linkcode typedCsv}. */
export const TYPED_ROW_COUNT = 5;

/** Extreme values of every type of {@linkcode TYPED_FIELDS}, from the given id on. */
export function typedCsv(firstId: number): string {
  const rows = [
    "true,-2147483648,1.5,2.25,1234567.89,99999999999999.9999," +
    "-1234567890123456789012345678.1234567890,1969-12-31,23:59:59.999999," +
    `1969-12-31T23:59:59.999999,2024-02-29T12:00:00.000001+02:00,"Zoë, ""q""",` +
    "f79c3e09-677c-4bbd-a479-3f349cb785e7,000102030405060708090a0b0c0d0e0f,00ff",
    ",,,,,,,,,,,,,,",
    "false,2147483647,-0.1,-1e300,-0.01,-0.0001,0.0000000001,2024-02-29,00:00:00," +
    "2262-04-11T23:47:16.854775,1970-01-01T00:00:00Z,,00000000-0000-0000-0000-000000000000," +
    "ffffffffffffffffffffffffffffffff,ffffffffffffffffffffffffffffffffffff",
    "FALSE,0,3.4028235e38,5e-324,9999999.99,0.0000,9999999999999999999999999999.9999999999," +
    "0001-01-01,12:34:56,0001-01-01T00:00:00,9999-12-31T23:59:59.999999Z,x," +
    "ffffffff-ffff-ffff-ffff-ffffffffffff,00000000000000000000000000000000,7f",
    "true,1,NaN,-Infinity,0.00,0.5000,-1,1582-10-15,00:00:00.000001,1582-10-14T23:59:59," +
    "1969-12-31T23:59:59.999999Z,,,,",
  ];
  const lines = rows.map((row, place) => `${firstId + place},${row}`);
  const header = "c_long,c_bool,c_int,c_float,c_double,c_dec9,c_dec18,c_dec38,c_date,c_time,c_ts," +
    "c_tz,c_str,c_uuid,c_fixed,c_bin";
  return `${header}\n${lines.join("\n")}\n`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
