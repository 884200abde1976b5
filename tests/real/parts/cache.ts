/**
 * Where the real parts of the tests are kept, and how each is installed once: by pinned version,
 * behind a lock, so that the runner and a test module can ask for the same part at once.
 */
import { fileURLToPath } from "node:url";

/** The project's root folder. */
export const PROJECT_ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** The folder that holds installed parts: `LAKEKEEPER_INGEST_PARTS`, else one that git ignores. */
export function partsDirectory(): string {
  const named = Deno.env.get("LAKEKEEPER_INGEST_PARTS") ?? "";
  return named === "" ? `${PROJECT_ROOT}.cache/parts` : named;
}

/** What is to be installed. */
export interface Part {
  /** Name and version, as a folder name. */
  readonly name: string;
  /** Everything that decides the content. Another key than the stored one installs again. */
  readonly key: string;
  /** Fills the empty folder. */
  readonly install: (directory: string) => Promise<void>;
}

/** Longest wait for another process that installs the same part. */
const LOCK_WAIT_MS_MAX = 20 * 60_000;

/**
 * Installs a part if it is not there yet.
 *
 * @returns the folder that holds it.
 * @throws {Error} when the installation fails; the next call tries again.
 */
export async function installOnce(part: Part): Promise<string> {
  const root = partsDirectory();
  await Deno.mkdir(root, { recursive: true });
  const directory = `${root}/${part.name}`;
  using lock = await Deno.open(`${root}/${part.name}.lock`, { create: true, write: true });
  await withDeadline(lock.lock(true), LOCK_WAIT_MS_MAX, `Cannot lock "${part.name}"`);
  if (await readIfThere(`${directory}/.complete`) === part.key) return directory;
  await Deno.remove(directory, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  await Deno.mkdir(directory, { recursive: true });
  const startMs = Date.now();
  await part.install(directory);
  await Deno.writeTextFile(`${directory}/.complete`, part.key);
  console.log(`installed ${part.name} in ${((Date.now() - startMs) / 1000).toFixed(1)} s`);
  return directory;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function withDeadline<T>(work: Promise<T>, waitMsMax: number, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: no end after ${waitMsMax} ms`)), waitMsMax);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
