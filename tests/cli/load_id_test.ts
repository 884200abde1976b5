/** `--load-id`, `--commit` and `--target-file-size`: what they take. */
import assert from "node:assert/strict";
import { buildCommand } from "../../lib/cli/flags.ts";
import { parseFlags } from "./parse_flags.ts";
import { INGEST_FLAGS } from "../../lib/cli/ingest_flags.ts";
import { readLoadFlags, readLoadId } from "../../lib/cli/ingest_options.ts";
import { UsageError } from "../../lib/errors.ts";
import { timeOfUuidV7 } from "../../lib/table/uuid_v7.ts";
import { LOAD_ID_PATTERN } from "../../lib/table/locations.ts";

function valuesOf(args: readonly string[], variables: Readonly<Record<string, string>> = {}) {
  const definition = { name: "ingest", usage: "", description: "", flags: INGEST_FLAGS };
  return parseFlags(buildCommand(definition), {
    args,
    flags: INGEST_FLAGS,
    environment: (name) => variables[name],
  });
}

function sourceOf(text: string, once = false) {
  return {
    name: "f.csv",
    once,
    async *open() {
      // Cut anywhere.
      for (const part of text.match(/.{1,3}/gs) ?? []) {
        yield await Promise.resolve(new TextEncoder().encode(part));
      }
    },
  };
}

function read(args: readonly string[], text = "a\n1\n", once = false) {
  return readLoadId(valuesOf(args), sourceOf(text, once));
}

Deno.test("readLoadId() makes a new id each time when none is given, which need not be looked for", async () => {
  const made = [await read([]), await read([])];
  assert.notEqual(made[0]!.loadId, made[1]!.loadId);
  for (const { loadId, mayResume } of made) {
    assert.equal(mayResume, false);
    assert.match(loadId, LOAD_ID_PATTERN);
    assert.ok(Math.abs(timeOfUuidV7(loadId)! - Date.now()) < 60_000);
  }
});

Deno.test("readLoadId() takes an id that can stand in a file name", async () => {
  for (const id of ["orders-2026", "a", "A.b_c-9", "0".repeat(64), "a-1-2"]) {
    assert.deepEqual(await read(["--load-id", id]), { loadId: id, mayResume: true });
    assert.deepEqual(await read([`--load-id=${id}`]), { loadId: id, mayResume: true });
  }
});

for (const id of ["", " ", "a b", "a/b", "../x", ".hidden", "-x", "ü", "a".repeat(65), "a\n"]) {
  Deno.test(`readLoadId() refuses ${JSON.stringify(id)}`, async () => {
    await assert.rejects(read([`--load-id=${id}`]), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, /^Cannot use --load-id "/);
      assert.match(error.message, /up to 64 letters, digits, dots, dashes and underscores/);
      return true;
    });
  });
}

Deno.test("readLoadId() takes the environment's, and an empty variable for none", async () => {
  const of = (value: string) =>
    readLoadId(valuesOf([], { LAKEKEEPER_INGEST_LOAD_ID: value }), sourceOf("a\n"));
  assert.deepEqual(await of("from-env"), { loadId: "from-env", mayResume: true });
  assert.equal((await of("")).mayResume, false);
});

Deno.test("readLoadId() derives the same id from the same content with auto, and another from another", async () => {
  const ids = await Promise.all(
    ["a\n1\n", "a\n1\n", "a\n2\n", "a\n1\n\n"].map(async (text) =>
      (await read(["--load-id", "auto"], text)).loadId
    ),
  );
  assert.equal(ids[0], ids[1]);
  assert.equal(new Set(ids).size, 3);
  for (const id of ids) {
    assert.match(id, /^auto-[0-9a-f]{32}$/);
    assert.match(id, LOAD_ID_PATTERN);
  }
  assert.equal((await read(["--load-id", "auto"])).mayResume, true);
});

Deno.test("readLoadId() cannot derive an id from a pipe, which it would use up", async () => {
  await assert.rejects(read(["--load-id", "auto"], "a\n1\n", true), (error) => {
    assert.ok(error instanceof UsageError);
    assert.match(error.message, /"f\.csv" can be read only once/);
    return true;
  });
});

Deno.test("readLoadFlags() takes the three commit modes and no other", () => {
  for (const mode of ["per-chunk", "grouped", "once"]) {
    assert.equal(readLoadFlags(valuesOf(["--commit", mode])).commitMode, mode);
  }
  assert.equal(readLoadFlags(valuesOf([])).commitMode, "per-chunk");
  for (const mode of ["", "Once", "per_chunk", "all"]) {
    assert.throws(
      () => readLoadFlags(valuesOf([`--commit=${mode}`])),
      /^UsageError: Cannot use --commit ".*": it takes per-chunk, grouped, once$/,
    );
  }
});

Deno.test("readLoadFlags() takes a target file size with a unit, and refuses none at all", () => {
  const sizes: ReadonlyArray<readonly [string, number]> = [
    ["1", 1],
    ["512KiB", 2 ** 19],
    ["128MiB", 2 ** 27],
    ["1gib", 2 ** 30],
    ["5MB", 5_000_000],
  ];
  for (const [text, bytes] of sizes) {
    const flags = readLoadFlags(valuesOf(["--target-file-size", text]));
    assert.equal(flags.targetFileSizeBytes, bytes);
  }
  for (const text of ["0", "0MiB", "-1", "1.5MiB", "8 M", "big", ""]) {
    assert.throws(
      () => readLoadFlags(valuesOf([`--target-file-size=${text}`])),
      /Cannot use --target-file-size ".*": it takes a size such as/,
    );
  }
});
