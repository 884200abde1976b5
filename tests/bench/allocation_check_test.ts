// The check of allocations, run as CI runs it.

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("../../bench/allocation_check.ts", import.meta.url));

async function check(...flags: string[]): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", SCRIPT, ...flags],
  }).output();
  const decoder = new TextDecoder();
  return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
}

Deno.test("allocation_check fails for every input when each field is made a string", async () => {
  const { code, text } = await check("--waste");
  assert.equal(code, 1, text);
  assert.equal(text.match(/ MORE$/gm)?.length, 6, text);
});
