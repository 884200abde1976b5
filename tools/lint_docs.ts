// `deno task lint:docs [PATH…]`: holds every public symbol of main.ts and lib/ to have JSDoc, by Deno's
// own linter, and counts what is missing by room. With paths, only what lies below these is told.

import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { runCommand } from "./run_command.ts";

/** What the linter says of one symbol. */
export interface DocFinding {
  /** Relative to the root of the project; absolute in a package. */
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** Such as `missing-jsdoc`. */
  readonly code: string;
  readonly message: string;
}

/** The linter has not come to an end, so nothing is known. */
export class LintDocsError extends Error {
  override readonly name = "LintDocsError";
}

/**
 * Lints main.ts and all of lib.
 *
 * @param root directory of the project.
 * @throws {LintDocsError} when the linter fails for another reason than what it is to find.
 */
export async function lintDocs(root: string): Promise<DocFinding[]> {
  const files = ["main.ts", ...await sourcesBelow(root, "lib")];
  const result = await runCommand(Deno.execPath(), {
    args: ["doc", "--lint", ...files],
    cwd: root,
    env: { NO_COLOR: "1" },
  });
  const findings = result === undefined
    ? []
    : readFindings(`${result.stdout}${result.stderr}`, root);
  if (result?.success === true || findings.length > 0) return findings;
  const reason = result === undefined ? "Deno is not there" : reasonIn(result.stderr);
  throw new LintDocsError(`Cannot lint the documentation: ${reason}`);
}

async function sourcesBelow(root: string, directory: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(join(root, directory))) {
    const path = `${directory}/${name}`;
    if (isDirectory) found.push(...await sourcesBelow(root, path));
    else if (/(?<!\.d)\.ts$/.test(name)) found.push(path);
  }
  return found.sort();
}

function readFindings(output: string, root: string): DocFinding[] {
  const found = output.matchAll(/^error\[([\w-]+)\]: (.+)\r?\n\s*--> (.+):(\d+):\d+\r?$/gm);
  return [...found].map(([, code, message, path, line]) => {
    const own = relative(root, path!).replaceAll("\\", "/");
    return {
      path: own.startsWith("../") ? path! : own,
      line: Number(line),
      code: code!,
      message: message!,
    };
  });
}

/** What stands behind the first `error:`, with the place of the fault below it. */
function reasonIn(stderr: string): string {
  const [, told = "it gave no reason"] = stderr.split(/^error: /m);
  return told.split(/^Stack backtrace:/m)[0]!.trimEnd();
}

/** `lib/server` for a file in it, else the file. */
function roomOf(path: string): string {
  return /^(lib\/[^/]+)\//.exec(path)?.[1] ?? path;
}

async function main(paths: readonly string[]): Promise<number> {
  let findings: DocFinding[];
  try {
    findings = await lintDocs(fileURLToPath(new URL("..", import.meta.url)));
  } catch (error) {
    if (!(error instanceof LintDocsError)) throw error;
    console.error(error.message);
    return 1;
  }
  const tops = paths.map((path) => path.replace(/^\.\/|\/+$/g, ""));
  const told = findings.filter(({ path }) =>
    tops.length === 0 || tops.some((top) => path === top || path.startsWith(`${top}/`))
  );
  for (const { path, line, code, message } of told) {
    console.log(`${path}:${line}: ${code}: ${message}`);
  }
  for (const [room, alike] of Map.groupBy(told, ({ path }) => roomOf(path))) {
    console.log(`${String(alike.length).padStart(5)}  ${room}`);
  }
  console.log(told.length === 0 ? "Every public symbol is documented" : `${told.length} in all`);
  return told.length === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
