// `generate` as a user runs it: the same bytes for the same seed, on stdout or in a file.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { SAMPLE_DATA, testInDir } from "./support.ts";
import { runTool, spawnTool } from "./tool.ts";

Deno.test("generate prints the bytes of sample_data.csv", async () => {
  const child = await spawnTool(["generate"]);
  const { code, stdout } = await child.output();
  assert.equal(code, 0);
  assert.ok(Buffer.from(stdout).equals(await Deno.readFile(SAMPLE_DATA)));
});

testInDir("generate -o writes the same bytes into a file", async (directory) => {
  const { code, stdout, stderr } = await runTool(["generate", "-o", "out.csv"], { cwd: directory });
  assert.equal(code, 0);
  assert.equal(stdout, "");
  assert.equal(stderr, "50,000 rows are in out.csv\n");
  const bytes = await Deno.readFile(join(directory, "out.csv"));
  assert.ok(Buffer.from(bytes).equals(await Deno.readFile(SAMPLE_DATA)));
});

Deno.test("generate is the same for a seed and differs between seeds", async () => {
  const args = ["generate", "--rows", "100", "--seed"];
  const [one, again, other] = await Promise.all(
    ["7", "7", "8"].map((seed) => runTool([...args, seed])),
  );
  assert.equal(one?.stdout, again?.stdout);
  assert.notEqual(one?.stdout, other?.stdout);
  assert.equal(one?.stdout.split("\n").length, 102);
});

Deno.test("generate takes counts such as 2k, and none", async () => {
  const { stdout } = await runTool(["generate", "--rows", "2k"]);
  assert.equal(stdout.trimEnd().split("\n").length, 2001);
  const none = await runTool(["generate", "--rows", "0"]);
  assert.equal(none.stdout, "id,name,age,salary,department,is_active,created_at\n");
});

testInDir("generate ends with 1 when the file cannot be written", async (directory) => {
  const { code, stderr } = await runTool(["generate", "-o", "no/out.csv"], { cwd: directory });
  assert.equal(code, 1);
  assert.match(stderr, /^Error: Cannot write "no\/out\.csv": /);
});

Deno.test("generate ends quietly when its reader goes", async () => {
  const child = await spawnTool(["generate", "--rows", "5m"]);
  const stderr = new Response(child.stderr).text();
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  assert.equal((await child.status).code, 0);
  assert.equal(await stderr, "");
});
