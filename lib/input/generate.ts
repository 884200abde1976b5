/**
 * Sample data as CSV: `id,name,age,salary,department,is_active,created_at`. The same seed gives
 * the same bytes. Names come from faker, which is loaded here only, and only when rows are made.
 */
import { UsageError } from "../errors.ts";
import { SeededRandom } from "../random.ts";
import type { Source } from "./source.ts";

/** Seed when none is given. */
export const SEED_DEFAULT = 42;
/** Rows are dated before this moment; it is fixed, so that the data never change. */
export const BASE_DATE = "2026-01-01T00:00:00";
/** Days before {@link BASE_DATE} within which `created_at` lies. */
export const CREATED_WITHIN_DAYS = 364;

const DEPARTMENTS = ["Engineering", "Sales", "Marketing", "HR"] as const;
const AGE_MIN = 18;
const AGE_MAX = 80;
const SALARY_MEAN = 50_000;
const SALARY_DEVIATION = 15_000;
const ACTIVE_PERCENT = 80;
const SECONDS_PER_DAY = 86_400;

/** First names, and last names, that faker is asked for once a seed: it is too slow for a row. */
const NAME_POOL_SIZE = 2000;
const ROWS_PER_BLOCK = 10_000;

const encoder = new TextEncoder();
const HEADER = encoder.encode("id,name,age,salary,department,is_active,created_at\n");
const TRUE_BYTES = encoder.encode("true");
const FALSE_BYTES = encoder.encode("false");
/** Bytes of a row beside name and department: numbers, flag, timestamp, commas, line end. */
const ROW_REST_BYTES_MAX = 80;

const COMMA = 0x2c;
const LF = 0x0a;
const ZERO = 0x30;

/** Options of {@link generateCsv}. */
export interface GenerateOptions {
  /** Data rows, a whole number; the header comes on top. */
  readonly rows: number;
  /**
   * A whole number; the same one gives the same bytes.
   *
   * @default 42
   */
  readonly seed?: number;
  /**
   * Rows of a piece of bytes that is given out; it does not change the bytes.
   *
   * @default 10000
   */
  readonly rowsPerBlock?: number;
}

/**
 * Makes CSV with a header: ids 1 to `rows`; names of two words; ages 18 to 80; salaries of a
 * normal distribution (50,000 ± 15,000) in cents, drawn again when not positive; one of four departments;
 * 80 % active; timestamps without zone within the {@link CREATED_WITHIN_DAYS} days before
 * {@link BASE_DATE}, in whole seconds. Lines end in LF.
 *
 * @throws {UsageError} when `rows` or `seed` is no whole number of at least 0
 */
export async function* generateCsv(options: GenerateOptions): AsyncGenerator<Uint8Array> {
  const { rows, seed = SEED_DEFAULT, rowsPerBlock = ROWS_PER_BLOCK } = options;
  checkWhole(rows, "rows");
  checkWhole(seed, "seed");
  const writer = new RowWriter(seed, await makeNames(seed));
  yield HEADER.slice();
  for (let first = 1; first <= rows; first += rowsPerBlock) {
    yield writer.write(first, Math.min(first + rowsPerBlock - 1, rows));
  }
}

/** {@link generateCsv} as a source named "generated rows"; each `open` makes the rows anew. */
export function generatedSource(options: GenerateOptions): Source {
  return { name: "generated rows", open: () => generateCsv(options) };
}

function checkWhole(value: number, name: string): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new UsageError(`Cannot generate rows: ${name} "${value}" is no whole number of at least 0`);
}

interface NamePool {
  readonly first: readonly Uint8Array[];
  readonly last: readonly Uint8Array[];
}

async function makeNames(seed: number): Promise<NamePool> {
  const { faker } = await import("@faker-js/faker/locale/en");
  faker.seed([seed >>> 0, Math.floor(seed / 2 ** 32)]);
  const pool = (make: () => string) =>
    Array.from({ length: NAME_POOL_SIZE }, () => encoder.encode(plainText(make())));
  return { first: pool(() => faker.person.firstName()), last: pool(() => faker.person.lastName()) };
}

/** A name is written without quotes, so it must not hold what would need them. */
function plainText(name: string): string {
  return name.replaceAll(/[",\r\n]/g, " ");
}

class RowWriter {
  readonly #random: SeededRandom;
  readonly #names: NamePool;
  readonly #departments = DEPARTMENTS.map((name) => encoder.encode(name));
  readonly #days: readonly Uint8Array[];
  readonly #rowBytesMax: number;
  #bytes = new Uint8Array(0);
  #at = 0;

  constructor(seed: number, names: NamePool) {
    this.#random = new SeededRandom(seed);
    this.#names = names;
    const baseMs = Date.parse(`${BASE_DATE}Z`);
    this.#days = Array.from({ length: CREATED_WITHIN_DAYS }, (_, day) => {
      const dayMs = baseMs - (CREATED_WITHIN_DAYS - day) * SECONDS_PER_DAY * 1000;
      return encoder.encode(new Date(dayMs).toISOString().slice(0, 10));
    });
    const longest = (texts: readonly Uint8Array[]) => Math.max(...texts.map((text) => text.length));
    this.#rowBytesMax = ROW_REST_BYTES_MAX + longest(names.first) + longest(names.last) +
      longest(this.#departments);
  }

  write(firstId: number, lastId: number): Uint8Array {
    this.#bytes = new Uint8Array((lastId - firstId + 1) * this.#rowBytesMax);
    this.#at = 0;
    for (let id = firstId; id <= lastId; id++) this.#row(id);
    return this.#bytes.slice(0, this.#at);
  }

  #row(id: number): void {
    const random = this.#random;
    this.#number(id, COMMA);
    this.#text(this.#names.first[random.below(NAME_POOL_SIZE)] as Uint8Array, 0x20);
    this.#text(this.#names.last[random.below(NAME_POOL_SIZE)] as Uint8Array, COMMA);
    this.#number(AGE_MIN + random.below(AGE_MAX - AGE_MIN + 1), COMMA);
    const cents = this.#salaryCents();
    this.#number(Math.floor(cents / 100), 0x2e);
    this.#twoDigits(cents % 100, COMMA);
    this.#text(this.#departments[random.below(DEPARTMENTS.length)] as Uint8Array, COMMA);
    this.#text(random.below(100) < ACTIVE_PERCENT ? TRUE_BYTES : FALSE_BYTES, COMMA);
    const second = random.below(CREATED_WITHIN_DAYS * SECONDS_PER_DAY);
    const ofDay = second % SECONDS_PER_DAY;
    this.#text(this.#days[Math.floor(second / SECONDS_PER_DAY)] as Uint8Array, 0x54);
    this.#twoDigits(Math.floor(ofDay / 3600), 0x3a);
    this.#twoDigits(Math.floor(ofDay / 60) % 60, 0x3a);
    this.#twoDigits(ofDay % 60, LF);
  }

  #salaryCents(): number {
    for (;;) {
      const salary = SALARY_MEAN + SALARY_DEVIATION * this.#random.normal();
      const cents = Math.round(salary * 100);
      if (cents > 0) return cents;
    }
  }

  #text(text: Uint8Array, after: number): void {
    const bytes = this.#bytes;
    let at = this.#at;
    for (let index = 0; index < text.length; index++) bytes[at++] = text[index] as number;
    bytes[at++] = after;
    this.#at = at;
  }

  #number(value: number, after: number): void {
    let digits = 1;
    for (let limit = 10; value >= limit; limit *= 10) digits++;
    let rest = value;
    for (let at = this.#at + digits - 1; at >= this.#at; at--) {
      const tenth = Math.floor(rest / 10);
      this.#bytes[at] = ZERO + rest - tenth * 10;
      rest = tenth;
    }
    this.#at += digits;
    this.#bytes[this.#at++] = after;
  }

  #twoDigits(value: number, after: number): void {
    this.#bytes[this.#at++] = ZERO + Math.floor(value / 10);
    this.#bytes[this.#at++] = ZERO + value % 10;
    this.#bytes[this.#at++] = after;
  }
}
