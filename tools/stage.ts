// Copies what goes into the executable to a folder of its own, so that compiling changes nothing in
// the checkout and only the packages that the tool itself imports end up inside.

import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import type { BuildStamp } from "../lib/cli/build_stamp.ts";
import { runCommand } from "./run_command.ts";

/** The source files of the executable, as sorted paths below `root`. */
export async function listSources(root: string): Promise<string[]> {
  const files = ["main.ts"];
  async function walk(folder: string): Promise<void> {
    for await (const entry of Deno.readDir(join(root, folder))) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory) await walk(path);
      else if (entry.isFile) files.push(path);
    }
  }
  await walk("lib");
  return files.sort();
}

/** SHA-256, in hex, over all that the executable is made from, these build tools among it. */
export async function hashSources(root: string): Promise<string> {
  const files = [...await listSources(root), "deno.json", "deno.lock"];
  for await (const entry of Deno.readDir(join(root, "tools"))) {
    if (entry.isFile) files.push(`tools/${entry.name}`);
  }
  const hash = createHash("sha256");
  for (const file of files.sort()) {
    const content = await readIfThere(join(root, file));
    hash.update(`${file}\0${content?.length ?? -1}\0`);
    if (content !== undefined) hash.update(content);
  }
  return hash.digest("hex");
}

/**
 * Reads commit and date of a build: `LAKEKEEPER_INGEST_COMMIT` and `SOURCE_DATE_EPOCH` when they are
 * set (a container build has no Git), else from Git, else "unknown" and now. The date is the
 * commit's, so that the same commit gives the same executable.
 */
export async function readStamp(root: string): Promise<BuildStamp> {
  const given = Deno.env.get("LAKEKEEPER_INGEST_COMMIT");
  const epoch = Deno.env.get("SOURCE_DATE_EPOCH");
  const log = await runCommand("git", { args: ["log", "-1", "--format=%H %ct"], cwd: root });
  const [head, seconds] = log?.success ? log.stdout.trim().split(" ") : [];
  const status = await runCommand("git", {
    args: ["status", "--porcelain", "--", "main.ts", "lib", "tools", "deno.json", "deno.lock"],
    cwd: root,
  });
  const dirty = status?.success && status.stdout !== "" ? "-dirty" : "";
  const dateSeconds = epoch || seconds;
  const date = dateSeconds ? new Date(Number(dateSeconds) * 1000) : new Date();
  return {
    commit: given || (head ? head + dirty : "unknown"),
    date: date.toISOString().replace(/\.\d+Z$/, "Z"),
  };
}

/**
 * Copies the sources from `root` to `folder`, with the stamp put in and `deno.json` reduced to what
 * the sources import. `deno compile` embeds every package that the configuration names, so the
 * packages of the tests would be inside otherwise.
 */
export async function stageSources(
  root: string,
  folder: string,
  options: { readonly stamp: BuildStamp },
): Promise<void> {
  const imported = new Set<string>();
  for (const file of await listSources(root)) {
    const content = await Deno.readFile(join(root, file));
    await Deno.mkdir(dirname(join(folder, file)), { recursive: true });
    await Deno.writeFile(join(folder, file), content);
    if (file.endsWith(".ts")) {
      for (const specifier of importedSpecifiers(new TextDecoder().decode(content))) {
        imported.add(specifier);
      }
    }
  }
  await Deno.writeTextFile(
    join(folder, "lib/cli/build_stamp.ts"),
    `export interface BuildStamp {\n  readonly commit: string;\n  readonly date: string;\n}\n` +
      `export const BUILD_STAMP: BuildStamp | undefined = ${JSON.stringify(options.stamp)};\n`,
  );
  const config = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  const { tasks: _, fmt: _f, lint: _l, imports, ...kept } = config;
  const used = Object.entries<string>(imports ?? {}).filter(([name]) => {
    const folderOfName = name.endsWith("/") ? name : `${name}/`;
    return [...imported].some((it) => it === name || it.startsWith(folderOfName));
  });
  await Deno.writeTextFile(
    join(folder, "deno.json"),
    JSON.stringify({ ...kept, imports: Object.fromEntries(used) }),
  );
  const lock = await readIfThere(join(root, "deno.lock"));
  if (lock !== undefined) await Deno.writeFile(join(folder, "deno.lock"), lock);
}

/** The specifiers of all static and dynamic imports of a module, types too. */
export function importedSpecifiers(source: string): string[] {
  const found = source.matchAll(/\b(?:from|import)\s*\(?\s*["']([^"'\n]+)["']/g);
  return [...found].map((match) => match[1] ?? "");
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
