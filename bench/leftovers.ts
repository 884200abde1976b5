/**
 * What runs leave behind, kept until all are over: a disk that has just removed hundreds of files
 * makes new ones slowly for some minutes (ext4 looks at each inode that was freed before it takes
 * one), and the next run would pay for that, the more so the more files it makes.
 */

/** Large files are few, and their room is needed. */
const LARGE_BYTES = 1024 * 1024;

const folders: string[] = [];

/** Makes a folder for a run. */
export async function makeRunFolder(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "lakekeeper-ingest-bench-" });
  folders.push(folder);
  return folder;
}

/** Removes the large files of a run that is over; the others stay for now. */
export async function removeLargeFiles(folder: string): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) await removeLargeFiles(path);
    else if ((await Deno.lstat(path)).size >= LARGE_BYTES) await Deno.remove(path);
  }
}

/** Runs a benchmark, and removes what its runs left, however it ends. */
export async function withoutLeftovers<T>(benchmark: () => Promise<T>): Promise<T> {
  try {
    return await benchmark();
  } finally {
    for (const folder of folders.splice(0)) await Deno.remove(folder, { recursive: true });
  }
}
