// Flags and the variables that stand for them: which wins, and what is wrong.

import assert from "node:assert/strict";
import { buildCommand, type Flag, HelpRequest } from "../../lib/cli/flags.ts";
import { parseFlags } from "./parse_flags.ts";
import { UsageError } from "../../lib/errors.ts";

const FLAGS: readonly Flag[] = [
  { flags: "-w, --workers <N>", description: "d", group: "G", fallback: "2" },
  {
    flags: "--uri <URI>",
    description: "d",
    group: "G",
    fallback: "http://default",
    originalVariables: ["CATALOG_URL"],
  },
  { flags: "--column <C>", description: "d", group: "G", repeats: true },
  { flags: "--no-header", description: "d", group: "G" },
  { flags: "--json", description: "d", group: "G" },
  { flags: "--place <P>", description: "d", group: "G", withoutVariables: true },
];

function parse(args: readonly string[], variables: Readonly<Record<string, string>> = {}) {
  const command = buildCommand({
    name: "test",
    flags: FLAGS,
  });
  return parseFlags(command, { args, flags: FLAGS, environment: (name) => variables[name] });
}

Deno.test("parseFlags() gives the fallback when nothing is set", () => {
  const values = parse([]);
  assert.equal(values.text("workers"), "2");
  assert.equal(values.source("workers"), "default");
  assert.equal(values.text("place"), undefined);
  assert.deepEqual(values.texts("column"), []);
  assert.equal(values.isOn("json"), false);
  assert.equal(values.isOn("no-header"), false);
});

Deno.test("parseFlags() lets a flag beat every variable", () => {
  const values = parse(["--uri", "http://flag"], {
    CATALOG_URL: "http://original",
    LAKEKEEPER_INGEST_URI: "http://own",
  });
  assert.equal(values.text("uri"), "http://flag");
  assert.equal(values.source("uri"), "flag");
});

Deno.test("parseFlags() lets a flag beat a variable even with the fallback's value", () => {
  const values = parse(["--workers", "2"], { LAKEKEEPER_INGEST_WORKERS: "8" });
  assert.equal(values.text("workers"), "2");
  assert.equal(values.source("workers"), "flag");
});

Deno.test("parseFlags() lets the original variable beat the tool's own", () => {
  const both = { CATALOG_URL: "http://original", LAKEKEEPER_INGEST_URI: "http://own" };
  assert.equal(parse([], both).text("uri"), "http://original");
  assert.equal(parse([], both).source("uri"), "environment");
  assert.equal(parse([], { LAKEKEEPER_INGEST_URI: "http://own" }).text("uri"), "http://own");
});

Deno.test("parseFlags() takes an empty variable for unset", () => {
  const values = parse([], { CATALOG_URL: "", LAKEKEEPER_INGEST_WORKERS: "" });
  assert.equal(values.text("uri"), "http://default");
  assert.equal(values.source("uri"), "default");
  assert.equal(values.source("workers"), "default");
  assert.equal(
    parse([], { CATALOG_URL: "", LAKEKEEPER_INGEST_URI: "http://own" }).text("uri"),
    "http://own",
  );
});

Deno.test("parseFlags() collects a flag that repeats, in order", () => {
  assert.deepEqual(parse(["--column", "a:int", "--column=b:long"]).texts("column"), [
    "a:int",
    "b:long",
  ]);
  assert.deepEqual(parse([], { LAKEKEEPER_INGEST_COLUMN: "a:int" }).texts("column"), ["a:int"]);
  assert.deepEqual(
    parse(["--column", "b:long"], { LAKEKEEPER_INGEST_COLUMN: "a:int" }).texts("column"),
    ["b:long"],
  );
});

Deno.test("parseFlags() takes the last of a flag that does not repeat", () => {
  assert.equal(parse(["--workers", "3", "-w", "4"]).text("workers"), "4");
});

Deno.test("parseFlags() reads negated flags, by flag and by variable", () => {
  assert.equal(parse(["--no-header"]).isOn("no-header"), true);
  assert.equal(parse(["--no-header"]).source("no-header"), "flag");
  assert.equal(parse([], { LAKEKEEPER_INGEST_NO_HEADER: "true" }).isOn("no-header"), true);
  assert.equal(parse([], { LAKEKEEPER_INGEST_NO_HEADER: "0" }).isOn("no-header"), false);
});

Deno.test("parseFlags() reads switches from variables", () => {
  assert.equal(parse([], { LAKEKEEPER_INGEST_JSON: "1" }).isOn("json"), true);
  assert.equal(parse([], { LAKEKEEPER_INGEST_JSON: "false" }).isOn("json"), false);
  assert.throws(() => parse([], { LAKEKEEPER_INGEST_JSON: "perhaps" }), {
    message: 'Cannot use LAKEKEEPER_INGEST_JSON "perhaps": it takes true or false',
  });
});

Deno.test("parseFlags() reads no variable for a flag without any", () => {
  assert.equal(parse([], { LAKEKEEPER_INGEST_PLACE: "x" }).text("place"), undefined);
});

Deno.test("parseFlags() takes flags and operands in any order", () => {
  const values = parse(["a.csv", "--workers=3", "b.csv", "--", "--json"]);
  assert.deepEqual(values.operands, ["a.csv", "b.csv", "--json"]);
  assert.equal(values.text("workers"), "3");
  assert.equal(values.isOn("json"), false);
});

for (
  const [args, message] of [
    [["--wrokers", "2"], 'Unknown option "--wrokers" (Did you mean --workers?)'],
    [["-z"], 'Unknown option "-z"'],
    [["--workers"], 'Option "-w, --workers <N>" argument missing'],
  ] as const
) {
  Deno.test(`parseFlags() refuses ${args.join(" ")} as wrong usage`, () => {
    assert.throws(() => parse(args), (error: unknown) => {
      assert.ok(error instanceof UsageError);
      assert.equal(error.exitCode, 2);
      assert.equal(error.message, message);
      assert.equal(error.hint, "See: lakekeeper-ingest test --help");
      return true;
    });
  });
}

Deno.test("parseFlags() asks for help instead of work", () => {
  assert.throws(() => parse(["--help"]), HelpRequest);
  assert.throws(() => parse(["-h"]), HelpRequest);
});
