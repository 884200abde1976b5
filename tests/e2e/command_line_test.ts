// The command line itself: versions, help, the closed list of verbs, and what is wrong usage.

import assert from "node:assert/strict";
import { join } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { exists, inTempDir, testInDir } from "./support.ts";
import { VERB_NAMES } from "../../lib/cli/verbs.ts";
import { runTool, type ToolResult } from "./tool.ts";

/** Runs the tool where there is nothing, and checks that it leaves nothing. */
async function runNowhere(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ToolResult> {
  let result: ToolResult | undefined;
  await inTempDir(async (directory) => {
    result = await runTool(args, { cwd: directory, env });
    const left = await Array.fromAsync(Deno.readDir(directory));
    assert.deepEqual(left, [], `${args.join(" ")} left something behind`);
  });
  return result!;
}

for (const args of [["version"], ["--version"], ["-V"]]) {
  Deno.test(`${args[0]} prints one line with the version`, async () => {
    const { code, stdout, stderr } = await runNowhere(args);
    assert.equal(code, 0);
    assert.equal(stdout, `lakekeeper-ingest ${config.version}\n`);
    assert.equal(stderr, "");
  });
}

for (const args of [["version", "--json"], ["--version", "--json"]]) {
  Deno.test(`${args.join(" ")} prints an object on one line`, async () => {
    const { code, stdout } = await runNowhere(args);
    assert.equal(code, 0);
    assert.equal(stdout.split("\n").length, 2);
    const info = JSON.parse(stdout);
    assert.equal(info.version, config.version);
    assert.match(info.deno, /^\d+\.\d+\.\d+/);
  });
}

for (const args of [[], ["help"]]) {
  Deno.test(`[${args.join(" ")}] prints the short help`, async () => {
    const { code, stdout, stderr } = await runNowhere(args);
    assert.equal(code, 0);
    assert.equal(stderr, "");
    assert.match(stdout, /^lakekeeper-ingest loads CSV into Apache Iceberg tables/);
    assert.match(stdout, /^ {2}lakekeeper-ingest sample_data\.csv --workers 2/m);
    assert.ok(stdout.split("\n").length < 25, "it is not short");
  });
}

for (const args of [["help", "ingest"], ["-h"], ["--help"], ["ingest", "--help"], ["x", "-h"]]) {
  Deno.test(`${args.join(" ")} prints the full help of ingest`, async () => {
    const { code, stdout, stderr } = await runNowhere(args);
    assert.equal(code, 0, stderr);
    assert.equal(stderr, "");
    assert.match(stdout, /^Usage: lakekeeper-ingest ingest FILE \[flags\]\n/);
    for (const group of ["Input:", "Table:", "Catalog:", "Commit:", "Output:", "Exit status:"]) {
      assert.ok(stdout.includes(`\n${group}\n`), `no ${group}\n${stdout}`);
    }
    for (
      const variable of [
        ...["CATALOG_URL", "WAREHOUSE", "CATALOG_NAME", "CATALOG_TOKEN", "NAMESPACE"],
        ...["TABLE_NAME", "LAKEKEEPER_INGEST_CHUNK_SIZE"],
      ]
    ) {
      assert.match(stdout, new RegExp(`\\b${variable}\\b`));
    }
  });
}

for (const verb of VERB_NAMES) {
  Deno.test(`help ${verb} prints what ${verb} --help does`, async () => {
    const byHelp = await runNowhere(["help", verb]);
    assert.equal(byHelp.code, 0);
    assert.ok(byHelp.stdout.startsWith(`Usage: lakekeeper-ingest ${verb}`), byHelp.stdout);
    const byFlag = await runNowhere([verb, "--help"]);
    assert.equal(byFlag.code, 0);
    assert.equal(byFlag.stdout, byHelp.stdout);
  });
}

testInDir("a verb's name is the verb even if a file has it", async (directory) => {
  await Deno.writeTextFile(join(directory, "probe"), "a\n1\n");
  const args = ["probe", "--uri", "embedded:w", "--writers", "none"];
  const { code, stderr } = await runTool(args, { cwd: directory });
  assert.equal(code, 2);
  assert.match(stderr, /Cannot use --writers "none"/);
  assert.equal(await exists(join(directory, "w")), false);
});

for (const [word, verb] of [["prob", "probe"], ["genrate", "generate"], ["SERVE", "serve"]]) {
  Deno.test(`${word} gets "did you mean ${verb}"`, async () => {
    const { code, stderr } = await runNowhere([word!]);
    assert.equal(code, 1);
    assert.equal(
      stderr,
      `Error: Cannot open "${word}": no such file\nHint: Did you mean "${verb}"?\n`,
    );
  });
}

for (const word of ["./prob", "prob.csv", "orders"]) {
  Deno.test(`${word} is a missing file and nothing else`, async () => {
    const { code, stderr } = await runNowhere([word]);
    assert.equal(code, 1);
    assert.equal(stderr, `Error: Cannot open "${word}": no such file\n`);
  });
}

Deno.test("flags without a file get the short help and exit 2", async () => {
  for (const args of [["--workers", "2"], ["ingest"]]) {
    const { code, stdout, stderr } = await runNowhere(args);
    assert.equal(code, 2);
    assert.equal(stdout, "");
    assert.match(stderr, /^lakekeeper-ingest loads CSV/);
  }
});

/** Wrong command lines and what is said of them. */
const WRONG: ReadonlyArray<readonly [readonly string[], string]> = [
  [["x.csv", "--worker", "2"], 'Unknown option "--worker" (Did you mean --workers?)'],
  [["x.csv", "-x"], 'Unknown option "-x"'],
  [["x.csv", "--workers"], 'Option "-w, --workers <N>" argument missing'],
  [
    ["x.csv", "--workers", "0"],
    'Cannot use --workers "0": it takes a whole number from 1 to 256',
  ],
  [
    ["x.csv", "--chunk-size=1.5"],
    'Cannot use --chunk-size "1.5": it takes a whole number from 1 to 100000000',
  ],
  [
    ["x.csv", "--commit-timeout", "5"],
    'Cannot use --commit-timeout "5": it takes a duration such as 500ms, 30s or 5m',
  ],
  [["a.csv", "b.csv"], 'Cannot load 2 files at once: "a.csv", "b.csv"'],
  [
    ["x.csv", "--rows", "5"],
    'Cannot load "x.csv" and generated rows at once: leave out --rows',
  ],
  [["-"], "Cannot load from standard input: name a file"],
  [
    ["x.csv", "--namespace", "a", "--table", "b.c"],
    'Cannot use table "b.c" in namespace "a": two namespaces',
  ],
  [["version", "foo"], 'Cannot use "foo": version takes --json only'],
  [["help", "me"], 'Cannot show help for "me": there is no such verb'],
  [["generate", "x.csv"], 'Cannot use "x.csv": generate takes flags only'],
  [["generate", "--seed", "-1"], 'Cannot use --seed "-1": it takes a whole number from 0 on'],
  [["serve", "x"], 'Cannot use "x": serve takes flags only'],
  [
    ["serve", "--listen", "8181"],
    'Cannot listen on "8181": it takes ADDRESS:PORT, as 127.0.0.1:8181',
  ],
  [["serve", "--warehouse", "=x"], 'Cannot use --warehouse "=x": it takes PLACE or NAME=PLACE'],
  [
    ["serve", "--listen", "0.0.0.0:0"],
    'Cannot listen on "0.0.0.0" without a token: anyone who reaches it could change the tables',
  ],
];

for (const [args, message] of WRONG) {
  Deno.test(`[${args.join(" ")}] is wrong usage and exits 2`, async () => {
    const { code, stdout, stderr } = await runNowhere(args);
    assert.equal(code, 2, stderr);
    assert.equal(stdout, "");
    assert.equal(stderr.split("\n")[0], `Error: ${message}`);
  });
}

/** Wrong words that are near a right one. */
const MISSPELT: ReadonlyArray<readonly [readonly string[], string]> = [
  [["prob", "--writers", "2"], "probe"],
  [["help", "prob"], "probe"],
  [["probe", "chek", "history.jsonl"], "check"],
  [["completions", "bahs"], "bash"],
  [["x.csv", "--commit", "group"], "grouped"],
  [["x.csv", "--codec", "zst"], "zstd"],
  [["x.csv", "--encoding", "compat"], "compact"],
  [["probe", "--mode", "round"], "rounds"],
  [["probe", "--workload", "crate"], "create"],
  [["serve", "--warehouse", "w=s3://b/w", "--credentials", "statc"], "static"],
];

for (const [args, meant] of MISSPELT) {
  Deno.test(`[${args.join(" ")}] gets "did you mean ${meant}"`, async () => {
    const { code, stdout, stderr } = await runNowhere(args);
    assert.equal(code, 2, stderr);
    assert.equal(stdout, "");
    assert.equal(stderr.split("\n")[1], `Hint: Did you mean "${meant}"?`);
  });
}

Deno.test("a word that is near nothing gets the words that there are", async () => {
  const { stderr } = await runNowhere(["x.csv", "--codec", "brotli"]);
  assert.equal(
    stderr,
    'Error: Cannot use --codec "brotli": it takes zstd, snappy, lz4, gzip, none\n',
  );
});

Deno.test("man prints a manual page, and completions a script for each shell", async () => {
  const { code, stdout } = await runNowhere(["man"]);
  assert.equal(code, 0);
  assert.match(stdout, /^\.TH "LAKEKEEPER\\-INGEST" 1 /m);
  for (const [shell, start] of [["bash", "# bash"], ["zsh", "#compdef"], ["fish", "# fish"]]) {
    // A wrong setting does not keep a shell from its completions.
    const script = await runNowhere(["completions", shell!], { LAKEKEEPER_INGEST_TRACE: "maybe" });
    assert.equal(script.code, 0, script.stderr);
    assert.ok(script.stdout.startsWith(start!), script.stdout.slice(0, 100));
  }
});

Deno.test("a wrong value of a variable is named by its variable", async () => {
  const { code, stderr } = await runNowhere(["x.csv"], { LAKEKEEPER_INGEST_TRACE: "maybe" });
  assert.equal(code, 2);
  assert.match(
    stderr,
    /^Error: Cannot use LAKEKEEPER_INGEST_TRACE "maybe": it takes true or false$/m,
  );
});

testInDir("the token never shows, whatever goes wrong", async (directory) => {
  await Deno.writeTextFile(join(directory, "data.csv"), "a\n1\n");
  const secret = "very-secret-token";
  for (const args of [["--trace"], ["--json", "--trace"]]) {
    const { stdout, stderr } = await runTool(["data.csv", "--uri", "embedded:w", ...args], {
      cwd: directory,
      env: { CATALOG_TOKEN: secret },
    });
    assert.equal((stdout + stderr).includes(secret), false);
  }
});
