// The runner of programs that the build tools share.

import assert from "node:assert/strict";
import { lastReason, runCommand } from "../../tools/run_command.ts";

const DENO = Deno.execPath();

Deno.test("runCommand() returns undefined when there is no such program", async () => {
  assert.equal(await runCommand("no-such-program-of-this-name"), undefined);
});

Deno.test("runCommand() captures output and tells success from failure", async () => {
  const good = await runCommand(DENO, { args: ["eval", "console.log('out')"] });
  assert.deepEqual([good?.success, good?.stdout, good?.timedOut], [true, "out\n", false]);
  const bad = await runCommand(DENO, { args: ["eval", "console.error('why'); Deno.exit(3)"] });
  assert.equal(bad?.success, false);
  assert.equal(lastReason(bad!), "why");
});

Deno.test("runCommand() kills a program whose time is up", async () => {
  const slow = await runCommand(DENO, {
    args: ["eval", "await new Promise((resolve) => setTimeout(resolve, 60_000))"],
    timeoutMs: 300,
  });
  assert.deepEqual([slow?.success, slow?.timedOut], [false, true]);
  assert.equal(lastReason(slow!), "it took too long");
});

Deno.test("lastReason() leaves out colours, causes' numbers, places and the backtrace", () => {
  const stderr = "\x1b[31merror\x1b[0m: Writing\n\nCaused by:\n    0: Setting up.\n" +
    "    1: failed to look up\n    at file:///a.ts:1:2\n\nStack backtrace:\n   0: <unknown>\n";
  const result = { success: false, stdout: "", stderr, timedOut: false };
  assert.equal(lastReason(result), "failed to look up");
  assert.equal(lastReason({ ...result, stderr: "" }), "it gave no reason");
});
