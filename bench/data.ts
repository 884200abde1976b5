/** The files that the contenders read, made once for each size. */
import { mustRun } from "../tests/real/parts/child.ts";
import { PROJECT_ROOT } from "../tests/real/parts/cache.ts";
import { SeededRandom } from "../lib/random.ts";
import { GENERATED_TYPES } from "./generated_types.ts";

/** A file of rows as `generate` makes them. */
export interface GeneratedFile {
  readonly file: string;
  readonly rows: number;
}

/** A file for parsers alone, with the types of its columns. */
export interface ParseSet extends GeneratedFile {
  readonly name: string;
  readonly quoted: boolean;
  /** Iceberg types by column. */
  readonly types: Readonly<Record<string, string>>;
}

/** All files of a run. */
export interface BenchData {
  readonly big: GeneratedFile;
  readonly tenth: GeneratedFile;
  /** For many small chunks. */
  readonly chunks: GeneratedFile;
  readonly parse: readonly ParseSet[];
}

const FOLDER = `${PROJECT_ROOT}.cache/bench/data`;
const CHUNKS_FILE_ROWS_MAX = 500_000;
const PARSE_ROWS_MAX = 500_000;
const SEED = 42;

/** Makes the files that are not there yet, and reads each once, so that none comes off the disk later. */
export async function provideData(
  options: { readonly rows: number; readonly executable: string },
): Promise<BenchData> {
  const { rows, executable } = options;
  await Deno.mkdir(FOLDER, { recursive: true });
  const generated = (count: number) => provideGenerated(count, { executable });
  const parseRows = Math.min(rows, PARSE_ROWS_MAX);
  return {
    big: await generated(rows),
    tenth: await generated(Math.ceil(rows / 10)),
    chunks: await generated(Math.min(rows, CHUNKS_FILE_ROWS_MAX)),
    parse: await provideParseSets(await generated(parseRows)),
  };
}

/** A file of generated rows, of the default seed. */
export async function provideGenerated(
  rows: number,
  options: { readonly executable: string },
): Promise<GeneratedFile> {
  await Deno.mkdir(FOLDER, { recursive: true });
  const file = `${FOLDER}/generated-${rows}.csv`;
  await makeOnce(file, async (part) => {
    await mustRun(options.executable, ["generate", "--rows", String(rows), "-o", part]);
  });
  await warm(file);
  return { file, rows };
}

/** A file appears whole or not at all. */
async function makeOnce(file: string, make: (part: string) => Promise<void>): Promise<void> {
  try {
    await Deno.stat(file);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    const part = `${file}.part`;
    await Deno.remove(part).catch(() => {});
    await make(part);
    await Deno.rename(part, file);
  }
}

async function warm(file: string): Promise<void> {
  using opened = await Deno.open(file);
  const block = new Uint8Array(2 ** 20);
  while (await opened.read(block) !== null);
}

interface MadeSet {
  readonly name: string;
  readonly types: Readonly<Record<string, string>>;
  readonly quoted?: boolean;
  readonly fields: (random: SeededRandom, row: number) => readonly string[];
}

function columns(count: number, type: string): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`c${at}`, type]));
}

function repeat(count: number, make: () => string): string[] {
  return Array.from({ length: count }, make);
}

const WORDS = ["amber", "birch", "cobalt", "dune", "ember", "fjord", "garnet", "harbour", "île"];

function words(random: SeededRandom, count: number): string {
  return repeat(count, () => WORDS[random.below(WORDS.length)]!).join(" ");
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

function date(random: SeededRandom): string {
  const [month, day] = [1 + random.below(12), 1 + random.below(28)];
  return `${1990 + random.below(40)}-${twoDigits(month)}-${twoDigits(day)}`;
}

function timestamp(random: SeededRandom): string {
  const [hour, minute, second] = [random.below(24), random.below(60), random.below(60)];
  const micros = String(random.below(1_000_000)).padStart(6, "0");
  const time = [hour, minute, second].map(twoDigits).join(":");
  return `${date(random)}T${time}.${micros}`;
}

/** Schemas beside the generated one; a parser that is fast for one of them only is not fast. */
const MADE_SETS: readonly MadeSet[] = [
  {
    name: "12 longs",
    types: columns(12, "long"),
    fields: (random) => repeat(12, () => String(random.below(2 ** 31) - 2 ** 30)),
  },
  {
    name: "10 doubles of 17 digits",
    types: columns(10, "double"),
    fields: (random) => repeat(10, () => String(random.fraction() * 1000)),
  },
  {
    name: "6 strings, some not ASCII",
    types: columns(6, "string"),
    fields: (random) => repeat(6, () => words(random, 1 + random.below(4))),
  },
  {
    name: "4 dates and 4 timestamps with microseconds",
    types: {
      ...columns(4, "date"),
      t0: "timestamp",
      t1: "timestamp",
      t2: "timestamp",
      t3: "timestamp",
    },
    fields: (random) => [...repeat(4, () => date(random)), ...repeat(4, () => timestamp(random))],
  },
  {
    name: "4 decimals, 4 booleans, a fifth of them empty",
    types: {
      ...columns(4, "decimal(18,4)"),
      b0: "boolean",
      b1: "boolean",
      b2: "boolean",
      b3: "boolean",
    },
    fields: (random) => {
      const orEmpty = (text: string) => random.below(5) === 0 ? "" : text;
      const decimal = () =>
        `${random.below(1_000_000)}.${String(random.below(10_000)).padStart(4, "0")}`;
      return [
        ...repeat(4, () => orEmpty(decimal())),
        ...repeat(4, () => orEmpty(random.below(2) === 0 ? "true" : "false")),
      ];
    },
  },
  {
    name: "strings in quotes, with commas and doubled quotes",
    types: { id: "long", ...columns(4, "string") },
    quoted: true,
    fields: (random, row) => [
      String(row),
      ...repeat(4, () => {
        const text = words(random, 2 + random.below(3));
        return `"${random.below(4) === 0 ? text.replace(" ", ', ""') + '""' : text}"`;
      }),
    ],
  },
];

async function provideParseSets(generated: GeneratedFile): Promise<ParseSet[]> {
  const { rows } = generated;
  const sets: ParseSet[] = [
    { ...generated, name: "generated rows, no quotes", quoted: false, types: GENERATED_TYPES },
    await provideQuoted(generated),
  ];
  for (const [number, { name, types, quoted = false, fields }] of MADE_SETS.entries()) {
    const file = `${FOLDER}/parse-${number}-${rows}.csv`;
    await makeOnce(file, async (part) => {
      const random = new SeededRandom(SEED);
      const lines = [Object.keys(types).join(",")];
      for (let row = 0; row < rows; row++) lines.push(fields(random, row).join(","));
      await Deno.writeTextFile(part, `${lines.join("\n")}\n`);
    });
    await warm(file);
    sets.push({ file, rows, name, types, quoted });
  }
  return sets;
}

/** The generated rows with every field in quotes. */
async function provideQuoted({ file, rows }: GeneratedFile): Promise<ParseSet> {
  const quotedFile = `${FOLDER}/generated-quoted-${rows}.csv`;
  await makeOnce(quotedFile, async (part) => {
    const text = (await Deno.readTextFile(file)).trimEnd();
    const quoted = text.replaceAll("\n", '"\n"').replaceAll(",", '","');
    await Deno.writeTextFile(part, `"${quoted}"\n`);
  });
  await warm(quotedFile);
  return {
    file: quotedFile,
    rows,
    name: "generated rows, every field in quotes",
    quoted: true,
    types: GENERATED_TYPES,
  };
}
