// Every line that a verb prints with --json is one that docs/events.schema.json describes, field by
// field: real runs of every verb, and events that no run brings about at will.

import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import schema from "../../docs/events.schema.json" with { type: "json" };
import { jsonLine } from "../../lib/cli/json_view.ts";
import type { LoadEvent } from "../../lib/load/events.ts";
import { createTable, EMBEDDED, filesBelow, inTempDir, jsonLines, startServe } from "./support.ts";
import { runTool } from "./tool.ts";

type Schema = Record<string, unknown>;
const DEFINITIONS: Readonly<Record<string, Schema>> = schema.$defs;
const VERBS = schema.anyOf.map(({ $ref }) => nameOf($ref));

function nameOf(reference: string): string {
  return reference.replace("#/$defs/", "");
}

/** The kinds of lines of a verb. */
function kindsOf(verb: string): string[] {
  return (DEFINITIONS[verb]!["oneOf"] as { $ref: string }[]).map(({ $ref }) => nameOf($ref));
}

/** The published schema lets fields be added; a test must see those that it does not name. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).map(([key, item]) => [key, closed(item)]);
  const isObject = "properties" in value && "required" in value;
  return { ...Object.fromEntries(fields), ...(isObject ? { additionalProperties: false } : {}) };
}

function compile(of: unknown) {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true });
  (addFormats as unknown as (to: Ajv2020) => void)(ajv);
  return ajv.addSchema(of as Schema, "lines");
}

const published = compile(schema);
const strict = compile(closed(schema));

function accepts(ajv: Ajv2020, definition: string, line: unknown): boolean {
  return ajv.validate({ $ref: `lines#/$defs/${definition}` }, line);
}

/** Kinds of lines that have been met, each with one of them. */
const met = new Map<string, Record<string, unknown>>();

/** Checks that a line is exactly one kind of its verb, with no field that is not described. */
function check(verb: string, line: Record<string, unknown>): string {
  const kinds = kindsOf(verb).filter((kind) => accepts(strict, kind, line));
  if (kinds.length !== 1) {
    const text = JSON.stringify(line);
    const nearest = kindsOf(verb).filter((kind) =>
      JSON.stringify(DEFINITIONS[kind]).includes(`"${line["type"]}"`)
    );
    for (const kind of nearest) accepts(strict, kind, line);
    assert.fail(`${verb} prints a line of ${kinds.length} kinds: ${text}\n${strict.errorsText()}`);
  }
  assert.ok(published.validate({ $ref: "lines" }, line), published.errorsText());
  met.set(kinds[0]!, line);
  return kinds[0]!;
}

function checkAll(verb: string, text: string): string[] {
  const kinds = jsonLines(text).map((line) => check(verb, line));
  assert.ok(kinds.length > 0, `${verb} printed nothing`);
  return kinds;
}

/** Runs a verb with --json in a directory and checks what it prints on both streams. */
async function runChecked(
  directory: string,
  args: readonly string[],
  options: { readonly verb?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<{ readonly code: number; readonly kinds: string[] }> {
  const { verb = args[0]!, env = {} } = options;
  const { code, stdout, stderr } = await runTool([...args, "--json"], { cwd: directory, env });
  const kinds = stdout === "" ? [] : checkAll(verb, stdout);
  // Notices for people may stand on stderr, too; what looks like JSON is to be a line.
  const objects = stderr.split("\n").filter((line) => line.startsWith("{")).join("\n");
  if (objects !== "") kinds.push(...checkAll(verb, objects));
  assert.ok(kinds.length > 0, `${args.join(" ")} printed no line: ${stderr}`);
  return { code, kinds };
}

Deno.test("lines of ingest, verify and clean are those of the schema", async () => {
  await inTempDir(async (directory) => {
    const csv = "id,name\n" + Array.from({ length: 40 }, (_, id) => `${id},n${id}\n`).join("");
    await Deno.writeTextFile(join(directory, "data.csv"), csv);
    const first = await runChecked(directory, [
      ...["ingest", "data.csv", "--chunk-size", "10", "--load-id", "one", "--trace", ...EMBEDDED],
    ]);
    assert.equal(first.code, 0);
    for (const kind of ["ingest_start", "ingest_table", "ingest_chunk", "ingest_summary", "http"]) {
      assert.ok(first.kinds.includes(kind), `no ${kind}`);
    }
    const plan = ["ingest", "data.csv", "--dry-run", ...EMBEDDED];
    const planned = await runChecked(directory, plan);
    assert.equal(planned.kinds.at(-1), "ingest_plan");
    // Again, the chunks are there already.
    await runChecked(directory, ["ingest", "data.csv", "--load-id", "one", ...EMBEDDED]);
    await Deno.writeTextFile(join(directory, "bad.csv"), "id,name\nx,y\n");
    const bad = await runChecked(directory, ["ingest", "bad.csv", ...EMBEDDED]);
    assert.equal(bad.code, 3);
    assert.equal(bad.kinds.filter((kind) => kind === "error").length, 2);
    await Deno.writeTextFile(join(directory, "empty.csv"), "id,name\n");
    assert.ok(
      (await runChecked(directory, ["ingest", "empty.csv", ...EMBEDDED])).kinds.includes("notice"),
    );
    const missing = await runChecked(directory, ["ingest", "none.csv", ...EMBEDDED]);
    assert.deepEqual(missing, { code: 1, kinds: ["error"] });
    const same = await runChecked(directory, ["verify", "data.csv", "--trace", ...EMBEDDED]);
    assert.equal(same.code, 0);
    await Deno.writeTextFile(join(directory, "other.csv"), "id,name\n1,n1\n1,n1\n99,new\n");
    const other = await runChecked(directory, ["verify", "other.csv", "--show", "3", ...EMBEDDED]);
    assert.equal(other.code, 1);
    assert.ok(other.kinds.includes("verify_difference"));
    // Two files that a load of that id may have left.
    const [data] = await filesBelow(join(directory, "warehouse"), ".parquet");
    for (const range of ["0-9", "9-20"]) {
      const name = `left-${range}-${crypto.randomUUID()}.parquet`;
      await Deno.writeTextFile(join(dirname(data!), name), "x");
    }
    const args = ["clean", "--load-id", "left", "--older-than", "0s", ...EMBEDDED];
    const would = await runChecked(directory, [...args, "--dry-run", "--trace"]);
    assert.equal(would.code, 0);
    assert.ok(would.kinds.includes("clean_file"), "there is nothing to clean");
    const cleaned = await runChecked(directory, args);
    assert.deepEqual(cleaned.kinds, ["clean_file", "clean_file", "clean_summary"]);
    assert.equal((await runChecked(directory, ["clean", ...EMBEDDED])).code, 2);
  });
});

Deno.test("lines of races that are lost, and of loads in one commit, are those of the schema", async () => {
  await inTempDir(async (directory) => {
    const rows = ["ingest", "--rows", "4000", "--chunk-size", "100", "--workers", "4"];
    const { kinds } = await runChecked(directory, [...rows, "--commit-retries", "0", ...EMBEDDED]);
    assert.ok(kinds.includes("ingest_commit"));
    for (const commit of ["grouped", "once"]) {
      await runChecked(directory, [...rows, "--commit", commit, ...EMBEDDED]);
    }
  });
});

Deno.test("lines of probe are those of the schema, all workloads of it", async () => {
  await inTempDir(async (directory) => {
    const race = ["probe", "--writers", "2", "--commits", "2", "--trace", ...EMBEDDED];
    const { code } = await runChecked(directory, race);
    assert.ok(code === 0 || code === 11, `two rounds may be too few to judge by: ${code}`);
    const check = await runChecked(directory, ["probe", "check", "history.jsonl"]);
    assert.deepEqual(check.kinds, ["probe_verdict"]);
    const missing = await runChecked(directory, ["probe", "check", "none.jsonl"]);
    assert.deepEqual(missing, { code: 3, kinds: ["error"] });
  });
});

Deno.test("lines of serve are those of the schema, faults and a violation of its catalog among them", async () => {
  await inTempDir(async (directory) => {
    const server = await startServe(
      ["--listen", "127.0.0.1:0", "--json", "--lost-race", "500", "--fault", "load:delay=1ms"],
      { cwd: directory },
    );
    const race = ["probe", "--writers", "4", "--commits", "10", "--workload", "append"];
    const { code } = await runChecked(directory, [...race, "--uri", server.uri]);
    assert.equal(code, 10);
    await server.end("SIGTERM");
    const kinds = checkAll("serve", await server.stdout());
    assert.deepEqual(kinds.toSpliced(1, kinds.length - 2), ["serve_start", "serve_stop"]);
    assert.deepEqual(new Set(kinds.slice(1, -1)), new Set(["serve_request"]));
    const wrong = await runChecked(directory, ["serve", "--listen", "nowhere"]);
    assert.deepEqual(wrong, { code: 2, kinds: ["error"] });
  });
});

Deno.test("lines of doctor, config and version are those of the schema", async () => {
  await inTempDir(async (directory) => {
    await createTable(directory, { fields: [] });
    await runChecked(directory, ["doctor", "--trace", ...EMBEDDED]);
    const unreachable = ["doctor", "--uri", "http://127.0.0.1:9/catalog"];
    assert.notEqual((await runChecked(directory, unreachable)).code, 0);
    const env = { CATALOG_TOKEN: "secret", WAREHOUSE: "w" };
    assert.deepEqual(
      (await runChecked(directory, ["config", "show"], { env })).kinds,
      ["config_settings"],
    );
    assert.deepEqual((await runChecked(directory, ["config", "path"])).kinds, ["config_paths"]);
    assert.deepEqual((await runChecked(directory, ["version"])).kinds, ["version_info"]);
  });
});

/** Events that no run brings about at will. */
const RARE: readonly LoadEvent[] = [
  { type: "lost", chunks: [0, 7], rows: 2000 },
  {
    type: "commit",
    chunk: 3,
    chunks: 2,
    writer: 0,
    attempt: 2,
    outcome: "unknown",
    snapshotId: "9165048085588794772",
    reason: "timeout: no end within 60 s",
    elapsedMs: 60_000.25,
  },
  {
    type: "chunk",
    chunk: 3,
    state: "unknown",
    rows: 1000,
    attempts: 2,
    elapsedMs: 60_000,
    snapshotId: "9165048085588794772",
    failure: "unknown",
    reason: "timeout",
  },
  {
    type: "error",
    message: "m",
    exitCode: 3,
    hint: "h",
    failure: "input",
    file: "a.csv",
    line: 4,
    column: "c",
    value: "v",
    expected: "long",
  },
];

Deno.test("rare events of a load are those of the schema", () => {
  for (const event of RARE) check("ingest", JSON.parse(jsonLine(event, new Date())));
});

Deno.test("every kind of line that the schema has was met", () => {
  const kinds = new Set(VERBS.flatMap(kindsOf));
  assert.deepEqual([...kinds].filter((kind) => !met.has(kind)), []);
});

Deno.test("the schema refuses an unknown type, a missing field and a wrong one", () => {
  assert.ok(met.size > 0);
  for (const [kind, line] of met) {
    const { required, properties } = DEFINITIONS[kind] as {
      readonly required: readonly string[];
      readonly properties: Schema;
    };
    for (const field of required) {
      const { [field]: _, ...rest } = line;
      assert.equal(accepts(published, kind, rest), false, `${kind} without ${field}`);
    }
    for (const field of Object.keys(line)) {
      assert.ok(field in properties, `${kind} does not tell of ${field}`);
      assert.equal(accepts(published, kind, { ...line, [field]: { wrong: true } }), false, field);
    }
    if (!("type" in line)) continue;
    assert.equal(published.validate({ $ref: "lines" }, { ...line, type: "nonsense" }), false, kind);
    // Fields may be added: that is no fault of a line.
    assert.equal(accepts(published, kind, { ...line, added_later: 1 }), true, kind);
    assert.equal(accepts(strict, kind, { ...line, added_later: 1 }), false, kind);
  }
});

Deno.test("the schema says of every field what it is, and in which unit", () => {
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== "object" || value === null) return;
    const { properties } = value as { readonly properties?: Record<string, Schema> };
    for (const [name, field] of Object.entries(properties ?? {})) {
      const isExplained = "description" in field || "const" in field || "$ref" in field ||
        name === "type";
      assert.ok(isExplained, `${path}.${name}`);
      const description = String(field["description"] ?? "");
      if (name.endsWith("_ms")) {
        assert.match(description, /[Mm]illiseconds|keys/, `${path}.${name}`);
      }
      if (name.endsWith("_bytes")) assert.match(description, /bytes/, `${path}.${name}`);
    }
    for (const [key, item] of Object.entries(value)) visit(item, `${path}.${key}`);
  };
  visit(schema, "");
});
