/** `version`: what this build is. */
import { EXIT_CODE, UsageError } from "../errors.ts";
import { buildInfo } from "./build_info.ts";
import type { VerbCall } from "./verb.ts";

/** What `help version` says. */
export const VERSION_HELP = `Usage: lakekeeper-ingest version [--json]

Print the version of the tool; with --json also what it was built from and with.

Exit status:
  0  printed
  2  wrong command line
`;

/**
 * Runs `version`: one line, or all of it with `--json`.
 *
 * @throws {UsageError} for any other argument.
 */
export function runVersion(call: VerbCall): Promise<number> {
  const [flag, ...more] = call.args;
  if (more.length === 0 && (flag === "-h" || flag === "--help")) {
    call.terminal.out.write(VERSION_HELP);
    return Promise.resolve(EXIT_CODE.ok);
  }
  if (more.length > 0 || (flag !== undefined && flag !== "--json")) {
    throw new UsageError(`Cannot use "${call.args.join(" ")}": version takes --json only`);
  }
  const info = buildInfo();
  call.terminal.out.write(
    flag === "--json" ? `${JSON.stringify(info)}\n` : `lakekeeper-ingest ${info.version}\n`,
  );
  return Promise.resolve(EXIT_CODE.ok);
}
