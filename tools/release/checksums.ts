// The file of checksums that a release carries.

import { createHash } from "node:crypto";
import { join } from "node:path";
import { CHECKSUMS } from "./plan.ts";

/**
 * Writes `checksums.txt` for files of a folder, in the form of `sha256sum`, sorted by name.
 *
 * @returns its text
 */
export async function writeChecksums(folder: string, names: readonly string[]): Promise<string> {
  let text = "";
  for (const name of names.toSorted()) text += `${await sha256Of(join(folder, name))}  ${name}\n`;
  await Deno.writeTextFile(join(folder, CHECKSUMS), text);
  return text;
}

/** SHA-256 of a file, in hex. */
export async function sha256Of(path: string): Promise<string> {
  const file = await Deno.open(path);
  const hash = createHash("sha256");
  for await (const bytes of file.readable) hash.update(bytes);
  return hash.digest("hex");
}
