/** Fresh properties for a store whose credentials have run out. */
import type { StoreProperties } from "./credentials.ts";

/**
 * Asks for a store's properties anew, as a rule by loading the table from its catalog again. Calls
 * may come at the same time; wrap it in {@linkcode singleFlight}.
 */
export type RefreshProperties = () => Promise<StoreProperties>;

/** Makes calls that come while one is under way wait for that one's answer or failure. */
export function singleFlight<T>(run: () => Promise<T>): () => Promise<T> {
  let flying: Promise<T> | undefined;
  return () => {
    flying ??= run().finally(() => {
      flying = undefined;
    });
    return flying;
  };
}
