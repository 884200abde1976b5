// The tool's own configuration files: where they lie, what they may say, and what is refused.

import assert from "node:assert/strict";
import {
  configPlaces,
  isConfigurable,
  readConfigFiles,
} from "../../../lib/cli/config/config_file.ts";
import { SETTING_NAMES } from "../../../lib/cli/config/setting_names.ts";
import { allDefinitions } from "../../../lib/cli/definitions.ts";
import { buildCommand, collectValues, nameOf, parseCommandLine } from "../../../lib/cli/flags.ts";
import { INGEST_FLAGS } from "../../../lib/cli/ingest_flags.ts";

/** Reads texts as project file and user file, in a directory of their own. */
async function read(
  texts: { readonly project?: string; readonly user?: string; readonly mode?: number },
  args: readonly string[] = [],
  variables: Readonly<Record<string, string>> = {},
) {
  const directory = await Deno.makeTempDir();
  try {
    const places = [
      { source: "project file", path: `${directory}/project.yaml` },
      { source: "user file", path: `${directory}/user.yaml` },
    ] as const;
    for (const [at, text] of [texts.project, texts.user].entries()) {
      if (text === undefined) continue;
      await Deno.writeTextFile(places[at]!.path, text, { mode: texts.mode ?? 0o600 });
    }
    const variable = (name: string) => ({ HOME: "/home/me", ...variables })[name];
    const files = await readConfigFiles({ flags: INGEST_FLAGS, variable, places });
    const command = buildCommand({ name: "ingest", flags: INGEST_FLAGS });
    parseCommandLine(command, args);
    const values = collectValues(command, { flags: INGEST_FLAGS, environment: variable, files });
    return { values, files, directory };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("SETTING_NAMES are the flags of all verbs that variables stand for", async () => {
  const flags = (await allDefinitions()).flatMap((definition) => definition.flags);
  const names = new Set(flags.filter(isConfigurable).map(nameOf));
  assert.deepEqual([...SETTING_NAMES], [...names].sort());
});

Deno.test("readConfigFiles() is beaten by variables, and these by flags", async () => {
  const texts = { project: "workers: 3\ncommit: once\n", user: "workers: 4\ntable: ns.t\n" };
  const { values } = await read(texts);
  assert.equal(values.text("workers"), "3");
  assert.equal(values.source("workers"), "project file");
  assert.equal(values.origin("commit").line, 2);
  assert.equal(values.text("table"), "ns.t");
  assert.equal(values.source("table"), "user file");
  const byVariable = await read(texts, [], { LAKEKEEPER_INGEST_WORKERS: "5" });
  assert.deepEqual(byVariable.values.origin("workers"), {
    source: "environment",
    name: "LAKEKEEPER_INGEST_WORKERS",
  });
  const byFlag = await read(texts, ["--workers", "6"], { LAKEKEEPER_INGEST_WORKERS: "5" });
  assert.equal(byFlag.values.text("workers"), "6");
  assert.deepEqual(byFlag.values.allTexts("workers").map(({ value }) => value), [
    ...["6", "5", "3", "4", "2"],
  ]);
});

Deno.test("readConfigFiles() takes every value for the text that it is", async () => {
  const { values } = await read({
    project: "codec: none\nnull-value: [NULL, 'no', ~]\ncolumn:\n  - a:long\n  - b:date\n" +
      "no-header: yes\nquiet: off\nload-id: 2026-11\nproperty:\n  s3.region: eu\n  x: a=b\n",
  });
  assert.equal(values.text("codec"), "none");
  assert.deepEqual(values.texts("null-value"), ["NULL", "no", "~"]);
  assert.deepEqual(values.texts("column"), ["a:long", "b:date"]);
  assert.equal(values.isOn("no-header"), true);
  assert.equal(values.isOn("quiet"), false);
  assert.equal(values.text("load-id"), "2026-11");
  assert.deepEqual(values.texts("property"), ["s3.region=eu", "x=a=b"]);
});

Deno.test("readConfigFiles() takes an empty value for unset, and an empty file for none", async () => {
  const { values } = await read({ project: "workers:\ntable: ''\n", user: "workers: 4\n" });
  assert.equal(values.text("workers"), "4");
  assert.equal(values.source("table"), "default");
  for (const text of ["", "# nothing\n", "---\n"]) {
    assert.deepEqual((await read({ project: text })).files[0]!.entries.size, 0);
  }
});

Deno.test("readConfigFiles() passes over settings of other verbs", async () => {
  const { values } = await read({ user: "writers: 4\nlisten: 127.0.0.1:1\nworkers: 3\n" });
  assert.equal(values.text("workers"), "3");
});

Deno.test("readConfigFiles() reads a token file from beside itself, or from home", async () => {
  const beside = await read({ user: "token-file: secrets/token\n" });
  assert.equal(beside.values.text("token-file"), `${beside.directory}/secrets/token`);
  assert.equal((await read({ user: "token-file: ~/t\n" })).values.text("token-file"), "/home/me/t");
  assert.equal((await read({ user: "token-file: /t\n" })).values.text("token-file"), "/t");
});

for (
  const [text, line, reason, hint] of [
    ["wrokers: 3", 1, /there is no such setting$/, 'Did you mean "workers"?'],
    ["x: 1\ntoken: hush", 1, /there is no such setting$/, /names of flags/],
    ["\ntoken: hush", 2, /it holds no secrets by itself$/, /token-file/],
    ["dry-run: true", 1, /there is no such setting$/, /names of flags/],
    ["workers: [1, 2]", 1, /it takes one value$/, undefined],
    ["workers:\n  a: 1", 1, /it takes a value, not a map$/, undefined],
    ["a: 1\nb: {", 2, /^Cannot read .* it is no YAML/, undefined],
    ["workers: 1\nworkers: 2", 2, /it is no YAML \(duplicate key\)$/, undefined],
    ["- workers", 1, /it takes lines of the form KEY: VALUE$/, undefined],
    ["hush", 1, /it takes lines of the form KEY: VALUE$/, undefined],
    ["a: &x 1\nb: *x", 2, /aliases \(\*name\) are not read$/, undefined],
  ] as const
) {
  Deno.test(`readConfigFiles() refuses ${JSON.stringify(text)}, naming file and line`, async () => {
    await assert.rejects(read({ project: text }), (error: Error & { hint?: string }) => {
      assert.equal(error.name, "UsageError");
      assert.match(error.message, reason);
      assert.match(error.message, new RegExp(`project\\.yaml", line ${line}:`));
      assert.doesNotMatch(error.message, /hush/);
      if (typeof hint === "string") assert.equal(error.hint, hint);
      else if (hint !== undefined) assert.match(error.hint!, hint);
      return true;
    });
  });
}

Deno.test("readConfigFiles() refuses a switch that is neither on nor off", async () => {
  await assert.rejects(read({ user: "quiet: perhaps" }), {
    name: "UsageError",
    message: /^Cannot use quiet in ".*user\.yaml" "perhaps": it takes true or false$/,
  });
});

Deno.test("readConfigFiles() refuses a file that is a directory", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const places = [{ source: "project file", path: directory }] as const;
    await assert.rejects(
      readConfigFiles({ flags: INGEST_FLAGS, variable: () => undefined, places }),
      { name: "UsageError", message: /^Cannot read the configuration file ".*": / },
    );
  } finally {
    await Deno.remove(directory);
  }
});

Deno.test({
  name: "readConfigFiles() says when others can read the secrets of a file",
  fn: async () => {
    const secret = "property:\n  s3.secret-access-key: hush\n";
    const noticeOf = async (text: string, mode: number) =>
      (await read({ user: text, mode })).files[0]!.notice;
    assert.match((await noticeOf(secret, 0o644))!, /holds a secret.*chmod 600$/);
    assert.equal(await noticeOf(secret, 0o600), undefined);
    assert.equal(await noticeOf("property:\n  s3.region: eu\n", 0o644), undefined);
  },
});

Deno.test("configPlaces() follows the conventions of each system", () => {
  const userPath = (variables: Readonly<Record<string, string>>, os: typeof Deno.build.os) =>
    configPlaces((name) => variables[name], os)[1]?.path;
  const file = "lakekeeper-ingest/config.yaml";
  assert.equal(userPath({ HOME: "/h" }, "linux"), `/h/.config/${file}`);
  assert.equal(userPath({ HOME: "/h", XDG_CONFIG_HOME: "/x" }, "linux"), `/x/${file}`);
  assert.equal(userPath({ HOME: "/h", XDG_CONFIG_HOME: "rel" }, "darwin"), `/h/.config/${file}`);
  assert.equal(userPath({}, "linux"), undefined);
  assert.equal(userPath({ APPDATA: "C:\\a" }, "windows"), `C:/a/${file}`);
});
