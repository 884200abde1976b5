/** What `version` prints: the tool's version and what it was built from and with. */

import config from "../../deno.json" with { type: "json" };
import { BUILD_STAMP, type BuildStamp } from "./build_stamp.ts";

/** The fields of `version --json`, in the order in which they are printed. */
export interface BuildInfo {
  /** Version of the tool, as `deno.json` has it. */
  readonly version: string;
  /** Full commit id, `-dirty` after it for changed sources; "unknown" from source. */
  readonly commit: string;
  /** Date of the commit or of the build, as RFC 3339 in UTC; "unknown" from source. */
  readonly date: string;
  /** Version of the Deno runtime inside. */
  readonly deno: string;
  /** Version of V8 inside. */
  readonly v8: string;
  /** Target triple, e.g. `x86_64-unknown-linux-gnu`. */
  readonly target: string;
}

/** Tells what this build is. It reads no file and needs no permission. */
export function buildInfo(): BuildInfo {
  const stamp: BuildStamp | undefined = BUILD_STAMP;
  return {
    version: config.version,
    commit: stamp?.commit ?? "unknown",
    date: stamp?.date ?? "unknown",
    deno: Deno.version.deno,
    v8: Deno.version.v8,
    target: Deno.build.target,
  };
}
