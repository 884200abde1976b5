/** The executables that are measured: the tool as users get it, and one that does nothing. */
import { PROJECT_ROOT } from "../tests/real/parts/cache.ts";
import { MAIN_MODULE } from "../tools/bundle_entries.ts";
import { bundleTool, compileProgram, compileTool } from "../tools/compile_tool.ts";
import { PERMISSION_FLAGS } from "../tools/permissions.ts";
import { hashSources } from "../tools/stage.ts";

const CACHE = `${PROJECT_ROOT}.cache`;

/**
 * The executable of the sources as they are: the one that `LAKEKEEPER_INGEST_BIN` names, else one
 * that is made when there is none for them yet. All that starts the tool finds it from then on.
 *
 * @returns its path.
 */
export async function provideExecutable(): Promise<string> {
  const named = Deno.env.get("LAKEKEEPER_INGEST_BIN") ?? "";
  if (named !== "") return named;
  const folder = `${CACHE}/bench`;
  await Deno.mkdir(folder, { recursive: true });
  const name = `tool-${(await hashSources(PROJECT_ROOT)).slice(0, 24)}`;
  const path = `${folder}/${name}`;
  if (!await isThere(path)) {
    for await (const entry of Deno.readDir(folder)) {
      if (entry.name.startsWith("tool-")) await Deno.remove(`${folder}/${entry.name}`);
    }
    console.error("compiling the executable");
    await compileTool(PROJECT_ROOT, { output: path });
  }
  Deno.env.set("LAKEKEEPER_INGEST_BIN", path);
  return path;
}

/** Version of the Deno inside an executable of the tool. */
export async function denoInside(executable: string): Promise<string> {
  const { stdout } = await new Deno.Command(executable, { args: ["version", "--json"] }).output();
  return String(JSON.parse(new TextDecoder().decode(stdout)).deno);
}

/**
 * The files that the executable consists of, to be run by the Deno at hand: what a release does, where
 * the executable of this machine could be made with an older Deno only.
 *
 * @returns the words of a command; undefined when the executable has the Deno at hand inside.
 */
export async function provideRelease(executable: string): Promise<readonly string[] | undefined> {
  if (await denoInside(executable) === Deno.version.deno) return undefined;
  const work = `${CACHE}/bench/release`;
  await Deno.remove(work, { recursive: true }).catch(() => {});
  await Deno.mkdir(work, { recursive: true });
  const { folder } = await bundleTool(PROJECT_ROOT, { work, output: work });
  const flags = [...PERMISSION_FLAGS, "--quiet", "--no-config", "--no-lock", "--no-code-cache"];
  return [Deno.execPath(), "run", ...flags, `${folder}/${MAIN_MODULE}`];
}

/** Compiles `hello.ts`. @returns its path. */
export async function provideHello(): Promise<string> {
  const path = `${CACHE}/bench/hello`;
  await Deno.mkdir(`${CACHE}/bench`, { recursive: true });
  await compileProgram(new URL("hello.ts", import.meta.url).pathname, {
    output: path,
    cache: `${CACHE}/compile`,
  });
  return path;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
