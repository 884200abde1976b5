// The rules of the house that the type checker does not know: who may print and exit, which room
// may import from which, and what must not stand in the sources.

import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { KERNELS } from "../tools/kernels.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const LINES_MAX = 500;

/** An import or export of another file, as it stands in a source. */
interface Import {
  readonly specifier: string;
  /** Nothing of it is left when the program runs. */
  readonly typeOnly: boolean;
}

/** A source file without its comments. */
interface SourceFile {
  /** Relative to the root of the repository. */
  readonly path: string;
  readonly text: string;
  readonly code: string;
}

/** Rooms that a room may import from; the first ones of the way of the data import the least. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  cli: ["load", "verify", "probe", "server", "report", "encode", "rest", "store", "table", "input"],
  load: ["encode", "rest", "store", "table", "input"],
  verify: ["encode", "rest", "store", "table", "input"],
  probe: ["encode", "rest", "store", "table", "input"],
  report: ["encode", "rest", "store", "table", "input"],
  server: ["table", "store"],
  encode: ["table", "input", "store"],
  rest: ["table", "input", "store"],
  store: ["table", "input"],
  table: [],
  input: [],
};

/** Rooms that a room may import types from, beyond those of `MAY_IMPORT`. */
const MAY_IMPORT_TYPES: Readonly<Record<string, readonly string[]>> = {
  table: ["input"],
  input: ["table"],
  report: ["probe", "load"],
};

/** Files that a room may import whole: this one holds Iceberg's types and their texts. */
const MAY_IMPORT_FILES: Readonly<Record<string, readonly string[]>> = {
  input: ["lib/table/types.ts"],
};

async function sourcesBelow(directory: string): Promise<SourceFile[]> {
  const found: SourceFile[] = [];
  for await (const entry of Deno.readDir(join(ROOT, directory))) {
    const path = `${directory}/${entry.name}`;
    if (entry.isDirectory) found.push(...await sourcesBelow(path));
    else if (entry.name.endsWith(".ts")) found.push(await readSource(path));
  }
  return found.sort((a, b) => a.path < b.path ? -1 : 1);
}

async function readSource(path: string): Promise<SourceFile> {
  const text = await Deno.readTextFile(join(ROOT, path));
  return { path, text, code: withoutComments(text) };
}

/** Comments become blanks; what looks like one within a string or a pattern stays. */
function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[^]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, " "))
    .replaceAll(/^(\s*)\/\/.*$/gm, "$1")
    .replaceAll(/([;{},)])\s+\/\/ .*$/gm, "$1");
}

const IMPORT =
  /^\s*(import|export)\s+(type\s+)?((?:[^"';]|\n)*?\sfrom\s+)?"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)|new URL\(\s*"(\.[^"]+\.ts)"/gm;

function importsOf(code: string): Import[] {
  return [...code.matchAll(IMPORT)].map((match) => {
    const [, , type, names = "", fixed, dynamic, url] = match;
    const braces = /\{([^]*)\}/.exec(names)?.[1];
    // `import { type A, type B }` leaves nothing either, if there is no other name.
    const allTypes = braces !== undefined && braces.trim() !== "" &&
      braces.split(",").filter((name) => name.trim() !== "").every((name) =>
        /^\s*type\s/.test(name)
      );
    return {
      specifier: (fixed ?? dynamic ?? url)!,
      typeOnly: type !== undefined || allTypes,
    };
  });
}

/** The room of a path below lib, or undefined: `lib/errors.ts` is everybody's. */
function roomOf(path: string): string | undefined {
  return /^lib\/([a-z]+)\//.exec(path)?.[1];
}

/** Imports that go against the direction of the rooms. */
function directionFaults(source: SourceFile): string[] {
  const from = roomOf(source.path);
  const faults: string[] = [];
  for (const { specifier, typeOnly } of importsOf(source.code)) {
    if (!specifier.startsWith(".")) continue;
    const target = join(dirname(source.path), specifier);
    const to = roomOf(target);
    const fault = `${source.path} imports ${target}`;
    if (from !== undefined && MAY_IMPORT_FILES[from]?.includes(target)) continue;
    if (to === undefined || to === from) {
      if (!target.startsWith("lib/") && target !== "deno.json") faults.push(fault);
      continue;
    }
    const allowed = from === undefined ? [] : [
      ...(MAY_IMPORT[from] ?? []),
      ...(typeOnly ? MAY_IMPORT_TYPES[from] ?? [] : []),
    ];
    if (!allowed.includes(to)) faults.push(fault);
  }
  return faults;
}

/** The first cycle among files by what they import when they run, as a path; or undefined. */
function findCycle(imports: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): string[] | undefined => {
    const at = trail.indexOf(path);
    if (at !== -1) return [...trail.slice(at), path];
    if (done.has(path)) return undefined;
    for (const next of imports.get(path) ?? []) {
      const cycle = visit(next, [...trail, path]);
      if (cycle !== undefined) return cycle;
    }
    done.add(path);
    return undefined;
  };
  for (const path of imports.keys()) {
    const cycle = visit(path, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

function matches(sources: readonly SourceFile[], pattern: RegExp): string[] {
  return sources.flatMap(({ path, code }) =>
    code.split("\n").flatMap((line, index) =>
      pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : []
    )
  );
}

const library = await sourcesBelow("lib");
const main = await readSource("main.ts");
const all = [
  ...library,
  main,
  ...await sourcesBelow("tests"),
  ...await sourcesBelow("tools"),
  ...await sourcesBelow("bench"),
];

Deno.test("importsOf() sees every kind of import, and which leave nothing", () => {
  const code = withoutComments(`/** import x from "./comment.ts" */
import { a } from "./a.ts";
import type { B } from "./b.ts";
import {
  type C,
  type D,
} from "./c.ts";
import { type E, f } from "./d.ts";
import "./e.ts";
export { g } from "./f.ts";
export type { H } from "./g.ts";
const i = await import("./h.ts");
new Worker(new URL("./i.ts", import.meta.url));
// import k from "./k.ts"
export const text = "from elsewhere";
`);
  assert.deepEqual(importsOf(code), [
    { specifier: "./a.ts", typeOnly: false },
    { specifier: "./b.ts", typeOnly: true },
    { specifier: "./c.ts", typeOnly: true },
    { specifier: "./d.ts", typeOnly: false },
    { specifier: "./e.ts", typeOnly: false },
    { specifier: "./f.ts", typeOnly: false },
    { specifier: "./g.ts", typeOnly: true },
    { specifier: "./h.ts", typeOnly: false },
    { specifier: "./i.ts", typeOnly: false },
  ]);
});

Deno.test("directionFaults() finds imports against the direction", () => {
  const faultsOf = (path: string, code: string) =>
    directionFaults({ path, text: code, code }).length;
  assert.equal(faultsOf("lib/table/x.ts", 'import { a } from "../input/a.ts";'), 1);
  assert.equal(faultsOf("lib/table/x.ts", 'import type { A } from "../input/a.ts";'), 0);
  assert.equal(faultsOf("lib/table/x.ts", 'import type { A } from "../rest/a.ts";'), 1);
  assert.equal(faultsOf("lib/server/x.ts", 'import { a } from "../rest/a.ts";'), 1);
  assert.equal(faultsOf("lib/report/x.ts", 'import type { A } from "../probe/a.ts";'), 0);
  assert.equal(faultsOf("lib/report/x.ts", 'import { a } from "../probe/a.ts";'), 1);
  assert.equal(faultsOf("lib/rest/x.ts", 'import { a } from "../load/a.ts";'), 1);
  assert.equal(faultsOf("lib/load/x.ts", 'import { a } from "../../tools/a.ts";'), 1);
  assert.equal(faultsOf("lib/input/x.ts", 'import { a } from "../table/types.ts";'), 0);
  assert.equal(faultsOf("lib/input/x.ts", 'import { a } from "../table/avro.ts";'), 1);
  assert.equal(faultsOf("lib/errors.ts", 'import { a } from "./table/a.ts";'), 1);
  assert.equal(faultsOf("lib/load/x.ts", 'import { a } from "../rest/a.ts";'), 0);
  assert.equal(faultsOf("lib/input/x.ts", 'import { a } from "../errors.ts";'), 0);
});

Deno.test("findCycle() finds a cycle and names it", () => {
  assert.deepEqual(findCycle(new Map([["a", ["b"]], ["b", ["c"]], ["c", ["b"]]])), ["b", "c", "b"]);
  assert.equal(findCycle(new Map([["a", ["b", "c"]], ["b", ["c"]], ["c", []]])), undefined);
});

Deno.test("only lib/cli writes to the console and to the standard streams", () => {
  const others = library.filter(({ path }) => roomOf(path) !== "cli");
  assert.deepEqual(
    matches(
      others,
      /\bconsole\.|\bDeno\.(stdout|stderr)\b|\bprocess\.(stdout|stderr)\b|\b(alert|confirm|prompt)\(/,
    ),
    [],
  );
});

Deno.test("only main.ts exits", () => {
  assert.deepEqual(matches(library, /\bDeno\.exit\b|\bprocess\.exit\b|\bDeno\.exitCode\b/), []);
  assert.equal(matches([main], /\bDeno\.exit\(/).length, 1);
});

Deno.test("every file of lib stands in a room that design knows", () => {
  const strangers = library.map(({ path }) => path).filter((path) =>
    !["lib/errors.ts", "lib/random.ts", "lib/statistics.ts"].includes(path) &&
    !Object.hasOwn(MAY_IMPORT, roomOf(path) ?? "")
  );
  assert.deepEqual(strangers, []);
});

Deno.test("the rooms of lib import in one direction", () => {
  assert.deepEqual(library.flatMap(directionFaults), []);
});

Deno.test("no file of lib imports itself by way of others", () => {
  const imports = new Map(library.map((source) => [
    source.path,
    importsOf(source.code)
      .filter(({ specifier, typeOnly }) => specifier.startsWith(".") && !typeOnly)
      .map(({ specifier }) => join(dirname(source.path), specifier)),
  ]));
  assert.equal(findCycle(imports)?.join(" → "), undefined);
});

/** What stands in the page of a report as it is: styles and scripts, imported as texts. */
async function pageParts(): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(join(ROOT, "lib/report/page"))) {
    names.push(`lib/report/page/${name}`);
  }
  return names;
}

Deno.test("every relative import names a file with its ending", async () => {
  const known = new Set([
    ...all.map(({ path }) => path),
    ...["deno.json", "docs/events.schema.json"],
    ...await pageParts(),
    ...KERNELS.map(({ output }) => output),
  ]);
  const missing = all.filter(({ path }) => path !== relative(ROOT, import.meta.filename!))
    .flatMap(({ path, code }) =>
      importsOf(code)
        .filter(({ specifier }) => specifier.startsWith("."))
        .map(({ specifier }) => join(dirname(path), specifier))
        .filter((target) => !known.has(target))
        .map((target) => `${path} imports ${target}`)
    );
  assert.deepEqual(missing, []);
});

Deno.test("no file has a default export", () => {
  assert.deepEqual(matches(all, /^\s*export\s+(default\b|\{[^}]*\bas default\b)/), []);
});

Deno.test(`no file of lib has more than ${LINES_MAX} lines`, () => {
  const long = library.map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }))
    .filter(({ lines }) => lines > LINES_MAX);
  assert.deepEqual(long, []);
});

Deno.test("nothing is left to do in the sources", () => {
  // Put together, so that this file does not name what it looks for.
  const marks = new RegExp(`\\b(${["TO" + "DO", "FIX" + "ME", "X".repeat(3)].join("|")})\\b`);
  const found = all.flatMap(({ path, text }) => marks.test(text) ? [path] : []);
  assert.deepEqual(found, []);
});

Deno.test("no test is skipped and none runs alone", () => {
  const pattern = new RegExp(`\\bDeno\\.test\\.(${["ig" + "nore", "on" + "ly"].join("|")})\\b`);
  assert.deepEqual(matches(all, pattern), []);
});

Deno.test("every file of lib opens by saying what it is for", () => {
  const silent = [...library, main].filter(({ text }) => !/^(\/\/ |\/\*\*)/.test(text)).map((
    { path },
  ) => path);
  assert.deepEqual(silent, []);
});

/** Hosts of package registries: packages are named by their names alone. */
const REGISTRY_HOSTS = [
  ["registry", "npmjs", "org"],
  ["registry", "yarnpkg", "com"],
  ["npm", "jsr", "io"],
  ["jsr", "io"],
  ["deno", "land"],
  ["esm", "sh"],
  ["unpkg", "com"],
  ["pypi", "org"],
  ["files", "pythonhosted", "org"],
  ["repo1", "maven", "org"],
  ["repo", "maven", "apache", "org"],
  ["proxy", "golang", "org"],
  ["static", "crates", "io"],
].map((parts) => parts.join("."));

/** Everything that is part of the project, by what stands at its top. */
const TOP_LEVEL = [
  ...["deno.json", "deno.lock", "compose.yaml", "README.md", "CONTRIBUTING.md", "CHANGELOG.md"],
  ...[
    "main.ts",
    "install.sh",
    "Dockerfile",
    "lib",
    "tests",
    "tools",
    "docs",
    "bench",
    ".ci",
    ".github",
  ],
];

async function* projectTexts(path: string): AsyncGenerator<{ path: string; text: string }> {
  const info = await Deno.stat(join(ROOT, path)).catch(() => undefined);
  if (info === undefined) return;
  if (info.isFile) {
    yield { path, text: await Deno.readTextFile(join(ROOT, path)) };
    return;
  }
  for await (const entry of Deno.readDir(join(ROOT, path))) {
    if (entry.name === "node_modules" || entry.name === "__pycache__") continue;
    yield* projectTexts(`${path}/${entry.name}`);
  }
}

Deno.test("nothing names the host of a package registry", async () => {
  const found: string[] = [];
  let files = 0;
  for (const top of TOP_LEVEL) {
    for await (const { path, text } of projectTexts(top)) {
      files++;
      for (const host of REGISTRY_HOSTS) if (text.includes(host)) found.push(`${path}: ${host}`);
    }
  }
  assert.ok(files > 100, "the project's files were not found");
  assert.deepEqual(found, []);
});
