// What goes into an archive beside the executable.

import { join } from "node:path";
import { runCommand } from "../run_command.ts";
import type { ArchiveFile } from "./archive.ts";
import { ReleaseError, TOOL } from "./plan.ts";

/** Generated files of an archive, and the words that make the executable print each. */
const PRINTED: readonly { readonly path: string; readonly args: readonly string[] }[] = [
  { path: `completions/${TOOL}.bash`, args: ["completions", "bash"] },
  { path: `completions/_${TOOL}`, args: ["completions", "zsh"] },
  { path: `completions/${TOOL}.fish`, args: ["completions", "fish"] },
  { path: `man/${TOOL}.1`, args: ["man"] },
];

/** Pages to which the README and the pages in `docs/` lead. */
const PAGES = ["README.md", "CONTRIBUTING.md", "bench/README.md"];

/**
 * The README and all pages that it leads to, with the files that these show.
 *
 * @throws {Deno.errors.NotFound} when one of the pages is not there
 */
export async function documentation(root: string): Promise<ArchiveFile[]> {
  const paths = [...PAGES];
  for await (const { name, isFile } of Deno.readDir(join(root, "docs"))) {
    if (isFile) paths.push(`docs/${name}`);
  }
  return await Promise.all(
    paths.toSorted().map(async (path) => ({
      path,
      content: await Deno.readFile(join(root, path)),
    })),
  );
}

/** Options of {@linkcode archiveContents}. */
export interface ContentsOptions {
  /** The executable; it is run for the completions and the man page. */
  readonly executable: string;
  /** Its name in the archive. */
  readonly executableName: string;
  /** The changelog of this version alone. */
  readonly changelog: string;
  /** Licences of the packages inside the executable. */
  readonly licenses: string;
}

/**
 * Collects the files of an archive.
 *
 * @throws {ReleaseError} when the executable does not print what is asked of it
 */
export async function archiveContents(
  root: string,
  options: ContentsOptions,
): Promise<ArchiveFile[]> {
  const encoder = new TextEncoder();
  const files: ArchiveFile[] = [
    {
      path: options.executableName,
      content: await Deno.readFile(options.executable),
      executable: true,
    },
    ...await documentation(root),
    { path: "LICENSE", content: await Deno.readFile(join(root, "LICENSE")) },
    { path: "CHANGELOG.md", content: encoder.encode(options.changelog) },
    { path: "THIRD_PARTY_LICENSES.txt", content: encoder.encode(options.licenses) },
  ];
  for (const { path, args } of PRINTED) {
    const result = await runCommand(options.executable, { args });
    if (!result?.success || result.stdout === "") {
      throw new ReleaseError(
        `Cannot make "${path}": "${args.join(" ")}" of the executable failed: ${result?.stderr}`,
      );
    }
    files.push({ path, content: encoder.encode(result.stdout) });
  }
  return files;
}
