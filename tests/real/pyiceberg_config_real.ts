/** Our reading of pyiceberg's configuration beside pyiceberg's own, case by case. */
import assert from "node:assert/strict";
import {
  pyicebergCatalog,
  type PyicebergConfig,
  type PyicebergNode,
  readPyiceberg,
} from "../../lib/cli/config/pyiceberg.ts";
import { SeededRandom } from "../../lib/random.ts";
import { runReader } from "./parts/python.ts";

/** Variables, and the texts of the files in HOME, PYICEBERG_HOME and the working directory. */
interface Case {
  readonly name: string;
  readonly variables?: Readonly<Record<string, string>>;
  readonly home?: string;
  readonly own?: string;
  readonly here?: string;
}

interface Answer {
  readonly config?: unknown;
  readonly catalogs?: Readonly<Record<string, unknown>>;
  readonly error?: string;
}

const OWN = { PYICEBERG_HOME: "own" };
const FILE = `catalog:
  prod:
    uri: http://file/catalog
    token: from file
    s3.endpoint: http://s3
`;

const CASES: readonly Case[] = [
  { name: "nothing at all" },
  { name: "a variable", variables: { PYICEBERG_CATALOG__PROD__URI: "http://h" } },
  {
    name: "dashes and dots",
    variables: {
      PYICEBERG_CATALOG__PROD__S3__ACCESS_KEY_ID: "k",
      PYICEBERG_CATALOG__PROD__S3__PATH_STYLE_ACCESS: "true",
      PYICEBERG_CATALOG__PROD__REST__SIGV4_ENABLED: "true",
      PYICEBERG_CATALOG__PROD__HEADER__X_TENANT: "t",
      PYICEBERG_CATALOG__PROD__A__B__C_D: "deep",
    },
  },
  { name: "a name with a dash", variables: { PYICEBERG_CATALOG__MY_CATALOG__URI: "http://h" } },
  { name: "small letters", variables: { pyiceberg_catalog__prod__uri: "http://h" } },
  { name: "mixed letters", variables: { PyIceberg_Catalog__Prod__Uri: "http://h" } },
  { name: "a default catalog", variables: { PYICEBERG_DEFAULT_CATALOG: "prod" } },
  { name: "what is no catalog", variables: { PYICEBERG_MAX_WORKERS: "4" } },
  { name: "another prefix", variables: { PYICEBERGX_CATALOG__PROD__URI: "http://h" } },
  { name: "a file at home", home: FILE },
  { name: "a file here", here: FILE },
  { name: "a file of its own", own: FILE, variables: OWN },
  { name: "a file of its own that nothing names", own: FILE },
  {
    name: "three files: its own wins",
    own: "catalog:\n  prod:\n    uri: own\n",
    home: "catalog:\n  prod:\n    uri: home\n    token: t\n",
    here: "catalog:\n  prod:\n    uri: here\n",
    variables: OWN,
  },
  {
    name: "two files: home wins, and nothing is merged",
    home: "catalog:\n  prod:\n    uri: home\n",
    here: "catalog:\n  prod:\n    uri: here\n    token: t\n  other:\n    uri: o\n",
  },
  { name: "variables over a file", home: FILE, variables: { PYICEBERG_CATALOG__PROD__TOKEN: "v" } },
  {
    name: "variables beside a file",
    home: FILE,
    variables: { PYICEBERG_CATALOG__DEV__URI: "http://dev", PYICEBERG_CATALOG__PROD__PREFIX: "p" },
  },
  { name: "capitals in a file", home: "CATALOG:\n  Prod:\n    URI: http://H\n" },
  {
    name: "texts that look otherwise",
    home:
      "catalog:\n  prod:\n    uri: 4\n    token: true\n    prefix: null\n    x: 0x1F\n    y: ~\n",
  },
  { name: "quotes", home: "catalog:\n  prod:\n    uri: 'http://a b'\n    token: \"c # d\"\n" },
  { name: "comments", home: "# one\ncatalog: # two\n  prod: # three\n    uri: h # four\n" },
  { name: "an empty value", home: "catalog:\n  prod:\n    uri: h\n    token:\n" },
  { name: "a map below a property", home: "catalog:\n  prod:\n    ssl:\n      cabundle: /a\n" },
  { name: "a catalog that is a text", home: "catalog:\n  prod: text\n" },
  { name: "catalogs that are a text", home: "catalog: text\n" },
  {
    name: "a variable below a text",
    home: "catalog: text\n",
    variables: { PYICEBERG_CATALOG__PROD__URI: "h" },
  },
  {
    name: "a variable below a catalog that is a text",
    home: "catalog:\n  prod: text\n",
    variables: { PYICEBERG_CATALOG__PROD__URI: "h" },
  },
  { name: "a folded text", home: "catalog:\n  prod:\n    token: >\n      a\n      b\n" },
  { name: "no YAML", home: "catalog:\n  prod:\n - x: [\n" },
  { name: "the same key twice", home: "catalog:\n  prod:\n    uri: a\n    uri: b\n" },
];

const NAMES = ["prod", "PROD", "my-catalog", "dev", "nobody"];

Deno.test("readPyiceberg() reads what pyiceberg reads, and refuses what it refuses", async (test) => {
  const ours = await answersOf(CASES);
  for (const [at, { name }] of CASES.entries()) {
    await test.step(name, () => assertSame(ours[at]!));
  }
});

Deno.test("readPyiceberg() reads random variables and files as pyiceberg does", async () => {
  const seed = crypto.getRandomValues(new Uint32Array(1))[0]!;
  console.log(`seed ${seed}`);
  const random = new SeededRandom(seed);
  const cases = Array.from({ length: 300 }, (_, at) => randomCase(random, `random ${at}`));
  for (const [at, pair] of (await answersOf(cases)).entries()) {
    assertSame(pair, JSON.stringify({ seed, ...cases[at] }));
  }
});

Deno.test("readPyiceberg() takes an empty variable for unset, which pyiceberg does not", async () => {
  const [pair] = await answersOf([
    { name: "empty", home: FILE, variables: { PYICEBERG_CATALOG__PROD__URI: "" } },
  ]);
  const uriOf = (answer: Answer) => (answer.catalogs!["prod"] as { uri: string }).uri;
  assert.equal(uriOf(pair!.theirs), "");
  assert.equal(uriOf(pair!.ours), "http://file/catalog");
});

interface Pair {
  readonly ours: Answer;
  readonly theirs: Answer;
}

function assertSame({ ours, theirs }: Pair, shown?: string): void {
  if (theirs.error !== undefined) {
    assert.ok(ours.error !== undefined, `pyiceberg refuses it: ${theirs.error} ${shown ?? ""}`);
    return;
  }
  assert.deepEqual(ours, theirs, shown);
}

/** Both readings of each case. */
async function answersOf(cases: readonly Case[]): Promise<Pair[]> {
  const folder = await Deno.makeTempDir({ prefix: "lakekeeper-ingest-config-" });
  const before = Deno.cwd();
  try {
    const requests = await Promise.all(cases.map((one, at) => layOut(one, `${folder}/${at}`)));
    const { answers } = await runReader("read_config.py", { cases: requests }) as {
      answers: Answer[];
    };
    const pairs: Pair[] = [];
    for (const [at, request] of requests.entries()) {
      Deno.chdir(`${request.directory}/here`);
      pairs.push({ ours: await readOurs(request), theirs: answers[at]! });
    }
    return pairs;
  } finally {
    Deno.chdir(before);
    await Deno.remove(folder, { recursive: true });
  }
}

interface Request {
  readonly directory: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly catalogs: readonly string[];
}

async function layOut(one: Case, directory: string): Promise<Request> {
  for (const place of ["home", "own", "here"] as const) {
    await Deno.mkdir(`${directory}/${place}`, { recursive: true });
    const text = one[place];
    if (text !== undefined) await Deno.writeTextFile(`${directory}/${place}/.pyiceberg.yaml`, text);
  }
  const variables = { ...one.variables };
  if (variables["PYICEBERG_HOME"] !== undefined) variables["PYICEBERG_HOME"] = `${directory}/own`;
  return { directory, variables, catalogs: NAMES };
}

async function readOurs({ directory, variables, catalogs }: Request): Promise<Answer> {
  const all: Record<string, string> = { HOME: `${directory}/home`, ...variables };
  try {
    const config = await readPyiceberg({
      variable: (name) => all[name],
      variableNames: () => Object.keys(all),
    });
    return {
      config: plainOf({ kind: "map", entries: new Map(config.entries) }),
      catalogs: Object.fromEntries(catalogs.map((name) => [name, catalogOf(config, name)])),
    };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

/** As pyiceberg's `get_catalog_config` gives it: empty texts stay, and nothing is null. */
function catalogOf(config: PyicebergConfig, name: string): unknown {
  // What stands there in a wrong form is an error of both.
  pyicebergCatalog(config, name);
  const catalogs = config.entries.get("catalog");
  const catalog = catalogs?.kind === "map" ? catalogs.entries.get(name.toLowerCase()) : undefined;
  return catalog === undefined ? null : plainOf(catalog);
}

function plainOf(node: PyicebergNode): unknown {
  if (node.kind === "text") return node.value;
  if (node.kind === "list") return "a list";
  return Object.fromEntries([...node.entries].map(([key, value]) => [key, plainOf(value)]));
}

const KEYS = ["URI", "TOKEN", "S3__ENDPOINT", "S3__ACCESS_KEY_ID", "HEADER__X_A", "PY_IO_IMPL"];
const CATALOGS = ["PROD", "DEV", "MY_CATALOG", "prod"];
const VALUES = ["a", "http://h:1/x?y=z", "true", "0", "a b", "null", "é"];

function randomCase(random: SeededRandom, name: string): Case {
  const pick = <T>(items: readonly T[]) => items[random.below(items.length)]!;
  const chance = () => random.below(2) === 0;
  const file = () => {
    const lines = ["catalog:"];
    for (const catalog of ["prod", "Dev", "my-catalog", "my_catalog"].filter(chance)) {
      lines.push(`  ${catalog}:`, `    uri: '${pick(VALUES)}'`);
      for (const key of ["token", "s3.endpoint", "header.X-A", "type"].filter(chance)) {
        lines.push(`    ${key}: '${pick(VALUES)}'`);
      }
    }
    return lines.length === 1 ? "default-catalog: dev\n" : `${lines.join("\n")}\n`;
  };
  const variables: Record<string, string> = chance() ? { ...OWN } : {};
  for (let turn = random.below(5); turn > 0; turn--) {
    const prefix = chance() ? "PYICEBERG_CATALOG__" : "pyiceberg_catalog__";
    // The same name in other letters would leave the order of variables to decide.
    const key = `${prefix}${pick(CATALOGS)}__${pick(KEYS)}`;
    const twin = Object.keys(variables).some((known) => known.toLowerCase() === key.toLowerCase());
    if (!twin) variables[key] = pick(VALUES);
  }
  return {
    name,
    variables,
    ...(chance() ? { home: file() } : {}),
    ...(chance() ? { own: file() } : {}),
    ...(chance() ? { here: file() } : {}),
  };
}
