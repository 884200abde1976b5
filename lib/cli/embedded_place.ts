/** Whether an embedded catalog is there already. */
import { DATABASE_FILE } from "../server/database.ts";

/** Whether a directory holds the embedded catalog's database; nothing is opened. */
export function embeddedExists(directory: string): Promise<boolean> {
  return Deno.stat(`${directory.replace(/\/+$/, "")}/${DATABASE_FILE}`)
    .then((info) => info.isFile, () => false);
}
