// The runner of the end-to-end tests itself, with standard programs in the tool's place, and what
// the compiled tool says of its build.

import assert from "node:assert/strict";
import { runTool, toolCommand } from "./tool.ts";

/** Runs lines that use the runner in a process of its own, where `program` is the tool. */
async function withProgram(
  program: string,
  options: { readonly lines: string; readonly env?: Record<string, string> },
): Promise<string> {
  const runner = JSON.stringify(import.meta.resolve("./tool.ts"));
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", `const { runTool } = await import(${runner});\n${options.lines}`],
    env: { ...options.env, LAKEKEEPER_INGEST_BIN: program },
    cwd: new URL("../..", import.meta.url),
  }).output();
  const decoder = new TextDecoder();
  return decoder.decode(stdout) + decoder.decode(stderr);
}

Deno.test("runTool() passes no setting of the caller's environment on, only what is given", async () => {
  const output = await withProgram("/usr/bin/env", {
    lines: 'const { stdout } = await runTool([], { env: { WAREHOUSE: "given" } });\n' +
      "console.log(stdout);",
    env: { CATALOG_URL: "http://leak.invalid/", LAKEKEEPER_INGEST_TRACE: "1" },
  });
  assert.match(output, /^WAREHOUSE=given$/m);
  assert.match(output, /^PATH=/m);
  assert.doesNotMatch(output, /leak|LAKEKEEPER_INGEST_TRACE/);
});

Deno.test("runTool() feeds standard input and reports the exit code", async () => {
  const output = await withProgram("/bin/sh", {
    lines: 'const result = await runTool(["-c", "cat; exit 3"], { stdin: "fed" });\n' +
      "console.log(result.code, result.stdout);",
  });
  assert.match(output, /^3 fed$/m);
});

Deno.test("runTool() kills a tool that does not end in time and shows what it had written", async () => {
  const output = await withProgram("/bin/sh", {
    lines: 'const run = runTool(["-c", "echo begun; exec sleep 60"], { timeoutMs: 300 });\n' +
      "console.log(await run.then(() => 'ended', (error) => error.message));",
  });
  assert.match(output, /Tool did not end within 300 ms/);
  assert.match(output, /stdout: begun/);
});

Deno.test("toolCommand() decides once for all who ask", async () => {
  assert.equal(await toolCommand(), await toolCommand());
});

Deno.test("version --json tells what the tool was built from", async () => {
  const { compiled } = await toolCommand();
  const { code, stdout } = await runTool(["version", "--json"]);
  assert.equal(code, 0);
  const info = JSON.parse(stdout);
  assert.deepEqual(Object.keys(info), ["version", "commit", "date", "deno", "v8", "target"]);
  assert.equal(info.target, Deno.build.target);
  assert.match(info.date, compiled ? /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/ : /^unknown$/);
  if (!compiled) assert.equal(info.commit, "unknown");
});
