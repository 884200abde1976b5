/** Patience with a catalog that is in trouble for a while: what is not read cannot be judged. */
import { AuthError, CatalogError } from "../../errors.ts";
import { retry, SpentError } from "../../store/retry.ts";

/** So long a catalog may be out of order before it is given up, in ms. */
export const PATIENCE_MS = 20_000;

const WAITS = { waitMsMin: 500, waitMsMax: 4000 };

/** Options of {@linkcode patiently}. */
export interface PatienceOptions {
  /** Time from the first attempt in which another may begin, in ms. @default {PATIENCE_MS} */
  readonly patienceMs?: number;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
}

/**
 * Asks a catalog again while it cannot answer.
 *
 * @throws what `ask` threw last, or the signal's reason.
 */
export async function patiently<T>(ask: () => Promise<T>, options: PatienceOptions): Promise<T> {
  const { patienceMs = PATIENCE_MS, signal } = options;
  try {
    return await retry(ask, {
      budgetMsOf: (error) =>
        error instanceof CatalogError && !(error instanceof AuthError) ? patienceMs : 0,
      waits: WAITS,
      signal,
    });
  } catch (error) {
    throw error instanceof SpentError ? error.cause : error;
  }
}
