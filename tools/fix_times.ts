// Gives all files of a folder one time. `deno compile` keeps the times of the files that it embeds, and
// with those of the build no two builds of a commit would be the same.

import { join } from "node:path";

/**
 * Sets the time of modification of every file below `folder`.
 *
 * @param date RFC 3339, e.g. the commit's
 */
export async function fixTimes(folder: string, date: string): Promise<void> {
  const time = new Date(date);
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) await fixTimes(path, date);
    else await Deno.utime(path, time, time);
  }
}
