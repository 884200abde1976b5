/** Removes files of our own that surely are in no table. */
import type { Store } from "../store/store.ts";

/** Removes files; one that cannot be removed now is left to `clean`. */
export async function removeFiles(store: Store, locations: readonly string[]): Promise<void> {
  for (const location of locations) await store.remove(location).catch(() => {});
}
