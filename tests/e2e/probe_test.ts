// `probe` as a user runs it: exit codes, the history and its second judgement, and what is left behind.

import assert from "node:assert/strict";
import { join } from "node:path";
import { startServer } from "../../lib/server/serve.ts";
import { type FaultPlan, startFaultProxy } from "../fault_proxy.ts";
import { EMBEDDED, filesBelow, inTempDir, jsonLines, testInDir } from "./support.ts";
import { runTool, spawnTool } from "./tool.ts";

const SHORT = ["--writers", "4", "--commits", "5", "--workload", "append,create,stale"];

/** Runs a test with a catalog that a proxy stands before. */
function withFaults(
  plan: FaultPlan,
  test: (of: { readonly directory: string; readonly uri: string }) => Promise<void>,
): Promise<void> {
  return inTempDir(async (directory) => {
    const server = await startServer({
      warehouses: [{ name: "demo", root: join(directory, "warehouse") }],
    });
    const proxy = startFaultProxy(server.uri, plan);
    try {
      await test({ directory, uri: proxy.uri });
    } finally {
      await proxy.close();
      await server.close();
    }
  });
}

testInDir(
  "probe finds the embedded catalog valid, exits with 0 and leaves nothing",
  async (cwd) => {
    const { code, stdout, stderr } = await runTool(
      [
        "probe",
        ...SHORT,
        ...EMBEDDED,
        "--seed",
        "7",
        "--markdown",
        "summary.md",
        "--report",
        "r.html",
      ],
      { cwd },
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^✓ Valid: /);
    assert.match(stderr, /Run 1 of 4: append, 4 writers: 20 requests, 5 acknowledged/);
    const history = jsonLines(await Deno.readTextFile(join(cwd, "history.jsonl")));
    assert.equal(history[0]!.type, "header");
    assert.equal(history[0]!.seed, 7);
    assert.equal(history.at(-1)!.records, history.length - 1);
    assert.match(await Deno.readTextFile(join(cwd, "summary.md")), /^### ✅ /);
    assert.match(await Deno.readTextFile(join(cwd, "r.html")), /<\/html>/);
    const left = (await filesBelow(join(cwd, "warehouse"), "")).filter((file) =>
      !/catalog\.db/.test(file)
    );
    assert.deepEqual(left, []);
  },
);

testInDir("probe check gives the same verdict from the history alone", async (cwd) => {
  const first = await runTool(["probe", ...SHORT, ...EMBEDDED, "--json"], { cwd });
  const second = await runTool(["probe", "check", "history.jsonl", "--json"], { cwd });
  assert.equal(first.code, 0, first.stderr);
  assert.equal(second.code, 0, second.stderr);
  const verdict = jsonLines(first.stdout).at(-1)!;
  const again = jsonLines(second.stdout).at(-1)!;
  assert.equal(verdict.type, "verdict");
  assert.equal(verdict.verdict, "valid");
  assert.ok(verdict.commits_per_s > 0);
  assert.ok(verdict.commit_status["409"] > 0);
  assert.deepEqual({ ...again, time: "" }, { ...verdict, time: "" });
});

Deno.test("probe exits with 10 for a 500 in place of 409, and so does check, with the witness", async () => {
  await withFaults(({ isCommit }) =>
    isCommit
      ? {
        rewrite: (answer) =>
          answer.status === 409
            ? { status: 500, body: '{"error":{"type":"FailedToUpdateTables","message":"no"}}' }
            : answer,
      }
      : undefined, async ({ directory: cwd, uri }) => {
    const first = await runTool(
      ["probe", "--uri", uri, "--workload", "append", "--mode", "rounds", "--writers", "3", "-q"],
      { cwd },
    );
    assert.equal(first.code, 10, first.stderr);
    assert.match(first.stdout, /^✗ Violation: /);
    assert.match(first.stdout, /Wrong status for a lost race[^]*500[^]*Witness: Operations \d+/);
    const second = await runTool(["probe", "check", "history.jsonl", "-q"], { cwd });
    assert.equal(second.code, 10);
    assert.equal(second.stdout, first.stdout);
  });
});

testInDir("probe exits with 11 when too little has happened to judge by", async (cwd) => {
  const { code, stdout } = await runTool(
    [
      "probe",
      ...EMBEDDED,
      "--writers",
      "2",
      "--commits",
      "1",
      "--workload",
      "append",
      "--mode",
      "rounds",
    ],
    { cwd },
  );
  assert.equal(code, 11);
  assert.match(stdout, /^\? Unknown: too few conflicts/);
});

Deno.test("probe ends in order on Ctrl-C, with the history of what has happened", async () => {
  await inTempDir(async (cwd) => {
    const child = await spawnTool(
      ["probe", ...EMBEDDED, "--writers", "4", "--commits", "10000", "--json"],
      { cwd },
    );
    const [lines, forWaiting] = child.stdout.tee();
    const text = new Response(lines).text();
    let seen = "";
    for await (const part of forWaiting.pipeThrough(new TextDecoderStream())) {
      seen += part;
      if (seen.includes('"type":"progress"')) break;
    }
    child.kill("SIGINT");
    const stderr = await new Response(child.stderr).text();
    const { code } = await child.status;
    assert.equal(code, 130, stderr);
    assert.match(stderr, /Interrupted: 1 of \d+ runs/);
    assert.equal(jsonLines(await text).at(-1)!.type, "verdict");
    const check = await runTool(["probe", "check", "history.jsonl", "-q"], { cwd });
    assert.notEqual(check.code, 10, check.stdout);
    const left = await filesBelow(join(cwd, "warehouse"), "");
    assert.deepEqual(left.filter((file) => !/catalog\.db/.test(file)), []);
  });
});

testInDir(
  "probe exits with 7 when no catalog answers, and leaves an older history",
  async (cwd) => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    listener.close();
    const older = '{"type":"header","format":"lakekeeper-ingest/history"}\n';
    await Deno.writeTextFile(join(cwd, "history.jsonl"), older);
    const { code } = await runTool(["probe", "--uri", `http://127.0.0.1:${port}`], { cwd });
    assert.equal(code, 7);
    assert.equal(await Deno.readTextFile(join(cwd, "history.jsonl")), older);
  },
);

testInDir("probe does not write its history over another file", async (cwd) => {
  await Deno.writeTextFile(join(cwd, "notes.txt"), "mine");
  const { code, stderr } = await runTool(["probe", ...EMBEDDED, "--history", "notes.txt"], { cwd });
  assert.equal(code, 2);
  assert.match(stderr, /is no history/);
  assert.equal(await Deno.readTextFile(join(cwd, "notes.txt")), "mine");
});

testInDir("probe check exits with 3 for what is no history", async (cwd) => {
  await Deno.writeTextFile(join(cwd, "data.csv"), "id,name\n1,a\n");
  const { code, stderr } = await runTool(["probe", "check", "data.csv"], { cwd });
  assert.equal(code, 3);
  assert.match(stderr, /line 1/);
  assert.equal((await runTool(["probe", "check"], { cwd })).code, 2);
  assert.equal((await runTool(["probe", "chekc"], { cwd })).code, 2);
});

testInDir("probe shows no secret in what it writes", async (cwd) => {
  const { code, stdout, stderr } = await runTool(
    ["probe", ...EMBEDDED, ...SHORT, "--report", "r.html", "--markdown", "m.md", "--trace"],
    { cwd, env: { CATALOG_TOKEN: "very-secret-token" } },
  );
  assert.equal(code, 0, stderr);
  const files = await Promise.all(
    ["history.jsonl", "r.html", "m.md"].map((name) => Deno.readTextFile(join(cwd, name))),
  );
  for (const text of [stdout, stderr, ...files]) {
    assert.equal(text.includes("very-secret-token"), false);
  }
});
