/** `version`: what this build is. */
import { EXIT_CODE, UsageError } from "../errors.ts";
import { buildInfo } from "./build_info.ts";
import type { VerbCall } from "./verb.ts";

/**
 * Runs `version`: one line, or all of it with `--json`.
 *
 * @throws {UsageError} for any other argument.
 */
export async function runVersion(call: VerbCall): Promise<number> {
  const [flag, ...more] = call.args;
  if (more.length === 0 && (flag === "-h" || flag === "--help")) {
    // Loaded only now: the version itself is printed at once.
    const [{ printHelp }, { VERSION }] = await Promise.all([
      import("./verb.ts"),
      import("./tool_verbs.ts"),
    ]);
    printHelp(VERSION, call.terminal);
    return EXIT_CODE.ok;
  }
  if (more.length > 0 || (flag !== undefined && flag !== "--json")) {
    throw new UsageError(`Cannot use "${call.args.join(" ")}": version takes --json only`);
  }
  const info = buildInfo();
  call.terminal.out.write(
    flag === "--json" ? `${JSON.stringify(info)}\n` : `lakekeeper-ingest ${info.version}\n`,
  );
  return EXIT_CODE.ok;
}
