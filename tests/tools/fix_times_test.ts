// The times of files that are embedded in the executable.

import assert from "node:assert/strict";
import { fixTimes } from "../../tools/fix_times.ts";

Deno.test("fixTimes() sets the time of files at any depth", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/a/b`, { recursive: true });
    const files = ["main.ts", "a/one.ts", "a/b/two.ts"].map((it) => `${folder}/${it}`);
    for (const file of files) await Deno.writeTextFile(file, "");
    await fixTimes(folder, "2026-11-23T10:00:00Z");
    for (const file of files) {
      const { mtime } = await Deno.stat(file);
      assert.equal(mtime?.toISOString(), "2026-11-23T10:00:00.000Z", file);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
