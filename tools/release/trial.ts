// Tries an archive as one who has downloaded it would: unpacked by the system's own tar, in an empty
// directory, with nothing on PATH.

import { join } from "node:path";
import { lastReason, runCommand } from "../run_command.ts";
import { archiveStem, executableName, ReleaseError, TOOL } from "./plan.ts";

/** What `version --json` of a release says. */
export interface TriedBuild {
  readonly version: string;
  readonly commit: string;
  readonly date: string;
  readonly deno: string;
  readonly v8: string;
  readonly target: string;
}

/** Rows of the load that is tried. */
const TRIED_ROWS = 1_000;

/**
 * Unpacks an archive into a temporary folder, asks the executable for its version in both forms, and
 * loads 1,000 rows into an embedded catalog.
 *
 * @returns what the executable says that it is
 * @throws {ReleaseError} when anything of that is not as it has to be
 */
export async function tryArchive(
  archive: string,
  expected: { readonly version: string; readonly target: string; readonly commit: string },
): Promise<TriedBuild> {
  const folder = await Deno.makeTempDir({ prefix: `${TOOL}-trial-` });
  try {
    const unpacked = await runCommand(systemTar(), { args: ["-xf", archive], cwd: folder });
    if (!unpacked?.success) {
      throw new ReleaseError(
        `Cannot unpack "${archive}": ${unpacked ? lastReason(unpacked) : "there is no tar"}`,
      );
    }
    const { version, target, commit } = expected;
    const tool = join(folder, archiveStem(version, target), executableName(target));
    const empty = join(folder, "empty");
    await Deno.mkdir(empty);
    const run = (...args: string[]) => runAlone(tool, { args, cwd: empty });

    const line = await run("--version");
    if (line !== `${TOOL} ${version}\n`) {
      throw new ReleaseError(`"${archive}": --version printed ${JSON.stringify(line)}`);
    }
    const build: TriedBuild = JSON.parse(await run("version", "--json"));
    for (const [name, value] of Object.entries(expected)) {
      const said = build[name as keyof TriedBuild];
      if (said !== value) {
        throw new ReleaseError(`"${archive}": ${name} is "${said}", and has to be "${value}"`);
      }
    }
    if (commit === "unknown" || !build.deno || !build.v8 || Number.isNaN(Date.parse(build.date))) {
      throw new ReleaseError(`"${archive}": incomplete version ${JSON.stringify(build)}`);
    }
    const rows = String(TRIED_ROWS);
    const events = await run("--rows", rows, "--uri", "embedded:warehouse", "--json");
    const summary = JSON.parse(events.trimEnd().split("\n").at(-1) ?? "");
    if (summary.type !== "summary" || summary.rows_committed !== TRIED_ROWS) {
      throw new ReleaseError(`"${archive}": the load ended with ${JSON.stringify(summary)}`);
    }
    return build;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Windows has one that reads zip files; another may stand before it on PATH, and does not. */
function systemTar(): string {
  const systemRoot = Deno.env.get("SystemRoot");
  return systemRoot === undefined ? "tar" : join(systemRoot, "System32", "tar.exe");
}

/** Runs the tool with next to no environment and returns what it printed. */
async function runAlone(
  tool: string,
  options: { readonly args: readonly string[]; readonly cwd: string },
): Promise<string> {
  const { args, cwd } = options;
  // Windows does not start a program's network without this one.
  const systemRoot = Deno.env.get("SystemRoot");
  const { success, code, stdout, stderr } = await new Deno.Command(tool, {
    args: [...args],
    cwd,
    clearEnv: true,
    env: { PATH: "", HOME: cwd, ...(systemRoot === undefined ? {} : { SystemRoot: systemRoot }) },
    stdin: "null",
    signal: AbortSignal.timeout(120_000),
  }).output();
  if (!success) {
    const said = new TextDecoder().decode(stderr).trim();
    throw new ReleaseError(`"${tool} ${args.join(" ")}" ended with exit code ${code}: ${said}`);
  }
  return new TextDecoder().decode(stdout);
}
