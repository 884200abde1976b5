// The help of every verb: what it must have, and how it fits where it is shown.

import assert from "node:assert/strict";
import { allDefinitions } from "../../lib/cli/definitions.ts";
import { nameOf, variablesOf } from "../../lib/cli/flags.ts";
import { flagMeaning, helpText } from "../../lib/cli/help_text.ts";
import { manPage } from "../../lib/cli/man/page.ts";
import { roffText } from "../../lib/cli/man/roff.ts";
import { COMMON_VARIABLES } from "../../lib/cli/tool_verbs.ts";
import { VERB_NAMES } from "../../lib/cli/verbs.ts";
import { fakeTerminal } from "./fake_terminal.ts";

const DEFINITIONS = await allDefinitions();

Deno.test("every verb of the list has a command line of its own name", () => {
  assert.deepEqual(DEFINITIONS.map(({ name }) => name), VERB_NAMES);
});

for (const definition of DEFINITIONS) {
  const { name, flags, examples, exitStatus, variables = [] } = definition;

  Deno.test(`helpText() of ${name} has usage, examples, every flag and variable, and exit status`, () => {
    const help = helpText(definition, fakeTerminal());
    assert.ok(help.startsWith(`Usage: lakekeeper-ingest ${name}`), help);
    assert.ok(examples.length > 0);
    for (const example of examples) {
      assert.ok(help.includes(`\n  ${example}\n`), `no ${example}`);
      assert.match(example, /^lakekeeper-ingest /);
    }
    const flat = help.replaceAll(/\s+/g, " ");
    for (const flag of flags) {
      assert.ok(help.includes(flag.flags), `no ${flag.flags}`);
      assert.ok(flat.includes(flagMeaning(flag).replaceAll(/\s+/g, " ")), flag.flags);
      for (const variable of variablesOf(flag)) assert.ok(flat.includes(variable), variable);
    }
    for (const [variable] of variables) assert.ok(flat.includes(variable), variable);
    assert.match(help, /^ {2}-h, --help +show this help$/m);
    assert.match(help, /\nExit status:\n {2}0 /);
    assert.ok(exitStatus.some(([code]) => code === "2"), "no exit status for wrong usage");
  });

  Deno.test(`helpText() of ${name} fits into 80 columns, and into a wider terminal better`, () => {
    const linesAt = (columns: number) =>
      helpText(definition, fakeTerminal({ columns })).trimEnd().split("\n");
    // A command is not cut: it is to be copied.
    const commands = new Set(examples.map((example) => `  ${example}`));
    for (const columns of [80, 100, 200]) {
      const long = linesAt(columns).filter((line) =>
        line.length > Math.min(columns, 110) && !commands.has(line)
      );
      assert.deepEqual(long, [], `${columns}`);
    }
    assert.ok(linesAt(200).length <= linesAt(80).length);
  });
}

Deno.test("helpText() has bold headings for a terminal with colours only", () => {
  const definition = DEFINITIONS[0]!;
  const plain = helpText(definition, fakeTerminal());
  const bold = helpText(definition, fakeTerminal({ usesColor: true }));
  assert.equal(plain.includes("\x1b"), false);
  assert.ok(bold.includes("\x1b[1mExamples:\x1b[22m"));
  // deno-lint-ignore no-control-regex
  assert.equal(bold.replaceAll(/\x1b\[\d+m/g, ""), plain);
});

Deno.test("helpText() is ASCII where UTF-8 cannot be shown", () => {
  for (const definition of DEFINITIONS) {
    const help = helpText(definition, fakeTerminal({ usesUnicode: false }));
    assert.match(help, /^[\n\x20-\x7e]*$/, definition.name);
  }
});

Deno.test("every flag of a closed set has values that its default is one of", () => {
  let checked = 0;
  for (const { name, flags } of DEFINITIONS) {
    for (const { values, fallback, flags: names } of flags) {
      if (values === undefined) continue;
      checked++;
      assert.ok(fallback === undefined || values.includes(fallback), `${name} ${names}`);
    }
  }
  assert.ok(checked >= 5, "no flag has values");
});

const PAGE = manPage({
  build: { version: "1.2.3", date: "2026-11-23T10:00:00Z" },
  verbs: DEFINITIONS,
  variables: COMMON_VARIABLES,
});

Deno.test("manPage() has a title with name, section, date and version", () => {
  const [, title] = PAGE.split("\n");
  assert.equal(
    title,
    '.TH "LAKEKEEPER\\-INGEST" 1 "2026\\-11\\-23" "lakekeeper\\-ingest 1.2.3" "User Commands"',
  );
});

Deno.test("manPage() has its sections in the order of man-pages, one of them for each verb", () => {
  const sections = [...PAGE.matchAll(/^\.SH "(.*)"$/gm)].map(([, name]) => name);
  const verbs = VERB_NAMES.map((name) => name.toUpperCase());
  assert.deepEqual(sections, ["NAME", "SYNOPSIS", "DESCRIPTION", ...verbs, "ENVIRONMENT"]);
});

Deno.test("manPage() tells of every flag, in full or by the verb that has told of it", () => {
  for (const { name, flags } of DEFINITIONS) {
    const start = PAGE.indexOf(`.SH "${name.toUpperCase()}"`);
    const end = PAGE.indexOf(".SH", start + 1);
    const section = PAGE.slice(start, end);
    for (const flag of flags) {
      assert.ok(section.includes(roffText(flag.flags)), `${name} ${nameOf(flag)}`);
    }
  }
});

Deno.test("manPage() has no line that roff would take for a request, and plain ASCII only", () => {
  assert.match(PAGE, /^[\n\x20-\x7e]*$/);
  const requests = new Set(
    [...PAGE.matchAll(/^[.'](\S*)/gm)].map(([, name]) => name!),
  );
  const known = ['\\"', "B", "EE", "EX", "PP", "SH", "SS", "TH", "TP", "ad", "in", "nh"];
  assert.deepEqual(requests, new Set(known).intersection(requests));
  assert.ok(requests.has("TP"));
});

Deno.test("roffText() guards what means something to roff", () => {
  assert.equal(roffText(".x"), "\\&.x");
  assert.equal(roffText("a\\b-c'd\"e`f^g~h…"), "a\\eb\\-c\\(aqd\\(dqe\\(gaf\\(hag\\(tih\\[u2026]");
});
