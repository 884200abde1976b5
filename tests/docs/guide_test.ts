// What the documentation says, held against the project without running anything: links and their
// anchors, blocks that are neither run nor marked, flags, tasks, exit codes, data that must parse.

import assert from "node:assert/strict";
import { dirname, join, normalize } from "node:path";
import { parseAllDocuments } from "yaml";
import { EXIT_CODE } from "../../lib/errors.ts";
import { allDefinitions } from "../../lib/cli/definitions.ts";
import { type Flag, nameOf, variablesOf } from "../../lib/cli/flags.ts";
import { VERB_NAMES } from "../../lib/cli/verbs.ts";
import config from "../../deno.json" with { type: "json" };
import { commandsOf, type DocPage } from "./page.ts";
import { readGuide, readPages, ROOT } from "./pages.ts";

const guide = await readGuide();
const all = [
  ...guide,
  ...await readPages(["CONTRIBUTING.md", "CHANGELOG.md", "bench/README.md"]),
];
const definitions = await allDefinitions();
const FLAGS = new Map<string, ReadonlySet<string>>(
  definitions.map(({ name, flags }) => [name, new Set(flags.flatMap(namesOf))]),
);

/** `-w, --workers <N>` is `-w` and `--workers`. */
function namesOf({ flags }: Pick<Flag, "flags">): string[] {
  return [...flags.matchAll(/(?<![\w-])--?[a-z][a-z0-9-]*/g)].map(([name]) => name);
}

Deno.test("the documentation has an index that leads to every page", () => {
  const index = guide.find(({ path }) => path === "docs/README.md");
  assert.ok(index !== undefined);
  const linked = new Set(index.links.map(({ target }) => `docs/${target}`));
  const missing = guide.map(({ path }) => path)
    .filter((path) => path.startsWith("docs/") && path !== index.path && !linked.has(path));
  assert.deepEqual(missing, []);
});

Deno.test("every block of the documentation can be read, and is run or marked", () => {
  assert.deepEqual(guide.flatMap(({ faults }) => faults), []);
  const blocks = guide.flatMap(({ blocks }) => blocks);
  assert.ok(blocks.length > 20, "the blocks were not found");
  for (const { page, line, directives } of blocks) {
    if (directives.notRun !== undefined) {
      console.log(`not run: ${page}:${line}: ${directives.notRun}`);
    }
  }
});

Deno.test("links within the project lead to what is there", async () => {
  const anchors = new Map<string, Promise<ReadonlySet<string>>>();
  const anchorsOf = (path: string) => {
    const known = anchors.get(path) ?? readPages([path]).then(([page]) => page!.anchors);
    anchors.set(path, known);
    return known;
  };
  const broken: string[] = [];
  let links = 0;
  for (const page of all) {
    for (const { line, target } of page.links) {
      if (/^[a-z]+:/.test(target)) continue;
      links++;
      const [file, anchor] = target.split("#") as [string, string?];
      const path = file === "" ? page.path : normalize(join(dirname(page.path), file));
      const isThere = await Deno.stat(join(ROOT, path)).then(() => true, () => false);
      const isNamed = anchor === undefined || path.endsWith(".md") && isThere &&
          (await anchorsOf(path)).has(anchor);
      if (!isThere || !isNamed) broken.push(`${page.path}:${line}: ${target}`);
    }
  }
  assert.ok(links > 20, "the links were not found");
  assert.deepEqual(broken, []);
});

/** Every command line of a page, from its blocks and from its sentences. */
function commandLines(page: DocPage): { readonly line: number; readonly text: string }[] {
  const blocks = page.blocks.filter(({ language }) =>
    language === "bash" || language === "console"
  );
  return [
    ...blocks.flatMap((block) =>
      commandsOf(block).map(({ command: text }) => ({ ...block, text }))
    ),
    ...blocks.flatMap(({ line, directives: { runAs, before } }) =>
      [runAs, before].flatMap((text) => text === undefined ? [] : text.split("\n"))
        .map((text) => ({ line, text }))
    ),
    ...page.inlineCodes,
  ];
}

/** The arguments of the tool in a command line, up to what ends the command. */
function toolWords(text: string): string[] | undefined {
  const found = /(?:^|[\s/(;|&])lakekeeper-ingest(?: ([^]*))?$/.exec(text.replaceAll(/\\\n/g, " "));
  if (found === null) return undefined;
  return (found[1] ?? "").split(/\s+/).map((word) => word.replace(/^\[?|[\]),]*$/g, ""))
    .reduce<string[]>((words, word) => {
      if (/^[|;&>]/.test(words.at(-1) ?? "")) return words;
      return [...words, word];
    }, []);
}

/** Flags in a command line of the tool that its verb does not have. */
function unknownFlags(text: string): string[] {
  const words = toolWords(text);
  if (words === undefined) return [];
  const verb = (VERB_NAMES as readonly string[]).includes(words[0]!) ? words[0]! : "ingest";
  const known = FLAGS.get(verb === "config" ? "ingest" : verb)!;
  return words.map((word) => word.split("=")[0]!)
    .filter((word) => /^--?[a-z]/i.test(word))
    .filter((word) => !known.has(word) && !FLAGS.get(verb)!.has(word))
    .filter((word) => !["--help", "-h", "--version", "-V"].includes(word));
}

Deno.test("unknownFlags() finds a flag that the verb of a command line does not have", () => {
  assert.deepEqual(unknownFlags("lakekeeper-ingest a.csv --workers 2 -q"), []);
  assert.deepEqual(unknownFlags("lakekeeper-ingest a.csv --wrokers=2"), ["--wrokers"]);
  assert.deepEqual(unknownFlags("./lakekeeper-ingest verify a.csv --workers 2"), ["--workers"]);
  assert.deepEqual(unknownFlags("X=1 lakekeeper-ingest probe \\\n  --cimmits 2"), ["--cimmits"]);
  assert.deepEqual(unknownFlags("lakekeeper-ingest man | man -l -"), []);
  assert.deepEqual(unknownFlags("docker run --rm x"), []);
});

Deno.test("command lines in the documentation have flags that the tool has", () => {
  const unknown = all.flatMap((page) =>
    commandLines(page).flatMap(({ line, text }) =>
      unknownFlags(text).map((flag) => `${page.path}:${line}: ${flag}`)
    )
  );
  assert.deepEqual(unknown, []);
});

Deno.test("tasks that the documentation names are there", () => {
  const unknown = all.flatMap((page) =>
    commandLines(page).flatMap(({ line, text }) =>
      [...text.matchAll(/\btask (?:--quiet )?([a-z][a-z:]*)/g)]
        .filter(([, name]) => !Object.hasOwn(config.tasks, name!))
        .map(([, name]) => `${page.path}:${line}: ${name}`)
    )
  );
  assert.deepEqual(unknown, []);
});

/** Rows of the tables in a page of which the first heading is this, as texts of their cells. */
async function tableRows(path: string, firstHeading: string): Promise<string[][]> {
  const rows: string[][] = [];
  let isIn = false;
  for (const line of (await Deno.readTextFile(join(ROOT, path))).split("\n")) {
    const cells = line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim());
    if (!line.startsWith("|")) isIn = false;
    else if (cells[0] === firstHeading) isIn = true;
    else if (isIn && !/^-+$/.test(cells[0]!)) rows.push(cells);
  }
  return rows;
}

Deno.test("exit-codes.md has every exit code of the tool, and no other", async () => {
  const codes = (await tableRows("docs/exit-codes.md", "code"))
    .flatMap(([code]) => code!.split(",").map(Number));
  assert.deepEqual(codes.toSorted((a, b) => a - b), Object.values(EXIT_CODE));
});

Deno.test("tables of flags name flags of ingest with their variables", async () => {
  const ingest = definitions.find(({ name }) => name === "ingest")!;
  let rows = 0;
  for (const { path } of guide) {
    for (const [flag, variables] of await tableRows(path, "flag")) {
      rows++;
      const names = namesOf({ flags: flag! });
      const found = ingest.flags.find((known) => `--${nameOf(known)}` === names.at(-1));
      assert.ok(found !== undefined, `${path}: ${flag}`);
      assert.deepEqual(namesOf(found), names, `${path}: ${flag}`);
      const given = [...variables!.matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name!);
      assert.ok(given.length > 0, `${path}: ${flag} has no variable`);
      // CATALOG_TOKEN holds the token, not the file's name, so no flag stands for it.
      const known = [...variablesOf(found), "CATALOG_TOKEN"];
      assert.deepEqual(given.filter((name) => !known.includes(name)), [], `${path}: ${flag}`);
    }
  }
  assert.ok(rows > 5, "the tables were not found");
});

Deno.test("blocks of YAML and JSON can be parsed", () => {
  for (const { page, line, language, text } of guide.flatMap(({ blocks }) => blocks)) {
    const place = `${page}:${line}`;
    if (language === "yaml") {
      const errors = parseAllDocuments(text).flatMap((document) => document.errors);
      assert.deepEqual(errors.map(({ message }) => message), [], place);
    } else if (language === "json") {
      for (const part of text.split("\n\n")) {
        assert.doesNotThrow(
          () =>
            part.trimStart().startsWith("{\n")
              ? JSON.parse(part)
              : part.split("\n").map((one) => JSON.parse(one)),
          place,
        );
      }
    }
  }
});

Deno.test("the Kubernetes example treats each exit code as the table says", () => {
  const { blocks } = guide.find(({ path }) => path === "docs/exit-codes.md")!;
  const job = blocks.find(({ text }) => text.includes("podFailurePolicy"))!;
  const { spec } = parseAllDocuments(job.text)[0]!.toJS() as {
    spec: { podFailurePolicy: { rules: PodFailureRule[] }; backoffLimit: number };
  };
  const codes = spec.podFailurePolicy.rules.flatMap(({ onExitCodes }) => onExitCodes?.values ?? []);
  const known = new Set<number>(Object.values(EXIT_CODE));
  assert.deepEqual(codes.filter((code) => !known.has(code)), []);
  // What another try settles must not end the job.
  for (const retried of [EXIT_CODE.unknown, EXIT_CODE.conflicts, EXIT_CODE.unreachable]) {
    const rule = spec.podFailurePolicy.rules.find((one) =>
      one.onExitCodes?.values.includes(retried)
    );
    assert.ok(rule === undefined || rule.action === "Count", String(retried));
  }
  assert.ok(spec.backoffLimit > 0);
});

interface PodFailureRule {
  readonly action: string;
  readonly onExitCodes?: { readonly values: readonly number[] };
}
