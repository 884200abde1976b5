// The pages that the documentation is made of.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type DocPage, readPage } from "./page.ts";

/** The project's root folder. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Reads the pages whose commands are run: the README and all of docs/. */
export async function readGuide(): Promise<DocPage[]> {
  const paths = ["README.md"];
  for await (const { name } of Deno.readDir(join(ROOT, "docs"))) {
    if (name.endsWith(".md")) paths.push(`docs/${name}`);
  }
  return await readPages(paths.sort());
}

/** Reads pages by their paths in the project. */
export async function readPages(paths: readonly string[]): Promise<DocPage[]> {
  return await Promise.all(
    paths.map(async (path) => readPage(path, await Deno.readTextFile(join(ROOT, path)))),
  );
}
