// Configuration files and `config`, as a user has them.

import assert from "node:assert/strict";
import { join } from "node:path";
import { startFaultProxy } from "../fault_proxy.ts";
import { exists, jsonLines, summaryOf, testInDir, withCatalog } from "./support.ts";
import { runTool, type ToolResult } from "./tool.ts";

/** A directory that is home and working directory, with files in it. */
function place(directory: string) {
  return {
    write: async (path: string, text: string) => {
      const whole = join(directory, path);
      await Deno.mkdir(join(whole, ".."), { recursive: true });
      await Deno.writeTextFile(whole, text, { mode: 0o600 });
    },
    run: (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
      runTool(args, {
        cwd: directory,
        env: { HOME: directory, XDG_CONFIG_HOME: join(directory, "config"), ...env },
      }),
  };
}

const PROJECT = ".lakekeeper-ingest.yaml";
const USER = "config/lakekeeper-ingest/config.yaml";

function settingsOf(result: ToolResult): Record<string, { value: string; source: string }> {
  const { settings } = jsonLines(result.stdout)[0]!;
  return Object.fromEntries(
    (settings as { name: string; value: string; source: string }[]).map((one) => [one.name, one]),
  );
}

testInDir("a load is configured by the project's and the user's file", async (directory) => {
  const { write, run } = place(directory);
  await write("data.csv", "a;b\n1;NULL\n");
  await write(PROJECT, "uri: embedded:lake\ntable: sales.orders\nnull-value: NULL\n");
  await write(USER, "delimiter: ;\ntable: other\njson: true\n");
  const result = await run(["data.csv"]);
  assert.equal(result.code, 0, result.stderr);
  assert.equal(summaryOf(result).table, "sales.orders");
  assert.equal(await exists(join(directory, "lake", "catalog.db")), true);
});

testInDir("config show names the place of each value, and masks secrets", async (directory) => {
  const { write, run } = place(directory);
  await write(PROJECT, "# first\nworkers: 3\n");
  await write(
    USER,
    "uri: http://user:hush1@h/catalog\nproperty:\n  s3.secret-access-key: hush2\n" +
      "  header.Authorization: Bearer hush3\n",
  );
  const env = { CATALOG_TOKEN: "hush4", TABLE_NAME: "t" };
  const shown = await run(["config", "show", "--chunk-size", "10k"], env);
  assert.doesNotMatch(shown.stdout + shown.stderr, /hush/);
  const line = (name: string) => new RegExp(`^${name} +(\\S+) +(.*)$`, "m").exec(shown.stdout);
  assert.deepEqual(line("workers")?.slice(1), ["3", `${PROJECT}:2`]);
  assert.deepEqual(line("chunk-size")?.slice(1), ["10k", "--chunk-size"]);
  assert.deepEqual(line("table")?.slice(1), ["t", "TABLE_NAME"]);
  assert.deepEqual(line("token")?.slice(1), ["***", "CATALOG_TOKEN"]);
  assert.deepEqual(line("warehouse")?.slice(1), ["demo", "built-in"]);
  assert.match(line("property s3.secret-access-key")![2]!, /config\.yaml:2$/);
  assert.match(shown.stdout, /^Catalog in use: none$/m);
  assert.match(shown.stderr, /a catalog URI that holds a user name or a password$/m);
  assert.equal(shown.code, 2);
  const json = await run(["config", "show", "--json", "--uri", "http://h"], env);
  assert.equal(json.code, 0, json.stderr);
  assert.doesNotMatch(json.stdout, /hush/);
  assert.equal(settingsOf(json).uri!.source, "flag");
  assert.equal(settingsOf(json).workers!.source, "project file");
  assert.deepEqual(jsonLines(json.stdout)[0]!.catalog, { kind: "rest", uri: "http://h" });
});

testInDir("config show tells which catalog would be used, and makes none", async (directory) => {
  const { write, run } = place(directory);
  await write(PROJECT, "uri: embedded:lake\n");
  const { stdout, code } = await run(["config", "show"]);
  assert.equal(code, 0);
  assert.match(stdout, /^Catalog in use: the embedded one in lake$/m);
  assert.equal(await exists(join(directory, "lake")), false);
});

testInDir("config show lists a setting of another verb when it is set", async (directory) => {
  const { write, run } = place(directory);
  await write(PROJECT, "uri: embedded:lake\nwriters: 9\n");
  const settings = settingsOf(await run(["config", "show", "--json"]));
  assert.equal(settings.writers?.value, "9");
  assert.equal(settings.listen, undefined);
});

testInDir("config path lists every file that is looked for", async (directory) => {
  const { write, run } = place(directory);
  await write(USER, "x: [broken");
  const { code, stdout } = await run(["config", "path"], { PYICEBERG_HOME: "/py" });
  assert.equal(code, 0);
  assert.equal(
    stdout,
    `${PROJECT} (project file, not there)\n${join(directory, USER)} (user file)\n` +
      `/py/.pyiceberg.yaml (pyiceberg file, not there)\n` +
      `${join(directory, ".pyiceberg.yaml")} (pyiceberg file, not there)\n` +
      "./.pyiceberg.yaml (pyiceberg file, not there)\n",
  );
  const json = await run(["config", "path", "--json"]);
  const found = jsonLines(json.stdout)[0]!.files.filter((file: { found: boolean }) => file.found);
  assert.equal(found.length, 1);
});

testInDir(
  "a broken file is exit 2 for what needs it, and no matter for help",
  async (directory) => {
    const { write, run } = place(directory);
    await write(PROJECT, "workers: 2\nwrokers: 3\n");
    await write("data.csv", "a\n1\n");
    const { code, stderr } = await run(["data.csv"]);
    assert.equal(code, 2);
    assert.equal(
      stderr,
      `Error: Cannot use "wrokers" in the configuration file "${PROJECT}", line 2: ` +
        'there is no such setting\nHint: Did you mean "workers"?\n',
    );
    for (const args of [["--version"], ["ingest", "--help"], ["help"], ["config", "--help"]]) {
      assert.equal((await run(args)).code, 0, args.join(" "));
    }
  },
);

testInDir("config refuses what it does not know", async (directory) => {
  const { run } = place(directory);
  for (const args of [["config"], ["config", "edit"], ["config", "show", "more"]]) {
    const { code, stderr } = await run(args);
    assert.equal(code, 2, args.join(" "));
    assert.match(stderr, /^Hint: It takes show or path$/m);
  }
});

testInDir("pyiceberg's configuration is enough to load, headers and all", async (directory) => {
  const { write, run } = place(directory);
  await write("data.csv", "a\n1\n");
  await withCatalog(directory, async (catalog) => {
    const proxy = startFaultProxy(catalog.uri, () => undefined);
    try {
      await write(
        ".pyiceberg.yaml",
        `catalog:\n  prod:\n    uri: ${proxy.uri}\n    warehouse: demo\n    token: py-token\n` +
          "    header.X-Tenant: acme\n",
      );
      const result = await run(["data.csv", "--catalog", "prod", "--trace", "--json"]);
      assert.equal(result.code, 0, result.stderr);
      assert.ok(proxy.requests.length > 3);
      for (const { headers } of proxy.requests) {
        assert.equal(headers.get("authorization"), "Bearer py-token");
        assert.equal(headers.get("x-tenant"), "acme");
      }
      assert.doesNotMatch(result.stdout + result.stderr, /py-token/);
      const before = proxy.requests.length;
      const env = { PYICEBERG_CATALOG__PROD__TOKEN: "from variable" };
      assert.equal((await run(["verify", "data.csv", "--catalog", "prod"], env)).code, 0);
      const authorization = proxy.requests.at(-1)!.headers.get("authorization");
      assert.equal(authorization, "Bearer from variable");
      assert.ok(proxy.requests.length > before);
    } finally {
      await proxy.close();
    }
  });
});

testInDir("header.authorization is sent in the place of the default token", async (directory) => {
  const { write, run } = place(directory);
  await write("data.csv", "a\n1\n");
  await withCatalog(directory, async (catalog) => {
    const proxy = startFaultProxy(catalog.uri, () => undefined);
    try {
      const args = ["--uri", proxy.uri, "--property", "header.Authorization=Basic aHVzaA=="];
      assert.equal((await run(["data.csv", ...args])).code, 0);
      const sent = new Set(proxy.requests.map(({ headers }) => headers.get("authorization")));
      assert.deepEqual([...sent], ["Basic aHVzaA=="]);
    } finally {
      await proxy.close();
    }
  });
});

testInDir("OAuth2 credentials of pyiceberg's are refused, not ignored", async (directory) => {
  const { write, run } = place(directory);
  await write("data.csv", "a\n1\n");
  const { code, stderr } = await run(["data.csv", "--catalog", "prod"], {
    PYICEBERG_CATALOG__PROD__URI: "http://127.0.0.1:9",
    PYICEBERG_CATALOG__PROD__CREDENTIAL: "id:hush",
  });
  assert.equal(code, 2);
  assert.match(stderr, /PYICEBERG_CATALOG__PROD__CREDENTIAL\) asks for OAuth2, which is not/);
  assert.doesNotMatch(stderr, /hush/);
});
