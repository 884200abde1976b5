// What `version` prints when the tool runs from source; the compiled tool's is tested end to end.

import assert from "node:assert/strict";
import config from "../../deno.json" with { type: "json" };
import { buildInfo } from "../../lib/cli/build_info.ts";

Deno.test("buildInfo() from source has deno.json's version and an unknown commit", () => {
  assert.deepEqual(buildInfo(), {
    version: config.version,
    commit: "unknown",
    date: "unknown",
    deno: Deno.version.deno,
    v8: Deno.version.v8,
    target: Deno.build.target,
  });
});
