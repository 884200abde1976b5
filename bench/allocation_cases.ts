/** Fixed inputs of the allocation check: CSV records without a header, always the same. */
import { SeededRandom } from "../lib/random.ts";
import { GENERATED_TYPES } from "./generated_types.ts";

/** An input and its types. */
export interface AllocationCase {
  readonly name: string;
  /** Iceberg types by column. */
  readonly types: Readonly<Record<string, string>>;
  readonly rows: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const ROWS = 10_000;
const SEED = 7;
const FIRST_NAMES = ["Ada", "Björn", "Chloë", "Dmitri", "Eve", "Farid", "Greta", "Hiro"];
const DEPARTMENTS = ["Engineering", "Sales", "Marketing", "HR"];

/** The inputs: without quotes, with them, and of every kind of column with nulls among the values. */
export function allocationCases(): AllocationCase[] {
  return [
    make("plain", { types: GENERATED_TYPES, fields: generatedFields }),
    make("quoted", {
      types: GENERATED_TYPES,
      // Some of the quotes hold what needs them.
      fields: (random, row) =>
        generatedFields(random, row).map((field, at) =>
          `"${at === 1 && row % 10 === 0 ? `${field}, ""so-called""` : field}"`
        ),
    }),
    make("types", { types: OTHER_TYPES, fields: otherFields }),
  ];
}

function make(
  name: string,
  of: {
    readonly types: Readonly<Record<string, string>>;
    readonly fields: (random: SeededRandom, row: number) => readonly string[];
  },
): AllocationCase {
  const random = new SeededRandom(SEED);
  let text = "";
  for (let row = 0; row < ROWS; row++) text += `${of.fields(random, row).join(",")}\n`;
  return { name, types: of.types, rows: ROWS, bytes: new TextEncoder().encode(text) };
}

function generatedFields(random: SeededRandom, row: number): string[] {
  return [
    String(row + 1),
    `${pick(random, FIRST_NAMES)} ${random.uint32().toString(36)}`,
    String(18 + random.below(62)),
    (random.below(9_000_000) / 100).toFixed(2),
    pick(random, DEPARTMENTS),
    String(random.below(5) > 0),
    `2025-${two(1 + random.below(12))}-${two(1 + random.below(28))}T10:${two(random.below(60))}:07`,
  ];
}

const OTHER_TYPES = {
  price: "decimal(18,4)",
  day: "date",
  seen: "timestamptz",
  code: "int",
  share: "float",
  id: "uuid",
  note: "string",
};

function otherFields(random: SeededRandom): string[] {
  const hex = () => random.uint32().toString(16).padStart(8, "0");
  const uuid = [hex(), hex(), hex(), hex()].join("");
  const fields = [
    `${random.below(1_000_000)}.${String(random.below(10_000)).padStart(4, "0")}`,
    `19${two(random.below(100))}-${two(1 + random.below(12))}-${two(1 + random.below(28))}`,
    `2025-03-${two(1 + random.below(28))}T${two(random.below(24))}:00:00.123456+02:00`,
    String(random.below(2 ** 31) - 2 ** 30),
    String(random.below(1000) / 8),
    uuid.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5"),
    `note ${random.below(500)}`,
  ];
  // Nulls in every column but the last, where an empty field would be an empty string.
  return fields.map((field, at) => at < 6 && random.below(8) === 0 ? "" : field);
}

function pick(random: SeededRandom, from: readonly string[]): string {
  return from[random.below(from.length)]!;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
